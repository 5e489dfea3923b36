"""The tool that measures runs, and says what it measured. Its figures are read by people, not judged here."""

import subprocess
import sys


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.keys", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_small_meeting_is_measured() -> None:
    result = run("--members", "4", "--rounds", "1", "--changes", "1", "--without-browser")
    assert result.returncode == 0, result.stderr
    lines = dict(line.split(maxsplit=1) for line in result.stdout.splitlines())
    assert lines["machine:"]
    found = [line for line in result.stdout.splitlines() if "of 1" in line]
    assert len(found) == 5
    assert "Add commit" in result.stdout


def test_a_meeting_of_one_is_none() -> None:
    assert run("--members", "1").returncode == 2
