"""The time that the media machines are told: the monotonic clock, without what passed while the process stood still."""

from __future__ import annotations

from collections.abc import Callable

LONGEST_STEP = 1.0
"""Seconds between two readings that are believed. A worker with transports reads its clock at least every 10 ms; more
than this means that the process did not run, because its machine was paused, moved or overloaded. The checks and
packets of that time lie unread or are lost, and none of it is the people's: without this bound 30 s end every transport
of the worker (RFC 7675), and with it everybody's meeting. Shorter hides what a slow machine really does to estimates;
longer lets one pause use up more of the 10 s after which a transport counts as disconnected."""


class SteadyClock:
    """Never runs back, and never takes more than `LONGEST_STEP` at once."""

    __slots__ = ("_last", "_now", "_source", "skipped")

    def __init__(self, source: Callable[[], float]) -> None:
        """Follow ``source``, in seconds."""
        self._source = source
        self._last = self._now = source()
        self.skipped = 0.0
        """Seconds so far that were left out."""

    def __call__(self) -> float:
        """Return the time in seconds, from the source's first reading on."""
        last = self._last
        self._last = read = self._source()
        step = read - last
        if step > LONGEST_STEP:
            self.skipped += step - LONGEST_STEP
            step = LONGEST_STEP
        elif step < 0.0:
            step = 0.0
        self._now += step
        return self._now

    def resume(self) -> None:
        """Go on from now: nobody read the clock for a while, and nothing was missed."""
        self._last = self._source()
