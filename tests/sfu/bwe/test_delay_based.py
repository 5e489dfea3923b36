import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.bwe.delay_based import (
    BETA,
    FIRST_THRESHOLD,
    HEADROOM,
    HEADROOM_EXTRA,
    MAX_RATE,
    MIN_RATE,
    REFRESH,
    THRESHOLD_RANGE,
    WINDOW,
    DelayDetector,
    InterArrival,
    LinkCapacity,
    RateControl,
    Trendline,
    Usage,
)


def test_packets_make_groups_of_five_milliseconds() -> None:
    groups = InterArrival()
    assert groups.add(0.000, 1.000) is None
    assert groups.add(0.004, 1.005) is None
    assert groups.add(0.010, 1.012) is None  # the first group is whole, and has none before it
    assert groups.add(0.020, 1.030) == pytest.approx((0.006, 0.007))
    assert groups.add(0.030, 1.040) == pytest.approx((0.010, 0.018))


def test_what_catches_up_belongs_to_the_group() -> None:
    groups = InterArrival()
    for sent, arrival in ((0.0, 1.0), (0.02, 1.1)):
        groups.add(sent, arrival)
    for sent, arrival in ((0.03, 1.101), (0.04, 1.102), (0.05, 1.103)):  # held up, and let go together
        assert groups.add(sent, arrival) is None
    assert groups.add(0.06, 1.2) == pytest.approx((0.05, 0.103))


def test_reordered_packets_and_leaps_of_the_clock_begin_no_comparison() -> None:
    groups = InterArrival()
    groups.add(0.0, 1.0)
    groups.add(0.02, 1.02)
    assert groups.add(0.01, 1.021) is None
    assert groups.add(0.04, 9.0) is not None
    assert groups.add(0.06, 9.02) is None  # eight seconds late
    assert groups.add(0.08, 9.04) is None
    assert groups.add(0.10, 9.06) == pytest.approx((0.02, 0.02))


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
    line._adapt(line.threshold + 15.1, 20)  # a fall of the path
    assert FIRST_THRESHOLD < line.threshold < 15


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


@given(st.lists(st.tuples(st.floats(-0.01, 0.05), st.floats(-0.01, 0.2)), max_size=60))
def test_groups_are_the_same_whole_as_packet_by_packet(steps: list[tuple[float, float]]) -> None:
    sent, arrivals, left, came = [], [], 0.0, 7.0
    for leaving, coming in steps:
        left, came = left + leaving, came + coming
        sent.append(left)
        arrivals.append(came)
    whole, single = InterArrival(), InterArrival()
    one_by_one = [single.add(*packet) for packet in zip(sent, arrivals, strict=True)]
    assert whole.extend(sent, arrivals) == [deltas for deltas in one_by_one if deltas is not None]


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
