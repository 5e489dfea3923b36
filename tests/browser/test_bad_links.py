"""Real Chromiums on bad links, through `udp_relay`. What they show is printed: `docs/benchmarks.md` has it by figure.

Ana publishes 1280x720 at 24 frames a second, Ben 320x180: two cores encode for both of them in software. What is
asserted has wide margins, since the machine's own lateness counts in; the figures themselves are held in `tests/sim`.
`python -m tests.browser.test_bad_links` plays every link and prints a table.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path as Folder
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.harness import Camera, Person, eventually, gathering
from tests.browser.server import free_port
from tests.browser.tampering_proxy import TamperingProxy
from tests.browser.udp_relay import RelayedSignaling, UdpRelay
from tests.sim.link import Conditions, Loss

pytestmark = pytest.mark.browser

TALL = Camera(1280, 720, 24)
SETTLE, WATCH = 12.0, 20.0
"""Seconds until estimates have grown, and seconds that are watched."""
SAMPLE_RATE = 48_000
"""Hz, of Opus (RFC 7587, section 4.1)."""

STATS = """async () => {
  const found = {};
  for (const pc of window.__connections) {
    if (pc.connectionState === 'closed') continue;
    for (const s of (await pc.getStats()).values()) {
      if (s.type === 'inbound-rtp' || s.type === 'outbound-rtp') {
        found[`${s.type} ${s.kind} ${s.rid ?? s.ssrc}`] = {...s};
      }
    }
  }
  return found;
}"""


@dataclass
class Seen:
    """What one person was shown and heard while it was watched."""

    frozen: float
    """Fraction of the time (W3C: totalFreezesDuration)."""
    freezes: int
    frames: int
    heights: list[int]
    """Each that was seen, in order, without repeats."""
    concealed: float
    """Fraction of the samples that were made up and were no silence. When all sound stops Chromium fades to silence,
    which is not counted here: `heard` is what tells that."""
    heard: float
    """Samples that really came, as a fraction of those that the time watched would hold."""
    rate: int
    """Bit/s of pictures received."""

    def __str__(self) -> str:
        heights = " ".join(map(str, self.heights))
        return (
            f"frozen {self.frozen:6.1%} in {self.freezes:>2}, {self.frames / WATCH:4.1f} frames/s, "
            f"concealed {self.concealed:6.1%}, heard {self.heard:6.1%}, {self.rate / 1000:5.0f} kbit/s, lines {heights}"
        )


@dataclass
class Path:
    """One of the links that are tried."""

    up: Conditions
    """Ana's uplink."""
    down: Conditions
    """Ben's downlink."""


def conditions(**changes: Any) -> Conditions:
    return Conditions(delay=0.05, **changes)


GOOD = Conditions(delay=0.005)
LINKS = {
    "good": Path(GOOD, GOOD),
    "5 % up": Path(conditions(loss=Loss.uniform(0.05)), GOOD),
    "5 % down": Path(GOOD, conditions(loss=Loss.uniform(0.05))),
    "10 % up": Path(conditions(loss=Loss.uniform(0.10)), GOOD),
    "10 % down": Path(GOOD, conditions(loss=Loss.uniform(0.10))),
    "10 % down in bursts": Path(GOOD, conditions(loss=Loss.bursty(0.10, 5))),
    "20 % down": Path(GOOD, conditions(loss=Loss.uniform(0.20))),
    "300 kbit/s down": Path(GOOD, conditions(rate=300_000, queue=37_500)),
}


@asynccontextmanager
async def bad_links(folder: Folder, link: Path) -> AsyncIterator[tuple[list[Person], list[UdpRelay]]]:
    """Ana, whose uplink is bad, and Ben, whose downlink is, in a meeting; each behind a relay, which come with them."""
    async with AsyncExitStack() as stack:
        proxy = TamperingProxy(free_port())
        people = await stack.enter_async_context(gathering(folder, public_url=proxy.url))
        server = ("127.0.0.1", people.server.media_port)
        back = Conditions(delay=max(link.up.delay, link.down.delay))
        relays = [
            UdpRelay(server, seed=1, up=link.up, down=Conditions(delay=link.up.delay)),
            UdpRelay(server, seed=3, up=back if link.down.delay > 0.01 else GOOD, down=link.down),
        ]
        for relay in relays:
            stack.callback(relay.close)
        RelayedSignaling(proxy, relays)
        await proxy.start(people.server.port)
        stack.push_async_callback(proxy.close)
        links = await people.server.create_group()
        ana = await people.person("Ana", camera=TALL)
        await ana.join(links.facilitator)
        ben = await people.person("Ben")
        await ben.knock(links.participant)
        await ana.admit("Ben")
        await ben.in_call(timeout=30_000)
        await ben.sees("Ana", timeout=40)
        yield [ana, ben], relays


