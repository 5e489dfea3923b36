"""The table's arithmetic, and which changes count as harm."""

from dataclasses import replace

from tests.load.result import HEAD, Result, median

QUIET = Result("6", "janus", expected=1000.0, received=1000.0, cpu=0.1, p50=100.0, p99=200.0, memory=1 << 20, join=0.25)


def test_a_line_stands_under_its_head() -> None:
    line = str(replace(QUIET, received=900.0))
    assert line.split() == ["6", "janus", "1000", "111.11", "10.0", "100", "200", "10.000", "1.00", "250"]
    assert len(line) == len(HEAD)


def test_what_became_worse_by_more_than_a_tenth_is_named() -> None:
    assert QUIET.against(QUIET).endswith("worse by more than 10%: none; +0.0 % of a core")
    assert replace(QUIET, cpu=QUIET.cpu + 0.2).against(QUIET).endswith("; +20.0 % of a core")
    assert replace(QUIET, p50=109.0, p99=219.0, received=901.0).against(QUIET).endswith("none; +0.0 % of a core")
    worse = replace(QUIET, p50=111.0, p99=250.0, received=899.0).against(QUIET)
    told = "p50 +11.0%, p99 +25.0%, packets -10.1%; worse by more than 10%: p50, p99, packets; +0.0 % of a core"
    assert worse == told


def test_better_is_no_harm() -> None:
    assert replace(QUIET, p50=50.0, p99=50.0, received=1000.0).against(QUIET).endswith("none; +0.0 % of a core")


def test_each_figure_has_its_own_median() -> None:
    slow = replace(QUIET, cpu=0.3, p99=100.0)
    odd = replace(QUIET, cpu=0.2, p99=900.0)
    assert median([slow, odd, QUIET]) == replace(QUIET, cpu=0.2, p99=200.0)
