"""What the estimate for one subscriber does on paths of many kinds. Each plan states its seed, its loss and direction.

Downlink means from the server to the subscriber. Three others are unmuted (163 kbit/s of sound) and shown at 720 lines,
which would take 5.2 Mbit/s: every link here is too small, and the estimate alone decides.
"""

from tests.sim.link import Conditions, Loss
from tests.sim.plan import Change, Check, Do, Keeps, Run, Within, play
from tests.sim.subscriber import SubscriberWorld

FULL, LOW = 2_500_000, 300_000
"""Bit/s on the wire. In RTP, of packets of 136 to 1150 bytes, about 0.93 and 0.85 of it."""


def estimate(world: SubscriberWorld) -> float:
    return world.estimator.estimate


def queue(world: SubscriberWorld) -> float:
    return world.links["down"].queue_delay


def fits(world: SubscriberWorld) -> bool:
    """What is being sent is no more than the low link carries."""
    return world.video_rate + world.audio_rate <= LOW


EVIDENCE: Within[SubscriberWorld] = Within(0.3, "the reports show it", lambda world: world.estimator.queue_delay > 0.01)
"""The first report that holds delayed packets has come back."""


def drop_world(seed: int, queue_bytes: int) -> SubscriberWorld:
    return SubscriberWorld(seed=seed, down=Conditions(rate=FULL, queue=queue_bytes), up=Conditions())


def test_drop_to_300_kbit() -> None:
    """Seed 11. No random loss; downlink bottleneck of 2.5 Mbit/s falls to 300 kbit/s with 1 s of drop-tail queue."""
    world = drop_world(11, 37_500)
    play(world, [Run(20), Check("estimate before", estimate, at_least=0.8 * FULL), Do("count", SubscriberWorld.reset)])
    play(world, [Change("down", rate=LOW), EVIDENCE])
    begin = world.clock.now
    play(
        world,
        [
            Within(1.0, "video reduced", fits),
            Do("to 3 s after evidence", lambda world: world.clock.run_until(begin + 3.0)),
            Keeps(12, "queue (s)", queue, at_most=0.2),
            Check("sound lost", lambda world: world.lost_audio, at_most=0.01),
            Check("estimate", estimate, at_least=0.5 * LOW, at_most=1.25 * LOW),
        ],
    )


def test_drop_to_300_kbit_with_a_deep_queue() -> None:
    """Seed 12. No random loss; downlink as before with 1.7 s of queue: reduced in time, and nothing is lost."""
    world = drop_world(12, 64_000)
    play(world, [Run(20), Change("down", rate=LOW), EVIDENCE, Do("count", SubscriberWorld.reset)])
    play(
        world,
        [
            Within(1.0, "video reduced", fits),
            Within(4.0, "queue at most 0.19 s", lambda world: queue(world) <= 0.19),
            Keeps(10, "queue (s)", queue, at_most=0.2),
            Check("sound lost", lambda world: world.lost_audio, at_most=0.01),
        ],
    )


def test_recovery() -> None:
    """Seed 13. No random loss; downlink 300 kbit/s for 30 s, then 2.5 Mbit/s: 80 % of it is found within 15 s."""
    world = drop_world(13, 37_500)
    play(
        world,
        [
            Change("down", rate=LOW),
            Run(30),
            Check("estimate", estimate, at_least=0.5 * LOW, at_most=1.25 * LOW),
            Change("down", rate=FULL),
            Within(15, "estimate back at 80 %", lambda world: estimate(world) >= 0.8 * FULL),
            Within(7, "pictures back", lambda world: min(world.heights) >= 360),
            Keeps(15, "estimate", estimate, at_least=0.7 * FULL, at_most=1.25 * FULL),
        ],
    )


def test_start() -> None:
    """Seed 14. No random loss; downlink 2.5 Mbit/s: known in 2 s; 300 kbit/s: the guess is put right in 2 s."""
    play(drop_world(14, 37_500), [Within(2, "estimate of 80 %", lambda world: estimate(world) >= 0.8 * FULL)])
    slow = SubscriberWorld(seed=14, down=Conditions(rate=LOW, queue=37_500), up=Conditions())
    play(slow, [Within(2, "estimate below", lambda world: estimate(world) <= LOW), Run(4)])
    play(slow, [Keeps(20, "queue (s)", queue, at_most=0.2)])


def lossy(seed: int, loss: Loss) -> SubscriberWorld:
    return SubscriberWorld(seed=seed, down=Conditions(rate=FULL, loss=loss), up=Conditions(loss=Loss.uniform(0.05)))


def test_five_per_cent_loss_does_not_collapse_the_estimate() -> None:
    """Seed 15. 5 % uniform loss both ways (feedback is lost too), downlink 2.5 Mbit/s."""
    play(lossy(15, Loss.uniform(0.05)), [Run(15), Keeps(45, "estimate", estimate, at_least=0.6 * FULL)])


