"""A worker at its end of the pipe, in this process: started, asked, and gone when the pipe is."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from sfu.control import (
    CloseMember,
    Done,
    OpenTransport,
    Refused,
    StartTrack,
    TransportOpened,
    WorkerSettings,
)
from sfu.io.frames import Answer, Call, Failed, FromWorker, NotStarted, Ping, Pong, Start, Started, Stop
from sfu.io.pipe import Pipe
from sfu.io.serve import serve
from sfu.io.worker import Worker

SECONDS = 20
LOOPBACK = WorkerSettings(0, ["127.0.0.1"])


class Desk:
    """The control plane's end."""

    def __init__(self, sock: socket.socket) -> None:
        self.heard: asyncio.Queue[Any] = asyncio.Queue()
        self.pipe = Pipe(sock, FromWorker, on_message=self.heard.put_nowait, on_end=lambda: self.heard.put_nowait(None))

    async def get(self) -> Any:
        async with asyncio.timeout(SECONDS):
            return await self.heard.get()


@asynccontextmanager
async def desk() -> AsyncIterator[Desk]:
    ours, theirs = socket.socketpair()
    task = asyncio.create_task(serve(theirs))
    found = Desk(ours)
    try:
        yield found
    finally:
        found.pipe.close()
        async with asyncio.timeout(SECONDS):
            await task


async def test_requests_are_done_in_order_and_answered_under_their_numbers() -> None:
    async with desk() as at:
        at.pipe.send(Start(LOOPBACK))
        started = await at.get()
        assert isinstance(started, Started)
        at.pipe.send(Call(5, OpenTransport("room", "ana", "t1", "publish")))
        at.pipe.send(Ping(9))
        at.pipe.send(Call(6, CloseMember("room", "ana")))
        at.pipe.send(Call(7, StartTrack("t1", "track")))
        heard = {}
        for _ in range(4):
            message = await at.get()
            heard["ping" if isinstance(message, Pong) else message.number] = message
        assert heard["ping"] == Pong(9)
        opened = heard[5].response
        assert isinstance(opened, TransportOpened)
        assert [each.port for each in opened.local.candidates] == [started.port]
        assert heard[6] == Answer(6, Done())
        assert heard[7] == Answer(7, Refused("no_such_transport"))


async def test_a_port_that_is_taken_is_said_with_its_kind() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        async with desk() as at:
            at.pipe.send(Start(WorkerSettings(holder.getsockname()[1], ["127.0.0.1"])))
            assert await at.get() == NotStarted(errno.EADDRINUSE, tcp=False)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        async with desk() as at:
            at.pipe.send(Start(WorkerSettings(0, ["127.0.0.1"], tcp_port=holder.getsockname()[1])))
            assert await at.get() == NotStarted(errno.EADDRINUSE, tcp=True)


async def test_a_fault_at_the_start_is_answered_at_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def faulty(settings: WorkerSettings, **_: Any) -> Worker:
        raise ZeroDivisionError

    monkeypatch.setattr("sfu.io.serve.start_worker", faulty)
    async with desk() as at:
        at.pipe.send(Start(LOOPBACK))
        assert await at.get() == NotStarted(0, tcp=False)
    assert caplog.text.count("a fault at the start") == 1


async def test_a_fault_in_one_request_leaves_the_worker_to_the_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    whole = Worker.request

    async def faulty(self: Worker, request: Any) -> Any:
        if isinstance(request, StartTrack):
            raise ZeroDivisionError
        return await whole(self, request)

    monkeypatch.setattr(Worker, "request", faulty)
    async with desk() as at:
        at.pipe.send(Call(1, CloseMember("room", "ana")))  # before the start
        assert await at.get() == Failed(1)
        at.pipe.send(Start(LOOPBACK))
        await at.get()
        at.pipe.send(Call(2, StartTrack("t1", "track")))
        at.pipe.send(Call(3, CloseMember("room", "ana")))
        assert [await at.get(), await at.get()] == [Failed(2), Answer(3, Done())]
    assert caplog.text.count("a fault in a request") == 1


@pytest.mark.parametrize("word", [Stop(), None])
async def test_its_ports_are_closed_when_it_is_told_or_the_pipe_breaks(word: Stop | None) -> None:
    async with desk() as at:
        at.pipe.send(Start(LOOPBACK))
        port = (await at.get()).port
        if word is not None:
            at.pipe.send(word)
            assert await at.get() is None
        with contextlib.suppress(OSError):
            at.pipe.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", port))
