"""Key-frame requests towards a publisher, throttled and repeated (PLI, RFC 4585 section 6.3.1)."""

from __future__ import annotations

INTERVAL = 0.5
"""Seconds between two PLIs for one encoding while none is answered (Galene, LiveKit's low layer): a lost PLI, or a lost
key frame. Lower asks twice over slow paths, higher makes newcomers wait."""

SPACING = 1.0
"""Seconds from a PLI that was answered to the next one of the same track. Ten people who join within a second then cost
two key frames of each encoding, and whoever comes just after the first waits a second for the picture. Each costs the
publisher's uplink about ten ordinary frames: lower lets joins starve it."""


class Spacing:
    """The latest PLIs of one track, shared by its encodings.

    Browsers make a key frame of each encoding at once, whichever was asked for (libwebrtc, video_stream_encoder.cc,
    SendKeyFrame): what several want leaves in one moment, and an answer to one counts as an answer to all.
    """

    __slots__ = ("allowed_at", "sent_at")

    def __init__(self) -> None:
        self.sent_at = self.allowed_at = float("-inf")


class KeyframeRequests:
    """The requests for one encoding, whoever makes them.

    A request made while a PLI is unanswered is answered by the same key frame. A lost PLI, or a lost key frame, is
    asked for again each interval, for as long as somebody wants one.
    """

    __slots__ = ("_asked_at", "_spacing", "_wanted")

    def __init__(self, spacing: Spacing) -> None:
        self._spacing = spacing
        self._asked_at = float("-inf")
        self._wanted = False

    def want(self) -> None:
        """Ask for a key frame: `handle_timer` says when."""
        self._wanted = True

    def key_frame(self) -> None:
        """A key frame began to arrive: every request so far is answered."""
        self._wanted = False
        self._spacing.allowed_at = self._spacing.sent_at + SPACING

    def cancel(self) -> None:
        """Nobody wants one any more."""
        self._wanted = False

    def next_deadline(self) -> float | None:
        """When `handle_timer` wants to be called, None while nothing is asked for."""
        return self._spacing.allowed_at if self._wanted else None

    def handle_timer(self, *, now: float) -> bool:
        """Return whether a PLI is to be sent now. What several encodings want at one moment leaves together.

        Only to be called where it can be sent: it counts as sent for the track's other encodings.
        """
        spacing = self._spacing
        if not self._wanted or self._asked_at == now or (now < spacing.allowed_at and now != spacing.sent_at):
            return False
        if now != spacing.sent_at:
            spacing.sent_at, spacing.allowed_at = now, now + INTERVAL
        self._asked_at = now
        return True
