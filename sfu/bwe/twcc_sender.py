"""What was sent to one subscriber, matched with what its transport-wide feedback says of it.

draft-holmer-rmcat-transport-wide-cc-extensions-01. Out of the two come the results that the estimate is made of: for
each packet when it left and when it arrived, how much was lost, the round trip, the queue on the way, and the rate at
which packets came out at the other end.
"""

from __future__ import annotations

from array import array
from collections import deque
from typing import NamedTuple

from sfu.rtp.sequence import unwrap16
from sfu.rtp.transport_feedback import TICKS_PER_SECOND, TransportFeedback

HISTORY = 8192
"""Packets that are remembered, a power of two within half of the 16 bits: 4 s of 2000 packets/s, what 30 people cost.
Feedback comes after a round trip and 0.25 s at most; fewer would lose it on slow paths, more costs 15 bytes each."""

RATE_WINDOW = 0.5
"""Seconds, on the subscriber's clock, over which the acknowledged rate is taken (draft-ietf-rmcat-gcc-02, section 4.4:
0.5 to 1 s). Longer makes the first cut after a fall of the link too small, shorter makes it depend on single frames."""

BASE_WINDOW = 10.0
"""Seconds. The shortest way seen in this window and the one before is taken for the way without a queue. Clocks drift
apart by 50 µs a second, 1 ms in all; a longer window believes in a queue for longer after the route has changed."""

STANDING = 0.02
"""Seconds that even the fastest packet of a feedback must have waited for a queue to count as standing. Layers leave
the path idle most of the time: the slope of one key frame, gone before the next feedback, would otherwise cut the
estimate to the little that was being sent. libwebrtc has no such rule. Less cuts for nothing, more lets as much of a
queue grow; a link that falls to a tenth builds this up in 25 ms."""

BUSY_SPAN = 0.04
"""Seconds between a feedback's first and last arrival from which a rate is taken. Shorter measures how Wi-Fi gathers
packets, longer than half a browser's reporting interval finds none."""

BUNDLE = 0.001
"""Seconds: arrivals closer together are added to the rate as one. Longer makes its window less sharp."""

RTT_GAIN = 1 / 8
"""Weight of a new measurement (RFC 6298 section 2)."""

MAX_RTT = 10.0
"""Seconds. Longer is no round trip but a clock that was changed, or a lie."""

_MASK = HISTORY - 1

_GONE, _IN_FLIGHT, _LOST, _UNKNOWN = 0, 1, 2, 3
"""What became of a packet: reported or forgotten, not reported yet, reported missing (it may still come late), passed
over by the reports."""


class PacketResult(NamedTuple):
    """A packet that arrived."""

    sent: float
    """Seconds, our clock."""
    arrival: float
    """Seconds, the subscriber's clock: only differences mean anything."""
    size: int
    """Bytes."""
    cluster: int
    """The probe that it was sent in, 0 for none."""


class Report(NamedTuple):
    """What one feedback packet adds to what was known."""

    received: list[PacketResult]
    """By sequence number; each packet is in one report only."""
    lost: int
    """Packets reported missing for the first time."""
    recovered: int
    """Of those received, how many had been reported missing before."""


