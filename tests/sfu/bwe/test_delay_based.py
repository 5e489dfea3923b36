import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.bwe.delay_based import (
    BETA,
    FIRST_THRESHOLD,
    GAIN,
    GROUP_SPAN,
    HEADROOM,
    HEADROOM_EXTRA,
    MAX_BURST,
    MAX_DELTAS,
    MAX_RATE,
    MAX_STALL,
    MIN_RATE,
    OVERUSE_TIME,
    REFRESH,
    THRESHOLD_DOWN,
    THRESHOLD_RANGE,
    THRESHOLD_REACH,
    THRESHOLD_STEP,
    THRESHOLD_UP,
    WINDOW,
    DelayDetector,
    InterArrival,
    LinkCapacity,
    RateControl,
    Trendline,
    Usage,
)


def add(groups: InterArrival, sent: float, arrival: float) -> tuple[float, float] | None:
    """Take one packet; return what it tells of the group that it ends."""
    found = groups.extend([sent], [arrival])
    return found[0] if found else None


class PlainGroups:
    """Groups as section 5.2 of the draft and inter_arrival_delta.cc tell them, packet by packet."""

    def __init__(self) -> None:
        self.group: list[tuple[float, float]] = []
        self.before: tuple[float, float] | None = None

    def add(self, sent: float, arrival: float) -> tuple[float, float] | None:
        group = self.group
        if not group:
            group.append((sent, arrival))
            return None
        if sent < group[0][0]:
            return None
        last = max(left for left, _ in group), max(came for _, came in group)
        caught_up = arrival - last[1] <= GROUP_SPAN and (arrival - last[1]) - (sent - last[0]) < 0
        if sent - group[0][0] <= GROUP_SPAN or (caught_up and 0 <= arrival - group[0][1] < MAX_BURST):
            group.append((sent, arrival))
            return None
        self.group = [(sent, arrival)]
        before, self.before = self.before, last
        if before is None:
            return None
        deltas = last[0] - before[0], last[1] - before[1]
        if deltas[1] < 0 or abs(deltas[1] - deltas[0]) >= MAX_STALL:
            self.before = None
            return None
        return deltas


def test_packets_make_groups_of_five_milliseconds() -> None:
    groups = InterArrival()
    assert add(groups, 0.000, 1.000) is None
    assert add(groups, 0.004, 1.005) is None
    assert add(groups, 0.010, 1.012) is None  # the first group is whole, and has none before it
    assert add(groups, 0.020, 1.030) == pytest.approx((0.006, 0.007))
    assert add(groups, 0.030, 1.040) == pytest.approx((0.010, 0.018))


def test_what_catches_up_belongs_to_the_group() -> None:
    groups = InterArrival()
    for sent, arrival in ((0.0, 1.0), (0.02, 1.1)):
        add(groups, sent, arrival)
    for sent, arrival in ((0.03, 1.101), (0.04, 1.102), (0.05, 1.103)):  # held up, and let go together
        assert add(groups, sent, arrival) is None
    assert add(groups, 0.06, 1.2) == pytest.approx((0.05, 0.103))


def test_reordered_packets_and_leaps_of_the_clock_begin_no_comparison() -> None:
    groups = InterArrival()
    add(groups, 0.0, 1.0)
    add(groups, 0.02, 1.02)
    assert add(groups, 0.01, 1.021) is None
    assert add(groups, 0.04, 9.0) is not None
    assert add(groups, 0.06, 9.02) is None  # eight seconds late
    assert add(groups, 0.08, 9.04) is None
    assert add(groups, 0.10, 9.06) == pytest.approx((0.02, 0.02))


def test_a_growing_queue_is_overuse_and_an_emptying_one_underuse() -> None:
    line = Trendline()
    for _ in range(100):
        assert line.add(0.02, 0.02) is Usage.NORMAL
    seen = [line.add(0.02, 0.025) for _ in range(20)]
    assert Usage.OVERUSE in seen[:12]
    seen = [line.add(0.02, 0.012) for _ in range(40)]
    assert seen[-1] is Usage.UNDERUSE


def test_nothing_is_judged_before_the_line_is_full() -> None:
    line = Trendline()
    assert {line.add(0.02, 0.1) for _ in range(WINDOW - 1)} == {Usage.NORMAL}