def test_ten_per_cent_loss_does_not_collapse_the_estimate() -> None:
    """Seed 16. 10 % uniform loss down, 5 % up, downlink 2.5 Mbit/s."""
    play(lossy(16, Loss.uniform(0.10)), [Run(15), Keeps(45, "estimate", estimate, at_least=0.6 * FULL)])


def test_bursts_of_loss_do_not_collapse_the_estimate() -> None:
    """Seed 17. 10 % loss down in bursts of 5 packets (Gilbert-Elliott), 5 % uniform up, downlink 2.5 Mbit/s."""
    play(lossy(17, Loss.bursty(0.10, 5)), [Run(15), Keeps(45, "estimate", estimate, at_least=0.5 * FULL)])


def test_jitter() -> None:
    """Seed 18. 1 % uniform loss both ways, half-normal jitter of 15 ms down and 10 ms up, order kept."""
    world = SubscriberWorld(
        seed=18,
        down=Conditions(rate=FULL, jitter=0.015, loss=Loss.uniform(0.01)),
        up=Conditions(jitter=0.010, loss=Loss.uniform(0.01)),
    )
    play(world, [Run(15), Do("count", SubscriberWorld.reset)])
    play(world, [Keeps(45, "estimate", estimate, at_least=0.5 * FULL)])
    play(world, [Check("longest queue (s)", lambda world: world.links["down"].max_queue_delay, at_most=0.3)])


def test_reordering() -> None:
    """Seed 19. No loss; half-normal jitter of 5 ms down that lets packets overtake each other."""
    world = SubscriberWorld(seed=19, down=Conditions(rate=FULL, jitter=0.005, reorder=True), up=Conditions())
    play(world, [Run(15), Keeps(45, "estimate", estimate, at_least=0.5 * FULL, at_most=1.5 * FULL)])


def test_competition() -> None:
    """Seed 20. No random loss; 1 Mbit/s of somebody else's on the downlink of 2.5 Mbit/s for 30 s: room is made."""
    world = drop_world(20, 64_000)
    busy = False

    def compete() -> None:
        if busy:
            world.links["down"].send(1222, lambda: None)

    def switch(on: bool) -> None:
        nonlocal busy
        busy = on

    world.clock.every(0.01, compete)
    play(
        world,
        [
            Run(20),
            Do("somebody else begins", lambda world: switch(True)),
            Run(3),
            Keeps(27, "queue (s)", queue, at_most=0.15),
            Check("estimate", estimate, at_least=0.6 * (FULL - 1_000_000)),
            Do("somebody else ends", lambda world: switch(False)),
            Within(15, "estimate back at 80 %", lambda world: estimate(world) >= 0.8 * FULL),
        ],
    )


def test_a_shaper_without_a_queue() -> None:
    """Seed 21. No random loss; the downlink falls to 300 kbit/s with 80 ms of queue: only loss tells; sound stays."""
    world = drop_world(21, 37_500)
    play(world, [Run(20), Change("down", rate=LOW, queue=3000), Run(0.2)])
    play(world, [Within(2.0, "video reduced", fits), Run(3), Do("count", SubscriberWorld.reset), Run(20)])
    play(world, [Check("sound lost", lambda world: world.lost_audio, at_most=0.05)])


def test_outage() -> None:
    """Seed 22. Everything is lost both ways for 2 s, downlink 2.5 Mbit/s: back at 80 % within 15 s."""
    world = drop_world(22, 37_500)
    play(
        world,
        [
            Run(20),
            Change("down", outage=True),
            Change("up", outage=True),
            Run(2),
            Change("down", outage=False),
            Change("up", outage=False),
            Run(0.5),
            Within(15, "estimate of 80 %", lambda world: estimate(world) >= 0.8 * FULL),
            Keeps(10, "queue (s)", queue, at_most=0.2),
        ],
    )


def test_a_longer_way() -> None:
    """Seed 23. No loss; the way down becomes 120 ms longer at once (another route): no lasting harm."""
    world = drop_world(23, 37_500)
    play(
        world,
        [
            Run(20),
            Change("down", delay=0.145),
            Run(10),
            Keeps(20, "estimate", estimate, at_least=0.6 * FULL, at_most=1.25 * FULL),
        ],
    )


def test_a_day() -> None:
    """Seed 24. 24 h: the numbers wrap, the browser's clock of 2^32 ticks once; half a minute of video each 4 h.

    Between, one member is heard every 2 s. 1 % uniform loss down, 2.5 Mbit/s: the estimate neither
    wanders off nor sticks.
    """
    world = SubscriberWorld(seed=24, down=Conditions(rate=FULL, loss=Loss.uniform(0.01)), up=Conditions(), day=True)
    for _ in range(6):
        world.wake(True)
        play(world, [Run(15), Keeps(15, "estimate", estimate, at_least=0.6 * FULL, at_most=1.25 * FULL)])
        world.wake(False)
        play(world, [Run(4 * 3600 - 30)])
        play(world, [Check("estimate after hours of little", estimate, at_least=0.5 * LOW, at_most=2 * FULL)])
    play(world, [Check("numbers given out", lambda world: world.numbers, at_least=65536)])
