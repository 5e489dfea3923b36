import struct

import pytest

from sfu.control import Codec
from sfu.forwarding.down_track import BEGINS, BEGINS_WITHIN, MAX_REPEATS, REPEAT_AFTER, DownTrack
from sfu.forwarding.paced_sender import PacedSender
from sfu.forwarding.reported_loss import REPORT_LIFE
from sfu.forwarding.up_encoding import UpEncoding
from sfu.forwarding.up_track import UpTrack
from sfu.rtp.packet import MediaPacket
from sfu.rtp.rtcp import PictureLossIndication, ReportBlock
from sfu.streams.clock_map import RemoteClock, ntp_time
from tests.sfu.fakes import OPUS, VP8, VP8_DOWN, FakeChannel, publish


class Copy:
    """A down track at SSRC 50, retransmissions at 51, both from sequence number 100 and 200."""

    def __init__(self, kind: str = "video", *, ours: Codec | None = None, numbered: bool = False) -> None:
        self.up = FakeChannel()
        self.down = FakeChannel()
        self.sender = PacedSender(self.down, now=0.0)
        self.ended: list[DownTrack] = []
        theirs = VP8 if kind == "video" else OPUS
        ours = ours or (VP8_DOWN if kind == "video" else OPUS)
        request = publish(kind="video" if kind == "video" else "audio")
        self.source = UpTrack(request, "ada", self.up, RemoteClock(), report_ssrc=9)
        self.track = DownTrack(
            self.source,
            self.sender,
            [(theirs, ours)],
            on_ended=self.ended.append,
            descriptor_id=None,
            transport_id=1 if numbered else None,
            ssrc=50,
            rtx_ssrc=51 if ours.rtx_payload_type else 0,
            first_sequence=100,
            first_rtx_sequence=200,
        )
        self.encoding: UpEncoding = self.source.encodings[0]
        self.encoding.add(self.track)
        self.payload_type = theirs.payload_type

    def put(self, sequence: int, *, keyframe: bool = False, now: float = 0.0, timestamp: int = 0) -> None:
        packet = MediaPacket(
            sequence, timestamp, 0, self.payload_type, b"p%d" % sequence, arrival=now, keyframe=keyframe
        )
        self.encoding.cache.put(packet)
        self.encoding.hand_on(packet)

    def take(self) -> list[tuple[int, int, int, bytes]]:
        """Return (payload type, sequence, SSRC, payload) of what was sent since."""
        taken = []
        for packet in self.down.sent:
            _, second, sequence, _, ssrc = struct.unpack_from("!BBHII", packet)
            taken.append((second & 0x7F, sequence, ssrc, packet[12:]))
        self.down.sent.clear()
        return taken


def test_nothing_flows_before_resume_nor_after_pause() -> None:
    copy = Copy()
    copy.put(1, keyframe=True)
    assert copy.take() == []
    copy.track.resume(now=0.0)
    copy.put(2, keyframe=True)
    copy.put(3)
    assert copy.take() == [(100, 100, 50, b"p2"), (100, 101, 50, b"p3")]
    copy.track.pause()
    copy.put(4, keyframe=True)
    assert copy.take() == []
    assert copy.track.receive_nack([100], now=0.1) == 0


def test_video_waits_for_a_key_frame_and_asks_for_one() -> None:
    copy = Copy()
    copy.track.resume(now=0.0)
    assert copy.up.take_rtcp() == [PictureLossIndication(9, 1000)]
    copy.put(1)
    copy.put(2, keyframe=True)
    copy.put(3)
    assert [payload for *_, payload in copy.take()] == [b"p2", b"p3"]


def test_video_that_resumes_waits_for_a_key_frame_again() -> None:
    copy = Copy()
    copy.track.resume(now=0.0)
    copy.put(1, keyframe=True)
    copy.track.pause()
    copy.track.resume(now=1.0)
    copy.put(2)
    copy.put(3, keyframe=True)
    assert copy.take() == [(100, 100, 50, b"p1"), (100, 102, 50, b"p3")]


def test_showing_and_hiding_over_and_over_costs_few_key_frames() -> None:
    copy = Copy()
    layer = copy.source.layers(now=0.0)[0]

    def asks(at: float, *, shows: bool) -> bool:
        copy.encoding.numbers.heard_at = at
        copy.track.select(layer if shows else None, now=at)
        copy.encoding.handle_timer(rtt=0.0, now=at)
        copy.encoding._requests.key_frame()  # which others get, who do not hide
        return bool(copy.up.take_rtcp())

    asked = sum(asks(step / 10, shows=step % 2 == 0) for step in range(300))
    assert 0 < asked <= BEGINS * (30 / BEGINS_WITHIN + 1)
    assert any(asks(30.0 + second, shows=True) for second in range(int(BEGINS_WITHIN) + 1))  # patience is enough


