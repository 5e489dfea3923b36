import itertools
import random
import struct
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.forwarding.header_rewriter import NUMBER_AT, PADDING, RUN_GAP, HeaderRewriter
from sfu.forwarding.run import Run
from sfu.rtp import extensions
from sfu.rtp.layers import FrameLayer
from sfu.rtp.packet import MediaPacket, RtpHeader
from sfu.rtp.payload_descriptor import parse_vp8


def rewriter(*, first_sequence: int = 100, descriptor_id: int | None = None) -> HeaderRewriter[str]:
    return HeaderRewriter(
        0xCAFE, {96: 100}, clock_rate=90000, first_sequence=first_sequence, descriptor_id=descriptor_id
    )


def packet(
    sequence: int, *, timestamp: int = 0, arrival: float = 0.0, payload_type: int = 96, descriptor: bytes = b""
) -> MediaPacket:
    return MediaPacket(sequence, timestamp, 0x80, payload_type, b"", arrival=arrival, descriptor=descriptor)


def write(numbers: HeaderRewriter[str], media: MediaPacket) -> tuple[int, int] | None:
    """Return (sequence, timestamp) as written, or None for nothing."""
    buffer = bytearray(200)
    start = numbers.write(buffer, media)
    if not start:
        return None
    assert buffer[0] & 0xC0 == 0x80
    _, _, sequence, timestamp, ssrc = struct.unpack_from("!BBHII", buffer)
    assert ssrc == 0xCAFE
    return sequence, timestamp


def test_writes_every_field() -> None:
    numbers = rewriter()
    media = packet(7, timestamp=5)
    numbers.begin("a", media)
    buffer = bytearray(b"\xff" * 20)
    assert numbers.write(buffer, media) == 12
    assert buffer == bytes.fromhex("80e40064 00000005 0000cafe") + b"\xff" * 8


def test_writes_nothing_before_it_begins_or_for_foreign_formats_or_what_came_before() -> None:
    numbers = rewriter()
    assert write(numbers, packet(7)) is None
    numbers.begin("a", packet(7))
    assert write(numbers, packet(8, payload_type=97)) is None
    assert write(numbers, packet(6)) is None
    assert write(numbers, packet(8)) == (101, 0)


def test_gaps_and_late_packets_keep_their_places() -> None:
    numbers = rewriter(first_sequence=0x7FFF)
    numbers.begin("a", packet(65535))
    assert write(numbers, packet(65535)) == (0x7FFF, 0)
    assert write(numbers, packet(65538)) == (0x8002, 0)
    assert write(numbers, packet(65536)) == (0x8000, 0)


def test_goes_on_after_a_pause_with_the_same_clock() -> None:
    numbers = rewriter()
    numbers.begin("a", packet(7))
    write(numbers, packet(7, timestamp=1000))
    numbers.begin("a", packet(500, timestamp=90_000))
    assert write(numbers, packet(500, timestamp=90_000)) == (100 + RUN_GAP, 90_000)


def test_switching_encodings_keeps_numbers_and_clock_going() -> None:
    numbers = rewriter()
    first = packet(7, timestamp=1000, arrival=1.0)
    numbers.begin("a", first)
    write(numbers, first)
    second = packet(40_000, timestamp=0xFFFF_0000, arrival=1.5)
    numbers.begin("b", second)
    assert write(numbers, second) == (100 + RUN_GAP, 1000 + 45_000)
    assert numbers.find(100) is not None
    run, original = numbers.find(102) or (None, 0)
    assert run is not None
    assert (run.source, original) == ("b", 40_000)
    assert numbers.find(101) is None
    run, original = numbers.find(100) or (None, 0)
    assert run is not None
    assert (run.source, original) == ("a", 7)


def test_numbers_that_were_never_sent_are_not_found() -> None:
    numbers = rewriter()
    assert numbers.find(100) is None
    numbers.begin("a", packet(7))
    write(numbers, packet(7))
    assert numbers.find(99) is None
    assert numbers.find(101) is None


def test_passes_the_dependency_descriptor_under_the_subscribers_id() -> None:
    numbers = rewriter(descriptor_id=5)
    media = packet(7, descriptor=b"\x80\x00\x09" + bytes(20))
    numbers.begin("a", media)
    buffer = bytearray(200)
    start = numbers.write(buffer, media)
    header = RtpHeader()
    header.parse(buffer, start)
    offset, length = extensions.find(buffer, header.extension_start, header.extension_end, header.extension_profile, 5)
    assert buffer[offset : offset + length] == media.descriptor
    assert header.payload_start == start


