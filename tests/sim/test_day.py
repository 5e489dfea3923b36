"""A room that is open for 24 hours, in which people come and go: every counter wraps, and nothing grows."""

from __future__ import annotations

import itertools
import random

from tests.sim import chromium
from tests.sim.census import census
from tests.sim.link import Conditions, Loss
from tests.sim.meeting import Meeting, Person

HOUR = 3600.0
SLOW = 2000.0
"""Times less traffic than a meeting's, so that a day takes seconds."""
STAY = 1200.0
"""Seconds for which each of the guests stays."""


def remembered(world: Meeting) -> int:
    """Items in all containers of the room's machines."""
    peers = [
        transport.peer
        for person in world.people.values()
        for transport in (person.publisher, person.subscriber)
        if transport is not None
    ]
    return census(world.router, *peers)


def test_a_day() -> None:
    """Seed 170. 1 % uniform loss on every uplink and downlink; 72 guests, one after the other, beside two who stay."""
    world = Meeting(seed=170, slow=SLOW)
    chance = random.Random(170)

    def come(name: str) -> Person:
        path = Conditions(delay=0.02, loss=Loss.uniform(0.01))
        person = world.person(name, up=path, down=path)
        person.publish()
        for stream in (person.sends.sound, *person.sends.video):
            stream.sequence = 0xFF00  # wraps for everybody
        others = [other for other in world.people.values() if other is not person]
        person.subscribe(*others)
        for other in others:
            other.subscribe(person)
        return person

    ana, ben = come("ana"), come("ben")
    sizes: list[int] = []
    flowed: list[tuple[int, int]] = [(0, 0)]
    """Pictures and sounds that Ana had had of Ben, every two hours."""
    for number in range(int(24 * HOUR / STAY)):
        guest = come(f"guest{number}")
        if chance.random() < 0.3:  # an outage, an hour of silence, a change of network now and then
            guest.up.conditions.outage = True
            world.clock.run_until(world.clock.now + 20)
            guest.up.conditions.outage = False
        if chance.random() < 0.3:
            ben.move(detection=1.0, outage=2.0)
        world.clock.run_until((number + 1) * STAY - 1)
        if number % 6 == 5:
            sizes.append(remembered(world))
            flowed.append((ana.receives.eye("ben/cam").shown, ana.receives.ear("ben/mic").played))
        guest.leave()
        world.clock.run_until((number + 1) * STAY)
    print(f"items remembered: {sizes[0]} after two hours, {max(sizes)} at most, {sizes[-1]} in the end")
    assert world.clock.now >= 24 * HOUR - 1
    grown = [(late[0] - early[0], late[1] - early[1]) for early, late in itertools.pairwise(flowed)]
    print(f"in two hours at least {min(one for one, _ in grown)} pictures and {min(one for _, one in grown)} sounds")
    assert len(grown) == 12
    for pictures, sounds in grown:  # at least half of what is sent
        assert pictures > HOUR / SLOW / chromium.FRAME_INTERVAL
        assert sounds > HOUR / SLOW / chromium.SOUND_INTERVAL
    # Half a day each: a leak of forty items for every guest shows.
    first, second = sizes[:6], sizes[6:]
    assert max(second) <= max(first) * 1.05 + 20
    for person in (ana, ben):
        assert person.sends.sound.sequence > 0x10000
        assert person.sends.sound.packets > 2000
        assert sum(stream.packets for stream in person.sends.video) > 2000
    picture, sound = ana.receives.eye("ben/cam"), ana.receives.ear("ben/mic")
    assert picture.last_shown is not None
    assert world.clock.now - picture.last_shown < 300
    assert sound.last_heard is not None
    assert world.clock.now - sound.last_heard < 300
    assert len(world.router.tracks) == 4
