import pytest
from aiortc.rtp import pack_header_extensions, unpack_header_extensions
from hypothesis import given
from hypothesis import strategies as st

from sfu.rtp import extensions
from sfu.rtp.extensions import ABSENT, ONE_BYTE, TWO_BYTE

ITEMS = st.dictionaries(st.integers(1, 14), st.binary(min_size=1, max_size=16), max_size=6).map(lambda d: [*d.items()])
LARGE_ITEMS = st.dictionaries(st.integers(1, 255), st.binary(max_size=255), max_size=4).map(lambda d: [*d.items()])


def written(items: list[tuple[int, bytes]], offset: int = 12) -> tuple[bytearray, int, int]:
    """Return buffer, profile and end after writing at `offset`."""
    buffer = bytearray(b"\xee" * 1500)
    end = extensions.write(buffer, offset, items)
    return buffer, buffer[offset] << 8 | buffer[offset + 1], end


def read(buffer: bytearray, profile: int, start: int, end: int) -> list[tuple[int, bytes]]:
    return [(i, bytes(buffer[o : o + n])) for i, o, n in extensions.elements(buffer, start, end, profile)]


@pytest.mark.parametrize(
    ("items", "wire"),
    [
        ([(1, b"\xaa"), (3, b"\xbb\xcc\xdd")], "bede0002 10aa32bb ccdd0000"),
        ([(1, b"\xaa"), (15, b"")], "10000002 0101aa0f 00000000"),
        ([(4, bytes(17))], "10000005 0411" + "00" * 18),
        ([], "bede0000"),
        ([(1, bytes(255))], "10000041 01ff" + "00" * 258),
    ],
)
def test_golden_bytes(items: list[tuple[int, bytes]], wire: str) -> None:
    buffer, _, end = written(items)
    assert buffer[12:end] == bytes.fromhex(wire)
    assert buffer[end:] == b"\xee" * (1500 - end), "nothing behind the block was touched"


@given(st.one_of(ITEMS, LARGE_ITEMS), st.integers(0, 64))
def test_what_is_written_is_read_and_found(items: list[tuple[int, bytes]], offset: int) -> None:
    buffer, profile, end = written(items, offset)
    assert (end - offset) % 4 == 0
    assert end == offset + 4 + 4 * int.from_bytes(buffer[offset + 2 : offset + 4], "big")
    assert read(buffer, profile, offset + 4, end) == items
    for identifier, data in items:
        position, length = extensions.find(buffer, offset + 4, end, profile, identifier)
        assert bytes(buffer[position : position + length]) == data
    missing = next(i for i in range(1, 256) if i not in dict(items))
    assert extensions.find(buffer, offset + 4, end, profile, missing) == ABSENT


@given(st.one_of(ITEMS, LARGE_ITEMS))
def test_an_independent_library_agrees(items: list[tuple[int, bytes]]) -> None:
    buffer, profile, end = written(items)
    assert unpack_header_extensions(profile, bytes(buffer[16:end])) == items
    if items:
        other_profile, block = pack_header_extensions(items)
        assert (other_profile, block) == (profile, bytes(buffer[16:end]))


@given(st.binary(max_size=80), st.sampled_from([ONE_BYTE, TWO_BYTE, TWO_BYTE | 7, 0x1234]))
def test_any_bytes_are_walked_within_bounds(block: bytes, profile: int) -> None:
    buffer = bytearray(b"\xff\xff" + block + b"\x1f" * 20)
    end = 2 + len(block)
    found: dict[int, tuple[int, int]] = {}
    for identifier, offset, length in extensions.elements(buffer, 2, end, profile):
        assert identifier > 0
        assert 2 < offset <= offset + length <= end
        found.setdefault(identifier, (offset, length))
    for wanted in range(1, 20):
        assert extensions.find(buffer, 2, end, profile, wanted) == found.get(wanted, ABSENT)


def test_padding_between_elements_is_stepped_over() -> None:
    assert extensions.find(bytes.fromhex("0000 10aa 00 20bb"), 0, 7, ONE_BYTE, 2) == (6, 1)
    assert extensions.find(bytes.fromhex("00 0101aa 00 0201bb"), 0, 8, TWO_BYTE, 2) == (7, 1)


@pytest.mark.parametrize(
    "block",
    [
        "f0aa10bb",  # id 15 ends the one-byte form
        "02aaaaaa10bb",  # id 0 with a length is malformed (RFC 8285 section 4.2)
        "1faaaa",  # sixteen bytes where there are two
    ],
)
def test_nothing_behind_a_malformed_element_counts(block: str) -> None:
    data = bytes.fromhex(block)
    assert extensions.find(data, 0, len(data), ONE_BYTE, 1) == ABSENT
    assert list(extensions.elements(data, 0, len(data), ONE_BYTE)) == []


@pytest.mark.parametrize("item", [(0, b"a"), (256, b"a"), (1, bytes(256))])
def test_what_no_form_carries_is_a_programming_error(item: tuple[int, bytes]) -> None:
    with pytest.raises(ValueError, match="no header extension form"):
        extensions.write(bytearray(600), 0, [item])
