"""The load tool runs, and only against this machine."""

import subprocess
import sys

from tests.load.__main__ import ADAPTERS
from tests.load.scenarios import SCENARIOS


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return start("tests.load", *arguments)


def start(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_other_machines_are_refused() -> None:
    result = run("--address", "192.0.2.1")
    assert result.returncode == 2
    assert "only loopback addresses" in result.stderr


def test_what_makes_no_sense_is_refused() -> None:
    for arguments in (["7"], ["1-to-20", "--churn", "2"], ["--loss", "100"], ["--runs", "0"], ["--sfu", "none"]):
        assert run(*arguments).returncode == 2, arguments


def test_help_names_every_scenario_and_every_server() -> None:
    text = run("--help").stdout
    assert {line.split()[0] for line in text.splitlines() if line.startswith("  ")} >= {*SCENARIOS, *ADAPTERS}


def test_a_short_meeting_is_measured_beside_somebody_hostile_too() -> None:
    result = run("6", "--seconds", "0.5", "--runs", "1", "--tries", "1", "--hostile", "forged")
    assert result.returncode == 0, result.stderr
    assert "machine: " in result.stdout
    quiet, beside, again = result.stdout.splitlines()[-3:]
    assert quiet.split()[:2] == ["6", "hearthside"]
    for line, name in ((beside, "beside forged: "), (again, "quiet again, ")):
        assert line.split()[0] == "6"
        assert name in line
        assert "%; worse by more than 10%: " in line
        assert " % of a core" in line


def test_a_killed_worker_is_compared_with_workers_of_which_none_was_killed() -> None:
    result = run("6", "--seconds", "0.5", "--runs", "1", "--tries", "1", "--hostile", "kill")
    assert result.returncode == 0, result.stderr
    alone, killed, beside, _ = result.stdout.splitlines()[-4:]
    assert alone.split()[:3] == beside.split()[:3] == ["6", "2", "workers"]
    assert alone.endswith("  nothing beside")
    assert killed.startswith("a worker was killed, and another one took its place within ")
    assert "beside kill: p50 " in beside


def test_the_work_of_the_core_is_measured_by_parts() -> None:
    result = start("tests.load.in_process", "--seconds", "0.3")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert {line.split("µs  ")[1] for line in lines[:-1]} == {
        "audio", "video", "feedback", "publishers' timer", "subscribers' timer"
    }  # fmt: skip
    sent = int(lines[-1].split()[-1])
    assert sent > 0.8 * 0.3 * 12 * 11 * (50 + 60)
