"""What was sent to one subscriber, matched with what its transport-wide feedback says of it.

draft-holmer-rmcat-transport-wide-cc-extensions-01. Out of the two come the results that the estimate is made of: for
each packet when it left and when it arrived, how much was lost, the round trip, the queue on the way, and the rate at
which packets came out at the other end, and whether a queue grows.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from operator import sub
from typing import NamedTuple

from sfu.bwe.delay_based import MAX_STALL, DelayDetector, Usage
from sfu.native import lend_history, new_way
from sfu.native.numbers import WayNumbers
from sfu.rtp.sequence import unwrap16, unwrap32
from sfu.rtp.transport_feedback import TICKS_PER_SECOND, TransportFeedback, UnreadFeedback

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

RTT_GAIN = 1 / 8
"""Weight of a new measurement (RFC 6298 section 2)."""

MAX_RTT = 10.0
"""Seconds. Longer is no round trip but a clock that was changed, or a lie."""

_MASK = HISTORY - 1

_TICK = 1 / TICKS_PER_SECOND

_GONE, _IN_FLIGHT, _LOST, _UNKNOWN = 0, 1, 2, 3
"""What became of a packet: reported or forgotten, not reported yet, reported missing (it may still come late), passed
over by the reports."""

_ON_THEIR_WAY = bytearray([_IN_FLIGHT]) * HISTORY


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


class Report:
    """What one feedback packet adds to what was known."""

    __slots__ = ("_columns", "count", "lost", "recovered", "usage")

    def __init__(
        self,
        columns: tuple[Sequence[float], Sequence[float], Sequence[int], Sequence[int]],
        lost: int,
        recovered: int,
        usage: Usage | None,
    ) -> None:
        """``columns`` are those of `PacketResult`, for what arrived."""
        self._columns = columns
        self.count = len(columns[0])
        """Packets that arrived, each in one report only."""
        self.lost = lost
        """Packets reported missing for the first time."""
        self.recovered = recovered
        """Of those that arrived, how many had been reported missing before."""
        self.usage = usage
        """The gravest that the delays said on the way; None for no news."""

    @property
    def received(self) -> list[PacketResult]:
        """What arrived, for probes: made when asked for, because most reports hold none of a probe."""
        return list(map(PacketResult, *self._columns))


class TwccSender:
    """Numbers what is sent and reads what comes back. `send` runs for every packet."""

    __slots__ = (
        "_base", "_base_before", "_base_until", "_clusters", "_covered", "_detector", "_lent", "_marked", "_one_way",
        "_rate", "_sent_at", "_sizes", "_state", "_ticks", "_way", "busy_rate", "queue_delay", "rtt",
    )  # fmt: skip

    check: Callable[[bytes], bool] | None = None
    """For `rtcp.parse`: whether the compiled twin can read the body of a feedback packet."""

    def __init__(self, way: WayNumbers | None = None) -> None:
        """``way`` is where it counts: what the compiled twin sends is noted by it."""
        self._way = way or new_way()
        self._sent_at = array("d", bytes(8 * HISTORY))
        self._sizes = array("I", bytes(4 * HISTORY))
        self._lent = lend_history(self._way, self._sent_at, self._sizes)
        self._clusters: dict[int, int] = {}
        """By number, of those that left in a probe, oldest first."""
        self._state = bytearray(HISTORY)
        self._marked = 0
        """Of all below the state is noted: once for a report, not for each packet."""
        self._covered = 0
        """Everything below has been reported on or passed over: lets nobody have us look at a packet twice."""
        self._ticks: int | None = None
        """The latest arrival, unwrapped."""
        self._rate = ArrivalRate()
        self._detector = DelayDetector()
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

    def send(self, size: int, now: float, cluster: int = 0) -> int:
        """Note a packet of `size` bytes that leaves now; return its 16-bit transport-wide sequence number."""
        way = self._way
        number = way.next
        slot = number & _MASK
        self._sent_at[slot] = now
        self._sizes[slot] = size
        way.next = number + 1
        if cluster:
            self._note_probe(number, cluster)
        return number & 0xFFFF

    def sent_again(self, sequence: int) -> None:
        """Note that a packet left once more under its old number, of 16 bits: when it arrives tells nothing any more.

        As a packet that was a round trip on its way it would look like a queue, and alone in a feedback like a path
        that carries hardly anything.
        """
        following = self._way.next
        number = unwrap16(sequence, following - 1)
        if max(0, following - HISTORY) <= number < following:
            self._mark()
            self._state[number & _MASK] = _GONE

    def _note_probe(self, number: int, cluster: int) -> None:
        clusters = self._clusters
        clusters[number] = cluster
        while (oldest := next(iter(clusters))) <= number - HISTORY:
            del clusters[oldest]

    def _mark(self) -> None:
        """Note of what was sent since the last report that it is on its way."""
        end = self._way.next
        number = max(self._marked, end - HISTORY)
        while number < end:
            slot = number & _MASK
            stop = min(slot + end - number, HISTORY)
            self._state[slot:stop] = _ON_THEIR_WAY[: stop - slot]
            number += stop - slot
        self._marked = end

    @property
    def acknowledged_rate(self) -> int | None:
        """Bit/s that arrived of late, None while that is not known."""
        return self._rate.value

    def receive(self, feedback: TransportFeedback | UnreadFeedback, *, now: float) -> Report:
        """Match a feedback packet, and judge what it says.

        Numbers that were not sent, or are older than the history, are passed over.
        A number that no feedback covers, since that feedback was lost itself, counts neither as received nor as lost.
        """
        if isinstance(feedback, UnreadFeedback):
            feedback = feedback.read()
        self._mark()
        following = self._way.next
        base = unwrap16(feedback.base_sequence, following - 1)
        oldest = max(0, following - HISTORY)
        numbers, ticks, recovered = self._take(feedback.arrivals, base, oldest)
        lost = self._pass_over(max(base, oldest), min(base + feedback.status_count, following))
        if not numbers:
            return Report(((), (), (), ()), lost, recovered, None)
        shift = 0 if self._ticks is None else unwrap32(ticks[0], self._ticks) - ticks[0]
        self._ticks = ticks[-1] + shift
        # Columns instead of a loop over packets, for this is done for every packet that anybody receives.
        arrivals = [(tick + shift) * _TICK for tick in ticks]
        sent_at, sizes_at, clusters = self._sent_at, self._sizes, self._clusters
        if isinstance(numbers, range):
            slots = slice(numbers.start & _MASK, (numbers.start & _MASK) + len(numbers))
            sent, sizes = sent_at[slots].tolist(), sizes_at[slots].tolist()
        else:
            sent, sizes = (
                [sent_at[number & _MASK] for number in numbers],
                [sizes_at[number & _MASK] for number in numbers],
            )
        probed = clusters and numbers[0] <= next(reversed(clusters))
        probes = [clusters.get(number, 0) for number in numbers] if probed else [0] * len(sent)
        self._measure(sent, arrivals, sizes, now)
        usage = self._detector.receive(sent, arrivals)
        return Report((sent, arrivals, sizes, probes), lost, recovered, usage)

    def _take(
        self, arrivals: list[tuple[int, int]], base: int, oldest: int
    ) -> tuple[Sequence[int], Sequence[int], int]:
        """Return the numbers of what newly arrived, their ticks, and how many of them had been taken for lost.

        A range of numbers says that their slots are in one piece.
        """
        if not arrivals:
            return [], (), 0
        states = self._state
        offsets, ticks = zip(*arrivals, strict=True)
        count = len(offsets)
        first = base + offsets[0]
        slot = first & _MASK
        until = slot + count
        if (
            oldest <= first <= self._way.next - count
            and until <= HISTORY
            and states.count(_IN_FLIGHT, slot, until) == count
            and offsets == tuple(range(offsets[0], offsets[0] + count))
        ):  # nothing is missing, as nearly always
            states[slot:until] = bytes(count)
            return range(first, first + count), ticks, 0
        numbers, taken, recovered, following = [], [], 0, self._way.next
        for offset, tick in arrivals:
            number = base + offset
            slot = number & _MASK
            if oldest <= number < following and states[slot] != _GONE:
                recovered += states[slot] == _LOST
                states[slot] = _GONE
                numbers.append(number)
                taken.append(tick)
        return numbers, taken, recovered

    def rebase(self) -> None:
        """Take the present way for one without a queue: what stood there does not go away by sending less."""
        self._base = self._base_before = self._one_way
        self.queue_delay = 0.0

    def _pass_over(self, start: int, end: int) -> int:
        """Take the numbers up to `end` as reported on; return how many from `start` on are missing."""
        lost = 0
        states = self._state
        number = max(self._covered, self._way.next - HISTORY)
        while number < end:
            slot = number & _MASK
            stop = min(slot + end - number, HISTORY)
            found = states.find(_IN_FLIGHT, slot, stop)
            if found < 0:
                number += stop - slot
                continue
            number += found - slot
            missing = number >= start
            states[found] = _LOST if missing else _UNKNOWN
            lost += missing
            number += 1
        self._covered = max(self._covered, end)
        return lost

    def _measure(self, sent: list[float], arrivals: list[float], sizes: list[int], now: float) -> None:
        one_way = min(map(sub, arrivals, sent))
        first, latest = min(arrivals), max(arrivals)
        self._rate.add(arrivals, sizes)
        # The feedback left at its latest arrival or just after, so that all but the time since then is the round trip.
        rtt = now - latest + one_way
        if 0 <= rtt <= MAX_RTT:
            self.rtt += (rtt - self.rtt) * RTT_GAIN if self.rtt else rtt
        if one_way - self._one_way > MAX_STALL:  # no queue grows so from one report to the next: a clock stood still
            self._base = self._base_before = one_way
        elif now >= self._base_until:
            self._base_until = now + BASE_WINDOW
            self._base_before, self._base = self._base, one_way
        self._base = min(self._base, one_way)
        self._one_way = one_way
        self.queue_delay = one_way - min(self._base, self._base_before)
        self.busy_rate = None
        if self.queue_delay >= STANDING and latest - first >= BUSY_SPAN:
            size = sum(size for arrival, size in zip(arrivals, sizes, strict=True) if arrival != first)
            self.busy_rate = int(size * 8 / (latest - first))


class ArrivalRate:
    """Rate over the last `RATE_WINDOW` seconds of the clock that it is given (draft-ietf-rmcat-gcc-02, section 4.4)."""

    __slots__ = ("_blocks", "_count", "_held", "_passed", "_since")

    def __init__(self) -> None:
        self._blocks: deque[tuple[list[float], list[int]]] = deque()
        """Times, rising, and the bytes that came at each."""
        self._count = 0
        """Packets in them."""
        self._held = self._passed = 0
        """Bytes in them, and those in the oldest that have left the window already."""
        self._since = 0.0

    def add(self, times: list[float], sizes: list[int]) -> None:
        """Count packets, at least one. After a pause as long as the window, or a leap of the clock, begin anew."""
        rising = sorted(times)
        if rising[-1] - rising[0] >= RATE_WINDOW and len(times) > 1:  # there may be a pause among them
            for time, size in zip(times, sizes, strict=True):
                self.add([time], [size])
            return
        if rising != times:
            sizes = [size for _, size in sorted(zip(times, sizes, strict=True))]
        blocks = self._blocks
        first = rising[0]
        latest = blocks[-1][0][-1] if blocks else first
        if not -RATE_WINDOW < first - latest < RATE_WINDOW:
            blocks.clear()
            self._count = self._held = 0
        if not blocks:
            self._since = first
        elif first < latest:  # reordered: it belongs to the window all the same
            rising = [max(time, latest) for time in rising]
        blocks.append((rising, sizes))
        self._held += sum(sizes)
        self._count += len(sizes)
        until = rising[-1] - RATE_WINDOW
        while blocks[0][0][-1] <= until or self._count > HISTORY:
            gone = blocks.popleft()[1]
            self._held -= sum(gone)
            self._count -= len(gone)
        oldest, bytes_then = blocks[0]
        self._passed = sum(bytes_then[: bisect_right(oldest, until)])

    @property
    def value(self) -> int | None:
        """Bit/s, None before a whole window has been seen."""
        if not self._blocks or self._blocks[-1][0][-1] - self._since < RATE_WINDOW:
            return None
        return int((self._held - self._passed) * 8 / RATE_WINDOW)
