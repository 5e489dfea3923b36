"""Members who send what no browser sends, beside two who talk: memory is bounded, and the two see and hear as before.

Each plan runs 10 s of attack; the seeds are those of the world (180) and of the attack (1). No loss anywhere.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

import pytest

from sfu.rtp.rtcp import Nack, PictureLossIndication, ReceiverReport, ReportBlock
from sfu.rtp.transport_feedback import TransportFeedback
from tests.sfu.fakes import KEY, rtp
from tests.sim.census import census
from tests.sim.meeting import Meeting, Person

SECONDS = 10.0
RATE = 500
"""Packets a second of each attack."""
MOST_REMEMBERED = 10_000
"""Items in all containers that the attack may add: a full cache of 1024 packets of 720 lines is a third."""


class Attack:
    """Mallory: publishes a camera of one encoding, and subscribes to Ana."""

    def __init__(self) -> None:
        self.world = Meeting(seed=180)
        self.chance = random.Random(1)
        self.ana, self.ben, self.mallory = [self.world.person(name) for name in ("ana", "ben", "mallory")]
        self.ana.publish()
        self.mallory.publish(encodings=1)
        self.ben.subscribe(self.ana, self.mallory)
        self.mallory.subscribe(self.ana)
        self.world.clock.run_until(8)
        self.sequence = 0

    def run(self, burst: Callable[[Attack], None] | None) -> tuple[int, int, int, int]:
        """Return frames shown and sound played at Ben's, key frames asked of Ana, packets sent to Mallory."""
        clock, eye, ear = self.world.clock, self.ben.receives.eye("ana/cam"), self.ben.receives.ear("ana/mic")
        eye.reset()
        ear.reset()
        asked, sent = self.ana.sends.key_frames_asked, self.mallory.down.sent
        for _ in range(int(SECONDS * 100)):
            if burst is not None:
                for _ in range(RATE // 100):
                    burst(self)
            clock.run_until(clock.now + 0.01)
        clock.run_until(clock.now + 0.5)
        heard = ear.played - ear.concealed
        return eye.shown, heard, self.ana.sends.key_frames_asked - asked, self.mallory.down.sent - sent

    def publish(self, packet: bytes) -> None:
        assert self.mallory.publisher is not None
        self.mallory.publisher.send_up(packet)

    def say(self, packet: bytes) -> None:
        assert self.mallory.subscriber is not None
        self.mallory.subscriber.send_up(packet)

    @property
    def camera(self) -> int:
        return self.mallory.sends.video[0].ssrc

    @property
    def copies(self) -> list[int]:
        return [stream.ssrc for stream in self.mallory.receives.streams.values()]

    def next(self) -> int:
        self.sequence += 1
        return self.sequence

    @property
    def remembered(self) -> int:
        return census(self.world.router, *map(peer_of, (self.ana, self.ben, self.mallory)))


def peer_of(person: Person) -> tuple[object, ...]:
    return tuple(transport.peer for transport in (person.publisher, person.subscriber) if transport is not None)


def forged(attack: Attack) -> None:
    ana = attack.ana.sends
    ssrc = attack.chance.choice([ana.sound.ssrc, *(each.ssrc for each in ana.video), attack.chance.getrandbits(32)])
    attack.publish(rtp(ssrc, attack.next(), KEY))


def absurd(attack: Attack) -> None:
    words = attack.chance.randrange(0, 250)
    profile = attack.chance.choice((0xBEDE, 0x1000, 0x100F, 0x4242))
    block = struct.pack("!HH", profile, words) + attack.chance.randbytes(4 * words)
    attack.publish(rtp(attack.camera, attack.next(), KEY, extension=block))


def jumping(attack: Attack) -> None:
    number, time = attack.chance.getrandbits(16), attack.chance.getrandbits(32)
    attack.publish(rtp(attack.camera, number, KEY, timestamp=time))


def pictures(attack: Attack) -> None:
    attack.publish(rtp(attack.camera, attack.next(), KEY + bytes(1100), timestamp=attack.sequence * 90))


def plis(attack: Attack) -> None:
    attack.say(PictureLossIndication(1, attack.chance.choice(attack.copies)).to_bytes())


def nacks(attack: Attack) -> None:
    first = attack.chance.getrandbits(16)
    attack.say(Nack(1, attack.chance.choice(attack.copies), [first + n & 0xFFFF for n in range(300)]).to_bytes())


def lies(attack: Attack) -> None:
    chance = attack.chance
    count = chance.randrange(1, 200)
    ticks = sorted(chance.randrange(0, 30_000) for _ in range(count))
    arrivals = [(n, tick) for n, tick in enumerate(ticks) if chance.random() < 0.5] or [(0, 0)]
    attack.say(TransportFeedback(1, 2, chance.getrandbits(16), count, attack.next() & 0xFF, arrivals).to_bytes())
    block = ReportBlock(chance.choice(attack.copies), 255, -1, chance.getrandbits(32), 1 << 31)
    attack.say(ReceiverReport(1, [block]).to_bytes())


def deaf(attack: Attack) -> None:
    """Nothing that is sent arrives, so nothing is reported, and consent alone goes on."""
    attack.mallory.down.conditions.outage = True


@pytest.fixture(scope="module")
def quiet() -> tuple[int, int, int, int]:
    """What Ben sees and hears when nobody means harm."""
    return Attack().run(None)


@pytest.mark.parametrize("burst", [forged, absurd, jumping, pictures, plis, nacks, lies, deaf])
def test_others_notice_nothing(burst: Callable[[Attack], None], quiet: tuple[int, int, int, int]) -> None:
    attack = Attack()
    before = attack.remembered
    shown, heard, asked, sent = attack.run(burst)
    added = attack.remembered - before
    print(f"{burst.__name__}: shown {shown} of {quiet[0]}, heard {heard} of {quiet[1]}, key frames asked {asked},")
    print(f"sent to the attacker {sent} (quiet {quiet[3]}), remembered {added:+}")
    assert shown >= 0.9 * quiet[0]
    assert heard >= 0.9 * quiet[1]
    assert added <= MOST_REMEMBERED
    # One key frame in half a second for each encoding is asked for at most, whoever asks how often; a flood of
    # requests for packets brings each back three times at most, and 2000 a second altogether (sfu/subscriber.py).
    assert asked <= quiet[2] + 3 * 2 * (SECONDS + 1)
    assert sent <= quiet[3] + 2000 * (SECONDS + 1)


def test_what_is_not_ones_own_is_refused() -> None:
    attack = Attack()
    assert attack.mallory.publisher is not None
    before = attack.mallory.publisher.peer.refusals.total
    attack.run(forged)
    assert attack.mallory.publisher.peer.refusals.total - before == SECONDS * RATE
