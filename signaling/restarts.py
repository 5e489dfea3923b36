"""When a media worker that ended is started again: at once, and more slowly if it ends again and again. Sans-IO."""

from __future__ import annotations

from typing import Literal

BACKOFF = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before the first, second … new start; the last one repeats. At first none, because a room is silent
meanwhile. Longer ones at the end save nothing that matters, a start takes half a second of a core; shorter ones let
whoever can end a worker keep everybody's browsers busy with building connections."""

STABLE_SECONDS = 60.0
"""Having worked for so long, a worker's next end is a first one again. Shorter, and one that ends every half minute
would never be waited for; longer punishes the people of a room for what happened an hour ago."""

OFTEN = 3
"""Ends in a row of which the log says that they do not stop. One and two are told as they come, later ones no more."""

Word = Literal["ended", "again_and_again", ""]


class Restarts:
    """One worker's."""

    def __init__(self) -> None:
        self._ends = 0
        self._since: float | None = None
        """Since when it works; None while it does not."""

    def started(self, *, now: float) -> None:
        """It works."""
        self._since = now

    def ended(self, *, now: float) -> tuple[float, Word]:
        """It ended, or could not be started. Returns for how many seconds to wait, and what to say of it in the log."""
        if self._since is not None and now - self._since >= STABLE_SECONDS:
            self._ends = 0
        self._since = None
        pause = BACKOFF[min(self._ends, len(BACKOFF) - 1)]
        self._ends += 1
        if self._ends < OFTEN:
            return pause, "ended"
        return pause, "again_and_again" if self._ends == OFTEN else ""
