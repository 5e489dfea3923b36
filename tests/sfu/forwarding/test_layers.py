"""What an up track says there is to choose from."""

import pytest

from sfu.bwe.allocation import Layer
from sfu.forwarding.up_encoding import MAX_UNHEARD, SILENCE
from sfu.forwarding.up_track import UpTrack
from sfu.rtp.rtcp import PictureLossIndication
from sfu.streams.clock_map import RemoteClock
from tests.sfu.fakes import FakeChannel, publish
from tests.sfu.forwarding.camera import FILLER, PACKETS, Camera

BOTH = pytest.mark.parametrize("descriptors", ["vp8", "dd"])


def test_before_anything_flows_all_is_assumed() -> None:
    camera = Camera()
    layers = camera.track.layers(now=0.0)
    assert [(layer.height, layer.encoding, layer.temporal) for layer in layers] == [
        (height, encoding, temporal) for encoding, height in enumerate((180, 360, 720)) for temporal in range(3)
    ]
    assert layers[2].rate == 150_000
    assert layers[0].rate == 60_000


def test_an_only_encoding_counts_as_small_until_it_is_known() -> None:
    track = UpTrack(publish(), "ada", FakeChannel(), RemoteClock(), report_ssrc=9)
    assert track.layers(now=0.0) == [Layer(720, 150_000, 0, 0)]


@BOTH
def test_what_flows_is_measured_layer_by_layer(descriptors: str) -> None:
    camera = Camera(descriptors=descriptors)
    camera.obeys = False
    camera.run(4.0)
    for layer in camera.track.layers(now=camera.now):
        share = (0.25, 0.5, 1.0)[layer.temporal]
        octets = PACKETS[layer.encoding] * (FILLER[layer.encoding] + 25)
        assert layer.rate == pytest.approx(30 * share * octets * 8, rel=0.1)


def test_heights_are_those_that_key_frames_tell() -> None:
    camera = Camera()
    camera.run(1.0)
    assert [encoding.heights for encoding in camera.track.encodings] == [[180], [360], [720]]


def test_what_stopped_flowing_is_assumed_again() -> None:
    camera = Camera()
    camera.obeys = False
    camera.run(3.0)
    camera.active[2] = False
    camera.run(SILENCE + 0.2)
    top = camera.track.layers(now=camera.now)[-1]
    assert (top.encoding, top.temporal, top.rate) == (2, 2, 1_500_000)


def test_a_silent_encoding_is_asked_a_few_times_and_again_once_it_is_heard() -> None:
    camera = Camera()
    camera.active, camera.obeys = [False] * 3, False
    copy = camera.subscribe().copy
    copy.select(Layer(180, 1, 0, 2), now=0.0)
    asked = 0
    for tick in range(1000):
        camera.track.handle_timer(rtt=0.0, now=tick / 50)
        asked += sum(isinstance(packet, PictureLossIndication) for packet in camera.channel.take_rtcp())
    assert asked == MAX_UNHEARD
    camera.number = 30 * 25
    camera.active[0] = True
    camera._due.clear()
    camera._key_at[0] = camera.number
    camera.run(2.0)
    assert camera.asked[0] >= 1
    assert copy.stream.packets > 0
