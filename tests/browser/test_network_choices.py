"""What "Data saver" and "Audio only" save, counted on the wire: the sending stops, not just the showing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path as Folder
from typing import Literal

import pytest
from playwright.async_api import expect

from signaling.subscriber_session import SUBSCRIBER_CODECS
from tests.browser.harness import Person, eventually
from tests.browser.test_bad_links import LINKS, bad_links
from tests.browser.udp_relay import UdpRelay

pytestmark = pytest.mark.browser

OPUS = SUBSCRIBER_CODECS["audio"][0].payload_type
"""Chromium publishes with the same number."""
WINDOW = 2.0
"""Seconds over which a rate is taken."""
SAVED = 400_000
"""Bit/s that "Data saver" lets come at most, sound and picture together (SAVER_RATE in web/client/watch.ts)."""

Way = tuple[Literal["up", "down"], Literal["sound", "picture"]]


class Tally:
    """RTP on one person's path, by direction and by what it carries. Repeats and padding count as picture."""

    def __init__(self, relay: UdpRelay) -> None:
        self._bytes: Counter[Way] = Counter()
        relay.tap = self._count

    def _count(self, up: bool, packet: bytes) -> None:
        # RTP, and not RTCP (RFC 5761, section 4; RFC 7983).
        if len(packet) > 12 and 128 <= packet[0] < 192 and not 192 <= packet[1] <= 223:
            kind: Literal["sound", "picture"] = "sound" if packet[1] & 127 == OPUS else "picture"
            self._bytes["up" if up else "down", kind] += len(packet)

    async def rates(self) -> Counter[Way]:
        """Bit/s in the time to come."""
        before = self._bytes.copy()
        await asyncio.sleep(WINDOW)
        return Counter({way: round((count - before[way]) * 8 / WINDOW) for way, count in self._bytes.items()})


async def choose(person: Person, name: str, on: bool) -> None:
    await person.open_panel("More")
    switch = person.page.get_by_role("switch", name=name, exact=True)
    await switch.click()
    await expect(switch).to_be_checked(checked=on)


async def test_data_saver_and_audio_only_stop_the_sending(tmp_path: Folder) -> None:
    async with bad_links(tmp_path, LINKS["good"]) as ((ana, ben), relays):
        anas, bens = [Tally(relay) for relay in relays]

        async def printed(label: str) -> tuple[Counter[Way], Counter[Way]]:
            found = await asyncio.gather(anas.rates(), bens.rates())
            for name, rates in zip(("Ana", "Ben"), found, strict=True):
                print(f"{label}: {name}", {" ".join(way): rate for way, rate in sorted(rates.items())}, flush=True)
            return found[0], found[1]

        async def holds(label: str, check: Callable[[Counter[Way], Counter[Way]], bool], timeout: float = 30) -> None:
            async def look() -> bool:
                return check(*await printed(label))

            await eventually(look, label, timeout=timeout)

        # All of Ana's 720 lines are wanted by a large tile.
        await ben.button("Pin Ana").click()
        large = 600_000
        await holds("all", lambda a, b: a["up", "picture"] > large and b["down", "picture"] > large, 60)

        # Who receives saves: little comes, and what nobody else wants is not even published.
        await choose(ben, "Data saver", True)
        await holds(
            "Ben saves",
            lambda a, b: 0 < b["down", "picture"] + b["down", "sound"] < SAVED and 0 < a["up", "picture"] < SAVED,
        )
        await choose(ben, "Data saver", False)
        await holds("no longer", lambda a, b: a["up", "picture"] > large, 60)

        # Who sends saves.
        await choose(ana, "Data saver", True)
        await holds("Ana saves", lambda a, b: 0 < a["up", "picture"] < SAVED)
        await choose(ana, "Data saver", False)

        # No picture comes, goes, or is made for nobody; voices stay.
        await choose(ben, "Audio only", True)
        silent: list[Way] = [("down", "picture"), ("up", "picture")]
        await holds(
            "Ben only hears",
            lambda a, b: (
                not any(b[way] for way in silent)
                and not a["up", "picture"]
                and min(b["up", "sound"], b["down", "sound"]) > 20_000
            ),
        )
        await expect(ben.tool("Turn camera on")).to_be_visible()
        assert (await ben.live_tracks())["video"] == 0
        await choose(ben, "Audio only", False)
        await ben.sees("Ana")
        await holds("pictures again", lambda a, b: b["down", "picture"] > 0 and not b["up", "picture"])
        await expect(ben.tool("Turn camera on")).to_be_visible()
        await expect(ben.tool("Mute microphone")).to_be_visible()
