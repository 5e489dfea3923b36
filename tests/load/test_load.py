"""The load tool runs, and only against this machine."""

import subprocess
import sys


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.load", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_other_machines_are_refused() -> None:
    result = run("--address", "192.0.2.1")
    assert result.returncode == 2
    assert "only loopback addresses" in result.stderr


def test_a_short_meeting_is_measured() -> None:
    result = run("6", "--seconds", "0.5")
    assert result.returncode == 0, result.stderr
    assert "machine: " in result.stdout
    columns = result.stdout.splitlines()[-1].split()
    assert columns[0] == "6"
    assert len(columns) == 8