def test_the_threshold_learns_a_slope_but_not_a_fall() -> None:
    line = Trendline()
    for _ in range(300):
        line.add(0.02, 0.02)
    assert line.threshold == THRESHOLD_RANGE[0]
    for _ in range(100):
        line.add(0.02, 0.0212)
    assert line.threshold > FIRST_THRESHOLD
    learnt = line.threshold
    line._accumulated += 3000  # a fall of the path
    line.add(0.02, 0.02)
    assert line._deltas * line._last_slope * GAIN > learnt + THRESHOLD_REACH
    assert line.threshold == learnt < 15


def test_capacity_is_where_overuse_was() -> None:
    capacity = LinkCapacity()
    assert (capacity.value, capacity.near(1)) == (0, 1)
    for rate in (1_000_000, 1_020_000, 980_000):
        capacity.overused_at(rate)
    assert capacity.value == pytest.approx(1_000_000, rel=0.01)
    assert [capacity.near(rate) for rate in (900_000, 1_010_000, 1_200_000)] == [-1, 0, 1]
    capacity.overused_at(300_000)
    assert capacity.value == 300_000


def grown(control: RateControl, seconds: int, acknowledged: int) -> int:
    for step in range(1, seconds * 10 + 1):
        control.update(Usage.NORMAL, acknowledged, 0.05, now=step / 10)
    return control.estimate


def test_growth_is_eight_per_cent_a_second_up_to_what_was_tried() -> None:
    assert grown(RateControl(1_000_000, now=0.0), 5, 2_000_000) == pytest.approx(1_000_000 * 1.08**5, rel=0.01)
    assert grown(RateControl(1_000_000, now=0.0), 60, 800_000) == HEADROOM * 800_000 + HEADROOM_EXTRA
    assert grown(RateControl(2_000_000, now=0.0), 60, 800_000) == 2_000_000


def test_overuse_cuts_to_what_arrived_then_growth_creeps() -> None:
    control = RateControl(2_000_000, now=0.0)
    assert control.update(Usage.OVERUSE, 1_000_000, 0.05, now=1.0)
    assert control.estimate == BETA * 1_000_000
    assert not control.update(Usage.OVERUSE, 1_000_000, 0.05, now=1.04)  # within a round trip
    assert not control.update(Usage.UNDERUSE, 1_000_000, 0.05, now=1.2)
    assert control.estimate == BETA * 1_000_000
    for step in range(13, 24):
        control.update(Usage.NORMAL, 1_000_000, 0.05, now=step / 10)
    crept = control.estimate - BETA * 1_000_000
    assert 4_000 <= crept < 0.04 * control.estimate


def test_a_cut_never_raises_and_needs_no_measurement() -> None:
    control = RateControl(500_000, now=0.0)
    assert not control.update(Usage.OVERUSE, 5_000_000, 0.05, now=1.0)
    assert control.estimate == 500_000
    assert control.update(Usage.OVERUSE, None, 0.05, now=2.0)
    assert control.estimate == BETA * 500_000


def test_what_collapses_is_cut_again_at_once() -> None:
    control = RateControl(2_000_000, now=0.0)
    control.update(Usage.OVERUSE, 1_900_000, 0.2, now=1.0)
    assert control.update(Usage.OVERUSE, 300_000, 0.2, now=1.01)
    assert control.estimate == BETA * 300_000


def test_probes_raise_and_losses_lower() -> None:
    control = RateControl(500_000, now=0.0)
    control.raise_to(400_000, now=1.0)
    assert control.estimate == 500_000
    control.raise_to(2_000_000, now=1.0)
    assert control.estimate == 2_000_000
    control.cut_to(3_000_000, now=1.0)
    assert control.estimate == 2_000_000
    control.cut_to(1, now=1.0)
    assert control.estimate == MIN_RATE
    control.raise_to(10**9, now=1.0)
    assert control.estimate == MAX_RATE


def test_a_report_without_a_whole_group_is_no_news() -> None:
    detector = DelayDetector()
    assert detector.receive([0.0], [1.0]) is None
    assert detector.usage is Usage.NORMAL
    sent = [0.02 * index for index in range(60)]
    assert detector.receive(sent, [1 + 1.3 * left for left in sent]) is Usage.OVERUSE


