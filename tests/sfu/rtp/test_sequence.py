from hypothesis import given
from hypothesis import strategies as st

from sfu.rtp.sequence import unwrap16, unwrap32


@given(st.integers(0, 1 << 40), st.integers(-0x8000, 0x7FFF))
def test_unwrap16_finds_every_number_within_half_a_turn(reference: int, distance: int) -> None:
    assert unwrap16((reference + distance) & 0xFFFF, reference) == reference + distance


@given(st.integers(0, 1 << 60), st.integers(-0x8000_0000, 0x7FFF_FFFF))
def test_unwrap32_finds_every_number_within_half_a_turn(reference: int, distance: int) -> None:
    assert unwrap32((reference + distance) & 0xFFFF_FFFF, reference) == reference + distance


def test_wraps_both_ways() -> None:
    assert unwrap16(2, 65534) == 65538
    assert unwrap16(65534, 65538) == 65534
    assert unwrap16(65535, 0) == -1
