"""One outgoing RTP stream: counts for sender reports; round-trip time and loss from what comes back (RFC 3550 6.4)."""

from __future__ import annotations

from sfu.native.numbers import CopyNumbers
from sfu.rtp.rtcp import ReportBlock, SenderReport
from sfu.streams.clock_map import ntp_time
from sfu.streams.round_trip import smoothed_rtt


class SendStream:
    """Sending state of one SSRC. The hot path counts packets and octets in ``numbers``."""

    __slots__ = ("_numbers", "cumulative_lost", "fraction_lost", "rtt", "ssrc")

    def __init__(self, ssrc: int, numbers: CopyNumbers | None = None) -> None:
        self._numbers = numbers or CopyNumbers()
        self.ssrc = ssrc
        self.rtt = 0.0
        """Seconds, smoothed; 0 before the first measurement."""
        self.fraction_lost = 0
        """As last reported, in 1/256."""
        self.cumulative_lost = 0
        """Packets, as last reported."""

    @property
    def packets(self) -> int:
        """All that were ever sent."""
        return self._numbers.packets

    @property
    def octets(self) -> int:
        """Payload bytes, without headers and padding (RFC 3550 section 6.4.1)."""
        return self._numbers.octets

    def sender_report(self, rtp_timestamp: int, *, now: float) -> SenderReport:
        """Return an SR that says `rtp_timestamp` is the stream's time at `now`, whose clock serves as NTP time."""
        return SenderReport(self.ssrc, ntp_time(now), rtp_timestamp, self.packets, self.octets)

    def receive_report(self, block: ReportBlock, *, now: float) -> None:
        """Take the block that the receiver of this stream sent about it."""
        self.fraction_lost = block.fraction_lost
        self.cumulative_lost = block.cumulative_lost
        self.rtt = smoothed_rtt(self.rtt, block.last_sr, block.delay_since_last_sr, now=now)
