"""The rate for a subscriber that sends no transport-wide feedback, from the loss in its receiver reports.

Galene's rule (rtpconn/rtpconn.go, updateRate), which is that of draft-ietf-rmcat-gcc-02, section 6, with the losses of
all tracks taken together: they share one path.
"""

from __future__ import annotations

from sfu.rtp.rtcp import ReportBlock

INTERVAL = 1.0
"""Seconds between two decisions; browsers report about once a second. Shorter takes one report's chance for loss."""

GROW_BELOW, GROWTH = 0.02, 1.05
"""Fraction lost, and the factor: 2 % is what Wi-Fi loses by itself."""

SHRINK_ABOVE = 0.10
"""Fraction lost; above, the rate falls by half of what is lost."""

USED = 7 / 8
"""Of the estimate must have been sent before it grows: what was not tried is not known (Galene's rule too)."""

MIN_PACKETS = 20
"""Packets on which a decision rests. Fewer would make one lost packet 10 % of them; audio alone sends 50 a second."""

MAX_STREAMS = 512
"""SSRCs whose counts are remembered: every track and its retransmissions on one transport."""


class LossBased:
    """An estimate that follows loss alone."""

    __slots__ = ("_expected", "_lost", "_next", "_streams", "estimate")

    def __init__(self, estimate: int, *, now: float) -> None:
        self.estimate = estimate
        """Bit/s; whoever uses it bounds it."""
        self._streams: dict[int, tuple[int, int]] = {}
        self._expected = self._lost = 0
        self._next = now + INTERVAL

    def receive(self, block: ReportBlock) -> None:
        """Take a report block about a stream of ours."""
        before = self._streams.get(block.ssrc)
        if before is None and len(self._streams) == MAX_STREAMS:
            return
        self._streams[block.ssrc] = block.highest_sequence, block.cumulative_lost
        if before is None:
            return
        expected = block.highest_sequence - before[0] & 0xFFFF_FFFF
        if 0 < expected < 0x8000_0000:  # else an old report, or a stream that began anew
            self._expected += expected
            self._lost += min(max(block.cumulative_lost - before[1], 0), expected)

    def forget(self, ssrc: int) -> None:
        """Drop what is kept for a stream that ended."""
        self._streams.pop(ssrc, None)

    def update(self, sent_rate: int, *, now: float) -> bool:
        """Decide if it is time and there is enough to go by; `sent_rate` is in bit/s. Return True if the rate fell."""
        if now < self._next or self._expected < MIN_PACKETS:
            return False
        self._next = now + INTERVAL
        loss = self._lost / self._expected
        self._expected = self._lost = 0
        if loss > SHRINK_ABOVE:
            self.estimate = int(self.estimate * (1 - loss / 2))
            return True
        if loss < GROW_BELOW and sent_rate >= USED * self.estimate:
            self.estimate = int(self.estimate * GROWTH)
        return False
