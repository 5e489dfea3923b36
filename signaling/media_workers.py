"""All media workers: one `Sfu` in front of several processes, each room on one of them.

A worker that ends is replaced, at the same port. Its rooms stay with it: when it works again `RoomLost` says so of
each, and their clients build their connections anew. The rooms of the others notice nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from sfu.control import (
    CloseMember,
    CloseRoom,
    CloseTransport,
    Done,
    Event,
    OpenTransport,
    Refused,
    Request,
    Response,
    RoomLost,
    TransportClosed,
    UnpublishTrack,
    UnsubscribeTrack,
    WorkerSettings,
)
from signaling.media_worker import WorkerStartError
from signaling.pinning import Pinning
from signaling.restarts import Restarts, Word

_log = logging.getLogger("hearthside.media")

STRICT = 2
"""Attempts at a replacement that want every address. They take a second together, as long as it usually takes a network
that is being set up anew to have its addresses back; more would keep the meetings waiting for one that is gone."""


class WorkingWorker(Protocol):
    """What is asked of a worker that was started."""

    port: int
    tcp_port: int | None

    async def request(self, request: Request) -> Response:
        """As `Sfu.request`; what it does is under way before it suspends for the first time."""
        ...

    async def close(self) -> None:
        """End it in good order."""
        ...


class StartWorker(Protocol):
    """Starts one. Raises `WorkerStartError`."""

    def __call__(
        self, settings: WorkerSettings, *, on_event: Callable[[Event], None], on_end: Callable[[], None]
    ) -> Awaitable[WorkingWorker]:
        """`on_end` is called when it ended by itself, once."""
        ...


@dataclass(eq=False)
class _Place:
    """One worker after another at the same port."""

    number: int
    settings: WorkerSettings
    worker: WorkingWorker | None = None
    restarts: Restarts = field(default_factory=Restarts)


class MediaWorkers:
    """The workers of one server. Implements `sfu.control.Sfu`. `start` first, `close` at the end."""

    def __init__(
        self, settings: Sequence[WorkerSettings], start: StartWorker, *, on_event: Callable[[Event], None]
    ) -> None:
        """One worker for each of the settings. The event loop calls `on_event`."""
        self._places = [_Place(number, each) for number, each in enumerate(settings)]
        self._start = start
        self._on_event = on_event
        self._pinning = Pinning()
        self._replacing: set[asyncio.Task[None]] = set()
        self._closed = False

    async def start(self) -> None:
        """Start all. Raises `PortError` for the first that cannot be; then none is left running."""
        results = await asyncio.gather(*(self._fill(place) for place in self._places), return_exceptions=True)
        for place, result in zip(self._places, results, strict=True):
            if isinstance(result, BaseException):
                await self.close()
                if isinstance(result, WorkerStartError):
                    raise PortError(place.settings, result) from None
                raise result
        _log.info("media workers: %d", len(self._places))

    @property
    def ready(self) -> bool:
        """Whether any works."""
        return any(place.worker is not None for place in self._places)

    @property
    def ports(self) -> list[int]:
        """UDP ports, as opened."""
        return [place.settings.port for place in self._places]

    @property
    def tcp_ports(self) -> list[int]:
        """TCP ports, as opened; none where that is closed."""
        return [place.settings.tcp_port for place in self._places if place.settings.tcp_port is not None]

    async def request(self, request: Request) -> Response:
        """Carry out one request, by the worker of its room. It is on its way before this suspends for the first time.

        Raises `ConnectionError` while that worker is being replaced.
        """
        number = self._worker_for(request)
        if number is None:
            gone = (CloseTransport, CloseMember, CloseRoom, UnpublishTrack, UnsubscribeTrack)
            return Done() if isinstance(request, gone) else Refused("no_such_transport")
        if isinstance(request, CloseTransport | CloseMember | CloseRoom):
            self._pinning.close(request)
        worker = self._places[number].worker
        if worker is None:
            if isinstance(request, OpenTransport):
                self._pinning.lost(number)
            raise ConnectionError("this room's media worker is being replaced")
        response = await worker.request(request)
        if isinstance(request, OpenTransport) and isinstance(response, Refused):
            self._pinning.close(CloseTransport(request.transport))
        return response

    async def close(self) -> None:
        """End all workers. Safe to call again."""
        self._closed = True
        for task in self._replacing:
            task.cancel()
        await asyncio.gather(*self._replacing, return_exceptions=True)
        workers = [place.worker for place in self._places if place.worker is not None]
        for place in self._places:
            place.worker = None
        await asyncio.gather(*(worker.close() for worker in workers))

    def _worker_for(self, request: Request) -> int | None:
        match request:
            case OpenTransport():
                working = [place.number for place in self._places if place.worker is not None]
                number = self._pinning.open(request, working)
                if number is None:
                    raise ConnectionError("no media worker works just now")
                return number
            case CloseMember(room) | CloseRoom(room):
                return self._pinning.of_room(room)
            case _:
                transport: str = request.transport  # type: ignore[attr-defined]
                return self._pinning.of_transport(transport)

    def _take(self, event: Event) -> None:
        if self._closed:
            return
        if isinstance(event, TransportClosed):
            self._pinning.close(CloseTransport(event.transport))
        self._on_event(event)

    # -- Beginning and ending ---------------------------------------------------------------------------------------

    async def _fill(self, place: _Place, *, spare: bool = False, quiet: bool = False) -> None:
        settings = msgspec.structs.replace(place.settings, spare=spare, quiet=quiet)
        worker = await self._start(settings, on_event=self._take, on_end=lambda: self._ended(place))
        if self._closed:
            await worker.close()
            return
        place.worker = worker
        # Whoever takes its place opens the same port: firewalls know it, and browsers are told no other.
        place.settings = msgspec.structs.replace(place.settings, port=worker.port, tcp_port=worker.tcp_port)
        place.restarts.started(now=asyncio.get_running_loop().time())

    def _ended(self, place: _Place) -> None:
        if self._closed:
            return
        place.worker = None
        self._pinning.lost(place.number)
        task = asyncio.get_running_loop().create_task(self._replace(place))
        self._replacing.add(task)
        task.add_done_callback(self._replacing.discard)

    async def _replace(self, place: _Place) -> None:
        """Start another until one works."""
        loop = asyncio.get_running_loop()
        failures = 0
        while place.worker is None and not self._closed:
            pause, word = place.restarts.ended(now=loop.time())
            self._tell(place, word)
            await asyncio.sleep(pause)
            try:
                # While a network restarts an address may be away for a moment: then it is waited for.
                await self._fill(place, spare=failures >= STRICT, quiet=not word)
            except Exception as error:  # noqa: BLE001 - whatever it is, a worker less for ever would be worse
                failures += 1
                if word:
                    reason = str(error) if isinstance(error, WorkerStartError) else type(error).__name__
                    _log.warning("media worker %d could not be started: %s", place.number + 1, reason)
                # Nothing of what its rooms did can be the reason: others may carry them.
                if self.ready:
                    self._tell_lost(self._pinning.release(place.number))
            else:
                if word:
                    _log.info("media worker %d works again", place.number + 1)
                self._tell_lost(self._pinning.rooms_of(place.number))

    def _tell_lost(self, rooms: list[str]) -> None:
        for room in rooms:
            try:
                self._on_event(RoomLost(room))
            except Exception:  # noqa: BLE001 - a fault in one room must neither silence the others nor end the replacing
                _log.exception("a room could not be told that its media worker ended")

    def _tell(self, place: _Place, word: Word) -> None:
        """Once and once more, then no more until it worked for a while: the log should stay readable."""
        if word == "ended":
            _log.warning("media worker %d ended and is replaced; its rooms' media comes back", place.number + 1)
        elif word == "again_and_again":
            _log.error(
                "media worker %d ends again and again, or cannot open its ports; it is tried again, more slowly. "
                "Its memory, and who else uses UDP port %d, are worth a look",
                place.number + 1,
                place.settings.port,
            )


class PortError(Exception):
    """A worker could not be started at the server's start: `settings` are its, `cause` says why."""

    def __init__(self, settings: WorkerSettings, cause: WorkerStartError) -> None:
        super().__init__(str(cause))
        self.settings = settings
        self.cause = cause
