"""All workers as one SFU, with processes that are none and a clock that the test turns."""

from __future__ import annotations

import asyncio
import errno
import itertools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from sfu.control import (
    CloseMember,
    CloseRoom,
    CloseTransport,
    ConnectTransport,
    Done,
    Event,
    OpenTransport,
    Refused,
    RemoteParameters,
    Request,
    Response,
    RestartIce,
    RoomLost,
    TransportClosed,
    TransportConnected,
    TransportOpened,
    UnsubscribeTrack,
    WorkerSettings,
)
from signaling.media_worker import WorkerStartError
from signaling.media_workers import MediaWorkers, PortError
from signaling.restarts import BACKOFF, OFTEN, STABLE_SECONDS
from tests.signaling.fake_sfu import FakeSfu
from tests.signaling.test_media import settle, virtual

REMOTE = RemoteParameters("u", "p", "sha-256", "00")


class FakeWorker(FakeSfu):
    """A worker that ends when the test says so."""

    def __init__(self, number: int, on_event: Callable[[Event], None], on_end: Callable[[], None]) -> None:
        super().__init__()
        self.number = number
        self.port = 9000 + number
        self.tcp_port: int | None = None
        self.say = on_event
        self._on_end = on_end
        self.alive = True

    async def request(self, request: Request) -> Response:
        if not self.alive:
            raise ConnectionError
        response = await super().request(request)
        if not self.alive:
            raise ConnectionError
        return response

    def end(self) -> None:
        self.alive = False
        if self.gate is not None:
            self.gate.set()
        self._on_end()

    async def close(self) -> None:
        self.alive = False


class Hall:
    """Workers, what they were told, and what they reported."""

    def __init__(self, count: int = 2, *, port: int = 0) -> None:
        self.events: list[Event] = []
        self.started: list[tuple[float, FakeWorker]] = []
        self.starts: list[tuple[float, int]] = []
        """When a start was tried, and with which port."""
        self.quiet: list[bool] = []
        """Whether each was told to say nothing of its begin."""
        self.refuse: Callable[[WorkerSettings], Exception | None] = lambda _: None
        self.hear: Callable[[Event], None] = self.events.append
        self.workers = MediaWorkers(
            [WorkerSettings(port + n if port else 0, ["127.0.0.1"]) for n in range(count)],
            self._start,
            on_event=lambda event: self.hear(event),
        )

    async def _start(
        self, settings: WorkerSettings, *, on_event: Callable[[Event], None], on_end: Callable[[], None]
    ) -> FakeWorker:
        now = asyncio.get_running_loop().time()
        self.starts.append((now, settings.port))
        if failure := self.refuse(settings):
            raise failure
        number = settings.port - 9000 if settings.port else len(self.started)
        worker = FakeWorker(number, on_event, on_end)
        self.started.append((now, worker))
        self.quiet.append(settings.quiet)
        return worker

    def at(self, number: int) -> FakeWorker:
        """The worker at that place now."""
        return next(worker for _, worker in reversed(self.started) if worker.number == number)

    async def open(self, room: str, member: str = "ana") -> str:
        name = f"{room}/{member}"
        assert isinstance(await self.workers.request(OpenTransport(room, member, name, "publish")), TransportOpened)
        return name


async def hall(count: int = 2) -> Hall:
    found = Hall(count)
    await found.workers.start()
    return found


@virtual
async def test_a_room_is_on_one_worker_and_rooms_are_spread() -> None:
    found = await hall()
    await found.open("one", "ana")
    await found.open("two", "chi")
    name = await found.open("one", "ben")
    assert await found.workers.request(ConnectTransport(name, REMOTE)) == Done()
    assert set(found.at(0).transports) == {"one/ana", "one/ben"}
    assert set(found.at(1).transports) == {"two/chi"}
    await found.workers.request(CloseRoom("one"))
    await found.workers.request(CloseMember("two", "chi"))
    assert found.at(0).transports == found.at(1).transports == {}
    assert found.workers.ports == [9000, 9001]


@virtual
async def test_what_no_worker_has_is_answered_as_a_worker_would() -> None:
    found = await hall()
    assert await found.workers.request(CloseTransport("x")) == Done()
    assert await found.workers.request(CloseMember("x", "x")) == Done()
    assert await found.workers.request(CloseRoom("x")) == Done()
    assert await found.workers.request(UnsubscribeTrack("x", "t")) == Done()
    assert await found.workers.request(RestartIce("x")) == Refused("no_such_transport")
    assert found.at(0).requests == found.at(1).requests == []