def test_frame_numbers_continue_over_a_switch() -> None:
    numbers = rewriter(descriptor_id=5)
    before = packet(7, descriptor=b"\x80\xff\xff")
    numbers.begin("a", before)
    write(numbers, before)
    after = packet(900, descriptor=b"\x80\x12\x34")
    numbers.begin("b", after)
    buffer = bytearray(200)
    numbers.write(buffer, after)
    assert buffer[12:20] == bytes.fromhex("bede0001 52800000")


def test_without_an_id_the_descriptor_stays_behind() -> None:
    numbers = rewriter()
    media = packet(7, descriptor=b"\x80\x00\x01")
    numbers.begin("a", media)
    assert numbers.write(bytearray(200), media) == 12


@given(st.lists(st.tuples(st.integers(1, 5), st.booleans()), min_size=1, max_size=200), st.integers(0, 0x7FFF))
def test_sent_numbers_rise_and_lead_back_to_their_source(steps: list[tuple[int, bool]], first: int) -> None:
    numbers = rewriter(first_sequence=first)
    sequence, source = 1000, "a"
    numbers.begin(source, packet(sequence))
    sent: list[tuple[int, str, int]] = []
    runs = 1
    for step, switch in steps:
        sequence += step
        if switch:
            source = "b" if source == "a" else "a"
            numbers.begin(source, packet(sequence))
            runs += 1
        written = write(numbers, packet(sequence))
        assert written is not None
        sent.append((written[0], source, sequence))
    for (earlier, *_), (later, *_) in itertools.pairwise(sent):
        assert 0 < (later - earlier) & 0xFFFF < 0x8000
    if runs <= 8:
        for number, name, original in sent:
            run, found = numbers.find(number) or (None, 0)
            assert run is not None
            assert (run.source, found) == (name, original)


def with_room(descriptor_id: int | None = None) -> HeaderRewriter[str]:
    return HeaderRewriter(
        0xCAFE, {96: 100}, clock_rate=90000, first_sequence=100, descriptor_id=descriptor_id, transport_id=3
    )


@given(st.binary(max_size=40), st.booleans(), st.booleans())
def test_the_room_for_the_number_is_at_one_place_whatever_else_the_packet_carries(
    descriptor: bytes, accepted: bool, again: bool
) -> None:
    numbers = with_room(2 if accepted else None)
    media = packet(7, timestamp=5, descriptor=descriptor)
    numbers.begin("a", media)
    buffer = bytearray(b"\xff" * 200)
    start = numbers.write(buffer, media)
    if again:
        found = numbers.find(100)
        assert found is not None
        start = numbers.write_again(buffer, media, found[0], payload_type=101, sequence=9, ssrc=8)
    buffer[NUMBER_AT : NUMBER_AT + 2] = b"\x12\x34"
    header = RtpHeader()
    header.parse(buffer, 200)
    assert header.payload_start == start
    assert header.ssrc == (8 if again else 0xCAFE)
    found_elements = {
        number: bytes(buffer[offset : offset + size])
        for number, offset, size in extensions.elements(
            buffer, header.extension_start, header.extension_end, header.extension_profile
        )
    }
    assert found_elements.pop(3) == b"\x12\x34"
    assert found_elements == ({2: descriptor} if accepted and descriptor else {})


@pytest.mark.parametrize("room", [False, True])
def test_padding_is_nothing_but_padding(room: bool) -> None:
    numbers = with_room() if room else rewriter()
    buffer = bytearray(b"\xff" * 400)
    length = numbers.write_padding(buffer, payload_type=101, sequence=0x12345, ssrc=8)
    header = RtpHeader()
    header.parse(buffer, length)
    assert (header.payload_type, header.sequence, header.ssrc) == (101, 0x2345, 8)
    assert header.payload_start == header.payload_end == length - PADDING
    assert (header.extension_profile != 0) is room


class Frame(NamedTuple):
    """A frame's packets, as a source numbers them."""

    picture: int
    kept: bool
    packets: list[int]


FRAMES = st.lists(st.tuples(st.booleans(), st.integers(1, 3)), min_size=1, max_size=60)


def source_frames(plan: list[tuple[bool, int]]) -> list[Frame]:
    frames, sequence = [Frame(0x7FFE, True, [70_000])], 70_001
    for index, (kept, packets) in enumerate(plan, 1):
        frames.append(Frame(0x7FFE + index & 0x7FFF, kept, list(range(sequence, sequence + packets))))
        sequence += packets
    return frames


def of_frame(frame: Frame, sequence: int) -> MediaPacket:
    layer = FrameLayer(starts_frame=sequence == frame.packets[0], picture_id=frame.picture, tl0_pic_idx=9)
    return MediaPacket(sequence, frame.picture, 0, 96, b"", arrival=0.0, layer=layer)


