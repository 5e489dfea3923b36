"""What the media's UDP sockets (`udp_mux.py`) and TCP connections (`tcp_listener.py`) have in common: routes, and what
comes beside media."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Container
from typing import TYPE_CHECKING, Any, Protocol

from sfu.ice import stun
from sfu.ice.stun import Message
from sfu.io.addresses import SocketAddress
from sfu.native.reception import Inlet
from sfu.rtp.errors import ParseError

if TYPE_CHECKING:
    from sfu.io.udp_mux import UdpMux

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
