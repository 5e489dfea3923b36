import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.bwe.delay_based import MIN_RATE
from sfu.bwe.prober import (
    BACKOFF,
    DROP_WAIT,
    LIMITED_INTERVAL,
    MAX_INTERVAL,
    MAX_LAG,
    RESULT_WAIT,
    STAGNANT,
    Cluster,
    Prober,
)
from sfu.bwe.twcc_sender import PacketResult

SIZE = 300


def update(
    prober: Prober, now: float, *, estimate: int = 800_000, sent: int = 300_000, wanted: int = 9_000_000
) -> None:
    prober.update(estimate, wanted, sent, calm=True, now=now)


def run(prober: Prober, now: float, tick: float) -> tuple[Cluster, list[tuple[float, int]]]:
    """Send the probe as a shell with such a timer does; return it with when each packet left."""
    cluster = prober.cluster
    assert cluster is not None
    sent: list[tuple[float, int]] = []
    while prober.cluster is not None:
        now += tick
        while prober.due(now=now):
            sent.append((now, prober.sent(SIZE, now=now)))
    return cluster, sent


def arrive(sent: list[tuple[float, int]], capacity: int) -> list[PacketResult]:
    free, results = 0.0, []
    for time, number in sent:
        free = max(free, time) + SIZE * 8 / capacity
        results.append(PacketResult(time, free + 500, SIZE, number))
    return results


def judged(capacity: int, tick: float, lost: int = 0) -> int | None:
    prober = Prober(800_000, now=0.0)
    update(prober, 0.0)
    _, sent = run(prober, 0.0, tick)
    results = arrive(sent, capacity)
    after = PacketResult(sent[-1][0] + 0.1, 501.0, 100, 0)
    return prober.receive([*results[: len(results) - lost], after], now=1.0)


@pytest.mark.parametrize("tick", [0.002, 0.005, 0.010, 0.020])
def test_a_probe_shows_what_the_path_carries(tick: float) -> None:
    assert judged(50_000_000, tick) == pytest.approx(2_400_000, rel=0.12)
    assert judged(1_000_000, tick) == pytest.approx(950_000, rel=0.05)


@given(phase=st.floats(0.0, 0.0099), stray=st.lists(st.floats(0.0, 0.06), max_size=2), full=st.booleans())
def test_a_probe_shows_the_same_whenever_it_begins(phase: float, stray: list[float], full: bool) -> None:
    """Feedback begins probes between two turns of the timer; once half of what the path carries was all they showed.

    The path is wide, or carries a third of what is tried for. Packets of pictures leave when they come.
    """
    prober = Prober(800_000, now=0.0)
    update(prober, phase)
    sent: list[tuple[float, int]] = []
    turns = [(0.01 * turn, True) for turn in range(1, 7)]
    for now, timer in sorted([*turns, *((time, False) for time in stray if time > phase)]):
        if not timer:
            sent.append((now, prober.sent(SIZE, now=now)))
        while timer and prober.due(now=now):
            sent.append((now, prober.sent(SIZE, now=now)))
    assert prober.cluster is None
    results = arrive(sent, 800_000 if full else 50_000_000)
    shown = prober.receive([*results, PacketResult(sent[-1][0] + 0.1, 501.0, 100, 0)], now=1.0)
    assert shown == pytest.approx(760_000 if full else 2_400_000, rel=0.15)


def test_a_probe_that_did_not_arrive_shows_nothing() -> None:
    assert judged(50_000_000, 0.01, lost=8) is None


def test_a_probe_that_was_held_up_and_let_go_shows_nothing() -> None:
    prober = Prober(800_000, now=0.0)
    update(prober, 0.0)
    _, sent = run(prober, 0.0, 0.01)
    results = [PacketResult(time, 9 + index / 100_000, SIZE, number) for index, (time, number) in enumerate(sent)]
    assert prober.receive(results, now=1.0) is None


def test_the_start_tries_three_times_then_six_times_the_guess() -> None:
    prober = Prober(800_000, now=0.0)
    prober.update(800_000, 0, 300_000, calm=True, now=0.0)
    assert prober.cluster is None  # nobody asks for anything
    update(prober, 0.1)
    cluster, sent = run(prober, 0.1, 0.005)
    assert cluster.rate == 2_400_000
    update(prober, 0.2)
    assert prober.cluster is None  # one at a time
    assert prober.busy
    prober.receive(arrive(sent, 50_000_000), now=0.3)
    update(prober, 0.3, estimate=2_400_000)
    cluster, sent = run(prober, 0.3, 0.005)
    assert cluster.rate == 4_800_000
    prober.receive(arrive(sent, 50_000_000), now=0.4)
    update(prober, 0.4, estimate=4_800_000)
    assert prober.cluster is not None  # it showed what it tried for: twice as much
    assert prober.cluster.rate == pytest.approx(9_600_000, rel=0.1)


