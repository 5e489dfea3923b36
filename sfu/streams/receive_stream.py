"""One incoming RTP stream: sequence numbers unwrapped, duplicates refused, loss and jitter (RFC 3550 A.1, A.3, A.8)."""

from __future__ import annotations

from sfu.rtp.rtcp import ReportBlock

REFUSED = -1
"""What `receive` and `recover` return for a packet that must not be used."""


class ReceiveStream:
    """Reception state of one SSRC. `receive` runs for every packet: plain ints, nothing allocated."""

    __slots__ = ("clock_rate", "ssrc")

    def __init__(self, ssrc: int, clock_rate: int) -> None:
        self.ssrc = ssrc
        self.clock_rate = clock_rate

    def receive(self, sequence: int, timestamp: int, *, now: float) -> int:
        """Count one packet; return its unwrapped sequence number (at least 1), or REFUSED for a duplicate or a wild jump."""
        raise NotImplementedError

    def recover(self, sequence: int) -> int:
        """Take a packet that came by retransmission (RFC 4588): as `receive`, but outside loss and jitter."""
        raise NotImplementedError

    def sender_report(self, ntp: int, *, now: float) -> None:
        """Remember the SR that the next report block will refer to. `ntp` is 32.32 seconds."""
        raise NotImplementedError

    def report_block(self, *, now: float) -> ReportBlock | None:
        """Return the block for the next RR, and begin a new reporting interval; None before the first packet."""
        raise NotImplementedError
