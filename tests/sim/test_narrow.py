"""A downlink that becomes too narrow, in a meeting of four who are all unmuted. Each plan states seed and direction.

Ana, Chi and Dan publish three encodings, Ben watches each at 720 lines. The downlink is Ben's, from the server; its
bottleneck has 1 s of drop-tail queue at the low rate, and a round trip of 50 ms.
"""

from __future__ import annotations

from collections import deque

from tests.sim import chromium
from tests.sim.link import Conditions
from tests.sim.meeting import Meeting, Person
from tests.sim.plan import Change, Check, Do, Keeps, Run, Within, play

FULL, LOW = 2_500_000, 300_000
"""Bit/s on the wire."""


class NarrowWorld(Meeting):
    """Ben and three others."""

    ben: Person

    @property
    def queue(self) -> float:
        """Seconds."""
        return self.links["ben down"].queue_delay

    @property
    def concealed(self) -> float:
        ears = [self.ben.receives.ear(f"{name}/mic") for name in OTHERS]
        return sum(ear.concealed for ear in ears) / max(1, sum(ear.played for ear in ears))

    @property
    def sounds(self) -> float:
        """Of each other person's sound, frames a second that were due since `reset`, as fraction of those recorded."""
        ears = [self.ben.receives.ear(f"{name}/mic") for name in OTHERS]
        frames = len(ears) * (self.clock.now - self.counted_from) / chromium.SOUND_INTERVAL
        return sum(ear.played for ear in ears) / frames

    @property
    def estimate(self) -> float:
        assert self.ben.subscriber is not None
        return float(self.ben.subscriber.peer.sender.estimator.estimate)

    def measure(self) -> None:
        """Note what the server sends to Ben from now on."""
        self.rates: deque[int] = deque([self.links["ben down"].bytes] * 7, maxlen=7)
        self.clock.every(0.05, lambda: self.rates.append(self.links["ben down"].bytes))

    @property
    def rate(self) -> float:
        """Bit/s that the server sent to Ben during the last 0.3 s, on the wire."""
        return (self.rates[-1] - self.rates[0]) * 8 / 0.3

    def reset(self) -> None:
        self.counted_from = self.clock.now
        for name in OTHERS:
            self.ben.receives.ear(f"{name}/mic").reset()


OTHERS = ["ana", "chi", "dan"]


def meeting(seed: int) -> NarrowWorld:
    world = NarrowWorld(seed=seed)
    others = [world.person(name, up=Conditions(delay=0.01), down=Conditions(delay=0.01)) for name in OTHERS]
    for other in others:
        other.publish()
    world.ben = world.person("ben", up=Conditions(), down=Conditions(rate=FULL, queue=37_500))
    world.ben.publish()
    world.ben.subscribe(*others)
    return world


def shows_a_queue(world: NarrowWorld) -> bool:
    assert world.ben.subscriber is not None
    return bool(world.ben.subscriber.peer.sender.estimator.queue_delay > 0.03)


EVIDENCE = Within[NarrowWorld](0.3, "the reports show it", shows_a_queue)
"""The first report that holds packets delayed by more than a key frame delays them has come back."""


def test_a_drop_to_300_kbit() -> None:
    """Seed 141. No random loss; the downlink falls from 2.5 Mbit/s to 300 kbit/s.

    What is sent fits within 1 s of the evidence; 3 s after it no queue is longer than 200 ms; of sound less than 1 % is
    concealed.
    """
    world = meeting(141)
    play(
        world,
        [
            Run(19),
            Do("measure", NarrowWorld.measure),
            Run(1),
            Check("estimate before", lambda world: world.estimate, at_least=0.8 * FULL),
        ],
    )
    play(world, [Check("sent before", lambda world: world.rate, at_least=2 * LOW), Do("count", NarrowWorld.reset)])
    play(world, [Change("ben down", rate=LOW), EVIDENCE])
    evidence = world.clock.now
    play(
        world,
        [
            Within(1.0, "what is sent fits", lambda world: world.rate <= LOW),
            Do("3 s after the evidence", lambda world: world.clock.run_until(evidence + 3)),
            Keeps(12, "queue (s)", lambda world: world.queue, at_most=0.2),
            Check("sound due", lambda world: world.sounds, at_least=0.95),
            Check("concealed", lambda world: world.concealed, at_most=0.01),
        ],
    )


def test_back_to_full() -> None:
    """Seed 142. No random loss; 30 s of 300 kbit/s, then 2.5 Mbit/s again: the estimate is back at 80 % within 15 s.

    The pictures follow: within 10 s more all three are shown at 360 lines or taller.
    """
    world = meeting(142)
    eyes = [world.ben.receives.eye(f"{name}/cam") for name in OTHERS]
    play(world, [Run(20), Change("ben down", rate=LOW), Run(30), Change("ben down", rate=FULL)])
    play(
        world,
        [
            Within(15, "estimate back at 80 %", lambda world: world.estimate >= 0.8 * FULL),
            Within(10, "pictures back", lambda world: all(eye.height >= 360 for eye in eyes)),
            Keeps(10, "queue (s)", lambda world: world.queue, at_most=0.3),
        ],
    )
