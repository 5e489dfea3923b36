"""One transport on the network: its sans-IO machine joined to the mux, to DTLS and to SRTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pylibsrtp import Session

from sfu.control import RemoteParameters
from sfu.ice.lite_agent import Credentials
from sfu.ice.stun import Message
from sfu.io.addresses import SocketAddress, pack_address
from sfu.io.dtls import Certificate, Dtls
from sfu.io.entrance import Entrance, Path
from sfu.io.srtp import Buffers, SrtpSession, keep_from
from sfu.io.token_bucket import TokenBucket
from sfu.io.udp_mux import UdpMux
from sfu.native import aim, new_way, seal_copy_with
from sfu.native.numbers import CopyNumbers
from sfu.peer import Peer
from sfu.refusals import Refusal

KNOWN_RATE = 50.0
"""STUN messages a second, and as many of DTLS, that are taken from a transport's own addresses. A handshake takes ten,
consent one every two seconds on each path; who forges a participant's address gets no more of our time than this."""

KNOWN_BURST = 100.0
"""Messages: an ICE restart over eight paths."""


class SecureChannel:
    """The real `sfu.forwarding.channel.Channel`. Without keys it sends and opens nothing."""

    __slots__ = (
        "_address",
        "_lent",
        "_protect",
        "_sendto",
        "_srtp",
        "_views",
        "incoming",
        "outgoing",
        "repeated",
        "unprotect",
        "unprotect_rtcp",
        "way",
    )

    def __init__(self, buffers: Buffers) -> None:
        """Prepare a channel that sends nothing until `point_at` says where to."""
        self.incoming = buffers.incoming
        self.outgoing = buffers.outgoing
        self.way = new_way()
        """Numbers that the compiled twin shares: it sends by itself once it has keys and an address."""
        self._views = buffers.outgoing_views
        self._sendto: Callable[[memoryview, SocketAddress], int] = _nowhere
        self._address: SocketAddress = ()
        self._lent: dict[int, CopyNumbers] = {}
        self.repeated: set[int] = set()
        """Each SSRC of which packets are sent again as they were."""
        self.secure(None)

    def secure(self, srtp: SrtpSession | None) -> None:
        """Take the keys, or with None drop them for good."""
        for copy in self._lent.values():
            seal_copy_with(copy, 0)
        self._lent.clear()
        if srtp is None:
            keep_from(self.way)
        else:
            srtp.share(self.way)
        self._srtp = srtp
        self._protect: Callable[[int], int] = _refuse if srtp is None else srtp.protect
        self.unprotect: Callable[[int], int] = _refuse if srtp is None else srtp.unprotect
        self.unprotect_rtcp: Callable[[int], int] = _refuse if srtp is None else srtp.unprotect_rtcp

    @property
    def unsent(self) -> int:
        """Packets that the kernel had no room for, or that libsrtp refused."""
        return self.way.unsent

    def point_at(
        self, sendto: Callable[[memoryview, SocketAddress], int], address: SocketAddress, fd: int = -1
    ) -> None:
        """Send there from now on; ``fd`` is that of the socket where it is a UDP socket."""
        aim(self.way, -1, b"")  # whatever happens now, nothing goes where it went before
        self._sendto = sendto
        self._address = address
        packed = pack_address(address) if fd >= 0 else b""
        aim(self.way, fd if packed else -1, packed)

    def send(self, length: int) -> None:
        """See `Channel`. Never waits: a packet that cannot leave now is lost, and asked for again if it matters."""
        size = self._protect(length)
        if size < 0:
            self.way.unsent += 1
            return
        try:
            self._sendto(self._views[size], self._address)
        except OSError:
            self.way.unsent += 1

    def send_rtcp(self, packet: bytes) -> None:
        """See `Channel`."""
        if self._srtp is None:
            return
        length = len(packet)
        self.outgoing[:length] = packet
        size = self._srtp.protect_rtcp(length)
        if size < 0:
            self.way.unsent += 1
            return
        try:
            self._sendto(self._views[size], self._address)
        except OSError:
            self.way.unsent += 1

    def forget_received(self, ssrc: int) -> None:
        """See `Channel`."""
        if self._srtp is not None:
            self._srtp.forget_received(ssrc)

    def allow_repeats(self, ssrc: int) -> None:
        """See `Channel`."""
        self.repeated.add(ssrc)

    def forget_sent(self, ssrc: int) -> None:
        """See `Channel`."""
        self.repeated.discard(ssrc)
        if (copy := self._lent.pop(ssrc, None)) is not None:
            seal_copy_with(copy, 0)
        if self._srtp is not None:
            self._srtp.forget_sent(ssrc)

    def share(self, copy: CopyNumbers) -> None:
        """See `Channel`."""
        if self._srtp is not None and copy.ssrc not in self._lent:
            self._srtp.share_copy(copy, copy.ssrc)
            self._lent[copy.ssrc] = copy


def _refuse(length: int) -> int:
    return -1


def _nowhere(packet: memoryview, address: SocketAddress) -> int:
    raise OSError


