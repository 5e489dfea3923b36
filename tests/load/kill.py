"""A media worker killed beside a meeting that another one carries: `python -m tests.load 12 --hostile kill`."""

from __future__ import annotations

import asyncio
import time

from tests.load.adapters import AdapterError
from tests.load.hostile import Trouble
from tests.load.meeting import Meeting
from tests.load.scenarios import Scenario
from tests.load.spread import Spread

WORKERS = 2
PEOPLE = 2
"""In the room of the worker that is killed."""
AGAIN = 0.05
"""Seconds between two requests for that room while its worker is replaced."""


class Kill(Trouble):
    """`kill -9` of the other worker, whose people come again as soon as there is one in its place."""

    def __init__(self, meeting: Meeting) -> None:
        if not isinstance(meeting.adapter, Spread):
            raise AdapterError("it has no workers")
        self._adapter = meeting.adapter
        self._meeting = meeting
        self._beside = meeting.beside("beside", Scenario(PEOPLE, PEOPLE))

    async def begin(self) -> None:
        """See `Trouble`. A small meeting begins on the other worker."""
        await self._beside.gather()
        if _port(self._beside) == _port(self._meeting):
            raise AdapterError("both meetings are on one worker")

    async def attack(self, seconds: float) -> None:
        """See `Trouble`. It lasts at least until the killed worker's people see each other again."""
        begin = time.monotonic()
        scenario = self._beside.scenario
        await self._adapter.kill_other(_port(self._meeting))
        await self._beside.part()
        refused = begin
        while True:
            self._beside = self._meeting.beside("beside", scenario)
            try:
                await self._beside.gather()
                break
            except AdapterError:
                refused = time.monotonic()
                await self._beside.part()
                await asyncio.sleep(AGAIN)
        print(f"a worker was killed, and another one took its place within {refused - begin + AGAIN:.1f} s", flush=True)
        await asyncio.sleep(max(0.0, begin + seconds - time.monotonic()))

    async def close(self) -> None:
        """See `Trouble`."""
        await self._beside.part()


def _port(meeting: Meeting) -> int:
    """Return where the meeting's worker is."""
    return meeting.lines[0].server[1]
