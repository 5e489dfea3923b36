import dataclasses

import aiortc.codecs.vpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.rtp import payload_descriptor as pd
from sfu.rtp.errors import ParseError

KEY = bytes.fromhex("10 00 00 9d 01 2a 40 01 b4 00") + b"sealed"
"""The codec header that a client leaves in clear before a sealed key frame (docs/protocol.md, section 5)."""

DELTA = b"\x11sealed"

VP8 = [
    # bytes, length, starts, N, picture id, bits, TL0, TID, Y, KEYIDX
    ("10", 1, True, False, -1, 0, -1, -1, False, -1),
    ("00", 1, False, False, -1, 0, -1, -1, False, -1),
    ("11", 1, False, False, -1, 0, -1, -1, False, -1),  # partition 1 does not start the frame
    ("30", 1, True, True, -1, 0, -1, -1, False, -1),
    ("9080 07", 3, True, False, 7, 7, -1, -1, False, -1),
    ("9080 9234", 4, True, False, 0x1234, 15, -1, -1, False, -1),
    ("90e0 9234 05 a0", 6, True, False, 0x1234, 15, 5, 2, True, -1),
    ("9020 40", 3, True, False, -1, 0, -1, 1, False, -1),
    ("90f0 9234 05 5f", 6, True, False, 0x1234, 15, 5, 1, False, 31),
    ("9010 1f", 3, True, False, -1, 0, -1, -1, False, 31),
]


@pytest.mark.parametrize("case", VP8)
def test_vp8_golden_bytes(case: tuple[str, int, bool, bool, int, int, int, int, bool, int]) -> None:
    data = bytes.fromhex(case[0])
    expected = pd.Vp8Descriptor(*case[1:])
    assert pd.parse_vp8(b"\xff" + data + DELTA, 1, 1 + len(data) + len(DELTA)) == expected
    for cut in range(len(data)):
        with pytest.raises(ParseError):
            pd.parse_vp8(data, 0, cut)
    assert pd.vp8_key_frame_height(data + KEY, 0, len(data) + len(KEY)) == (180 if expected.starts_frame else 0)
    assert not pd.vp8_key_frame_height(data + DELTA, 0, len(data) + len(DELTA))
    if expected.picture_id >= 0:
        rewritten = bytearray(b"\xff" + data + DELTA)
        pd.write_vp8(rewritten, 1, expected.picture_id + 0x8003, expected.tl0_pic_idx + 0x102)
        again = pd.parse_vp8(rewritten, 1, len(rewritten))
        tl0_pic_idx = expected.tl0_pic_idx + 2 if expected.tl0_pic_idx >= 0 else -1
        changed = dataclasses.replace(expected, picture_id=expected.picture_id + 3, tl0_pic_idx=tl0_pic_idx)
        assert again == changed, "and nothing else"
        assert rewritten[1 + len(data) :] == DELTA


@given(st.binary(max_size=40))
def test_an_independent_library_reads_vp8_alike(data: bytes) -> None:
    try:
        other, rest = aiortc.codecs.vpx.VpxPayloadDescriptor.parse(data)
    except ValueError:
        with pytest.raises(ParseError):
            pd.parse_vp8(data, 0, len(data))
        return
    descriptor = pd.parse_vp8(data, 0, len(data))
    assert len(data) - descriptor.length == len(rest)
    assert descriptor.starts_frame == (other.partition_start == 1 and other.partition_id & 7 == 0), "PID has three bits"
    assert descriptor.picture_id == (-1 if other.picture_id is None else other.picture_id)
    assert descriptor.tl0_pic_idx == (-1 if other.tl0picidx is None else other.tl0picidx)
    if other.tid is not None:
        assert (descriptor.temporal_id, int(descriptor.layer_sync)) == other.tid
    if other.keyidx is not None:
        assert descriptor.key_idx == other.keyidx


def test_a_vp8_key_frame_needs_its_whole_header_and_start_code() -> None:
    assert not pd.vp8_key_frame_height(b"\x10" + KEY[:9], 0, 10)
    assert not pd.vp8_key_frame_height(b"\x10\x10\x00\x00\x9d\x01\x2b\x40\x01\xb4\x00", 0, 11)
    assert not pd.vp8_key_frame_height(b"", 0, 0)
    assert not pd.vp8_key_frame_height(b"\x90", 0, 1)
    assert pd.vp8_key_frame_height(bytearray(b"\x10" + KEY), 0, 1 + len(KEY))
    assert pd.vp8_key_frame_height(memoryview(b"\x10" + KEY), 0, 1 + len(KEY))


VP9 = [
    # bytes, then the fields; bits of the first byte: I P L F B E V Z
    ("08", pd.Vp9Descriptor(1, False, False, True, False, False, -1, 0, -1, False, -1, False, -1, ())),
    ("8c 05", pd.Vp9Descriptor(2, False, False, True, True, False, 5, 7, -1, False, -1, False, -1, ())),
    ("c8 9234", pd.Vp9Descriptor(3, True, False, True, False, False, 0x1234, 15, -1, False, -1, False, -1, ())),
    ("ad 9234 53 77", pd.Vp9Descriptor(5, False, False, True, True, True, 0x1234, 15, 2, True, 1, True, 0x77, ())),
    ("f8 05 40 03 04", pd.Vp9Descriptor(5, True, True, True, False, False, 5, 7, 2, False, 0, False, -1, ())),
    # Scalability structure: two layers with sizes, one picture with two references.
    (
        "0a 38 0140 00b4 0280 0168 01 08 0102",
        pd.Vp9Descriptor(14, False, False, True, False, False, -1, 0, -1, False, -1, False, -1, (180, 360)),
    ),
]


@pytest.mark.parametrize(("wire", "expected"), VP9)
def test_vp9_golden_bytes(wire: str, expected: pd.Vp9Descriptor) -> None:
    data = bytes.fromhex(wire)
    assert pd.parse_vp9(b"\xff" + data + b"x", 1, 2 + len(data)) == expected
    for cut in range(len(data)):
        with pytest.raises(ParseError):
            pd.parse_vp9(data, 0, cut)


def test_vp9_with_four_references_is_refused() -> None:
    with pytest.raises(ParseError):
        pd.parse_vp9(bytes.fromhex("d8 05 03 03 03 02"), 0, 6)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for parse in (pd.parse_vp8, pd.parse_vp9):
        try:
            descriptor = parse(data, 0, len(data))
        except ParseError:
            assert parse is pd.parse_vp9 or not pd.vp8_key_frame_height(data, 0, len(data))
        else:
            assert 0 < descriptor.length <= len(data)
            assert parse is pd.parse_vp9 or descriptor.starts_frame or not pd.vp8_key_frame_height(data, 0, len(data))
