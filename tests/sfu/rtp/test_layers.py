from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.rtp.layers import LAYERS, MAX_SPATIAL, MAX_TEMPORAL, PLAIN, STRUCTURES, FrameLayer, LayerReader
from tests.sfu.rtp.bits import BitWriter
from tests.sfu.rtp.test_dependency_descriptor import L1T3_OFFSET, L1T3_TEMPLATES, l1t3

KEY = bytes.fromhex("10 00 00 9d 01 2a 80 02 68 01") + b"sealed"
"""The codec header of a key frame of 640 x 360."""
DELTA = b"\x11sealed"
ALL = (1 << MAX_TEMPORAL + 1) - 1


def reader() -> LayerReader:
    return LayerReader({96: "VP8", 98: "VP9", 111: "opus"})


def described(layers: LayerReader, descriptor: bytes) -> FrameLayer:
    return layers.read(96, descriptor, b"", 0, 0)


def payload(layers: LayerReader, payload_type: int, data: bytes) -> FrameLayer:
    return layers.read(payload_type, b"", b"\xff" + data + b"\xff", 1, 1 + len(data))


def test_sound_has_no_layers() -> None:
    assert payload(reader(), 111, b"sealed") is PLAIN


def test_a_structure_is_a_key_frame_and_tells_the_height() -> None:
    layers = reader()
    layer = described(layers, l1t3())
    assert (layer.key_frame, layer.starts_frame, layer.ends_frame) == (True, True, True)
    assert (layer.spatial, layer.temporal, layer.switches) == (0, 0, ALL)
    assert layers.heights == [180]


@pytest.mark.parametrize("index", range(5))
def test_short_descriptors_are_looked_up_and_shared(index: int) -> None:
    layers = reader()
    described(layers, l1t3())
    number = (L1T3_OFFSET + index) % 64
    layer = described(layers, bytes([0x80 | number, 0, 9]))
    assert layer is described(layers, bytes([0x80 | number, 0, 10])), "nothing is allocated"
    assert (layer.starts_frame, layer.ends_frame, layer.key_frame) == (True, False, False)
    assert layer.temporal == L1T3_TEMPLATES[index][0]
    assert layer.switches == (0b111, 0b111, 0b100, 0, 0)[index]
    assert described(layers, bytes([0x40 | number, 0, 10])).ends_frame


def test_templates_of_the_structure_before_are_still_known() -> None:
    """A packet that comes by retransmission after the next key frame names the old structure's template."""
    layers = reader()
    described(layers, l1t3())
    bits = BitWriter().write((3, 2), (10, 6), (0, 16), (1, 1), (0, 4))
    bits.write((10, 6), (0, 5), (3, 2), (2, 2), (0, 1), (0, 1), (0, 1))  # one target, one template, id 10
    assert described(layers, bits.to_bytes()).key_frame
    assert described(layers, bytes([(L1T3_OFFSET + 4) % 64, 0, 1])).temporal == 2
    assert described(layers, bytes([10, 0, 1])).temporal == 0


def test_a_frame_that_says_otherwise_than_its_template_is_read_by_itself() -> None:
    layers = reader()
    described(layers, l1t3())
    bits = BitWriter().write((1, 1), (0, 1), ((L1T3_OFFSET + 2) % 64, 6), (8, 16))
    bits.write((0, 1), (0, 1), (1, 1), (0, 1), (0, 1), (0, 2), (2, 2), (0, 2))
    layer = described(layers, bits.to_bytes())
    assert (layer.temporal, layer.switches, layer.ends_frame) == (1, 0b010, False)


@pytest.mark.parametrize("wire", ["80 0001", "c5 0001", "80 0001 804000", "80 0001 60"])
def test_what_cannot_be_understood_counts_as_the_base_layer_and_no_key_frame(wire: str) -> None:
    layer = described(reader(), bytes.fromhex(wire))
    assert (layer.key_frame, layer.spatial, layer.temporal, layer.switches) == (False, 0, 0, 0)
    assert layer.starts_frame


def test_a_structure_that_does_not_begin_a_frame_is_no_key_frame() -> None:
    wire = bytearray(l1t3())
    wire[0] &= 0x7F
    assert not described(reader(), bytes(wire)).key_frame


