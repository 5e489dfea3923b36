"""What befalls a worker beside a running meeting: it stays bounded, is said once, and the meeting goes on.

The same at full size, with figures: `python -m tests.load 12 --hostile all`.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time

import pytest

from sfu.control import CloseRoom, ConnectTransport, OpenTransport, RemoteParameters, TransportClosed, TransportOpened
from sfu.io import worker
from sfu.io.dtls import Certificate
from tests.load.trouble import check, first_flight
from tests.sfu.client import Client
from tests.sfu.fakes import DELTA, KEY, rtp
from tests.sfu.io.conftest import Meeting, until

MANY = 30
STEP = 0.9
"""Seconds by which time is put forward at once: less than the clock takes for a pause."""
PATIENCE = 31.0
"""Seconds after which whoever never came is given up."""


class Talk:
    """Two people in a meeting, who go on checking, and a clock that can be put forward."""

    def __init__(self, meeting: Meeting, up: Client, down: Client) -> None:
        self.meeting = meeting
        self.clients = (up, down)
        self.sequence = 0
        self.ahead = 0.0
        meeting.worker._steady._source = lambda: time.monotonic() + self.ahead

    async def goes_on(self) -> None:
        """Send, and see all of it arrive."""
        up, down = self.clients
        before = len(self.heard)
        for _ in range(20):
            self.sequence += 1
            up.send_rtp(rtp(1000, self.sequence, KEY if self.sequence == 1 else DELTA))
        await until(lambda: len(self.heard) >= before + 20)
        assert len(self.heard) == before + 20
        assert down.refused == 0

    @property
    def heard(self) -> list[bytes]:
        return [packet for packet in self.clients[1].received if packet[1] & 0x7F == 100]

    def tables(self) -> tuple[int, ...]:
        worker = self.meeting.worker
        return (
            len(worker._mux.endpoints),
            sum(len(opened.routes) for opened in worker._mux.entrances),
            len(worker._links),
            len(worker._opened),
            len(worker._rooms),
            len(asyncio.all_tasks()),
        )

    async def wait(self, seconds: float) -> None:
        """Let time pass for the worker, while the two check as browsers do."""
        end = self.ahead + seconds
        while self.ahead < end:
            self.ahead += STEP
            for client in self.clients:
                client.check()
            await asyncio.sleep(0.02)


@pytest.fixture
async def talk(meeting: Meeting) -> Talk:
    up, down, _ = await meeting.pair()
    talk = Talk(meeting, up, down)
    await talk.goes_on()
    meeting.events.clear()
    return talk


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Everything but debugging."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]


async def announce(meeting: Meeting, number: int, remote: RemoteParameters) -> TransportOpened:
    opened = await meeting.worker.request(OpenTransport(f"away {number}", "somebody", f"away {number}", "publish"))
    assert isinstance(opened, TransportOpened)
    await meeting.worker.request(ConnectTransport(f"away {number}", remote))
    return opened


async def test_rooms_that_are_opened_and_abandoned(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    before = talk.tables()
    remote = RemoteParameters("remote", "password" * 3, "sha-256", Certificate().fingerprint)
    for number in range(MANY):
        await announce(talk.meeting, number, remote)
    assert talk.tables() > before
    await talk.goes_on()
    await talk.wait(PATIENCE)
    await until(lambda: talk.tables() == before)
    await talk.goes_on()
    closed = [TransportClosed(f"away {number}", "never_connected") for number in range(MANY)]
    assert talk.meeting.events == closed
    assert told(caplog) == []
    await talk.meeting.worker.close()
    assert [line for line in told(caplog) if "without" in line] == [
        f"Transports that ended without having connected: {MANY}."
    ]
    assert [line for line in told(caplog) if line.startswith("Transport ")] == [
        f"Transport {number}: closed; 0 packets refused, 0 not sent." for number in (1, 2)
    ]


async def test_one_line_a_minute_says_how_many_never_connected(
    talk: Talk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(worker, "SUMMARY_SECONDS", 0.05)
    for counts in ((3, 4), (2,)):  # each within its minute
        for count in counts:
            for number in range(count):
                await talk.meeting.worker.request(OpenTransport("away", "somebody", f"away {number}", "publish"))
            await talk.meeting.worker.request(CloseRoom("away"))
        caplog.clear()
        await until(lambda: told(caplog))
        assert told(caplog) == [f"Transports that ended without having connected: {sum(counts)}."]


async def test_half_open_handshakes(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    before = talk.tables()
    certificate = Certificate()
    hello = await first_flight(certificate)
    server = ("127.0.0.1", talk.meeting.worker.port)
    sockets = []
    for number in range(MANY):
        remote = RemoteParameters(f"remote{number}", "password" * 3, "sha-256", certificate.fingerprint)
        opened = await announce(talk.meeting, number, remote)
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sockets.append(sock)
        sock.sendto(check(opened.local, remote, number), server)
        sock.sendto(hello, server)
    for sock in sockets:  # an answer to the check, and the server's side of the handshake
        sock.settimeout(5.0)
        answers = [await asyncio.to_thread(sock.recv, 2000) for _ in range(2)]
        assert {answer[0] for answer in answers} == {1, 22}
    await talk.goes_on()
    await talk.wait(PATIENCE)
    await until(lambda: talk.tables() == before)
    await talk.goes_on()
    for sock in sockets:
        sock.close()
    assert talk.meeting.events == [TransportClosed(f"away {number}", "consent_expired") for number in range(MANY)]
    assert told(caplog) == []
    await talk.meeting.worker.close()
    assert [line for line in told(caplog) if "without" in line] == [
        f"Transports that ended without having connected: {MANY}."
    ]
    assert [line for line in told(caplog) if line.startswith("Transport ")] == [
        f"Transport {number}: closed; 0 packets refused, 0 not sent." for number in (1, 2)
    ]


@pytest.mark.parametrize("seconds", [5.0, 60.0, 86_400.0])
async def test_a_machine_that_was_paused(talk: Talk, caplog: pytest.LogCaptureFixture, seconds: float) -> None:
    before = talk.tables()
    talk.ahead += seconds
    await until(lambda: warnings(caplog))
    await talk.goes_on()
    await asyncio.sleep(0.05)
    assert talk.tables() == before
    assert talk.meeting.events == []
    assert warnings(caplog) == [
        f"The process stood still for {seconds - 1:.0f} s more than is believed: nobody's time runs out."
    ]


async def test_a_clock_that_runs_back(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    talk.ahead -= 60.0
    await talk.goes_on()
    await talk.wait(PATIENCE)
    await talk.goes_on()
    assert talk.meeting.events == []
    assert warnings(caplog) == []


async def test_the_calendar_may_be_set_as_one_likes(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    def never() -> float:
        raise AssertionError("the wall clock was read")

    monkeypatch.setattr(time, "time", never)
    monkeypatch.setattr(time, "time_ns", never)
    await talk.goes_on()
    await talk.wait(2.0)
    await talk.goes_on()
    assert talk.meeting.events == []
