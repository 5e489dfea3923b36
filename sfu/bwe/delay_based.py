"""The rate at which queues do not grow: Google congestion control (draft-ietf-rmcat-gcc-02, as libwebrtc builds it).

Packets are put into groups; whether groups arrive further apart than they were sent is fitted by a line; a line that
rises for long enough means that a queue grows: less is sent. Else more is, quickly far from where it last grew and
slowly near there. Names of files in the notes below are those of libwebrtc's modules/congestion_controller/goog_cc
and modules/remote_bitrate_estimator.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from enum import Enum, auto

GROUP_SPAN = 0.005
"""Seconds: packets sent within make one group (section 5.2, burst_time; inter_arrival.cc). Longer hides short queues,
shorter takes the sender's own bursts for jitter."""

MAX_BURST = 0.1
"""Seconds that packets arriving in one burst may span and still be one group (inter_arrival_delta.cc)."""

MAX_STALL = 3.0
"""Seconds by which a group may be late before grouping begins anew: an outage or a changed clock, no queue
(inter_arrival_delta.cc, kArrivalTimeOffsetThreshold)."""

WINDOW = 20
"""Groups on the line (trendline_estimator.cc, kDefaultTrendlineWindowSize). More is slower and steadier."""

REFRESH = 64
"""Groups after which the line's sums are made anew from its points: rounding piles up in them. Fewer costs time."""

SMOOTHING = 0.9
"""Weight of the past in the smoothed delay (trendline_estimator.cc, kDefaultTrendlineSmoothingCoeff)."""

GAIN = 4.0
"""By which the slope is multiplied for comparison (trendline_estimator.cc, kDefaultTrendlineThresholdGain)."""

MAX_DELTAS = 60
"""Groups after which the slope counts in full (trendline_estimator.cc, kMinNumDeltas)."""

FIRST_THRESHOLD = 12.5
"""Milliseconds (section 5.4, del_var_th(0)). A lower one cuts the rate for nothing on jittery paths."""

THRESHOLD_RANGE = 6.0, 600.0
"""Milliseconds (section 5.4). Below 6 any jitter is overuse, above 600 nothing is."""

THRESHOLD_UP, THRESHOLD_DOWN = 0.0087, 0.039
"""Per millisecond: how fast the threshold follows the slope (trendline_estimator.cc, k_up_, k_down_; the draft has
0.01 and 0.00018). The first keeps us from starving beside TCP, the second makes us alert again."""

THRESHOLD_REACH = 15.0
"""Milliseconds: slopes further than this above the threshold do not move it (section 5.4): those are a real fall."""

THRESHOLD_STEP = 100.0
"""Milliseconds that one adaptation counts at most (trendline_estimator.cc, kMaxTimeDeltaMs)."""

OVERUSE_TIME = 0.01
"""Seconds for which the slope must be too steep (section 5.4, overuse_time_th)."""

BETA = 0.85
"""Of the acknowledged rate is what remains after overuse (section 6). Lower empties the queue sooner."""

GROWTH = 1.08
"""Per second, far from the link's capacity (section 6). Faster overshoots, slower takes minutes to come back."""

MIN_GROWTH = 1000
"""Bit/s that one multiplicative step adds at least (aimd_rate_control.cc, MultiplicativeRateIncrease)."""

MIN_CREEP = 4000
"""Bit/s per second, near capacity (aimd_rate_control.cc, GetNearMaxIncreaseRateBpsPerSecond)."""

FRAMES_PER_SECOND, PACKET_BITS = 30, 1200 * 8
"""What near capacity the packet size is guessed from (aimd_rate_control.cc)."""

RESPONSE_DELAY = 0.1
"""Seconds that detection takes on top of a round trip (section 6)."""

HEADROOM, HEADROOM_EXTRA = 1.5, 10_000
"""Times the acknowledged rate, and bit/s on top: no further does the estimate grow (section 6): what was not tried is
not known. More lets an idle sender believe in anything; probes are the way to find out."""

CAPACITY_GAIN = 0.05
"""Weight of a new overuse in the link's capacity (section 6, smoothing 0.95; link_capacity_estimator.cc)."""