def test_sound_starts_at_once_and_asks_for_nothing() -> None:
    copy = Copy("audio")
    copy.track.resume(now=0.0)
    copy.put(5)
    assert copy.take() == [(111, 100, 50, b"p5")]
    assert copy.up.rtcp == []


def test_empty_frames_are_forwarded_empty() -> None:
    copy = Copy("audio")
    copy.track.resume(now=0.0)
    copy.track.forward(MediaPacket(1, 0, 0, 111, b"", arrival=0.0), copy.encoding)
    assert copy.take() == [(111, 100, 50, b"")]


def test_what_is_missed_comes_again_as_retransmission() -> None:
    copy = Copy()
    copy.track.resume(now=0.0)
    for sequence in range(1, 5):
        copy.put(sequence, keyframe=sequence == 1)
    copy.take()
    assert copy.track.receive_nack([101, 103, 104, 99], now=0.05) == 2
    assert copy.take() == [(101, 201, 51, b"\x00\x65p2"), (101, 202, 51, b"\x00\x67p4")]


@pytest.mark.parametrize("numbered", [False, True])
def test_without_retransmission_format_the_packet_itself_comes_again(numbered: bool) -> None:
    """Bit for bit: with another transport-wide number, AES-GCM would have sealed two texts with one nonce."""
    copy = Copy("audio", numbered=numbered)
    copy.track.resume(now=0.0)
    for sequence in range(1, 4):
        copy.put(sequence, timestamp=77 * sequence)
    first, second, _ = copy.down.sent
    assert numbered == (first[18:20] != second[18:20])
    copy.down.sent.clear()
    assert copy.track.receive_nack([100, 101], now=0.05) == 2
    assert copy.down.sent == [first, second]


def test_sound_whose_header_is_not_known_any_more_does_not_come_again() -> None:
    copy = Copy("audio", numbered=True)
    copy.track.resume(now=0.0)
    copy.put(1)
    copy.down.sent.clear()
    copy.track._headers[:] = b"\x90\xef\x00\xa4".ljust(20, b"\0") * 64  # of another number in the same place
    copy.track.receive_nack([100], now=0.05)
    assert copy.down.sent == []


def test_pictures_without_retransmission_format_do_not_come_again() -> None:
    copy = Copy(ours=Codec("VP8", 100, 90000), numbered=True)
    copy.track.resume(now=0.0)
    copy.put(1, keyframe=True)
    copy.down.sent.clear()
    copy.track.receive_nack([100], now=0.05)
    assert copy.down.sent == []


def test_the_number_left_out_at_a_pause_is_nobodys() -> None:
    """The receiver misses it and asks: it got a packet of the pause, under the number of the next frame."""
    copy = Copy()
    copy.track.resume(now=0.0)
    copy.put(1, keyframe=True)
    copy.put(2)
    copy.track.pause()
    copy.track.resume(now=1.0)
    copy.put(3, now=1.0)
    copy.put(4, keyframe=True, now=1.1)
    assert [sequence for _, sequence, *_ in copy.take()] == [100, 101, 103]
    assert copy.track.receive_nack([102], now=1.2) == 0
    assert copy.track.receive_nack([101, 103], now=1.2) == 2
    assert [payload for *_, payload in copy.take()] == [b"\x00ep2", b"\x00gp4"]


def test_after_a_skip_ahead_nothing_from_before_is_worth_asking_for() -> None:
    copy = Copy()
    copy.track.resume(now=0.0)
    copy.put(1, keyframe=True)
    copy.put(2)
    copy.up.rtcp.clear()
    copy.encoding._requests.key_frame()
    copy.track.skip_ahead(now=1.5)
    assert copy.up.take_rtcp() == [PictureLossIndication(9, 1000)]
    copy.put(3, now=1.5)
    copy.put(4, keyframe=True, now=1.6)
    assert [sequence for _, sequence, *_ in copy.take()] == [100, 101, 103]
    assert copy.track.worth_asking([99, 100, 101, 102, 103, 104]) == [102, 103, 104]
    for sequence in range(5, 70_000):
        copy.put(sequence, now=2 + sequence / 1000)
        number = sequence + 99 & 0xFFFF
        assert copy.track.worth_asking([number]) == [number], "numbers wrap"


