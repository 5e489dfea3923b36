"""What is kept of a comparison comes back as it was, goes on where it was interrupted, and says what does not count."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.load.__main__ import begin, parse
from tests.load.machine import ALLOWED
from tests.load.measure import Run
from tests.load.record import Record, Tried, unfinished
from tests.load.result import Result

RESULT = Result("6", "janus", expected=1000.0, received=1000.0, cpu=0.1, p50=100.0, p99=200.0, memory=0.0, join=0.1)
GOOD, DISTURBED, INVALID = Run(RESULT, 0.0, ""), Run(RESULT, 2 * ALLOWED, ""), Run(RESULT, 0.0, "was late")


def test_it_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    tried = {"6": {"janus": Tried([GOOD, DISTURBED], ["OSError: why"])}}
    record = Record("command", "machine", "abc", "2026-01-02", 3, {"janus": "much"}, {"6": "sound"}, tried)
    record.save(path)
    assert Record.load(path) == record
    assert list(tmp_path.iterdir()) == [path]


def test_fractions_keep_five_digits(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    long = replace(GOOD, result=replace(RESULT, p50=123.456789))
    Record("", "", "", "", 1, tried={"6": {"janus": Tried([long])}}).save(path)
    assert Record.load(path).tried["6"]["janus"].runs[0].result.p50 == 123.46


@pytest.mark.parametrize(
    ("runs", "failures", "remark"),
    [
        ([GOOD, GOOD], [], ""),
        ([GOOD, DISTURBED], [], "disturbed"),
        ([INVALID, DISTURBED], [], "disturbed"),
        ([INVALID], ["OSError"], "INVALID"),
        ([], ["OSError"], "FAILED"),
    ],
)
def test_what_does_not_count_is_said(runs: list[Run], failures: list[str], remark: str) -> None:
    tried = Tried(runs, failures)
    assert tried.remark(2) == remark
    assert (tried.figures(2) is None) is (remark in ("INVALID", "FAILED"))


def test_an_interrupted_comparison_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "record.json"
    chosen = parse(["6", "12", "--sfu", "hearthside,janus", "--json", str(path)])
    record = begin(chosen, "command")
    record.tried["6"]["janus"].runs.append(GOOD)
    record.save(unfinished(path))
    assert begin(chosen, "command") == record
    assert "goes on with 1 runs" in capsys.readouterr().out
    assert begin(chosen, "another command").tried["6"]["janus"].runs == []
    assert "is written over" in capsys.readouterr().out
