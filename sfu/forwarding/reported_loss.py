"""What one subscriber loses of a copy before it is repaired."""

from __future__ import annotations

from sfu.rtp.rtcp import ReportBlock

REPORT_LIFE = 15.0
"""Seconds that a subscriber's loss counts towards the publisher's report: browsers report on sound every 2.5 to 7.5 s
(libwebrtc, rtcp_sender.cc), and one report may be lost. Less turns the repair data off and on again, more keeps it on
for somebody whose browser is gone."""


class ReportedLoss:
    """The loss that receiver reports tell, put together with what was asked for again."""

    __slots__ = ("_at", "_fraction", "_packets_before", "repaired")

    def __init__(self) -> None:
        self.repaired = 0
        """Packets sent again for the first time since the last report."""
        self._at = float("-inf")
        self._fraction = 0
        self._packets_before = 0

    def receive(self, block: ReportBlock, packets: int, *, now: float) -> None:
        """Take a report; ``packets`` is how many were ever sent.

        A packet of sound that was sent again counts as received. What was sent again for the first time is what was
        lost before repair, as far as it was worth asking for: the report holds the rest. Part of it may be in both.
        """
        sent = packets - self._packets_before
        repaired = min(255, 256 * self.repaired // sent) if sent else 0
        self._fraction = max(block.fraction_lost, repaired)
        self._at, self._packets_before, self.repaired = now, packets, 0

    def fraction(self, *, now: float) -> int:
        """Return the loss, in 1/256, in the time of the last report; 0 if that is too long ago."""
        return self._fraction if now - self._at <= REPORT_LIFE else 0
