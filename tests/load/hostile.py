"""Members who mean harm, beside a running meeting: `python -m tests.load 6 --hostile NAME`.

Each has valid keys, as only an admitted member has: what strangers do is in `trouble.py`. What the attacker
publishes everybody else looks at. `attack` sends as fast as its kind says, in bursts between which the others' packets
are sent.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import struct
import time
from collections.abc import Callable

from sfu.rtp.rtcp import Nack, PictureLossIndication, ReceiverReport, ReportBlock
from sfu.rtp.transport_feedback import TransportFeedback
from tests.load import publisher
from tests.load.adapters import Encoding, Wish
from tests.load.line import Line
from tests.load.meeting import JOIN_LIMIT, Meeting
from tests.load.subscriber import Subscriber
from tests.sfu.fakes import rtp

KEY = publisher.DESCRIPTOR.pack(0x90, 0xE0, 0x8001, 1, 0) + publisher.KEY
STEP = 0.01
"""Seconds between two bursts."""
PUBLISHED = 90_000
"""The attacker's own SSRC."""
MALLORY = 900
"""The attacker's number."""


class Trouble:
    """Something that goes on while others meet."""

    lasts = 0.0
    """Seconds from its end on until the server should have forgotten it."""

    async def begin(self) -> None:
        """Do what comes before it is measured how the others are."""

    async def attack(self, seconds: float) -> None:
        """Go on for so long."""

    async def close(self) -> None:
        """End it."""

    def cpu(self) -> float:
        """Return the seconds of CPU time that processes of its own took: they are not the machine's disturbance."""
        return 0.0


