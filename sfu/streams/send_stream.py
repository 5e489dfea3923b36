"""One outgoing RTP stream: counts for sender reports, round-trip time and loss out of the reports about it (RFC 3550 6.4)."""

from __future__ import annotations

from sfu.rtp.rtcp import ReportBlock, SenderReport


class SendStream:
    """Sending state of one SSRC. The hot path adds to `packets` and `octets` itself."""

    __slots__ = ("cumulative_lost", "fraction_lost", "octets", "packets", "rtt", "ssrc")

    def __init__(self, ssrc: int) -> None:
        self.ssrc = ssrc
        self.packets = 0
        self.octets = 0
        """Payload bytes, without headers and padding."""
        self.rtt = -1.0
        """Seconds, smoothed; negative before the first measurement."""
        self.fraction_lost = 0
        """As last reported, in 1/256."""
        self.cumulative_lost = 0

    def sender_report(self, rtp_timestamp: int, *, now: float) -> SenderReport:
        """Return an SR that says `rtp_timestamp` is the stream's time at `now`."""
        raise NotImplementedError

    def receive_report(self, block: ReportBlock, *, now: float) -> None:
        """Take the block that a subscriber sent about this stream."""
        raise NotImplementedError
