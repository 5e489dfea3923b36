"""One connection of the generator: a browser's ICE, DTLS and SRTP, read in batches."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from aiortc.rtcdtlstransport import SRTP_PROFILES
from pylibsrtp import Session
from pylibsrtp._binding import ffi, lib

from sfu.control import LocalParameters
from sfu.ice import stun
from sfu.io.dtls import Certificate
from sfu.rtp.errors import ParseError
from tests.load.inbox import BATCH, SLOT, Inbox, dropped, prepare
from tests.sfu.client import Client

SUITES = {
    "gcm128": b"SRTP_AEAD_AES_128_GCM",
    "gcm256": b"SRTP_AEAD_AES_256_GCM",
    "cm80": b"SRTP_AES128_CM_SHA1_80",
}
"""What SRTP may be sealed with (RFC 7714, RFC 5764 section 4.1.2), in OpenSSL's words. The first is the default."""
CHECKING = 0.05
"""Seconds between connectivity checks (RFC 8445 section 14: Ta, 50 ms)."""
HANDSHAKE = 22
"""A DTLS record of the handshake (RFC 6347 section 4.1)."""


class Line(Client):
    """Offers one SRTP suite, so that either this is used or the handshake fails.

    With ``on_batch`` every datagram of a batch is that function's, which hands back by `receive_slot` what is not
    media; without, all goes the ordinary way.
    """

    def __init__(
        self,
        inbox: Inbox,
        suite: str,
        certificate: Certificate,
        *,
        address: str = "127.0.0.1",
        on_batch: Callable[[int], None] | None = None,
    ) -> None:
        self.inbox = inbox
        self.on_batch = on_batch
        self.suite = ""
        """What the handshake agreed on."""
        self._hello = b""
        self._heard_dtls = False
        self._dropped = 0
        self._size: Any = ffi.new("int *")
        self._opening: Any = None
        super().__init__(address=address, certificate=certificate)
        offered = [profile for profile in SRTP_PROFILES if profile.openssl_profile == SUITES[suite]]
        assert offered, "libsrtp was built without this suite"
        self._dtls._transport._srtp_profiles = offered

    async def connect(self, local: LocalParameters, *, timeout: float = 5.0) -> None:
        """See `Client`. Checks go on until DTLS stands, as a browser's do: not every server heeds the first.

        So does the first flight until it is answered: Chromium sends it again after 50 ms, OpenSSL after a second,
        which would be in every join where a server is not ready for it yet.
        """
        checking = asyncio.create_task(self._go_on_checking())
        try:
            await super().connect(local, timeout=timeout)
        finally:
            checking.cancel()

    async def _go_on_checking(self) -> None:
        while True:
            await asyncio.sleep(CHECKING)
            self.check()
            if self._hello and not self._heard_dtls:
                self.send_raw(self._hello)

    def open_slot(self, slot: int) -> int:
        """Take SRTP off the RTP packet in a slot; return its new length, -1 if it was refused."""
        self._size[0] = self.inbox.lengths[slot]
        return -1 if lib.srtp_unprotect(self._opening, self.inbox.pointers[slot], self._size) else int(self._size[0])

    def send_raw(self, datagram: bytes | memoryview) -> None:
        """See `Client`."""
        if not self._hello and datagram[0] == HANDSHAKE:
            self._hello = bytes(datagram)
        super().send_raw(datagram)

    def receive_slot(self, slot: int) -> None:
        """Take a datagram that is not media."""
        length = min(self.inbox.lengths[slot], len(self.buffers.incoming))
        datagram = self.inbox.view[slot * SLOT : slot * SLOT + length]
        self.buffers.incoming[:length] = datagram
        if length and datagram[0] <= 3:
            self._answer_check(bytes(datagram))
        self._heard_dtls = self._heard_dtls or (length > 0 and 20 <= datagram[0] <= 63)
        self._receive(length)

    def dropped(self) -> int:
        """Return how many datagrams the socket had no room for so far, still after it was closed."""
        if self.sock.fileno() >= 0:
            self._dropped = dropped(self.sock)
        return self._dropped

    def _answer_check(self, datagram: bytes) -> None:
        """Answer a connectivity check: some servers that call themselves ICE-lite send them, and wait for it."""
        try:
            message = stun.parse(datagram)
        except ParseError:
            return
        if message.message_type == stun.BINDING_REQUEST and message.integrity_is_valid(self.pwd):
            mapped = stun.xor_address(self.server, message.transaction_id)
            attributes = [(stun.XOR_MAPPED_ADDRESS, mapped)]
            self.send_raw(stun.build(stun.BINDING_SUCCESS, message.transaction_id, attributes, self.pwd))

    async def close(self, *, quietly: bool = False) -> None:
        """See `Client`."""
        self.dropped()
        await super().close(quietly=quietly)

    def _bind(self, address: str) -> socket.socket:
        sock = super()._bind(address)
        prepare(sock)
        return sock

    def _on_connected(self, receive: Session, send: Session) -> None:
        self._opening = receive._srtp[0]
        association = self._dtls._transport._ssl
        assert association is not None
        agreed = association.get_selected_srtp_profile()
        self.suite = next(name for name, profile in SUITES.items() if profile == agreed)
        super()._on_connected(receive, send)

    def _drain(self) -> None:
        inbox = self.inbox
        while (descriptor := self.sock.fileno()) >= 0:
            count = inbox.read(descriptor)
            if self.on_batch is not None and self.srtp is not None:
                self.on_batch(count)
            else:
                for slot in range(count):
                    self.receive_slot(slot)
            if count < BATCH:
                return
