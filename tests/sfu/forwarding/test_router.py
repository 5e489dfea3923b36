from sfu.control import Codec, Refused
from sfu.forwarding.down_track import DownTrack
from sfu.forwarding.router import MAX_UP_TRACKS, Router
from sfu.forwarding.up_track import UpTrack
from sfu.streams.clock_map import RemoteClock
from tests.sfu.fakes import OPUS, VP8_DOWN, Draw, FakeChannel, paced, publish, subscribe


def track(name: str = "camera") -> UpTrack:
    return UpTrack(publish(name), "cname", FakeChannel(), RemoteClock(), report_ssrc=9)


def test_tracks_come_and_go_with_their_copies() -> None:
    router = Router(draw=Draw())
    camera = track()
    assert router.add(camera) is None
    ended: list[DownTrack] = []
    channel = FakeChannel()
    copy = router.subscribe(subscribe(), paced(channel), on_ended=ended.append)
    assert isinstance(copy, DownTrack)
    assert camera.down_tracks == [copy]
    router.remove(camera)
    assert ended == [copy]
    assert camera.down_tracks == []
    assert channel.forgotten_sent == [copy.stream.ssrc, copy.rtx_ssrc]
    assert router.subscribe(subscribe(), paced(channel), on_ended=ended.append) == Refused("no_such_track")


def test_two_tracks_of_one_name_and_too_many_are_refused() -> None:
    router = Router(draw=Draw())
    assert router.add(track()) is None
    assert router.add(track()) == Refused("ssrc_taken")
    for number in range(MAX_UP_TRACKS - 1):
        assert router.add(track(str(number))) is None
    assert router.add(track("one more")) == Refused("limit")


def test_a_codec_that_both_sides_speak_is_needed() -> None:
    router = Router(draw=Draw())
    router.add(track())
    for codec in (OPUS, Codec("VP9", 100, 90000), Codec("VP8", 100, 48000)):
        refused = router.subscribe(subscribe(codec=codec), paced(), on_ended=lambda ended: None)
        assert refused == Refused("unsupported_codec")


def test_a_copy_without_retransmission_format_has_no_retransmission_stream() -> None:
    router = Router(draw=Draw())
    router.add(track())
    plain = router.subscribe(subscribe(codec=Codec("VP8", 100, 90000)), paced(), on_ended=lambda ended: None)
    repaired = router.subscribe(subscribe(codec=VP8_DOWN), paced(), on_ended=lambda ended: None)
    assert isinstance(plain, DownTrack)
    assert isinstance(repaired, DownTrack)
    assert plain.rtx_ssrc == 0
    assert len({plain.stream.ssrc, repaired.stream.ssrc, repaired.rtx_ssrc, 0}) == 4


def test_drawn_ssrcs_are_nobodys_and_never_zero() -> None:
    numbers = iter([0, 7, 8])
    router = Router(draw=lambda: next(numbers))
    router.claim(7)
    assert router.draw_ssrc() == 8
    router.release(7)
    router.release(7)
    assert router.is_free(7)


def test_cnames_are_96_random_bits() -> None:
    router = Router(draw=Draw())
    assert router.draw_cname() == "000050010000500200005003"
