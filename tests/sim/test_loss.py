"""What is seen and heard on lossy paths. Each plan states its seed, its loss and direction.

Ana publishes 720 lines in three encodings, Ben watches her at 720. Whose path is lossy has a round trip of 100 ms, the
other's 20 ms. Uplink means from Ana to the server, downlink from the server to Ben. Forty seconds, after 10 to settle,
of which the last 5 with the `jitterBufferTarget` that Ben's client would have chosen: what Ana says of her uplink and
what he loses himself is known by then. The client's rule is tested by the same vectors.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.sim import chromium
from tests.sim.link import Conditions, Loss
from tests.sim.meeting import Meeting, Person
from tests.sim.plan import Check, Do, Run, play


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
TARGETS = json.loads((Path(__file__).parents[1] / "vectors" / "playout.json").read_text())


def target(up: float, down: float) -> float:
    """Return the seconds for which the client has sound and picture wait, for fractions lost."""
    uplink = "poor" if up >= 0.1 else "fair" if up >= 0.02 else "good"
    found = {
        vector["target"]
        for vector in TARGETS
        if (vector["uplink"], vector["loss"], vector["round_trip"]) == (uplink, down, 0.1 if down else 0.02)
    }
    (only,) = found
    return float(only)


def path(loss: Loss | None) -> Conditions:
    return Conditions(delay=0.05, loss=loss) if loss else Conditions(delay=0.01)


def meeting(seed: int, *, up: Loss | None = None, down: Loss | None = None) -> LossWorld:
    """`up` is lost on Ana's uplink, `down` on Ben's downlink."""
    world = LossWorld(seed=seed)
    world.ana = world.person("ana", up=path(up), down=path(Loss() if up else None))
    world.ben = world.person("ben", up=path(Loss() if down else None), down=path(down))
    world.ana.publish()
    world.ben.subscribe(world.ana)
    lost = [0.0 if loss is None else loss.fraction for loss in (up, down)]
    seconds = target(*lost)

    def wait() -> None:
        for stream in world.ben.receives.streams.values():
            stream.output.target = seconds

    world.clock.call_at(5.0, wait)
    return world


def watch(world: LossWorld) -> None:
    eye, ear = world.ben.receives.eye("ana/cam"), world.ben.receives.ear("ana/mic")
    play(world, [Run(10), Do("count", LossWorld.reset), Run(WATCHED)])
    print(f"height {world.height}, {eye.shown} frames, {eye.freezes} freezes, the longest {eye.longest:.2f} s")
    print(f"waits {ear.target:.3f} s, key frames {eye.key_frames}")
    print(f"sound {ear.played}, concealed {ear.concealed}, by FEC {ear.corrected}, delay {ear.delay:.3f} s")
    # What never comes is neither frozen nor concealed: the figures mean something only if nearly all was due and shown.
    play(
        world,
        [
            Check("frames a second", lambda world: eye.shown / WATCHED, at_least=0.9 / chromium.FRAME_INTERVAL),
            Check("sounds a second", lambda world: ear.played / WATCHED, at_least=0.95 / chromium.SOUND_INTERVAL),
        ],
    )


@pytest.mark.parametrize(("percent", "most"), [(5, 0.01), (10, 0.03)])
@pytest.mark.parametrize("direction", ["up", "down", "both"])
def test_freezes(direction: str, percent: int, most: float) -> None:
    """Seeds 105, 110. Uniform loss on the uplink, on the downlink, on both: frozen at most 1 % of the time, or 3 %."""
    loss = Loss.uniform(percent / 100)
    up, down = (loss if direction in (way, "both") else None for way in ("up", "down"))
    world = meeting(100 + percent, up=up, down=down)
    watch(world)
    play(world, [Check("frozen", lambda world: world.frozen, at_most=most)])
    play(world, [Check("lines shown", lambda world: world.height, at_least=360)])


@pytest.mark.parametrize("direction", ["up", "down"])
def test_sound_at_twenty_per_cent(direction: str) -> None:
    """Seed 120. 20 % uniform loss on the uplink or the downlink: at most 6 % of the sound is concealed."""
    loss = Loss.uniform(0.20)
    world = meeting(120, up=loss if direction == "up" else None, down=loss if direction == "down" else None)
    watch(world)
    play(world, [Check("concealed", lambda world: world.concealed, at_most=0.06)])


@pytest.mark.parametrize("direction", ["up", "down"])
def test_sound_at_ten_per_cent_in_bursts(direction: str) -> None:
    """Seed 130. 10 % loss in bursts of 5 packets (Gilbert-Elliott), uplink or downlink: at most 6 % is concealed."""
    loss = Loss.bursty(0.10, 5)
    world = meeting(130, up=loss if direction == "up" else None, down=loss if direction == "down" else None)
    watch(world)
    play(world, [Check("concealed", lambda world: world.concealed, at_most=0.06)])
