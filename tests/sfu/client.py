"""A browser's side of one transport without a browser: real ICE checks, DTLS and SRTP, ready-made RTP packets."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Callable
from struct import Struct
from typing import Literal

from pylibsrtp import Session

from sfu.control import (
    ConnectTransport,
    LocalParameters,
    OpenTransport,
    RemoteParameters,
    Request,
    Response,
    Sfu,
    TransportOpened,
)
from sfu.ice import stun
from sfu.io.dtls import Certificate, Dtls
from sfu.io.srtp import Buffers, SrtpSession
from sfu.rtp.errors import ParseError
from sfu.rtp.packet import HEADER_SIZE, is_rtcp

SO_TIMESTAMPNS = 35
"""Linux, asm-generic/socket.h: SO_TIMESTAMPNS_OLD on 64-bit machines, which Python's socket module does not name."""
TIMESPEC = Struct("@qq")
HOST_PRIORITY = (126 << 24 | 65535 << 8 | 255).to_bytes(4, "big")


class Client:
    """One transport. `received` gets every packet that passed SRTP, or `on_packet` does if it is set.

    With `stamped`, `arrived` is when the kernel took the present packet in, in Unix seconds: not late by what else this
    process was busy with.
    """

    def __init__(
        self, *, address: str = "127.0.0.1", certificate: Certificate | None = None, stamped: bool = False
    ) -> None:
        self.arrived = 0.0
        self._stamped = stamped
        self.ufrag = secrets.token_hex(4)
        self.pwd = secrets.token_hex(16)
        self.certificate = certificate or Certificate()
        self.buffers = Buffers()
        self.srtp: SrtpSession | None = None
        self.received: list[bytes] = []
        self.on_packet: Callable[[memoryview], None] | None = None
        self.refused = 0
        self.stun_answers = 0
        self.closed_by_server = asyncio.Event()
        self._connected = asyncio.Event()
        self._answered = asyncio.Event()
        self._dtls = Dtls(
            self.certificate,
            role="client",
            send=self.send_raw,
            on_connected=self._on_connected,
            on_closed=lambda reason: self.closed_by_server.set(),
        )
        self._view = memoryview(self.buffers.incoming)
        self.server: tuple[str, int] = ("", 0)
        self.local: LocalParameters | None = None
        self._loop = asyncio.get_running_loop()
        self._consent: asyncio.TimerHandle | None = None
        self.sock = self._bind(address)

    @property
    def parameters(self) -> RemoteParameters:
        """What the SDP of this browser would say."""
        return RemoteParameters(self.ufrag, self.pwd, "sha-256", self.certificate.fingerprint)

    async def connect(self, local: LocalParameters, *, timeout: float = 5.0) -> None:
        """Nominate the server's first candidate, and make the DTLS handshake. Raises TimeoutError."""
        self.local = local
        self.server = (local.candidates[0].address, local.candidates[0].port)
        async with asyncio.timeout(timeout):
            while not self._answered.is_set():
                self.check()
                try:
                    await asyncio.wait_for(self._answered.wait(), 0.2)
                except TimeoutError:
                    continue
            self._dtls.start("sha-256", local.fingerprint)
            await self._connected.wait()
        self.keep_consent()

    def keep_consent(self) -> None:
        """Send a check now and every two seconds, as a browser does."""
        self.check()
        self._consent = self._loop.call_later(2.0, self.keep_consent)

    def check(self, *, pwd: str | None = None, username: str | None = None, nominate: bool = True) -> None:
        """Send one connectivity check."""
        self.send_raw(self.build_check(pwd=pwd, username=username, nominate=nominate))

    def build_check(self, *, pwd: str | None = None, username: str | None = None, nominate: bool = True) -> bytes:
        """Return a connectivity check, with wrong credentials where they are given."""
        assert self.local is not None
        attributes = [
            (stun.USERNAME, (username or f"{self.local.ice_ufrag}:{self.ufrag}").encode()),
            (stun.PRIORITY, HOST_PRIORITY),
            (stun.ICE_CONTROLLING, secrets.token_bytes(8)),
        ]
        if nominate:
            attributes.append((stun.USE_CANDIDATE, b""))
        key = self.local.ice_pwd if pwd is None else pwd
        return stun.build(stun.BINDING_REQUEST, secrets.token_bytes(12), attributes, key)

    def move(self, *, address: str = "127.0.0.1") -> None:
        """Go on from another port, as after a change of network."""
        self._loop.remove_reader(self.sock)
        self.sock.close()
        self.sock = self._bind(address)

    def send_raw(self, datagram: bytes | memoryview) -> None:
        """Send a datagram as it is."""
        self.sock.sendto(datagram, self.server)

    def protect(self, packet: bytes) -> bytes:
        """Return an RTP packet as it goes on the wire."""
        assert self.srtp is not None
        self.buffers.outgoing[: len(packet)] = packet
        return bytes(self.buffers.outgoing_views[self.srtp.protect(len(packet))])

    def send_rtp(self, packet: bytes) -> None:
        """Send an RTP packet through SRTP."""
        assert self.srtp is not None
        self.buffers.outgoing[: len(packet)] = packet
        self.send_raw(self.buffers.outgoing_views[self.srtp.protect(len(packet))])

    def send_rtcp(self, packet: bytes) -> None:
        """Send an RTCP packet through SRTP."""
        assert self.srtp is not None
        self.buffers.outgoing[: len(packet)] = packet
        self.send_raw(self.buffers.outgoing_views[self.srtp.protect_rtcp(len(packet))])

    async def close(self, *, quietly: bool = False) -> None:
        """Go; ``quietly`` without a word to the server. Safe to call again."""
        if self.sock.fileno() < 0:
            return
        if self._consent is not None:
            self._consent.cancel()
        self._loop.remove_reader(self.sock)
        if quietly:
            self.server = ("127.0.0.1", 9)
        await self._dtls.close()
        self.sock.close()

    def _bind(self, address: str) -> socket.socket:
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        if self._stamped:
            sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        sock.setblocking(False)
        sock.bind((address, 0))
        self._loop.add_reader(sock, self._drain)
        return sock

    def _receive_stamped(self) -> int:
        length, ancillary, _, _ = self.sock.recvmsg_into([self.buffers.incoming], socket.CMSG_SPACE(TIMESPEC.size))
        for _, kind, data in ancillary:
            if kind == SO_TIMESTAMPNS:
                seconds, nanoseconds = TIMESPEC.unpack(data[: TIMESPEC.size])
                self.arrived = seconds + nanoseconds / 1e9
        return length

    def _on_connected(self, receive: Session, send: Session) -> None:
        self.srtp = SrtpSession(receive, send, self.buffers)
        self._connected.set()

    def _drain(self) -> None:
        buffer = self.buffers.incoming
        for _ in range(64):
            try:
                length = self._receive_stamped() if self._stamped else self.sock.recv_into(buffer)
            except OSError:
                return
            self._receive(length)

    def _receive(self, length: int) -> None:
        """Take the datagram in the incoming buffer."""
        buffer = self.buffers.incoming
        first = buffer[0] if length >= HEADER_SIZE else 255
        if 128 <= first <= 191 and self.srtp is not None:
            is_report = is_rtcp(buffer[1])
            length = self.srtp.unprotect_rtcp(length) if is_report else self.srtp.unprotect(length)
            if length < 0:
                self.refused += 1
            elif self.on_packet is not None:
                self.on_packet(self._view[:length])
            else:
                self.received.append(bytes(buffer[:length]))
        elif 20 <= first <= 63:
            self._dtls.receive(bytes(buffer[:length]))
        elif first <= 3:
            try:
                message = stun.parse(bytes(buffer[:length]))
            except ParseError:
                return
            if message.message_type == stun.BINDING_SUCCESS and message.integrity_is_valid(
                self.local.ice_pwd if self.local else ""
            ):
                self.stun_answers += 1
                self._answered.set()


async def ask(sfu: Sfu, request: Request) -> Response:
    """Ask the SFU; short for tests."""
    return await sfu.request(request)


async def open_client(
    sfu: Sfu,
    transport: str,
    direction: Literal["publish", "subscribe"],
    *,
    room: str = "room",
    member: str = "member",
    certificate: Certificate | None = None,
) -> Client:
    """Open a transport of a member, and connect a client to it."""
    opened = await sfu.request(OpenTransport(room, member, transport, direction))
    assert isinstance(opened, TransportOpened)
    address = opened.local.candidates[0].address
    client = Client(address=address, certificate=certificate)
    await sfu.request(ConnectTransport(transport, client.parameters))
    await client.connect(opened.local)
    return client
