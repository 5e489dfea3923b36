"""The SFU's shell: sockets, one timer, and the control interface in front of all rooms of this process."""

from __future__ import annotations

import asyncio
import gc
import logging
import secrets
import time
from collections.abc import Callable

from sfu import native
from sfu.control import (
    Candidate,
    CloseMember,
    CloseRoom,
    CloseTransport,
    ConnectTransport,
    Done,
    Event,
    LocalParameters,
    OpenTransport,
    PublishTrack,
    Refused,
    Request,
    Response,
    RestartIce,
    StartTrack,
    SubscribeTrack,
    TransportClosed,
    TransportConnected,
    TransportDisconnected,
    TransportOpened,
    UnpublishTrack,
    UnsubscribeTrack,
    WatchTracks,
    WorkerSettings,
)
from sfu.forwarding.router import Router
from sfu.ice.lite_agent import Credentials
from sfu.io.dtls import Certificate
from sfu.io.link import Link, SecureChannel
from sfu.io.srtp import Buffers
from sfu.io.steady_clock import SteadyClock
from sfu.io.tcp_listener import open_tcp
from sfu.io.udp_mux import UdpMux
from sfu.native import feedback, reception
from sfu.peer import Peer
from sfu.publisher import Publisher
from sfu.subscriber import Subscriber

logger = logging.getLogger("hearthside.sfu")

TICK = 0.01
"""Seconds between two looks at which transports have something due (`Peer.due`), from when one of them waits for the
next. NACKs want 10 to 20 ms. A transport that has nothing to do costs a comparison of 0.1 µs, 2000 of them 2 % of a
core: a heap of deadlines would save that, and cost more in the transports that are busy."""

CALM = 0.02
"""Seconds between two looks while nobody waits for one: reports and feedback may be as late as this. Longer would save
little more, shorter wakes the process for each of them: 10 ms cost a twentieth more at twelve people, and more at six.
"""

GARBAGE_AFTER = 50_000
"""Containers more than were freed before CPython looks for cycles among the young. Packets come and go without cycles,
and at the usual 700 the search took 5 % of the time, now and then over everything, which is a pause of milliseconds.
What people leave behind when they go waits a little longer for it: 50,000 small containers are about 5 MB."""

MAX_TRANSPORTS = 2000
"""Transports of one worker, two for each person: far more than one core carries, and a bound on memory."""

SUMMARY_SECONDS = 60.0
"""Over which transports that ended without having connected are told in one line of the log: a thousand of them, which
costs whoever sends them next to nothing, must not fill a disk. Shorter is more lines, longer is later to be read."""

UNSENT_SECONDS = 1.0
"""Between two looks at whether packets cannot be sent: 10 ms would be early enough as well, and cost a hundredfold."""


class TcpPortError(OSError):
    """It was the TCP port that could not be had."""


async def start_worker(settings: WorkerSettings, *, on_event: Callable[[Event], None]) -> Worker:
    """Open the media ports and serve. The event loop calls ``on_event``.

    Raises `OSError` if the UDP port is taken, and `TcpPortError` if the TCP port is. The process looks for cycles of
    garbage less often from then on.
    """
    gc.set_threshold(GARBAGE_AFTER, *gc.get_threshold()[1:])
    return Worker(settings, on_event=on_event)


