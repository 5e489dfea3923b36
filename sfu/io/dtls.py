"""DTLS-SRTP (RFC 5764) through aiortc's `RTCDtlsTransport`; the one file that touches aiortc's private names.

aiortc's transport asks its ICE object for three things: ``role``, ``_recv()`` and ``_send()``. `_Wire` is that object.
`tests/sfu/io/test_dtls.py` holds the pinned aiortc to what is used here.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any, Literal, cast

from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from pylibsrtp import Policy, Session

logger = logging.getLogger("hearthside.sfu")

HANDSHAKE_TIMEOUT = 30.0
"""Seconds, as Jitsi Videobridge gives. Less would cut off slow mobile links that lose a flight or two."""

MAX_WAITING = 16
"""Datagrams that wait for the handshake. A client's largest flight takes 3; what is dropped is sent again."""

_RECORD_HEADER = 13
_ALERT = 21
"""Bytes before a record's content, and the content type of an alert (RFC 6347 section 4.1, RFC 5246 appendix A.1)."""


class Certificate:
    """A self-signed ECDSA P-256 certificate. Browsers know it by its fingerprint and never look at its dates."""

    def __init__(self) -> None:
        self._certificate = RTCCertificate.generateCertificate()
        self.fingerprint: str = next(
            fingerprint.value
            for fingerprint in self._certificate.getFingerprints()
            if fingerprint.algorithm == "sha-256"
        )
        """SHA-256, upper-case hex pairs with colons (RFC 8122)."""


class Dtls:
    """One DTLS association. Callbacks run in the event loop, never from inside a call of the owner."""

    def __init__(
        self,
        certificate: Certificate,
        *,
        role: Literal["server", "client"],
        send: Callable[[bytes], None],
        on_connected: Callable[[Session, Session], None],
        on_closed: Callable[[Literal["dtls_failed", "dtls_closed"]], None],
    ) -> None:
        """Prepare an association.

        ``on_connected`` gets the SRTP sessions for receiving and sending, once. ``on_closed`` is called once when the
        handshake fails or the other side closes, and not after `close`.
        """
        self._wire = _Wire(send)
        self._transport = RTCDtlsTransport(cast(Any, self._wire), [certificate._certificate])
        self._transport._set_role(role)
        self._transport.on("statechange", self._on_state)
        self._on_connected = on_connected
        self._on_closed = on_closed
        self._task: asyncio.Task[None] | None = None
        self._ended = False
        self.connected = False

    def receive(self, datagram: bytes) -> None:
        """Take one DTLS datagram, not empty; it waits for the handshake to begin, and is dropped if too many wait."""
        if not _holds_plain_alert(datagram):
            self._wire.put(datagram)

    @property
    def waiting(self) -> bool:
        """Whether datagrams wait to be read."""
        return self._wire.waiting

    def start(self, fingerprint_algorithm: str, fingerprint: str) -> None:
        """Begin the handshake with the one peer whose certificate has this fingerprint. A second call does nothing."""
        if self._task is None and not self._ended:
            parameters = RTCDtlsParameters([RTCDtlsFingerprint(fingerprint_algorithm, fingerprint)])
            self._task = asyncio.ensure_future(self._handshake(parameters))

    def send_policy(self) -> Policy:
        """Return what the session for sending was made with. To be called once connected, or from ``on_connected``."""
        association = self._transport._ssl
        assert association is not None
        agreed = association.get_selected_srtp_profile()
        profile = next(each for each in self._transport._srtp_profiles if each.openssl_profile == agreed)
        length = 2 * (profile.key_length + profile.salt_length)
        exported = association.export_keying_material(b"EXTRACTOR-dtls_srtp", length)  # RFC 5764 section 4.2
        key = profile.get_key_and_salt(exported, 1 if self._transport._role == "server" else 0)
        policy = Policy(key=key, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile.libsrtp_profile)
        policy.window_size = 1024
        return policy

    async def close(self) -> None:
        """Say goodbye (`close_notify`) and end all tasks. Safe to call again."""
        self._ended = True
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])
        pump = self._transport._task
        await self._transport.stop()
        if pump is not None:
            await asyncio.wait([pump])

    async def _handshake(self, parameters: RTCDtlsParameters) -> None:
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT):
                await self._transport.start(parameters)
        except Exception as error:  # noqa: BLE001 - OpenSSL and certificate parsing on hostile bytes raise many kinds
            logger.debug("DTLS handshake ended by %s", type(error).__name__)
        if self._transport.state == "connected":
            self.connected = True
            self._on_connected(self._transport._rx_srtp, self._transport._tx_srtp)
        else:
            self._end("dtls_failed")

    def _on_state(self) -> None:
        if self.connected and self._transport.state == "closed":
            self._end("dtls_closed")

    def _end(self, reason: Literal["dtls_failed", "dtls_closed"]) -> None:
        if not self._ended:
            self._ended = True
            self._on_closed(reason)


def _holds_plain_alert(datagram: bytes) -> bool:
    """Whether one of the records (RFC 6347 section 4.1) is an alert of epoch 0, which anybody can forge.

    OpenSSL would end the handshake by it; without it a browser that gave up is missed when the time has run out.
    """
    offset = 0
    while offset + _RECORD_HEADER <= len(datagram):
        if datagram[offset] == _ALERT and datagram[offset + 3 : offset + 5] == b"\0\0":
            return True
        offset += _RECORD_HEADER + (datagram[offset + 11] << 8 | datagram[offset + 12])
    return False


class _Wire:
    """What `RTCDtlsTransport` sees of ICE."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send_now = send
        self._datagrams: deque[bytes] = deque()
        self._arrived = asyncio.Event()

    @property
    def waiting(self) -> bool:
        return bool(self._datagrams)

    def put(self, datagram: bytes) -> None:
        if len(self._datagrams) < MAX_WAITING:
            self._datagrams.append(datagram)
            self._arrived.set()

    async def _recv(self) -> bytes:
        while not self._datagrams:
            self._arrived.clear()
            await self._arrived.wait()
        return self._datagrams.popleft()

    async def _send(self, data: bytes) -> None:
        self._send_now(data)
