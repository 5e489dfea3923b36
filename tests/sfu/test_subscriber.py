"""A subscribe transport on a virtual clock, with SRTP that changes nothing."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfu.control import Done, Refused, TrackSubscribed, TrackWish, WatchTracks
from sfu.forwarding.router import Router
from sfu.forwarding.up_track import UpTrack
from sfu.ice.lite_agent import Credentials, State
from sfu.rtp.packet import MediaPacket
from sfu.rtp.rtcp import (
    FullIntraRequest,
    Nack,
    PictureLossIndication,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
)
from sfu.streams.clock_map import RemoteClock, ntp_time
from sfu.subscriber import Subscriber
from tests.sfu.fakes import KEY, OPUS, Draw, FakeChannel, publish, subscribe


class Room:
    def __init__(self, *, up: bool = True) -> None:
        self.router = Router(draw=Draw())
        self.up = FakeChannel()
        self.track = UpTrack(publish(), "ada", self.up, RemoteClock(), report_ssrc=9)
        self.router.add(self.track)
        self.channel = FakeChannel()
        self.subscriber = Subscriber("down", self.router, self.channel, Credentials("u", "p"), report_ssrc=8, now=0.0)
        if up:
            self.connect()

    def connect(self) -> None:
        self.subscriber.agent.state = State.CONNECTED
        self.subscriber.secured(now=0.0)

    def subscribe(self) -> TrackSubscribed:
        answer = self.subscriber.subscribe(subscribe())
        assert isinstance(answer, TrackSubscribed)
        return answer

    def watch(self, height: int = 180, *, now: float = 0.0) -> None:
        assert self.subscriber.watch(WatchTracks("down", [TrackWish("camera", height)]), now=now) == Done()
        self.subscriber.handle_timer(now=now)

    def start(self, now: float = 0.0) -> None:
        assert self.subscriber.start("camera", now=now) == Done()
        self.watch(now=now)

    def put(self, sequence: int) -> None:
        encoding = self.track.encodings[0]
        packet = MediaPacket(sequence, sequence, 0, 96, KEY, arrival=0.0, keyframe=True)
        encoding.cache.put(packet)
        for copy in encoding.down_tracks:
            copy.forward(packet, encoding)

    def report(self, packets: Sequence[bytes], now: float = 0.0) -> None:
        self.subscriber.receive_rtcp(self.channel.put(b"".join(packets)), now=now)


@pytest.fixture
def room() -> Room:
    return Room()


def test_the_same_request_gets_the_same_answer_and_another_a_new_copy(room: Room) -> None:
    first = room.subscribe()
    assert room.subscribe() == first
    assert room.subscriber.subscribe(subscribe("nothing")) == Refused("no_such_track")
    assert room.subscriber.subscribe(subscribe(codec=OPUS)) == Refused("unsupported_codec")
    again = room.subscribe()
    assert again.ssrc != first.ssrc
    assert again.cname == first.cname
    assert len(room.track.down_tracks) == 1


def test_nothing_flows_before_the_start(room: Room) -> None:
    assert room.subscriber.start("camera", now=0.0) == Refused("no_such_track")
    room.subscribe()
    room.put(1)
    assert room.channel.sent == []
    room.start()
    assert room.up.take_rtcp() == [PictureLossIndication(9, 1000)]
    room.put(2)
    assert len(room.channel.sent) == 1


def test_a_start_before_the_connection_waits_for_it() -> None:
    room = Room(up=False)
    room.subscribe()
    room.start()
    room.put(1)
    assert room.channel.sent == []
    assert room.up.rtcp == []
    room.connect()
    room.subscriber.handle_timer(now=0.0)
    assert room.up.take_rtcp() == [PictureLossIndication(9, 1000)]
    room.put(2)
    assert len(room.channel.sent) == 1


def test_a_lost_connection_stops_the_flow_and_its_return_asks_for_a_key_frame(room: Room) -> None:
    room.subscribe()
    room.start()
    room.put(1)
    room.up.rtcp.clear()
    room.subscriber.agent.state = State.DISCONNECTED
    room.subscriber.secured(now=10.0)
    room.put(2)
    assert len(room.channel.sent) == 1
    room.subscriber.agent.state = State.CONNECTED
    room.subscriber.secured(now=12.0)
    room.subscriber.handle_timer(now=12.0)
    assert room.up.take_rtcp() == [PictureLossIndication(9, 1000)]
    room.put(3)
    assert len(room.channel.sent) == 2


def test_a_track_that_ends_takes_its_copies_along(room: Room) -> None:
    first = room.subscribe()
    room.router.remove(room.track)
    assert room.subscriber.start("camera", now=0.0) == Refused("no_such_track")
    room.router.add(room.track)
    assert room.subscribe().ssrc != first.ssrc


def test_unsubscribing_twice_and_closing(room: Room) -> None:
    answer = room.subscribe()
    room.subscriber.unsubscribe("camera")
    room.subscriber.unsubscribe("camera")
    assert room.track.down_tracks == []
    assert room.channel.forgotten_sent == [answer.ssrc, answer.rtx_ssrc]
    room.subscribe()
    room.subscriber.close()
    assert room.track.down_tracks == []


def test_nack_pli_and_fir_are_obeyed(room: Room) -> None:
    answer = room.subscribe()
    room.start()
    room.put(1)
    room.up.rtcp.clear()
    number = int.from_bytes(room.channel.sent[0][2:4], "big")
    room.report([Nack(1, answer.ssrc, [number]).to_bytes()])
    assert len(room.channel.sent) == 2
    room.report([PictureLossIndication(1, answer.ssrc).to_bytes()], now=1.0)
    room.report([FullIntraRequest(1, [(answer.ssrc, 1)]).to_bytes()], now=2.0)
    assert len(room.up.take_rtcp()) == 2


def test_who_asks_for_too_much_waits_for_the_next_second(room: Room) -> None:
    """One datagram can ask for 6000 packets: a hundred of them a second took all the time of everybody's worker."""
    answer = room.subscribe()
    room.start()
    for sequence in (1, 2):
        room.put(sequence)
    number = int.from_bytes(room.channel.sent[1][2:4], "big")
    room.subscriber.handle_timer(now=0.2)
    room.channel.sent.clear()
    room.report([Nack(1, answer.ssrc, [number, *range(number + 1000, number + 2000)]).to_bytes()], now=0.3)
    room.report([Nack(1, answer.ssrc, list(range(number + 1000, number + 1998))).to_bytes()], now=0.3)
    assert len(room.channel.sent) == 1
    for now, sent in ((0.5, 2), (0.7, 2), (1.1, 2)):
        room.report([Nack(1, answer.ssrc, [number]).to_bytes()], now=now)
        assert len(room.channel.sent) == sent
    room.subscriber.handle_timer(now=1.25)
    room.report([Nack(1, answer.ssrc, [number]).to_bytes()], now=1.3)
    assert len(room.channel.sent) == 3


