"""The compiled twin against Python: the same meeting, whatever happens in it, is the same bytes in the same order."""

from __future__ import annotations

import random
import struct
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfu import native
from sfu.bwe.twcc_receiver import TwccReceiver
from sfu.control import Codec, EncodingParameters, Extensions, SubscribeTrack, TrackWish, WatchTracks
from sfu.forwarding.header_rewriter import NUMBER_AT
from sfu.forwarding.router import Router
from sfu.ice.lite_agent import Credentials, State
from sfu.native import reception
from sfu.native.numbers import InletNumbers, SourceNumbers
from sfu.peer import Peer
from sfu.publisher import Publisher
from sfu.rtp import rtcp
from sfu.rtp.layers import FrameLayer
from sfu.rtp.packet import MediaPacket
from sfu.subscriber import Subscriber
from tests.sfu import twin
from tests.sfu.fakes import Draw, FakeChannel, one_byte_extension, publish, rtp
from tests.sfu.rtp.test_dependency_descriptor import L1T3_OFFSET, l1t3

pytestmark = pytest.mark.skipif(len(twin.KINDS) == 1, reason="this machine has no C compiler: there is no twin")

OPUS = Codec("opus", 111, 48000)
VP8, VP8_ANEW = Codec("VP8", 96, 90000, 97), Codec("VP8", 98, 90000, 99)
SSRCS = (1000, 2000, 2001)
"""Sound, and a camera's two encodings."""
STAMPS = (77, 0xFFFF_FF00, 5)

SUBSCRIBERS = [
    (Extensions(), [VP8, VP8_ANEW]),
    (Extensions(transport_cc=3), [VP8]),
    (Extensions(transport_cc=5, dependency_descriptor=14), [Codec("VP8", 0, 90000)]),
    (Extensions(dependency_descriptor=1), [Codec("VP8", 127, 90000, 126)]),
    (Extensions(transport_cc=1, dependency_descriptor=200), [VP8]),
]
"""Whoever takes one of the publisher's two formats is left out of the other; ids over 14 need the two-byte form."""


