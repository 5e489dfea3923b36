"""The whole SFU over loopback: real ICE, DTLS and SRTP, ready-made RTP packets."""

import asyncio
import gc
import itertools
import logging
import os
import socket
import time
from pathlib import Path

import pytest

from sfu.control import (
    Candidate,
    CloseMember,
    CloseRoom,
    CloseTransport,
    ConnectTransport,
    Direction,
    Done,
    OpenTransport,
    Refused,
    Request,
    RestartIce,
    StartTrack,
    TrackSubscribed,
    TransportClosed,
    TransportConnected,
    TransportDisconnected,
    TransportOpened,
    UnpublishTrack,
    UnsubscribeTrack,
    WorkerSettings,
)
from sfu.io.dtls import Certificate
from sfu.io.tcp_listener import TcpListener
from sfu.io.worker import GARBAGE_AFTER, MAX_TRANSPORTS, TICK, TcpPortError, Worker, start_worker
from sfu.rtp import rtcp
from sfu.rtp.rtcp import Nack, PictureLossIndication, SenderReport, SourceDescription
from sfu.streams.clock_map import ntp_time
from tests.sfu.client import Client, open_client
from tests.sfu.fakes import DELTA, KEY, OPUS, publish, rtp, subscribe
from tests.sfu.io.conftest import Meeting, until
from tests.sfu.io.tcp_client import TcpClient


def media(client: Client) -> list[bytes]:
    return [packet for packet in client.received if not 192 <= packet[1] <= 223]


def reports(client: Client) -> list[rtcp.Packet]:
    return [part for packet in client.received if 192 <= packet[1] <= 223 for part in rtcp.parse(packet)]


async def test_a_packet_comes_through(meeting: Meeting) -> None:
    up, down, answer = await meeting.pair()
    assert meeting.events == [TransportConnected("up0"), TransportConnected("down0")]
    up.send_rtp(rtp(1000, 1, KEY, marker=True))
    await until(lambda: media(down))
    (packet,) = media(down)
    assert packet[12:] == KEY
    assert packet[1] == 0x80 | 100
    assert int.from_bytes(packet[8:12], "big") == answer.ssrc


async def test_the_subscriber_gets_what_it_missed_and_the_publisher_is_asked_for_a_key_frame(meeting: Meeting) -> None:
    up, down, answer = await meeting.pair()
    await until(lambda: reports(up))
    asked = [part for part in reports(up) if isinstance(part, PictureLossIndication)]
    assert [part.media_ssrc for part in asked] == [1000]
    up.send_rtp(rtp(1000, 1, KEY))
    await until(lambda: media(down))
    number = int.from_bytes(media(down)[0][2:4], "big")
    down.send_rtcp(Nack(1, answer.ssrc, [number]).to_bytes())
    await until(lambda: len(media(down)) == 2)
    again = media(down)[1]
    assert (again[1] & 0x7F, int.from_bytes(again[8:12], "big")) == (101, answer.rtx_ssrc)
    assert again[12:] == number.to_bytes(2, "big") + KEY


async def test_sender_reports_carry_the_publishers_clock(meeting: Meeting) -> None:
    up, down, answer = await meeting.pair()
    up.send_rtcp(SenderReport(1000, ntp_time(500.0), 7_000_000, 1, 1).to_bytes())
    up.send_rtp(rtp(1000, 1, KEY, timestamp=7_000_000))
    await until(lambda: any(isinstance(part, SenderReport) for part in reports(down)))
    report = next(part for part in reports(down) if isinstance(part, SenderReport))
    assert report.ssrc == answer.ssrc
    assert 0 <= report.rtp_timestamp - 7_000_000 < 90_000 * 3
    assert SourceDescription([(answer.ssrc, answer.cname.encode())]) in reports(down)


async def test_rooms_do_not_mix(meeting: Meeting) -> None:
    await meeting.pair()
    await meeting.open("elsewhere", "subscribe", room="other")
    assert await meeting.worker.request(subscribe("camera0", transport="elsewhere")) == Refused("no_such_track")