def test_requests_for_somebody_elses_ssrc_do_nothing(room: Room) -> None:
    room.subscribe()
    room.subscriber.start("camera", now=0.0)
    room.up.rtcp.clear()
    room.report([PictureLossIndication(1, 1000).to_bytes(), Nack(1, 1000, [1]).to_bytes()], now=5.0)
    room.report([ReceiverReport(1, [ReportBlock(1000, 1, 1, 1, 1)]).to_bytes()])
    assert room.up.rtcp == []
    assert room.channel.sent == []


def test_reports_about_a_copy_reach_it(room: Room) -> None:
    answer = room.subscribe()
    room.report([ReceiverReport(1, [ReportBlock(answer.ssrc, 33, 1, 1, 1)]).to_bytes()], now=1.0)
    assert room.subscriber.tracks["camera"].fraction_lost(now=1.0) == 33


def test_sender_reports_come_soon_and_then_every_second(room: Room) -> None:
    answer = room.subscribe()
    room.start()
    room.put(90_000)
    room.track.encodings[0].clock.sender_report(ntp_time(77.0), 90_000, now=0.0)
    room.channel.take_rtcp()
    for tick in range(1, 215):
        room.subscriber.handle_timer(now=tick / 100)
    packets = room.channel.take_rtcp()
    reports = [packet for packet in packets if isinstance(packet, SenderReport)]
    assert len(reports) == 3
    assert reports[0].ssrc == answer.ssrc
    assert abs(reports[1].rtp_timestamp - reports[0].rtp_timestamp - 90_000) <= 900
    assert SourceDescription([(answer.ssrc, answer.cname.encode())]) in packets


def test_media_from_a_subscriber_is_dropped(room: Room) -> None:
    room.subscriber.receive_rtp(12, now=0.0)
    assert room.channel.unprotected == 0
    assert room.subscriber.refused == 1


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(min_size=12, max_size=80), max_size=10))
def test_authentic_junk_never_raises(packets: list[bytes]) -> None:
    room = Room()
    room.subscribe()
    room.start()
    room.put(1)
    for packet in packets:
        room.report([packet])
