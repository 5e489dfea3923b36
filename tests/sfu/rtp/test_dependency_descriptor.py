import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.rtp import dependency_descriptor as dd
from sfu.rtp.errors import ParseError
from tests.sfu.rtp.bits import BitWriter

L1T3_OFFSET = 62
"""Template id offset: the ids of five templates wrap from 63 to 0."""

L1T3_TEMPLATES = [
    # temporal id, indications for T0 T1 T2, frame diffs, chain diff
    (0, (2, 2, 2), (), 0),
    (0, (2, 2, 2), (4,), 4),
    (1, (0, 1, 2), (2,), 2),
    (2, (0, 0, 1), (1,), 1),
    (2, (0, 0, 1), (1, 3), 3),
]


def l1t3(frame_number: int = 7, *, resolutions: bool = True) -> bytes:
    """Return a key frame's descriptor, bit by bit after the syntax tables of section A.8.2."""
    bits = BitWriter().write((1, 1), (1, 1), (L1T3_OFFSET, 6), (frame_number, 16))
    bits.write((1, 1), (0, 1), (0, 1), (0, 1), (0, 1))  # structure present, nothing custom
    bits.write((L1T3_OFFSET, 6), (2, 5))  # three decode targets
    bits.write((0, 2), (1, 2), (1, 2), (0, 2), (3, 2))  # template_layers: same, T+1, T+1, same, end
    for _, indications, _, _ in L1T3_TEMPLATES:
        bits.write(*[(indication, 2) for indication in indications])
    for _, _, diffs, _ in L1T3_TEMPLATES:
        for diff in diffs:
            bits.write((1, 1), (diff - 1, 4))
        bits.write((0, 1))
    bits.write((1, 2))  # chain_cnt = ns(4): one chain
    # decode_target_protected_by = ns(1): no bits
    bits.write(*[(diff, 4) for _, _, _, diff in L1T3_TEMPLATES])
    bits.write((int(resolutions), 1))
    if resolutions:
        bits.write((319, 16), (179, 16))
    return bits.to_bytes()


def read(reader: dd.Reader, data: bytes) -> dd.Descriptor:
    return reader.read(b"\xff\xff" + data, 2, len(data))


def test_a_key_frame_announces_its_structure() -> None:
    descriptor = read(dd.Reader(), l1t3())
    assert descriptor.key_frame
    assert (descriptor.start_of_frame, descriptor.end_of_frame, descriptor.frame_number) == (True, True, 7)
    assert (descriptor.spatial_id, descriptor.temporal_id, descriptor.active_targets) == (0, 0, 0b111)
    structure = descriptor.structure
    assert structure is not None
    assert structure.decode_targets == ((0, 0), (0, 1), (0, 2))
    assert (structure.chain_count, structure.protected_by) == (1, (0, 0, 0))
    assert structure.resolutions == [(320, 180)]
    assert [(t.temporal_id, t.indications, t.frame_diffs, t.chain_diffs) for t in structure.templates] == [
        (temporal, indications, diffs, (chain,)) for temporal, indications, diffs, chain in L1T3_TEMPLATES
    ]


@pytest.mark.parametrize("index", range(5))
def test_a_short_descriptor_refers_to_its_template(index: int) -> None:
    reader = dd.Reader()
    read(reader, l1t3())
    template_id = (L1T3_OFFSET + index) % 64
    descriptor = read(reader, bytes([0x40 | template_id, 0x12, 0x34]))
    temporal, indications, diffs, chain = L1T3_TEMPLATES[index]
    assert not descriptor.key_frame
    assert (descriptor.start_of_frame, descriptor.end_of_frame, descriptor.frame_number) == (False, True, 0x1234)
    assert (descriptor.temporal_id, descriptor.indications) == (temporal, indications)
    assert (descriptor.frame_diffs, descriptor.chain_diffs) == (diffs, (chain,))


def test_a_frame_may_say_otherwise_than_its_template() -> None:
    reader = dd.Reader()
    read(reader, l1t3())
    bits = BitWriter().write((1, 1), (1, 1), (0, 6), (8, 16))
    bits.write((0, 1), (1, 1), (1, 1), (1, 1), (1, 1), (0b011, 3))  # active targets, then all three custom
    bits.write((0, 2), (3, 2), (1, 2))  # indications
    bits.write((1, 2), (4, 4), (2, 2), (99, 8), (3, 2), (2999, 12), (0, 2))  # frame diffs of each size
    bits.write((200, 8))  # chain diff
    descriptor = read(reader, bits.to_bytes())
    assert descriptor.active_targets == 0b011
    assert (descriptor.indications, descriptor.frame_diffs) == ((0, 3, 1), (5, 100, 3000))
    assert descriptor.chain_diffs == (200,)
    assert read(reader, bytes([0, 0, 9])).active_targets == 0b011, "holds until something else is said"
    assert read(reader, l1t3()).active_targets == 0b111, "a new structure begins with all of them"


