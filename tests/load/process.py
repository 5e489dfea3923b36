"""A server under load as the system sees it: pinned when it starts, read and ended with all its descendants."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

TICKS = os.sysconf("SC_CLK_TCK")
"""Of a second, in which proc(5) counts CPU time: 10 ms."""
_SCHEDULED = 2
"""Of Linux' clocks of a process the one that counts user and system time (posix-timers.h: CPUCLOCK_SCHED)."""
PAGE = os.sysconf("SC_PAGE_SIZE")


def start_pinned(
    command: Sequence[str], core: int, *, stdout: int | IO[Any], environment: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a process on one core, where its threads and children stay; it has a pipe for input and its own group."""
    before = os.sched_getaffinity(0)
    with contextlib.suppress(OSError):  # a machine with one core measures there
        os.sched_setaffinity(0, {core})
    try:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=stdout, env=os.environ | (environment or {}), start_new_session=True
        )
    finally:
        os.sched_setaffinity(0, before)


def tree(pid: int) -> list[int]:
    """Return a process and all that descend from it; nothing if it has ended."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                children.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
    found = [pid] if _runs(pid) else []
    for each in found:
        found.extend(filter(_runs, children.get(each, [])))
    return found


def cpu(pid: int) -> float:
    """Return the seconds of user and system time that a process tree took so far, children that ended included.

    Those that run are read by their clocks (clock_getcpuclockid(3)): in ticks of 10 ms, 5 s at 5 % of a core would be
    known to 4 %.
    """
    total = 0.0
    for each in tree(pid):
        with contextlib.suppress(OSError):
            total += time.clock_gettime(~each << 3 | _SCHEDULED) + sum(map(int, _stat(each)[13:15])) / TICKS
    return total


def memory(pid: int) -> int:
    """Return the resident bytes of a process tree; what processes share counts for each."""
    total = 0
    for each in tree(pid):
        with contextlib.suppress(OSError):
            total += int(Path(f"/proc/{each}/statm").read_text().split()[1])
    return total * PAGE


def stop(process: subprocess.Popen[bytes], patience: float = 5.0) -> None:
    """Ask the whole group to end, and after so many seconds of patience make it. Safe to call again."""
    assert process.stdin is not None
    if process.stdin.closed:  # its number may be somebody else's by now
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(patience)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _runs(pid: int) -> bool:
    """Whether a process is there, and not just its name, which somebody has yet to ask for the exit code of."""
    try:
        return _stat(pid)[0] != "Z"
    except OSError:
        return False


def _stat(pid: int) -> list[str]:
    """Return the fields of proc(5) `stat` behind the name: state, parent, and from the twelfth on the times."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
