"""Whole meetings for tests: a server, real Chromiums, and people who act by accessible names alone."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from playwright.async_api import Browser, BrowserContext, Locator, Page, Playwright, async_playwright, expect

from tests.browser.firefox import launch_firefox
from tests.browser.server import Links, Server

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "tests" / "artifacts"

# As long as `eventually` and a page wait: Playwright's 5 s are too short for a third browser on a machine of one slow
# core. What is expected is waited for and not timed; how long things take is `join_time`'s and `docs/benchmarks.md`'s.
expect.set_options(timeout=15_000)

FAKE_DEVICES = "--use-fake-device-for-media-stream=fps=12"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--use-fake-ui-for-media-stream",
    FAKE_DEVICES,
    # Pages in the background of a headless machine must behave like the one page on a phone.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
]
AUTOPLAY = "--autoplay-policy=no-user-gesture-required"


class Camera(NamedTuple):
    """What somebody's camera gives, whatever the page asks for."""

    width: int
    height: int
    frames: int
    """A second."""


SMALL = Camera(320, 180, 12)
"""Two cores encode and decode for everybody in software."""

# Every peer connection is kept for getStats.
INSTRUMENT = """
(() => {
  const devices = navigator.mediaDevices;
  if (devices) {
    const original = devices.getUserMedia.bind(devices);
    devices.getUserMedia = (constraints) => {
      const c = { ...constraints };
      if (c.video) {
        const chosen = typeof c.video === "object" && c.video.deviceId ? { deviceId: c.video.deviceId } : {};
        c.video = { ...chosen, CAMERA };
      }
      return original(c).then((stream) => {
        for (const track of stream.getTracks()) window.__tracks.push(track);
        return stream;
      });
    };
  }
  window.__tracks = [];
  window.__connections = [];
  const Original = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Original {
    constructor(...args) {
      super(...args);
      window.__connections.push(this);
    }
  };
})();
"""


