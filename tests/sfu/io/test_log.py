"""The log says once, of each transport, what it was refused, and never whose transport it is."""

from __future__ import annotations

import logging
import socket
from collections.abc import AsyncIterator, Callable

import pytest

from sfu.control import ConnectTransport, OpenTransport, TransportOpened, WorkerSettings
from sfu.ice import stun
from sfu.io.tcp_listener import TcpListener
from sfu.io.udp_mux import SHARE_BURST
from sfu.io.worker import start_worker
from sfu.peer import MAX_RTCP_SENDERS
from sfu.refusals import STRAYS, Refusal
from sfu.rtp.rtcp import Nack, ReceiverReport
from sfu.rtp.transport_feedback import TransportFeedback
from tests.sfu.client import Client
from tests.sfu.fakes import DELTA, KEY, rtp
from tests.sfu.io.conftest import Meeting, until
from tests.sfu.io.tcp_client import TcpClient


class Bad:
    """A member with a camera at SSRC 1000, who looks at it."""

    def __init__(self, up: Client, down: Client, ssrc: int) -> None:
        self.up, self.down, self.ssrc = up, down, ssrc
        self.sequence = 0

    def media(self, ssrc: int = 1000) -> None:
        self.sequence += 1
        self.up.send_rtp(rtp(ssrc, self.sequence, KEY if self.sequence == 1 else DELTA))


def foreign(bad: Bad) -> None:
    for _ in range(STRAYS):
        bad.media(ssrc=7)


def repeated(bad: Bad) -> None:
    sealed = bad.up.protect(rtp(1000, 1, KEY))
    for _ in range(1 + STRAYS):
        bad.up.send_raw(sealed)


def absurd(bad: Bad) -> None:
    """More padding than there is packet."""
    bad.sequence += 1
    packet = bytearray(rtp(1000, bad.sequence, DELTA + b"\xff"))
    packet[0] |= 0x20
    bad.up.send_rtp(bytes(packet))


def much_media(bad: Bad) -> None:
    for _ in range(3000):  # six megabits of the smallest, beyond the burst of a second
        bad.media()


def much_rtcp(bad: Bad) -> None:
    for number in range(1000):
        feedback = TransportFeedback(1, 2, number * 60, 200, number & 0xFF, [(n, n) for n in range(0, 200, 2)])
        bad.down.send_rtcp(feedback.to_bytes())


def many_senders(bad: Bad) -> None:
    for ssrc in range(MAX_RTCP_SENDERS + 1):
        bad.down.send_rtcp(ReceiverReport(ssrc).to_bytes())


def many_nacks(bad: Bad) -> None:
    for first in range(0, 3000, 300):
        bad.down.send_rtcp(Nack(1, bad.ssrc, [0x1000 + first + n for n in range(300)]).to_bytes())


ATTACKS: dict[Callable[[Bad], None], Refusal] = {
    foreign: Refusal.FOREIGN,
    repeated: Refusal.UNAUTHENTIC,
    absurd: Refusal.MALFORMED,
    much_media: Refusal.TOO_MUCH_MEDIA,
    much_rtcp: Refusal.TOO_MUCH_RTCP,
    many_senders: Refusal.TOO_MANY_SENDERS,
    many_nacks: Refusal.TOO_MANY_REPEATS,
}


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize(("attack", "refusal"), ATTACKS.items())
async def test_it_is_said_once(
    meeting: Meeting, caplog: pytest.LogCaptureFixture, attack: Callable[[Bad], None], refusal: Refusal
) -> None:
    up, down, answer = await meeting.pair()
    bad = Bad(up, down, answer.ssrc)
    attack(bad)
    await until(lambda: warnings(caplog))
    attack(bad)
    refused = sum(link.peer.refusals.total for link in meeting.worker._links.values())
    await up.close()
    await down.close()
    await until(lambda: not meeting.worker._links)
    number = 2 if attack in (much_rtcp, many_senders, many_nacks) else 1
    assert warnings(caplog) == [f"Transport {number}: drops {refusal.value}."]
    assert refused > 0
    for secret in ("127.0.0.1", "up0", "down0", "camera0", "1000"):
        assert secret not in caplog.text


async def test_the_end_says_how_much_it_was(meeting: Meeting, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    up, down, answer = await meeting.pair()
    for _ in range(3):
        absurd(Bad(up, down, answer.ssrc))
    link = meeting.worker._links["up0"]
    await until(lambda: link.peer.refusals.total == 3)
    await up.close()
    await until(lambda: "up0" not in meeting.worker._links)
    assert "Transport 1: closed; 3 packets refused, 0 not sent." in caplog.text


async def test_honest_members_are_not_spoken_of(meeting: Meeting, caplog: pytest.LogCaptureFixture) -> None:
    """Packets that a network doubled, and some that were on their way when a track ended."""
    up, down, answer = await meeting.pair()
    bad = Bad(up, down, answer.ssrc)
    for _ in range(20):
        bad.media()
        bad.media(ssrc=7)
        sealed = up.protect(rtp(1000, 0x100 + bad.sequence, DELTA))
        up.send_raw(sealed)
        up.send_raw(sealed)
    link = meeting.worker._links["up0"]
    await until(lambda: link.peer.refusals.total == 40)
    await up.close()
    await until(lambda: "up0" not in meeting.worker._links)
    assert warnings(caplog) == []


@pytest.fixture
async def over_tcp() -> AsyncIterator[tuple[Meeting, TcpClient]]:
    """A worker with a TCP port, and a subscriber who came by it."""
    meeting = Meeting()
    meeting.worker = await start_worker(WorkerSettings(0, ["127.0.0.1"], tcp_port=0), on_event=meeting.events.append)
    opened = await meeting.worker.request(OpenTransport("room", "down", "down", "subscribe"))
    assert isinstance(opened, TransportOpened)
    client = TcpClient()
    await meeting.worker.request(ConnectTransport("down", client.parameters))
    await client.connect(opened.local)
    meeting.clients.append(client)
    yield meeting, client
    await meeting.close()


async def test_a_tcp_client_that_stops_reading(
    over_tcp: tuple[Meeting, TcpClient], caplog: pytest.LogCaptureFixture
) -> None:
    meeting, client = over_tcp
    client._loop.remove_reader(client._stream)
    listener = meeting.worker._mux.entrances[1]
    assert isinstance(listener, TcpListener)
    (address,) = listener.connections
    meeting.worker._links["down"].sound_types.add(111)
    packet = memoryview(rtp(2, 1, bytes(1200), payload_type=111))
    while address in listener.connections:
        listener.sendto(packet, address)
    await until(lambda: warnings(caplog))
    assert warnings(caplog) == [f"Transport 1: drops {Refusal.UNREAD.value}."]


async def test_strangers_checks_beyond_their_share(meeting: Meeting, caplog: pytest.LogCaptureFixture) -> None:
    check = stun.build(stun.BINDING_REQUEST, bytes(12), [(stun.USERNAME, b"nobody:me")], "password")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _ in range(int(SHARE_BURST) + 200):
            sock.sendto(check, ("127.0.0.1", meeting.worker.port))
    await until(lambda: warnings(caplog))
    port = meeting.worker.port
    assert warnings(caplog) == [f"Media port {port}: drops more checks from unknown addresses than are read."]


assert set(ATTACKS.values()) | {Refusal.UNREAD, Refusal.TOO_MANY_KEY_FRAMES} == set(Refusal)
