"""One UDP port for every transport: datagrams in, each handed to the transport it belongs to, or dropped in silence.

`Entrance` is what the UDP sockets and those of `tcp_listener.py` have in common.

A socket is read by the event loop's reader callback, never by a `DatagramProtocol`: draining many datagrams each time
it wakes costs a sixth, and loses nothing under a flood. RTP is told first because it is nearly everything that comes.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import secrets
import socket
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Sequence
from typing import Any, Protocol

from sfu import native
from sfu.ice import stun
from sfu.ice.stun import Message
from sfu.io.addresses import SocketAddress, pack_address, unpack_address
from sfu.io.media_loop import MediaLoop
from sfu.io.token_bucket import TokenBucket
from sfu.native import reception
from sfu.native.reception import Door, Inlet, built
from sfu.rtp.errors import ParseError
from sfu.rtp.packet import HEADER_SIZE, MAX_DATAGRAM, is_rtcp

logger = logging.getLogger("hearthside.sfu")

DRAIN = 64
"""Datagrams read in one wake-up. More would delay timers and HTTP under a flood: 64 that go to eleven people each take
a few milliseconds."""

PASS = 8
"""Datagrams read between two transports that have something due. Those take 50 µs each, often several in a row, for
which packets would wait; more would hold up the timers under a flood."""

ASIDES = 64
"""Datagrams of transport-wide feedback that wait for the worker's next tick, where the compiled twin reads: it wakes
Python for the others alone, and reading many in a row costs half of reading each by itself. 30 people send 3 or 4 in a
tick; when all places are taken they are read at once. 560 bytes each."""

SOCKET_BUFFER = 4 << 20
"""Bytes asked of the kernel for each direction: 0.3 s of 100 Mbit/s. It grants what `net.core.rmem_max` allows."""

STRANGERS_RATE = 2000.0
"""STUN messages a second that are parsed although they come from an unknown address. Sixty people who join in the same
second send about 1200. Parsing 2000 takes 5 % of a core; junk beyond that is dropped unread."""

STRANGERS_BURST = 2000.0
"""Messages: one second's worth."""

SHARES = 1024
"""Buckets over which unknown addresses are spread by a keyed hash, so that one flooder cannot starve all."""

SHARE_RATE = 200.0
"""STUN messages a second of one unknown address's share: a browser in the middle of ICE sends about 20."""

SHARE_BURST = 400.0
"""Messages: a ward of people behind one address who join in the same moment."""

STUN_COOKIE = (0x2112A442).to_bytes(4, "big")
"""What STUN messages have behind type and length (RFC 8489 section 5)."""

Path = tuple[Any, ...]
"""Remote host, remote port, index of our entrance: what ICE takes for an address."""


class Endpoint(Protocol):
    """A transport, as the mux sees it."""

    @property
    def sound_types(self) -> Container[int]:
        """Payload types of the sound that it sends."""
        ...

    def receive_rtp(self, length: int, *, now: float) -> None:
        """Take the RTP packet in the incoming buffer."""
        ...

    def receive_rtcp(self, length: int, *, now: float) -> None:
        """Take the RTCP packet in the incoming buffer."""
        ...

    @property
    def inlet(self) -> Inlet | None:
        """By which the compiled twin takes its RTP packets, where it has one; the same for as long as it lives."""
        ...

    def finish(self, verdict: int, length: int, *, now: float) -> None:
        """Do with the RTP packet in the incoming buffer what the twin has left to do."""
        ...

    def receive_dtls(self, datagram: bytes, path: Path, *, now: float) -> None:
        """Take a DTLS datagram."""
        ...

    def receive_stun(self, message: Message, path: Path, *, now: float) -> bytes | None:
        """Take a STUN message; return the answer, or None for silence."""
        ...

    def hears(self, path: Path, *, now: float) -> bool:
        """Whether the browser behind the path proved not long ago that it uses this transport."""
        ...

    def cut_off(self) -> None:
        """Learn that a connection of the transport ended because nobody reads it."""
        ...


