"""Round-trip times: when something was sent comes back with how long it lay there (RFC 3550 6.4.1, RFC 3611 4.5)."""

from __future__ import annotations

from sfu.streams.clock_map import ntp_time

MAX_RTT = 10.0
"""Seconds: a longer round trip than this is an answer to a report that was never sent, and is left out."""

RTT_GAIN = 1 / 8
"""Weight of a new measurement (RFC 6298 section 2). Higher follows jitter, lower lags behind a network switch."""


def smoothed_rtt(rtt: float, sent: int, delay: int, *, now: float) -> float:
    """Return the round-trip time in seconds, 0 while unknown, after one more answer.

    ``rtt`` is the one so far; ``sent`` the middle 32 bits of the NTP time in what is answered, 0 where there was none;
    ``delay`` how long the other side kept it, in 1/65536 s. NTP time here is ours: `ntp_time` of ``now``.
    """
    if not sent:
        return rtt
    measured = ((ntp_time(now) >> 16) - sent - delay & 0xFFFFFFFF) / 0x10000
    if measured > MAX_RTT:
        return rtt
    return rtt + (measured - rtt) * RTT_GAIN if rtt else measured
