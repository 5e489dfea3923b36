"""Rooms on two workers are measured with everything sent on, by the load tool's rules, and compared in two ways."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.load import workers
from tests.load.adapters import AdapterError
from tests.load.machine import ALLOWED
from tests.load.measure import BUSIEST, Plan, Run
from tests.load.record import Tried
from tests.load.result import Result
from tests.load.workers import hold, latency, ratios

RESULT = Result("", "", expected=1000.0, received=1000.0, cpu=0.01, p50=1.0, p99=2.0, memory=0.0, join=0.1)


def tried(microseconds: float, *, disturbed: float = 0.0) -> Tried:
    return Tried([Run(replace(RESULT, cpu=microseconds / 1000), disturbed, "")])


async def test_what_is_sent_in_both_rooms_comes_through_two_workers() -> None:
    run = await hold("two on two", 2, 0.5)
    assert run.result.sfu == "2 workers"
    assert run.result.cost > 0
    assert 0.9 < run.result.received / run.result.expected <= 1.0


async def test_a_server_at_its_limit_is_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    async def measure(adapter: object, plan: Plan) -> Run:
        return Run(replace(RESULT, cpu=BUSIEST + 0.01), 0.0, "")

    monkeypatch.setattr(workers, "measure", measure)
    with pytest.raises(AdapterError, match="91% of its core"):
        await hold("two on one", 2, 0.5)


def test_equal_load_is_read_in_two_ways() -> None:
    done = {"two on one": tried(4.0), "two on two": tried(5.0), "one on one": tried(5.0)}
    same, each = ratios(done, 1)
    assert same == "the same rooms: two workers 5.00 µs a packet, one 4.00 µs, ratio 1.25 (aimed at 1.15: missed)"
    assert each.endswith("ratio 1.00 (aimed at 1.15: reached)")


def test_what_does_not_count_is_said() -> None:
    done = {"two on one": tried(4.0, disturbed=2 * ALLOWED), "two on two": tried(4.0), "one on one": Tried()}
    same, each = ratios(done, 1)
    assert same.endswith("ratio 1.00 (aimed at 1.15: not to be quoted, disturbed)")
    assert each == "as much for each worker: INVALID, there is nothing to compare"


async def test_a_request_goes_through_the_pipe_and_back() -> None:
    p50, p99 = await latency()
    assert 0 < p50 <= p99