async def test_a_change_of_network_keeps_dtls(meeting: Meeting) -> None:
    up, down, _ = await meeting.pair()
    opened = await meeting.worker.request(RestartIce("up0"))
    assert isinstance(opened, TransportOpened)
    up.ufrag, up.pwd = "newufrag", "new password of enough bits"
    assert await meeting.worker.request(ConnectTransport("up0", up.parameters)) == Done()
    up.local = opened.local
    up.move()
    up.check()
    await until(lambda: meeting.events.count(TransportConnected("up0")) == 2)
    up.send_rtp(rtp(1000, 1, KEY))
    await until(lambda: media(down))
    assert len(meeting.worker._mux.endpoints) == 2


async def test_media_stays_on_the_old_path_until_the_new_one_is_nominated_and_then_moves_at_once(
    meeting: Meeting,
) -> None:
    """From the client's first new check on, one round trip: what is sent after the answer to it goes the new way."""
    up, down, _ = await meeting.pair()
    up.send_rtp(rtp(1000, 1, KEY))
    await until(lambda: len(media(down)) == 1)
    opened = await meeting.worker.request(RestartIce("down0"))
    assert isinstance(opened, TransportOpened)
    before = down.parameters
    assert down._consent is not None
    down._consent.cancel()  # from here on every check is told
    down.ufrag, down.pwd = "newufrag", "new password of enough bits"
    assert await meeting.worker.request(ConnectTransport("down0", down.parameters)) == Done()

    # The client knows of the new credentials and has not got through yet: the old path carries on.
    up.send_rtp(rtp(1000, 2, DELTA))
    await until(lambda: len(media(down)) == 2)
    new_ufrag, down.ufrag = down.ufrag, before.ice_ufrag
    down.check()  # consent on the old path is still answered
    answered = down.stun_answers
    await until(lambda: down.stun_answers > answered)

    old = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # the old network: what still goes there is seen here
    port = down.sock.getsockname()
    down.move()
    old.bind(port)
    old.setblocking(False)
    down.ufrag, down.local = new_ufrag, opened.local
    down.check(nominate=False)
    answered = down.stun_answers
    await until(lambda: down.stun_answers > answered)
    up.send_rtp(rtp(1000, 3, DELTA))
    await until(lambda: _readable(old))
    assert len(media(down)) == 2

    answered = down.stun_answers
    down.check()
    await until(lambda: down.stun_answers > answered)
    up.send_rtp(rtp(1000, 4, KEY))  # from which pictures go on
    await until(lambda: len(media(down)) == 3)
    old.close()
    assert meeting.events.count(TransportConnected("down0")) == 2
    assert meeting.worker._links["down0"].unsent == 0


def _readable(sock: socket.socket) -> bool:
    try:
        return len(sock.recv(2000)) > 0
    except BlockingIOError:
        return False


async def test_media_over_tcp_both_ways() -> None:
    """ICE, DTLS and SRTP over TCP; when the transport ends, so does its connection."""
    meeting = Meeting()
    meeting.worker = await start_worker(WorkerSettings(0, ["127.0.0.1"], tcp_port=0), on_event=meeting.events.append)
    opened = [
        await meeting.worker.request(OpenTransport("room", "up", "up", "publish")),
        await meeting.worker.request(OpenTransport("room", "down", "down", "subscribe")),
    ]
    up, down = TcpClient(), TcpClient()
    for name, client, answer in zip(("up", "down"), (up, down), opened, strict=True):
        assert isinstance(answer, TransportOpened)
        assert [each.protocol for each in answer.local.candidates] == ["udp", "tcp"]
        assert answer.local.candidates[1].port == meeting.worker.tcp_port
        await meeting.worker.request(ConnectTransport(name, client.parameters))
        await client.connect(answer.local)
        meeting.clients.append(client)
    assert await meeting.worker.request(publish("voice", kind="audio", transport="up", codec=OPUS)) == Done()
    assert isinstance(await meeting.worker.request(subscribe("voice", codec=OPUS)), TrackSubscribed)
    assert await meeting.worker.request(StartTrack("down", "voice")) == Done()
    for sequence in range(50):
        up.send_rtp(rtp(1000, sequence, b"sealed speech", payload_type=111))
    await until(lambda: sum(packet.endswith(b"sealed speech") for packet in down.received) == 50)
    listener = meeting.worker._mux.entrances[1]
    assert isinstance(listener, TcpListener)
    assert len(listener.connections) == 2
    assert meeting.worker._links["down"].sound_types == {111}
    await meeting.worker.request(CloseTransport("up"))
    await until(lambda: len(listener.connections) == 1)
    await meeting.close()


