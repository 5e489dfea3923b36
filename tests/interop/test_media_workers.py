"""Every media worker of a server is killed in turn: its room comes back by itself, the others notice nothing."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import ClientSession

from signaling import messages as m
from tests.browser.harness import eventually
from tests.browser.server import Server, lives
from tests.interop.meeting import Meeting
from tests.interop.meeting_media import MeetingMedia

SECONDS = 60
"""Until it is given up altogether."""
BACK = 5.0
"""Seconds within which a killed worker's meeting has sound and picture again. It takes half a second where nothing else
runs, and took up to 3.6 s beside ten other programs."""
SILENCE = 0.8
"""Seconds for which the other meeting may hear nothing: a browser would take that for a path that broke."""
NEWS = (m.Knocked, m.MemberGone, m.MemberConnection, m.Joined, m.MlsCommitted, m.Removed, m.Error)
"""What would be seen or heard of, or ask for something."""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    found = Server(tmp_path, settings={"HEARTHSIDE_MEDIA_WORKERS": "2"})
    await found.start()
    yield found
    await found.stop()


class Circle:
    """Two people of one group who send all the time."""

    def __init__(self, meeting: Meeting, media: list[MeetingMedia]) -> None:
        self.meeting, self.media = meeting, media
        self.playing = [asyncio.create_task(one.play(10 * SECONDS)) for one in media]

    @property
    def port(self) -> int:
        """Where their worker is."""
        (port,) = {candidate.port for one in self.media if one.local for candidate in one.local.candidates}
        return port

    async def flows(self, *, rebuilt: int = 0) -> None:
        """Wait until both get sound and picture that open, after their connections were rebuilt so often."""

        async def stands() -> bool:
            return all(one.rebuilt == rebuilt and one.connected.is_set() for one in self.media)

        await eventually(stands, "connections stand", timeout=SECONDS, interval=0.02)
        seen = [len(one.arrived) for one in self.media]

        async def both() -> bool:
            return all(
                {a.kind for a in one.arrived[before:] if one.open(a) is not None} == {"audio", "video"}
                for one, before in zip(self.media, seen, strict=True)
            )

        await eventually(both, "sound and picture come", timeout=SECONDS, interval=0.02)

    def seen(self) -> list[int]:
        """How much has arrived."""
        return [len(one.arrived) for one in self.media]

    def longest_silence(self, since: list[int]) -> float:
        """Seconds, of any voice, in what has arrived since, in which no sound and no picture may be missing."""
        longest = 0.0
        for one, before in zip(self.media, since, strict=True):
            arrived = one.arrived[before:]
            assert {each.kind for each in arrived} == {"audio", "video"}
            for track in {each.track for each in arrived}:
                of_track = [each for each in arrived if each.track == track]
                assert all(one.open(each) is not None for each in of_track), "whole, and sealed by whom it says"
                numbers = [each.number for each in of_track]
                assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "none is missing"
                if of_track[0].kind == "audio":
                    longest = max(longest, *(later.at - each.at for each, later in itertools.pairwise(of_track)))
        return longest

    def news(self) -> list[m.ServerMessage]:
        """Everything that somebody of them would notice."""
        return [told for person in self.meeting.people for told in person.told if isinstance(told, NEWS)]

    async def close(self) -> None:
        for task in self.playing:
            task.cancel()
        await asyncio.gather(*self.playing, return_exceptions=True)


async def test_each_worker_is_killed_in_turn(server: Server) -> None:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(ClientSession())
        circles = []
        for host, guest in (("Marta", "Ana"), ("Omar", "Ben")):
            meeting = Meeting(await server.create_group(host), http)
            stack.push_async_callback(meeting.close)
            people = await meeting.gather(host, guest)
            circles.append(Circle(meeting, [await meeting.with_media(person) for person in people]))
            stack.push_async_callback(circles[-1].close)
        for circle in circles:
            await circle.flows()
        workers = server.workers
        assert {circle.port for circle in circles} == set(workers), "each on a worker of its own"
        for number, (killed, other) in enumerate((circles, circles[::-1])):
            news = [len(circle.news()) for circle in circles]
            seen = other.seen()
            begin = time.monotonic()
            os.kill(workers[killed.port], signal.SIGKILL)
            await killed.flows(rebuilt=1)
            took = time.monotonic() - begin
            silence = other.longest_silence(seen)
            print(f"worker {number + 1} killed: sound and picture both ways after {took:.2f} s")
            print(f"the other meeting: nothing lost, silent for {silence * 1000:.0f} ms at most")
            assert took <= BACK
            assert silence <= SILENCE
            assert server.workers[killed.port] != workers[killed.port], "at the same port again"
            assert [len(circle.news()) for circle in circles] == news, "nobody is told of anything"
            assert [one.rebuilt for one in other.media] == [number, number], "only the rooms of that worker"
        assert server.workers[circles[1].port] != workers[circles[1].port]
        log = server.log.read_text()
        assert log.count("ended and is replaced") == 2
        assert not [person.name for circle in circles for person in circle.meeting.people if person.name in log]


async def test_a_stopped_worker_is_replaced_and_nothing_is_left_of_a_killed_server(server: Server) -> None:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(ClientSession())
        meeting = Meeting(await server.create_group(), http)
        stack.push_async_callback(meeting.close)
        people = await meeting.gather("Marta", "Ana")
        circle = Circle(meeting, [await meeting.with_media(person) for person in people])
        stack.push_async_callback(circle.close)
        await circle.flows()
        workers = server.workers
        begin = time.monotonic()
        os.kill(workers[circle.port], signal.SIGSTOP)
        await circle.flows(rebuilt=1)
        print(f"a worker stopped: sound and picture both ways after {time.monotonic() - begin:.2f} s")
        after = server.workers
        assert set(after) == set(workers)
        await server.kill()

        async def gone() -> bool:
            return not any(map(lives, after.values()))

        await eventually(gone, "no worker is left", timeout=SECONDS)
