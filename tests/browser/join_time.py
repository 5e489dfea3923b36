"""How long a join takes, from the facilitator's press on "Admit" to the first decoded remote frame.

Run: ``python -m tests.browser.join_time [--joins 20] [--present 2] [--rtt 100] [--role facilitator] [--waterfall]``.
The Chromiums and the server share the machine. A facilitator's join runs from their own press on "Join meeting".
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import platform
import statistics
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from tests.browser.harness import Gathering, Person, eventually, gathering
from tests.browser.join_marks import FIRST_FRAME, MARKS
from tests.browser.slow_path import SlowPath

Marks = list[tuple[str, float]]


class Joins:
    """A meeting in which one person joins again and again."""

    def __init__(self, people: Gathering, round_trip: float, stack: AsyncExitStack) -> None:
        self._people = people
        self._round_trip = round_trip
        self._stack = stack

    async def person(self, name: str, link: str) -> tuple[Person, str]:
        """Somebody, and the link that leads them by a way of their own."""
        person = await self._people.person(name, before=MARKS)
        if not self._round_trip:
            return person, link
        path = SlowPath(self._people.server, round_trip=self._round_trip)
        await path.start()
        self._stack.push_async_callback(path.close)
        return person, path.link(link)

    async def measure(self, joins: int, present: int, role: str) -> tuple[list[float], list[Marks]]:
        """Seconds of each join, and what the page did in it, in ms from the press."""
        links = await self._people.server.create_group()
        marta, link = await self.person("Marta", links.facilitator)
        await marta.join(link)
        await marta.open_panel("People")
        if present > 1:
            ana, link = await self.person("Ana", links.participant)
            await ana.knock(link)
            await marta.admit("Ana")
            await ana.in_call()
        facilitates = role == "facilitator"
        chi, link = await self.person("Chi", links.facilitator if facilitates else links.participant)
        seconds, marks = [], []
        for _ in range(joins):
            if facilitates:
                await chi.get_ready(link)
                button = chi.button("Join meeting")
            else:
                await chi.knock(link)
                button = marta.button("Admit Chi")
            await button.wait_for()
            await chi.page.evaluate("() => { window.__marks.length = 0; }")
            pressed = await button.evaluate(
                "(button) => { const now = performance.timeOrigin + performance.now(); button.click(); return now; }"
            )
            first = await asyncio.wait_for(chi.page.evaluate(FIRST_FRAME), 30)
            found = await chi.page.evaluate("() => window.__marks")
            seconds.append((first - pressed) / 1000)
            marks.append([(name, time - pressed) for name, time in found])
            await chi.tool("Leave").click()
            await chi.button("Rejoin").wait_for()

            async def gone() -> bool:
                return await marta.tile("Chi").count() == 0

            await eventually(gone, "the tile of somebody who left is gone")
        return seconds, marks


async def measure(joins: int, *, present: int, round_trip: float, role: str) -> tuple[list[float], list[Marks]]:
    """Hold a meeting of so many and let one more person join that often."""
    with tempfile.TemporaryDirectory() as folder:
        async with gathering(Path(folder)) as people, AsyncExitStack() as stack:
            return await Joins(people, round_trip, stack).measure(joins, present, role)


def waterfall(runs: list[Marks]) -> list[str]:
    """Each step that most of the runs have, by the median of its time: a name that comes again is counted."""
    times: dict[tuple[str, int], list[float]] = {}
    for marks in runs:
        count: dict[str, int] = {}
        for name, time in marks:
            count[name] = count.get(name, 0) + 1
            times.setdefault((name, count[name]), []).append(time)
    steps = [(statistics.median(found), step) for step, found in times.items() if len(found) > len(runs) / 2]
    return [f"{time:7.0f} ms  {name}{f' ({nth})' if nth > 1 else ''}" for time, (name, nth) in sorted(steps)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--joins", type=int, default=20)
    parser.add_argument("--present", type=int, choices=(1, 2), default=2, help="people in the meeting")
    parser.add_argument("--rtt", type=int, default=0, help="ms, of everybody's way to the server, pages and media")
    parser.add_argument("--role", choices=("participant", "facilitator"), default="participant")
    parser.add_argument("--waterfall", action="store_true", help="print the median time of each step")
    given = parser.parse_args()
    found, marks = asyncio.run(
        measure(given.joins, present=given.present, round_trip=given.rtt / 1000, role=given.role)
    )
    seconds = sorted(found)
    p95 = seconds[math.ceil(0.95 * len(seconds)) - 1]  # the nearest rank: a join that was measured
    print(f"command: python -m tests.browser.join_time {' '.join(sys.argv[1:])}")
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {sys.platform}")
    print(f"joins: {len(seconds)}; press to first decoded remote frame, seconds:")
    print(f"p50 {statistics.median(seconds):.2f}  p95 {p95:.2f}  max {seconds[-1]:.2f}")
    if given.waterfall:
        print(*waterfall(marks), sep="\n")


if __name__ == "__main__":
    main()
