"""What a member's transport was refused, counted by kind, so that the log can say once what it was."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

STRAYS = 100
"""Refusals of a kind from which the log tells of it, where honest browsers and networks cause some too: a lower figure
speaks of people who did nothing, a higher one of fewer who did."""


class Refusal(Enum):
    """A kind of refusal, in the words of the log."""

    FOREIGN = "media under an SSRC that is not its own"
    UNAUTHENTIC = "packets that are repeated, late or not authentic"
    MALFORMED = "packets that cannot be read"
    TOO_MUCH_MEDIA = "more media than one member may send"
    TOO_MUCH_RTCP = "more RTCP than is read of one member"
    TOO_MANY_SENDERS = "RTCP from more SSRCs than one member may have"
    TOO_MANY_REPEATS = "requests to send again more than is sent again to one member"
    TOO_MANY_KEY_FRAMES = "requests for more key frames than one member may have"
    UNREAD = "all that waits in a TCP connection that is not read"

    @property
    def told_from(self) -> int:
        """How many of the kind there are when the log tells of it."""
        return STRAYS if self in _HONEST else 1


_HONEST = {Refusal.FOREIGN, Refusal.UNAUTHENTIC, Refusal.TOO_MANY_KEY_FRAMES}
"""Packets that were on their way when a track ended, those that a network doubled, pictures that stay broken."""


class Refusals:
    """Counts of one transport."""

    __slots__ = ("_counts", "_on_untold", "untold")

    def __init__(self, on_untold: Callable[[], None]) -> None:
        """Nothing was refused yet; ``on_untold`` is called when a kind joins `untold`."""
        self._on_untold = on_untold
        self._counts = dict.fromkeys(Refusal, 0)
        self.untold: list[Refusal] = []
        """Kinds that became worth a line in the log, each once; whoever reads it empties it."""

    @property
    def total(self) -> int:
        """How much was refused, of all kinds."""
        return sum(self._counts.values())

    def add(self, refusal: Refusal) -> None:
        """Count one."""
        count = self._counts[refusal] = self._counts[refusal] + 1
        if count == refusal.told_from:
            self.untold.append(refusal)
            self._on_untold()
