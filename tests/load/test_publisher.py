"""What a person sends is what its format says, key frames come when they are asked for, and lost packets again."""

from __future__ import annotations

import time
from typing import cast

import pytest

from sfu.rtp import dependency_descriptor, rtcp
from sfu.rtp.extensions import find
from sfu.rtp.packet import RtpHeader
from sfu.rtp.payload_descriptor import parse_vp8, vp8_key_frame_height
from tests.load.line import Line
from tests.load.publisher import DESCRIPTOR, KEPT, SENT_AT, STAMP, Publisher
from tests.load.scenarios import LARGE, LAYERED, PICTURE, SOUND, Format

PAYLOAD = 20


class FakeLine:
    """Keeps what was sent; SRTP changes nothing."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.on_packet = lambda packet: None

    def protect(self, packet: bytes) -> bytes:
        return packet

    def send_rtp(self, packet: bytes) -> None:
        self.sent.append(packet)

    send_raw = send_rtp
    send_rtcp = send_rtp


def person(*formats: Format, described_by: int = 0, loss: float = 0.0) -> tuple[Publisher, FakeLine]:
    line = FakeLine()
    publisher = Publisher(
        7,
        cast(Line, line),
        formats or (SOUND, PICTURE, LARGE),
        transport_cc=5,
        dependency_descriptor=described_by,
        loss=loss,
    )
    for stream in publisher.streams:
        stream.audience = 3
    return publisher, line


@pytest.mark.parametrize("place", [0, 1, 2])
def test_packets_are_as_the_format_says(place: int) -> None:
    publisher, line = person()
    stream = publisher.streams[place]
    for _ in range(2 * stream.form.per_frame):
        stream.send()
    assert {len(packet) for packet in line.sent} == {stream.form.size}
    numbers = [int.from_bytes(packet[2:4], "big") for packet in line.sent]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert [int.from_bytes(packet[17:19], "big") for packet in line.sent] == list(range(1, len(numbers) + 1))
    assert {packet[16] for packet in line.sent} == {0x51}
    ages = [time.time_ns() - SENT_AT.unpack_from(packet, PAYLOAD + STAMP)[0] for packet in line.sent]
    assert all(0 <= age < 60_000_000_000 for age in ages)
    assert (stream.sent, stream.expected) == (len(numbers), 3 * len(numbers))


def test_frames_begin_and_end_and_key_frames_come_when_asked_for() -> None:
    publisher, line = person()
    stream = publisher.streams[1]
    for request in (
        rtcp.PictureLossIndication(1, stream.ssrc),
        rtcp.FullIntraRequest(1, [(stream.ssrc, 1)]),
        rtcp.PictureLossIndication(1, 4711),
    ):
        for _ in range(4):
            stream.send()
        line.on_packet(memoryview(request.to_bytes()))  # type: ignore[no-untyped-call]
    for _ in range(4):
        stream.send()
    descriptors = [parse_vp8(packet, PAYLOAD, len(packet)) for packet in line.sent]
    assert [one.starts_frame for one in descriptors] == [True, False] * 8
    assert [one.picture_id for one in descriptors] == [n for n in range(1, 9) for _ in range(2)]
    assert [bool(packet[1] & 0x80) for packet in line.sent] == [False, True] * 8
    firsts = line.sent[::2]
    keys = [not packet[PAYLOAD + DESCRIPTOR.size] & 1 for packet in firsts]
    assert keys == [True, False, True, False, True, False, False, False]
    assert vp8_key_frame_height(firsts[0], PAYLOAD, len(firsts[0])) == PICTURE.height


def test_layers_are_described_on_every_packet_and_announced_by_key_frames() -> None:
    publisher, line = person(LAYERED, described_by=4)
    stream = publisher.streams[0]
    for _ in range(6 * 2):
        stream.send()
    line.on_packet(memoryview(rtcp.PictureLossIndication(1, stream.ssrc).to_bytes()))  # type: ignore[no-untyped-call]
    for _ in range(4 * 2):
        stream.send()
    assert {len(packet) for packet in line.sent} == {LAYERED.size}
    header, reader, read = RtpHeader(), dependency_descriptor.Reader(), []
    for number, packet in enumerate(line.sent, 1):
        header.parse(packet, len(packet))
        block = (header.extension_start, header.extension_end, header.extension_profile)
        at, length = find(packet, *block, 5)
        assert (int.from_bytes(packet[at : at + length], "big"), length) == (number, 2)
        read.append(reader.read(packet, *find(packet, *block, 4)))
        vp8 = parse_vp8(packet, header.payload_start, header.payload_end)
        assert vp8.temporal_id == read[-1].temporal_id
        assert vp8.starts_frame == read[-1].start_of_frame
        assert bool(header.marker) == read[-1].end_of_frame
        assert vp8.picture_id == read[-1].frame_number
        sent_at = SENT_AT.unpack_from(packet, header.payload_start + STAMP)[0]
        assert 0 <= time.time_ns() - sent_at < 60_000_000_000
    assert [one.key_frame for one in read] == [place in (0, 12) for place in range(20)]
    assert [one.temporal_id for one in read[::2]] == [0, 2, 1, 2, 0, 2, 0, 2, 1, 2]


def test_where_the_descriptor_is_not_negotiated_vp8_alone_tells_of_layers() -> None:
    publisher, line = person(LAYERED)
    for _ in range(4 * 2):
        publisher.streams[0].send()
    assert {len(packet) for packet in line.sent} == {LAYERED.size}
    assert {packet[16] for packet in line.sent} == {0x51}
    layers = [parse_vp8(packet, PAYLOAD, len(packet)).temporal_id for packet in line.sent]
    assert layers == [0, 0, 2, 2, 1, 1, 2, 2]


def test_what_nobody_gets_is_not_sent() -> None:
    publisher, line = person()
    publisher.streams[0].audience = 0
    publisher.streams[0].send()
    assert line.sent == []
    assert publisher.streams[0].sent == publisher.streams[0].expected == 0


def test_lost_packets_are_sent_when_they_are_asked_for() -> None:
    publisher, line = person(loss=0.5)
    stream = publisher.streams[0]
    for _ in range(KEPT + 100):
        stream.send()
    assert 0.3 < len(line.sent) / (KEPT + 100) < 0.7
    assert len(stream.kept) == KEPT
    sent = {int.from_bytes(packet[2:4], "big") for packet in line.sent}
    lost = [number for number in stream.kept if number not in sent][:5]
    line.sent.clear()
    line.on_packet(memoryview(rtcp.Nack(1, stream.ssrc, [*lost, 7]).to_bytes()))  # type: ignore[no-untyped-call]
    assert [int.from_bytes(packet[2:4], "big") for packet in line.sent] == lost
