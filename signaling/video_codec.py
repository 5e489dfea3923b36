"""In which codec a room's cameras are published: VP9 only while everybody who watches decodes it, VP8 otherwise.

VP9 brings all sizes of a picture in one stream, yet one browser that cannot decode it would see no pictures at all. VP8
is what every browser decodes (RFC 7742, section 5), so the way there is taken at once and the way back slowly.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import Literal

Name = Literal["VP8", "VP9"]

BACK_SECONDS = 30.0
"""From a change to VP8 until VP9 may come back, seconds. Each change ends every camera's track and begins another, a
moment's freeze on all tiles: shorter repeats that for somebody who comes and goes, longer keeps the larger streams."""


class VideoCodec:
    """The choice of one room. `update` after everything that may change it, and at `due`."""

    def __init__(self, *, auto: bool) -> None:
        """Without `auto` it stays with VP8."""
        self.name: Name = "VP8"
        self.due: float | None = None
        """When `update` is wanted although nothing happened, seconds; None for never."""
        self._auto = auto
        self._fallen = -inf

    def update(self, decodes_vp9: Iterable[bool | None], *, now: float) -> bool:
        """Decide anew; True if `name` changed.

        `decodes_vp9`: of each who watches; None while their browser has not said. Somebody of whom it is not known
        keeps things as they are, and so does somebody who is alone: nobody would see the difference.
        """
        self.due = None
        if not self._auto:
            return False
        known = list(decodes_vp9)
        if self.name == "VP9":
            if False not in known:
                return False
            self.name, self._fallen = "VP8", now
            return True
        if len(known) < 2 or not all(known):
            return False
        if now < self._fallen + BACK_SECONDS:
            self.due = self._fallen + BACK_SECONDS
            return False
        self.name = "VP9"
        return True