@virtual
async def test_a_request_is_on_its_way_before_anything_else_runs() -> None:
    found = await hall()
    await found.open("one")
    removal = found.workers.request(CloseMember("one", "ana"))
    with pytest.raises(StopIteration):
        removal.send(None)
    assert found.at(0).transports == {}


@virtual
async def test_a_refused_transport_leaves_no_trace() -> None:
    found = await hall()
    found.at(0).fail = lambda _: Refused("limit")
    assert await found.workers.request(OpenTransport("one", "ana", "t", "publish")) == Refused("limit")
    found.at(0).fail = lambda _: None
    await found.open("two")
    assert set(found.at(0).requests) == {
        OpenTransport("one", "ana", "t", "publish"),
        OpenTransport("two", "ana", "two/ana", "publish"),
    }


@virtual
async def test_a_worker_that_ends_is_replaced_at_once_and_its_rooms_alone_are_told() -> None:
    found = await hall()
    await found.open("one", "ana")
    await found.open("one", "ben")
    await found.open("two")
    before = asyncio.get_running_loop().time()
    found.at(0).end()
    with pytest.raises(ConnectionError):
        await found.open("one", "chi")
    await settle()
    assert found.events == [RoomLost("one")]
    assert found.starts[-1] == (before, 9000), "at once, and at the port that it had"
    assert asyncio.get_running_loop().time() == before, "and its rooms are told as soon as it works"
    assert set(found.at(1).transports) == {"two/ana"}
    assert await found.workers.request(RestartIce("one/ana")) == Refused("no_such_transport")
    await found.open("one", "ana")
    assert set(found.at(0).transports) == {"one/ana"}


@virtual
async def test_who_waits_for_an_answer_when_a_worker_ends_is_told_so() -> None:
    found = await hall(1)
    worker = found.at(0)
    worker.gate = asyncio.Event()
    asked = asyncio.ensure_future(found.open("one"))
    await settle()
    worker.end()
    with pytest.raises(ConnectionError):
        await asked
    await settle()
    assert found.events == [RoomLost("one")]
    await found.open("one")


@virtual
async def test_a_new_room_goes_to_who_works_while_another_is_being_replaced() -> None:
    found = await hall()
    await found.open("one")
    found.at(0).end()
    assert await found.open("new")
    assert set(found.at(1).transports) == {"new/ana"}


@virtual
async def test_while_none_works_every_room_is_told_to_try_again() -> None:
    found = await hall(1)
    assert found.workers.ready
    found.at(0).end()
    assert not found.workers.ready
    with pytest.raises(ConnectionError):
        await found.open("new")
    await settle()
    assert found.workers.ready
    await found.open("new")
    assert found.events == []


@contextmanager
def logged() -> Iterator[list[str]]:
    """What the log is told meanwhile."""
    messages: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("hearthside.media")
    logger.addHandler(handler)
    try:
        yield messages
    finally:
        logger.removeHandler(handler)


@virtual
async def test_a_worker_that_ends_again_and_again_waits_longer_and_the_log_stays_short() -> None:
    with logged() as messages:
        found = await hall(1)
        await found.open("secret-room", "secret-member")
        for _ in range(20):
            found.at(0).end()
            await asyncio.sleep(BACKOFF[-1] + 1)
            assert found.workers.ready
        gaps = [later - earlier for (earlier, _), (later, _) in itertools.pairwise(found.starts)]
        assert max(gaps) <= 2 * BACKOFF[-1] + 1
        assert len([text for text in messages if "again and again" in text]) == 1
        assert found.quiet == [False] * (1 + OFTEN) + [True] * (20 - OFTEN), "its own lines end with ours"
        assert len([text for text in messages if "ended and is replaced" in text]) == 2
        assert "secret" not in "".join(messages)
        await asyncio.sleep(STABLE_SECONDS)
        found.at(0).end()
        await settle()
        assert found.workers.ready, "after a good while the next start is at once again"
        assert "ended and is replaced" in messages[-1]


@virtual
async def test_rooms_of_a_worker_that_cannot_be_started_again_go_to_others() -> None:
    found = await hall()
    await found.open("one")
    found.refuse = lambda settings: WorkerStartError(errno.EADDRINUSE) if settings.port == 9000 else None
    found.at(0).end()
    await settle()
    assert found.events == [RoomLost("one")]
    await found.open("one")
    assert "one/ana" in found.at(1).transports
    await asyncio.sleep(100)
    tries = len(found.starts)
    assert tries < 15
    found.refuse = lambda _: None
    await asyncio.sleep(BACKOFF[-1])
    assert found.events == [RoomLost("one")]
    await found.open("new")
    assert "new/ana" in found.at(0).transports


