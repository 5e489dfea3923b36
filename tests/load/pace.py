"""The generator's beat: everything that is to be done again and again, at its time."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import time
from collections.abc import AsyncIterator, Callable


class Beat:
    """Something that is done every ``interval`` seconds until it is ``over``."""

    __slots__ = ("action", "interval", "over")

    def __init__(self, action: Callable[[], object], interval: float) -> None:
        self.action = action
        self.interval = interval
        self.over = False


class Pace:
    """All beats. One that is late is done as often as it was missed, so that nothing is left out."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Beat]] = []
        self._count = 0
        self._stopped_at: float | None = None

    def add(self, beat: Beat, *, first: float) -> None:
        """Begin at ``first``, a time of the monotonic clock."""
        self._count += 1
        heapq.heappush(self._due, (first, self._count, beat))

    def run_due(self, *, now: float) -> None:
        """Do what is due."""
        due = self._due
        while due and due[0][0] <= now:
            at, order, beat = due[0]
            if beat.over:
                heapq.heappop(due)
                continue
            heapq.heapreplace(due, (at + beat.interval, order, beat))
            beat.action()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep the beat while the block runs. What would have been due between two such blocks is put off."""
        if self._stopped_at is not None:
            gap = time.monotonic() - self._stopped_at
            self._due = [(at + gap, order, beat) for at, order, beat in self._due]
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self._stopped_at = time.monotonic()
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled() and (error := task.exception()):
                raise error

    async def _run(self) -> None:
        while True:
            self.run_due(now=time.monotonic())
            wait = self._due[0][0] - time.monotonic() if self._due else 0.01
            await asyncio.sleep(max(0.0, wait))