class Worker:
    """All rooms of one process. Implements `sfu.control.Sfu`."""

    def __init__(self, settings: WorkerSettings, *, on_event: Callable[[Event], None]) -> None:
        """See `start_worker`."""
        self._on_event = on_event
        self._steady = SteadyClock(time.monotonic)
        self._skipped = 0.0
        self._clock: Callable[[], float] = self._steady
        self._buffers = Buffers()
        self._certificate = Certificate()
        self._mux = UdpMux(
            settings.addresses, settings.port, self._buffers.incoming, clock=self._clock, spare=settings.spare
        )
        missing = [address for address in settings.addresses if address not in self._mux.addresses]
        announced = [each for each in settings.announced or settings.addresses if each not in missing]
        self._candidates = [Candidate(address, self._mux.port) for address in announced]
        self.tcp_port: int | None = None
        """The TCP port in use."""
        if settings.tcp_port is not None:
            try:
                self.tcp_port = open_tcp(self._mux, self._mux.addresses, settings.tcp_port)
            except OSError as error:
                self._mux.close()
                raise TcpPortError(error.errno, error.strerror) from None
            self._candidates += [Candidate(address, self.tcp_port, "tcp") for address in announced]
        self._links: dict[str, Link] = {}
        self._opened: dict[str, OpenTransport] = {}
        self._rooms: dict[str, Router] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._calm = False
        """The next look is to come after `CALM`."""
        self._loop = asyncio.get_running_loop()
        self._count = 0
        self._ended = False
        self._unmet = 0
        """Transports that ended without having connected, and that the log was not told of yet."""
        self._summary: asyncio.TimerHandle | None = None
        self._unsent_look: float | None = self._clock()
        """When to look whether packets cannot be sent; None once the log was told."""
        self._mux.listen()
        if not settings.quiet:
            self._say_open()
        if missing:
            logger.warning(
                "Media port %d: %d of %d addresses cannot be had any more, and %s left out until the next start.",
                self._mux.port,
                len(missing),
                len(settings.addresses),
                "is" if len(missing) == 1 else "are",
            )

    @property
    def port(self) -> int:
        """The UDP port in use."""
        return self._mux.port

    async def request(self, request: Request) -> Response:
        """Carry out one request. Raises `ConnectionError` after `close`."""
        if self._ended:
            raise ConnectionError("the SFU is closed")
        match request:
            case OpenTransport():
                return self._open(request)
            case CloseTransport():
                await self._end([request.transport])
                return Done()
            case CloseMember():
                whose = (request.room, request.member)
                names = [name for name, opened in self._opened.items() if (opened.room, opened.member) == whose]
                await self._end(names)
                return Done()
            case CloseRoom():
                names = [name for name, opened in self._opened.items() if opened.room == request.room]
                await self._end(names)
                return Done()
            case ConnectTransport() | RestartIce():
                return self._connect(request)
            case PublishTrack() | UnpublishTrack():
                return self._publish(request)
            case SubscribeTrack() | StartTrack() | UnsubscribeTrack() | WatchTracks():
                return self._subscribe(request)
        raise TypeError(f"not a request: {type(request).__name__}")

    async def close(self) -> None:
        """Close every transport and the port. Safe to call again."""
        if self._ended:
            return
        self._ended = True
        await asyncio.gather(self._end(list(self._links)), *self._closing)
        if self._timer is not None:
            self._timer.cancel()
        if self._summary is not None:
            self._summary.cancel()
        if self._unmet:
            self._summarise()
        self._mux.close()
        logger.info("Media port %d is closed.", self._mux.port)

    # -- Requests --------------------------------------------------------------------------------------------------

    def _open(self, request: OpenTransport) -> Response:
        present = self._links.get(request.transport)
        if present is not None:
            same = self._opened[request.transport] == request
            return self._describe(present) if same else Refused("no_such_transport")
        if len(self._links) >= MAX_TRANSPORTS:
            return Refused("limit")
        if self._timer is None:
            self._steady.resume()
        now = self._clock()
        router = self._rooms.get(request.room)
        if router is None:
            router = self._rooms[request.room] = Router(draw=_draw)
        channel = SecureChannel(self._buffers)
        peer = (Publisher if request.direction == "publish" else Subscriber)(
            request.transport,
            router,
            channel,
            _credentials(),
            report_ssrc=router.draw_ssrc(),
            now=now,
        )
        peer.hurry = self._hurry
        self._count += 1
        link = Link(
            self._count,
            peer,
            channel,
            self._mux,
            self._buffers,
            self._certificate,
            clock=self._clock,
            on_change=self._on_change,
        )
        self._links[request.transport] = link
        self._opened[request.transport] = request
        if self._timer is None:
            self._timer = self._loop.call_later(TICK, self._tick)
        logger.debug("Transport %d: opened to %s.", link.number, request.direction)
        return self._describe(link)

    def _describe(self, link: Link) -> TransportOpened:
        local = link.peer.agent.local
        return TransportOpened(LocalParameters(local.ufrag, local.pwd, self._certificate.fingerprint, self._candidates))

    def _connect(self, request: ConnectTransport | RestartIce) -> Response:
        link = self._links.get(request.transport)
        if link is None:
            return Refused("no_such_transport")
        if isinstance(request, RestartIce):
            link.restart_ice(_credentials())
            return self._describe(link)
        return Done() if link.connect(request.remote) else Refused("no_such_transport")

    def _publish(self, request: PublishTrack | UnpublishTrack) -> Response:
        peer = self._peer(request.transport)
        if isinstance(request, UnpublishTrack):
            if isinstance(peer, Publisher):
                peer.unpublish(request.track)
            return Done()
        return peer.publish(request) if isinstance(peer, Publisher) else Refused("no_such_transport")

    def _subscribe(self, request: SubscribeTrack | StartTrack | UnsubscribeTrack | WatchTracks) -> Response:
        peer = self._peer(request.transport)
        if isinstance(request, UnsubscribeTrack):
            if isinstance(peer, Subscriber):
                peer.unsubscribe(request.track)
            return Done()
        if not isinstance(peer, Subscriber):
            return Refused("no_such_transport")
        if isinstance(request, SubscribeTrack):
            sound = {codec.payload_type for codec in request.codecs if codec.name == "opus"}
            self._links[request.transport].sound_types |= sound
            return peer.subscribe(request)
        if isinstance(request, WatchTracks):
            return peer.watch(request, now=self._clock())
        return peer.start(request.track, request.extensions, now=self._clock())

    def _peer(self, transport: str) -> Peer | None:
        link = self._links.get(transport)
        return None if link is None else link.peer

    # -- Events ----------------------------------------------------------------------------------------------------

    def _on_change(self, link: Link) -> None:
        """Tell signaling what a transport reports, and clear away one that ended by itself."""
        peer = link.peer
        if not peer.events:
            return
        events = peer.events[:]
        peer.events.clear()
        if peer.closed and peer.transport in self._links:
            task = self._loop.create_task(self._end([peer.transport]))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        for event in events:
            if isinstance(event, TransportClosed):
                level = logging.INFO if link.met else logging.DEBUG
                logger.log(level, "Transport %d: %s.", link.number, event.reason.replace("_", " "))
            elif isinstance(event, TransportConnected):
                link.met = True
                direction = "publish" if isinstance(peer, Publisher) else "subscribe"
                logger.info("Transport %d: connected to %s.", link.number, direction)
            elif isinstance(event, TransportDisconnected):
                logger.info("Transport %d: disconnected.", link.number)
            self._on_event(event)

    async def _end(self, names: list[str]) -> None:
        """Close transports and forget them, and a room with its last one. Media ends before the first suspension."""
        links = [link for name in names if (link := self._links.pop(name, None)) is not None]
        for link in links:
            link.peer.close()
            link.release()
            room = self._opened.pop(link.peer.transport).room
            if all(opened.room != room for opened in self._opened.values()):
                del self._rooms[room]
        for link in links:
            await link.close()
            self._tell(link)
            if not link.met:
                self._count_unmet()
            logger.log(
                logging.INFO if link.met else logging.DEBUG,
                "Transport %d: closed; %d packets refused, %d not sent.",
                link.number,
                link.peer.refusals.total,
                link.unsent,
            )

    def _say_open(self) -> None:
        logger.info("Media port %d is open.", self._mux.port)
        if not (native.compiled and reception.built and feedback.built):
            logger.warning("The compiled hot path was not built: each packet costs more.")
        if self.tcp_port is not None:
            logger.info("Media port %d is open over TCP too.", self.tcp_port)

    def _count_unmet(self) -> None:
        self._unmet += 1
        if self._summary is None and not self._ended:
            self._summary = self._loop.call_later(SUMMARY_SECONDS, self._summarise)

    def _summarise(self) -> None:
        logger.info("Transports that ended without having connected: %d.", self._unmet)
        self._unmet, self._summary = 0, None

    def _look_for_unsent(self, now: float) -> None:
        """Say once that packets cannot be sent; how many, each transport's end says."""
        self._unsent_look = now + UNSENT_SECONDS
        if any(link.unsent_over_udp for link in self._links.values()):
            self._unsent_look = None
            logger.warning(
                "Media port %d: packets are lost because the socket's buffer is full or there is no way to where they "
                "go. Nothing waits for them, and their number stands where a transport is closed.",
                self._mux.port,
            )

    def _tell(self, link: Link) -> None:
        """Say once of each kind what is refused."""
        for refusal in link.peer.refusals.untold:
            logger.warning("Transport %d: drops %s.", link.number, refusal.value)
        link.peer.refusals.untold.clear()

    def _hurry(self) -> None:
        """Look sooner: somebody waits for it."""
        if self._calm and self._timer is not None:
            self._calm = False
            at = min(self._timer.when(), self._loop.time() + TICK)
            self._timer.cancel()
            self._timer = self._loop.call_at(at, self._tick)

    def _read(self, read: Callable[[], None]) -> None:
        """Take packets between two timers. A fault in one of them costs neither the timers nor the rest."""
        try:
            read()
        except Exception:
            logger.exception("A fault in taking a datagram.")

    def _tick(self) -> None:
        self._timer = None
        self._read(self._mux.take_aside)
        now = self._clock()
        if self._steady.skipped > self._skipped:
            seconds = self._steady.skipped - self._skipped
            self._skipped = self._steady.skipped
            logger.warning("The process stood still for %.0f s more than is believed: nobody's time runs out.", seconds)
        for link in list(self._links.values()):
            if link.peer.due > now:
                continue
            now = self._clock()  # media may have passed meanwhile, and no packet must leave before it
            try:
                link.handle_timer(now=now)
                if link.peer.refusals.untold:
                    self._tell(link)
            except Exception:  # whatever a fault of ours meets, only this transport ends, and everybody's clock goes on
                logger.exception("Transport %d: a fault ends it.", link.number)
                link.peer.end("dtls_closed")
                self._on_change(link)
            self._read(self._mux.let_media_pass)
        if self._unsent_look is not None and self._unsent_look <= now:
            self._look_for_unsent(now)
        if self._links:
            self._calm = all(link.peer.due > now for link in self._links.values())
            self._timer = self._loop.call_later(CALM if self._calm else TICK, self._tick)


def _draw() -> int:
    return secrets.randbits(32)


def _credentials() -> Credentials:
    """RFC 8445 section 5.3 asks for 24 and 128 random bits at least; base64url's - and _ are not in its alphabet."""
    return Credentials(secrets.token_hex(8), secrets.token_hex(16))