CAPACITY_DEVIATION = 0.4, 2.5
"""Bounds of the capacity's variance in units of itself, in kbit/s (link_capacity_estimator.cc)."""

NEAR = 3.0
"""Standard deviations around the capacity that count as near it (section 6)."""

REDUCE_AGAIN = 0.01, 0.2
"""Seconds between which a round trip must have passed before the next cut (aimd_rate_control.cc,
TimeToReduceFurther): what was cut before must be seen first."""

COLLAPSED = 0.5
"""Of the estimate: where less than this arrives, the next cut does not wait (aimd_rate_control.cc)."""

MIN_RATE, MAX_RATE = 30_000, 30_000_000
"""Bit/s. The least keeps feedback coming (mediasoup's minimum); nobody needs more than the most (Signal's maximum)."""


_NEVER = float("-inf")


class Usage(Enum):
    """What the delays say about the way to the subscriber."""

    NORMAL = auto()
    OVERUSE = auto()
    """A queue grows."""
    UNDERUSE = auto()
    """A queue empties."""


class InterArrival:
    """Puts packets into groups and compares each whole group with the one before (section 5.2)."""

    __slots__ = ("_before", "_first_arrival", "_first_sent", "_last_arrival", "_last_sent")

    def __init__(self) -> None:
        self._before: tuple[float, float] | None = None
        self._first_sent = self._last_sent = self._first_arrival = self._last_arrival = _NEVER

    def extend(self, sent: Sequence[float], arrivals: Sequence[float]) -> list[tuple[float, float]]:
        """Take packets; for each whole group return by how much it was sent and arrived later than the one before.

        A group is whole once the next begins. One loop without calls: it runs for every packet that anybody receives.
        """
        found = []
        before = self._before
        first_sent, last_sent = self._first_sent, self._last_sent
        first_arrival, last_arrival = self._first_arrival, self._last_arrival
        for left, came in zip(sent, arrivals, strict=True):
            passed = left - first_sent
            if passed < 0:
                continue  # reordered into a group that is past
            gap = came - last_arrival
            if passed <= GROUP_SPAN or (
                # It caught up with the group: something on the way had stopped and let go.
                gap <= GROUP_SPAN and gap - (left - last_sent) < 0 and 0 <= came - first_arrival < MAX_BURST
            ):
                if left > last_sent:
                    last_sent = left
                if gap > 0:
                    last_arrival = came
                continue
            if first_sent > _NEVER:
                if before is not None:
                    send_delta, arrival_delta = last_sent - before[0], last_arrival - before[1]
                    if arrival_delta >= 0 and abs(arrival_delta - send_delta) < MAX_STALL:
                        found.append((send_delta, arrival_delta))
                        before = last_sent, last_arrival
                    else:
                        before = None
                else:
                    before = last_sent, last_arrival
            first_sent = last_sent = left
            first_arrival = last_arrival = came
        self._before = before
        self._first_sent, self._last_sent = first_sent, last_sent
        self._first_arrival, self._last_arrival = first_arrival, last_arrival
        return found


