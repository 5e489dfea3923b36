"""The encoded transforms in a real Chromium: what decodes with the key, and what never does."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright

from tests.browser.harness import AUTOPLAY, CHROMIUM_FLAGS, ROOT, chromium_path

pytestmark = pytest.mark.browser

# As in Chromium before 141, which has createEncodedStreams only.
OLD_CHROMIUM = "delete window.RTCRtpScriptTransform;"
KEEP_WORKERS = """
window.workers = [];
window.Worker = class extends Worker { constructor(...args) { super(...args); window.workers.push(this); } };
"""

PROTECTED = {"protect": True, "open": True, "announce": True, "sameSecret": True}


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    node = shutil.which("node")
    assert node, "node is missing: `make test` puts it on the path"
    folder = tmp_path_factory.mktemp("e2ee")
    build = [node, str(ROOT / "web" / "build.mjs"), str(folder / "built")]
    page = [str(ROOT / "web" / "node_modules" / ".bin" / "esbuild"), "--bundle", "--format=esm"]
    page += [str(ROOT / "tests" / "browser" / "e2ee_page.ts"), f"--outfile={folder / 'page.js'}", "--log-level=warning"]
    for command in (build, page):
        subprocess.run(command, check=True, capture_output=True, text=True)
    return folder


@pytest.fixture
async def address(script: Path) -> AsyncIterator[str]:
    worker = json.loads((script / "built" / "manifest.json").read_text())["e2ee-worker.js"]
    app = web.Application()

    async def index(request: web.Request) -> web.Response:
        text = '<!doctype html><script type="module" src="page.js"></script>'
        return web.Response(text=text, content_type="text/html")

    async def file(request: web.Request) -> web.FileResponse:
        files = {"page.js": script / "page.js", "e2ee-worker.js": script / "built" / worker}
        return web.FileResponse(files[request.match_info["name"]])

    app.router.add_get("/", index)
    app.router.add_get("/{name:page.js|e2ee-worker.js}", file)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=chromium_path(), args=[*CHROMIUM_FLAGS, AUTOPLAY])
        yield found
        await found.close()


async def opened(browser: Browser, address: str, options: dict[str, bool], *, before: str = "") -> Page:
    page = await browser.new_page()
    await page.add_init_script(KEEP_WORKERS + before)
    await page.goto(address)
    await page.evaluate("options => start(options)", options)
    return page


async def figures(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = await page.evaluate("figures()")
    return found


async def grown(page: Page, *names: str, by: float = 0) -> dict[str, Any]:
    """Wait until all named figures have grown by more than `by`; fails after 15 s."""
    first = await figures(page)
    for _ in range(75):
        await asyncio.sleep(0.2)
        now = await figures(page)
        if all(now[name] > first[name] + by for name in names):
            return now
    raise AssertionError(f"{names} did not grow by {by}: {first} to {now}")


@pytest.mark.parametrize("before", ["", OLD_CHROMIUM], ids=["script transform", "encoded streams"])
async def test_with_the_key_sound_and_picture_come_through(browser: Browser, address: str, before: str) -> None:
    page = await opened(browser, address, PROTECTED, before=before)
    await grown(page, "videoFrames", by=10)
    await grown(page, "audioEnergy")
    assert (await page.evaluate("states()"))[-1] == "encrypted"


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"sameSecret": False}, "problem"),
        ({"announce": False}, "waiting"),
        ({"protect": False}, None),  # plain frames, as an attacker in the middle would make them
        ({"protect": False, "guardOnly": True}, None),
        ({"open": False}, None),  # what leaves Ann, given to a decoder as it is
    ],
    ids=["another secret", "no key", "plain frames", "plain frames from nobody", "ciphertext to the decoder"],
)
@pytest.mark.parametrize("before", ["", OLD_CHROMIUM], ids=["script transform", "encoded streams"])
async def test_without_the_key_nothing_does(
    browser: Browser, address: str, change: dict[str, bool], state: str | None, before: str
) -> None:
    page = await opened(browser, address, PROTECTED | change, before=before)
    # Enough arrived for many frames of both, for 3 s longer than a tile waits before it speaks of a problem.
    await grown(page, "videoBytes", "audioBytes", by=5000)
    await asyncio.sleep(3)
    arrived = await figures(page)
    assert arrived["videoFrames"] == 0
    if change != {"open": False}:  # an Opus decoder makes noise of most bytes
        assert arrived["audioEnergy"] == 0
    if state:
        assert (await page.evaluate("states()"))[-1] == state


@pytest.mark.parametrize("before", ["", OLD_CHROMIUM], ids=["script transform", "encoded streams"])
async def test_a_key_that_comes_too_late_for_the_held_frames_brings_a_new_key_frame(
    browser: Browser, address: str, before: str
) -> None:
    page = await opened(browser, address, PROTECTED | {"announce": False}, before=before)
    await grown(page, "videoBytes", by=10_000)
    await asyncio.sleep(2)
    print(f"first picture {await page.evaluate('announceNow()'):.0f} ms after the key")
    await grown(page, "videoFrames", by=5)


async def test_plain_frames_decode_where_nothing_is_transformed(browser: Browser, address: str) -> None:
    """The checks above can fail: without transforms the same page shows and plays everything."""
    page = await opened(browser, address, PROTECTED | {"protect": False, "open": False})
    await grown(page, "videoFrames", by=10)
    await grown(page, "audioEnergy")


@pytest.mark.parametrize("before", ["", OLD_CHROMIUM], ids=["script transform", "encoded streams"])
async def test_a_lost_worker_stops_the_frames_and_new_connections_go_on(
    browser: Browser, address: str, before: str
) -> None:
    page = await opened(browser, address, PROTECTED, before=before)
    await grown(page, "videoFrames", by=5)
    await page.evaluate("for (const worker of [...workers]) worker.dispatchEvent(new Event('error'))")
    await asyncio.sleep(1)
    stopped = await figures(page)
    await asyncio.sleep(2)
    later = await figures(page)
    assert later["videoFrames"] == stopped["videoFrames"]
    assert later["audioEnergy"] == stopped["audioEnergy"]
    await page.wait_for_function("lost() === 2")
    await page.evaluate("reconnect()")
    await grown(page, "videoFrames", by=10)
    await grown(page, "audioEnergy")


@pytest.mark.parametrize("before", ["", OLD_CHROMIUM], ids=["script transform", "encoded streams"])
async def test_nothing_leaves_a_connection_built_while_there_is_no_worker(
    browser: Browser, address: str, before: str
) -> None:
    page = await opened(browser, address, PROTECTED, before=before)
    # Both workers die as soon as they are there: the next ones come after a pause.
    await page.evaluate("for (const worker of [...workers]) worker.dispatchEvent(new Event('error'))")
    await page.evaluate("reconnect()")
    await asyncio.sleep(2)
    assert await page.evaluate("lost()") == 0
    found = await figures(page)
    assert (found["sent"], found["videoFrames"], found["audioEnergy"]) == (0, 0, 0)
    await page.wait_for_function("lost() === 2")
    await page.evaluate("reconnect()")
    await grown(page, "sent", "videoFrames", by=10)
