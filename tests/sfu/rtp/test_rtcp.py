from typing import Any

import aiortc.rtp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.rtp import rtcp
from sfu.rtp.errors import ParseError
from sfu.rtp.transport_feedback import TransportFeedback

WORD = st.integers(0, 0xFFFFFFFF)
SEQUENCE = st.integers(0, 0xFFFF)
BLOCK = st.builds(rtcp.ReportBlock, WORD, st.integers(0, 255), st.integers(-0x800000, 0x7FFFFF), WORD, WORD, WORD, WORD)
PACKET: st.SearchStrategy[Any] = st.one_of(
    st.builds(rtcp.SenderReport, WORD, st.integers(0, 2**64 - 1), WORD, WORD, WORD, st.lists(BLOCK, max_size=31)),
    st.builds(rtcp.ReceiverReport, WORD, st.lists(BLOCK, max_size=31)),
    st.builds(rtcp.SourceDescription, st.lists(st.tuples(WORD, st.binary(max_size=255)), max_size=5)),
    st.builds(rtcp.Goodbye, st.lists(WORD, max_size=31)),
    st.builds(rtcp.Nack, WORD, WORD, st.lists(SEQUENCE, unique=True).map(sorted)),
    st.builds(rtcp.PictureLossIndication, WORD, WORD),
    st.builds(rtcp.FullIntraRequest, WORD, st.lists(st.tuples(WORD, st.integers(0, 255)), max_size=5)),
)

GOLDEN: list[tuple[Any, str]] = [
    (
        rtcp.SenderReport(
            0x01020304, 0x8000000140000000, 0x11223344, 7, 700, [rtcp.ReportBlock(5, 64, -1, 6, 7, 8, 9)]
        ),
        "81c8000c 01020304 80000001 40000000 11223344 00000007 000002bc"
        "00000005 40ffffff 00000006 00000007 00000008 00000009",
    ),
    (rtcp.ReceiverReport(0x01020304), "80c90001 01020304"),
    (
        rtcp.SourceDescription([(1, b"abc"), (2, b"abcdef")]),
        "82ca0007 00000001 01036162 63000000 00000002 01066162 63646566 00000000",
    ),
    (rtcp.Goodbye([0xAABBCCDD]), "81cb0001 aabbccdd"),
    (rtcp.Nack(1, 2, [0xFFFE, 0xFFFF, 0, 14, 15]), "81cd0004 00000001 00000002 fffe 8003 000f 0000"),
    (rtcp.PictureLossIndication(1, 2), "81ce0002 00000001 00000002"),
    (rtcp.FullIntraRequest(1, [(2, 3)]), "84ce0004 00000001 00000000 00000002 03000000"),
]


@pytest.mark.parametrize(("packet", "wire"), GOLDEN)
def test_golden_bytes(packet: Any, wire: str) -> None:
    assert packet.to_bytes() == bytes.fromhex(wire)
    assert rtcp.parse(bytes.fromhex(wire)) == [packet]


def test_an_independent_library_reads_what_we_write() -> None:
    compound = b"".join(packet.to_bytes() for packet, _ in GOLDEN if not isinstance(packet, rtcp.SourceDescription))
    packets: list[Any] = aiortc.rtp.RtcpPacket.parse(compound)
    sr, rr, bye, nack, pli, fir = packets
    assert sr.sender_info.ntp_timestamp == 0x8000000140000000
    assert sr.reports[0].packets_lost == -1
    assert rr.ssrc == 0x01020304
    assert bye.sources == [0xAABBCCDD]
    assert [lost & 0xFFFF for lost in nack.lost] == [0xFFFE, 0xFFFF, 0, 14, 15]
    assert (pli.fmt, pli.media_ssrc) == (1, 2)
    assert fir.fmt == 4
    sdes: list[Any] = aiortc.rtp.RtcpPacket.parse(rtcp.SourceDescription([(1, b"abc")]).to_bytes())
    assert [(chunk.ssrc, chunk.items) for chunk in sdes[0].chunks] == [(1, [(1, b"abc")])]


def test_we_read_what_an_independent_library_writes() -> None:
    source = aiortc.rtp.RtcpSourceInfo(ssrc=9, items=[(2, b"a name"), (1, b"cname")])
    data = bytes(aiortc.rtp.RtcpSdesPacket(chunks=[source]))
    remb = aiortc.rtp.pack_remb_fci(1_500_000, [3, 4])
    data += bytes(aiortc.rtp.RtcpPsfbPacket(fmt=15, ssrc=1, media_ssrc=0, fci=remb))
    assert rtcp.parse(data) == [
        rtcp.SourceDescription([(9, b"cname")]),
        rtcp.ReceiverEstimate(1, aiortc.rtp.unpack_remb_fci(remb)[0], [3, 4]),
    ]


