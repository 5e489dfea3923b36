"""Sender reports carried over from a publisher to its subscribers, so that sound and picture stay together (RFC 3550 6.4.1)."""

from __future__ import annotations


def ntp_time(seconds: float) -> int:
    """Seconds of any clock as 32.32 fixed point, modulo 2^64."""
    raise NotImplementedError


class RemoteClock:
    """One publisher's NTP clock against ours. Shared by all its streams: that is what keeps them in step."""

    __slots__ = ()

    def observe(self, ntp: int, *, now: float) -> None:
        """Take the NTP time of an SR that arrived now."""
        raise NotImplementedError


class ClockMap:
    """The RTP clock of one encoding against ours."""

    __slots__ = ("_clock_rate", "_remote")

    def __init__(self, clock_rate: int, remote: RemoteClock) -> None:
        self._clock_rate = clock_rate
        self._remote = remote

    def sender_report(self, ntp: int, rtp_timestamp: int, *, now: float) -> None:
        """Take the publisher's SR for this encoding."""
        raise NotImplementedError

    def timestamp_at(self, now: float) -> int | None:
        """Return the encoding's 32-bit RTP timestamp at our time `now`; None before the first SR.

        An SR to a subscriber says NTP = now and RTP = this, plus whatever offset its stream was given on forwarding.
        """
        raise NotImplementedError
