"""A clock that is turned by hand: what is due runs in order of time, and nobody waits."""

from collections.abc import Callable
from heapq import heappop, heappush


class Clock:
    """Seconds since the beginning, and a heap of what happens when."""

    def __init__(self) -> None:
        self.now = 0.0
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def call_at(self, time: float, action: Callable[[], None]) -> None:
        """Have something happen; of two at the same time, the one that was asked for first."""
        self._count += 1
        heappush(self._heap, (max(time, self.now), self._count, action))

    def every(self, interval: float, action: Callable[[], None]) -> None:
        """Have something happen again and again, first after one interval."""

        def again() -> None:
            action()
            self.call_at(self.now + interval, again)

        self.call_at(self.now + interval, again)

    def run_until(self, time: float) -> None:
        """Let time pass."""
        while self._heap and self._heap[0][0] <= time:
            self.now, _, action = heappop(self._heap)
            action()
        self.now = max(self.now, time)