class Attacker(Trouble):
    """One member: a connection to publish by, one to subscribe by, or both."""

    def __init__(self, name: str, up: Line | None, down: Subscriber | None) -> None:
        self.up = up
        self.down = down
        self.sent = 0
        self.octets = 0
        self.sequence = 0
        self.timestamp = 0
        self.chance = random.Random(1)
        self.others = itertools.cycle([forged, extensions, flood, jumps, requests, lies])
        self.newest: dict[int, int] = {}
        """The last number received of each copy, by SSRC."""
        self.again = 0
        """Packets of pictures that were sent again: under a retransmission SSRC, and not the padding of a probe."""
        self._burst = BURSTS[name]
        if down is not None:
            down.client.on_packet = self._on_packet
            down.client.on_batch = None

    @property
    def ssrcs(self) -> list[int]:
        """Of the copies that the attacker subscribed to."""
        assert self.down is not None
        return list(self.down.arrivals)

    async def attack(self, seconds: float) -> None:
        """See `Trouble`."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._burst(self)
            await asyncio.sleep(STEP)

    async def close(self) -> None:
        """See `Trouble`."""
        if self.up is not None:
            await self.up.close()
        if self.down is not None:
            await self.down.client.close()

    def publish(self, payload: bytes, *, ssrc: int = PUBLISHED, extension: bytes = b"") -> None:
        """Send a packet of RTP."""
        assert self.up is not None
        self.sequence += 1
        packet = rtp(ssrc, self.sequence, payload, timestamp=self.timestamp, extension=extension)
        self.up.send_rtp(packet)
        self._count(packet)

    def say(self, packet: bytes) -> None:
        """Send a packet of RTCP."""
        assert self.down is not None
        self.down.client.send_rtcp(packet)
        self._count(packet)

    def _on_packet(self, packet: memoryview) -> None:
        if 192 <= packet[1] <= 223:  # RTCP
            return
        ssrc = int.from_bytes(packet[8:12])
        if ssrc in self.ssrcs:
            self.newest[ssrc] = int.from_bytes(packet[2:4])
        else:
            self.again += not packet[0] & 0x20

    def _count(self, packet: bytes) -> None:
        self.sent += 1
        self.octets += len(packet)


def forged(attacker: Attacker) -> None:
    """2000 packets a second under the SSRCs of others and of nobody."""
    for number in range(20):
        attacker.publish(KEY + bytes(500), ssrc=(10_000, 20_000, 20_001, attacker.chance.getrandbits(32))[number % 4])


def extensions(attacker: Attacker) -> None:
    """2000 packets a second whose header extensions make no sense."""
    for _ in range(20):
        words = attacker.chance.randrange(1, 200)
        body = attacker.chance.randbytes(4 * words)
        profile = attacker.chance.choice((0xBEDE, 0x1000, 0x100F, 0x4242))
        attacker.publish(KEY, extension=struct.pack("!HH", profile, words) + body)


def flood(attacker: Attacker) -> None:
    """10 Mbit/s of pictures, all key frames."""
    attacker.timestamp += 900
    for _ in range(11):
        attacker.publish(KEY + bytes(1100))


def jumps(attacker: Attacker) -> None:
    """1000 packets a second whose numbers and times jump about."""
    for _ in range(10):
        attacker.sequence = attacker.chance.getrandbits(16)
        attacker.timestamp = attacker.chance.getrandbits(32)
        attacker.publish(KEY + bytes(100))


def requests(attacker: Attacker) -> None:
    """A flood of PLI and NACK: each second 1000 of each, and every NACK names the last 100 packets of a copy."""
    for _ in range(10):
        ssrc = attacker.chance.choice(attacker.ssrcs)
        attacker.say(PictureLossIndication(1, ssrc).to_bytes())
        newest = attacker.newest.get(ssrc)
        if newest is not None:
            attacker.say(Nack(1, ssrc, [newest - n & 0xFFFF for n in reversed(range(100))]).to_bytes())


def lies(attacker: Attacker) -> None:
    """Reports that make no sense: arrivals before they were sent, of packets that never were, and all of them lost."""
    for _ in range(5):
        base = attacker.chance.getrandbits(16)
        count = attacker.chance.randrange(1, 100)
        ticks = sorted(attacker.chance.randrange(0, 2000) for _ in range(count))
        arrivals = [(n, tick) for n, tick in enumerate(ticks) if attacker.chance.random() < 0.5] or [(0, 0)]
        feedback = TransportFeedback(1, 2, base, count, attacker.sent & 0xFF, arrivals)
        attacker.say(feedback.to_bytes())
        block = ReportBlock(attacker.chance.choice(attacker.ssrcs), 255, -1, attacker.chance.getrandbits(32), 1 << 31)
        attacker.say(ReceiverReport(1, [block]).to_bytes())


def deaf(attacker: Attacker) -> None:
    """Never reads, and reports nothing."""


def everything(attacker: Attacker) -> None:
    """10 Mbit/s of all of these in turn, filled up with pictures."""
    enough = attacker.octets + 10_000_000 / 8 * STEP
    next(attacker.others)(attacker)
    while attacker.octets < enough:
        attacker.publish(KEY + bytes(1100))


BURSTS: dict[str, Callable[[Attacker], None]] = {
    burst.__name__: burst for burst in (forged, extensions, flood, jumps, requests, lies, deaf, everything)
}
PUBLISHERS = {"forged", "extensions", "flood", "jumps", "everything"}
SUBSCRIBERS = {"requests", "lies", "deaf", "everything"}


async def come(name: str, meeting: Meeting) -> Attacker:
    """Join a meeting as an attacker of that kind: as a subscriber of all tracks, as a publisher of one, or as both."""
    up = await _publish(meeting) if name in PUBLISHERS else None
    down = await _subscribe(meeting) if name in SUBSCRIBERS else None
    if name == "deaf" and down is not None:
        asyncio.get_running_loop().remove_reader(down.client.sock)
    return Attacker(name, up, down)


async def _publish(meeting: Meeting) -> Line:
    """Open a camera, which everybody looks at."""
    line = meeting.line()
    line.on_packet = lambda packet: None
    encoding = Encoding("video", PUBLISHED, 720)
    await line.connect(await meeting.adapter.publish(meeting.room, MALLORY, line.parameters, [encoding]))
    for subscriber in meeting.subscribers.values():
        copies = await meeting.adapter.extend(meeting.room, subscriber.number, [Wish(MALLORY, "video", 720)])
        subscriber.expect(copies, counted=False)
    return line


async def _subscribe(meeting: Meeting) -> Subscriber:
    """Look at everybody, and report nothing."""
    line = meeting.line()
    subscriber = Subscriber(MALLORY, line, [], transport_cc=meeting.adapter.transport_cc)
    reception = await meeting.adapter.subscribe(
        meeting.room, MALLORY, line.parameters, meeting.everything(meeting.publishers)
    )
    subscriber.expect(reception.copies)
    await line.connect(reception.local)
    await meeting.adapter.connected(meeting.room, MALLORY)
    await asyncio.wait_for(subscriber.joined.wait(), JOIN_LIMIT)
    return subscriber