def test_sizes_need_not_be_told() -> None:
    structure = read(dd.Reader(), l1t3(resolutions=False)).structure
    assert structure is not None
    assert structure.resolutions == []


def test_two_chains_and_layers() -> None:
    bits = BitWriter().write((1, 1), (1, 1), (0, 6), (0, 16), (1, 1), (0, 4))
    bits.write((0, 6), (1, 5), (2, 2), (3, 2))  # two targets; S0, then S1
    bits.write((2, 2), (2, 2), (0, 2), (2, 2))
    bits.write((0, 1), (1, 1), (0, 4), (0, 1))
    bits.write((0b11, 2))  # ns(3) = 2: w 2, m 1, the value 2 is written 1 1
    bits.write((0, 1), (1, 1))  # protected by chain 0 and 1, ns(2)
    bits.write((0, 4), (0, 4), (1, 4), (1, 4))
    bits.write((1, 1), (319, 16), (179, 16), (639, 16), (359, 16))
    structure = read(dd.Reader(), bits.to_bytes()).structure
    assert structure is not None
    assert structure.decode_targets == ((0, 0), (1, 0))
    assert (structure.chain_count, structure.protected_by) == (2, (0, 1))
    assert structure.resolutions == [(320, 180), (640, 360)]


def test_no_chains() -> None:
    bits = BitWriter().write((1, 1), (1, 1), (0, 6), (0, 16), (1, 1), (0, 4))
    bits.write((0, 6), (0, 5), (3, 2), (2, 2), (0, 1))  # one target, one template that needs nothing
    bits.write((0, 1), (0, 1))  # chain_cnt = ns(2), no resolutions
    structure = read(dd.Reader(), bits.to_bytes()).structure
    assert structure is not None
    assert (structure.chain_count, structure.protected_by, structure.templates[0].chain_diffs) == (0, (), ())


def test_a_descriptor_before_any_structure_is_refused() -> None:
    with pytest.raises(ParseError):
        read(dd.Reader(), bytes([0xC0, 0, 1]))


def test_an_unknown_template_is_refused() -> None:
    reader = dd.Reader()
    read(reader, l1t3())
    with pytest.raises(ParseError):
        read(reader, bytes([0xC0 | (L1T3_OFFSET + 5) % 64, 0, 1]))


@pytest.mark.parametrize("length", range(len(l1t3()) - 1))
def test_a_cut_descriptor_is_refused_and_changes_nothing(length: int) -> None:
    reader = dd.Reader()
    with pytest.raises(ParseError):
        read(reader, l1t3()[:length])
    with pytest.raises(ParseError):
        read(reader, bytes([0xC0, 0, 1]))


def test_endless_templates_and_layers_are_refused() -> None:
    for step in (0, 1, 2):
        bits = BitWriter().write((0, 24), (1, 1), (0, 4), (0, 11), *[(step, 2)] * 800)
        with pytest.raises(ParseError):
            read(dd.Reader(), bits.to_bytes())


def test_frame_number_is_rewritten_in_place() -> None:
    packet = bytearray(b"\xaa" + l1t3(0x1234) + b"\xbb")
    assert dd.frame_number(packet, 1) == 0x1234
    dd.write_frame_number(packet, 1, 0x1FFFE)
    assert bytes(packet) == b"\xaa" + l1t3(0xFFFE) + b"\xbb"


def test_structure_is_told_without_reading() -> None:
    assert dd.has_structure(l1t3(), 0, len(l1t3()))
    assert not dd.has_structure(bytes([0xC0, 0, 1, 0x80]), 0, 3)
    assert not dd.has_structure(bytes([0xC0, 0, 1, 0x40]), 0, 4)


@given(st.binary(max_size=255), st.booleans())
def test_any_bytes_are_read_or_refused(data: bytes, known: bool) -> None:
    reader = dd.Reader()
    if known:
        read(reader, l1t3())
    try:
        descriptor = read(reader, data)
    except ParseError:
        return
    assert descriptor.key_frame == dd.has_structure(data, 0, len(data))
    assert 0 <= descriptor.spatial_id <= 3
    assert 0 <= descriptor.temporal_id <= 7