def test_few_structures_are_read_in_a_while() -> None:
    layers = reader()
    read = [described(layers, l1t3(number)).key_frame for number in range(STRUCTURES + 3)]
    assert read == [True] * STRUCTURES + [False] * 3
    assert not described(layers, b"\x80\x00\x00").key_frame
    layers.refill()
    assert described(layers, l1t3()).key_frame


def test_vp8_without_extensions_tells_key_frames_height_and_where_frames_begin() -> None:
    layers = reader()
    key = payload(layers, 96, b"\x10" + KEY)
    assert (key.key_frame, key.starts_frame, key.temporal, key.switches) == (True, True, 0, ALL)
    assert layers.heights == [360]
    assert payload(layers, 96, b"\x10" + DELTA).starts_frame
    rest = payload(layers, 96, b"\x00" + DELTA)
    assert (rest.starts_frame, rest.key_frame, rest.picture_id) == (False, False, -1)
    assert not payload(layers, 96, b"").starts_frame


@pytest.mark.parametrize(
    ("wire", "temporal", "switches"),
    [
        ("90e0 9234 05 00", 0, 0b0001),
        ("90e0 9234 05 40", 1, 0),
        ("90e0 9234 05 60", 1, 0b0010),
        ("90e0 9234 05 a0", 2, 0b0100),
        ("90c0 9234 05", 0, ALL),  # no temporal layers
    ],
)
def test_vp8_descriptors_tell_the_temporal_layer(wire: str, temporal: int, switches: int) -> None:
    layer = payload(reader(), 96, bytes.fromhex(wire) + DELTA)
    assert (layer.temporal, layer.switches) == (temporal, switches)
    assert (layer.picture_id, layer.tl0_pic_idx, layer.starts_frame) == (0x1234, 5, True)


def test_vp8_key_frames_with_a_long_descriptor() -> None:
    layer = payload(reader(), 96, bytes.fromhex("90e0 9234 05 00") + KEY)
    assert (layer.key_frame, layer.switches) == (True, ALL)


@pytest.mark.parametrize(
    ("wire", "spatial", "temporal", "key", "ends", "switches"),
    [
        ("ad 9234 01 77", 0, 0, True, True, ALL),
        ("ac 9234 03 77", 1, 0, False, True, 0),
        ("ec 9234 52 77", 1, 2, False, True, 0b1100),
        ("e8 9234 10 77", 0, 0, False, False, ALL),
        ("8c 05", 0, 0, True, True, ALL),
        ("ec 9234 ce 77", MAX_SPATIAL, MAX_TEMPORAL, False, True, 0),
    ],
)
def test_vp9_descriptors(wire: str, spatial: int, temporal: int, key: bool, ends: bool, switches: int) -> None:
    layer = payload(reader(), 98, bytes.fromhex(wire))
    assert (layer.spatial, layer.temporal, layer.key_frame) == (spatial, temporal, key)
    assert (layer.ends_frame, layer.switches, layer.picture_id) == (ends, switches, -1)


def test_vp9_structures_tell_the_heights() -> None:
    layers = reader()
    payload(layers, 98, bytes.fromhex("0a 30 0140 00b4 0280 0168"))
    assert layers.heights == [180, 360]
    payload(layers, 98, bytes.fromhex("0a f0" + "0001 0002" * 8))
    assert layers.heights == [2] * (MAX_SPATIAL + 1)


@given(st.lists(st.tuples(st.sampled_from([35, 96, 98, 111]), st.binary(max_size=80), st.binary(max_size=60))))
def test_any_bytes_have_some_layer(packets: list[tuple[int, bytes, bytes]]) -> None:
    layers = reader()
    described(layers, l1t3())
    for payload_type, descriptor, data in packets:
        descriptor = descriptor if len(descriptor) >= 3 else b""
        layer = layers.read(payload_type, descriptor, data, 0, len(data))
        assert 0 <= layer.index < LAYERS
        assert 0 <= layer.switches <= ALL
        assert layer.starts_frame or not layer.key_frame
        assert len(layers.heights) <= MAX_SPATIAL + 1


SEEDS = Path(__file__).parents[2] / "fuzz"


@pytest.mark.parametrize("path", sorted((SEEDS / "dependency_descriptor").glob("*.bin")), ids=lambda path: path.stem)
def test_seeds_of_descriptors_never_raise(path: Path) -> None:
    data = path.read_bytes()
    layers = reader()
    for _ in range(2):
        if len(data) >= 3:
            described(layers, data)
        described(layers, l1t3())