async def test_a_taken_tcp_port_is_told_from_a_taken_udp_port() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        with pytest.raises(TcpPortError, match="use"):
            await start_worker(
                WorkerSettings(0, ["127.0.0.1"], tcp_port=holder.getsockname()[1]), on_event=lambda _: None
            )


async def test_a_moved_subscriber_is_found_again_without_a_restart(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sfu.ice.lite_agent.NOMINATION_HOLD", 0.0)
    up, down, _ = await meeting.pair()
    down.move()
    down.check()
    answers = down.stun_answers
    await until(lambda: down.stun_answers > answers)
    up.send_rtp(rtp(1000, 1, KEY))
    await until(lambda: media(down))


async def test_dtls_that_begins_before_the_answer_arrived(meeting: Meeting) -> None:
    opened = await meeting.worker.request(OpenTransport("room", "ada", "early", "subscribe"))
    assert isinstance(opened, TransportOpened)
    client = Client()
    meeting.clients.append(client)
    connecting = asyncio.create_task(client.connect(opened.local))
    await until(lambda: meeting.worker._links["early"]._dtls.waiting)
    await meeting.worker.request(ConnectTransport("early", client.parameters))
    await connecting
    await until(lambda: meeting.events == [TransportConnected("early")])


async def test_another_certificate_than_announced_is_refused(meeting: Meeting) -> None:
    opened = await meeting.worker.request(OpenTransport("room", "ada", "t", "publish"))
    assert isinstance(opened, TransportOpened)
    client = Client()
    meeting.clients.append(client)
    used = client.certificate
    client.certificate = Certificate()
    await meeting.worker.request(ConnectTransport("t", client.parameters))
    client.certificate = used
    assert await meeting.worker.request(ConnectTransport("t", client.parameters)) == Refused("no_such_transport")
    await client.connect(opened.local)
    await until(lambda: meeting.events == [TransportClosed("t", "dtls_failed")])


async def test_requests_are_idempotent_and_refused_where_they_do_not_fit(meeting: Meeting) -> None:
    ask = meeting.worker.request
    opened = await ask(OpenTransport("room", "ada", "up", "publish"))
    assert await ask(OpenTransport("room", "ada", "up", "publish")) == opened
    assert await ask(OpenTransport("room", "eve", "up", "publish")) == Refused("no_such_transport")
    await ask(OpenTransport("room", "ada", "down", "subscribe"))
    client = Client()
    meeting.clients.append(client)
    missing: list[Request] = [
        ConnectTransport("nothing", client.parameters),
        RestartIce("nothing"),
        publish(transport="nothing"),
        publish(transport="down"),
        subscribe(transport="up"),
        StartTrack("up", "camera"),
    ]
    for request in missing:
        assert await ask(request) == Refused("no_such_transport")
    assert await ask(subscribe()) == Refused("no_such_track")
    assert await ask(publish()) == Done()
    copy = await ask(subscribe())
    assert isinstance(copy, TrackSubscribed)
    assert await ask(subscribe()) == copy
    assert await ask(ConnectTransport("up", client.parameters)) == Done()
    assert await ask(ConnectTransport("up", client.parameters)) == Done()
    for _ in range(2):
        for closing in (
            UnsubscribeTrack("down", "camera"),
            UnpublishTrack("up", "camera"),
            CloseTransport("up"),
            CloseMember("room", "ben"),
            CloseRoom("room"),
        ):
            assert await ask(closing) == Done()
    assert meeting.events == []
    with pytest.raises(TypeError):
        await ask(Request())


async def test_a_member_ends_both_ways_before_the_first_suspension(meeting: Meeting) -> None:
    worker = meeting.worker
    directions: list[Direction] = ["publish", "subscribe"]
    for direction in directions:
        meeting.clients.append(await open_client(worker, f"ben-{direction}", direction, room="room", member="ben"))
    for room, member in (("room", "ana"), ("other", "ben")):
        opening = OpenTransport(room, member, f"{member}-{room}", "publish")
        assert isinstance(await worker.request(opening), TransportOpened)
    closing = asyncio.create_task(worker.request(CloseMember("room", "ben")))
    await asyncio.sleep(0)
    assert set(worker._links) == {"ana-room", "ben-other"}
    assert not closing.done()
    assert await closing == Done()


async def test_the_number_of_transports_is_bounded(meeting: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sfu.io.worker.MAX_TRANSPORTS", 2)
    assert MAX_TRANSPORTS > 2
    for name in "ab":
        assert isinstance(await meeting.worker.request(OpenTransport("r", "m", name, "publish")), TransportOpened)
    assert await meeting.worker.request(OpenTransport("r", "m", "c", "publish")) == Refused("limit")


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if os.path.isdir("/proc/self/fd") else 0


async def test_nothing_is_left_when_people_go(meeting: Meeting) -> None:
    worker = meeting.worker
    before = descriptors()
    for number in range(3):
        up, _, _ = await meeting.pair(number)
        up.send_rtp(rtp(1000 + number, 1, KEY))
    await worker.request(CloseRoom("room"))
    assert (worker._links, worker._opened, worker._rooms, worker._mux.endpoints) == ({}, {}, {}, {})
    assert all(not opened.routes for opened in worker._mux.entrances)
    for client in meeting.clients:
        await client.close()
    assert descriptors() == before
    await until(lambda: asyncio.all_tasks() == {asyncio.current_task()})
    await until(lambda: worker._timer is None)
    assert meeting.events == [TransportConnected(name + str(n)) for n in range(3) for name in ("up", "down")]


async def test_a_browser_that_says_goodbye_is_gone_at_once(meeting: Meeting) -> None:
    up, _, _ = await meeting.pair()
    await up.close()
    await until(lambda: meeting.events[-1] == TransportClosed("up0", "dtls_closed"))
    await until(lambda: set(meeting.worker._links) == {"down0"})
    assert await meeting.worker.request(StartTrack("down0", "camera0")) == Refused("no_such_track")


async def test_a_browser_that_vanishes_is_missed_and_then_gone(meeting: Meeting) -> None:
    up, _, _ = await meeting.pair()
    await up.close(quietly=True)
    meeting.events.clear()
    worker = meeting.worker
    worker._clock = lambda: time.monotonic() + 11
    await until(lambda: TransportDisconnected("up0") in meeting.events)
    worker._clock = lambda: time.monotonic() + 31
    await until(lambda: TransportClosed("up0", "consent_expired") in meeting.events)
    await until(lambda: "up0" not in worker._links)


async def test_a_closed_worker_says_so_and_frees_its_port() -> None:
    worker = await start_worker(WorkerSettings(0, ["127.0.0.1"]), on_event=lambda event: None)
    await worker.request(OpenTransport("room", "ada", "up", "publish"))
    await worker.close()
    await worker.close()
    with pytest.raises(ConnectionError):
        await worker.request(CloseRoom("room"))
    again = Worker(WorkerSettings(worker.port, ["127.0.0.1"]), on_event=lambda event: None)
    await again.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_announced_addresses_stand_in_the_candidates() -> None:
    settings = WorkerSettings(0, ["127.0.0.1"], ["203.0.113.7", "2001:db8::7"])
    worker = await start_worker(settings, on_event=lambda event: None)
    opened = await worker.request(OpenTransport("room", "ada", "up", "publish"))
    assert isinstance(opened, TransportOpened)
    port = worker.port
    assert opened.local.candidates == [Candidate("203.0.113.7", port), Candidate("2001:db8::7", port)]
    await worker.close()


async def test_an_address_that_the_machine_lost_is_announced_no_more(caplog: pytest.LogCaptureFixture) -> None:
    """One that stands for the machine behind NAT was never its own, and is announced as before."""
    announced = ["198.51.100.7", "127.0.0.1", "203.0.113.9"]
    settings = WorkerSettings(0, ["198.51.100.7", "127.0.0.1"], announced, tcp_port=0, spare=True)
    worker = await start_worker(settings, on_event=lambda event: None)
    opened = await worker.request(OpenTransport("room", "ada", "up", "publish"))
    assert isinstance(opened, TransportOpened)
    assert [(each.address, each.protocol) for each in opened.local.candidates] == [
        ("127.0.0.1", "udp"),
        ("203.0.113.9", "udp"),
        ("127.0.0.1", "tcp"),
        ("203.0.113.9", "tcp"),
    ]
    await worker.close()
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert [text for text in told if "address" in text] == [
        f"Media port {worker.port}: 1 of 2 addresses cannot be had any more, and is left out until the next start."
    ]
    assert "198.51.100.7" not in caplog.text


async def test_one_that_is_quiet_says_nothing_of_its_begin(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    settings = WorkerSettings(0, ["127.0.0.1"], tcp_port=0, quiet=True)
    worker = await start_worker(settings, on_event=lambda event: None)
    assert [record for record in caplog.records if record.name == "hearthside.sfu"] == []
    await worker.close()


async def test_the_search_for_cycles_is_put_off(monkeypatch: pytest.MonkeyPatch) -> None:
    set_to: list[int] = []
    monkeypatch.setattr("gc.set_threshold", lambda *thresholds: set_to.extend(thresholds))
    worker = await start_worker(WorkerSettings(0, ["127.0.0.1"]), on_event=lambda event: None)
    await worker.close()
    assert set_to == [GARBAGE_AFTER, *gc.get_threshold()[1:]]


async def test_the_log_says_once_that_there_is_no_compiled_hot_path(
    caplog: pytest.LogCaptureFixture, hot_path: str
) -> None:
    worker = await start_worker(WorkerSettings(0, ["127.0.0.1"]), on_event=lambda event: None)
    await worker.close()
    assert caplog.text.count("compiled hot path was not built") == (hot_path == "python")


async def test_the_log_tells_the_life_cycle_and_nobodys_name(
    meeting: Meeting, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    up, down, _ = await meeting.pair()
    up.send_rtp(rtp(1000, 1, KEY))
    await until(lambda: media(down))
    local = up.local
    assert local is not None
    await up.close()
    await until(lambda: "up0" not in meeting.worker._links)
    text = caplog.text
    for secret in ("127.0.0.1", "up0", "down0", "camera0", "room", local.ice_ufrag, local.ice_pwd, up.ufrag):
        assert secret not in text
    for line in ("Transport 1: opened to publish.", "Transport 1: connected to publish.", "Transport 1: dtls closed."):
        assert line in text


async def test_a_fault_in_one_transport_stops_nobody_elses_clock(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await meeting.pair(0)
    up, _, _ = await meeting.pair(1)
    meeting.events.clear()
    faulty = meeting.worker._links["up0"]

    def fail(*, now: float) -> None:
        raise BufferError

    monkeypatch.setattr(faulty.peer, "handle_timer", fail)
    await until(lambda: "up0" not in meeting.worker._links)
    assert meeting.events == [TransportClosed("up0", "dtls_closed")]
    assert caplog.text.count("a fault ends it") == 1
    asked = len(up.received)
    up.send_rtp(rtp(1001, 1, KEY))
    up.send_rtp(rtp(1001, 3, DELTA))
    await until(lambda: any(isinstance(p, Nack) for data in up.received[asked:] for p in rtcp.parse(data)))


async def test_many_packets_in_order(meeting: Meeting) -> None:
    up, down, _ = await meeting.pair()
    for sequence in range(65500, 65500 + 300):
        up.send_rtp(rtp(1000, sequence, KEY if sequence == 65500 else DELTA + sequence.to_bytes(4, "big")))
        if sequence % 50 == 0:
            await asyncio.sleep(0.005)
    await until(lambda: len(media(down)) == 300)
    numbers = [int.from_bytes(packet[2:4], "big") for packet in media(down)]
    assert all((later - earlier) & 0xFFFF == 1 for earlier, later in itertools.pairwise(numbers))


async def test_turns_are_few_until_somebody_waits_for_one(meeting: Meeting) -> None:
    await meeting.pair()
    worker, loop = meeting.worker, asyncio.get_running_loop()
    await until(lambda: worker._calm)
    peer = worker._links["down0"].peer
    assert peer.due > worker._clock()
    peer.wake()
    assert worker._timer is not None
    assert not worker._calm
    assert worker._timer.when() <= loop.time() + TICK
    await until(lambda: worker._calm)


async def test_a_fault_in_feedback_leaves_the_others_their_turn(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await meeting.pair()
    faults = 0

    def faulty() -> None:
        nonlocal faults
        faults += 1
        raise ZeroDivisionError

    monkeypatch.setattr(meeting.worker._mux, "take_aside", faulty)
    await until(lambda: faults > 2)
    assert "A fault in taking a datagram" in caplog.text
    assert all(link.peer.up for link in meeting.worker._links.values())
