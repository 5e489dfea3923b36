"""Members who mean harm, beside a running meeting: `python -m tests.load 6 --hostile NAME`.

Each is one connection with valid keys, as only an admitted member has: strangers' packets are `tests/sfu/io`'s matter.
`attack` sends as fast as its kind says, in bursts between which the others' packets are sent.
"""

from __future__ import annotations

import asyncio
import random
import struct
import time
from collections.abc import Callable

from sfu.control import (
    EncodingParameters,
    PublishTrack,
    Sfu,
    StartTrack,
    SubscribeTrack,
    TrackSubscribed,
    TrackWish,
    WatchTracks,
)
from sfu.rtp.rtcp import Nack, PictureLossIndication, ReceiverReport, ReportBlock
from sfu.rtp.transport_feedback import TransportFeedback
from tests.load.generator import EXTENSIONS, KEY, OPUS, VP8
from tests.sfu.client import Client, open_client
from tests.sfu.fakes import rtp

STEP = 0.01
"""Seconds between two bursts."""
PUBLISHED = 30_000
"""The attacker's own SSRC."""


class Attacker:
    """One member."""

    def __init__(self, name: str, client: Client, ssrcs: list[int]) -> None:
        self.client = client
        self.ssrcs = ssrcs
        """Of the copies that the attacker subscribed to."""
        self.sent = 0
        self.sequence = 0
        self.timestamp = 0
        self.chance = random.Random(1)
        self._burst = BURSTS[name]

    async def attack(self, seconds: float) -> None:
        """Go on for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._burst(self)
            await asyncio.sleep(STEP)

    def publish(self, payload: bytes, *, ssrc: int = PUBLISHED, extension: bytes = b"") -> None:
        """Send a packet of RTP."""
        self.sequence += 1
        self.sent += 1
        self.client.send_rtp(rtp(ssrc, self.sequence, payload, timestamp=self.timestamp, extension=extension))

    def say(self, packet: bytes) -> None:
        """Send a packet of RTCP."""
        self.sent += 1
        self.client.send_rtcp(packet)


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
    """A flood of PLI and NACK: each second 1000 of each, and every NACK names 100 packets."""
    for _ in range(10):
        ssrc = attacker.chance.choice(attacker.ssrcs)
        attacker.say(PictureLossIndication(1, ssrc).to_bytes())
        first = attacker.chance.getrandbits(16)
        attacker.say(Nack(1, ssrc, [first + n & 0xFFFF for n in range(100)]).to_bytes())


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


BURSTS: dict[str, Callable[[Attacker], None]] = {
    "forged": forged,
    "extensions": extensions,
    "flood": flood,
    "jumps": jumps,
    "requests": requests,
    "lies": lies,
    "deaf": deaf,
}
SUBSCRIBERS = {"requests", "lies", "deaf"}


async def come(sfu: Sfu, name: str, tracks: list[str]) -> Attacker:
    """Join as an attacker of that kind: as a subscriber of all tracks, or as a publisher of one."""
    if name in SUBSCRIBERS:
        client = await open_client(sfu, "mallory", "subscribe", member="mallory")
        ssrcs = []
        for track in tracks:
            codec = VP8 if track.endswith("video") else OPUS
            answer = await sfu.request(SubscribeTrack("mallory", track, [codec], EXTENSIONS))
            assert isinstance(answer, TrackSubscribed), answer
            ssrcs.append(answer.ssrc)
            await sfu.request(StartTrack("mallory", track))
        await sfu.request(WatchTracks("mallory", [TrackWish(track, 720) for track in tracks]))
        if name == "deaf":
            asyncio.get_running_loop().remove_reader(client.sock)
        else:
            client.on_packet = lambda packet: None
        return Attacker(name, client, ssrcs)
    client = await open_client(sfu, "mallory", "publish", member="mallory")
    client.on_packet = lambda packet: None
    encoding = EncodingParameters(PUBLISHED)
    await sfu.request(PublishTrack("mallory", "mallory-video", "video", "video", [VP8], EXTENSIONS, [encoding]))
    return Attacker(name, client, [])
