"""The encoded transforms in a real Chromium: what decodes with the key, and what never does."""

from __future__ import annotations

import asyncio
import os
import platform
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
PROTECTED = {"protect": True, "open": True, "announce": True, "sameKey": True}
BOTH = pytest.mark.parametrize("before", ["", OLD_CHROMIUM], ids=["script transform", "encoded streams"])


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    node = shutil.which("node")
    assert node, "node is missing: `make test` puts it on the path"
    folder = tmp_path_factory.mktemp("e2ee")
    esbuild = [str(ROOT / "web" / "node_modules" / ".bin" / "esbuild"), "--bundle", "--format=esm", "--minify"]
    for name in ("e2ee_page", "e2ee_worker"):
        source = str(ROOT / "tests" / "browser" / f"{name}.ts")
        command = [*esbuild, source, f"--outfile={folder / name}.js", "--log-level=warning"]
        subprocess.run(command, check=True, capture_output=True, text=True)
    return folder


@pytest.fixture
async def address(scripts: Path) -> AsyncIterator[str]:
    app = web.Application()

    async def index(request: web.Request) -> web.Response:
        text = '<!doctype html><script type="module" src="page.js"></script>'
        return web.Response(text=text, content_type="text/html")

    async def file(request: web.Request) -> web.FileResponse:
        files = {"page.js": "e2ee_page.js", "e2ee-worker.js": "e2ee_worker.js"}
        return web.FileResponse(scripts / files[request.match_info["name"]])

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


async def opened(browser: Browser, address: str, options: dict[str, Any], *, before: str = "") -> Page:
    page = await browser.new_page()
    await page.add_init_script(before)
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