@given(st.lists(PACKET, max_size=4))
def test_a_compound_survives_the_round_trip(packets: list[Any]) -> None:
    assert rtcp.parse(b"".join(packet.to_bytes() for packet in packets)) == packets


@given(st.lists(PACKET, min_size=1, max_size=3), st.data())
def test_a_truncated_compound_raises_parse_error_or_is_a_shorter_one(packets: list[Any], data: st.DataObject) -> None:
    wires = [packet.to_bytes() for packet in packets]
    whole = b"".join(wires)
    cut = data.draw(st.integers(0, len(whole) - 1))
    try:
        parsed = rtcp.parse(whole[:cut])
    except ParseError:
        return
    assert parsed == packets[: len(parsed)]
    assert sum(len(wire) for wire in wires[: len(parsed)]) == cut


def test_a_reference_time_goes_out_and_its_answers_are_read() -> None:
    """The layouts of RFC 3611, sections 4.4 and 4.5; a block of another type stands between."""
    wire = rtcp.ReferenceTime(1, 0x0102030405060708).to_bytes()
    assert wire == bytes.fromhex("80cf0004 00000001 04000002 01020304 05060708")
    assert rtcp.parse(wire) == []
    answers = "05000006 00000001 03040506 00010000 00000002 00000003 00000004"
    answer = bytes.fromhex(f"80cf000e 00000009 {answers} 07000001 00000000 05000003 00000005 00000006 00000007")
    assert rtcp.parse(answer) == [rtcp.ReferenceAnswer(9, [(1, 0x03040506, 0x10000), (2, 3, 4), (5, 6, 7)])]


def test_transport_feedback_is_read_among_the_others() -> None:
    feedback = TransportFeedback(1, 2, 3, 1, 4, [(0, 5)])
    assert rtcp.parse(rtcp.PictureLossIndication(1, 2).to_bytes() + feedback.to_bytes())[1] == feedback


def test_unknown_types_and_formats_are_read_over() -> None:
    application = bytes.fromhex("80cc0002 00000001 6e616d65")
    extended_report = bytes.fromhex("80cf0001 00000001")
    unknown_feedback = bytes.fromhex("87cd0002 00000001 00000002")
    not_remb = bytes.fromhex("8fce0003 00000001 00000000 58585858")
    pli = rtcp.PictureLossIndication(1, 2)
    assert rtcp.parse(application + extended_report + unknown_feedback + not_remb + pli.to_bytes()) == [pli]


def test_padding_is_left_out() -> None:
    assert rtcp.parse(bytes.fromhex("a1cb0002 aabbccdd 00000004")) == [rtcp.Goodbye([0xAABBCCDD])]


def test_a_chunk_that_fills_its_packet_needs_no_end_mark() -> None:
    assert rtcp.parse(bytes.fromhex("81ca0002 00000001 01026162")) == [rtcp.SourceDescription([(1, b"ab")])]


def test_a_goodbye_may_carry_a_reason() -> None:
    assert rtcp.parse(bytes.fromhex("81cb0002 aabbccdd 03627965")) == [rtcp.Goodbye([0xAABBCCDD])]


@pytest.mark.parametrize(
    "wire",
    [
        "80",  # cut in the header
        "80c90001",  # cut in the body
        "40c90001 00000001",  # version 1
        "a0c90001 00000000",  # padding of no length
        "a0c90001 00000005",  # padding longer than the packet
        "a0c90000",  # padding without a body
        "81c90001 00000001",  # a report that is not there
        "80c80001 00000001",  # sender report without its sender's half
        "82cb0001 00000001",  # a source that is not there
        "81ca0000",  # a chunk that is not there
        "81ca0002 00000001 01ff6162",  # an item beyond the end
        "81cd0001 00000001",  # feedback without a media source
        "84ce0003 00000001 00000002 00000003",  # half a FIR entry
        "8fce0003 00000001 00000000 52454d42",  # REMB without a bitrate
        "8fce0004 00000001 00000000 52454d42 02000000",  # REMB without its sources
        "8fcd0002 00000001 00000002",  # transport feedback without a body
        "80cf0000",  # an extended report of nobody
        "80cf0002 00000001 05000003",  # a block beyond the end
        "80cf0003 00000001 05000001 00000002",  # a third of an answer
    ],
)
def test_malformed_packets_raise_parse_error(wire: str) -> None:
    with pytest.raises(ParseError):
        rtcp.parse(bytes.fromhex(wire))


def test_too_many_items_are_a_programming_error() -> None:
    with pytest.raises(ValueError, match="31"):
        rtcp.Goodbye(list(range(32))).to_bytes()


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_every_kind_of_buffer_is_read(kind: Any) -> None:
    assert rtcp.parse(kind(bytes.fromhex("81cb0001 aabbccdd"))) == [rtcp.Goodbye([0xAABBCCDD])]