def test_no_probe_goes_far_beyond_what_is_wanted_or_into_a_queue() -> None:
    prober = Prober(800_000, now=0.0)
    prober.update(800_000, 1_000_000, 300_000, calm=False, now=0.0)
    assert prober.cluster is None
    update(prober, 0.1, wanted=1_000_000)
    assert prober.cluster is not None
    assert prober.cluster.rate == 1_250_000
    prober = Prober(800_000, now=0.0)
    update(prober, 0.1, wanted=800_000)
    assert prober.cluster is None


def quiet(now: float = 0.0) -> Prober:
    """Past the start."""
    prober = Prober(800_000, now=now)
    update(prober, now)
    _, sent = run(prober, now, 0.01)
    prober.receive(arrive(sent, 800_000), now=now + 0.2)
    return prober


@pytest.mark.parametrize(("sent", "wait"), [(300_000, BACKOFF * LIMITED_INTERVAL), (780_000, STAGNANT)])
def test_probes_come_again(sent: int, wait: float) -> None:
    prober = quiet()
    update(prober, wait - 0.1, sent=sent)
    assert prober.cluster is None
    update(prober, wait + 0.1, sent=sent)
    assert prober.cluster is not None
    assert prober.cluster.rate == 1_600_000


def test_probes_in_vain_become_rarer_and_one_that_finds_something_ends_that() -> None:
    prober = quiet()
    begun, now, capacity = list[float](), 0.3, 800_000
    while now < 70:
        now = round(now + 0.1, 3)
        update(prober, now, sent=300_000)
        if prober.cluster is not None:
            begun.append(now)
            capacity = 800_000 if now < 50 else 50_000_000
            _, sent = run(prober, now, 0.01)
            prober.receive(arrive(sent, capacity), now=now + 0.2)
    waits = [later - earlier for earlier, later in itertools.pairwise(begun)]
    assert waits[:4] == pytest.approx([MAX_INTERVAL] * 4, abs=0.2)
    assert waits[-1] < 1


def test_growth_needs_no_probe() -> None:
    prober = quiet()
    for step in range(int(STAGNANT) + 10):
        estimate = int(800_000 * 1.02**step)
        update(prober, step, estimate=estimate, sent=estimate)
        assert prober.cluster is None


def test_a_large_drop_is_asked_about() -> None:
    prober = quiet()
    update(prober, 3.0, estimate=790_000, sent=790_000)
    update(prober, 3.1, estimate=300_000, sent=300_000)
    update(prober, 3.0 + DROP_WAIT, estimate=300_000, sent=300_000)
    assert prober.cluster is None
    update(prober, 3.2 + DROP_WAIT, estimate=300_000, sent=300_000)
    assert prober.cluster is not None
    assert prober.cluster.rate == 600_000


def test_probes_without_timers_or_answers_are_given_up() -> None:
    prober = Prober(800_000, now=0.0)
    update(prober, 0.0)
    update(prober, MAX_LAG + 0.01)
    assert not prober.busy
    prober = Prober(800_000, now=0.0)
    update(prober, 0.0)
    run(prober, 0.0, 0.01)
    update(prober, 0.1 + RESULT_WAIT)
    assert not prober.busy


def test_the_least_estimate_is_probed_by_padding_alone() -> None:
    """Once nothing but sound fitted and everybody was muted, no probe was ever long enough: no picture came back."""
    prober = Prober(800_000, now=0.0)
    update(prober, 0.0)
    _, sent = run(prober, 0.0, 0.01)
    prober.receive(arrive(sent, 800_000), now=0.2)
    update(prober, 1.0, estimate=MIN_RATE, sent=0)
    now, sent = 1.0 + DROP_WAIT, list[tuple[float, int]]()
    update(prober, now, estimate=MIN_RATE, sent=0)
    while prober.cluster is not None:
        now += 0.01
        update(prober, now, estimate=MIN_RATE, sent=0)
        while prober.due(now=now):
            sent.append((now, prober.sent(275, now=now)))
    shown = prober.receive(arrive(sent, 50_000_000), now=now + 0.2)
    assert shown == pytest.approx(2 * MIN_RATE, rel=0.2)


def test_asking_never_goes_on_for_ever() -> None:
    """Whatever the moment, a shell that sends while padding is due comes to an end."""
    for place in range(100):
        prober = Prober(800_000, now=0.0)
        update(prober, 0.0)
        now, count = place / 10_000, 0
        while prober.due(now=now):
            prober.sent(SIZE, now=now)
            count += 1
            assert count < 100
