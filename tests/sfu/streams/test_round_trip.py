from hypothesis import given
from hypothesis import strategies as st

from sfu.streams.clock_map import ntp_time
from sfu.streams.round_trip import MAX_RTT, smoothed_rtt

words = st.integers(0, 2**32 - 1)


def middle(now: float) -> int:
    return ntp_time(now) >> 16 & 0xFFFFFFFF


def test_the_first_measurement_counts_whole_and_later_ones_an_eighth() -> None:
    first = smoothed_rtt(0.0, middle(8.0), 0x8000, now=8.75)
    assert first == 0.25
    assert smoothed_rtt(first, middle(9.0), 0, now=9.5) == 0.25 + 0.25 / 8


def test_the_clock_may_wrap_in_between() -> None:
    assert smoothed_rtt(0.0, middle(2**16 - 0.25), 0, now=2**16 + 0.25) == 0.5


def test_an_answer_to_nothing_changes_nothing() -> None:
    assert smoothed_rtt(0.5, 0, 0, now=100.0) == 0.5
    assert smoothed_rtt(0.5, middle(100.0), 1, now=100.0) == 0.5  # kept for longer than it was away
    assert smoothed_rtt(0.5, middle(80.0), 0, now=100.0) == 0.5


@given(st.floats(0, MAX_RTT), words, words, st.floats(0, 1e6))
def test_whatever_is_claimed_it_stays_within_bounds(rtt: float, sent: int, delay: int, now: float) -> None:
    assert 0 <= smoothed_rtt(rtt, sent, delay, now=now) <= MAX_RTT
