"""Key-frame requests towards a publisher, throttled and repeated (PLI, RFC 4585 section 6.3.1)."""

from __future__ import annotations

from collections import deque

INTERVAL = 0.5
"""Seconds between two PLIs for one encoding (Galene, LiveKit's low layer). Each key frame costs the publisher's uplink
about ten ordinary frames: lower lets joins starve it, higher makes newcomers wait."""

SMALL_INTERVAL = 0.2
"""Seconds, for the smallest encoding of several, whose key frames are small (Signal, call.rs)."""

PER_SECOND = 2
"""PLIs within any second: ten people who join in one cost two key frames, also of the small encoding."""


class KeyframeRequests:
    """The requests for one encoding, whoever makes them.

    A request made while a PLI is unanswered is answered by the same key frame. A lost PLI, or a lost key frame, is
    asked for again each interval, for as long as somebody wants one.
    """

    __slots__ = ("_allowed_at", "_interval", "_sent", "_wanted")

    def __init__(self, *, interval: float = INTERVAL) -> None:
        self._interval = interval
        self._allowed_at: float | None = None
        self._sent: deque[float] = deque(maxlen=PER_SECOND)
        self._wanted = False

    def request(self, *, now: float) -> bool:
        """Ask for a key frame; return whether a PLI is to be sent now. If not, `handle_timer` sees to it."""
        self._wanted = True
        return self.handle_timer(now=now)

    def key_frame(self) -> None:
        """A key frame began to arrive: every request so far is answered."""
        self._wanted = False

    def cancel(self) -> None:
        """Nobody wants one any more."""
        self._wanted = False

    def next_deadline(self) -> float | None:
        """When `handle_timer` wants to be called, None while nothing is asked for."""
        return self._allowed_at if self._wanted else None

    def handle_timer(self, *, now: float) -> bool:
        """Return whether a PLI is to be sent now."""
        if not self._wanted or (self._allowed_at is not None and now < self._allowed_at):
            return False
        self._sent.append(now)
        self._allowed_at = now + self._interval
        if len(self._sent) == PER_SECOND:
            self._allowed_at = max(self._allowed_at, self._sent[0] + 1.0)
        return True
