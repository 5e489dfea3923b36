"""Two rooms on two workers are measured with everything sent on, each room by one worker."""

from __future__ import annotations

from tests.load.scenarios import Scenario
from tests.load.workers import latency, measure


async def test_what_is_sent_in_both_rooms_comes_through_two_workers() -> None:
    cost, came = await measure(2, Scenario(2, 2), 0.5)
    assert cost > 0
    assert came > 0.9


async def test_a_request_goes_through_the_pipe_and_back() -> None:
    p50, p99 = await latency()
    assert 0 < p50 <= p99
