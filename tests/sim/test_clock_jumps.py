"""The SFU stands still, or its clock jumps, while everybody else's time goes on. Seed 190, no loss.

The worker's clock (`sfu/io/steady_clock.py`) never jumps by more than `LONGEST_STEP`, and never back. What is further
is here to show that nothing breaks or grows even so.
"""

from __future__ import annotations

import pytest

from sfu.io.steady_clock import LONGEST_STEP
from tests.sim.census import census
from tests.sim.meeting import Meeting


class Talk:
    """Two who see and hear each other, of whom one is watched."""

    def __init__(self) -> None:
        self.world = Meeting(seed=190)
        self.ana, self.ben = self.world.person("ana"), self.world.person("ben")
        self.ana.publish()
        self.ben.publish()
        self.ana.subscribe(self.ben)
        self.ben.subscribe(self.ana)
        self.run(8)

    def run(self, seconds: float) -> None:
        self.world.clock.run_until(self.world.clock.now + seconds)

    @property
    def transports(self) -> list[object]:
        return [
            transport.peer
            for person in (self.ana, self.ben)
            for transport in (person.publisher, person.subscriber)
            if transport is not None
        ]

    @property
    def remembered(self) -> int:
        return census(self.world.router, *self.transports)


@pytest.mark.parametrize(("seconds", "within"), [(5, 15), (35, 25)])
def test_those_who_met_before_a_pause_meet_after_it(seconds: float, within: float) -> None:
    """What a machine does that is paused and goes on. Sound is there at once, and so is a picture that moves.

    How large it is follows after the longer pause from the browsers, which sent into the void for 35 s.
    """
    talk = Talk()
    ear = talk.ben.receives.ear("ana/mic")
    eyes = talk.ben.receives.eye("ana/cam"), talk.ana.receives.eye("ben/cam")
    assert [eye.height for eye in eyes] == [720, 720]
    talk.world.stands_still = True
    talk.run(seconds)
    talk.world.stands_still = False
    talk.world.ahead -= seconds - LONGEST_STEP
    talk.run(0.5)
    ear.reset()
    talk.run(2.5)
    before = [eye.shown for eye in eyes]
    talk.run(within - 3)
    print(f"{ear.concealed} of {ear.played} frames of sound made up; picture at {[eye.height for eye in eyes]} lines")
    assert ear.played >= 50 * (within - 1)
    assert ear.concealed <= 0.01 * ear.played
    for eye, shown in zip(eyes, before, strict=True):
        assert eye.shown - shown >= 25 * (within - 3)
        assert eye.height == 720


@pytest.mark.parametrize("jump", [60.0, -60.0])
def test_whatever_the_clock_does_nothing_breaks_or_grows(jump: float) -> None:
    talk = Talk()
    before = talk.remembered
    talk.world.ahead += jump
    talk.run(2)
    talk.world.ahead -= jump
    talk.run(8)
    assert talk.remembered <= 1.5 * before