class TwccSender:
    """Numbers what is sent and reads what comes back. `send` runs for every packet."""

    __slots__ = (
        "_base", "_base_before", "_base_until", "_clusters", "_covered", "_next", "_one_way", "_rate", "_sent_at",
        "_sizes", "_state", "_ticks", "busy_rate", "queue_delay", "rtt",
    )  # fmt: skip

    def __init__(self) -> None:
        self._sent_at = array("d", bytes(8 * HISTORY))
        self._sizes = array("H", bytes(2 * HISTORY))
        self._clusters = array("I", bytes(4 * HISTORY))
        self._state = bytearray(HISTORY)
        self._next = 0
        """Number of the next packet; this one never wraps."""
        self._covered = 0
        """Everything below has been reported on or passed over: lets nobody have us look at a packet twice."""
        self._ticks: int | None = None
        """The latest arrival, unwrapped."""
        self._rate = ArrivalRate()
        self._base = self._base_before = float("inf")
        self._base_until = 0.0
        self._one_way = 0.0
        self.busy_rate: int | None = None
        """Bit/s that arrived during the latest feedback if a queue stood all the while: what the path carries, however
        little was sent before. None if none stood."""
        self.rtt = 0.0
        """Seconds, smoothed, without the time for which feedback waits; 0 before the first."""
        self.queue_delay = 0.0
        """Seconds that the latest packets stood in queues, by comparison with the fastest of the last 10 to 20 s."""

    def send(self, size: int, *, now: float, cluster: int = 0) -> int:
        """Note a packet of `size` bytes that leaves now; return its 16-bit transport-wide sequence number."""
        number = self._next
        slot = number & _MASK
        self._sent_at[slot] = now
        self._sizes[slot] = size
        self._clusters[slot] = cluster
        self._state[slot] = _IN_FLIGHT
        self._next = number + 1
        return number & 0xFFFF

    @property
    def acknowledged_rate(self) -> int | None:
        """Bit/s that arrived of late, None while that is not known."""
        return self._rate.value

    def receive(self, feedback: TransportFeedback, *, now: float) -> Report:
        """Match a feedback packet. Numbers that were not sent, or are older than the history, are passed over.

        A number that no feedback covers, since that feedback was lost itself, counts neither as received nor as lost.
        """
        following = self._next
        base = unwrap16(feedback.base_sequence, following - 1)
        oldest = max(0, following - HISTORY)
        received: list[PacketResult] = []
        append = received.append
        states, sent_at, sizes, clusters = self._state, self._sent_at, self._sizes, self._clusters
        latest = self._ticks
        recovered = 0
        for offset, ticks in feedback.arrivals:
            number = base + offset
            if not oldest <= number < following:
                continue
            slot = number & _MASK
            state = states[slot]
            if state == _GONE:
                continue
            if state == _LOST:
                recovered += 1
            states[slot] = _GONE
            if latest is None:
                latest = ticks
            else:  # unwrapped around the one before
                latest += (ticks - latest + 0x8000_0000 & 0xFFFF_FFFF) - 0x8000_0000
            append(PacketResult(sent_at[slot], latest / TICKS_PER_SECOND, sizes[slot], clusters[slot]))
        self._ticks = latest
        lost = self._pass_over(max(base, oldest), min(base + feedback.status_count, following))
        if received:
            self._measure(received, now)
        return Report(received, lost, recovered)

    def rebase(self) -> None:
        """Take the present way for one without a queue: what stood there does not go away by sending less."""
        self._base = self._base_before = self._one_way
        self.queue_delay = 0.0

    def _pass_over(self, start: int, end: int) -> int:
        """Take the numbers up to `end` as reported on; return how many from `start` on are missing."""
        lost = 0
        for number in range(max(self._covered, self._next - HISTORY), end):
            slot = number & _MASK
            if self._state[slot] == _IN_FLIGHT:
                missing = number >= start
                self._state[slot] = _LOST if missing else _UNKNOWN
                lost += missing
        self._covered = max(self._covered, end)
        return lost

    def _measure(self, received: list[PacketResult], now: float) -> None:
        one_way = float("inf")
        first = latest = received[0].arrival
        size = bundle = 0
        bundled_at = first
        # One pass, for it runs over every packet. The rate counts what arrived within a millisecond as one.
        for sent, arrival, bytes_, _ in received:
            way = arrival - sent
            if way < one_way:
                one_way = way
            if arrival > latest:
                latest = arrival
            elif arrival < first:
                first = arrival
            if not -BUNDLE < arrival - bundled_at < BUNDLE:
                self._rate.add(bundled_at, bundle)
                bundle, bundled_at = 0, arrival
            bundle += bytes_
            size += bytes_
        self._rate.add(bundled_at, bundle)
        # The feedback left at its latest arrival or just after, so that all but the time since then is the round trip.
        rtt = now - latest + one_way
        if 0 <= rtt <= MAX_RTT:
            self.rtt += (rtt - self.rtt) * RTT_GAIN if self.rtt else rtt
        if now >= self._base_until:
            self._base_until = now + BASE_WINDOW
            self._base_before, self._base = self._base, one_way
        self._base = min(self._base, one_way)
        self._one_way = one_way
        self.queue_delay = one_way - min(self._base, self._base_before)
        self.busy_rate = None
        if self.queue_delay >= STANDING and latest - first >= BUSY_SPAN:
            size -= sum(result.size for result in received if result.arrival == first)
            self.busy_rate = int(size * 8 / (latest - first))


class ArrivalRate:
    """Rate over the last `RATE_WINDOW` seconds of the clock that it is given (draft-ietf-rmcat-gcc-02, section 4.4)."""

    __slots__ = ("_bytes", "_packets", "_since")

    def __init__(self) -> None:
        self._packets: deque[tuple[float, int]] = deque()
        self._bytes = 0
        self._since = 0.0

    def add(self, time: float, size: int) -> None:
        """Count a packet. After a pause as long as the window, or a leap of the clock, counting begins anew."""
        packets = self._packets
        if packets and not -RATE_WINDOW < time - packets[-1][0] < RATE_WINDOW:
            packets.clear()
            self._bytes = 0
        if not packets:
            self._since = time
        elif time < packets[-1][0]:
            time = packets[-1][0]  # reordered: it belongs to the window all the same
        packets.append((time, size))
        self._bytes += size
        while packets[0][0] <= time - RATE_WINDOW or len(packets) > HISTORY:
            self._bytes -= packets.popleft()[1]

    @property
    def value(self) -> int | None:
        """Bit/s, None before a whole window has been seen."""
        packets = self._packets
        if not packets or packets[-1][0] - self._since < RATE_WINDOW:
            return None
        return int(self._bytes * 8 / RATE_WINDOW)
