"""Every server that can be had here carries a small meeting, in which people come and go, and ends with its processes.

This project's own is always there; the others where they are installed (`Adapter.missing`).
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from sfu.rtp import extensions
from tests.load import process
from tests.load.__main__ import ADAPTERS
from tests.load.adapters import AdapterError
from tests.load.inbox import SLOT, Inbox
from tests.load.meeting import Meeting, Way
from tests.load.pace import Pace
from tests.load.scenarios import LARGE, LAYERED, SMALL, SOUND, Scenario
from tests.load.subscriber import Subscriber

PRESENT = [name for name, adapter in ADAPTERS.items() if not adapter().missing()]
PATIENCE = 20.0
"""Seconds."""


class TwoLayers(Scenario):
    """One sees the large picture, one the small."""

    def wishes(self, person: int) -> dict[int, int]:
        return {1 - person: (SMALL, LARGE)[person].height}


@asynccontextmanager
async def held(name: str, scenario: Scenario, *, loss: float = 0.0) -> AsyncIterator[Meeting]:
    """A meeting on a server of its own, under way."""
    adapter, pace = ADAPTERS[name](), Pace()
    meeting = Meeting(adapter, "room", scenario, Way("gcm128", loss), pace, Inbox())
    try:
        await adapter.start("127.0.0.1", 0)
        async with pace.running():
            await meeting.gather()
            yield meeting
    finally:
        await meeting.part()
        await adapter.stop()


async def until_all_get_all(meeting: Meeting) -> None:
    deadline = time.monotonic() + PATIENCE
    while any(one.received == 0 for each in meeting.subscribers.values() for one in each.arrivals.values()):
        assert time.monotonic() < deadline, "somebody is sent nothing of somebody"
        await asyncio.sleep(0.05)


def test_this_project_is_measured_everywhere() -> None:
    assert "hearthside" in PRESENT


@pytest.mark.parametrize("name", PRESENT)
async def test_people_come_and_go(name: str) -> None:
    async with held(name, Scenario(3, 3)) as meeting:
        processes = process.tree(meeting.adapter.pid)
        await until_all_get_all(meeting)
        await meeting.go(0)
        await meeting.come(3)
        await until_all_get_all(meeting)
        heard = {
            each.number: {one.copy.publisher for one in each.arrivals.values()} for each in meeting.subscribers.values()
        }
    assert heard == {1: {2, 3}, 2: {1, 3}, 3: {1, 2}}
    assert {line.suite for line in meeting.lines} == {"gcm128"}
    assert sum(line.refused for line in meeting.lines) == 0
    assert len(meeting.joins) == 4
    assert not any(process.tree(each) for each in processes), "a process is left"


@pytest.mark.parametrize("name", PRESENT)
async def test_what_is_lost_is_repaired(name: str) -> None:
    async with held(name, Scenario(2, 2), loss=0.1) as meeting:
        await until_all_get_all(meeting)
        arrivals = [one for each in meeting.subscribers.values() for one in each.arrivals.values()]
        pictures = [one for one in arrivals if one.copy.kind == "video"]
        deadline = time.monotonic() + PATIENCE
        while min(one.restored for one in pictures) < 5:
            assert time.monotonic() < deadline, "nothing is sent again"
            await asyncio.sleep(0.05)
        assert all(one.lost >= one.restored for one in pictures)


@pytest.mark.parametrize("name", PRESENT)
async def test_one_encoding_of_several_is_sent(name: str) -> None:
    async with held(name, TwoLayers(2, 2, (SOUND, SMALL, LARGE))) as meeting:
        await until_all_get_all(meeting)
        assert all(len(each.arrivals) == 2 for each in meeting.subscribers.values())


@pytest.mark.parametrize("name", PRESENT)
async def test_all_layers_come_with_what_says_so(name: str) -> None:
    async with held(name, Scenario(2, 2, (SOUND, LAYERED))) as meeting:
        await until_all_get_all(meeting)
        pictures = [
            one for each in meeting.subscribers.values() for one in each.arrivals.values() if one.copy.kind == "video"
        ]
        before = [one.received for one in pictures]
        seen: set[int] = set()
        for each in meeting.subscribers.values():
            each.client.on_batch = watch(each, seen, meeting.adapter.dependency_descriptor)
        deadline = time.monotonic() + PATIENCE
        while min(one.received - was for one, was in zip(pictures, before, strict=True)) < 40:
            assert time.monotonic() < deadline, "pictures stop"
            await asyncio.sleep(0.05)
        assert sum(one.lost for one in pictures) == 0
    assert (3 in seen) == (meeting.adapter.dependency_descriptor > 0), "bytes of the descriptors"


def watch(subscriber: Subscriber, seen: set[int], wanted: int) -> Callable[[int], None]:
    """Take a batch as before, and note how long the descriptors in it are."""
    take = subscriber.client.on_batch
    assert take is not None

    def look(count: int) -> None:
        inbox = subscriber.client.inbox
        for slot, (first, second, _, _, ssrc, profile, words) in enumerate(inbox.heads(count)):
            media = 128 <= first <= 191 and not 192 <= second <= 223 and ssrc in subscriber.arrivals
            if media and first & 0x10 and wanted:
                start = slot * SLOT + 16
                at, length = extensions.find(inbox.data, start, start + 4 * words, profile, wanted)
                if at >= 0:
                    seen.add(length)
        take(count)

    return look


@pytest.mark.parametrize("name", PRESENT)
async def test_a_server_that_died_is_told_of(name: str) -> None:
    async with held(name, Scenario(2, 2)) as meeting:
        for each in process.tree(meeting.adapter.pid):
            os.kill(each, signal.SIGKILL)
        with pytest.raises((AdapterError, OSError, TimeoutError)):
            await meeting.come(2)
