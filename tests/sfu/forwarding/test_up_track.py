import struct
from pathlib import Path

from sfu.control import EncodingParameters, Extensions
from sfu.forwarding.down_track import DownTrack
from sfu.forwarding.up_encoding import UpEncoding
from sfu.forwarding.up_track import UpTrack
from sfu.rtp.packet import RtpHeader
from sfu.rtp.rtcp import Nack, PictureLossIndication
from sfu.streams.clock_map import RemoteClock
from tests.sfu.fakes import DELTA, KEY, VP8, VP8_DOWN, FakeChannel, one_byte_extension, paced, publish, rtp

SEEDS = Path(__file__).parents[2] / "fuzz" / "dependency_descriptor"


class Source:
    """An up track of one encoding, and a copy that is flowing."""

    def __init__(self, extensions: Extensions | None = None) -> None:
        self.channel = FakeChannel()
        request = publish(rtx_ssrc=2000, extensions=extensions)
        self.track = UpTrack(request, "ada", self.channel, RemoteClock(), report_ssrc=9)
        self.encoding: UpEncoding = self.track.encodings[0]
        self.down = FakeChannel()
        self.copy = DownTrack(
            self.track,
            paced(self.down),
            [(VP8, VP8_DOWN)],
            on_ended=lambda ended: None,
            descriptor_id=None if extensions is None else extensions.dependency_descriptor,
            transport_id=None,
            ssrc=50,
            rtx_ssrc=51,
            first_sequence=0,
            first_rtx_sequence=0,
        )
        self.encoding.add(self.copy)
        self.copy.resume(now=0.0)
        self.channel.rtcp.clear()

    def receive(self, packet: bytes, *, now: float = 0.0, rtx: bool = False) -> None:
        header = RtpHeader()
        length = self.channel.put(packet)
        header.parse(self.channel.incoming, length)
        (self.encoding.receive_rtx if rtx else self.encoding.receive)(self.channel.incoming, header, now=now)


def test_packets_are_kept_and_handed_on() -> None:
    source = Source()
    source.receive(rtp(1000, 1, KEY))
    source.receive(rtp(1000, 2, DELTA))
    assert len(source.down.sent) == 2
    source.copy.receive_nack([1], now=0.1)
    assert source.down.sent[2].endswith(DELTA)


def test_key_frames_are_told_by_the_dependency_descriptor_where_there_is_one() -> None:
    source = Source(Extensions(dependency_descriptor=4))
    delta = one_byte_extension((4, b"\x80\x00\x01"))
    structure = (SEEDS / "good_l1t3_key.bin").read_bytes()
    block = bytes([4, len(structure)]) + structure
    block += bytes(-len(block) % 4)
    source.receive(rtp(1000, 1, KEY, extension=delta))
    assert source.down.sent == []
    source.receive(rtp(1000, 2, DELTA, extension=struct.pack("!HH", 0x1000, len(block) // 4) + block))
    assert len(source.down.sent) == 1
    assert structure in source.down.sent[0]


def test_retransmissions_are_unwrapped_and_recovered_once() -> None:
    source = Source()
    source.receive(rtp(1000, 1, KEY))
    source.receive(rtp(1000, 3, DELTA))
    for number in (1, 2):
        source.receive(rtp(2000, number, b"\0\2" + DELTA, payload_type=97), rtx=True)
    source.receive(rtp(2000, 3, b"", payload_type=97), rtx=True)
    source.receive(rtp(2000, 4, b"\0\2" + DELTA, payload_type=98), rtx=True)
    assert [packet[12:] for packet in source.down.sent] == [KEY, DELTA, DELTA]


def test_too_many_gaps_ask_for_a_key_frame_instead() -> None:
    source = Source()
    source.receive(rtp(1000, 1, KEY))
    source.receive(rtp(1000, 1500, DELTA), now=1.0)
    source.encoding.handle_timer(rtt=0.0, now=1.1)
    assert PictureLossIndication(9, 1000) in source.channel.take_rtcp()


def test_an_encoding_without_ssrc_asks_for_nothing() -> None:
    channel = FakeChannel()
    request = publish(encodings=[EncodingParameters()])
    encoding = UpTrack(request, "ada", channel, RemoteClock(), report_ssrc=9).encodings[0]
    encoding.request_key_frame(now=0.0)
    assert channel.rtcp == []
    encoding.bind(77)
    encoding.handle_timer(rtt=0.0, now=1.0)
    assert channel.take_rtcp() == [PictureLossIndication(9, 77)]


def test_when_the_last_copy_goes_nobody_needs_a_key_frame() -> None:
    source = Source()
    source.copy.close()
    source.encoding.handle_timer(rtt=0.0, now=5.0)
    assert source.channel.rtcp == []


def test_nacks_name_the_encoding() -> None:
    source = Source()
    source.receive(rtp(1000, 65535, KEY))
    source.receive(rtp(1000, 1, DELTA))
    source.encoding.handle_timer(rtt=0.0, now=0.05)
    assert source.channel.take_rtcp() == [Nack(9, 1000, [0])]