class UdpMux:
    """The media sockets and the tables that say whose datagram it is."""

    def __init__(self, addresses: Sequence[str], port: int, buffer: bytearray, *, clock: Callable[[], float]) -> None:
        """Bind ``port`` on each address (0: any free one, the same on all). Raises `OSError` if one cannot be had.

        An address that is not the machine's is left out while there is another: a container's bridge may have gone, or
        an IPv6 privacy address have expired, since somebody wrote the list.
        """
        self._clock = clock
        self.endpoints: dict[str, Endpoint] = {}
        """By local ICE user fragment."""
        self.buffer = buffer
        self.entrances: list[Entrance] = []
        self.addresses: list[str] = []
        """Those that are bound."""
        missing: OSError | None = None
        for address in addresses:
            try:
                opened = MuxSocket(self, len(self.entrances), address, port)
            except OSError as error:
                if error.errno != errno.EADDRNOTAVAIL:
                    self.close()
                    raise
                missing = error
            else:
                self.entrances.append(opened)
                self.addresses.append(address)
                port = opened.port
        if missing is not None and not self.addresses:
            raise missing
        self.port = port
        self.dropped = 0
        """Datagrams that belonged to nobody or could not be read. What the twin drops is added a little later."""
        self._flooded = False
        """The log was told that strangers send too much."""
        self._strangers = TokenBucket(STRANGERS_RATE, STRANGERS_BURST)
        self._shares = [TokenBucket(SHARE_RATE, SHARE_BURST) for _ in range(SHARES)]

    def listen(self) -> None:
        """Begin to receive, in the running event loop."""
        for entrance in self.entrances:
            entrance.listen()

    def close(self) -> None:
        """Close the sockets."""
        for entrance in self.entrances:
            entrance.close()

    def take_aside(self) -> None:
        """Take what waits for the worker's tick."""
        for entrance in self.entrances:
            entrance.take_aside()

    def let_media_pass(self) -> None:
        """Take what has come meanwhile: to be called now and then by whoever is long about something else."""
        for entrance in self.entrances:
            entrance.let_media_pass()

    def add_route(self, path: Path, endpoint: Endpoint, *, now: float) -> None:
        """Take what comes along this path as the endpoint's, unless another one is still heard there.

        So a NAT may give an address to somebody else, while a member who sends a check of their own from another's
        address, forged, cuts nobody off.
        """
        routes = self.entrances[path[2]].routes
        holder = routes.get(path[:2])
        if holder is None or holder is endpoint or not holder.hears(path, now=now):
            self.entrances[path[2]].lead(path[:2], endpoint)

    def remove_route(self, path: Path, endpoint: Endpoint) -> None:
        """Undo `add_route`, unless the address has changed hands since."""
        entrance = self.entrances[path[2]]
        if entrance.routes.get(path[:2]) is endpoint:
            entrance.forget(path[:2])

    def now(self) -> float:
        """The clock."""
        return self._clock()

    def admits_stranger(self, host: str, now: float) -> bool:
        """Whether a STUN message from an unknown address may be parsed now. Python keys its hash per process."""
        admitted = self._shares[hash(host) % SHARES].take(now) and self._strangers.take(now)
        if not admitted and not self._flooded:
            self._flooded = True
            logger.warning("Media port %d: drops more checks from unknown addresses than are read.", self.port)
        return admitted


class Entrance(ABC):
    """One bound address of the mux."""

    def __init__(self, mux: UdpMux, index: int) -> None:
        """``index`` is its place among the mux's entrances."""
        self._mux = mux
        self._index = index
        self._buffer = mux.buffer
        self.port = 0
        self.routes: dict[SocketAddress, Endpoint] = {}
        """Whose an address is."""
        self.sendto: Callable[[memoryview, SocketAddress], int]
        """Send a packet at once; raise OSError if that cannot be."""
        self.fd = -1
        """Of the socket, where a packet may be handed to it as it is."""

    @abstractmethod
    def listen(self) -> None:
        """Begin to receive."""

    @abstractmethod
    def close(self) -> None:
        """Stop receiving and close."""

    @abstractmethod
    def send(self, datagram: bytes, address: SocketAddress) -> None:
        """Send at once or not at all: everything sent here is sent again when it is lost."""

    def take_aside(self) -> None:  # noqa: B027 - only the compiled twin leaves anything
        """Take the feedback that waited. A fault in one packet leaves the others for the next call."""

    def let_media_pass(self) -> None:  # noqa: B027 - only the compiled twin reads without the loop
        """Take what has come meanwhile, as far as that costs next to nothing to find out."""

    def lead(self, address: SocketAddress, endpoint: Endpoint) -> None:
        """What comes from the address is the endpoint's from now on."""
        self.routes[address] = endpoint

    def forget(self, address: SocketAddress) -> None:
        """What comes from the address belongs to nobody any more."""
        del self.routes[address]

    def _receive_other(self, first: int, length: int, address: SocketAddress) -> None:
        """STUN and DTLS: rare, and from strangers too."""
        mux = self._mux
        now = mux.now()
        buffer = self._buffer
        path: Path = (address[0], address[1], self._index)
        endpoint = self.routes.get(address[:2])
        if 20 <= first <= 63:
            if endpoint is not None:
                endpoint.receive_dtls(bytes(buffer[:length]), path, now=now)
                return
        elif first <= 3 and (endpoint is not None or self._admits_stranger(length, address[0], now)):
            self._receive_stun(bytes(buffer[:length]), address, path, now)
            return
        mux.dropped += 1

    def _admits_stranger(self, length: int, host: str, now: float) -> bool:
        """Whether what somebody unknown sent may be a STUN message, and may be parsed now."""
        return length >= 20 and self._buffer[4:8] == STUN_COOKIE and self._mux.admits_stranger(host, now)

    def _receive_stun(self, datagram: bytes, address: SocketAddress, path: Path, now: float) -> None:
        """Lead a STUN message by its user name to its transport, and send the answer if there is one."""
        try:
            ufrags = (message := stun.parse(datagram)).ufrags
        except ParseError:
            ufrags = None
        endpoint = self._mux.endpoints.get(ufrags[0]) if ufrags is not None else None
        if endpoint is None:
            self._mux.dropped += 1
            return
        answer = endpoint.receive_stun(message, path, now=now)
        if answer is not None:
            self.send(answer, address)


