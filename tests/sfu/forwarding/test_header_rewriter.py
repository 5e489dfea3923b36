import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.forwarding.header_rewriter import NUMBER_AT, PADDING, RUN_GAP, HeaderRewriter
from sfu.rtp import extensions
from sfu.rtp.packet import MediaPacket, RtpHeader


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
