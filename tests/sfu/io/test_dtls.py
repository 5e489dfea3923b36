"""The DTLS wrapper between its own two ends, and the private names of aiortc that it leans on."""

import asyncio
import inspect
from importlib.metadata import version
from typing import Literal

import pytest
from aiortc.rtcdtlstransport import SRTP_PROFILES, RTCDtlsTransport
from cryptography.hazmat.primitives.asymmetric import ec
from pylibsrtp import Session

from sfu.io import dtls
from sfu.io.dtls import MAX_WAITING, Certificate, Dtls
from tests.sfu.io.conftest import until


class End:
    """One end, whose datagrams go to the other one or are lost."""

    def __init__(self, role: Literal["server", "client"]) -> None:
        self.certificate = Certificate()
        self.other: End | None = None
        self.sent: list[bytes] = []
        self.sessions: tuple[Session, Session] | None = None
        self.connected = asyncio.Event()
        self.closed: list[str] = []
        self.ended = asyncio.Event()
        self.dtls = Dtls(
            self.certificate, role=role, send=self.send, on_connected=self.on_connected, on_closed=self.on_closed
        )

    def send(self, datagram: bytes) -> None:
        self.sent.append(datagram)
        if self.other is not None:
            self.other.dtls.receive(datagram)

    def on_connected(self, receive: Session, send: Session) -> None:
        self.sessions = (receive, send)
        self.connected.set()

    def on_closed(self, reason: str) -> None:
        self.closed.append(reason)
        self.ended.set()


async def shake_hands() -> tuple[End, End]:
    server, client = End("server"), End("client")
    server.other, client.other = client, server
    server.dtls.start("sha-256", client.certificate.fingerprint)
    client.dtls.start("sha-256", server.certificate.fingerprint)
    async with asyncio.timeout(5):
        await server.connected.wait()
        await client.connected.wait()
    return server, client


def test_aiortc_is_the_one_that_was_read() -> None:
    assert version("aiortc").startswith("1.16.")
    assert [profile.openssl_profile for profile in SRTP_PROFILES] == [
        b"SRTP_AEAD_AES_256_GCM",
        b"SRTP_AEAD_AES_128_GCM",
        b"SRTP_AES128_CM_SHA1_80",
    ]
    assert list(inspect.signature(RTCDtlsTransport._set_role).parameters) == ["self", "role"]
    source = inspect.getsource(RTCDtlsTransport)
    for name in ("self._rx_srtp", "self._tx_srtp", "self._task", "self.transport._recv()", "self.transport._send("):
        assert name in source
    assert source.count("window_size = 1024") == source.count("allow_repeat_tx = True") == 2
    for name in ("export_keying_material(", 'b"EXTRACTOR-dtls_srtp"', "get_selected_srtp_profile()"):
        assert name in source


def test_certificates_are_p256_and_known_by_sha256() -> None:
    certificate = Certificate()
    assert len(certificate.fingerprint) == 95
    assert certificate.fingerprint == certificate.fingerprint.upper()
    key = certificate._certificate._key
    assert isinstance(key.curve, ec.SECP256R1)


async def test_both_ends_get_matching_keys() -> None:
    server, client = await shake_hands()
    assert server.sessions is not None
    assert client.sessions is not None
    packet = b"\x80\x60" + bytes(30)
    assert server.sessions[0].unprotect(client.sessions[1].protect(packet)) == packet
    assert client.sessions[0].unprotect(server.sessions[1].protect(packet)) == packet
    for one in (server, client):
        assert one.sessions is not None
        other = packet[:11] + b"\1" + packet[12:]
        assert Session(one.dtls.send_policy()).protect(other) == one.sessions[1].protect(other)
    assert len(client.sessions[1].protect(packet)) == len(packet) + 16  # an AEAD profile, not SHA1_80
    await server.dtls.close()
    await client.dtls.close()


async def test_the_other_ends_goodbye_is_told_once_and_ones_own_not() -> None:
    server, client = await shake_hands()
    await client.dtls.close()
    await client.dtls.close()
    async with asyncio.timeout(5):
        await server.ended.wait()
    await server.dtls.close()
    assert server.closed == ["dtls_closed"]
    assert client.closed == []


async def test_a_wrong_fingerprint_fails() -> None:
    server, client = End("server"), End("client")
    server.other, client.other = client, server
    server.dtls.start("sha-256", Certificate().fingerprint)
    client.dtls.start("sha-256", server.certificate.fingerprint)
    async with asyncio.timeout(5):
        await server.ended.wait()
    assert server.closed == ["dtls_failed"]
    assert server.sessions is None
    await server.dtls.close()
    await client.dtls.close()


async def test_an_unknown_fingerprint_algorithm_fails() -> None:
    server, client = End("server"), End("client")
    server.other, client.other = client, server
    server.dtls.start("md5", client.certificate.fingerprint)
    client.dtls.start("sha-256", server.certificate.fingerprint)
    async with asyncio.timeout(5):
        await server.ended.wait()
    assert server.closed == ["dtls_failed"]
    await server.dtls.close()
    await client.dtls.close()


async def test_a_handshake_that_leads_nowhere_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dtls, "HANDSHAKE_TIMEOUT", 0.05)
    server = End("server")
    server.dtls.start("sha-256", Certificate().fingerprint)
    async with asyncio.timeout(5):
        await server.ended.wait()
    assert server.closed == ["dtls_failed"]
    await server.dtls.close()


async def test_waiting_datagrams_are_bounded_and_junk_does_not_disturb() -> None:
    server, client = End("server"), End("client")
    for _ in range(1000):
        server.dtls.receive(b"\x16junk")
    assert len(server.dtls._wire._datagrams) == MAX_WAITING
    server.other, client.other = client, server
    server.dtls.start("sha-256", client.certificate.fingerprint)
    await until(lambda: not server.dtls.waiting)
    client.dtls.start("sha-256", server.certificate.fingerprint)
    async with asyncio.timeout(5):
        await server.connected.wait()
    server.dtls.receive(b"\x14")
    server.dtls.receive(b"\x17\xfe\xfd" + bytes(40))
    await asyncio.sleep(0)
    assert server.closed == []
    await server.dtls.close()
    await client.dtls.close()


async def test_closing_leaves_no_task_behind() -> None:
    server, client = await shake_hands()
    await server.dtls.close()
    await client.dtls.close()
    waiting = End("server")
    waiting.dtls.start("sha-256", client.certificate.fingerprint)
    await asyncio.sleep(0)
    await waiting.dtls.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    waiting.dtls.start("sha-256", client.certificate.fingerprint)
    assert asyncio.all_tasks() == {asyncio.current_task()}
