"""VP9 with three spatial and three temporal layers in one stream (L3T3_KEY), told by the payload descriptor."""

import itertools
import random
import struct

import pytest

from sfu.bwe.allocation import Layer
from sfu.control import Codec
from sfu.forwarding.up_track import UpTrack
from sfu.rtp.packet import RtpHeader
from sfu.rtp.payload_descriptor import parse_vp9
from sfu.rtp.rtcp import PictureLossIndication
from sfu.streams.clock_map import RemoteClock
from tests.sfu.fakes import FakeChannel, publish, rtp
from tests.sfu.forwarding.camera import FRAME, Viewer

VP9 = Codec("VP9", 98, 90000, 99)
TEMPORAL = (0, 2, 1, 2)
SIZES = (100, 300, 900)
STRUCTURE = bytes([2 << 5 | 0x10]) + struct.pack("!HHHHHH", 320, 180, 640, 360, 1280, 720)


class Svc:
    """A publisher of one encoding with three spatial layers, each frame in two packets."""

    described = False

    def __init__(self) -> None:
        self.channel = FakeChannel()
        self.track = UpTrack(publish(codec=VP9), "ada", self.channel, RemoteClock(), report_ssrc=9)
        self.now = 0.0
        self.pictures = 0
        self.keys = 0
        self._sequence = 65_000
        self._key_at = 0

    def tick(self, *, deliver: bool = True) -> list[bytes]:
        """Send a picture, a key picture if one was asked for."""
        self.now = self.pictures * FRAME
        key = not self.pictures or any(isinstance(p, PictureLossIndication) for p in self.channel.take_rtcp())
        if key:
            self.keys += 1
            self._key_at = self.pictures
        temporal = TEMPORAL[(self.pictures - self._key_at) % 4]
        packets = []
        for spatial in range(3):
            for first in (True, False):
                structure = key and first and not spatial
                flags = 0xA0 | (0 if key else 0x40) | (0x08 if first else 0x04) | (0x02 if structure else 0)
                descriptor = bytes([flags, 0x80 | self.pictures >> 8 & 0x7F, self.pictures & 0xFF])
                descriptor += bytes([temporal << 5 | 0x10 | spatial << 1 | (key and spatial > 0), 7])
                if structure:
                    descriptor += STRUCTURE
                packet = rtp(
                    1000,
                    self._sequence,
                    descriptor + bytes(SIZES[spatial]),
                    payload_type=98,
                    timestamp=self.pictures * 3000,
                    marker=spatial == 2 and not first,
                )
                self._sequence += 1
                packets.append(packet)
                if deliver:
                    self.receive(packet)
        self.track.handle_timer(rtt=0.05, now=self.now)
        self.pictures += 1
        return packets

    def receive(self, packet: bytes) -> None:
        """Let one packet arrive at the SFU."""
        header = RtpHeader()
        header.parse(self.channel.incoming, self.channel.put(packet))
        self.track.encodings[0].receive(self.channel.incoming, header, now=self.now)

    def run(self, pictures: int) -> None:
        """Send so many."""
        for _ in range(pictures):
            self.tick()


def pictures(packets: dict[int, bytes]) -> list[tuple[int, int, int]]:
    """Return (temporal layer, highest spatial layer, packets) of each picture, which the marker must end."""
    found: list[tuple[int, int, int]] = []
    highest = count = 0
    for number, packet in packets.items():
        header = RtpHeader()
        header.parse(packet, len(packet))
        layer = parse_vp9(packet, header.payload_start, len(packet))
        highest = max(highest, layer.spatial_id)
        count += 1
        assert number - 1 in packets or not found, "no holes"
        if header.marker:
            found.append((layer.temporal_id, highest, count))
            highest = count = 0
    assert count == 0, "every picture ends with a marker"
    return found


@pytest.fixture
def svc() -> Svc:
    source = Svc()
    viewer = Viewer(source, Codec("VP9", 101, 90000, 102), theirs=VP9)
    viewer.copy.select(None, now=0.0)
    return source


def test_layers_are_offered_by_size_and_told_by_the_spatial_index(svc: Svc) -> None:
    svc.run(60)
    layers = svc.track.layers(now=svc.now)
    assert [(layer.height, layer.encoding, layer.temporal) for layer in layers] == [
        (height, spatial, temporal) for spatial, height in enumerate((180, 360, 720)) for temporal in range(3)
    ]
    for lower, upper in itertools.pairwise(layers):
        assert lower.rate < upper.rate or lower.encoding < upper.encoding
    assert layers[-1].rate == pytest.approx(30 * 2 * 8 * (1300 + 15), rel=0.1), "with all that it builds upon"


