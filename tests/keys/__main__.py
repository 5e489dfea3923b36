"""Hold a meeting of many, let people in and out of it, and print how long new keys take to be everywhere.

The members are in Python, in this one process; two are real Chromiums unless --without-browser. All share the machine
with the server: what is measured is also how long its cores need for work that people's own devices would share.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import platform
import shlex
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from aiohttp import ClientSession

from tests.browser.harness import Gathering, Person, gathering
from tests.browser.server import Server
from tests.interop.meeting import Meeting
from tests.interop.meeting_media import MeetingMedia
from tests.keys.rounds import Figures, Rounds

SPEAKERS = 2
"""Members in Python who send sound during a removal, beside the Chromium that facilitates."""


async def measure(members: int, rounds: int, changes: int, *, browser: bool) -> Figures:
    """One meeting. `members`: everybody who stays, browsers included."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        people: Gathering | None = None
        if browser:
            people = await stack.enter_async_context(gathering(folder))
            server = people.server
        else:
            server = Server(folder)
            await server.start()
            stack.push_async_callback(server.stop)
        http = await stack.enter_async_context(ClientSession())
        meeting = Meeting(await server.create_group(), http)
        stack.push_async_callback(meeting.close)
        return await _measure(meeting, people, members, rounds, changes)


async def _measure(meeting: Meeting, people: Gathering | None, members: int, rounds: int, changes: int) -> Figures:
    marta: Person | None = None
    if people is not None:
        marta = await people.person("Marta")
        await marta.join(meeting.links.facilitator)
    ben = meeting.person("Ben", facilitator=True)
    await ben.join()
    course = Rounds(meeting, ben, marta)
    await course.gather(members - (2 if people is not None else 1))
    speakers = [await _with_sound(meeting, number) for number in range(1, 1 + SPEAKERS)]
    recorder = MeetingMedia(ben)
    meeting.media.append(recorder)
    await recorder.subscribe()
    for number in range(rounds):
        await course.admission(by_press=marta is not None and number % 2 == 0)
        await course.removal(speakers, recorder)
    dora: Person | None = None
    if people is not None:
        dora = await people.person("Dora")
        for number in range(rounds):
            if number:
                await course.leave(dora)
            await course.join(people, dora)
    await course.changes(changes, dora)
    return course.figures


async def _with_sound(meeting: Meeting, number: int) -> MeetingMedia:
    media = MeetingMedia(meeting.people[number])
    meeting.media.append(media)
    await media.publish("audio")
    return media


def percentiles(seconds: Sequence[float]) -> str:
    """p50, p95 by the nearest rank, and the maximum, in milliseconds."""
    if not seconds:
        return "not measured"
    ordered = sorted(seconds)
    p95 = ordered[math.ceil(0.95 * len(ordered)) - 1]
    p50 = statistics.median(ordered)
    return f"p50 {1e3 * p50:5.0f}  p95 {1e3 * p95:5.0f}  max {1e3 * ordered[-1]:5.0f} ms of {len(ordered)}"


def report(figures: Figures) -> str:
    """The table."""
    frozen, seconds, frames = figures.freezes
    lines = {
        "new keys everywhere after Admit": percentiles(figures.everywhere),
        "new keys everywhere after Remove": percentiles(figures.removals),
        "last readable frame after Remove": f"{percentiles(figures.readable)}, {figures.tried} frames tried",
        "last frame handed out after Remove": percentiles(figures.forwarded),
        "new keys everywhere after a change": percentiles(figures.changes),
        "Chromium's join to its first frame": percentiles(figures.joins),
        "freezes, keys changing every second": f"{frozen} ({seconds:.2f} s) in {frames} frames"
        if frames
        else "not measured",
        "bytes": ", ".join(f"{name} {size}" for name, size in figures.sizes.items()),
    }
    return "\n".join(f"{name:<36} {value}" for name, value in lines.items())


def main() -> None:
    """Parse the command line, measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.keys", description=__doc__)
    parser.add_argument("--members", type=int, default=20, help="who stay throughout; one more comes and goes")
    parser.add_argument("--rounds", type=int, default=10, help="admissions, removals and joins of a Chromium, each")
    parser.add_argument("--changes", type=int, default=15, help="of the keys, one a second")
    parser.add_argument("--without-browser", action="store_true")
    arguments = parser.parse_args()
    if not 4 <= arguments.members <= 60:
        parser.error("4 to 60 members")
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"command: python -m tests.keys {shlex.join(sys.argv[1:])}".rstrip())
    browser = not arguments.without_browser
    print(report(asyncio.run(measure(arguments.members, arguments.rounds, arguments.changes, browser=browser))))


if __name__ == "__main__":
    main()
