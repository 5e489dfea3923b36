"""Media workers that end under a meeting in real browsers: it comes back by itself, as open and as closed as it was."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.harness import Gathering, Person, eventually, frames_grow, gathering, sends_no_audio
from tests.browser.test_staying import COUNT_TONES

pytestmark = pytest.mark.browser


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[Gathering]:
    """A server with two media workers."""
    async with gathering(tmp_path, settings={"HEARTHSIDE_MEDIA_WORKERS": "2"}) as found:
        yield found


async def connections(person: Person) -> int:
    """How many peer connections this page has ever made."""
    count: int = await person.page.evaluate("window.__connections.length")
    return count


async def media_port(person: Person) -> int:
    """The server's port that this browser's media goes to."""
    port: int = await person.page.evaluate(
        """async () => {
          for (const pc of window.__connections) {
            if (pc.connectionState !== "connected") continue;
            const stats = await pc.getStats();
            for (const s of stats.values()) {
              if (s.type === "candidate-pair" && s.nominated) return stats.get(s.remoteCandidateId).port;
            }
          }
          return 0;
        }"""
    )
    return port


async def test_a_meeting_outlives_its_media_worker_and_notices_no_other(people: Gathering) -> None:
    links = await people.server.create_group()
    marta, ana = await people.meeting(links, "Marta", "Ana")
    await marta.page.evaluate(COUNT_TONES)
    await marta.sees("Ana")
    await ana.sees("Marta")
    await ana.tool("Mute microphone").click()
    await expect(ana.tool("Unmute microphone")).to_be_visible()
    before = people.server.workers
    port = await media_port(ana)
    assert port == await media_port(marta)
    (idle,) = set(before) - {port}

    # Nobody is on this one.
    made = [await connections(person) for person in (marta, ana)]
    os.kill(before[idle], signal.SIGKILL)

    async def replaced() -> bool:
        return people.server.workers.get(idle, before[idle]) != before[idle]

    await eventually(replaced, "the idle worker is replaced")
    await asyncio.gather(frames_grow(marta, 1), frames_grow(ana, 1))
    assert [await connections(person) for person in (marta, ana)] == made

    for turn in range(2):
        workers = people.server.workers
        begin = time.monotonic()
        os.kill(workers[port], signal.SIGKILL)

        async def new_connections(wanted: int = 2 * (turn + 1)) -> bool:
            now = [await connections(person) for person in (marta, ana)]
            return all(count >= number + wanted for count, number in zip(now, made, strict=True))

        await eventually(new_connections, "both pages build their connections anew", interval=0.05)
        await asyncio.gather(frames_grow(marta, 1), frames_grow(ana, 1))
        print(f"worker killed: pictures move both ways after {time.monotonic() - begin:.2f} s")
        await marta.sees("Ana")
        await ana.sees("Marta")
        assert await media_port(ana) == port

    # As open and as closed as before, with nobody asked, told or let in anew.
    await expect(ana.tool("Unmute microphone")).to_be_visible()
    await expect(ana.tool("Turn camera off")).to_be_visible()
    await expect(marta.tool("Mute microphone")).to_be_visible()
    await sends_no_audio(ana)

    async def heard() -> bool:
        first = await ana.audio_received()
        await asyncio.sleep(0.5)
        later = await ana.audio_received()
        return any(later[ssrc] > first.get(ssrc, 0) for ssrc in later)

    await eventually(heard, "Ana hears Marta")
    assert await marta.page.evaluate("window.__tones") == 0
    for person in (marta, ana):
        await expect(person.page.get_by_text("Your connection is lost")).to_have_count(0)
        await expect(person.page.get_by_role("dialog")).to_have_count(0)
        assert not [line for line in person.console if line.startswith("pageerror")]
    log = people.server.log.read_text()
    assert log.count("ended and is replaced") == 3
