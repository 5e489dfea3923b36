"""A send buffer that is full: what cannot leave is lost at once, counted, and told once; nothing waits for it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from socket import socket

import pytest

from sfu.control import Done, OpenTransport, StartTrack, TrackSubscribed, TrackWish, WatchTracks
from tests.sfu.fakes import DELTA, KEY, rtp, subscribe
from tests.sfu.io.conftest import Meeting, until
from tests.sfu.io.full_socket import NOBODY, full_socket

PACKETS = 500


@pytest.fixture
def full() -> Iterator[socket]:
    made = full_socket()
    yield made
    made.close()


async def test_who_cannot_be_reached_costs_the_others_nothing(
    meeting: Meeting, full: socket, hot_path: str, caplog: pytest.LogCaptureFixture
) -> None:
    up, down, _ = await meeting.pair()
    for name in ("far", "farther"):
        await meeting.open(name, "subscribe")
        assert isinstance(await meeting.worker.request(subscribe("camera0", transport=name)), TrackSubscribed)
        assert await meeting.worker.request(StartTrack(name, "camera0")) == Done()
        assert await meeting.worker.request(WatchTracks(name, [TrackWish("camera0", 720)])) == Done()
        meeting.worker._links[name]._channel.point_at(full.sendto, NOBODY, full.fileno())
    far = meeting.worker._links["far"]
    tasks = len(asyncio.all_tasks())
    caplog.set_level(logging.INFO)
    for number in range(PACKETS):
        up.send_rtp(rtp(1000, number, KEY if number == 0 else DELTA))
        if number % 20 == 0:
            await asyncio.sleep(0)

    def heard() -> int:
        return sum(packet[1] & 0x7F == 100 for packet in down.received)

    await until(lambda: heard() >= PACKETS)
    assert heard() == PACKETS, "the others have all of it"
    await until(lambda: far.unsent >= PACKETS)
    assert len(asyncio.all_tasks()) == tasks, "and nothing waits"
    await until(lambda: caplog.records)
    before = far.unsent
    for number in range(PACKETS, PACKETS + 20):
        up.send_rtp(rtp(1000, number, DELTA))
    await until(lambda: far.unsent >= before + 20)
    ahead = [0.0]
    meeting.worker._steady._source = lambda: time.monotonic() + ahead[0]
    for _ in range(2):  # until the log would be told again
        ahead[0] += 0.9
        await asyncio.sleep(0.05)
    assert [record.getMessage() for record in caplog.records] == [
        f"Media port {meeting.worker.port}: packets are lost because the socket's buffer is full or there is no way to "
        "where they go. Nothing waits for them, and their number stands where a transport is closed."
    ]
    await meeting.clients[2].close()
    await until(lambda: "far" not in meeting.worker._links)
    assert f"Transport 3: closed; 0 packets refused, {far.unsent} not sent." in caplog.text


async def test_answers_to_checks_and_handshakes_are_lost_alike(meeting: Meeting, full: socket) -> None:
    """Who asked asks again."""
    await meeting.worker.request(OpenTransport("room", "ada", "up", "publish"))
    entrance = meeting.worker._mux.entrances[0]
    before = meeting.worker._mux.dropped
    sock, entrance.sock = entrance.sock, full  # type: ignore[attr-defined]
    for _ in range(PACKETS):
        entrance.send(b"an answer", NOBODY)
    entrance.sock = sock  # type: ignore[attr-defined]
    assert meeting.worker._mux.dropped == before + PACKETS
