"""One UDP port for every transport: datagrams in, each handed to the transport it belongs to, or dropped in silence.

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
from collections.abc import Callable, Sequence

from sfu import native
from sfu.io.addresses import SocketAddress, pack_address, unpack_address
from sfu.io.entrance import Endpoint, Entrance, Path
from sfu.io.media_loop import MediaLoop
from sfu.io.token_bucket import TokenBucket
from sfu.native import reception
from sfu.native.reception import Door, built
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


class UdpMux:
    """The media sockets and the tables that say whose datagram it is."""

    def __init__(
        self, addresses: Sequence[str], port: int, buffer: bytearray, *, clock: Callable[[], float], spare: bool = False
    ) -> None:
        """Bind ``port`` on each address (0: any free one, the same on all). Raises `OSError` if one cannot be had.

        With ``spare`` an address that is not the machine's is left out while there is another: a container's bridge may
        have gone, or an IPv6 privacy address have expired, since somebody wrote the list.
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
                if not spare or error.errno != errno.EADDRNOTAVAIL:
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
        # No more than waits now: what comes while media passes would, under load, never end.
        for _ in range(0 if door is None else door.aside):
            if not self._take_one_aside():
                return
            self._mux.let_media_pass()

    def _take_one_aside(self) -> bool:
        """Take the oldest feedback that waits; return False if there is none."""
        door = self._door
        if door is None or not door.take_aside():
            return False
        endpoint = self.routes.get(unpack_address(door.address))
        if endpoint is None:
            self._mux.dropped += 1
        else:
            endpoint.receive_rtcp(door.length, now=door.now)
        return True

    def let_media_pass(self) -> None:
        """See `Entrance`."""
        door = self._door
        if door is not None:
            verdict = door.drain(PASS, self._mux.now())
            if verdict not in {reception.EMPTY, reception.FULL}:
                self._take(verdict, PASS)

    def _drain_compiled(self) -> None:
        assert self._door is not None
        self._take(self._door.drain(DRAIN, self._mux.now()))

    def _take(self, verdict: int, limit: int = DRAIN) -> None:
        """Take what the door has just said lies in the buffer, and what follows it, up to so many datagrams."""
        door, clock = self._door, self._mux.now
        assert door is not None
        left = limit - door.handled
        while verdict != reception.EMPTY:
            if verdict == reception.FULL:
                while self._take_one_aside():
                    pass
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
