"""A publish transport on a virtual clock, with SRTP that changes nothing."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfu.bwe.allocation import Layer
from sfu.bwe.twcc_receiver import INTERVAL
from sfu.control import Done, EncodingParameters, EncodingsWanted, Extensions, Refused
from sfu.forwarding.router import Router
from sfu.ice.lite_agent import Credentials, State
from sfu.peer import MAX_RTCP_SENDERS
from sfu.publisher import MAX_RETIRED, MAX_TRACKS, Publisher
from sfu.rtp import rtcp
from sfu.rtp.rtcp import Nack, PictureLossIndication, ReceiverReport, TransportFeedback
from tests.sfu.fakes import (
    DELTA,
    KEY,
    MORE,
    OPUS,
    Draw,
    FakeChannel,
    one_byte_extension,
    paced,
    publish,
    rtp,
    subscribe,
)


class Room:
    """A router, a publisher that is up, and a bare down channel."""

    def __init__(self) -> None:
        self.router = Router(draw=Draw())
        self.channel = FakeChannel()
        self.publisher = self.open("up", self.channel)
        self.down = FakeChannel()

    def open(self, name: str, channel: FakeChannel) -> Publisher:
        publisher = Publisher(name, self.router, channel, Credentials(name, "pwd"), report_ssrc=99, now=0.0)
        publisher.agent.state = State.CONNECTED
        publisher.secured(now=0.0)
        return publisher

    def receive(self, packet: bytes, now: float = 0.0) -> None:
        self.publisher.receive_rtp(self.channel.put(packet), now=now)

    def watch(self, track: str = "camera") -> None:
        copy = self.router.subscribe(subscribe(track), paced(self.down), on_ended=lambda ended: None)
        assert not isinstance(copy, Refused)
        copy.resume(now=0.0)
        self.channel.rtcp.clear()

    def payloads(self) -> list[bytes]:
        return [packet[12:] for packet in self.down.sent]


@pytest.fixture
def room() -> Room:
    return Room()


# -- Requests ---------------------------------------------------------------------------------------------------------


def test_publishing_again_alike_is_done_and_otherwise_refused(room: Room) -> None:
    assert room.publisher.publish(publish()) == Done()
    assert room.publisher.publish(publish()) == Done()
    assert room.publisher.publish(publish(ssrc=2)) == Refused("ssrc_taken")


def test_a_mid_or_ssrc_in_use_is_refused(room: Room) -> None:
    room.publisher.publish(publish(ssrc=1, rtx_ssrc=2))
    assert room.publisher.publish(publish("other", mid="0", ssrc=5)) == Refused("ssrc_taken")
    assert room.publisher.publish(publish("other", mid="1", ssrc=2)) == Refused("ssrc_taken")
    assert room.publisher.publish(publish("other", mid="1", ssrc=7, rtx_ssrc=7)) == Refused("ssrc_taken")
    another = room.open("up2", FakeChannel())
    assert another.publish(publish("theirs", ssrc=1)) == Refused("ssrc_taken")
    assert another.publish(publish("camera", ssrc=8)) == Refused("ssrc_taken")


def test_limits(room: Room) -> None:
    assert room.publisher.publish(publish(encodings=[EncodingParameters()] * 4)) == Refused("limit")
    for number in range(MAX_TRACKS):
        assert room.publisher.publish(publish(f"t{number}", mid=str(number), ssrc=1 + number)) == Done()
    assert room.publisher.publish(publish("more", mid="m", ssrc=50)) == Refused("limit")


def test_after_unpublishing_everything_is_free_again(room: Room) -> None:
    room.publisher.publish(publish())
    room.publisher.unpublish("camera")
    room.publisher.unpublish("camera")
    assert room.router.tracks == {}
    assert room.publisher.publish(publish("next")) == Done()


def test_srtp_state_of_ended_ssrcs_is_kept_for_reuse_but_bounded(room: Room) -> None:
    for number in range(MAX_RETIRED + 3):
        room.publisher.publish(publish(ssrc=1 + number))
        room.publisher.unpublish("camera")
    assert room.channel.forgotten_received == [1, 2, 3]


# -- Packets ----------------------------------------------------------------------------------------------------------


def test_a_packet_reaches_the_subscriber_renumbered(room: Room) -> None:
    room.publisher.publish(publish())
    room.watch()
    room.receive(rtp(1000, 1, KEY, timestamp=7, marker=True))
    (copy,) = room.down.sent
    assert copy[12:] == KEY
    assert copy[1] == 0x80 | 100
    assert struct.unpack_from("!I", copy, 4) == (7,)


def test_mid_and_rid_are_not_passed_on(room: Room) -> None:
    room.publisher.publish(publish(extensions=Extensions(mid=1, rid=2)))
    room.watch()
    room.receive(rtp(1000, 1, KEY, extension=one_byte_extension((1, b"0"), (2, b"q"))))
    assert room.down.sent[0][0] == 0x80
    assert room.payloads() == [KEY]


def test_padding_is_taken_off(room: Room) -> None:
    room.publisher.publish(publish())
    room.watch()
    packet = bytearray(rtp(1000, 1, KEY + b"\0\0\3"))
    packet[0] |= 0x20
    room.receive(bytes(packet))
    assert room.payloads() == [KEY]


def test_a_foreign_ssrc_is_dropped_before_srtp_sees_it(room: Room) -> None:
    room.publisher.publish(publish())
    room.watch()
    room.receive(rtp(4711, 1, KEY))
    assert room.channel.unprotected == 0
    assert room.publisher.refusals.total == 1
    assert room.down.sent == []


def test_a_forged_packet_changes_nothing(room: Room) -> None:
    room.publisher.publish(publish(encodings=[EncodingParameters()], extensions=Extensions(mid=1)))
    room.watch()
    room.channel.authentic = False
    room.receive(rtp(4711, 1, KEY, extension=one_byte_extension((1, b"0"))))
    room.channel.authentic = True
    assert room.publisher.refusals.total == 1
    assert room.router.is_free(4711)
    room.receive(rtp(4712, 1, KEY, extension=one_byte_extension((1, b"0"))))
    assert room.payloads() == [KEY]


def test_repeated_packets_are_forwarded_once(room: Room) -> None:
    room.publisher.publish(publish())
    room.watch()
    for sequence in (1, 2, 2, 1):
        room.receive(rtp(1000, sequence, KEY if sequence == 1 else DELTA))
    assert len(room.down.sent) == 2


def test_an_unknown_payload_format_is_dropped(room: Room) -> None:
    room.publisher.publish(publish())
    room.watch()
    room.receive(rtp(1000, 1, KEY, payload_type=35))
    assert room.down.sent == []


def test_ssrcs_are_learnt_from_mid_once(room: Room) -> None:
    extensions = Extensions(mid=1)
    room.publisher.publish(publish(encodings=[EncodingParameters()], extensions=extensions))
    room.watch()
    named = one_byte_extension((1, b"0"))
    room.receive(rtp(5, 1, KEY, extension=named))
    room.receive(rtp(6, 1, KEY, extension=named))
    room.receive(rtp(5, 2, DELTA))
    assert room.payloads() == [KEY, DELTA]
    assert not room.router.is_free(5)
    assert room.router.is_free(6)


def test_ssrcs_are_learnt_from_rid_and_repaired_rid(room: Room) -> None:
    extensions = Extensions(mid=1, rid=2, repaired_rid=3)
    encodings = [EncodingParameters(rid="q"), EncodingParameters(rid="f")]
    room.publisher.publish(publish(encodings=encodings, extensions=extensions))
    room.receive(rtp(5, 1, KEY, extension=one_byte_extension((1, b"0"), (2, b"f"))))
    room.receive(rtp(6, 1, b"\0\1" + KEY, payload_type=97, extension=one_byte_extension((1, b"0"), (3, b"f"))))
    small, large = room.router.tracks["camera"].encodings
    assert (small.ssrc, small.rtx_ssrc) == (0, 0)
    assert (large.ssrc, large.rtx_ssrc) == (5, 6)


def test_an_m_line_that_is_used_again_goes_on_with_ssrcs_that_no_longer_say_their_names(room: Room) -> None:
    """As Chromium does once a receiver report has come: a camera that went to VP9 and back was seen by nobody."""
    extensions = Extensions(mid=1, rid=2, repaired_rid=3)
    encodings = [EncodingParameters(rid="q"), EncodingParameters(rid="f")]
    room.publisher.publish(publish("first", encodings=encodings, extensions=extensions))
    for ssrc, rid in ((4, b"q"), (5, b"f")):
        room.receive(rtp(ssrc, 1, KEY, extension=one_byte_extension((1, b"0"), (2, rid))))
    room.receive(rtp(6, 1, b"\0\1" + KEY, payload_type=97, extension=one_byte_extension((1, b"0"), (3, b"f"))))
    room.publisher.unpublish("first")
    room.receive(rtp(5, 2, KEY))
    assert room.publisher.refusals.total == 1

    room.publisher.publish(publish("elsewhere", mid="1", encodings=encodings, extensions=extensions))
    room.receive(rtp(5, 3, KEY))
    room.publisher.publish(publish("again", encodings=encodings, extensions=extensions))
    for ssrc in (5, 4):
        room.receive(rtp(ssrc, 4, KEY))
    room.receive(rtp(6, 4, b"\0\4" + KEY, payload_type=97))
    found = {
        name: [(each.ssrc, each.rtx_ssrc) for each in track.encodings] for name, track in room.router.tracks.items()
    }
    assert found == {"elsewhere": [(0, 0), (0, 0)], "again": [(4, 0), (5, 6)]}


def test_an_m_line_that_is_used_again_may_have_new_ssrcs(room: Room) -> None:
    extensions = Extensions(mid=1, rid=2)
    encodings = [EncodingParameters(rid="q")]
    for ssrc in (4, 5):
        room.publisher.publish(publish(encodings=encodings, extensions=extensions))
        room.receive(rtp(ssrc, 1, KEY, extension=one_byte_extension((1, b"0"), (2, b"q"))))
        assert room.router.tracks["camera"].encodings[0].ssrc == ssrc
        room.receive(rtp(4, 2, KEY))
        assert room.router.is_free(9 - ssrc)
        room.publisher.unpublish("camera")


def test_a_learnt_ssrc_may_not_be_somebody_elses(room: Room) -> None:
    another = room.open("up2", FakeChannel())
    another.publish(publish("theirs", ssrc=5))
    room.publisher.publish(publish(encodings=[EncodingParameters()], extensions=Extensions(mid=1)))
    room.receive(rtp(5, 1, KEY, extension=one_byte_extension((1, b"0"))))
    assert room.channel.unprotected == 0


def test_a_retransmission_fills_the_gap_and_probes_are_dropped(room: Room) -> None:
    room.publisher.publish(publish(rtx_ssrc=2000))
    room.watch()
    room.receive(rtp(1000, 1, KEY))
    room.receive(rtp(1000, 3, DELTA))
    room.receive(rtp(2000, 1, b"", payload_type=97))
    room.receive(rtp(2000, 2, struct.pack("!H", 2) + MORE, payload_type=97))
    room.receive(rtp(2000, 3, struct.pack("!H", 2) + MORE, payload_type=97))
    assert room.payloads() == [KEY, DELTA, MORE]
    numbers = [struct.unpack_from("!H", packet, 2)[0] for packet in room.down.sent]
    assert [number - numbers[0] for number in numbers] == [0, 2, 1]


def test_malformed_packets_are_counted_and_dropped(room: Room) -> None:
    room.publisher.publish(publish())
    room.receive(bytes.fromhex("90600001 00000002 000003e8 bedeffff"))
    assert room.publisher.refusals.total == 1
    room.receive(rtp(1000, 1, KEY))
    assert room.publisher.refusals.total == 1


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(min_size=12, max_size=60), max_size=20), st.booleans())
def test_authentic_junk_never_raises(packets: list[bytes], learn: bool) -> None:
    room = Room()
    extensions = Extensions(mid=1, transport_cc=3, dependency_descriptor=4)
    room.publisher.publish(publish(rtx_ssrc=2000, extensions=extensions))
    room.publisher.publish(
        publish("mic", kind="audio", mid="1", encodings=[EncodingParameters()], extensions=extensions)
    )
    room.watch()
    for index, packet in enumerate(packets):
        ssrc = (1000, 2000, 4000 + index)[index % 3]
        changed = packet[:8] + struct.pack("!I", ssrc) + packet[12:]
        room.receive(changed, now=index / 100)
        room.publisher.receive_rtcp(room.channel.put(packet), now=index / 100)
        room.publisher.handle_timer(now=index / 100)


# -- RTCP and time ----------------------------------------------------------------------------------------------------


def test_a_gap_is_asked_for_and_after_the_answer_no_more(room: Room) -> None:
    room.publisher.publish(publish(rtx_ssrc=2000))
    room.receive(rtp(1000, 1, KEY), 0.0)
    room.receive(rtp(1000, 3, DELTA), 0.01)
    room.receive(rtp(1000, 4, DELTA), 0.02)
    room.publisher.handle_timer(now=0.04)
    assert [packet.lost for packet in room.channel.take_rtcp() if isinstance(packet, Nack)] == [[2]]
    room.receive(rtp(2000, 1, struct.pack("!H", 2) + MORE, payload_type=97), 0.05)
    for tick in range(100):
        room.publisher.handle_timer(now=0.06 + tick / 100)
    assert [packet for packet in room.channel.take_rtcp() if isinstance(packet, Nack)] == []


def test_it_says_when_it_is_to_be_looked_at(room: Room) -> None:
    publisher = room.publisher
    assert publisher.due <= 0.0
    publisher.publish(publish(extensions=Extensions(transport_cc=3)))
    room.receive(rtp(1000, 1, KEY, extension=one_byte_extension((3, b"\0\1"))), 0.0)
    publisher.handle_timer(now=0.0)
    assert publisher.due == pytest.approx(INTERVAL, abs=1e-5), "the first packet's feedback"
    room.receive(rtp(1000, 2, DELTA, extension=one_byte_extension((3, b"\0\2"))), 0.01)
    assert publisher.due == pytest.approx(INTERVAL, abs=1e-5), "nothing more"
    room.receive(rtp(1000, 4, DELTA, extension=one_byte_extension((3, b"\0\4"))), 0.02)
    assert publisher.due < 0.02, "a gap"
    publisher.handle_timer(now=0.02)
    assert publisher.due < 0.02, "it may be asked for sooner than is known now"
    publisher.close()


def test_what_comes_after_a_silence_is_looked_at(room: Room) -> None:
    """Also where the twin takes what comes in order: it leaves the first packet after a silence to Python."""
    publisher = room.publisher
    publisher.publish(publish())
    (encoding,) = publisher.tracks["camera"].encodings
    room.receive(rtp(1000, 1, KEY), 0.0)
    room.receive(rtp(1000, 2, DELTA), 0.01)
    publisher.handle_timer(now=0.02)
    assert encoding.alive
    publisher.handle_timer(now=0.6)
    assert not encoding.alive
    assert publisher.due > 0.7 - 0.1
    room.receive(rtp(1000, 3, DELTA), 0.61)
    assert publisher.due < 0.61
    publisher.handle_timer(now=0.62)
    assert encoding.alive
    assert publisher.due > 0.62


def extended_report(ssrc: int, *answers: tuple[int, int, int]) -> bytes:
    """An XR of somebody with these answers to reference times, written by hand (RFC 3611 section 4.5)."""
    body = b"".join(struct.pack("!III", *answer) for answer in answers)
    return struct.pack("!BBHIBBH", 0x80, 207, len(body) // 4 + 2, ssrc, 5, 0, len(body) // 4) + body


@pytest.mark.parametrize(("answered", "asked"), [(True, 7), (False, 16)])
def test_a_loss_is_asked_for_twice_a_round_trip(room: Room, answered: bool, asked: int) -> None:
    """A publisher 300 ms away: in a second six times and once more. Unknown, 100 ms are taken for granted."""
    room.publisher.publish(publish())
    room.receive(rtp(1000, 1, KEY), 0.0)
    room.publisher.handle_timer(now=10.0)
    (sent,) = [packet for packet in room.channel.rtcp if packet[-20:-16] == bytes.fromhex("80cf0004")]
    if answered:
        middle = int.from_bytes(sent[-6:-2], "big")
        others, ours = (4711, middle, 0), (99, middle, 0x10000)
        room.publisher.receive_rtcp(room.channel.put(extended_report(1000, others, ours)), now=11.3)
    room.receive(rtp(1000, 3, DELTA), 20.0)
    room.receive(rtp(1000, 4, DELTA), 20.01)
    for tick in range(2, 102):
        room.publisher.handle_timer(now=20 + tick / 100)
    assert [packet.lost for packet in room.channel.take_rtcp() if isinstance(packet, Nack)] == [[2]] * asked


def test_after_a_long_gap_only_who_waits_for_a_picture_asks_for_one(room: Room) -> None:
    """No key frame ever comes for sound: a request that nothing answers was repeated for the rest of the meeting."""
    room.publisher.publish(publish("mic", kind="audio", mid="1", ssrc=7))
    room.publisher.publish(publish())
    copy = room.router.subscribe(subscribe("mic", codec=OPUS), paced(), on_ended=lambda ended: None)
    assert not isinstance(copy, Refused)
    copy.resume(now=0.0)
    for ssrc, payload_type in ((7, 111), (1000, 96)):
        room.receive(rtp(ssrc, 1, KEY, payload_type=payload_type))
        room.receive(rtp(ssrc, 1001, DELTA, payload_type=payload_type), 20.0)
    for tick in range(100):
        room.publisher.handle_timer(now=20 + tick / 50)
    assert [packet for packet in room.channel.take_rtcp() if isinstance(packet, PictureLossIndication)] == []
    room.watch()
    room.receive(rtp(1000, 1002, KEY), 22.0)
    room.receive(rtp(1000, 2002, DELTA), 23.0)
    room.publisher.handle_timer(now=23.1)
    assert [packet for packet in room.channel.take_rtcp() if isinstance(packet, PictureLossIndication)] != []


def test_transport_wide_feedback_tells_what_arrived(room: Room) -> None:
    room.publisher.publish(publish(extensions=Extensions(transport_cc=3)))
    for number in (10, 11, 13):
        extension = one_byte_extension((3, struct.pack("!H", number)))
        room.receive(rtp(1000, number, DELTA, extension=extension), number / 1000)
    room.publisher.handle_timer(now=0.3)
    (feedback,) = [packet for packet in room.channel.take_rtcp() if isinstance(packet, TransportFeedback)]
    assert feedback.base_sequence == 10
    assert [offset for offset, _ in feedback.arrivals] == [0, 1, 3]


def test_key_frame_requests_repeat_until_one_comes(room: Room) -> None:
    room.publisher.publish(publish())
    room.watch()
    for tick in range(1, 201):
        room.publisher.handle_timer(now=tick / 100)
    assert len([p for p in room.channel.take_rtcp() if isinstance(p, PictureLossIndication)]) == 4
    room.receive(rtp(1000, 1, KEY), 2.0)
    for tick in range(201, 400):
        room.publisher.handle_timer(now=tick / 100)
    assert [p for p in room.channel.take_rtcp() if isinstance(p, PictureLossIndication)] == []


def test_ten_joins_in_a_second_cost_two_key_frames(room: Room) -> None:
    room.publisher.publish(publish())
    asked = 0
    for tick in range(200):
        now = tick / 100
        if tick < 100 and tick % 10 == 0:
            copy = room.router.subscribe(subscribe(), paced(room.down), on_ended=lambda ended: None)
            assert not isinstance(copy, Refused)
            copy.resume(now=now)
        room.publisher.handle_timer(now=now)
        new = len([p for p in room.channel.take_rtcp() if isinstance(p, PictureLossIndication)])
        asked += new
        if new:
            room.receive(rtp(1000, tick + 1, KEY), now)
    assert asked == 2


def test_receiver_reports_come_every_second(room: Room) -> None:
    room.publisher.publish(publish())
    for sequence in range(1, 11):
        room.receive(rtp(1000, sequence, DELTA), sequence / 100)
    for tick in range(250):
        room.publisher.handle_timer(now=tick / 100)
    reports = [p for p in room.channel.take_rtcp() if isinstance(p, ReceiverReport)]
    assert len(reports) in (2, 3)
    assert reports[0].ssrc == 99
    assert reports[-1].reports[0].ssrc == 1000


def test_sound_is_told_the_worst_loss_of_any_listener(room: Room) -> None:
    room.publisher.publish(publish("mic", kind="audio"))
    copies = [room.router.subscribe(subscribe("mic", codec=OPUS), paced(), on_ended=lambda e: None) for _ in "ab"]
    for copy, lost in zip(copies, (10, 40), strict=True):
        assert not isinstance(copy, Refused)
        copy.receive_report(rtcp.ReportBlock(copy.stream.ssrc, lost, 5, 100, 0), now=1.0)
    room.receive(rtp(1000, 1, b"opus", payload_type=111), 1.0)
    room.receive(rtp(1000, 2, b"opus", payload_type=111), 1.02)
    (track,) = room.router.tracks.values()
    assert [block.fraction_lost for block in track.report_blocks(now=1.5)] == [40]
    assert [block.fraction_lost for block in track.report_blocks(now=20.0)] == [0]
    assert not isinstance(copies[0], Refused)
    copies[0].receive_report(rtcp.ReportBlock(copies[0].stream.ssrc, 255, 5, 100, 0), now=21.0)
    assert [block.fraction_lost for block in track.report_blocks(now=21.5)] == [51]


def test_sound_that_came_only_when_asked_for_is_told_as_lost(room: Room) -> None:
    """Every tenth packet comes a tenth of a second late, because it was asked for."""
    room.publisher.publish(publish("mic", kind="audio"))
    late = []
    for sequence in range(1, 151):
        now = sequence / 50
        if sequence % 10:
            room.receive(rtp(1000, sequence, b"opus", payload_type=111), now)
        else:
            late.append((sequence, now + 0.1))
        if late and late[0][1] <= now:
            room.receive(rtp(1000, late.pop(0)[0], b"opus", payload_type=111), now)
        room.publisher.handle_timer(now=now)
    told = [packet.reports[0] for packet in room.channel.take_rtcp() if isinstance(packet, ReceiverReport)]
    assert len(told) == 3, "the first before anything was lost"
    assert all(20 <= block.fraction_lost <= 31 and block.cumulative_lost <= 1 for block in told[1:])


def test_rtcp_of_many_ssrcs_is_bounded(room: Room) -> None:
    for ssrc in range(1, MAX_RTCP_SENDERS + 40):
        room.publisher.receive_rtcp(room.channel.put(ReceiverReport(ssrc).to_bytes()), now=0.0)
    assert room.channel.unprotected == MAX_RTCP_SENDERS


def test_closing_takes_everything_away(room: Room) -> None:
    room.publisher.publish(publish())
    room.publisher.publish(publish("mic", kind="audio", mid="1", ssrc=7))
    room.watch()
    room.publisher.close()
    assert room.router.tracks == {}
    assert room.router.is_free(1000)
    assert room.router.is_free(7)
    assert not room.publisher.up


def test_signaling_is_told_which_encodings_are_needed(room: Room) -> None:
    encodings = [EncodingParameters(1000 + index, rid=rid) for index, rid in enumerate("qhf")]
    room.publisher.publish(publish(encodings=encodings))
    room.publisher.publish(publish("mic", kind="audio", mid="1", ssrc=7))
    room.watch()
    room.publisher.events.clear()
    for tick in range(100):
        room.receive(rtp(1000, tick, DELTA), tick / 20)
        room.publisher.handle_timer(now=tick / 20)
    assert room.publisher.events == [EncodingsWanted("up", "camera", [True, False, False])]
    (copy,) = room.router.tracks["camera"].down_tracks
    copy.select(Layer(720, 1_000_000, 2, 2), now=5.0)
    room.publisher.handle_timer(now=5.0)
    assert room.publisher.events[1:] == [EncodingsWanted("up", "camera", [True, False, True])]