@virtual
async def test_an_address_that_is_away_for_a_moment_is_waited_for() -> None:
    """One that stays away is done without: the rooms are to come back within 5 s."""
    found = await hall(1)
    await found.open("one")
    spared: list[bool] = []

    def refuse(settings: WorkerSettings) -> Exception | None:
        spared.append(settings.spare)
        return None if settings.spare else WorkerStartError(errno.EADDRNOTAVAIL)

    found.refuse = refuse
    found.at(0).end()
    await asyncio.sleep(4.9)
    assert spared == [False, False, True]
    assert found.events == [RoomLost("one")]
    found.refuse = lambda settings: AssertionError("only after failures") if settings.spare else None
    found.at(0).end()
    await asyncio.sleep(50)
    assert found.workers.ready


@virtual
async def test_rooms_of_the_only_worker_wait_until_it_can_be_started_again() -> None:
    found = await hall(1)
    await found.open("one")
    found.refuse = lambda _: WorkerStartError(errno.EADDRINUSE)
    found.at(0).end()
    await asyncio.sleep(50)
    assert found.events == []
    found.refuse = lambda _: None
    await asyncio.sleep(BACKOFF[-1])
    assert found.events == [RoomLost("one")]


@virtual
async def test_whatever_hinders_a_start_it_is_tried_again() -> None:
    """Without a thread left for the process' watcher asyncio raises RuntimeError; the next minute there may be one."""
    found = await hall()
    await found.open("one")
    found.refuse = lambda settings: RuntimeError("can't start new thread") if settings.port == 9000 else None
    with logged() as messages:
        found.at(0).end()
        await settle()
        assert found.events == [RoomLost("one")]
        await found.open("one")
        await asyncio.sleep(100)
    told = [message for message in messages if "could not be started" in message]
    assert told == ["media worker 1 could not be started: RuntimeError"] * OFTEN
    found.refuse = lambda _: None
    await asyncio.sleep(BACKOFF[-1])
    await found.open("new")
    assert "new/ana" in found.at(0).transports


@virtual
async def test_a_fault_in_one_room_keeps_no_other_silent() -> None:
    found = await hall()
    await found.open("one", "ana")
    await found.open("two", "chi")
    await found.open("three", "dov")
    rooms = found.workers._pinning.rooms_of(0)
    assert len(rooms) == 2

    def hear(event: Event) -> None:
        found.events.append(event)
        if event == RoomLost(rooms[0]):
            raise LookupError

    found.hear = hear
    found.refuse = lambda settings: WorkerStartError(errno.EADDRINUSE) if settings.port == 9000 else None
    found.at(0).end()
    await settle()
    assert found.events == [RoomLost(room) for room in rooms]
    found.refuse = lambda _: None
    await asyncio.sleep(BACKOFF[-1])
    await found.open("new")
    assert "new/ana" in found.at(0).transports


@virtual
async def test_a_transport_that_ended_by_itself_frees_its_room() -> None:
    found = await hall()
    await found.open("one")
    found.at(0).say(TransportConnected("one/ana"))
    found.at(0).say(TransportClosed("one/ana", "consent_expired"))
    assert found.events == [TransportConnected("one/ana"), TransportClosed("one/ana", "consent_expired")]
    found.at(0).end()
    await settle()
    assert len(found.events) == 2


@virtual
async def test_a_start_that_fails_names_its_port_and_leaves_nothing_behind() -> None:
    found = Hall(3, port=9000)
    found.refuse = lambda settings: WorkerStartError(errno.EADDRINUSE) if settings.port == 9001 else None
    with pytest.raises(PortError) as failure:
        await found.workers.start()
    assert failure.value.settings.port == 9001
    assert failure.value.cause.errno == errno.EADDRINUSE
    assert not any(worker.alive for _, worker in found.started)


@virtual
async def test_the_end_is_the_end() -> None:
    found = await hall()
    await found.open("one")
    worker, other = found.at(0), found.at(1)
    worker.end()
    await found.workers.close()
    await found.workers.close()
    other.say(TransportConnected("one/ana"))
    await asyncio.sleep(100)
    assert not any(each.alive for _, each in found.started)
    assert found.events == []
    with pytest.raises(ConnectionError):
        await found.open("two")