class Trendline:
    """Fits a line through the delays and judges its slope (sections 5.3 and 5.4; trendline_estimator.cc)."""

    __slots__ = (
        "_accumulated", "_deltas", "_last_slope", "_origin", "_overuses", "_overusing", "_points", "_refresh",
        "_smoothed", "_sum_x", "_sum_xx", "_sum_xy", "_sum_y", "_time", "threshold", "usage",
    )  # fmt: skip

    def __init__(self) -> None:
        self._points: deque[tuple[float, float]] = deque()
        self._origin = self._sum_x = self._sum_y = self._sum_xy = self._sum_xx = 0.0
        """Sums over the points, x from the origin on: a line through all of them at the cost of one."""
        self._refresh = 0
        self._deltas = 0
        self._time = self._accumulated = self._smoothed = self._last_slope = self._overusing = 0.0
        self._overuses = 0
        self.threshold = FIRST_THRESHOLD
        """Milliseconds."""
        self.usage = Usage.NORMAL

    def add(self, send_delta: float, arrival_delta: float) -> Usage:
        """Take how much later a group was sent and arrived than the one before, in seconds; return the judgement."""
        deltas = self._deltas
        if deltas < MAX_DELTAS:
            self._deltas = deltas = deltas + 1
        elapsed = arrival_delta * 1000
        self._time += elapsed
        self._accumulated += (arrival_delta - send_delta) * 1000
        self._smoothed += (1 - SMOOTHING) * (self._accumulated - self._smoothed)
        slope = self._fit(self._time, self._smoothed)
        modified = deltas * slope * GAIN
        threshold = self.threshold
        if modified > threshold:
            self._suspect(slope, send_delta)
        else:
            self._overusing, self._overuses = 0.0, 0
            self.usage = Usage.UNDERUSE if modified < -threshold else Usage.NORMAL
        self._last_slope = slope
        above = abs(modified) - threshold
        if above <= THRESHOLD_REACH:
            gain = THRESHOLD_DOWN if above < 0 else THRESHOLD_UP
            adapted = threshold + gain * above * min(elapsed, THRESHOLD_STEP)
            low, high = THRESHOLD_RANGE
            self.threshold = low if adapted < low else min(adapted, high)
        return self.usage

    def _fit(self, x: float, y: float) -> float:
        """Add a point; return the slope of the least-squares line, in milliseconds of delay per millisecond."""
        points = self._points
        points.append((x, y))
        if len(points) <= WINDOW:
            if len(points) == WINDOW:
                self._sum()
            else:
                return 0.0
        elif self._refresh == 1:
            points.popleft()
            self._sum()
        else:
            self._refresh -= 1
            old_x, old_y = points.popleft()
            x -= self._origin
            old_x -= self._origin
            self._sum_x += x - old_x
            self._sum_y += y - old_y
            self._sum_xy += x * y - old_x * old_y
            self._sum_xx += x * x - old_x * old_x
        below = WINDOW * self._sum_xx - self._sum_x * self._sum_x
        return (WINDOW * self._sum_xy - self._sum_x * self._sum_y) / below if below > 0 else self._last_slope

    def _sum(self) -> None:
        self._refresh = REFRESH
        self._origin = origin = self._points[0][0]
        sum_x = sum_y = sum_xy = sum_xx = 0.0
        for x, y in self._points:  # not `sum`, which from Python 3.12 on makes up for rounding: the twin does not
            x -= origin
            sum_x += x
            sum_y += y
            sum_xy += x * y
            sum_xx += x * x
        self._sum_x, self._sum_y, self._sum_xy, self._sum_xx = sum_x, sum_y, sum_xy, sum_xx

    def _suspect(self, slope: float, send_delta: float) -> None:
        """Take a slope that is too steep: overuse if that lasts and does not get better."""
        self._overusing += send_delta if self._overuses else send_delta / 2
        self._overuses += 1
        if self._overusing > OVERUSE_TIME and self._overuses > 1 and slope >= self._last_slope:
            self._overusing, self._overuses = 0.0, 0
            self.usage = Usage.OVERUSE


class LinkCapacity:
    """Where overuse began the last times (link_capacity_estimator.cc, which counts in kbit/s)."""

    __slots__ = ("_deviation", "_kilobits")

    def __init__(self) -> None:
        self._kilobits = 0.0
        self._deviation = CAPACITY_DEVIATION[0]

    @property
    def value(self) -> int:
        """Bit/s, 0 while unknown."""
        return int(self._kilobits * 1000)

    def near(self, rate: int) -> int:
        """Return 0 if a rate is near the capacity, 1 if it lies above, -1 below; 1 while the capacity is unknown."""
        if not self._kilobits:
            return 1
        distance = rate / 1000 - self._kilobits
        reach = NEAR * (self._deviation * self._kilobits) ** 0.5
        return 0 if abs(distance) <= reach else 1 if distance > 0 else -1

    def overused_at(self, rate: int) -> None:
        """Take the rate that arrived at when a queue grew."""
        if self.near(rate):
            self.reset()
        kilobits = rate / 1000
        if not self._kilobits:
            self._kilobits = kilobits
        error = self._kilobits - kilobits
        self._kilobits -= CAPACITY_GAIN * error
        deviation = self._deviation + CAPACITY_GAIN * (error * error / max(self._kilobits, 1.0) - self._deviation)
        self._deviation = min(max(deviation, CAPACITY_DEVIATION[0]), CAPACITY_DEVIATION[1])

    def reset(self) -> None:
        """Forget it: the link is another one than it was."""
        self._kilobits = 0.0


