"""The rule for a room's codec, step by step and through any course of events."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signaling.video_codec import BACK_SECONDS, VideoCodec


def test_without_auto_it_stays_with_vp8() -> None:
    codec = VideoCodec(auto=False)
    assert not codec.update([True, True], now=0.0)
    assert (codec.name, codec.due) == ("VP8", None)


def test_vp9_from_two_people_on_who_all_decode_it() -> None:
    codec = VideoCodec(auto=True)
    for people in ([], [True], [True, None], [True, False], [True, None, False]):
        assert not codec.update(people, now=0.0)
    assert codec.update([True, True], now=1.0)
    assert codec.name == "VP9"
    # Who has not said yet changes nothing, nor does somebody who stays behind alone.
    for people in ([True, True, None], [True], []):
        assert not codec.update(people, now=2.0)


def test_vp8_at_once_and_back_after_a_while() -> None:
    codec = VideoCodec(auto=True)
    codec.update([True, True], now=0.0)
    assert codec.update([True, True, False], now=10.0)
    assert codec.due is None
    assert not codec.update([True, True], now=11.0)
    assert codec.due == 10.0 + BACK_SECONDS
    assert not codec.update([True, True], now=39.9)
    assert codec.update([True, True], now=40.0)
    assert (codec.name, codec.due) == ("VP9", None)


@given(st.lists(st.tuples(st.lists(st.sampled_from([True, False, None]), max_size=4), st.floats(0, 60))))
def test_nobody_who_cannot_decode_is_left_with_vp9(steps: list[tuple[list[bool | None], float]]) -> None:
    codec = VideoCodec(auto=True)
    now, fell = 0.0, None
    for people, wait in steps:
        now += wait
        before = codec.name
        changed = codec.update(people, now=now)
        assert changed == (codec.name != before)
        assert codec.name == "VP8" or False not in people
        assert codec.due is None or (codec.due > now and codec.name == "VP8")
        if changed and codec.name == "VP8":
            fell = now
        if changed and codec.name == "VP9":
            assert len(people) >= 2
            assert all(people)
            assert fell is None or now >= fell + BACK_SECONDS
