"""Each aim is told as reached or missed by what was measured, with the reason why a figure is not to be quoted."""

from dataclasses import replace

import pytest

from tests.load.aims import aims
from tests.load.machine import ALLOWED
from tests.load.measure import Run
from tests.load.picture import PEOPLE, people
from tests.load.record import Record, Tried
from tests.load.result import Result
from tests.load.scenarios import SCENARIOS

RESULT = Result("", "", expected=1e4, received=1e4, cpu=0.07, p50=100.0, p99=400.0, memory=2.0**20, join=0.1)


@pytest.fixture
def record() -> Record:
    cpus = {"hearthside": 0.07, "janus": 0.14, "mediasoup": 0.07}
    done = {
        name: {sfu: Tried([Run(replace(RESULT, cpu=cpu), 0.0, "")]) for sfu, cpu in cpus.items()} for name in SCENARIOS
    }
    return Record("command", "machine", "abc", "2026-01-02", 1, {}, {}, done)


def rows(record: Record) -> dict[str, list[str]]:
    return {aim.words: aim.row(record)[1:] for aim in aims(record, {one: people(one) for one in SCENARIOS})}


def change(record: Record, scenario: str, **figures: float) -> None:
    run = record.tried[scenario]["hearthside"].runs[0]
    record.tried[scenario]["hearthside"].runs[0] = replace(run, result=replace(run.result, **figures))  # type: ignore[arg-type]


def test_figures_stand_beside_their_bounds(record: Record) -> None:
    told = rows(record)
    assert len(told) == 2 * len(SCENARIOS) + 8
    assert told["12, all to all: cost of a packet"] == ["≤ 7.5 µs", "7.0 µs", "reached"]
    assert told["12, all to all: cost of a packet over mediasoup's"] == ["≤ 1.00", "1.00", "reached"]
    assert told[f"{PEOPLE['simulcast']}: cost of a packet over Janus's"] == ["≤ 0.70", "0.50", "reached"]
    assert told["6, all to all: cost of a packet over mediasoup's, the aim beyond"] == ["≤ 0.80", "1.00", "**missed**"]
    assert told["30, all to all: of one core"] == ["< 100.0%", "7.0%", "reached"]
    assert told["30, all to all: lost"] == ["≤ 0.000%", "0.000%", "reached"]


@pytest.mark.parametrize(
    ("scenario", "figures", "words"),
    [
        ("12", {"p99": 501.0}, "12, all to all: p99"),
        ("30", {"p99": 5001.0}, "30, all to all: p99"),
        ("30", {"cpu": 1.0}, "30, all to all: of one core"),
        ("30", {"received": 9999.0}, "30, all to all: lost"),
        ("30", {"cpu": 0.071}, "cost of a packet, 30, all to all, over that of 6"),
        ("10x4", {"memory": 4.01 * 2**20}, "memory for each of the people, the most of all scenarios"),
        ("12-layers", {"cpu": 0.1}, f"{PEOPLE['12-layers']}: cost of a packet over Janus's"),
    ],
)
def test_one_figure_too_much_is_missed(record: Record, scenario: str, figures: dict[str, float], words: str) -> None:
    assert rows(record)[words][2] == "reached"
    change(record, scenario, **figures)
    assert rows(record)[words][2] == "**missed**"


def test_what_does_not_count_or_is_not_there_is_said(record: Record) -> None:
    run = record.tried["12"]["hearthside"].runs[0]
    record.tried["12"]["hearthside"].runs[0] = replace(run, disturbed=2 * ALLOWED)
    record.tried["20"]["janus"] = Tried([], ["OSError: why"])
    del record.tried["12-layers"]
    told = rows(record)
    assert told["12, all to all: p99"][2] == "reached (disturbed)"
    assert told["20, all to all: cost of a packet over Janus's"] == ["≤ 0.70", "-", "not measured"]
    assert told[f"{PEOPLE['12-layers']}: cost of a packet over Janus's"][2] == "not measured"
    assert told["memory for each of the people, the most of all scenarios"][1] == "1.00 MiB", "of those that are there"
