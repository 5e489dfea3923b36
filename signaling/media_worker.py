"""One media worker as the control plane sees it: a child process, and the pipe to it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

from sfu.control import Event, Request, Response, WorkerSettings
from sfu.io.frames import (
    Answer,
    AnyRequest,
    Call,
    Failed,
    FromWorker,
    Message,
    NotStarted,
    Ping,
    Pong,
    Report,
    Start,
    Started,
    Stop,
)
from sfu.io.pipe import Pipe
from signaling.config import PREFIX

PROCESS = "signaling.media_process"
"""The module that the process runs."""

PACKAGES = Path(__file__).parent.parent
"""Where the packages are that this process runs: the worker takes the same, and nothing of the working directory."""

START_SECONDS = 20.0
"""From the start of the process to its open ports: half a second, more on a machine that is busy with its own start."""

PING_SECONDS = 0.5
"""Between two pings. They cost a wake-up of each side."""

MAX_MISSED = 4
"""Looks in a row at which the last ping had no answer: 2 to 2.5 s, after which a worker counts as hung and is killed.
With its replacement, half a second on a machine that is not busy, its rooms are back within 5 s; on a busy one that is
missed (docs/benchmarks.md). Fewer would kill a worker that waits for memory from the disk, and so its meetings. Under
full load one answers within 0.1 s. Looks are counted, not seconds: when this process itself stood still for a minute,
it has missed one."""

MAX_PENDING = 10_000
"""Requests without an answer. A meeting of 64 makes 8,000 if everybody comes in the same moment; who is further behind
does not work any more, and is killed like one that does not answer."""

STOP_SECONDS = 3.0
"""To say goodbye to every browser; after that the process is killed."""


class WorkerStartError(Exception):
    """A worker could not be started: `errno` says why, if it was a port, and `tcp` which kind of port."""

    def __init__(self, errno: int | None, *, tcp: bool = False) -> None:
        super().__init__(os.strerror(errno) if errno else "the process did not start")
        self.errno = errno
        self.tcp = tcp


class MediaWorker:
    """A worker that works, until it ends: then `on_end` is called, once, and whoever waits gets `ConnectionError`."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        sock: socket.socket,
        *,
        on_event: Callable[[Event], None],
        on_end: Callable[[], None],
    ) -> None:
        """Use `start_worker`."""
        self._process = process
        self._on_event = on_event
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._pipe = Pipe(sock, FromWorker, on_message=self._take, on_end=self._ended)
        self._started: asyncio.Future[Started | NotStarted | None] = self._loop.create_future()
        self._pending: dict[int, asyncio.Future[Response | None]] = {}
        """None: no answer will come."""
        self._numbers = itertools.count(1)
        self._pinged = self._ponged = self._missed = 0
        self._timer: asyncio.TimerHandle | None = None
        self._works = self._over = False
        self.port = 0
        """UDP, as opened."""
        self.tcp_port: int | None = None

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    async def start(self, settings: WorkerSettings) -> None:
        """Have it open its ports. Raises `WorkerStartError`; then the process is gone."""
        self._pipe.send(Start(settings))
        try:
            async with asyncio.timeout(START_SECONDS):
                word = await self._started
        except TimeoutError:
            word = None
        except asyncio.CancelledError:
            await self._kill()
            raise
        if self._over or not isinstance(word, Started):
            self._over = True
            await self._kill()
            if isinstance(word, NotStarted):
                raise WorkerStartError(word.errno or None, tcp=word.tcp)
            raise WorkerStartError(None)
        self.port, self.tcp_port = word.port, word.tcp_port
        self._works = True
        self._look()

    async def request(self, request: Request) -> Response:
        """Carry out one request. It is written before this suspends for the first time.

        Raises `ConnectionError` if the worker ended, and for a request at which it met a fault.
        """
        if self._over:
            raise ConnectionError("the media worker ended")
        number = next(self._numbers)
        answer: asyncio.Future[Response | None] = self._loop.create_future()
        self._pending[number] = answer
        self._pipe.send(Call(number, cast(AnyRequest, request)))
        if len(self._pending) > MAX_PENDING:
            self._give_up()
        response = await answer
        if response is None:
            raise ConnectionError("the media worker did not answer")
        return response

    async def close(self) -> None:
        """End it in good order, or by force. Safe to call again."""
        self._over = True
        self._pipe.send(Stop())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        await self._kill()

    def _take(self, message: Message) -> None:
        match message:
            case Answer(number, response):
                self._answer(number, response)
            case Report(event):
                # Behind who waits for the answers that came before it, as if there were no pipe.
                self._loop.call_soon(self._on_event, event)
            case Pong(number):
                self._ponged = number
            case Failed(number):
                self._answer(number, None)
            case Started() | NotStarted() if not self._started.done():
                self._started.set_result(message)

    def _answer(self, number: int, response: Response | None) -> None:
        waiting = self._pending.pop(number, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(response)

    def _look(self) -> None:
        """Whether the last ping was answered; if so, ping again."""
        self._missed = 0 if self._ponged == self._pinged else self._missed + 1
        if self._missed >= MAX_MISSED:
            self._give_up()
            return
        if not self._missed:
            self._pinged += 1
            self._pipe.send(Ping(self._pinged))
        self._timer = self._loop.call_later(PING_SECONDS, self._look)

    def _give_up(self) -> None:
        self._end_process()
        self._pipe.close()
        self._loop.call_soon(self._ended)

    def _ended(self) -> None:
        """It is gone, or as good as gone. Before it worked, that is for `start` to say, which nobody else hears of."""
        self._release()
        if not self._started.done():
            self._started.set_result(None)
        known, self._over = self._over, True
        if self._works and not known:
            self._end_process()
            self._on_end()

    def _release(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for waiting in self._pending.values():
            if not waiting.done():
                waiting.set_result(None)
        self._pending.clear()

    async def _kill(self) -> None:
        self._release()
        self._pipe.close()
        self._end_process()
        await self._process.wait()

    def _end_process(self) -> None:
        """By force, unless asyncio knows that it ended.

        Not by `Process.kill`: that polls first, which takes the exit status of one that ended just now from asyncio's
        watcher; its log then has an unknown child with status 255. Without a poll its process id stays taken until the
        watcher has it.
        """
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)


async def start_worker(
    settings: WorkerSettings, *, log_level: str, on_event: Callable[[Event], None], on_end: Callable[[], None]
) -> MediaWorker:
    """Start a worker's process and have it open its ports. Raises `WorkerStartError`."""
    try:
        process, ours = await _spawn(log_level)
    except OSError as error:
        raise WorkerStartError(error.errno) from None
    worker = MediaWorker(process, ours, on_event=on_event, on_end=on_end)
    await worker.start(settings)
    return worker


async def _spawn(log_level: str) -> tuple[asyncio.subprocess.Process, socket.socket]:
    """The process, and our end of the pipe to it. Raises `OSError`."""
    # The server's settings are not for it: so none of them, the TURN secret least of all, lies in the memory or in the
    # dumps of a process that parses what strangers send. It is no wall: whoever took the worker over runs as the
    # server's user, and may read its environment in /proc, its configuration file and its database.
    env = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PACKAGES), env.get("PYTHONPATH")]))
    ours, theirs = socket.socketpair()
    with theirs, contextlib.ExitStack() as stack:
        stack.enter_context(ours)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", PROCESS),
            *(str(theirs.fileno()), str(os.getpid()), log_level),
            env=env,
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
        stack.pop_all()
    return process, ours