@pytest.mark.parametrize("spatial", [0, 1, 2])
@pytest.mark.parametrize("temporal", [0, 1, 2])
def test_each_subscriber_gets_whole_pictures_of_the_size_it_chose(svc: Svc, spatial: int, temporal: int) -> None:
    viewer = Viewer(svc, Codec("VP9", 101, 90000, 102), theirs=VP9)
    svc.run(60)
    viewer.select(spatial, temporal)
    svc.run(80)
    shown = pictures(viewer.packets())
    assert {(highest, count) for _, highest, count in shown} == {(spatial, 2 * spatial + 2)}
    assert {layer for layer, _, _ in shown} == set(range(temporal + 1))


def test_smaller_at_once_and_larger_at_a_key_picture(svc: Svc) -> None:
    viewer = Viewer(svc, Codec("VP9", 101, 90000, 102), theirs=VP9)
    svc.run(60)
    top = svc.track.layers(now=svc.now)[-1]
    viewer.copy.select(top, now=svc.now)
    svc.run(20)
    viewer.copy.select(Layer(180, 1, 0, 2), now=svc.now)
    svc.run(20)
    keys = svc.keys
    viewer.copy.select(top, now=svc.now)
    svc.run(20)
    sizes = [highest for _, highest, _ in pictures(viewer.packets())]
    assert sizes == sorted(sizes[:25], reverse=True) + sorted(sizes[25:])
    assert sizes.count(0) in range(19, 23)
    assert sizes[-1] == 2
    assert svc.keys == keys + 1


def test_what_is_sent_again_ends_its_picture_too(svc: Svc) -> None:
    viewer = Viewer(svc, Codec("VP9", 101, 90000, 102), theirs=VP9)
    svc.run(60)
    viewer.copy.select(svc.track.layers(now=svc.now)[2], now=svc.now)
    svc.run(20)
    sent = viewer.packets()
    viewer.channel.sent.clear()
    viewer.copy.receive_nack([number & 0xFFFF for number in sent], now=svc.now)
    assert [packet[1] & 0x80 for packet in viewer.channel.sent] == [packet[1] & 0x80 for packet in sent.values()]


def test_a_late_packet_after_a_change_of_size_and_frames_finds_its_own_number(svc: Svc) -> None:
    """Two packets under one number would be two under one nonce (RFC 7714 section 8.1).

    The smaller size began with a picture that was left out itself, and the next packet to pass was one that came late.
    """
    viewer = Viewer(svc, Codec("VP9", 101, 90000, 102), theirs=VP9)
    svc.run(60)
    viewer.select(2)
    svc.run(10)
    while (svc.pictures - svc._key_at) % 4:
        svc.tick()
    (late, *others) = svc.tick(deliver=False)
    for packet in others:
        svc.receive(packet)
    viewer.copy.select(Layer(180, 1, 0, 1), now=svc.now)
    svc.tick()
    svc.receive(late)
    svc.run(10)
    assert late[-100:] in {packet[-100:] for packet in viewer.packets().values()}


@pytest.mark.parametrize("seed", range(6))
def test_loss_and_disorder_use_no_number_twice(svc: Svc, seed: int) -> None:
    chance = random.Random(seed)
    viewer = Viewer(svc, Codec("VP9", 101, 90000, 102), theirs=VP9)
    svc.run(60)
    viewer.select(2)
    late: list[tuple[int, bytes]] = []
    for _ in range(300):
        if chance.random() < 0.2:
            viewer.copy.select(Layer(1, 1, chance.randrange(3), chance.randrange(3)), now=svc.now)
        for packet in svc.tick(deliver=False):
            if chance.random() < 0.1:
                late.append((svc.pictures + chance.randrange(1, 6), packet))
            elif chance.random() > 0.03:
                svc.receive(packet)
        for item in [item for item in late if item[0] <= svc.pictures]:
            late.remove(item)
            svc.receive(item[1])
    assert len(viewer.packets()) > 300
    viewer.copy.select(svc.track.layers(now=svc.now)[-1], now=svc.now)
    viewer.copy.request_key_frame(now=svc.now)
    svc.run(60)
    assert viewer.packets()
    assert {(highest, count) for _, highest, count in pictures(dict(list(viewer.packets().items())[-60:]))} == {(2, 6)}
