"""The way back into a meeting in a real browser's database: the key outlives a reload, and nobody can read it out."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Page, async_playwright

from tests.browser.harness import CHROMIUM_FLAGS, ROOT, chromium_path

pytestmark = pytest.mark.browser


@pytest.fixture
def site(tmp_path: Path) -> Path:
    esbuild = str(ROOT / "web" / "node_modules" / ".bin" / "esbuild")
    source = str(ROOT / "tests" / "browser" / "rejoin_page.ts")
    command = [esbuild, "--bundle", "--format=esm", source, f"--outfile={tmp_path / 'page.js'}", "--log-level=warning"]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (tmp_path / "index.html").write_text('<!doctype html><script type="module" src="page.js"></script>')
    return tmp_path


@pytest.fixture
async def address(site: Path) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_static("/", site)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/index.html"
    await runner.cleanup()


async def opened(page: Page, address: str) -> None:
    await page.goto(address)
    await page.wait_for_function("() => 'signs' in window")


async def test_a_rejoin_key_outlives_a_reload_and_cannot_be_read_out(address: str) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_FLAGS)
        context = await browser.new_context()
        page = await context.new_page()
        await opened(page, address)
        assert not (await page.evaluate("signs()"))["found"]
        key = await page.evaluate("keep()")

        await opened(page, address)
        assert await page.evaluate("signs()") == {"found": True, "signs": True, "readable": False, "key": key}

        # A second tab holds another copy of the same database; a private window has its own.
        beside = await context.new_page()
        await opened(beside, address)
        assert (await beside.evaluate("signs()"))["found"]
        private = await (await browser.new_context()).new_page()
        await opened(private, address)
        assert not (await private.evaluate("signs()"))["found"]

        await beside.evaluate("forget()")
        assert not (await page.evaluate("signs()"))["found"]
        await browser.close()
