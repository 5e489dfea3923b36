"""What is seen and heard on lossy paths. Each plan states its seed, its loss and direction.

Ana publishes 720 lines in three encodings, Ben watches her at 720. Whose path is lossy has a round trip of 100 ms, the
other's 20 ms. Uplink means from Ana to the server, downlink from the server to Ben. Forty seconds, after 10 to settle.
Ben's client sets `jitterBufferTarget` by what his and Ana's browsers measure (`tests/sim/waiting.py`).
"""

from __future__ import annotations

from statistics import median

import pytest

from tests.sim import chromium
from tests.sim.link import Conditions, Loss
from tests.sim.meeting import Meeting, Person
from tests.sim.plan import Check, Do, Run, play
from tests.sim.waiting import Waiting


class LossWorld(Meeting):
    """Two people."""

    ana: Person
    ben: Person

    def reset(self) -> None:
        self.ben.receives.eye("ana/cam").reset()
        self.ben.receives.ear("ana/mic").reset()

    @property
    def frozen(self) -> float:
        return self.ben.receives.eye("ana/cam").frozen / WATCHED

    @property
    def concealed(self) -> float:
        return self.ben.receives.ear("ana/mic").concealment

    @property
    def height(self) -> int:
        return self.ben.receives.eye("ana/cam").height


WATCHED = 40.0


def path(loss: Loss | None) -> Conditions:
    return Conditions(delay=0.05, loss=loss) if loss else Conditions(delay=0.01)


def meeting(seed: int, direction: str, loss: Loss, *, waits: bool = True) -> LossWorld:
    """Lost "up" on Ana's uplink, "down" on Ben's downlink, or on "both"."""
    up, down = (loss if direction in (way, "both") else None for way in ("up", "down"))
    world = LossWorld(seed=seed)
    world.ana = world.person("ana", up=path(up), down=path(Loss() if up else None))
    world.ben = world.person("ben", up=path(Loss() if down else None), down=path(down))
    world.ana.publish()
    world.ben.subscribe(world.ana)
    if waits:
        Waiting(world.ana, world.ben)
    return world


def watch(world: LossWorld, *, shown: float = 0.9) -> None:
    """What never comes is neither frozen nor concealed: nearly all frames must have been shown, and sound been due."""
    eye, ear = world.ben.receives.eye("ana/cam"), world.ben.receives.ear("ana/mic")
    play(world, [Run(10), Do("count", LossWorld.reset), Run(WATCHED)])
    print(f"height {world.height}, {eye.shown} frames, {eye.freezes} freezes, the longest {eye.longest:.2f} s")
    print(f"frozen {world.frozen:.1%}, concealed {world.concealed:.1%}, key frames {eye.key_frames}")
    print(f"asked to wait {ear.target:.3f} s, sound waits {ear.delay:.3f} s")
    print(f"Opus is told of {world.ana.sends.fec_loss:.3f} lost; sound {ear.played}, mended by FEC {ear.corrected}")
    play(
        world,
        [
            Check("frames a second", lambda world: eye.shown / WATCHED, at_least=shown / chromium.FRAME_INTERVAL),
            Check("sounds a second", lambda world: ear.played / WATCHED, at_least=0.95 / chromium.SOUND_INTERVAL),
        ],
    )


def repair_data(world: LossWorld) -> None:
    """Opus must be told of the loss, though nearly all is sent again in time."""
    ear = world.ben.receives.ear("ana/mic")
    play(
        world,
        [
            Check("loss that Opus is told of", lambda world: world.ana.sends.fec_loss, at_least=chromium.FEC_FROM),
            Check("mended by FEC", lambda world: ear.corrected, at_least=1),
        ],
    )


@pytest.mark.parametrize(("percent", "most"), [(5, 0.01), (10, 0.03)])
@pytest.mark.parametrize("direction", ["up", "down", "both"])
def test_freezes(direction: str, percent: int, most: float) -> None:
    """Seeds 105, 110. Uniform loss on the uplink, on the downlink, on both.

    Frozen at most 1 % of the time, or 3 %; and at most 2 % of the sound is concealed, which has no aim of its own here.
    """
    world = meeting(100 + percent, direction, Loss.uniform(percent / 100))
    watch(world)
    play(world, [Check("frozen", lambda world: world.frozen, at_most=most)])
    play(world, [Check("concealed", lambda world: world.concealed, at_most=0.02)])
    play(world, [Check("lines shown", lambda world: world.height, at_least=360)])


@pytest.mark.parametrize("direction", ["up", "down"])
def test_sound_at_twenty_per_cent(direction: str) -> None:
    """Seed 120. 20 % uniform loss on the uplink or the downlink: at most 6 % of the sound is concealed."""
    world = meeting(120, direction, Loss.uniform(0.20))
    watch(world)
    play(world, [Check("concealed", lambda world: world.concealed, at_most=0.06)])
    repair_data(world)


@pytest.mark.parametrize("direction", ["up", "down"])
def test_sound_at_ten_per_cent_in_bursts(direction: str) -> None:
    """Seed 130. 10 % loss in bursts of 5 packets (Gilbert-Elliott), uplink or downlink: at most 6 % is concealed."""
    world = meeting(130, direction, Loss.bursty(0.10, 5))
    watch(world)
    play(world, [Check("concealed", lambda world: world.concealed, at_most=0.06)])
    repair_data(world)


@pytest.mark.parametrize(
    ("percent", "direction", "frozen", "concealed"),
    [
        (5, "up", 0.10, 0.06),
        (5, "down", 0.01, 0.06),
        (10, "up", 0.15, 0.06),
        (10, "down", 0.05, 0.06),
        (20, "up", 0.10, 0.06),
        (20, "down", 0.15, 0.11),
    ],
)
def test_a_browser_that_cannot_be_told_to_wait(percent: int, direction: str, frozen: float, concealed: float) -> None:
    """Seeds from 105, 110, 120 on. Uniform loss, and no `jitterBufferTarget`: no aims, but the figures that are stated.

    The median of three: with a fifth lost one key frame more or less moves each figure by more than the code does.
    """
    worlds = []
    for seed in range(100 + percent, 103 + percent):
        world = meeting(seed, direction, Loss.uniform(percent / 100), waits=False)
        watch(world, shown=0)
        worlds.append(world)
    assert (
        median(world.ben.receives.eye("ana/cam").shown for world in worlds) >= 0.8 * WATCHED / chromium.FRAME_INTERVAL
    )
    assert median(world.frozen for world in worlds) <= frozen
    assert median(world.concealed for world in worlds) <= concealed


@pytest.mark.parametrize("direction", ["up", "down"])
def test_what_is_merely_late_brings_no_repair_data(direction: str) -> None:
    """Seed 140. No loss; 10 ms of jitter in which packets overtake each other: Opus is told of next to nothing."""
    jitter, still = Conditions(delay=0.05, jitter=0.01, reorder=True), Conditions(delay=0.05)
    world = LossWorld(seed=140)
    world.ana = world.person("ana", up=jitter if direction == "up" else still, down=still)
    world.ben = world.person("ben", up=still, down=jitter if direction == "down" else still)
    world.ana.publish()
    world.ben.subscribe(world.ana)
    play(world, [Run(30), Check("loss that Opus is told of", lambda world: world.ana.sends.fec_loss, at_most=0.01)])