async def nothing_comes_through(
    browser: Browser, address: str, change: dict[str, Any], state: str | None, before: str
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
    await page.close()


async def nothing_comes_through_any(
    browser: Browser, address: str, cases: dict[str, tuple[dict[str, Any], str | None]], before: str = ""
) -> None:
    """Each case in a page of its own, two at a time: nearly all of it is waiting."""
    waiting = list(cases.items())

    async def one_after_the_other() -> None:
        while waiting:
            name, (change, state) = waiting.pop()
            try:
                await nothing_comes_through(browser, address, change, state, before)
            except AssertionError as error:
                raise AssertionError(f"{name}: {error}") from error

    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(one_after_the_other())


@BOTH
async def test_with_the_key_sound_and_picture_come_through(browser: Browser, address: str, before: str) -> None:
    page = await opened(browser, address, PROTECTED, before=before)
    await grown(page, "videoFrames", by=10)
    await grown(page, "audioEnergy")
    assert (await page.evaluate("states()"))[-1] == "encrypted"


ANOTHER_TRACK = {"audio": {"track": "other"}, "video": {"track": "other"}}
ANOTHER_KIND = {"audio": {"kind": "video"}, "video": {"kind": "audio"}}
ANOTHER_CONTEXT = {"audio": {"context": 200}, "video": {"context": 201}}


async def test_frames_that_are_not_what_they_should_be_are_dropped(browser: Browser, address: str) -> None:
    await nothing_comes_through_any(
        browser,
        address,
        {
            "another context": ({"contexts": ANOTHER_CONTEXT}, "waiting"),
            "another track": ({"contexts": ANOTHER_TRACK}, "problem"),
            "another kind": ({"contexts": ANOTHER_KIND}, "problem"),
            "another leaf than the m-line's": ({"member": "ben-member"}, "problem"),
            "an epoch before Ben's first": ({"epoch": 2}, "waiting"),
            "an epoch that Ben was not told of": ({"epoch": 200}, "waiting"),
        },
    )


@BOTH
async def test_without_the_key_nothing_does(browser: Browser, address: str, before: str) -> None:
    await nothing_comes_through_any(
        browser,
        address,
        {
            "another key": ({"sameKey": False}, "problem"),
            "no context": ({"announce": False}, "waiting"),
            "plain frames, as an attacker in the middle would make them": ({"protect": False}, None),
            "plain frames from nobody": ({"protect": False, "guardOnly": True}, None),
            "ciphertext to the decoder": ({"open": False}, None),
        },
        before,
    )


@BOTH
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


@BOTH
async def test_a_lost_worker_stops_the_frames_and_new_connections_go_on(
    browser: Browser, address: str, before: str
) -> None:
    page = await opened(browser, address, PROTECTED, before=before)
    await grown(page, "videoFrames", by=5)
    await page.evaluate("loseWorkers()")
    await asyncio.sleep(1)
    stopped = await figures(page)
    await asyncio.sleep(2)
    later = await figures(page)
    assert later["videoFrames"] == stopped["videoFrames"]
    assert later["audioEnergy"] == stopped["audioEnergy"]
    await page.wait_for_function("lost() === 2")
    await page.evaluate("enter()")
    await page.evaluate("reconnect()")
    await grown(page, "videoFrames", by=10)
    await grown(page, "audioEnergy")


@BOTH
async def test_nothing_leaves_a_connection_built_while_there_is_no_worker(
    browser: Browser, address: str, before: str
) -> None:
    page = await opened(browser, address, PROTECTED, before=before)
    # Both workers die as soon as they are there: the next ones come after a pause.
    await page.evaluate("loseWorkers()")
    await page.evaluate("reconnect()")
    await asyncio.sleep(2)
    assert await page.evaluate("lost()") == 0
    found = await figures(page)
    assert (found["sent"], found["videoFrames"], found["audioEnergy"]) == (0, 0, 0)
    await page.wait_for_function("lost() === 2")
    await page.evaluate("enter()")
    await page.evaluate("reconnect()")
    await grown(page, "sent", "videoFrames", by=10)


async def test_plain_frames_among_the_others_are_dropped(browser: Browser, address: str) -> None:
    page = await opened(browser, address, PROTECTED)
    await grown(page, "videoFrames", by=5)
    await page.evaluate("leak(10)")
    await grown(page, "videoFrames", "videoBytes", by=20)
    await grown(page, "audioEnergy")
    sent, received = [await page.evaluate(f"counts('{who}')") for who in ("ann", "ben")]
    assert sent["leaked"] >= 10
    # Some are still on their way, and a lost packet takes its frame with it.
    assert received["taken"] - received["passed"] >= sent["leaked"] * 0.7


async def added_by(page: Page, change: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `change` and a second after it add to the figures, and to the counts of Ben's worker."""
    before, counts = await figures(page), await page.evaluate("counts('ben')")
    await page.evaluate(change)
    await asyncio.sleep(1)
    after, now = await figures(page), await page.evaluate("counts('ben')")
    counted = {name: now[name] - counts[name] for name in ("taken", "passed", "keyFramesAsked")}
    return {name: after[name] - before[name] for name in after}, counted


@BOTH
async def test_a_key_change_every_second_freezes_nothing(browser: Browser, address: str, before: str) -> None:
    page = await opened(browser, address, PROTECTED, before=before)
    await grown(page, "videoFrames", by=30)
    changes = 20
    # A machine that is busy with other things freezes a picture by itself, keys that do it do it at every change:
    # there may be as many freezes as in the same time without any change, on a quiet machine none.
    for attempt in range(3):
        usual, _ = await added_by(page, f"pause({changes / 2 * 1000})")
        added, counted = await added_by(page, f"changeKeys({2 + changes * attempt}, {changes})")
        print(f"{changes} changes: {added['freezes']} freezes, {usual['freezes']} in half the time without any")
        assert counted["passed"] == counted["taken"] > 500
        assert counted["keyFramesAsked"] == 0
        if added["freezes"] <= 2 * usual["freezes"]:
            break
    assert added["freezes"] <= 2 * usual["freezes"]


async def test_a_key_that_comes_400_ms_late_loses_nothing(browser: Browser, address: str) -> None:
    page = await opened(browser, address, PROTECTED)
    await grown(page, "videoFrames", by=30)
    for attempt in range(3):
        added, counted = await added_by(page, f"changeKeyLate({2 + attempt}, 400)")
        print(f"key 400 ms late: frozen {added['frozenSeconds']:.2f} s")
        assert counted["passed"] == counted["taken"]
        assert counted["keyFramesAsked"] == 0
        if added["frozenSeconds"] <= 0.8:
            break
    assert added["frozenSeconds"] <= 0.8


@pytest.mark.parametrize("stays", ["ann", "ben"], ids=["sending", "listening"])
async def test_who_was_removed_is_neither_heard_nor_hears_anybody(browser: Browser, address: str, stays: str) -> None:
    """The one who was removed has the keys from before, and a server that goes on forwarding."""
    page = await opened(browser, address, PROTECTED)
    await grown(page, "videoFrames", by=10)
    other = "ben" if stays == "ann" else "ann"
    await page.evaluate(f"epoch('{other}', 2, true)")
    await asyncio.sleep(4)  # old keys go after 2 s, what the decoder makes up for lost sound a second later
    stopped, before = await figures(page), await page.evaluate("counts('ben')")
    await grown(page, "videoBytes", "audioBytes", by=3000)
    later, after = await figures(page), await page.evaluate("counts('ben')")
    assert after["taken"] > before["taken"]
    assert after["passed"] == before["passed"]
    assert later["videoFrames"] == stopped["videoFrames"]
    assert later["audioSamples"] == stopped["audioSamples"]


async def test_what_the_whole_transform_costs(browser: Browser, address: str) -> None:
    page = await opened(browser, address, PROTECTED | {"protect": False, "open": False})
    found = await page.evaluate("measure(500)")
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {browser.browser_type.name} {browser.version}"
    for size, seal in found["seal"].items():
        print(f"{size:>6} bytes: {seal:.0f} us to encrypt, {found['open'][size]:.0f} us to decrypt ({machine})")
    assert set(found["seal"]) == set(found["open"]) == {"120", "1000", "20000"}
