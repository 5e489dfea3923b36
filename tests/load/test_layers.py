"""What stands in the packets is what it is said to be: the SFU's own readers find the three layers of L1T3."""

from sfu.rtp import dependency_descriptor as dd
from tests.load.layers import TEMPLATES, Layers


def read(reader: dd.Reader, layers: Layers, number: int, *, key_frame: bool) -> dd.Descriptor:
    layers.begin(key_frame=key_frame)
    element = bytes([layers.first_byte(start=True, end=False), 0, number])
    element += layers.structure() if key_frame else b""
    return reader.read(element, 0, len(element))


def test_a_key_frame_announces_three_layers() -> None:
    structure = read(dd.Reader(), Layers(720), 0, key_frame=True).structure
    assert structure is not None
    assert structure.decode_targets == ((0, 0), (0, 1), (0, 2))
    assert (structure.chain_count, structure.protected_by) == (1, (0, 0, 0))
    assert structure.resolutions == [(1280, 720)]
    assert [(t.temporal_id, t.indications, t.frame_diffs, t.chain_diffs) for t in structure.templates] == [
        (t.temporal, t.indications, t.frames, (t.chain,)) for t in TEMPLATES
    ]


def test_frames_are_of_the_layers_in_turn_and_refer_to_what_came() -> None:
    reader, layers = dd.Reader(), Layers(720)
    for first in (0, 10, 23):  # each time after another number of frames
        shown: list[tuple[int, int]] = []
        for number in range(first, first + 14):
            frame = read(reader, layers, number, key_frame=number == first)
            assert frame.frame_number == number
            assert layers.vp8[1] >> 6 == frame.temporal_id
            known = dict(shown)
            for diff in frame.frame_diffs:
                assert known[number - diff] <= frame.temporal_id
            assert known.get(number - frame.chain_diffs[0], 0) == 0
            shown.append((number, frame.temporal_id))
        assert [temporal for _, temporal in shown[:9]] == [0, 2, 1, 2, 0, 2, 1, 2, 0]


def test_the_lowest_layers_frames_are_counted() -> None:
    layers = Layers(720)
    counts = []
    for number in range(9):
        layers.begin(key_frame=number == 0)
        counts.append(layers.vp8[0])
    assert counts == [1, 1, 1, 1, 2, 2, 2, 2, 3]


def test_each_structure_has_ids_of_its_own() -> None:
    layers = Layers(720)
    firsts = []
    for _ in range(14):
        layers.begin(key_frame=True)
        firsts.append(layers.first_byte(start=False, end=False))
    assert firsts == [5 * n % 64 for n in range(14)]