@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(Usage)),
            st.one_of(st.none(), st.integers(0, 10**9)),
            st.floats(0, 10),
            st.floats(0, 100),
        ),
        max_size=30,
    )
)
def test_the_estimate_stays_within_bounds(inputs: list[tuple[Usage, int | None, float, float]]) -> None:
    control = RateControl(800_000, now=0.0)
    now = 0.0
    for usage, acknowledged, rtt, pause in inputs:
        now += pause
        before = control.estimate
        cut = control.update(usage, acknowledged, rtt, now=now)
        assert cut is (control.estimate < before)
        assert MIN_RATE <= control.estimate <= MAX_RATE


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(-100, 100)), max_size=60))
def test_any_times_can_be_judged(times: list[tuple[float, float]]) -> None:
    detector = DelayDetector()
    for sent, arrival in times:
        detector.receive([sent], [arrival])


STEPS = st.lists(
    st.tuples(st.floats(-0.01, 0.05), st.floats(-0.01, 0.2) | st.floats(-0.001, 0.004) | st.sampled_from([-5.0, 5.0])),
    max_size=40,
)


@given(st.lists(STEPS, max_size=4))
def test_groups_are_those_made_packet_by_packet(reports: list[list[tuple[float, float]]]) -> None:
    """In reports of any length, with packets out of order, bursts and leaps of the clock."""
    groups, plain = InterArrival(), PlainGroups()
    left, came = 0.0, 7.0
    for steps in reports:
        sent, arrivals = [], []
        for leaving, coming in steps:
            left, came = left + leaving, came + coming
            sent.append(left)
            arrivals.append(came)
        one_by_one = [plain.add(*packet) for packet in zip(sent, arrivals, strict=True)]
        assert groups.extend(sent, arrivals) == [deltas for deltas in one_by_one if deltas is not None]


@given(st.lists(st.tuples(st.floats(0.001, 0.03), st.floats(-0.02, 0.03)), max_size=150))
def test_slopes_are_judged_as_the_draft_has_it(steps: list[tuple[float, float]]) -> None:
    """Section 5.4, in as many words; the slope itself is compared elsewhere."""
    line = Trendline()
    threshold, overusing, overuses, before, usage = FIRST_THRESHOLD, 0.0, 0, 0.0, Usage.NORMAL
    for count, (send_delta, later) in enumerate(steps, 1):
        arrival_delta = max(send_delta + later, 0.0)
        judged = line.add(send_delta, arrival_delta)
        slope = line._last_slope
        modified = min(count, MAX_DELTAS) * slope * GAIN
        if modified > threshold:
            overusing += send_delta if overuses else send_delta / 2
            overuses += 1
            if overusing > OVERUSE_TIME and overuses > 1 and slope >= before:
                overusing, overuses, usage = 0.0, 0, Usage.OVERUSE
        else:
            overusing, overuses = 0.0, 0
            usage = Usage.UNDERUSE if modified < -threshold else Usage.NORMAL
        if abs(modified) - threshold <= THRESHOLD_REACH:
            gain = THRESHOLD_DOWN if abs(modified) < threshold else THRESHOLD_UP
            threshold += gain * (abs(modified) - threshold) * min(arrival_delta * 1000, THRESHOLD_STEP)
            threshold = min(max(threshold, THRESHOLD_RANGE[0]), THRESHOLD_RANGE[1])
        before = slope
        assert judged is usage
        assert line.threshold == threshold


@given(st.lists(st.tuples(st.floats(0.0001, 3), st.floats(-0.5, 0.5)), min_size=WINDOW, max_size=3 * REFRESH + WINDOW))
def test_running_sums_make_the_same_line_as_all_points_anew(steps: list[tuple[float, float]]) -> None:
    line = Trendline()
    points, x = [], 0.0
    for step, y in steps:
        x += step * 1000
        points.append((x, y * 1000))
        slope = line._fit(x, y * 1000)
    last = points[-WINDOW:]
    expected = statistics.linear_regression([x for x, _ in last], [y for _, y in last]).slope
    assert slope == pytest.approx(expected, rel=1e-4, abs=1e-4)
