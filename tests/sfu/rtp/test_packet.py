import pytest
from aiortc.rtp import RtpPacket
from hypothesis import example, given
from hypothesis import strategies as st

from sfu.rtp.errors import ParseError
from sfu.rtp.packet import RtpHeader, is_rtcp
from tests.sfu.fakes import one_byte_extension, rtp


def parse(packet: bytes) -> RtpHeader:
    header = RtpHeader()
    header.parse(packet, len(packet))
    return header


def test_reads_the_fixed_header() -> None:
    header = parse(bytes.fromhex("80e0 fffe 01020304 a1a2a3a4 ff"))
    assert (header.marker, header.payload_type, header.sequence) == (0x80, 96, 0xFFFE)
    assert (header.timestamp, header.ssrc) == (0x01020304, 0xA1A2A3A4)
    assert (header.extension_profile, header.payload_start, header.payload_end) == (0, 12, 13)


def test_finds_payload_behind_sources_extension_and_before_padding() -> None:
    packet = bytes.fromhex("b2600001 00000002 00000003 00000004 00000005 bede0001 10aa0000 616263 000003")
    header = parse(packet)
    assert header.extension_profile == 0xBEDE
    assert packet[header.extension_start : header.extension_end] == bytes.fromhex("10aa0000")
    assert packet[header.payload_start : header.payload_end] == b"abc"


def test_agrees_with_aiortc() -> None:
    packet = rtp(7, 8, b"hello", timestamp=9, marker=True, extension=one_byte_extension((1, b"x"), (3, b"yz")))
    ours, theirs = parse(packet), RtpPacket.parse(packet)
    assert ours.sequence == theirs.sequence_number
    assert ours.timestamp == theirs.timestamp
    assert ours.ssrc == theirs.ssrc
    assert bool(ours.marker) is bool(theirs.marker)
    assert packet[ours.payload_start : ours.payload_end] == theirs.payload


def test_reused_header_forgets_the_extension_before() -> None:
    header = RtpHeader()
    with_extension = rtp(1, 1, extension=one_byte_extension((1, b"x")))
    header.parse(with_extension, len(with_extension))
    without = rtp(1, 2)
    header.parse(without, len(without))
    assert header.extension_profile == 0
    assert header.extension_start == header.extension_end == 12


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        bytes(11),
        bytes.fromhex("00600001 00000002 00000003"),  # version 0
        bytes.fromhex("8f600001 00000002 00000003"),  # fifteen sources that are not there
        bytes.fromhex("90600001 00000002 00000003 bede"),  # extension cut off
        bytes.fromhex("90600001 00000002 00000003 bedeffff 00000000"),  # extension longer than the packet
        bytes.fromhex("a0600001 00000002 00000003 00"),  # padding of no bytes
        bytes.fromhex("a0600001 00000002 00000003 0003"),  # padding into the header
    ],
)
def test_refuses_what_contradicts_itself(packet: bytes) -> None:
    with pytest.raises(ParseError):
        parse(packet)


def test_padding_alone_leaves_an_empty_payload() -> None:
    header = parse(bytes.fromhex("a0600001 00000002 00000003 00000004"))
    assert header.payload_start == header.payload_end == 12


@given(st.binary(max_size=80))
@example(bytes.fromhex("b1ff"))
def test_bytes_that_parse_stay_within_the_packet(packet: bytes) -> None:
    header = RtpHeader()
    try:
        header.parse(packet, len(packet))
    except ParseError:
        return
    assert 12 <= header.extension_start <= header.extension_end <= len(packet)
    assert header.extension_end <= header.payload_start <= header.payload_end <= len(packet)


def test_bytes_behind_the_length_are_not_read() -> None:
    packet = bytearray(rtp(1, 1, b"abc")) + bytearray(b"left over from the packet before")
    header = RtpHeader()
    header.parse(packet, 15)
    assert header.payload_end == 15


@pytest.mark.parametrize(
    ("second", "rtcp"), [(191, False), (192, True), (200, True), (223, True), (224, False), (96, False)]
)
def test_tells_rtcp_from_rtp(second: int, rtcp: bool) -> None:
    assert is_rtcp(second) is rtcp