class World:
    """A publisher of sound and a camera, and everybody in `SUBSCRIBERS`."""

    def __init__(self, kind: str, *, described: bool) -> None:
        with twin.using(kind):
            self._build(described)

    def _build(self, described: bool) -> None:
        self.now = 100.0
        self.described = described
        self.sequences = [65_530, 200, 40_000]
        self.frame = 0
        self.transport = 65_000
        router, credentials = Router(draw=Draw()), Credentials("a" * 8, "b" * 22)
        self.up = FakeChannel()
        self.publisher = Publisher("up", router, self.up, credentials, report_ssrc=1, now=self.now)
        extensions = Extensions(transport_cc=3, dependency_descriptor=4 if described else None)
        self.publisher.publish(publish("voice", kind="audio", mid="0", ssrc=SSRCS[0], codec=OPUS))
        camera = publish(
            "camera",
            mid="1",
            extensions=extensions,
            encodings=[EncodingParameters(ssrc, rid=rid) for ssrc, rid in zip(SSRCS[1:], "qh", strict=True)],
        )
        camera.codecs.append(VP8_ANEW)
        self.publisher.publish(camera)
        _connect(self.publisher, self.now)
        self.subscribers: list[Subscriber] = []
        self.downs: list[FakeChannel] = []
        self.feedback = [TwccReceiver() for _ in SUBSCRIBERS]
        self.seen = [0] * len(SUBSCRIBERS)
        for number, (theirs, codecs) in enumerate(SUBSCRIBERS):
            name, down = f"down{number}", FakeChannel()
            subscriber = Subscriber(name, router, down, credentials, report_ssrc=2, now=self.now)
            _connect(subscriber, self.now)
            for track, formats in (("voice", [OPUS]), ("camera", codecs)):
                subscriber.subscribe(SubscribeTrack(name, track, formats, theirs))
                subscriber.start(track, now=self.now)
            self.subscribers.append(subscriber)
            self.downs.append(down)
            self.watch(number, 720)

    def send(self, stream: int, step: int, size: int, kind: int, anew: bool) -> None:
        """Let a packet arrive; ``kind``: 0 for a key frame, 1 for a frame's first packet, 2 for another."""
        self.sequences[stream] += step
        sequence = self.sequences[stream]
        stamp = STAMPS[stream] + sequence // 2 * (960 if stream == 0 else 1500)
        payload_type = OPUS.payload_type if stream == 0 else (VP8_ANEW if anew else VP8).payload_type
        self.transport += step if size % 5 else 1
        extension = payload = b""
        if stream:
            self.frame += kind < 2
            payload, extension = self._picture(kind, sequence)
        elif size % 2:
            extension = one_byte_extension((3, struct.pack("!H", self.transport & 0xFFFF)))
        packet = rtp(
            SSRCS[stream],
            sequence,
            payload + bytes([stream, kind]) + bytes(size),
            payload_type=payload_type,
            timestamp=stamp,
            marker=size % 3 == 0,
            extension=extension,
        )
        self.publisher.receive_rtp(self.up.put(packet[:1500]), now=self.now)

    def raw(self, stream: int, first: int, second: int, step: int, body: bytes) -> None:
        """Let come what a member may send who means harm: authentic, and of any form."""
        sequence = self.sequences[stream] = self.sequences[stream] + step
        head = struct.pack("!BBHII", first, second, sequence & 0xFFFF, sequence * 960 & 0xFFFFFFFF, SSRCS[stream])
        self.publisher.receive_rtp(self.up.put(head + body), now=self.now)

    def _picture(self, kind: int, sequence: int) -> tuple[bytes, bytes]:
        header = b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", 320, 180) if kind == 0 else b"\x11" + bytes(9)
        if not self.described:
            start = bytes([0x80 | 0x10 * (kind < 2), 0xE0, 0x80 | self.frame >> 8 & 0x7F, self.frame & 0xFF])
            number = one_byte_extension((1, b"mid"), (3, struct.pack("!H", self.transport & 0xFFFF)))
            return start + bytes([self.frame // 4 & 0xFF, (0, 2, 1, 2)[self.frame % 4] << 6]) + header, number
        place = (1, 3, 2, 4)[self.frame % 4]
        flags = (0x80 if kind < 2 else 0) | 0x40 * (sequence & 1)
        data = bytes([flags | (L1T3_OFFSET + (place if kind else 0)) % 64]) + struct.pack("!H", self.frame & 0xFFFF)
        if kind == 0:
            data = data[:1] + l1t3(self.frame & 0xFFFF, resolutions=False)[1:]
        begin = b"\x10"[: kind < 2] + b"\x00"[: kind == 2] + header
        number = struct.pack("!H", self.transport & 0xFFFF)
        if kind and sequence % 3:
            return begin, one_byte_extension((4, data), (3, number))
        block = bytes([3, 2]) + number + bytes([4, len(data)]) + data
        block += bytes(-len(block) % 4)
        return begin, struct.pack("!HH", 0x1000, len(block) // 4) + block

    def wait(self, milliseconds: int) -> None:
        """Let time pass, reports included."""
        self.now += milliseconds / 1000
        self.publisher.handle_timer(now=self.now)
        for number, (subscriber, down) in enumerate(zip(self.subscribers, self.downs, strict=True)):
            subscriber.handle_timer(now=self.now)
            theirs = SUBSCRIBERS[number][0]
            if theirs.transport_cc is None:
                continue
            for packet in down.sent[self.seen[number] :]:
                if packet[0] & 0x10:  # the browser may have taken no extension
                    self.feedback[number].receive(packet[NUMBER_AT] << 8 | packet[NUMBER_AT + 1], now=self.now)
            self.seen[number] = len(down.sent)
            deadline = self.feedback[number].next_deadline()
            if deadline is not None and deadline <= self.now:
                for report in self.feedback[number].feedback(sender_ssrc=1, media_ssrc=2):
                    subscriber.receive_rtcp(down.put(report.to_bytes()), now=self.now)

    def drift(self, milliseconds: int) -> None:
        """Let time pass before any timer looks."""
        self.now += milliseconds / 1000

    def watch(self, number: int, height: int) -> None:
        """Wish for the picture, or with 0 for nothing at all."""
        wishes = [TrackWish("camera", height), TrackWish("voice", height)]
        self.subscribers[number].watch(WatchTracks(f"down{number}", wishes), now=self.now)

    def miss(self, number: int, back: int) -> None:
        """Ask for something again, and for a key frame."""
        subscriber = self.subscribers[number]
        for down_track in subscriber.tracks.values():
            highest, ssrc = down_track.numbers.highest, down_track.stream.ssrc
            lost = sorted({max(highest - at, 0) & 0xFFFF for at in (back, back + 3)})
            for part in (rtcp.Nack(2, ssrc, lost), rtcp.PictureLossIndication(2, ssrc)):
                subscriber.receive_rtcp(self.downs[number].put(part.to_bytes()), now=self.now)

    def carry(self, number: int, fewer: bool) -> None:
        """Learn that the browser took only a part of the extensions."""
        self.subscribers[number].start("camera", Extensions() if fewer else SUBSCRIBERS[number][0], now=self.now)

    def state(self) -> list[Any]:
        """Everything that is counted."""
        found: list[Any] = [self.up.rtcp, self.publisher.refusals._counts]
        found += [getattr(self.publisher._numbers, name) for name in InletNumbers.__slots__]
        waits, waiting = self.publisher._twcc, self.publisher._numbers.pending
        found += [waits._seen.tolist(), waits._pending[:waiting].tolist(), waits._ticks[:waiting].tolist()]
        for encoding in (each for track in self.publisher.tracks.values() for each in track.encodings):
            found += [_plain(getattr(encoding.numbers, name)) for name in SourceNumbers.__slots__]
            found += [encoding.stream._seen.tolist(), encoding.rates, encoding.heights, encoding.alive]
            highest = encoding.stream.highest
            cached = [encoding.cache.find(number) for number in range(highest - 80, highest + 1)]
            found += [
                [getattr(packet, name) for name in MediaPacket.__slots__ if name != "layer"]
                + [getattr(packet.layer, name) for name in FrameLayer.__slots__]
                for packet in cached
                if packet is not None
            ]
        for subscriber, down in zip(self.subscribers, self.downs, strict=True):
            way = subscriber.sender.way
            found += [down.sent, down.rtcp, way.next, way.sent_bytes, way.unnumbered_bytes, way.free_at, way.queued]
            estimator = subscriber.sender.estimator
            twcc = estimator._twcc
            found += [
                twcc._sent_at.tolist(),
                twcc._sizes.tolist(),
                bool(way.probing),
                estimator.estimate,
            ]
            cluster = estimator._prober.cluster
            found += [
                dict(twcc._clusters),
                None if cluster is None else (cluster.number, cluster.packets, cluster.bytes),
            ]
            for track in subscriber.tracks.values():
                found += [track.shared.highest, track.shared.packets, track.shared.octets, bytes(track._headers)]
        return found


def _plain(value: Any) -> Any:
    """A C array in the form of Python's; the count of what Python stores as a truth value."""
    return value if isinstance(value, int | float) else list(value)


def _connect(peer: Peer, now: float) -> None:
    peer.agent.state = State.CONNECTED
    peer.secured(now=now)


PACKETS = st.tuples(
    st.just("send"),
    st.integers(0, 2),
    st.sampled_from([1, 1, 1, 1, 2, 3, -1, -2, 0, 70, 700, -5000, 5000]),
    st.integers(0, 1470),
    st.sampled_from([0, 1, 1, 2, 2]),
    st.sampled_from([False, False, False, True]),
)
RAW = st.tuples(
    st.just("raw"),
    st.integers(0, 2),
    st.sampled_from([0x80, 0x90, 0x90, 0x90, 0xA0, 0xB0, 0x81, 0x9F]),
    st.sampled_from([96, 96 | 0x80, 98, 111, 97, 5]),
    st.sampled_from([1, 1, 1, 2]),
    st.one_of(
        st.binary(max_size=40),
        st.builds(
            lambda words, elements, payload: b"\xbe\xde\0" + bytes([words]) + elements + payload,
            st.integers(0, 3),
            st.lists(
                st.sampled_from([b"\0", b"\x31\1\2", b"\x30\1", b"\x42\x81\0\7", b"\x41\1\2", b"\xf0\0", b"\x02\1\1\1"])
            ).map(b"".join),
            st.one_of(st.binary(max_size=20), st.just(b"\x10\0\0\0\x9d\x01\x2a\x40\1\xb4\0"), st.just(b"\x90\x80\x80")),
        ),
    ),
)
"""Whole headers at random, and one-byte extensions of elements that mean something, cut off anywhere."""
WHO = st.integers(0, len(SUBSCRIBERS) - 1)
STEPS = st.one_of(
    PACKETS,
    PACKETS,
    PACKETS,
    RAW,
    st.tuples(st.just("wait"), st.sampled_from([1, 5, 10, 10, 100, 700])),
    st.tuples(st.just("drift"), st.integers(1, 20)),
    st.tuples(st.just("watch"), WHO, st.sampled_from([0, 90, 180, 720])),
    st.tuples(st.just("miss"), WHO, st.integers(0, 70)),
    st.tuples(st.just("carry"), WHO, st.booleans()),
)


@settings(max_examples=150)
@given(st.booleans(), st.lists(STEPS, min_size=20, max_size=120))
def test_they_send_the_same(described: bool, steps: list[tuple[Any, ...]]) -> None:
    worlds = [World(kind, described=described) for kind in twin.KINDS]
    for world in worlds:
        for stream in range(3):
            world.send(stream, 1, 10, 0, False)
    for name, *arguments in steps:
        for world in worlds:
            getattr(world, name)(*arguments)
    python, compiled = (world.state() for world in worlds)
    assert python == compiled


@pytest.mark.parametrize("seed", range(20))
def test_they_send_the_same_for_long(seed: int) -> None:
    """Longer than hypothesis makes lists, so that queues fill, pictures pause and go on, and offsets pile up."""
    chance = random.Random(seed)
    worlds = [World(kind, described=seed % 2 == 0) for kind in twin.KINDS]
    for _ in range(500):
        step = chance.random()
        who = chance.randrange(len(SUBSCRIBERS))
        name: str
        arguments: tuple[Any, ...]
        if step < 0.75:
            name, jump = "send", chance.choice([1] * 12 + [2, 3, -1, -2, 0, 70, 700, 5000])
            stream = chance.choice([0, 1, 1, 1, 2])
            kind = chance.choice([0, 1, 1, 1, 2, 2, 2, 2])
            arguments = stream, jump, chance.randrange(1470), kind, chance.random() < 0.1
        elif step < 0.85:
            name, arguments = "wait", (chance.choice([1, 5, 10, 10, 50, 200]),)
        elif step < 0.95:
            name, arguments = "drift", (chance.randint(1, 20),)
        elif step < 0.97:
            name, arguments = "watch", (who, chance.choice([0, 90, 180, 720, 720, 720]))
        else:
            name, arguments = chance.choice([("miss", (who, chance.randrange(70))), ("carry", (who, step < 0.98))])
        for world in worlds:
            getattr(world, name)(*arguments)
    python, compiled = (world.state() for world in worlds)
    assert python == compiled


@pytest.mark.parametrize("described", [False, True])
def test_a_plain_meeting_is_all_the_twins(described: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the comparison above compares: of a simple meeting only beginnings and probes are left to Python."""
    left = 0
    verdicts: Counter[int] = Counter()
    send = native.FanOut.send
    take = reception.Inlet.take

    def count(self: native.FanOut, packet: MediaPacket) -> list[int]:
        nonlocal left
        places = send(self, packet)
        left += len(places)
        return places

    def count_taken(self: reception.Inlet, length: int, now: float) -> int:
        nonlocal left
        verdict = take(self, length, now)
        verdicts[verdict] += 1
        left += len(self.left()[2]) if verdict == reception.LEFT else 0
        return verdict

    monkeypatch.setattr(native.FanOut, "send", count)
    monkeypatch.setattr(reception.Inlet, "take", count_taken)
    world = World("compiled", described=described)
    for stream in range(3):
        world.send(stream, 1, 10, 0, False)
    for number in range(3000):
        world.send(0, 1, 80, 2, False)
        world.send(2, 1, 500, 1 + number % 2, False)
        world.wait(10)
        if number == 1000:
            left = 0
            before = sum(len(down.sent) for down in world.downs)
    sent = sum(len(down.sent) for down in world.downs) - before
    assert sent > 15_000
    taken = verdicts[reception.TAKEN] + verdicts[reception.LEFT]
    assert taken > (0.8 if described else 0.999) * verdicts.total(), "every third picture has the two-byte form there"
    assert left < (2_100 if described else 100), "2,000 pictures have a descriptor under an id over 14"


def test_they_send_the_same_while_the_path_is_probed() -> None:
    """Probes begin once feedback has come, which random steps seldom bring about."""
    worlds = [World(kind, described=True) for kind in twin.KINDS]
    probed = 0
    for number in range(400):
        for world in worlds:
            world.send(2, 1, 900, 0 if number == 0 else 1 + number % 2, False)
            world.send(0, 1, 80, 2, False)
            world.wait(10)
        python, compiled = (world.state() for world in worlds)
        assert python == compiled
        probed += any(subscriber.sender.way.probing for subscriber in worlds[1].subscribers)
    assert probed > 5