@given(FRAMES)
def test_what_is_left_out_leaves_no_hole(plan: list[tuple[bool, int]]) -> None:
    numbers = rewriter(first_sequence=0x7FF0)
    frames = source_frames(plan)
    numbers.begin("a", of_frame(frames[0], 70_000))
    sent: list[tuple[int, int]] = []
    pictures: list[int] = []
    for frame in frames:
        for sequence in frame.packets:
            media = of_frame(frame, sequence)
            if not frame.kept:
                numbers.skip(media)
                continue
            written = write(numbers, media)
            assert written is not None
            sent.append((written[0], sequence))
            buffer = bytearray(20) + b"\x90\xe0\x80\x00\x00\x00"
            numbers.finish(buffer, 20, media)
            picture = parse_vp8(buffer, 20, 26).picture_id
            if not pictures or pictures[-1] != picture:
                pictures.append(picture)
    assert [number for number, _ in sent] == [0x7FF0 + index for index in range(len(sent))]
    assert pictures == [0x7FFE + index & 0x7FFF for index in range(sum(frame.kept for frame in frames))]
    for number, sequence in sent:
        run, original = numbers.find(number) or (None, 0)
        assert run is not None
        assert original == sequence


@given(FRAMES, st.randoms(use_true_random=False))
def test_late_packets_find_their_places(plan: list[tuple[bool, int]], chance: random.Random) -> None:
    """Whatever is lost or overtaken: no number twice, numbers in the order of the source, each found again."""
    numbers = rewriter(first_sequence=100)
    frames = source_frames(plan)
    order = [(0.0, frames[0], 70_000)]
    for place, frame in enumerate(frames[1:], 1):
        for sequence in frame.packets:
            fate = chance.random()
            if fate > 0.1:
                order.append((place + (chance.randrange(1, 12) if fate > 0.8 else sequence / 100_000), frame, sequence))
    order.sort(key=lambda item: (item[0], item[2]))
    numbers.begin("a", of_frame(frames[0], 70_000))
    sent: dict[int, int] = {}
    for _, frame, sequence in order:
        media = of_frame(frame, sequence)
        if not frame.kept:
            numbers.skip(media)
        elif (written := write(numbers, media)) is not None:
            assert written[0] not in sent
            sent[written[0]] = sequence
    assert [sent[number] for number in sorted(sent)] == sorted(sent.values())
    kept = sum(sequence in frame.packets and frame.kept for _, frame, sequence in order)
    assert len(sent) == kept, "what is kept has its place, however late it comes"
    for number, sequence in sent.items():
        run, original = numbers.find(number) or (None, 0)
        assert run is not None
        assert original == sequence


@pytest.mark.parametrize(
    ("clock", "step"),
    [
        (None, 9_000),  # by the arrivals
        (50_000 + 3_000, 3_000),
        (50_000, 1),  # the same picture in another size
        (50_000 - 6_750, 1),
        (50_000 - 6_751, 9_000),  # no clock to go by
        (50_000 + 99_000, 99_000),
        (50_000 + 99_001, 9_000),
    ],
)
def test_a_switch_goes_by_the_publishers_clocks_if_they_make_sense(clock: int | None, step: int) -> None:
    numbers = rewriter()
    first = packet(7, timestamp=50_000, arrival=1.0)
    numbers.begin("a", first)
    write(numbers, first)
    second = packet(900, timestamp=123, arrival=1.1)
    numbers.begin("b", second, timestamp=clock)
    assert write(numbers, second) == (102, 50_000 + step)


def test_a_source_that_began_anew_has_a_new_clock() -> None:
    numbers = rewriter()
    numbers.begin("a", packet(7, timestamp=1_000, arrival=1.0))
    write(numbers, packet(7, timestamp=1_000, arrival=1.0))
    numbers.renew()
    numbers.begin("a", packet(90_000, timestamp=0xFFFF_0000, arrival=1.5))
    assert write(numbers, packet(90_000, timestamp=0xFFFF_0000, arrival=1.5)) == (102, 46_000)


@pytest.mark.parametrize("room", [None, 3])
def test_short_descriptors_are_written_like_long_ones(room: int | None) -> None:
    """The few bytes that nearly every packet has go another way than the others, to the same end."""
    numbers: HeaderRewriter[str] = HeaderRewriter(
        1, {96: 100}, clock_rate=90000, first_sequence=9, descriptor_id=5, transport_id=room
    )
    before = packet(6, descriptor=b"\x80\x00\x01")
    numbers.begin("a", before)
    write_all = [numbers.write(bytearray(60), before)]
    numbers.begin("b", packet(7, descriptor=b"\x80\xff\xff"))
    short, long = bytearray(60), bytearray(60)
    write_all += [numbers.write(short, packet(7, descriptor=b"\x81\xff\xff"))]
    numbers._short = 0
    write_all += [numbers.write(long, packet(7, descriptor=b"\x81\xff\xff"))]
    assert len(set(write_all)) == 1
    assert short == long


