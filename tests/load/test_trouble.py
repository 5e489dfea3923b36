"""Each kind of trouble comes about beside a small meeting in which all go on hearing all, and is told of."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from tests.load import trouble
from tests.load.adapters import AdapterError
from tests.load.adapters.hearthside import Hearthside
from tests.load.inbox import Inbox
from tests.load.kill import WORKERS
from tests.load.meeting import Meeting, Way
from tests.load.pace import Pace
from tests.load.scenarios import Scenario
from tests.load.spread import Spread
from tests.load.trouble import KINDS, TROUBLES, HalfOpen, Junk, come, dropped


@pytest.fixture
async def meeting() -> AsyncIterator[Meeting]:
    async with held(Hearthside()) as meeting:
        yield meeting


@asynccontextmanager
async def held(server: Hearthside) -> AsyncIterator[Meeting]:
    pace = Pace()
    meeting = Meeting(server, "room", Scenario(2, 2), Way("gcm128"), pace, Inbox())
    try:
        await server.start("127.0.0.1", 0)
        async with pace.running():
            await meeting.gather()
            yield meeting
    finally:
        await meeting.part()
        await server.stop()


async def goes_on(meeting: Meeting) -> None:
    """Wait until everybody was sent some more."""
    before = {one.number: one.received for one in meeting.subscribers.values()}
    async with asyncio.timeout(10):
        while any(one.received < before[one.number] + 20 for one in meeting.subscribers.values()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("name", sorted(TROUBLES.keys() - {"kill"}))
async def test_the_others_go_on(name: str, meeting: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    for figure, small in (("JUNK", 2000), ("HANDSHAKES", 10), ("ROOMS", 5), ("STANDSTILL", 1.5), ("AFTERWARDS", 0.0)):
        monkeypatch.setattr(trouble, figure, small)
    beside = await come(name, meeting)
    await beside.attack(0.3)
    await goes_on(meeting)
    await beside.close()
    await goes_on(meeting)
    assert beside.lasts >= 0.0


async def test_a_killed_workers_neighbours_lose_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    async with held(Spread(WORKERS)) as meeting:
        beside = await come("kill", meeting)
        await goes_on(meeting)
        await beside.attack(0.1)
        await goes_on(meeting)
        await beside.close()
        assert sum(one.lost for each in meeting.subscribers.values() for one in each.arrivals.values()) == 0
    assert "another one took its place within" in capsys.readouterr().out


async def test_only_a_worker_can_be_killed(meeting: Meeting) -> None:
    with pytest.raises(AdapterError, match="no workers"):
        await come("kill", meeting)


async def test_junk_is_sent_and_paid_for(meeting: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trouble, "JUNK", 2000)
    junk = Junk(meeting)
    await junk.attack(0.5)
    assert 0 < junk.sent <= 1000
    assert junk.cpu() > 0.0


async def test_the_server_answers_half_open_handshakes(meeting: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trouble, "HANDSHAKES", 3)
    half_open = HalfOpen(meeting)
    await half_open.attack(0.1)
    for sock in half_open.sockets:
        sock.settimeout(5.0)
        answers = [await asyncio.to_thread(sock.recv, 2000) for _ in range(2)]
        assert {answer[0] for answer in answers} == {1, 22}, "to a check, and to a handshake's first flight"
    await half_open.close()


def test_every_kind_has_a_name_of_its_own() -> None:
    assert len(set(KINDS)) == len(KINDS)


def test_what_finds_no_room_is_counted() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, socket.socket(type=socket.SOCK_DGRAM) as other:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 0)
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        assert dropped(port) == 0
        for _ in range(50):
            other.sendto(bytes(1000), ("127.0.0.1", port))
        sock.setblocking(False)
        assert dropped(port) + count(sock) == 50


def count(sock: socket.socket) -> int:
    read: Callable[[int], bytes] = sock.recv
    number = 0
    while True:
        try:
            read(2000)
        except BlockingIOError:
            return number
        number += 1
