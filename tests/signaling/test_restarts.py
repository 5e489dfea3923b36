"""When a worker that ended is started again, and what the log says of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signaling.restarts import BACKOFF, OFTEN, STABLE_SECONDS, Restarts


def test_the_first_start_is_at_once_and_later_ones_wait_longer_up_to_a_bound() -> None:
    restarts = Restarts()
    restarts.started(now=0.0)
    pauses = [restarts.ended(now=float(n))[0] for n in range(10)]
    assert pauses == [*BACKOFF, *[BACKOFF[-1]] * 4]
    assert pauses[0] == 0.0


def test_having_worked_for_long_it_begins_anew() -> None:
    restarts = Restarts()
    for _ in range(5):
        restarts.started(now=0.0)
        restarts.ended(now=1.0)
    restarts.started(now=10.0)
    assert restarts.ended(now=10.0 + STABLE_SECONDS) == (0.0, "ended")


def test_an_end_without_end_is_said_once() -> None:
    restarts = Restarts()
    words = []
    for n in range(50):
        restarts.started(now=float(n))
        words.append(restarts.ended(now=n + 0.5)[1])
    assert words == [*["ended"] * (OFTEN - 1), "again_and_again", *[""] * (50 - OFTEN)]


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 200)), max_size=60))
def test_starts_are_bounded_whatever_happens(steps: list[tuple[bool, float]]) -> None:
    """No faster than the last pause once it ends again and again; a failed start counts as an end."""
    restarts, now, row = Restarts(), 0.0, 0
    for starts, lasts in steps:
        if starts:
            restarts.started(now=now)
            now += lasts
            if lasts >= STABLE_SECONDS:
                row = 0
        pause, _ = restarts.ended(now=now)
        assert pause == BACKOFF[min(row, len(BACKOFF) - 1)]
        row += 1
        now += pause
