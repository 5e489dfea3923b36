"""The interface alone in a real browser: a bundle of the components with a scripted model, one scene a page load."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import jinja2
from fluent.runtime import FluentBundle, FluentResource
from playwright.sync_api import Browser, Page, Route, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "web"
ORIGIN = "https://hearthside.test"
"""Answered by the test itself; nothing leaves the machine. https, so that the page is a secure context."""

PAGE = """<!doctype html><html lang="en" dir="ltr"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<title>Hearthside</title><link rel="stylesheet" href="/app.css"></head>
<body><div id="app"></div><script type="module" src="/gallery.js"></script></body></html>"""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; media-src 'self' blob: mediastream:; base-uri 'none'; form-action 'none'"
)
"""As the server's own (signaling/http.py), as far as it bears on the interface."""


def build(folder: Path) -> None:
    """Bundle the gallery and the style sheet into `folder`. Raises `CalledProcessError` where they do not build."""
    esbuild = WEB / "node_modules" / ".bin" / "esbuild"
    common = ["--bundle", "--format=esm", "--target=es2022", "--log-level=warning"]
    script = ROOT / "tests" / "web" / "ui" / "gallery.ts"
    jsx = ["--jsx=automatic", "--jsx-import-source=preact", "--loader:.ftl=text"]
    subprocess.run([esbuild, script, *common, *jsx, f"--outfile={folder / 'gallery.js'}"], check=True)
    subprocess.run([esbuild, WEB / "client/ui/app.css", "--bundle", f"--outfile={folder / 'app.css'}"], check=True)


def server_page(template: str, language: str) -> bytes:
    """One of the server's own pages, as signaling/http.py renders it."""
    bundle = FluentBundle([language], use_isolating=False)
    bundle.add_resource(FluentResource((WEB / "locales" / language / "server.ftl").read_text()))

    def t(message: str) -> str:
        pattern = bundle.get_message(message).value
        assert pattern is not None
        return str(bundle.format_pattern(pattern)[0])

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(WEB / "templates"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    page = environment.get_template(template).render(
        t=t,
        asset=lambda name: f"/{name}",
        words="/words.ftl",
        lang=language,
        dir="ltr",
        title=t("error-not-found-title"),
        text=t("error-not-found-text"),
    )
    return page.encode()


def chromium() -> str:
    """The installed browser. Raises `FileNotFoundError` if there is none."""
    names = [os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"]
    for name in names:
        if name and (path := shutil.which(name)):
            return path
    raise FileNotFoundError("no Chromium found: install chromium or set CHROMIUM")


class Gallery:
    """Shows scenes in pages of one browser."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        """`folder` holds what `build` made."""
        self._browser = browser
        self._files = {
            "/": (PAGE.encode(), "text/html; charset=utf-8"),
            "/app.css": ((folder / "app.css").read_bytes(), "text/css"),
            "/app.js": (b"", "text/javascript"),  # a group's page is looked at as it is before the client starts
            "/words.ftl": (b"", "text/plain"),
            "/gallery.js": ((folder / "gallery.js").read_bytes(), "text/javascript"),
        }
        for language in ("en", "de"):
            for name in ("landing", "error", "group"):
                self._files[f"/{name}-{language}"] = (server_page(f"{name}.html", language), "text/html; charset=utf-8")

    def _answer(self, route: Route) -> None:
        path = "/" + route.request.url.removeprefix(ORIGIN).lstrip("/").partition("?")[0]
        body, kind = self._files.get(path, (b"", "text/plain"))
        route.fulfill(body=body, headers={"Content-Type": kind, "Content-Security-Policy": POLICY})

    @contextmanager
    def page(
        self, width: int = 1440, height: int = 900, *, reduced_motion: bool = True, forced_colors: bool = False
    ) -> Iterator[Page]:
        """A page of that size whose console errors, and whose refusals by the policy, fail the test."""
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            reduced_motion="reduce" if reduced_motion else "no-preference",
            forced_colors="active" if forced_colors else "none",
        )
        page = context.new_page()
        page.set_default_timeout(8000)
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.route(f"{ORIGIN}/**", self._answer)
        try:
            yield page
        finally:
            context.close()
            assert not complaints, complaints

    def show(self, page: Page, scene: str, **wanted: str) -> None:
        """Load a scene: `theme`, `locale` and `look` (preferences as JSON) as in tests/web/ui/gallery.ts."""
        page.goto(f"{ORIGIN}/?{urlencode({'scene': scene, **wanted})}")
        page.wait_for_selector("html[data-ready]", state="attached")


@contextmanager
def open_gallery(folder: Path) -> Iterator[Gallery]:
    """Build the gallery and start a browser for it."""
    build(folder)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        try:
            yield Gallery(browser, folder)
        finally:
            browser.close()
