"""Sender reports carried from a publisher to its subscribers, so that sound and picture stay together (RFC 3550 6.4.1).

As in Galene (rtpconn.go, sendSR), a report to a subscriber says: NTP = now, RTP = the publisher's RTP clock at now.
Unlike there, the publisher's NTP clock is not taken to agree with ours: the offset is learnt from its reports.
"""

from __future__ import annotations

from sfu.rtp.sequence import unwrap32

DRIFT = 2e-4
"""Seconds a second by which the learnt offset may rise again: twice what quartz clocks drift apart (100 ppm). Higher
lets a spell of network delay move lip sync; lower leaves a slow remote clock behind."""

MAX_STEP = 1.0
"""Seconds by which a report may lie away from the learnt offset before the remote clock counts as set anew (by NTP,
after sleep). Lower mistakes a network stall for it, higher leaves sound and picture apart for longer."""


NTP_SECOND = 1 << 32
"""Units of NTP's 32.32 fixed point in a second."""


def ntp_time(seconds: float) -> int:
    """Seconds of any clock as 32.32 fixed point, modulo 2^64. RFC 3550 section 6.4.1 allows elapsed time in an SR."""
    return int(seconds * NTP_SECOND) & 0xFFFFFFFFFFFFFFFF


class RemoteClock:
    """One publisher's NTP clock against ours. All its streams share one: that is what keeps them in step."""

    __slots__ = ("_observed", "_offset")

    def __init__(self) -> None:
        self._offset: float | None = None
        """Our time minus the publisher's, in seconds: exact to a microsecond for dates of this century."""
        self._observed = 0.0

    def observe(self, ntp: int, *, now: float) -> None:
        """Take the NTP time of an SR that arrived now.

        The report that travelled fastest tells the offset best, so the lowest wins and drifts up by `DRIFT` at most.
        """
        sample = now - ntp / NTP_SECOND
        if self._offset is None or abs(sample - self._offset) > MAX_STEP:
            self._offset = sample
        else:
            self._offset = min(sample, self._offset + DRIFT * (now - self._observed))
        self._observed = now

    def local_time(self, ntp: int) -> float | None:
        """Return our time at this NTP time of the publisher; None before the first report."""
        return None if self._offset is None else self._offset + ntp / NTP_SECOND


class ClockMap:
    """The RTP clock of one encoding against ours."""

    __slots__ = ("_clock_rate", "_ntp", "_remote", "_timestamp")

    def __init__(self, clock_rate: int, remote: RemoteClock) -> None:
        self._clock_rate = clock_rate
        self._remote = remote
        self._ntp = 0
        self._timestamp = 0

    def sender_report(self, ntp: int, rtp_timestamp: int, *, now: float) -> None:
        """Take the publisher's SR for this encoding. An NTP time of 0 says nothing (RFC 3550 6.4.1)."""
        if ntp:
            self._remote.observe(ntp, now=now)
            self._ntp, self._timestamp = ntp, rtp_timestamp

    def timestamp_at(self, now: float) -> int | None:
        """Return the encoding's 32-bit RTP timestamp at our time `now`; None before the first SR.

        The SR to a subscriber adds whatever offset its stream was given on forwarding.
        """
        reported_at = self._remote.local_time(self._ntp) if self._ntp else None
        if reported_at is None:
            return None
        return self._timestamp + round((now - reported_at) * self._clock_rate) & 0xFFFFFFFF

    def time_of(self, timestamp: int) -> float | None:
        """Return our time at this 32-bit RTP timestamp, taken to lie near the last SR; None before the first."""
        reported_at = self._remote.local_time(self._ntp) if self._ntp else None
        if reported_at is None:
            return None
        return reported_at + (unwrap32(timestamp, self._timestamp) - self._timestamp) / self._clock_rate