class RateControl:
    """Additive and multiplicative increase, multiplicative decrease (section 6; aimd_rate_control.cc)."""

    __slots__ = ("_capacity", "_changed", "_holding", "estimate")

    def __init__(self, estimate: int, *, now: float) -> None:
        self.estimate = estimate
        """Bit/s."""
        self._capacity = LinkCapacity()
        self._changed = now
        self._holding = False

    def update(self, usage: Usage, acknowledged: int | None, rtt: float, *, now: float) -> bool:
        """Follow the detector; return True if the rate was cut. `acknowledged` is in bit/s, None while unknown."""
        if usage is Usage.OVERUSE:
            return self._may_cut(acknowledged, rtt, now) and self._cut(acknowledged, now)
        if usage is Usage.UNDERUSE:
            self._holding = True  # let the queue empty
        elif self._holding:
            self._holding = False
            self._changed = now
        elif acknowledged is not None:
            self._grow(acknowledged, rtt, now)
        return False

    def raise_to(self, rate: int, *, now: float) -> None:
        """Take what a probe has shown."""
        if rate > self.estimate:
            if self._capacity.near(rate) > 0:
                self._capacity.reset()
            self._set(rate, now)

    def cut_to(self, rate: int, *, now: float) -> None:
        """Lower the rate for a reason other than delay."""
        if rate < self.estimate:
            self._set(rate, now)

    def _may_cut(self, acknowledged: int | None, rtt: float, now: float) -> bool:
        since = now - self._changed
        if since >= min(max(rtt, REDUCE_AGAIN[0]), REDUCE_AGAIN[1]):
            return True
        return acknowledged is not None and acknowledged < COLLAPSED * self.estimate

    def _cut(self, acknowledged: int | None, now: float) -> bool:
        self._holding = True
        before = self.estimate
        if acknowledged is None:
            self._set(int(BETA * before), now)
            return self.estimate < before
        rate = int(BETA * acknowledged)
        if rate > before and self._capacity.value:
            rate = int(BETA * self._capacity.value)
        self._capacity.overused_at(acknowledged)
        self._set(min(rate, before), now)
        return self.estimate < before

    def _grow(self, acknowledged: int, rtt: float, now: float) -> None:
        side = self._capacity.near(acknowledged)
        if side > 0:
            self._capacity.reset()
        elapsed = min(now - self._changed, 1.0)
        growth = self._creep(rtt) * elapsed if side == 0 else max(self.estimate * (GROWTH**elapsed - 1), MIN_GROWTH)
        limit = int(HEADROOM * acknowledged) + HEADROOM_EXTRA
        if self.estimate < limit:
            self._set(min(int(self.estimate + growth), limit), now)
        else:
            self._changed = now

    def _creep(self, rtt: float) -> float:
        """Return bit/s per second near capacity: about a packet every two response times."""
        frame = self.estimate / FRAMES_PER_SECOND
        packet = frame / -(-frame // PACKET_BITS)
        return max(packet / (2 * (rtt + RESPONSE_DELAY)), MIN_CREEP)

    def _set(self, rate: int, now: float) -> None:
        self.estimate = min(max(rate, MIN_RATE), MAX_RATE)
        self._changed = now


class DelayDetector:
    """Groups and line in one: packets in, judgement out."""

    __slots__ = ("_groups", "_line")

    def __init__(self) -> None:
        self._groups = InterArrival()
        self._line = Trendline()

    @property
    def usage(self) -> Usage:
        """The latest judgement."""
        return self._line.usage

    def receive(self, sent: Sequence[float], arrivals: Sequence[float]) -> Usage | None:
        """Take what one feedback packet reported; return the gravest judgement on the way there, None for no news."""
        judged = overuse = False
        for deltas in self._groups.extend(sent, arrivals):
            judged = True
            overuse |= self._line.add(*deltas) is Usage.OVERUSE
        if not judged:
            return None
        return Usage.OVERUSE if overuse else self._line.usage
