"""A token bucket: so many a second, and so many at once."""

from __future__ import annotations


class TokenBucket:
    """Starts full."""

    __slots__ = ("_burst", "_rate", "_tokens", "_updated")

    def __init__(self, rate: float, burst: float) -> None:
        """Fill with ``rate`` tokens a second, up to ``burst``."""
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._updated = float("-inf")

    def take(self, now: float) -> bool:
        """Take one token; return False if there is none."""
        tokens = min(self._burst, self._tokens + (now - self._updated) * self._rate)
        self._updated = now
        if tokens < 1:
            self._tokens = tokens
            return False
        self._tokens = tokens - 1
        return True
