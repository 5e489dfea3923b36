from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.bwe.twcc_sender import HISTORY, RATE_WINDOW, ArrivalRate, TwccSender
from sfu.bwe.twcc_twin import new_sender
from sfu.native import new_way
from sfu.rtp.transport_feedback import TransportFeedback
from tests.sfu import twin

FAR = 1_000_000
"""Ticks on the subscriber's clock when ours is 0."""


def feedback(base: int, count: int, arrivals: dict[int, float]) -> TransportFeedback:
    """Offsets and when they arrived, in seconds of our clock."""
    listed = [(offset, FAR + round(time * 4000)) for offset, time in arrivals.items()]
    return TransportFeedback(1, 2, base & 0xFFFF, count, 0, listed)


Make = Callable[[], TwccSender]


@pytest.fixture(params=twin.KINDS)
def make(request: pytest.FixtureRequest) -> Make:
    def made() -> TwccSender:
        with twin.using(request.param):
            return new_sender(new_way())

    return made


def sender(make: Make, times: list[float], size: int = 1000) -> TwccSender:
    made = make()
    for time in times:
        made.send(size, now=time)
    return made


def test_results_carry_what_was_sent_and_when_it_arrived(make: Make) -> None:
    twcc = make()
    assert [twcc.send(100, now=1.0), twcc.send(200, now=1.01, cluster=7), twcc.send(300, now=1.02)] == [0, 1, 2]
    report = twcc.receive(feedback(0, 3, {0: 1.05, 1: 1.0625}), now=1.1)
    assert [(r.sent, r.size, r.cluster) for r in report.received] == [(1.0, 100, 0), (1.01, 200, 7)]
    assert report.received[1].arrival - report.received[0].arrival == pytest.approx(0.0125)
    assert (report.lost, report.recovered) == (1, 0)


def test_each_packet_is_reported_once_and_a_late_one_takes_its_loss_back(make: Make) -> None:
    twcc = sender(make, [1.0, 1.0, 1.0])
    twcc.receive(feedback(0, 3, {0: 1.1, 2: 1.1}), now=1.2)
    again = twcc.receive(feedback(0, 3, {0: 1.1, 1: 1.15, 2: 1.1}), now=1.3)
    assert ([r.size for r in again.received], again.lost, again.recovered) == ([1000], 0, 1)


def test_what_left_twice_under_one_number_tells_nothing(make: Make) -> None:
    """The first feedback, which said that 2 was missing, was lost; the second holds 2 alone, sent again 0.2 s later."""
    twcc = sender(make, [1.0, 1.02, 1.04, 1.06])
    twcc.receive(feedback(0, 2, {0: 1.05, 1: 1.07}), now=1.1)
    rtt, queue = twcc.rtt, twcc.queue_delay
    twcc.sent_again(2)
    report = twcc.receive(feedback(2, 2, {0: 1.25}), now=1.3)
    assert (report.received, report.lost) == ([], 1)
    assert (twcc.rtt, twcc.queue_delay, twcc.busy_rate) == (rtt, queue, None)
    twcc.sent_again(4)
    twcc.send(100, now=2.0)
    assert len(twcc.receive(feedback(4, 1, {0: 2.05}), now=2.1).received) == 1, "it had not been sent yet"


def test_what_no_feedback_covers_is_neither_lost_nor_received(make: Make) -> None:
    twcc = sender(make, [1.0] * 10)
    report = twcc.receive(feedback(5, 3, {0: 1.1, 2: 1.1}), now=1.2)
    assert (len(report.received), report.lost) == (2, 1)


def test_numbers_that_were_never_sent_mean_nothing(make: Make) -> None:
    twcc = sender(make, [1.0] * 3)
    report = twcc.receive(feedback(2, 5, {0: 1.1, 1: 1.1, 4: 1.1}), now=1.2)
    assert (len(report.received), report.lost) == (1, 0)


def test_round_trip_leaves_out_the_wait_for_feedback(make: Make) -> None:
    twcc = sender(make, [1.0, 1.08])
    twcc.receive(feedback(0, 2, {0: 1.05, 1: 1.13}), now=1.18)
    assert abs(twcc.rtt - 0.1) < 0.001


def test_a_standing_queue_is_seen_against_the_fastest_packet(make: Make) -> None:
    twcc = sender(make, [index * 0.01 for index in range(30)])
    twcc.receive(feedback(0, 10, {index: index * 0.01 + 0.03 for index in range(10)}), now=0.2)
    assert (twcc.queue_delay, twcc.busy_rate) == (0, None)
    late = {index: (index + 10) * 0.01 + 0.08 + index * 0.01 for index in range(10)}
    twcc.receive(feedback(10, 10, late), now=0.5)
    assert abs(twcc.queue_delay - 0.05) < 0.001
    assert twcc.busy_rate == pytest.approx(400_000, abs=2)  # 1000 bytes each 20 ms


