"""Everything is done as often as its interval says, and nothing while the beat stands still."""

import asyncio
import time

from hypothesis import given
from hypothesis import strategies as st

from tests.load.pace import Beat, Pace


@given(st.lists(st.sampled_from([0.01, 0.02, 0.05, 0.5]), min_size=1, max_size=6), st.floats(0.001, 0.7))
def test_as_often_as_the_interval_says_however_late(intervals: list[float], step: float) -> None:
    counts = [0] * len(intervals)
    pace = Pace()

    def count(place: int) -> None:
        counts[place] += 1

    for place, interval in enumerate(intervals):
        pace.add(Beat(lambda place=place: count(place), interval), first=interval / 2)  # type: ignore[misc]
    now = 0.0
    while now < 2.0:
        now += step
        pace.run_due(now=now)
    for interval, done in zip(intervals, counts, strict=True):
        assert abs(done - now / interval) <= 1


def test_what_is_over_is_not_done() -> None:
    done: list[int] = []
    pace = Pace()
    beat = Beat(lambda: done.append(1), 1.0)
    pace.add(beat, first=0.0)
    pace.run_due(now=0.5)
    beat.over = True
    pace.run_due(now=10.0)
    assert done == [1]


async def test_one_rest_is_no_reason_to_begin_again() -> None:
    done: list[int] = []
    pace = Pace()
    pace.add(Beat(lambda: done.append(1), 3600.0), first=time.monotonic())
    for _ in range(2):
        async with pace.running():
            await asyncio.sleep(0.01)
    assert done == [1]