class Link:
    """A transport as the mux's endpoint."""

    def __init__(
        self,
        number: int,
        peer: Peer,
        channel: SecureChannel,
        mux: UdpMux,
        buffers: Buffers,
        certificate: Certificate,
        *,
        clock: Callable[[], float],
        on_change: Callable[[Link], None],
    ) -> None:
        """Join the parts. ``number`` names the transport in logs; ``on_change`` tells of events, or of an end."""
        self.number = number
        self.met = False
        """It was connected once. Its owner says so."""
        self.peer = peer
        self.receive_rtp = peer.receive_rtp
        self.receive_rtcp = peer.receive_rtcp
        self.inlet = peer.inlet
        self.finish = peer.finish
        self._channel = channel
        self._mux = mux
        self._buffers = buffers
        self._clock = clock
        self._on_change = on_change
        # Apart, since anybody who forges a source address can send what looks like DTLS: consent must not starve by it.
        self._checks = TokenBucket(KNOWN_RATE, KNOWN_BURST)
        self._handshakes = TokenBucket(KNOWN_RATE, KNOWN_BURST)
        self._remote: RemoteParameters | None = None
        self._ufrags: list[str] = []
        self._paths: list[Path] = []
        self._selected: Path | None = None
        self._target: tuple[Entrance, SocketAddress] | None = None
        self._unsent_elsewhere = 0
        self.sound_types: set[int] = set()
        """Payload types of the sound that the transport sends: over TCP it goes before pictures."""
        self._dtls = Dtls(
            certificate,
            role="server",
            send=self._send_dtls,
            on_connected=self._on_dtls_connected,
            on_closed=self._on_dtls_closed,
        )
        self._follow()

    @property
    def unsent(self) -> int:
        """Packets that could not be sent."""
        return self._channel.unsent

    @property
    def unsent_over_udp(self) -> bool:
        """Whether there are any, to where the transport sends now, over UDP: over TCP pictures give way on purpose."""
        return self._channel.unsent > self._unsent_elsewhere and self._target is not None and self._target[0].fd >= 0

    def connect(self, remote: RemoteParameters) -> bool:
        """Take the browser's half; return False if it is another browser's than before."""
        before = self._remote
        if before is not None and (before.fingerprint_algorithm, before.fingerprint) != (
            remote.fingerprint_algorithm,
            remote.fingerprint,
        ):
            return False
        self._remote = remote
        self.peer.connect(Credentials(remote.ice_ufrag, remote.ice_pwd))
        if self._dtls.waiting:
            self._start_dtls()
        return True

    def restart_ice(self, local: Credentials) -> None:
        """Answer to new credentials too, until the browser has moved to them."""
        self.peer.restart_ice(local)
        self._follow()

    def receive_stun(self, message: Message, path: Path, *, now: float) -> bytes | None:
        """Take a STUN message; return the answer, or None for silence."""
        if path in self._paths and not self._checks.take(now):
            return None
        answer = self.peer.receive_stun(message, path, now=now)
        self._follow()
        if path in self._paths:
            self._mux.add_route(path, self, now=now)
        self._on_change(self)
        return answer

    def hears(self, path: Path, *, now: float) -> bool:
        """Whether a valid check came along the path not long ago."""
        return self.peer.agent.hears(path, now=now)

    def cut_off(self) -> None:
        """Learn that a connection of the transport ended because nobody reads it."""
        self.peer.refusals.add(Refusal.UNREAD)

    def receive_dtls(self, datagram: bytes, path: Path, *, now: float) -> None:
        """Take a DTLS datagram. The browser may begin before it has nominated a pair: it is answered where it spoke."""
        if not self._handshakes.take(now):
            return
        self.peer.agent.spoken_on(path)
        self._follow()
        self._dtls.receive(datagram)
        self._start_dtls()

    def handle_timer(self, *, now: float) -> None:
        """Let time pass."""
        peer = self.peer
        peer.handle_timer(now=now)
        if peer.agent.selected != self._selected:
            self._follow()
        if peer.events:
            self._on_change(self)

    def release(self) -> None:
        """Leave the mux's tables. `close` then ends DTLS."""
        for ufrag in self._ufrags:
            del self._mux.endpoints[ufrag]
        for path in self._paths:
            self._mux.remove_route(path, self)
        self._ufrags, self._paths = [], []

    async def close(self) -> None:
        """Say goodbye to the browser and free the keys."""
        await self._dtls.close()
        self._channel.secure(None)

    def _follow(self) -> None:
        """Keep the mux's tables and the channel's target as the ICE agent has them."""
        agent = self.peer.agent
        ufrags = agent.ufrags
        if ufrags != self._ufrags:
            for ufrag in self._ufrags:
                del self._mux.endpoints[ufrag]
            for ufrag in ufrags:
                self._mux.endpoints[ufrag] = self
            self._ufrags = ufrags
        paths: list[Path] = list(agent.addresses)
        if paths != self._paths:
            for path in self._paths:
                if path not in paths:
                    self._mux.remove_route(path, self)
            self._paths = paths
        if agent.selected != self._selected and agent.selected is not None:
            self._selected = agent.selected
            self._point_at(agent.selected)

    def _point_at(self, path: Path) -> None:
        entrance = self._mux.entrances[path[2]]
        self._target = entrance, path[:2]
        self._unsent_elsewhere = self._channel.unsent
        self._channel.point_at(entrance.sendto, path[:2], entrance.fd)

    def _start_dtls(self) -> None:
        if self._remote is not None:
            self._dtls.start(self._remote.fingerprint_algorithm, self._remote.fingerprint)

    def _send_dtls(self, datagram: bytes) -> None:
        if self._target is not None:
            entrance, address = self._target
            entrance.send(datagram, address)

    def _on_dtls_connected(self, receive: Session, send: Session) -> None:
        self._channel.secure(
            SrtpSession(receive, send, self._buffers, self._dtls.send_policy(), self._channel.repeated)
        )
        self.peer.secured(now=self._clock())
        self._on_change(self)

    def _on_dtls_closed(self, reason: Literal["dtls_failed", "dtls_closed"]) -> None:
        self.peer.end(reason)
        self._on_change(self)