def test_a_skip_ahead_begins_nothing_that_was_paused_and_leaves_sound_alone() -> None:
    copy = Copy()
    copy.track.skip_ahead(now=0.0)
    assert not copy.track.flowing
    sound = Copy("audio")
    sound.track.resume(now=0.0)
    sound.put(1)
    sound.track.skip_ahead(now=0.1)
    sound.put(2)
    assert sound.track.worth_asking([100]) == [100]
    assert len(sound.take()) == 2


def test_what_waits_to_be_repeated_goes_with_the_copy() -> None:
    copy = Copy()
    copy.track.resume(now=0.0)
    for sequence in range(1, 1000):
        copy.put(sequence, keyframe=sequence == 1)
    copy.track.receive_nack([100], now=0.0)
    copy.track.close()
    assert copy.sender.waiting == 0


def test_repeats_are_spaced_and_limited() -> None:
    copy = Copy()
    copy.track.resume(now=0.0)
    copy.put(1, keyframe=True)
    now, times = 0.0, 0
    while now < 1.5:
        times += copy.track.receive_nack([100, 100], now=now)
        if now < REPEAT_AFTER:
            assert times == 1
        now += 0.01
    assert times == MAX_REPEATS


def test_a_short_round_trip_allows_quicker_repeats() -> None:
    copy = Copy()
    copy.track.resume(now=0.0)
    copy.put(1, keyframe=True)
    copy.track.stream.rtt = 0.01
    assert copy.track.receive_nack([100], now=0.0) == 1
    assert copy.track.receive_nack([100], now=0.019) == 0
    assert copy.track.receive_nack([100], now=0.02) == 1


def test_what_is_too_old_is_not_sent_again() -> None:
    copy = Copy()
    copy.track.resume(now=0.0)
    copy.put(1, keyframe=True)
    assert copy.track.receive_nack([100], now=2.01) == 0


def test_counts_for_reports() -> None:
    copy = Copy("audio")
    copy.track.resume(now=0.0)
    assert copy.track.sender_report(now=0.0) is None
    copy.put(1)
    assert copy.track.sender_report(now=0.0) is None  # the publisher's clock is not known yet
    copy.encoding.clock.sender_report(ntp_time(500.0), 48_000, now=10.0)
    report = copy.track.sender_report(now=11.0)
    assert report is not None
    assert (report.ssrc, report.packet_count, report.octet_count) == (50, 1, 2)
    assert report.rtp_timestamp == 96_000


def test_reported_loss_fades() -> None:
    copy = Copy("audio")
    copy.track.receive_report(ReportBlock(50, 30, 1, 100, 0), now=1.0)
    assert copy.track.loss.fraction(now=1.0 + REPORT_LIFE) == 30
    assert copy.track.loss.fraction(now=1.1 + REPORT_LIFE) == 0


def test_sound_that_was_sent_again_counts_as_lost_once() -> None:
    """Of fifty packets ten are asked for again, some of them twice: a fifth, whatever the report says of the rest."""
    copy = Copy("audio")
    copy.track.resume(now=0.0)

    def second(number: int, reported: int) -> int:
        begin = number * 50
        for sequence in range(begin, begin + 50):
            copy.put(sequence + 1, now=number + (sequence - begin) / 50)
        now = number + 1.0
        for times in range(3):
            copy.track.receive_nack([100 + sequence for sequence in range(begin, begin + 50, 5)], now=now + times / 5)
        copy.track.receive_report(ReportBlock(50, reported, 0, 0, 0), now=now + 0.5)
        return copy.track.loss.fraction(now=now + 0.5)

    assert second(0, reported=0) == 51
    assert second(1, reported=30) == 51, "those that never came were asked for too"
    assert second(2, reported=80) == 80, "what came too late to be worth asking for is in the report alone"
    copy.track.receive_report(ReportBlock(50, 0, 0, 0, 0), now=5.0)
    assert copy.track.loss.fraction(now=5.0) == 0, "each is counted in the time of one report"


@pytest.mark.parametrize("kind", ["audio", "video"])
def test_closing_frees_everything(kind: str) -> None:
    copy = Copy(kind)
    copy.track.resume(now=0.0)
    copy.track.close()
    assert copy.ended == [copy.track]
    assert copy.source.down_tracks == []
    assert copy.down.forgotten_sent == ([50, 51] if kind == "video" else [50])
