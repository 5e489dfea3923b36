"""A worker at its end of the pipe: from the order to start to the end of whoever gave it."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Coroutine
from typing import Any, cast

from sfu.control import Event
from sfu.io.frames import (
    Answer,
    AnyEvent,
    AnyResponse,
    Call,
    Failed,
    Message,
    NotStarted,
    Ping,
    Pong,
    Report,
    Start,
    Started,
    ToWorker,
)
from sfu.io.pipe import Pipe
from sfu.io.worker import TcpPortError, Worker, start_worker

logger = logging.getLogger("hearthside.sfu")


async def serve(sock: socket.socket) -> None:
    """Carry out what comes through the pipe, until it says so or breaks. Closes it, and everything that was opened."""
    await _Service(sock).run()


class _Service:
    def __init__(self, sock: socket.socket) -> None:
        self._over = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._worker: Worker | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._pipe = Pipe(sock, ToWorker, on_message=self._take, on_end=self._over.set)

    async def run(self) -> None:
        await self._over.wait()
        if self._worker is not None:
            await self._worker.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._pipe.close()

    def _take(self, message: Message) -> None:
        # Tasks begin in the order in which they were made, and a worker's request acts before its first suspension: so
        # what is asked is done in order, and nobody's goodbye holds up what comes after it.
        match message:
            case Call():
                self._begin(self._carry_out(message))
            case Ping(number):
                self._pipe.send(Pong(number))
            case Start():
                self._begin(self._start(message))
            case _:
                self._over.set()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _start(self, message: Start) -> None:
        try:
            self._worker = await start_worker(message.settings, on_event=self._report)
        except OSError as error:
            self._pipe.send(NotStarted(error.errno or 0, tcp=isinstance(error, TcpPortError)))
        except Exception:  # who waits for the ports is to know at once
            logger.exception("a fault at the start")
            self._pipe.send(NotStarted(0, tcp=False))
        else:
            self._pipe.send(Started(self._worker.port, self._worker.tcp_port))

    def _report(self, event: Event) -> None:
        self._pipe.send(Report(cast(AnyEvent, event)))

    async def _carry_out(self, call: Call) -> None:
        try:
            if self._worker is None:
                raise ConnectionError("asked before the start")
            response = await self._worker.request(call.request)
        except ConnectionError:
            self._pipe.send(Failed(call.number))
        except Exception:  # a fault of ours in one request must not cost everybody the worker
            logger.exception("a fault in a request")
            self._pipe.send(Failed(call.number))
        else:
            self._pipe.send(Answer(call.number, cast(AnyResponse, response)))
