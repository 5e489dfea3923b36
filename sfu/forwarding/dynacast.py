"""Which encodings of a track its publisher has to send: those that somebody gets or waits for, and no others."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

OFF_AFTER = 2.0
"""Seconds that an encoding goes on after the last subscriber let go of it. Allocations are made every second and
tiles move: shorter and encodings flap, each start costing a key frame; longer and the publisher's uplink and processor
work for nobody."""


class Dynacast:
    """What the publisher was told last, and since when something is not needed any more."""

    __slots__ = ("_idle_since", "active")

    def __init__(self, encodings: int) -> None:
        """Begin with everything on, as publishers do."""
        self.active = [True] * encodings
        self._idle_since: list[float | None] = [None] * encodings

    def next_deadline(self) -> float:
        """When `update` changes something although nothing else has changed."""
        return min((since + OFF_AFTER for since in self._waiting()), default=inf)

    def _waiting(self) -> list[float]:
        return [since for since, on in zip(self._idle_since, self.active, strict=True) if on and since is not None]

    def update(self, needed: Sequence[bool], *, now: float) -> bool:
        """Take what is needed now; return whether `active` changed and the publisher is to be told."""
        changed = False
        for index, need in enumerate(needed):
            if need:
                self._idle_since[index] = None
                changed |= not self.active[index]
                self.active[index] = True
            elif self.active[index]:
                since = self._idle_since[index]
                if since is None:
                    self._idle_since[index] = now
                elif now - since >= OFF_AFTER:
                    self.active[index] = False
                    changed = True
        return changed
