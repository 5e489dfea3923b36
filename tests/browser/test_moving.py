"""Into another network and on with the call: no new admission, nothing that opens, and how long the voices are gone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.harness import Gathering, Person, chromium_path, eventually, gathering, sends_no_audio
from tests.browser.namespaces import ADDRESSES, Machines

pytestmark = pytest.mark.browser

ELSEWHERE = ("10.77.0.33", "10.77.0.34")
LONGEST = 6.0
"""Seconds without a voice: twice what is aimed at, for a machine that does much else. 2.0 to 3.0 is what was seen."""

# The longest time without a new packet of sound, and whether any came since it was last set back.
WATCH = """() => {
  const last = new Map();
  window.__gap = { longest: 0, at: performance.now(), grown: 0 };
  setInterval(async () => {
    for (const pc of window.__connections) {
      if (pc.connectionState === "closed") continue;
      (await pc.getStats()).forEach((s) => {
        if (s.type !== "inbound-rtp" || s.kind !== "audio") return;
        if (s.packetsReceived > (last.get(s.ssrc) ?? 0)) {
          const now = performance.now();
          window.__gap.longest = Math.max(window.__gap.longest, now - window.__gap.at);
          window.__gap.at = now;
          window.__gap.grown += 1;
        }
        last.set(s.ssrc, s.packetsReceived);
      });
    }
  }, 50);
}"""
RESET = "() => Object.assign(window.__gap, { longest: 0, at: performance.now(), grown: 0 })"


@pytest.fixture
async def people(tmp_path: Path, machines: Machines) -> AsyncIterator[Gathering]:
    async with gathering(tmp_path, **machines.server()) as found:
        yield found


async def gap(person: Person) -> float:
    """Seconds without a voice, once voices come again."""

    async def heard() -> bool:
        return bool(await person.page.evaluate("window.__gap.grown > 40"))

    await eventually(heard, f"{person.name} hears again", timeout=40)
    longest: float = await person.page.evaluate("window.__gap.longest / 1000")
    return longest


async def move_about(machines: Machines, name: str, mover: Person, other: Person) -> None:
    """Take that machine into other networks: its person and the other lose each other for moments alone."""
    for person, seen in ((mover, other), (other, mover)):
        await person.sees(seen.name)
        await person.page.evaluate(WATCH)
    assert await gap(mover) < 1
    connections = await mover.page.evaluate("window.__connections.length")
    anew: list[int] = []
    for address in ELSEWHERE:
        for person in (mover, other):
            await person.page.evaluate(RESET)
        machines.move(name, address)
        gaps = {person.name: await gap(person) for person in (mover, other)}
        print(f"to {address}: seconds without a voice", {name: round(value, 2) for name, value in gaps.items()})
        assert max(gaps.values()) < LONGEST
        await expect(mover.page.get_by_text("Your connection is lost")).to_have_count(0, timeout=30_000)
        anew.append(await mover.page.evaluate("window.__connections.length") - connections - sum(anew))
    print("peer connections built anew, by move:", anew)
    # An ICE restart is meant to do it. What is built anew instead comes back too, and would hide that none works.
    assert 0 in anew


async def test_another_network_needs_no_admission_and_opens_nothing(people: Gathering, machines: Machines) -> None:
    links = await people.server.create_group()
    marta = await people.person("Marta", chromium=machines.wrapper("firefox", chromium_path()))  # only a machine's name
    await marta.join(links.facilitator)
    ana = await people.person("Ana", chromium=machines.wrapper("chromium", chromium_path()))
    await marta.let_in(ana, links.participant)
    await move_about(machines, "chromium", ana, marta)

    # Muted before, muted after, and nobody had to let anybody in.
    await ana.tool("Mute microphone").click()
    await ana.tool("Turn camera off").click()
    await sends_no_audio(ana)
    await ana.page.evaluate(RESET)
    machines.move("chromium", ADDRESSES["chromium"])
    print(f"back again: {await gap(ana):.2f} s without a voice")
    await expect(ana.page.get_by_text("Your connection is lost")).to_have_count(0, timeout=30_000)
    await expect(ana.tool("Unmute microphone")).to_be_visible()
    await expect(ana.tool("Turn camera on")).to_be_visible()
    await sends_no_audio(ana)

    async def given_back() -> bool:
        return await ana.live_tracks() == {"audio": 0, "video": 0}

    await eventually(given_back, "a muted microphone is let go of after 20 s", timeout=40)
    assert people.server.log.read_text().count("admitted") == 1
    await marta.say("Still here")
    await ana.open_panel("Chat")
    await expect(ana.page.get_by_role("log").get_by_text("Still here")).to_be_visible()
