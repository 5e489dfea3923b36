"""What a transport's `due` promises: looked at every 10 ms or only when it asked for it, it does the same.

A meeting in which much happens is played both ways. Everything that the SFU sends must be the same, at the same times.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from sfu.peer import Peer
from tests.sim.link import Conditions, Loss
from tests.sim.meeting import Meeting, Person, Transport

SECONDS = 25.0
NAMES = ("ana", "ben", "chi")


class Recorded(Meeting):
    """Three people on bad lines, and what happens to them."""

    def __init__(self, *, seed: int, patient: bool) -> None:
        super().__init__(seed=seed)
        self.patient = patient
        self.sent: list[tuple[float, str, bytes]] = []
        self.looks = 0
        chance = random.Random(seed)
        for name in NAMES:
            conditions = [
                Conditions(
                    delay=chance.uniform(0.005, 0.08),
                    jitter=chance.choice([0.0, 0.003]),
                    loss=Loss.uniform(chance.choice([0.0, 0.02, 0.1])),
                    rate=chance.choice([None, 2_500_000]),
                )
                for _ in range(2)
            ]
            self.person(name, up=conditions[0], down=conditions[1]).publish(encodings=chance.choice([1, 3]))
        for at in sorted(chance.uniform(0, SECONDS) for _ in range(30)):
            self.clock.call_at(at, self._happen(chance.randrange(8), chance.choice(NAMES), chance.random()))
        for person in self.people.values():
            person.subscribe(*[other for other in self.people.values() if other is not person])

    def _happen(self, what: int, name: str, chance: float) -> Any:
        def do() -> None:
            person = self.people.get(name)
            if person is None:
                return
            if what == 0:
                person.watch([180, 360, 720, 0][int(chance * 4)])
            elif what == 1:
                person.down.conditions.rate = [250_000, 900_000, None][int(chance * 3)]
            elif what == 2:
                person.sends.camera = chance < 0.6
            elif what == 3:
                person.up.conditions.loss = Loss.uniform(0.2 * chance)
            elif what == 4:
                person.down.conditions.loss = Loss.bursty(0.1 * chance + 0.01, 4)
            elif what == 5:
                person.change_network(outage=4 * chance)
                person.restart_ice()
            elif what == 6 and chance < 0.3 and len(self.people) > 2:
                person.leave()
            elif what == 7:
                person.up.conditions.outage = True
                self.clock.call_at(self.clock.now + 5 * chance, self._back(person))

        return do

    def _back(self, person: Person) -> Any:
        return lambda: setattr(person.up.conditions, "outage", False)


def record(monkeypatch: pytest.MonkeyPatch, *, seed: int, patient: bool) -> Recorded:
    world = Recorded(seed=seed, patient=patient)
    send = Transport.send_down
    looks = Peer.handle_timer

    def send_down(transport: Transport, packet: bytes) -> None:
        world.sent.append((world.clock.now, transport.peer.transport, packet))
        send(transport, packet)

    def handle_timer(peer: Peer, *, now: float) -> None:
        world.looks += 1
        looks(peer, now=now)

    with monkeypatch.context() as patch:
        patch.setattr(Transport, "send_down", send_down)
        patch.setattr(Peer, "handle_timer", handle_timer)
        world.clock.run_until(SECONDS)
    return world


@pytest.mark.parametrize("seed", range(300, 304))
def test_looking_only_when_asked_changes_nothing(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    always = record(monkeypatch, seed=seed, patient=False)
    asked = record(monkeypatch, seed=seed, patient=True)
    assert len(always.sent) > 500
    differs = next((place for place, (a, b) in enumerate(zip(always.sent, asked.sent, strict=False)) if a != b), None)
    assert differs is None, (always.sent[differs][:2], asked.sent[differs][:2])
    assert len(asked.sent) == len(always.sent)
    assert asked.looks < 0.6 * always.looks, "else nothing is gained"
    for name, person in always.people.items():
        other: Person = asked.people[name]
        assert other.held == person.held