def chromium_path() -> str:
    """The Chromium to drive: ``CHROMIUM``, or the first that is installed. Raises RuntimeError, naming the package."""
    for name in (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if name and (found := shutil.which(name)):
            return found
    raise RuntimeError("no Chromium found: install Debian's package `chromium`, or set CHROMIUM to a Chrome's path")


@dataclass
class Person:
    """Somebody at a browser, who acts by roles and accessible names alone, as with a screen reader."""

    name: str
    page: Page
    context: BrowserContext
    console: list[str] = field(default_factory=list)

    def button(self, name: str, *, exact: bool = True) -> Locator:
        return self.page.get_by_role("button", name=name, exact=exact)

    def tile(self, name: str) -> Locator:
        """The tile whose accessible name begins with that name."""
        return self.page.locator(f'[role="group"][aria-label^="{name}"]:not(fieldset)').first

    @property
    def toolbar(self) -> Locator:
        return self.page.get_by_role("toolbar", name="Meeting controls")

    def tool(self, name: str) -> Locator:
        return self.toolbar.get_by_role("button", name=name, exact=True)

    async def open(self, link: str) -> None:
        await self.page.goto(link)

    async def agree(self) -> None:
        """Tick the whole agreement, which opens the devices."""
        group = self.page.get_by_role("group", name="Group agreement")
        await expect(group).to_be_visible()
        for box in await group.get_by_role("checkbox").all():
            await box.check()

    async def fill_name(self) -> None:
        await self.page.get_by_role("textbox", name="Your name").fill(self.name)

    async def get_ready(self, link: str, *, devices: bool = True) -> None:
        """Open the link, agree, choose a name, and open the devices or do without."""
        await self.open(link)
        await self.agree()
        await self.fill_name()
        if devices:
            await expect(self.button("Mute microphone")).to_be_visible()
            await expect(self.button("Turn camera off")).to_be_visible()
        else:
            await self.button("Continue without camera or microphone").click()

    async def knock(self, link: str, *, devices: bool = True) -> None:
        """Come as a participant as far as the waiting page."""
        await self.get_ready(link, devices=devices)
        await self.button("Ask to join").click()
        await expect(self.page.get_by_role("status").filter(has_text="Waiting to be let in")).to_be_visible()

    async def join(self, link: str, *, devices: bool = True) -> None:
        """Come in as a facilitator."""
        await self.get_ready(link, devices=devices)
        await self.button("Join meeting").click()
        await self.in_call()

    async def in_call(self, *, timeout: float = 15_000) -> None:
        await expect(self.toolbar).to_be_visible(timeout=timeout)

    async def open_panel(self, name: str) -> None:
        if await self.tool(name).get_attribute("aria-expanded") != "true":
            await self.tool(name).click()

    async def admit(self, name: str) -> None:
        await self.open_panel("People")
        await self.button(f"Admit {name}").click()

    async def say(self, text: str) -> None:
        await self.open_panel("Chat")
        await self.page.get_by_role("textbox", name="Message", exact=True).fill(text)
        await self.button("Send").click()

    async def inbound(self) -> list[dict[str, Any]]:
        """`getStats` of all that this browser receives now."""
        result: list[dict[str, Any]] = await self.page.evaluate(
            """async () => {
              const found = [];
              for (const pc of window.__connections) {
                if (pc.connectionState === "closed") continue;
                (await pc.getStats()).forEach((s) => { if (s.type === "inbound-rtp") found.push(s); });
              }
              return found;
            }"""
        )
        return result

    async def decoded(self) -> dict[str, int]:
        """Frames decoded so far, by SSRC, of the video streams that are received."""
        return {str(s["ssrc"]): int(s.get("framesDecoded", 0)) for s in await self.inbound() if s["kind"] == "video"}

    async def audio_received(self) -> dict[str, float]:
        """Total energy of the audio received, by SSRC: it grows only while sound is really decoded."""
        return {
            str(s["ssrc"]): float(s.get("totalAudioEnergy", 0)) for s in await self.inbound() if s["kind"] == "audio"
        }

    async def brightest_pixel(self, name: str) -> int:
        """The brightest channel value (0-255) in the picture of NAME's tile, -1 without a picture."""
        value: int = await self.tile(name).evaluate(
            """(tile) => {
              const video = tile.querySelector("video");
              if (!video || !video.videoWidth) return -1;
              const canvas = new OffscreenCanvas(32, 18);
              const context = canvas.getContext("2d");
              context.drawImage(video, 0, 0, 32, 18);
              const data = context.getImageData(0, 0, 32, 18).data;
              let brightest = 0;
              for (let i = 0; i < data.length; i += 1) if (i % 4 < 3) brightest = Math.max(brightest, data[i]);
              return brightest;
            }"""
        )
        return value

    async def picture(self, name: str) -> dict[str, Any]:
        """`getStats` of what NAME's tile shows, with its `codec` ("VP8"); {} without a picture."""
        found: dict[str, Any] = await self.tile(name).evaluate(
            """async (tile) => {
              const [track] = tile.querySelector("video")?.srcObject?.getVideoTracks() ?? [];
              for (const pc of window.__connections) {
                if (!track || pc.connectionState === "closed") continue;
                const stats = await pc.getStats();
                for (const s of stats.values()) {
                  if (s.type !== "inbound-rtp" || s.trackIdentifier !== track.id) continue;
                  return { ...s, codec: stats.get(s.codecId)?.mimeType.split("/")[1] };
                }
              }
              return {};
            }"""
        )
        return found

    async def sent_pictures(self) -> list[dict[str, Any]]:
        """`getStats` of the pictures that this browser sends now, one for each encoding, each with its `codec`."""
        found: list[dict[str, Any]] = await self.page.evaluate(
            """async () => {
              const found = [];
              for (const pc of window.__connections) {
                if (pc.connectionState === "closed") continue;
                const stats = await pc.getStats();
                for (const s of stats.values()) {
                  if (s.type !== "outbound-rtp" || s.kind !== "video") continue;
                  found.push({ ...s, codec: stats.get(s.codecId)?.mimeType.split("/")[1] });
                }
              }
              return found;
            }"""
        )
        return found

    async def sees(self, name: str, *, timeout: float = 20) -> None:
        """Wait until NAME's tile shows a picture that is not black."""
        await eventually(lambda: self._sees(name), f"{self.name} sees {name}", timeout=timeout)

    async def _sees(self, name: str) -> bool:
        return await self.tile(name).count() > 0 and await self.brightest_pixel(name) > 40

    async def live_tracks(self) -> dict[str, int]:
        """How many device tracks are live, by kind: what keeps the camera's light on."""
        result: dict[str, int] = await self.page.evaluate(
            """() => {
              const live = { audio: 0, video: 0 };
              for (const t of window.__tracks) if (t.readyState === "live") live[t.kind] += 1;
              return live;
            }"""
        )
        return result

    async def screenshot(self, label: str) -> None:
        ARTIFACTS.mkdir(exist_ok=True)
        await self.page.screenshot(path=ARTIFACTS / f"{label}-{self.name}.png")


async def eventually(check: Any, what: str, *, timeout: float = 15, interval: float = 0.2) -> None:
    """Wait until an async check holds; AssertionError with its name if it never does."""
    loop = asyncio.get_running_loop()
    until = loop.time() + timeout
    while not await check():
        if loop.time() > until:
            raise AssertionError(f"did not come true in {timeout} s: {what}")
        await asyncio.sleep(interval)


async def frames_grow(person: Person, streams: int, *, timeout: float = 20) -> None:
    """Wait until that many received pictures have each decoded five more frames than at first sight."""
    first: dict[str, int] = {}

    async def check() -> bool:
        now = await person.decoded()
        for ssrc, frames in now.items():
            first.setdefault(ssrc, frames)
        return sum(frames >= first[ssrc] + 5 for ssrc, frames in now.items()) >= streams

    await eventually(check, f"{streams} pictures move for {person.name}", timeout=timeout)


async def sends_no_audio(person: Person) -> None:
    """Wait until that person sends no audio packet for a second."""

    async def sent() -> int:
        count: int = await person.page.evaluate(
            """async () => {
              let sent = 0;
              for (const pc of window.__connections) {
                if (pc.connectionState === "closed") continue;
                (await pc.getStats()).forEach((s) => {
                  if (s.type === "outbound-rtp" && s.kind === "audio") sent += s.packetsSent;
                });
              }
              return sent;
            }"""
        )
        return count

    async def still() -> bool:
        before = await sent()
        await asyncio.sleep(1)
        return await sent() == before

    await eventually(still, f"{person.name} sends no audio while muted")


class Gathering:
    """A server, its group, and the people who come."""

    def __init__(self, playwright: Playwright, server: Server) -> None:
        self._playwright = playwright
        self.server = server
        self.people: list[Person] = []
        self._browsers: list[Browser] = []

    async def person(
        self,
        name: str,
        *,
        firefox: bool = False,
        autoplay: bool = True,
        devices: bool = True,
        camera: Camera = SMALL,
        width: int = 1280,
        height: int = 800,
        **context: Any,
    ) -> Person:
        """A new person at a browser of their own. `autoplay` and `devices` are of Chromium."""
        if firefox:
            browser = await launch_firefox(self._playwright, self.server.folder)
            self._browsers.append(browser)
        else:
            flags = [*CHROMIUM_FLAGS, *([AUTOPLAY] if autoplay else [])]
            flags.remove(FAKE_DEVICES)
            if devices:
                flags.append(f"{FAKE_DEVICES.rpartition('=')[0]}={camera.frames}")
            browser = await self.launch(executable_path=chromium_path(), args=flags)
        page_context = await browser.new_context(
            viewport={"width": width, "height": height},
            locale="en-GB",
            ignore_https_errors=True,  # the server's certificate, where it has one, is its own
            **context,
        )
        asked = f"width: {camera.width}, height: {camera.height}, frameRate: {camera.frames}"
        await page_context.add_init_script(INSTRUMENT.replace("CAMERA", asked))
        page = await page_context.new_page()
        page.set_default_timeout(15_000)
        person = Person(name, page, page_context)
        page.on("console", lambda message: person.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: person.console.append(f"pageerror: {error}"))
        self.people.append(person)
        return person

    async def launch(self, **options: Any) -> Browser:
        """A Chromium that is closed with the gathering."""
        browser = await self._playwright.chromium.launch(**options)
        self._browsers.append(browser)
        return browser

    async def meeting(self, links: Links, facilitator: str, *participants: str, **options: Any) -> list[Person]:
        """A running meeting: the facilitator first, then everybody else, admitted."""
        host = await self.person(facilitator, **options)
        await host.join(links.facilitator)
        present = [host]
        for name in participants:
            guest = await self.person(name, **options)
            await guest.knock(links.participant)
            await host.admit(name)
            await guest.in_call()
            present.append(guest)
        return present

    async def close(self) -> None:
        for browser in self._browsers:
            await browser.close()


@asynccontextmanager
async def gathering(folder: Path, **server_options: Any) -> AsyncIterator[Gathering]:
    """A started server and Chromiums at hand; what they wrote is shown if the test does not pass."""
    if not (ROOT / "web" / "static" / "build" / "manifest.json").exists():
        raise RuntimeError("the web client is not built: run `make build`")
    server = Server(folder, **server_options)
    await server.start()
    async with async_playwright() as playwright:
        people = Gathering(playwright, server)
        try:
            yield people
        except BaseException:
            for person in people.people:
                try:
                    await person.screenshot("failed")
                except Exception as error:  # noqa: BLE001 - the page may be gone; the first exception is what matters
                    print(f"no screenshot of {person.name}: {error}")
                print(f"--- {person.name}'s console", *person.console[-40:], sep="\n")
            print("--- server log", server.log.read_text()[-6000:], sep="\n")
            raise
        finally:
            await people.close()
            await server.stop()
