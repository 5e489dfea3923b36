"""Several that are measured in turn, until each has enough runs that count, and what is printed of each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.load.adapters import AdapterError
from tests.load.measure import Run
from tests.load.record import Tried


async def compare(
    done: dict[str, Tried],
    run: Callable[[str], Awaitable[Run]],
    runs: int,
    tries: int,
    *,
    after_each: Callable[[], None] = lambda: None,
) -> None:
    """``run`` each of ``done`` by its name, in turn, until it has so many runs that count, or was tried so often."""
    while open_ones := [one for one in done if len(done[one].counting) < runs and done[one].tries < tries]:
        for name in open_ones:
            try:
                done[name].runs.append(await run(name))
            except (AdapterError, OSError) as error:
                done[name].failures.append(f"{type(error).__name__}: {error}")
            after_each()


def line(sfu: str, scenario: str, tried: Tried, wanted: int) -> str:
    """Return what is to be printed of one SFU's runs in one scenario."""
    counting = tried.counting
    invalid = [run for run in tried.runs if run.invalid]
    disturbed = [run for run in tried.runs if not run.invalid and not run.counts]
    remark = f"{len(counting)} runs" if len(counting) != 1 else "1 run"
    if tried.runs:
        remark += f", generator at {max(run.generator for run in tried.runs):.0%} of its core"
    if disturbed:
        remark += f", {len(disturbed)} disturbed (to {max(run.disturbed for run in disturbed):.0%})"
    if invalid:
        remark += f", {len(invalid)} invalid (the generator {invalid[0].invalid})"
    if tried.failures:
        remark += f", {len(tried.failures)} failed ({tried.failures[0]})"
    word, figures = tried.remark(wanted), tried.figures(wanted)
    if figures is None:
        return f"{scenario:>11} {sfu:>10} {word}: {remark}"
    return f"{figures}  {f'{word}: ' if word else ''}{remark}"
