"""Runs kept in a file: a comparison that was interrupted goes on, and what is shown of it is drawn from it."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tests.load.measure import Run
from tests.load.result import Result, median


@dataclass
class Tried:
    """What came of one SFU in one scenario."""

    runs: list[Run] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    """Why there is no result."""

    @property
    def counting(self) -> list[Run]:
        """The runs that may stand in a table without a remark."""
        return [run for run in self.runs if run.counts]

    @property
    def tries(self) -> int:
        """How often it was tried."""
        return len(self.runs) + len(self.failures)

    def figures(self, wanted: int) -> Result | None:
        """Return the medians of the runs that count, of the disturbed ones too where fewer than wanted do."""
        runs = self.counting
        if len(runs) < wanted:
            runs = [run for run in self.runs if not run.invalid]
        return median([run.result for run in runs]) if runs else None

    def remark(self, wanted: int) -> str:
        """Return in one word why its figures are not to be quoted; nothing where they are."""
        if len(self.counting) >= wanted:
            return ""
        if any(not run.invalid for run in self.runs):
            return "disturbed"
        return "INVALID" if self.runs else "FAILED"


@dataclass
class Record:
    """A whole comparison."""

    command: str
    machine: str
    revision: str
    """Of this project's code, as git names it."""
    date: str
    """Of the last run, YYYY-MM-DD."""
    wanted: int
    """Runs that have to count."""
    does: dict[str, str] = field(default_factory=dict)
    """What each SFU does, by name."""
    traffic: dict[str, str] = field(default_factory=dict)
    """Who sends what, by scenario."""
    tried: dict[str, dict[str, Tried]] = field(default_factory=dict)
    """By scenario and SFU."""

    def save(self, path: Path) -> None:
        """Write it, so that whoever reads meanwhile reads the old or the new."""
        beside = path.with_name(path.name + ".new")
        beside.write_text(json.dumps(_rounded(asdict(self)), indent=1, ensure_ascii=False) + "\n")
        os.replace(beside, path)

    @staticmethod
    def load(path: Path) -> Record:
        """Read it; raises `OSError` and msgspec's errors."""
        return msgspec.json.decode(path.read_bytes(), type=Record)

    def is_same(self, other: Record) -> bool:
        """Whether runs of one belong beside those of the other."""
        return (self.command, self.machine, self.revision) == (other.command, other.machine, other.revision)


def unfinished(path: Path) -> Path:
    """Return where a comparison is kept until it is whole."""
    return path.with_name(path.name + ".part")


def revision() -> str:
    """Return which version of this project's code is measured."""
    command = ["git", "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def _rounded(value: Any) -> Any:
    """Return the same with five digits of every fraction."""
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value
