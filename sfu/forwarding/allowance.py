"""So many times within so many seconds."""

from __future__ import annotations

from collections import deque


class Allowance:
    """A limit on how often something is done in any stretch of time."""

    __slots__ = ("_taken", "_within")

    def __init__(self, count: int, within: float) -> None:
        """Allow ``count`` in any ``within`` seconds."""
        self._taken: deque[float] = deque(maxlen=count)
        self._within = within

    def take(self, *, now: float) -> bool:
        """Whether it may be done once more now; if so, it counts."""
        taken = self._taken
        if len(taken) == taken.maxlen and now - taken[0] < self._within:
            return False
        taken.append(now)
        return True