class MuxSocket(Entrance):
    """One UDP socket of the mux. Where the compiled twin was built it reads, and knows the same routes."""

    def __init__(self, mux: UdpMux, index: int, address: str, port: int) -> None:
        """Bind it."""
        super().__init__(mux, index)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            if family == socket.AF_INET6:
                self.sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                self.sock.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER)
            self.sock.setblocking(False)
            self.sock.bind((address, port))
        except OSError:
            self.sock.close()
            raise
        self.port = self.sock.getsockname()[1]
        self.sendto = self.sock.sendto
        self.fd = self.sock.fileno()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._door: Door | None = None
        if native.compiled and built and sys.platform == "linux":
            self._door = Door(self.fd, self._buffer, seed=secrets.randbits(64))
            self._door.set_aside(ASIDES)
            self._door.limit_strangers(STRANGERS_RATE, STRANGERS_BURST, share_rate=SHARE_RATE, share_burst=SHARE_BURST)

    def listen(self) -> None:
        """Begin to receive."""
        self._loop = asyncio.get_running_loop()
        if self._door is None:
            self._loop.add_reader(self.sock, self._drain)
        elif not (
            isinstance(self._loop, MediaLoop) and self._loop.media.adopt(self._door, self._take, self._mux.now)
        ):  # another loop, or more addresses than this one waits at
            self._loop.add_reader(self.sock, self._drain_compiled)

    def lead(self, address: SocketAddress, endpoint: Endpoint) -> None:
        """See `Entrance`."""
        super().lead(address, endpoint)
        if self._door is not None and not self._door.add(pack_address(address), endpoint.inlet):
            self._door.lead({pack_address(each): other.inlet for each, other in self.routes.items()})

    def forget(self, address: SocketAddress) -> None:
        """See `Entrance`."""
        super().forget(address)
        if self._door is not None:
            self._door.drop(pack_address(address))

    def close(self) -> None:
        """Stop receiving and close."""
        if self._loop is not None:
            self._loop.remove_reader(self.sock)
            if self._door is not None and isinstance(self._loop, MediaLoop):
                self._loop.media.give_up(self._door)
            self._loop = None
        self.sock.close()
        self.routes.clear()

    def send(self, datagram: bytes, address: SocketAddress) -> None:
        """Send at once or not at all: everything sent here is sent again when it is lost."""
        try:
            self.sock.sendto(datagram, address)
        except OSError:
            self._mux.dropped += 1

    def take_aside(self) -> None:
        """See `Entrance`."""
        door = self._door
        while door is not None and door.take_aside():
            endpoint = self.routes.get(unpack_address(door.address))
            if endpoint is None:
                self._mux.dropped += 1
            else:
                endpoint.receive_rtcp(door.length, now=door.now)
                self._mux.let_media_pass()

    def let_media_pass(self) -> None:
        """See `Entrance`."""
        door = self._door
        if door is not None:
            verdict = door.drain(PASS, self._mux.now())
            if verdict not in {reception.EMPTY, reception.FULL}:
                self._take(verdict)

    def _drain_compiled(self) -> None:
        assert self._door is not None
        self._take(self._door.drain(DRAIN, self._mux.now()))

    def _take(self, verdict: int) -> None:
        """Take what the door has just said lies in the buffer, and what follows it, up to `DRAIN` datagrams."""
        door, clock = self._door, self._mux.now
        assert door is not None
        left = DRAIN - door.handled
        while verdict != reception.EMPTY:
            if verdict == reception.FULL:
                self.take_aside()
                verdict = door.drain(left, clock())
                left -= door.handled
                continue
            length, now, address = door.length, door.now, unpack_address(door.address)
            endpoint = self.routes.get(address)
            if verdict == reception.OTHER or endpoint is None:
                self._receive_other(self._buffer[0], length, address)
            elif verdict == reception.RTCP:
                endpoint.receive_rtcp(length, now=now)
            elif verdict == reception.RTP:
                endpoint.receive_rtp(length, now=now)
            else:
                endpoint.finish(verdict, length, now=now)
            verdict = door.drain(left, clock()) if left > 0 else reception.EMPTY
            left -= door.handled
        self._mux.dropped += door.take_dropped()

    def _drain(self) -> None:
        receive = self.sock.recvfrom_into
        buffer = self._buffer
        routes = self.routes
        clock = self._mux.now
        for _ in range(DRAIN):
            try:
                length, address = receive(buffer)
            except OSError:  # nothing left, or an ICMP error of an earlier send
                return
            if not HEADER_SIZE <= length <= MAX_DATAGRAM:
                self._mux.dropped += 1
                continue
            first = buffer[0]
            if 128 <= first <= 191:  # RTP and RTCP (RFC 7983 section 7)
                endpoint = routes.get(address[:2])
                if endpoint is None:
                    self._mux.dropped += 1
                elif is_rtcp(buffer[1]):
                    endpoint.receive_rtcp(length, now=clock())
                else:
                    endpoint.receive_rtp(length, now=clock())
            else:
                self._receive_other(first, length, address)
