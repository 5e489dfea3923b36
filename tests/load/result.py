"""What one load test measured, as a line of a table, and how far it is from another."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

HARM = 0.10
"""By what share the others' figures may be worse beside somebody hostile."""

HEAD = (
    f"{'people':>11} {'sfu':>10} {'out/s':>9} {'µs/out':>8} {'core %':>6} {'p50 µs':>8} {'p99 µs':>8} {'loss %':>7} "
    f"{'MiB each':>8} {'join ms':>7}"
)


@dataclass(frozen=True)
class Result:
    """One scenario's figures. Packets that are not the scenario's own are not in them, the server's work on them is."""

    name: str
    sfu: str
    expected: float
    """Packets out a second, if none were lost."""
    received: float
    """Packets out a second, as they arrived."""
    cpu: float
    """Of one core, the server's process tree."""
    p50: float
    """Microseconds from the generator's send to the kernel's stamp of arrival."""
    p99: float
    memory: float
    """Bytes for each of the people."""
    join: float
    """Seconds from the wish for a receiving connection to a key frame's first packet, the median."""

    @property
    def cost(self) -> float:
        """Microseconds of CPU time for each packet that reached somebody."""
        return 1e6 * self.cpu / max(1.0, self.received)

    def __str__(self) -> str:
        """Return the line that belongs under `HEAD`."""
        return (
            f"{self.name:>11} {self.sfu:>10} {self.expected:>9.0f} {self.cost:>8.2f} "
            f"{100 * self.cpu:>6.1f} {self.p50:>8.0f} {self.p99:>8.0f} "
            f"{100 * (1 - self.received / self.expected):>7.3f} {self.memory / 2**20:>8.2f} {1000 * self.join:>7.0f}"
        )

    def against(self, quiet: Result) -> str:
        """Return in percent how the others' figures changed, which are worse by more than `HARM`, and what it cost."""
        changes = {
            "p50": self.p50 / quiet.p50 - 1,
            "p99": self.p99 / quiet.p99 - 1,
            # of those that were due: a generator that fell behind is not the server's loss
            "packets": (self.received / self.expected) / (quiet.received / quiet.expected) - 1,
        }
        told = ", ".join(f"{name} {change:+.1%}" for name, change in changes.items())
        worse = [name for name, change in changes.items() if (-change if name == "packets" else change) > HARM]
        core = 100 * (self.cpu - quiet.cpu)
        return f"{told}; worse by more than {HARM:.0%}: {', '.join(worse) or 'none'}; {core:+.1f} % of a core"


def median(results: Sequence[Result]) -> Result:
    """Return the median of each figure, of results of the same scenario and SFU."""
    figures = ("expected", "received", "cpu", "p50", "p99", "memory", "join")
    return replace(
        results[0], **{figure: statistics.median(getattr(result, figure) for result in results) for figure in figures}
    )
