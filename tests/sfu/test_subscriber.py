"""A subscribe transport on a virtual clock, with SRTP that changes nothing."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfu.bwe import estimator
from sfu.control import Done, Extensions, Refused, TracksHeld, TrackSubscribed, TrackWish, WatchTracks
from sfu.forwarding.down_track import ASKS, DownTrack
from sfu.forwarding.header_rewriter import NUMBER_AT
from sfu.forwarding.router import Router
from sfu.forwarding.up_track import UpTrack
from sfu.ice.lite_agent import Credentials, State
from sfu.peer import MAX_RTCP_BYTES
from sfu.refusals import Refusal
from sfu.rtp.packet import MediaPacket
from sfu.rtp.rtcp import (
    FullIntraRequest,
    Nack,
    PictureLossIndication,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
    TransportFeedback,
)
from sfu.streams.clock_map import RemoteClock, ntp_time
from sfu.subscriber import MAX_ASKED, MAX_TRACKS, Subscriber
from tests.sfu.fakes import KEY, OPUS, Draw, FakeChannel, publish, subscribe
from tests.sfu.test_peer import AWAY, Transport


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

    def add_sound(self) -> None:
        self.mic = UpTrack(publish("mic", kind="audio", ssrc=3000), "ada", self.up, RemoteClock(), report_ssrc=9)
        self.router.add(self.mic)
        assert isinstance(self.subscriber.subscribe(subscribe("mic", codec=OPUS)), TrackSubscribed)

    def speak(self, sequence: int) -> None:
        encoding = self.mic.encodings[0]
        packet = MediaPacket(sequence, sequence, 0, 111, b"sound", arrival=0.0)
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


def test_it_says_when_it_is_to_be_looked_at(room: Room) -> None:
    down = room.subscriber
    down.handle_timer(now=0.0)
    assert down.due == pytest.approx(estimator.SAMPLE, abs=1e-5)
    room.subscribe()
    assert down.due <= 0.0
    down.handle_timer(now=0.01)
    room.start(now=0.01)
    assert down.start("camera", now=0.01) == Done()
    assert down.due <= 0.01
    down.handle_timer(now=0.01)
    assert 0.01 < down.due < 0.1
    room.report([TransportFeedback(1, 2, 0, 1, 0, [(0, 1)]).to_bytes()], now=0.02)
    assert down.due > 0.02, "all is as it was"
    down.sender.estimator._loss.estimate = 200_000
    room.report([TransportFeedback(1, 2, 1, 1, 1, [(0, 2)]).to_bytes()], now=0.02)
    assert down.due <= 0.02
    down.handle_timer(now=0.02)
    for sequence in range(1, 200):
        room.put(sequence)
    assert down.sender.waiting
    assert down.due <= 0.02
    down.handle_timer(now=0.03)
    assert down.due <= 0.03, "something still waits"


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


def test_another_path_after_an_ice_restart_asks_for_a_key_frame() -> None:
    """What was sent into the old one for a second or two would hold up the picture by as much, sent again."""
    room, transport = Room(up=False), Transport()
    room.subscriber.agent = transport.peer.agent
    transport.peer = room.subscriber
    transport.check(0.0)
    room.subscriber.secured(now=0.0)
    answer = room.subscribe()
    room.start()
    room.put(1)
    number = int.from_bytes(room.channel.sent[0][2:4], "big")
    room.up.rtcp.clear()
    room.subscriber.restart_ice(Credentials("ours2", "password"))
    room.subscriber.connect(Credentials("theirs2", "secret2"))
    transport.check(1.0)
    assert room.up.rtcp == []
    transport.check(1.5, AWAY, "ours2", "theirs2")
    assert room.up.take_rtcp() == [PictureLossIndication(9, 1000)]
    room.channel.sent.clear()
    for _ in range(200):  # which uses up nothing of what may be asked for
        room.report([Nack(1, answer.ssrc, list(range(number - 19, number + 1))).to_bytes()], now=1.6)
    assert room.channel.sent == []
    room.put(2)
    room.report([Nack(1, answer.ssrc, [number, number + 2]).to_bytes()], now=1.7)
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


def test_key_frames_and_packets_asked_for_beyond_the_limits_are_counted(room: Room) -> None:
    answer = room.subscribe()
    room.start()
    for _ in range(ASKS):
        room.track.encodings[0]._requests.key_frame()  # what was asked for has come
        room.report([PictureLossIndication(1, answer.ssrc).to_bytes()], now=1.0)
    room.track.encodings[0]._requests.key_frame()
    assert room.subscriber.refusals.total == 0
    for _ in range(Refusal.TOO_MANY_KEY_FRAMES.told_from):
        room.report([PictureLossIndication(1, answer.ssrc).to_bytes()], now=1.0)
    assert room.subscriber.refusals.untold == [Refusal.TOO_MANY_KEY_FRAMES]
    room.report([Nack(1, answer.ssrc, list(range(MAX_ASKED))).to_bytes()], now=1.0)
    assert room.subscriber.refusals.untold[1:] == []
    room.report([Nack(1, answer.ssrc, [1]).to_bytes()], now=1.0)
    assert room.subscriber.refusals.untold[1:] == [Refusal.TOO_MANY_REPEATS]


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
    assert room.subscriber.tracks["camera"].loss.fraction(now=1.0) == 33


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


def test_floods_of_reports_are_read_up_to_a_bound(room: Room) -> None:
    """Feedback about numbers that were never sent, in every datagram as many as fit."""
    flood = TransportFeedback(1, 2, 40_000, 1300, 0, [(offset, offset) for offset in range(1300)]).to_bytes()
    before = room.subscriber.sender.estimator.estimate
    for _ in range(1000):
        room.report([flood], now=1.0)
    assert room.subscriber.refusals.total == 1000 - MAX_RTCP_BYTES // len(flood)
    assert room.subscriber.sender.estimator.estimate == before
    room.report([flood], now=2.0)
    assert room.subscriber.refusals.total == 1000 - MAX_RTCP_BYTES // len(flood)


def test_pictures_without_a_wish_and_sound_that_is_asked_to_pause_are_not_sent(room: Room) -> None:
    room.subscribe()
    room.add_sound()
    room.subscriber.start("camera", now=0.0)
    room.subscriber.start("mic", now=0.0)
    room.subscriber.handle_timer(now=0.1)
    room.put(1)
    room.speak(1)
    assert [packet[1] & 0x7F for packet in room.channel.sent] == [111]
    wishes = [TrackWish("camera", 180), TrackWish("mic", 0)]
    room.subscriber.watch(WatchTracks("down", wishes), now=0.2)
    room.put(2)
    room.speak(2)
    assert [packet[1] & 0x7F for packet in room.channel.sent] == [111, 100]
    room.subscriber.watch(WatchTracks("down", []), now=0.3)
    room.put(3)
    room.speak(3)
    assert [packet[1] & 0x7F for packet in room.channel.sent] == [111, 100, 111]


def test_a_wish_for_what_is_not_there_yet_is_kept(room: Room) -> None:
    room.watch()
    room.subscribe()
    room.subscriber.start("camera", now=0.0)
    room.subscriber.handle_timer(now=0.1)
    room.put(1)
    assert len(room.channel.sent) == 1


def test_too_many_wishes_change_nothing(room: Room) -> None:
    wishes = [TrackWish(str(number), 180) for number in range(MAX_TRACKS + 1)]
    assert room.subscriber.watch(WatchTracks("down", wishes), now=0.0) == Refused("limit")


def test_what_finds_no_room_is_reported_and_reported_again_when_it_does(room: Room) -> None:
    room.subscribe()
    room.start()
    room.subscriber.events.clear()
    room.subscriber.watch(WatchTracks("down", [TrackWish("camera", 180)], max_rate=10_000), now=1.0)
    assert room.subscriber.events == [TracksHeld("down", ["camera"], False)]
    room.put(1)
    assert room.channel.sent == []
    room.subscriber.watch(WatchTracks("down", [TrackWish("camera", 180)]), now=1.5)
    assert len(room.subscriber.events) == 1
    for tick in range(151, 275):
        room.subscriber.handle_timer(now=tick / 100)
    assert room.subscriber.events[1:] == [TracksHeld("down", [], False)]


def test_numbers_follow_the_order_of_leaving_and_probes_go_out_as_padding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimator, "FIRST_ESTIMATE", 200_000)  # room for one of two
    room = Room()
    screen = UpTrack(publish("screen", ssrc=5000), "ada", room.up, RemoteClock(), report_ssrc=9)
    room.router.add(screen)
    room.subscriber.subscribe(subscribe("screen"))
    room.subscriber.start("screen", now=0.0)
    answer = room.subscriber.subscribe(subscribe(extensions=Extensions(transport_cc=1)))
    assert isinstance(answer, TrackSubscribed)
    room.start()
    wishes = [TrackWish("camera", 180, first=True), TrackWish("screen", 180)]
    room.subscriber.watch(WatchTracks("down", wishes), now=0.0)
    told = 0
    for tick in range(1, 300):
        room.put(tick)
        room.subscriber.handle_timer(now=tick / 100)
        sent = len(room.channel.sent)
        if tick % 10 == 0 and sent > told:
            arrivals = [(offset, tick * 40) for offset in range(sent - told)]
            room.report([TransportFeedback(1, 2, told, sent - told, 0, arrivals).to_bytes()], now=tick / 100)
            told = sent
    numbers = [int.from_bytes(packet[NUMBER_AT : NUMBER_AT + 2], "big") for packet in room.channel.sent]
    assert numbers == list(range(len(numbers)))
    padding = [packet for packet in room.channel.sent if packet[0] & 0x20]
    assert padding
    assert {int.from_bytes(packet[8:12], "big") for packet in padding} == {answer.rtx_ssrc}


def test_what_the_answer_left_out_is_neither_written_nor_counted() -> None:
    # Firefox takes transport-cc for pictures and not for sound: a number that it never reports on would count as lost.
    room = Room()
    offered = Extensions(transport_cc=1)
    room.subscriber.subscribe(subscribe(extensions=offered))
    assert room.subscriber.start("camera", Extensions(), now=0.0) == Done()
    room.connect()
    room.subscriber.watch(WatchTracks("down", [TrackWish("camera", 180)]), now=0.0)
    room.put(1)
    room.subscriber.handle_timer(now=0.01)
    assert room.channel.sent
    assert all(not packet[0] & 0x10 for packet in room.channel.sent)


def test_a_browser_that_reports_on_sound_alone_is_not_sent_padding_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def padding(self: DownTrack, *, now: float) -> None:
        raise AssertionError("a probe with padding of which nothing will be heard")

    monkeypatch.setattr(DownTrack, "send_padding", padding)
    monkeypatch.setattr(estimator.Estimator, "wants_padding", lambda self, *, now: True)
    room = Room()
    room.add_sound()
    room.subscriber.subscribe(subscribe(extensions=Extensions(transport_cc=1)))
    assert room.subscriber.start("camera", Extensions(), now=0.0) == Done()
    room.watch()


def test_media_from_a_subscriber_is_dropped(room: Room) -> None:
    room.subscriber.receive_rtp(12, now=0.0)
    assert room.channel.unprotected == 0
    assert room.subscriber.refusals.total == 1


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(min_size=12, max_size=80), max_size=10))
def test_authentic_junk_never_raises(packets: list[bytes]) -> None:
    room = Room()
    room.subscribe()
    room.start()
    room.put(1)
    for packet in packets:
        room.report([packet])
