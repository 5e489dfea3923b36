"""The simulation itself: what it claims about time, loss, queues and outages holds."""

from functools import partial
from itertools import pairwise

import pytest

from tests.sim.clock import Clock
from tests.sim.link import OVERHEAD, Conditions, Link, Loss
from tests.sim.plan import Change, Check, Keeps, Run, Within, play


def send(
    count: int, conditions: Conditions, *, size: int = 972, interval: float = 0.01
) -> tuple[Link, list[tuple[int, float]]]:
    clock = Clock()
    link = Link(clock, seed=1, conditions=conditions)
    arrived: list[tuple[int, float]] = []

    def arrive(index: int) -> None:
        arrived.append((index, clock.now))

    for index in range(count):
        clock.call_at(index * interval, partial(link.send, size, partial(arrive, index)))
    clock.run_until(count * interval + 10)
    return link, arrived


def test_time_runs_in_order() -> None:
    clock, seen = Clock(), list[str]()
    clock.call_at(2.0, lambda: seen.append("second"))
    clock.call_at(1.0, lambda: seen.append("first"))
    clock.call_at(2.0, lambda: seen.append("third"))
    clock.call_at(9.0, lambda: seen.append("never"))
    clock.run_until(3.0)
    assert (seen, clock.now) == (["first", "second", "third"], 3.0)


def test_a_bottleneck_spaces_packets_and_drops_the_tail() -> None:
    link, arrived = send(10, Conditions(rate=8_000, queue=5 * (972 + OVERHEAD), delay=0.5), interval=0.0)
    assert [index for index, _ in arrived] == [0, 1, 2, 3, 4]
    assert [time for _, time in arrived] == pytest.approx([1.5, 2.5, 3.5, 4.5, 5.5])
    assert (link.sent, link.dropped, link.lost) == (10, 5, 0)
    assert link.max_queue_delay == pytest.approx(5.0)


@pytest.mark.parametrize(("loss", "burst"), [(Loss.uniform(0.1), 1.1), (Loss.bursty(0.1, 5), 5)])
def test_loss_is_what_it_says(loss: Loss, burst: float) -> None:
    link, arrived = send(40_000, Conditions(loss=loss), interval=0.0)
    numbers = [index for index, _ in arrived]
    bursts = sum(1 for a, b in pairwise(numbers) if b > a + 1)
    assert link.lost / 40_000 == pytest.approx(0.1, abs=0.01)
    assert link.lost / bursts == pytest.approx(burst, rel=0.1)


@pytest.mark.parametrize("reorder", [False, True])
def test_jitter_overtakes_only_when_asked(reorder: bool) -> None:
    _, arrived = send(1000, Conditions(jitter=0.05, reorder=reorder))
    assert (arrived == sorted(arrived)) is not reorder


def test_nothing_passes_an_outage() -> None:
    link, arrived = send(10, Conditions(outage=True))
    assert (arrived, link.lost) == ([], 10)


def test_the_same_seed_is_the_same_world() -> None:
    conditions = Conditions(rate=500_000, jitter=0.01, loss=Loss.bursty(0.1, 3))
    assert send(500, conditions)[1] == send(500, conditions)[1]


class Small:
    def __init__(self) -> None:
        self.clock = Clock()
        self.links = {"down": Link(self.clock, seed=1, conditions=Conditions())}


def now(world: Small) -> float:
    return world.clock.now


def test_plans_change_run_and_look() -> None:
    world = Small()
    play(
        world,
        [
            Change("down", rate=1),
            Run(2),
            Check("time", now, at_least=2, at_most=2),
            Within(1, "soon", lambda w: now(w) >= 2.5),
        ],
    )
    assert (world.links["down"].conditions.rate, round(now(world), 1)) == (1, 2.5)


@pytest.mark.parametrize(
    "step",
    [
        Check("time", now, at_least=1),
        Within(0.5, "late", lambda world: now(world) >= 1),
        Keeps(1, "time", now, at_most=0.5),
        Keeps(1, "time", now, at_least=0.5),
    ],
)
def test_plans_fail_when_a_figure_is_missed(step: Check[Small] | Within[Small] | Keeps[Small]) -> None:
    with pytest.raises(AssertionError, match=r"time|late"):
        play(Small(), [step])
