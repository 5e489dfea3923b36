"""Key-frame requests towards a publisher, throttled and repeated (PLI, RFC 4585 section 6.3.1)."""

from __future__ import annotations

INTERVAL = 0.5
SMALL_INTERVAL = 0.2


class KeyframeRequests:
    """The requests for one encoding, whoever makes them."""

    __slots__ = ("_interval",)

    def __init__(self, *, interval: float = INTERVAL) -> None:
        self._interval = interval

    def request(self, *, now: float) -> bool:
        """Ask for a key frame; return whether a PLI is to be sent now. If not, the timer sees to it."""
        raise NotImplementedError

    def key_frame(self) -> None:
        """A key frame began to arrive: every request so far is answered."""
        raise NotImplementedError

    def cancel(self) -> None:
        """Nobody wants one any more."""
        raise NotImplementedError

    def next_deadline(self) -> float | None:
        """When `handle_timer` wants to be called, None while nothing is asked for."""
        raise NotImplementedError

    def handle_timer(self, *, now: float) -> bool:
        """Return whether a PLI is to be sent now."""
        raise NotImplementedError