def test_the_highest_layer_that_is_passed_on_ends_the_picture() -> None:
    numbers = rewriter()
    lower = MediaPacket(7, 0, 0, 96, b"", arrival=0.0, layer=FrameLayer(starts_frame=True, ends_frame=True))
    numbers.begin("a", lower)
    buffer = bytearray(40)
    numbers.finish(buffer, numbers.write(buffer, lower), lower)
    assert not buffer[1] & 0x80
    numbers.limit(lower, 0)
    assert numbers.rewrites
    numbers.finish(buffer, numbers.write(buffer, lower), lower)
    assert buffer[1] & 0x80


def plain_header(
    media: MediaPacket, sequence: int, run: Run[str], transport_id: int | None, number: int | None
) -> bytes:
    """The header of a copy, put together field by field (RFC 3550 section 5.1, RFC 8285 section 4)."""
    elements = [] if transport_id is None else [(transport_id, bytes(2))]
    if number is not None and media.descriptor:
        frame = int.from_bytes(media.descriptor[1:3], "big") + run.frame_offset & 0xFFFF
        elements.append((number, media.descriptor[:1] + frame.to_bytes(2, "big") + media.descriptor[3:]))
    head = bytes([0x90 if elements else 0x80, media.marker | 100])
    head += struct.pack("!HII", sequence, media.timestamp + run.timestamp_offset & 0xFFFF_FFFF, 0xCAFE)
    if not elements:
        return head
    if all(identifier < 15 and len(data) <= 16 for identifier, data in elements):
        profile, body = 0xBEDE, b"" if transport_id is None else b"\0"
        for identifier, data in elements:
            body += bytes([identifier << 4 | len(data) - 1]) + data
    else:
        profile, body = 0x1000, b""
        for identifier, data in elements:
            body += bytes([identifier, len(data)]) + data
    body += bytes(-len(body) % 4)
    return head + struct.pack("!HH", profile, len(body) // 4) + body


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["next", "next", "next", "late", "switch", "skip"]),
            st.sampled_from([b"", b"", b"\x80\xff\xf0", b"\xc5\x12\x34", b"\x80\xff\xff" + bytes(9), bytes(30)]),
            st.integers(0, 0xFFFF_FFFF),
            st.sampled_from([0, 0x80]),
        ),
        min_size=1,
        max_size=40,
    ),
    st.sampled_from([None, 1, 3, 14]),
    st.sampled_from([None, 1, 5, 14, 15, 200]),
    st.integers(0, 0x7FFF),
)
def test_headers_are_those_that_are_put_together_field_by_field(
    steps: list[tuple[str, bytes, int, int]], transport_id: int | None, descriptor_id: int | None, first: int
) -> None:
    """By whichever of the short ways a header is written, and in whatever buffer: nothing of the last is left in it."""
    numbers: HeaderRewriter[str] = HeaderRewriter(
        0xCAFE,
        {96: 100},
        clock_rate=90000,
        first_sequence=first,
        descriptor_id=descriptor_id,
        transport_id=transport_id,
    )
    buffer = bytearray(b"\xa5" * 200)
    sequence, sources = 70_000, itertools.cycle("ab")
    late: list[MediaPacket] = []
    for at, (kind, descriptor, timestamp, marker) in enumerate(steps):
        sequence += 2 if kind == "late" else 1
        media = MediaPacket(sequence, timestamp, marker, 96, b"", arrival=at / 30, descriptor=descriptor)
        if kind == "late":
            late.append(MediaPacket(sequence - 1, timestamp, marker, 96, b"", arrival=at / 30, descriptor=descriptor))
        if at == 0 or kind == "switch":
            numbers.begin(next(sources), media)
            late.clear()
        elif kind == "skip":
            numbers.skip(media)
            continue
        for each in [media, *late]:
            start = numbers.write(buffer, each)
            if each.sequence != sequence and not start:
                continue  # of one that comes late, the place may have closed up
            found = numbers.find(int.from_bytes(buffer[2:4], "big"))
            assert found is not None
            assert found[1] == each.sequence
            expected = plain_header(
                each, each.sequence + found[0].sequence_offset & 0xFFFF, found[0], transport_id, descriptor_id
            )
            assert bytes(buffer[:start]) == expected
