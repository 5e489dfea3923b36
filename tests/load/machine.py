"""What else the machine did while something was measured."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
ALLOWED = 0.02
"""Share of a core that may be stolen or others' while a run counts: a clock tick in half a second, and what the kernel
does for itself. Ten times that visibly moves a p99; none at all is not to be had."""
SERVER_CORE = 0
GENERATOR_CORE = (os.cpu_count() or 1) - 1


@dataclass(frozen=True)
class Core:
    """One core's time so far, in seconds (proc(5), /proc/stat)."""

    busy: float
    """By processes and interrupts."""
    stolen: float
    """By the hypervisor, for other machines."""


def read_core(number: int) -> Core:
    """Read one core."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name == f"cpu{number}":
            user, nice, system, _, _, interrupts, soft, stolen = (int(field) / TICKS for field in fields[:8])
            return Core(user + nice + system + interrupts + soft, stolen)
    raise ValueError(f"no core {number}")


def disturbance(before: Core, after: Core, ours: float, seconds: float) -> float:
    """Return what share of a core was stolen, or busy with what is not ours."""
    stolen = after.stolen - before.stolen
    return (stolen + max(0.0, after.busy - before.busy - ours)) / seconds


def describe() -> str:
    """Return the machine in a line."""
    models = [
        line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    processor = models[0] if models else platform.machine()
    return f"{processor}, {os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}"
