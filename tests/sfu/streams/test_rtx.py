from hypothesis import given
from hypothesis import strategies as st

from sfu.streams import rtx


def test_golden_bytes() -> None:
    packet = bytearray.fromhex("8060000100000002000000030000aabb")
    rtx.write_osn(packet, 12, 0x1FFFE)
    assert packet == bytes.fromhex("806000010000000200000003fffeaabb")
    assert rtx.original_sequence(packet, 12, 16) == 0xFFFE


@given(st.integers(0, 0xFFFF), st.binary(max_size=20))
def test_what_is_written_is_read(sequence: int, payload: bytes) -> None:
    packet = bytearray(b"\0" * (12 + rtx.OSN_LENGTH) + payload)
    rtx.write_osn(packet, 12, sequence)
    assert rtx.original_sequence(packet, 12, len(packet)) == sequence
    assert packet[12 + rtx.OSN_LENGTH :] == payload


def test_a_probe_of_padding_alone_is_told() -> None:
    assert rtx.original_sequence(b"\x80" * 12, 12, 12) == -1
    assert rtx.original_sequence(b"\x80" * 13, 12, 13) == -1
