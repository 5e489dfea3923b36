"""Members who send what no browser sends, beside two who talk: memory is bounded, and the two see and hear as before.

Each plan runs 10 s of attack; the seeds are those of the world (180) and of the attack (1). No loss anywhere, and an
estimate of 2.7 Mbit/s for each downlink as the attack begins. Bounds on cost are one and a half times what was seen.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from sfu.rtp.rtcp import Nack, PictureLossIndication, ReceiverReport, ReportBlock
from sfu.rtp.transport_feedback import TransportFeedback
from tests.sfu.fakes import KEY, rtp
from tests.sim.census import census
from tests.sim.meeting import Meeting, Person
from tests.sim.subscribing_browser import InStream

SECONDS = 10.0
RATE = 500
"""Packets a second of each attack but that of 10 Mbit/s."""


@dataclass
class Figures:
    """What Ben saw and heard, and what the attack cost."""

    shown: int
    """Frames of Ana's picture."""
    frozen: float
    """Seconds of Ana's picture, the time since the last frame included."""
    lowest: int
    """Lines of Ana's picture when it was smallest."""
    heard: int
    """Frames of Ana's sound that were not made up."""
    concealed: int
    key_frames: int
    """Asked of Ana, of each encoding."""
    sent: int
    """Packets sent to Mallory."""
    remembered: int
    """Items in all containers, more than before."""


class Attack:
    """Mallory: publishes a microphone and a camera of one encoding, and subscribes to Ana."""

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
        self.octets = 0

    def run(self, burst: Callable[[Attack], None] | None) -> Figures:
        """Let time pass, with the attack in it, and half a second for what it leaves behind."""
        clock, eye, ear = self.world.clock, self.ben.receives.eye("ana/cam"), self.ben.receives.ear("ana/mic")
        eye.reset()
        ear.reset()
        asked, sent, remembered = self.ana.sends.key_frames_asked, self.mallory.down.sent, self.remembered
        begin, changes = clock.now, len(eye.heights)
        for _ in range(int(SECONDS * 100)):
            if burst is not None:
                burst(self)
            clock.run_until(clock.now + 0.01)
        clock.run_until(clock.now + 0.5)
        since = clock.now - (begin if eye.last_shown is None else eye.last_shown)
        return Figures(
            shown=eye.shown,
            frozen=eye.frozen + (since if since > 0.2 else 0.0),
            lowest=min([eye.height, *(height for _, height in eye.heights[max(0, changes - 1) :])]),
            heard=ear.played - ear.concealed,
            concealed=ear.concealed,
            key_frames=self.ana.sends.key_frames_asked - asked,
            sent=self.mallory.down.sent - sent,
            remembered=self.remembered - remembered,
        )

    def publish(self, packet: bytes) -> None:
        self.octets += len(packet)
        assert self.mallory.publisher is not None
        self.mallory.publisher.send_up(packet)

    def say(self, packet: bytes) -> None:
        self.octets += len(packet)
        assert self.mallory.subscriber is not None
        self.mallory.subscriber.send_up(packet)

    @property
    def camera(self) -> int:
        return self.mallory.sends.video[0].ssrc

    @property
    def microphone(self) -> int:
        return self.mallory.sends.sound.ssrc

    @property
    def copies(self) -> list[InStream]:
        return list(self.mallory.receives.streams.values())

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


def sounds(attack: Attack) -> None:
    attack.publish(rtp(attack.microphone, attack.next(), bytes(100), payload_type=111, timestamp=attack.sequence * 960))


def noise(attack: Attack) -> None:
    """The largest packets of "sound" that there are: subscribers get it before everything else."""
    attack.publish(
        rtp(attack.microphone, attack.next(), bytes(1100), payload_type=111, timestamp=attack.sequence * 960)
    )


def plis(attack: Attack) -> None:
    attack.say(PictureLossIndication(1, attack.chance.choice(attack.copies).ssrc).to_bytes())


