"""More voices than the network carries: twelve unmuted on a downlink of 200 kbit/s, which carries three."""

from __future__ import annotations

import json
import random
from pathlib import Path

from sfu.control import TrackWish, WatchTracks
from tests.sim import chromium
from tests.sim.link import Conditions
from tests.sim.meeting import Meeting, Person
from tests.sim.plan import Do, Run, play
from tests.sim.voice_pauses import VoicePauses

VECTOR = json.loads((Path(__file__).parents[1] / "vectors" / "voice_pauses.json").read_text())
LOOK = 0.2
"""Seconds between two looks of the client at the levels (web/client/looks.ts)."""
SPEAKERS = ["p0", "p1"]
WATCHED = 40.0


def test_the_rule_is_the_clients() -> None:
    """`voice_pauses_vector.test.ts` plays the same."""
    draws = iter(VECTOR["draws"] * 100)
    pauses = VoicePauses(lambda: next(draws))
    changes: list[dict[str, object]] = []
    for tick in range(160):
        now = tick / 2
        voices = {f"v{n}": 0.0 for n in range(12 if now < 50 else 9)} | {"v0": 0.1}
        if 20 <= now < 22:
            voices["v5"] = 0.1
        pauses.too_much = 6 <= now < 30
        paused = sorted(pauses.update(voices, now))
        if not changes or changes[-1]["paused"] != paused:
            changes.append({"at": now, "paused": paused})
    assert changes == VECTOR["changes"]


class Voices(Meeting):
    """Twelve who are unmuted, two of whom speak, and Ben who listens."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed=seed)
        self.others = [self.person(f"p{n}") for n in range(12)]
        for other in self.others:
            other.publish(encodings=0)
        self.ben: Person = self.person("ben", down=Conditions(rate=200_000, queue=25_000))
        self.ben.subscribe(*self.others)
        self.pauses = VoicePauses(random.Random(seed).random)
        self.rested: set[str] = set()
        """Everybody who ever rested since `reset`."""
        self._told: set[str] = set()
        self.clock.every(LOOK, self._look)

    def _look(self) -> None:
        if self.ben.held:
            self.pauses.too_much = self.ben.held[-1].sound_too_much
        voices = {other.name: 0.1 if other.name in SPEAKERS else 0.0 for other in self.others}
        paused = self.pauses.update(voices, self.clock.now)
        self.rested |= paused
        if paused != self._told:
            self._told = paused
            self.clock.call_at(self.clock.now + self.ben.up.conditions.delay, lambda: self._wish(paused))

    def _wish(self, paused: set[str]) -> None:
        assert self.ben.subscriber is not None
        peer = self.ben.subscriber.peer
        peer.watch(WatchTracks(peer.transport, [TrackWish(f"{name}/mic", 0) for name in paused]), now=self.clock.now)

    def reset(self) -> None:
        self.rested.clear()
        for name in SPEAKERS:
            self.ben.receives.ear(f"{name}/mic").reset()

    def concealed(self, name: str) -> float:
        return self.ben.receives.ear(f"{name}/mic").concealment


def test_twelve_voices_where_three_fit() -> None:
    """Seed 180, no random loss. From 20 s on at most 6 % of what the two say is concealed, and neither rests."""
    world = Voices(180)
    play(world, [Run(20), Do("count", Voices.reset)])
    queues = []
    for _ in range(int(WATCHED / LOOK)):
        world.clock.run_until(world.clock.now + LOOK)
        queues.append(world.links["ben down"].queue_delay)
    print(f"rested {sorted(world.rested)}, now {sorted(world.pauses.paused)}")
    print(f"queue: median {sorted(queues)[len(queues) // 2]:.3f} s, longest {max(queues):.3f} s")
    print({name: f"{world.concealed(name):.1%}" for name in SPEAKERS})
    for name in SPEAKERS:
        ear = world.ben.receives.ear(f"{name}/mic")
        assert ear.played / WATCHED >= 0.9 / chromium.SOUND_INTERVAL, f"{name} is heard"
        assert world.concealed(name) <= 0.06, f"{name} is heard whole"
    assert not world.rested & set(SPEAKERS), "who speaks is never cut off"
    assert len(world.rested) == 10, "each of the silent rests in turn"
