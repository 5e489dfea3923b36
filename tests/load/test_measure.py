"""Which runs count, and what is printed of those that do not."""

from dataclasses import replace

from tests.load.compare import line
from tests.load.machine import ALLOWED
from tests.load.measure import Run, bottleneck
from tests.load.record import Tried
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


def told(*runs: Run, wanted: int, failures: tuple[str, ...] = ()) -> str:
    return line("janus", "6", Tried(list(runs), list(failures)), wanted)


def test_runs_that_do_not_count_are_told_of_and_left_out() -> None:
    text = told(GOOD, DISTURBED, INVALID, GOOD, wanted=2)
    assert text.split()[3] == "100.00"
    assert "2 runs, generator at 0% of its core, 1 disturbed (to 3%)" in text
    assert text.endswith("1 invalid (the generator sent 50.0% of what was due)")


def test_where_too_few_count_all_are_shown_and_it_is_said() -> None:
    text = told(GOOD, DISTURBED, DISTURBED, wanted=2)
    assert text.split()[3] == "500.00"
    assert "  disturbed: 1 run, generator at 0% of its core, 2 disturbed" in text


def test_invalid_and_failed_runs_are_never_figures() -> None:
    text = told(INVALID, INVALID, wanted=1)
    assert text.split()[:3] == ["6", "janus", "INVALID:"]
    assert "900.00" not in text
    assert told(INVALID, DISTURBED, wanted=1).split()[3] == "500.00"
    text = told(wanted=1, failures=("AdapterError: why",))
    assert text == "          6      janus FAILED: 0 runs, 1 failed (AdapterError: why)"