def test_acknowledged_rate_needs_a_whole_window() -> None:
    rate = ArrivalRate()
    for index in range(60):
        rate.add([index * 0.01], [125])
        assert rate.value == (None if index < RATE_WINDOW * 100 else pytest.approx(100_000, rel=0.03))
    rate.add([100.0], [125])
    assert rate.value is None


def test_numbers_and_the_clock_wrap(make: Make) -> None:
    twcc = make()
    wrap = 1 << 32
    for index in range(70_000):
        number = twcc.send(100, now=index * 0.01)
        assert number == index & 0xFFFF
        ticks = (wrap - 40 * 65_530 + index * 40) % wrap
        ticks -= wrap if ticks >= wrap // 2 else 0
        report = twcc.receive(TransportFeedback(1, 2, number, 1, 0, [(0, ticks)]), now=index * 0.01 + 0.05)
        assert len(report.received) == 1
    assert twcc.queue_delay == pytest.approx(0, abs=1e-9)
    assert twcc.acknowledged_rate == pytest.approx(80_000, rel=0.03)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 500),
            st.integers(0, 0xFFFF),
            st.integers(1, 0xFFFF),
            st.lists(st.tuples(st.integers(0, 0xFFFF), st.integers(-(1 << 31), (1 << 31) - 1)), max_size=20),
        ),
        max_size=20,
    )
)
def test_no_feedback_does_harm(rounds: list[tuple[int, int, int, list[tuple[int, int]]]]) -> None:
    """Whatever a subscriber claims: every packet is received or lost once at most, and sums stay right."""
    twcc = TwccSender()
    sent = received = lost = recovered = 0
    now = 1.0
    for packets, base, count, arrivals in rounds:
        for _ in range(packets):
            twcc.send(10, now=now)
        sent += packets
        now += 0.1
        report = twcc.receive(TransportFeedback(1, 2, base, count, 0, arrivals), now=now)
        received += len(report.received)
        lost += report.lost
        recovered += report.recovered
        assert received + lost - recovered <= sent
        assert recovered <= lost
        assert twcc.rtt >= 0
        assert twcc.queue_delay >= 0


@given(st.integers(0, 9000), st.sets(st.integers(0, 59), min_size=1), st.sampled_from([0, 1, 30]))
def test_a_report_says_the_same_whole_as_packet_by_packet(before: int, arrived: set[int], wrap: int) -> None:
    """With and without gaps, with packets in probes, and across the end of the ring that they are kept in."""
    whole, single = TwccSender(), TwccSender()
    start = max(before, HISTORY - wrap)
    for twcc in (whole, single):
        for index in range(start + 60):
            twcc.send(100 + index % 60, now=index * 0.001, cluster=index % 3)
    arrivals = {offset: 20 + offset * 0.002 for offset in sorted(arrived)}
    report = whole.receive(feedback(start, 60, arrivals), now=30.0)
    one_by_one = [single.receive(feedback(start + at, 1, {0: time}), now=30.0) for at, time in arrivals.items()]
    assert report.received == [part.received[0] for part in one_by_one]
    assert (report.lost, report.recovered) == (60 - len(arrived), 0)
    assert whole.receive(feedback(start, 60, arrivals), now=30.0).received == []


@given(
    st.lists(st.lists(st.tuples(st.floats(-0.01, 0.2), st.integers(1, 1500)), min_size=1, max_size=9), max_size=40),
)
def test_the_rate_is_that_of_the_packets_in_its_window(blocks: list[list[tuple[float, int]]]) -> None:
    """Also where packets come in another order, or after a pause."""
    rate = ArrivalRate()
    kept: list[tuple[float, int]] = []
    time = since = 0.0
    for block in blocks:
        times = []
        for step, _ in block:
            time += step
            times.append(time)
        sizes = [size for _, size in block]
        rate.add(times, sizes)
        spread = max(times) - min(times) >= RATE_WINDOW
        for at, size in zip(times, sizes, strict=True) if spread else sorted(zip(times, sizes, strict=True)):
            if not kept or at - kept[-1][0] >= RATE_WINDOW:
                kept, since = [], at
            kept.append((max(at, kept[-1][0]) if kept else at, size))
        time = kept[-1][0]
    if not kept or kept[-1][0] - since < RATE_WINDOW:
        assert rate.value is None
    else:
        assert rate.value == int(sum(size for at, size in kept if at > kept[-1][0] - RATE_WINDOW) * 8 / RATE_WINDOW)


def test_a_clock_that_stands_still_does_not_fill_the_memory() -> None:
    rate = ArrivalRate()
    for _ in range(3 * HISTORY // 100):
        rate.add([1.0] * 100, [10] * 100)
    rate.add([1.4], [10])
    assert sum(len(times) for times, _ in rate._blocks) <= HISTORY
