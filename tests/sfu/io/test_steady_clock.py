"""The clock follows its source while that goes on as time does, and neither jumps nor runs back when it does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.io.steady_clock import LONGEST_STEP, SteadyClock


class Source:
    """A clock that can be set."""

    def __init__(self, now: float = 100.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def test_it_follows() -> None:
    source = Source()
    clock = SteadyClock(source)
    assert clock() == 100.0
    for now in (100.01, 100.01, 100.5, 101.4):
        source.now = now
        assert clock() == pytest.approx(now)
    assert clock.skipped == 0.0


@given(st.lists(st.floats(-1e6, 1e6), max_size=30))
def test_it_never_jumps_or_runs_back(readings: list[float]) -> None:
    source = Source()
    clock = SteadyClock(source)
    before, read, left_out = clock(), source.now, 0.0
    for source.now in readings:
        now = clock()
        assert before <= now <= before + LONGEST_STEP + 1e-6
        left_out += max(0.0, source.now - read - LONGEST_STEP)
        assert clock.skipped == pytest.approx(left_out)
        before, read = now, source.now


def test_a_pause_is_left_out_but_for_the_longest_step() -> None:
    source = Source()
    clock = SteadyClock(source)
    source.now += 60.0
    assert clock() == 100.0 + LONGEST_STEP
    assert clock.skipped == 60.0 - LONGEST_STEP
    source.now += 0.5
    assert clock() == 100.5 + LONGEST_STEP


def test_time_in_which_nobody_read_it_is_no_pause() -> None:
    source = Source()
    clock = SteadyClock(source)
    source.now += 3600.0
    clock.resume()
    assert clock() == 100.0
    assert clock.skipped == 0.0
