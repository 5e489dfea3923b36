"""One incoming RTP stream: sequence numbers unwrapped, duplicates refused, loss and jitter (RFC 3550 A.1, A.3, A.8)."""

from __future__ import annotations

from array import array

from sfu.native.numbers import SourceNumbers
from sfu.native.reception import lend_seen
from sfu.rtp.rtcp import ReportBlock

REFUSED = -1
"""What `receive` and `recover` return for a packet that must not be used."""

MAX_DROPOUT = 3000
"""Packets by which a sequence number may jump forward and still be loss (RFC 3550 A.1): 20 s of video at 150 a second.
Lower takes a long outage for a new stream, higher the other way about."""

WINDOW = 1024
"""Packets for which duplicates are known: the MAX_MISORDER of RFC 3550 A.1, raised from 100 to SRTP's replay window, so
that what a NACK brought back a second later still counts. Older ones are refused. Each costs 8 bytes a stream."""

MAX_TRANSIT_STEP = 5
"""Seconds: a larger step between two transit times is a new clock and no jitter (libwebrtc,
receive_statistics_impl.cc)."""

_NEVER = -(1 << 16)
"""No 16-bit sequence number: nothing follows it."""

_DELAY_UNITS = 1 << 16
"""Units in a second of a report block's delay (RFC 3550 section 6.4.1)."""


class ReceiveStream:
    """Reception state of one SSRC. `receive` runs for every packet: plain ints, nothing allocated.

    The first packet counts at once, without RFC 3550's probation: SRTP has authenticated it and its SSRC is bound to a
    member. A jump of more than `MAX_DROPOUT` forward or `WINDOW` backward is refused until the next packet in sequence
    confirms it: then the publisher began anew, and unwrapped numbers go on above all earlier ones.
    """

    __slots__ = (
        "_base", "_expected_before", "_last_sr", "_last_sr_at", "_lent", "_numbers", "_received_before",
        "_repaired_before", "_seen", "clock_rate", "ssrc",
    )  # fmt: skip

    def __init__(self, ssrc: int, clock_rate: int, numbers: SourceNumbers | None = None) -> None:
        """``numbers`` is where it counts: what comes in order the compiled twin counts there too."""
        self.ssrc = ssrc
        self.clock_rate = clock_rate
        self._numbers = numbers or SourceNumbers()
        self._numbers.clock_rate = clock_rate
        self._base = 1
        """The first unwrapped sequence number that is expected."""
        self._seen = array("q", bytes(8 * WINDOW))
        self._lent = lend_seen(self._numbers, self._seen)
        self._expected_before = 0
        self._received_before = 0
        self._repaired_before = 0
        self._last_sr = 0
        self._last_sr_at = 0.0

    @property
    def highest(self) -> int:
        """Highest unwrapped sequence number so far; `REFUSED` before the first."""
        return self._numbers.highest

    @property
    def received(self) -> int:
        """Packets that came first-hand, since the stream last began anew."""
        return self._numbers.received

    @property
    def jitter(self) -> float:
        """In timestamp units (RFC 3550 A.8)."""
        return self._numbers.jitter

    def receive(self, sequence: int, timestamp: int, *, now: float) -> int:
        """Count one packet; return its unwrapped sequence number (above 0) or REFUSED."""
        numbers = self._numbers
        highest = numbers.highest
        ahead = (sequence - highest) & 0xFFFF
        if highest < 0:
            unwrapped = self._begin(sequence + 0x10000)
        elif 0 < ahead < MAX_DROPOUT:
            numbers.highest = unwrapped = highest + ahead
            numbers.bad_next = _NEVER
        elif ahead == 0 or ahead > 0x10000 - WINDOW:
            unwrapped = highest - (-ahead & 0xFFFF)
            if self._seen[unwrapped % WINDOW] == unwrapped:
                return REFUSED
        elif sequence == numbers.bad_next:
            unwrapped = self._begin((highest & ~0xFFFF) + 0x20000 + sequence)
        else:
            numbers.bad_next = (sequence + 1) & 0xFFFF
            return REFUSED
        self._seen[unwrapped % WINDOW] = unwrapped
        numbers.received += 1
        if unwrapped < self._base:
            self._base = unwrapped
        before = numbers.timestamp
        if timestamp != before and unwrapped == numbers.highest:
            # A frame's packets share a timestamp and leave the sender as a train: only the first tells of jitter.
            transit = int(now * self.clock_rate) - timestamp
            if before >= 0:
                difference = (transit - numbers.transit + 0x80000000 & 0xFFFFFFFF) - 0x80000000
                if abs(difference) < MAX_TRANSIT_STEP * self.clock_rate:
                    numbers.jitter += (abs(difference) - numbers.jitter) / 16
            numbers.transit = transit
            numbers.timestamp = timestamp
        return unwrapped

    def recover(self, sequence: int) -> int:
        """Take a packet that came by retransmission (RFC 4588): as `receive`, but outside loss and jitter.

        One that is ahead of everything received, or before the stream's begin, fills no gap and is refused.
        """
        behind = (self.highest - sequence) & 0xFFFF
        unwrapped = self.highest - behind
        if not 0 < behind < WINDOW or unwrapped < self._base or self._seen[unwrapped % WINDOW] == unwrapped:
            return REFUSED
        self._seen[unwrapped % WINDOW] = unwrapped
        return unwrapped

    def sender_report(self, ntp: int, *, now: float) -> None:
        """Remember the SR that the next report block will refer to. `ntp` is 32.32 seconds."""
        self._last_sr = ntp >> 16 & 0xFFFFFFFF
        self._last_sr_at = now

    def report_block(self, *, now: float, repaired: int = 0) -> ReportBlock | None:
        """Return the block for the next RR, and begin a new reporting interval; None before the first packet.

        Of ``repaired`` packets so far it is known that they came only because they were asked for again. As far as they
        passed through `receive`, the fraction lost counts them as lost, once; the cumulative number does not.
        """
        if self.highest < 0:
            return None
        expected = self.highest - self._base + 1
        expected_interval = expected - self._expected_before
        lost_interval = expected_interval - (self.received - self._received_before) + repaired - self._repaired_before
        self._expected_before = expected
        self._received_before = self.received
        self._repaired_before = repaired
        fraction = 0
        if expected_interval > 0 and lost_interval > 0:
            fraction = min(255, 256 * lost_interval // expected_interval)
        delay = 0
        if self._last_sr:
            delay = min(0xFFFFFFFF, max(0, int((now - self._last_sr_at) * _DELAY_UNITS)))
        return ReportBlock(
            ssrc=self.ssrc,
            fraction_lost=fraction,
            cumulative_lost=max(-0x800000, min(0x7FFFFF, expected - self.received)),
            highest_sequence=self.highest - 0x10000 & 0xFFFFFFFF,
            jitter=min(0xFFFFFFFF, int(self.jitter)),
            last_sr=self._last_sr,
            delay_since_last_sr=delay,
        )

    def _begin(self, unwrapped: int) -> int:
        """Start counting at this number (init_seq of RFC 3550 A.1)."""
        numbers = self._numbers
        numbers.highest = self._base = unwrapped
        numbers.bad_next = _NEVER
        numbers.received = self._expected_before = self._received_before = 0
        numbers.timestamp = -1
        return unwrapped