async def _received(page: Page) -> dict[str, dict[str, Any]]:
    """The stream of each kind that brings most."""
    stats: dict[str, dict[str, Any]] = await page.evaluate(STATS)
    found: dict[str, dict[str, Any]] = {}
    for name, each in stats.items():
        kind = each["kind"]
        if name.startswith("inbound") and each["bytesReceived"] > found.get(kind, {}).get("bytesReceived", -1):
            found[kind] = each
    return found


async def watch(page: Page) -> Seen:
    """Look once a second."""
    before = await _received(page)
    heights: list[int] = []
    for _ in range(int(WATCH)):
        await asyncio.sleep(1)
        height = (await _received(page))["video"].get("frameHeight", 0)
        if not heights or heights[-1] != height:
            heights.append(height)
    after = await _received(page)

    def grown(kind: str, name: str) -> float:
        return float(after[kind].get(name, 0) - before[kind].get(name, 0))

    samples = grown("audio", "totalSamplesReceived")
    concealed = grown("audio", "concealedSamples")
    return Seen(
        grown("video", "totalFreezesDuration") / WATCH,
        int(grown("video", "freezeCount")),
        int(grown("video", "framesDecoded")),
        heights,
        (concealed - grown("audio", "silentConcealedSamples")) / max(1.0, samples),
        (samples - concealed) / (WATCH * SAMPLE_RATE),
        int(grown("video", "bytesReceived") * 8 / WATCH),
    )


async def play(folder: Folder, name: str) -> Seen:
    """Hold one meeting."""
    async with bad_links(folder, LINKS[name]) as ((_, ben), _):
        await asyncio.sleep(SETTLE)
        seen = await watch(ben.page)
        print(f"{name:>20}: {seen}", flush=True)
        return seen


async def test_ten_per_cent_lost_on_the_way_down(tmp_path: Folder) -> None:
    seen = await play(tmp_path, "10 % down")
    assert seen.frames > 5 * WATCH
    assert seen.frozen < 0.3
    assert seen.concealed < 0.15
    assert seen.heard > 0.8


async def test_ten_per_cent_lost_on_the_way_up_and_whose_connection_it_is(tmp_path: Folder) -> None:
    async with bad_links(tmp_path, LINKS["10 % up"]) as ((ana, ben), _):
        await asyncio.sleep(SETTLE)
        seen = await watch(ben.page)
        print(f"{'10 % up':>20}: {seen}", flush=True)
        assert seen.frames > 5 * WATCH
        assert seen.frozen < 0.3
        assert seen.concealed < 0.15
        assert seen.heard > 0.8

        # Both are told that it is Ana's, and her tile has the sign of it, also where all that was lost came again.
        await ben.button("Ana's connection is weak").click()
        told = ben.page.get_by_text(re.compile("Ana's connection has small gaps|It is Ana's connection"))
        await expect(told.first).to_be_visible()
        await expect(ana.button("Your connection is weak")).to_be_visible()
        for person, words in ((ben, "Ana:"), (ana, "From you:")):
            await person.open_panel("More")
            await person.button("Call quality").click()
            line = person.page.get_by_role("complementary", name="Call quality").get_by_text(words)
            await expect(line.first).to_be_visible()
            print(f"{person.name} reads:", await person.page.locator(".quality-line").all_inner_texts(), flush=True)


async def test_down_to_three_hundred_kbit_in_the_middle_of_a_call(tmp_path: Folder) -> None:
    async with bad_links(tmp_path, LINKS["good"]) as ((_, ben), (_, relay)):
        await ben.button("Pin Ana").click()  # large enough for all of her 720 lines

        async def tall() -> bool:
            return int((await _received(ben.page))["video"].get("frameHeight", 0)) >= 360

        await eventually(tall, "Ben sees more than the smallest size", timeout=60)
        relay.down.conditions = LINKS["300 kbit/s down"].down
        await asyncio.sleep(SETTLE)
        relay.down.max_queue_delay = 0.0
        seen = await watch(ben.page)
        print(f"drop to 300 kbit/s: {seen}, queue at most {relay.down.max_queue_delay * 1000:.0f} ms", flush=True)
        assert seen.rate < 300_000
        assert seen.heights[-1] < 720
        assert seen.concealed < 0.1
        assert seen.heard > 0.8
        assert seen.frames > 3 * WATCH


def main() -> None:
    """Play every link, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.test_bad_links", description=__doc__)
    parser.add_argument("links", nargs="*", default=list(LINKS), help=f"of {', '.join(LINKS)}")
    for name in parser.parse_args().links:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(play(Folder(folder), name))
    print(f"machine: {os.cpu_count()} cores, Linux {platform.release()}, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
