"""Which runs count, and what is printed of those that do not."""

from dataclasses import replace

from tests.load.__main__ import line
from tests.load.machine import ALLOWED
from tests.load.measure import Run, bottleneck
from tests.load.result import Result

RESULT = Result("6", "janus", expected=1000.0, received=1000.0, cpu=0.1, p50=100.0, p99=200.0, memory=0.0, join=0.1)
GOOD = Run(RESULT, 0.0, "")
DISTURBED = Run(replace(RESULT, cpu=0.5), ALLOWED + 0.01, "")
INVALID = Run(replace(RESULT, cpu=0.9), 0.0, bottleneck(0.5, 0.5, 0))


def test_the_generator_is_the_bottleneck_when_it_is_late_full_or_deaf() -> None:
    assert bottleneck(1.0, 0.5, 0) == ""
    assert bottleneck(0.9, 0.5, 0) == "sent 90.0% of what was due"
    assert bottleneck(1.0, 0.95, 3) == "took 95% of its core, had no room for 3 datagrams"
    assert not INVALID.counts
    assert not DISTURBED.counts
    assert GOOD.counts


def test_runs_that_do_not_count_are_told_of_and_left_out() -> None:
    text = line([GOOD, DISTURBED, INVALID, GOOD], 2)
    assert text.split()[3] == "100.00"
    assert text.endswith("2 runs, 1 disturbed (to 3%), 1 invalid (the generator sent 50.0% of what was due)")


def test_where_too_few_count_all_are_shown_and_it_is_said() -> None:
    text = line([GOOD, DISTURBED, DISTURBED], 2)
    assert text.split()[3] == "500.00"
    assert "  disturbed: 1 run, 2 disturbed" in text


def test_invalid_runs_are_never_figures() -> None:
    text = line([INVALID, INVALID], 1)
    assert "INVALID" in text
    assert "900.00" not in text
    assert line([INVALID, DISTURBED], 1).split()[3] == "500.00"