def nacks(attack: Attack) -> None:
    """The last 300 packets that were really sent, over and over."""
    copy = attack.chance.choice(attack.copies)
    last = copy.stream.highest
    attack.say(Nack(1, copy.ssrc, [last - n & 0xFFFF for n in reversed(range(300))]).to_bytes())


def lies(attack: Attack) -> None:
    chance = attack.chance
    count = chance.randrange(1, 200)
    ticks = sorted(chance.randrange(0, 30_000) for _ in range(count))
    arrivals = [(n, tick) for n, tick in enumerate(ticks) if chance.random() < 0.5] or [(0, 0)]
    attack.say(TransportFeedback(1, 2, chance.getrandbits(16), count, attack.next() & 0xFF, arrivals).to_bytes())
    block = ReportBlock(chance.choice(attack.copies).ssrc, 255, -1, chance.getrandbits(32), 1 << 31)
    attack.say(ReceiverReport(1, [block]).to_bytes())


KINDS = (forged, absurd, jumping, pictures, sounds, noise, plis, nacks, lies)


def deaf(attack: Attack) -> None:
    """Nothing that is sent arrives, so nothing is reported, and consent alone goes on."""
    attack.mallory.down.conditions.outage = True


def at_rate(kind: Callable[[Attack], None]) -> Callable[[Attack], None]:
    """`RATE` of a kind."""

    def burst(attack: Attack) -> None:
        for _ in range(RATE // 100):
            kind(attack)

    burst.__name__ = kind.__name__
    return burst


def ten_megabits(*kinds: Callable[[Attack], None]) -> Callable[[Attack], None]:
    """10 Mbit/s of some kinds, at random."""

    def burst(attack: Attack) -> None:
        enough = attack.octets + 12_500
        while attack.octets < enough:
            attack.chance.choice(kinds)(attack)

    burst.__name__ = f"10 Mbit/s of {' and '.join(kind.__name__ for kind in kinds)}"
    return burst


BURSTS = [at_rate(kind) for kind in (*KINDS, deaf)] + [
    ten_megabits(pictures),
    ten_megabits(noise),
    ten_megabits(*KINDS),
]


@pytest.fixture(scope="module")
def quiet() -> Figures:
    """What Ben sees and hears when nobody means harm."""
    return Attack().run(None)


@pytest.mark.parametrize("burst", BURSTS, ids=lambda burst: burst.__name__)
def test_others_notice_nothing(burst: Callable[[Attack], None], quiet: Figures) -> None:
    attack = Attack()
    found = attack.run(burst)
    print(f"{burst.__name__}: {found}")
    print(f"quiet: {quiet}")
    assert found.shown >= 0.9 * quiet.shown
    assert found.heard >= 0.9 * quiet.heard
    assert found.frozen <= 1.1 * quiet.frozen
    assert found.concealed <= 1.1 * quiet.concealed
    assert found.lowest == quiet.lowest
    asks = "nacks" in burst.__name__
    # Each packet that the cache still has comes back up to five times, at the pace of the downlink; how often is kept.
    assert found.sent <= (2.6 if asks else 1.5) * quiet.sent
    assert found.remembered <= (6800 if asks else 640)
    assert found.key_frames <= quiet.key_frames + 4  # three in ten seconds of each copy (sfu/forwarding/down_track.py)


def test_quiet_is_a_meeting(quiet: Figures) -> None:
    """Ten percent of nothing would be easy to keep."""
    assert quiet.shown >= 30 * SECONDS
    assert quiet.heard >= 50 * SECONDS
    assert (quiet.frozen, quiet.concealed, quiet.lowest) == (0.0, 0, 720)
    assert quiet.sent > 1000


def test_what_is_not_ones_own_is_refused() -> None:
    attack = Attack()
    assert attack.mallory.publisher is not None
    before = attack.mallory.publisher.peer.refusals.total
    attack.run(at_rate(forged))
    assert attack.mallory.publisher.peer.refusals.total - before == SECONDS * RATE
