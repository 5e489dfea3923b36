"""Transport-wide feedback read by the compiled twin (`feedback.c`), where one was built.

One call for each feedback packet reads it, matches it with what was sent, and measures and judges what came of it: in
Python that is work for each packet that anybody receives. `sfu.bwe.twcc_sender` says what it means.
"""

from __future__ import annotations

from array import array
from typing import Any

_built: Any = None
try:
    from sfu.native import _feedback  # type: ignore[attr-defined]

    _built = _feedback
except ImportError:
    pass

built = _built is not None
"""Whether there is such a twin on this machine."""

FIRST_WINDOW = 1024
"""Arrivals for which there is room at first, a power of two: half a second of 2000 packets a second, 16 KiB. It grows
where more come; less would have it grow for most people, more costs memory for each of them."""

_HISTORY = 8192
"""As in feedback.h."""

_told: Any = _built and _built.ffi.new("struct told *")
_pointer: Any = _built and _built.ffi.from_buffer
_check: Any = _built and _built.lib.check_feedback
_read: Any = _built and _built.lib.read_feedback


def check(body: bytes) -> bool:
    """Whether it can be read: what follows the RTCP header of a feedback packet, padding left out."""
    return bool(_check(body, len(body)) >= 0)


class PathReader:
    """One subscriber's path."""

    __slots__ = ("_lent", "_window", "path")

    def __init__(self, sent_at: array[float], sizes: array[int], state: bytearray) -> None:
        """Share what is known of each packet; all have as many places as the twin counts on."""
        if not len(sent_at) == len(sizes) == len(state) == _HISTORY or (sent_at.typecode, sizes.typecode) != ("d", "I"):
            raise ValueError("not a history")
        self.path: Any = _built.ffi.new("struct path *")
        """The twin's structure: `feedback.h` names its fields."""
        path = self.path
        self._lent = _pointer("double[]", sent_at), _pointer("uint32_t[]", sizes), _pointer("uint8_t[]", state)
        path.sent_at, path.sizes, path.state = self._lent
        path.mask = len(state) - 1
        path.base = path.base_before = float("inf")
        path.busy_rate = -1
        path.first_sent = path.last_sent = path.first_arrival = path.last_arrival = float("-inf")
        self._make_room(FIRST_WINDOW)

    def mark(self, following: int) -> None:
        """Note of all that was sent, up to but not with that number, that it is on its way."""
        _built.lib.mark_sent(self.path, following)

    def read(self, following: int, body: bytes, now: float) -> Any:
        """Take feedback on what was sent before that number. Returns `struct told`, which holds until the next call.

        Raises ValueError for what `check` refuses.
        """
        while (done := _read(self.path, following, body, len(body), now, _told)) == -2:
            self._make_room(2 * (self.path.window_mask + 1))
        if done:
            raise ValueError("not feedback")
        return _told

    @property
    def acknowledged_rate(self) -> int | None:
        """Bit/s that arrived of late, None while that is not known."""
        rate = _built.lib.arrival_rate(self.path)
        return None if rate < 0 else int(rate)

    def _make_room(self, places: int) -> None:
        path = self.path
        window: Any = _built.ffi.new("struct arrived[]", places)
        for number in range(path.oldest, path.newest):
            window[number & places - 1] = path.window[number & path.window_mask]
        self._window = path.window = window
        path.window_mask = places - 1
