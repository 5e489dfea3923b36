"""Transport-wide feedback to one publisher (draft-holmer-rmcat-transport-wide-cc-extensions-01)."""

from __future__ import annotations

from array import array

from sfu.native.numbers import InletNumbers
from sfu.native.reception import lend_arrivals
from sfu.rtp.transport_feedback import TICKS_PER_SECOND, TransportFeedback

INTERVAL = 0.08
"""Seconds from the first packet not yet reported to its feedback (str0m 50 ms, mediasoup and pion 100 ms). Lower costs
uplink and a fiftieth of all our time, higher makes the publisher's estimate slow."""

MAX_ARRIVALS = 190
"""Arrivals in one feedback packet, which keeps it under 1200 bytes: each costs at most two bytes of delta and two
chunks of two bytes. When as many wait, feedback is due at once."""

MAX_PENDING = 2000
"""Arrivals that wait for feedback; more than a browser sends in ten intervals. Beyond it they go unreported."""

MAX_SPAN = 8192
"""Sequence numbers that one feedback packet spans: one run-length chunk. Those in a wider gap are not reported on, as
if the publisher had begun anew."""

MAX_STEP = 0x7FFF
"""Ticks between two arrivals that fit a delta: 8.19 s (section 3.1.5)."""

HISTORY = 1024
"""Sequence numbers for which duplicates are known, and by which a packet may come late and still be reported. SRTP's
replay window ends there too, so that a number further back can only be one that leapt ahead."""


class TwccReceiver:
    """Collects arrival times by transport-wide sequence number. `receive` runs for every packet."""

    __slots__ = ("_count", "_lent", "_next", "_numbers", "_pending", "_seen", "_ticks")

    def __init__(self, numbers: InletNumbers | None = None) -> None:
        """``numbers`` is where it counts: what comes in order the compiled twin notes."""
        self._numbers = numbers or InletNumbers()
        self._next = -1
        """The first number beyond all feedback so far."""
        self._seen = array("q", bytes(8 * HISTORY))
        self._pending = array("q", bytes(8 * MAX_PENDING))
        """Unwrapped numbers that wait for feedback, each once, as they came."""
        self._ticks = array("q", bytes(8 * MAX_PENDING))
        """Of the same: ticks of arrival."""
        self._lent = lend_arrivals(self._numbers, self._seen, self._pending, self._ticks)
        self._count = 0

    def receive(self, sequence: int, *, now: float) -> None:
        """Take one packet's 16-bit transport-wide sequence number; a duplicate changes nothing."""
        numbers = self._numbers
        highest = numbers.transport_highest
        if highest < 0:
            unwrapped = numbers.transport_highest = sequence + 0x10000
        else:
            ahead = sequence - highest & 0xFFFF
            unwrapped = highest + ahead
            if ahead <= 0x10000 - HISTORY:
                numbers.transport_highest = unwrapped
            else:
                unwrapped -= 0x10000
        pending = numbers.pending
        if self._seen[unwrapped % HISTORY] == unwrapped or pending == MAX_PENDING:
            return
        self._seen[unwrapped % HISTORY] = unwrapped
        self._pending[pending] = unwrapped
        self._ticks[pending] = int(now * TICKS_PER_SECOND)
        numbers.pending = pending + 1
        if pending + 1 == MAX_ARRIVALS:
            numbers.due = now
        elif numbers.due < 0:
            numbers.due = now + INTERVAL

    def next_deadline(self) -> float | None:
        """When feedback is due, None while there is nothing to report."""
        due = self._numbers.due
        return None if due < 0 else due

    def feedback(self, *, sender_ssrc: int, media_ssrc: int) -> list[TransportFeedback]:
        """Return everything not yet reported. `media_ssrc` may be any of the publisher's: senders do not look at it.

        Numbers between the last feedback and this one are reported as missing. A late packet, whose number was reported
        as missing before, gets a feedback packet of its own, so that its neighbours are not reported twice.
        """
        packets: list[TransportFeedback] = []
        already, covered = self._next, self._next
        base, last, last_ticks = 0, -1, 0
        waiting = self._numbers.pending
        for sequence, ticks in sorted(zip(self._pending[:waiting], self._ticks[:waiting], strict=True)):
            late = sequence < already
            if (
                not packets
                or (last < already and sequence != last + 1)
                or sequence - base >= MAX_SPAN
                or len(packets[-1].arrivals) == MAX_ARRIVALS
                or abs(ticks - last_ticks) > MAX_STEP
            ):
                base = covered if not late and covered >= 0 and sequence - covered < MAX_SPAN else sequence
                packets.append(TransportFeedback(sender_ssrc, media_ssrc, base & 0xFFFF, 0, self._count, []))
                self._count = self._count + 1 & 0xFF
            packets[-1].arrivals.append((sequence - base, ticks))
            packets[-1].status_count = sequence - base + 1
            last, last_ticks = sequence, ticks
            covered = max(covered, sequence + 1)
        self._next = covered
        self._numbers.pending = 0
        self._numbers.due = -1.0
        return packets
