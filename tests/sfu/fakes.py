"""Stand-ins for the network and SRTP, and packets to put on them."""

from __future__ import annotations

import struct

from sfu.control import Codec, EncodingParameters, Extensions, Kind, PublishTrack, SubscribeTrack
from sfu.forwarding.paced_sender import PacedSender
from sfu.native import new_way
from sfu.native.numbers import CopyNumbers
from sfu.rtp import rtcp
from sfu.rtp.rtcp import Packet
from tests.sfu import twin

OPUS = Codec("opus", 111, 48000)
VP8 = Codec("VP8", 96, 90000, 97)
VP8_DOWN = Codec("VP8", 100, 90000, 101)

KEY = bytes.fromhex("10 1000009d012a40014000") + b"sealed key frame"
"""A VP8 descriptor that starts a frame, and the codec header of a key frame."""
DELTA = bytes.fromhex("10 11") + b"sealed delta frame"
MORE = bytes.fromhex("00") + b"rest of a frame"


class FakeChannel:
    """A channel whose SRTP changes nothing. What is sent is kept."""

    def __init__(self) -> None:
        self.incoming = bytearray(1564)
        self.outgoing = bytearray(1564)
        self.way = new_way()
        self._served = twin.serve(self)
        self.sent: list[bytes] = []
        self.rtcp: list[bytes] = []
        self.forgotten_received: list[int] = []
        self.forgotten_sent: list[int] = []
        self.repeated: set[int] = set()
        self.unprotected = 0
        self.authentic = True

    def unprotect(self, length: int) -> int:
        self.unprotected += 1
        return length if self.authentic else -1

    def unprotect_rtcp(self, length: int) -> int:
        self.unprotected += 1
        return length if self.authentic else -1

    def send(self, length: int) -> None:
        self.sent.append(bytes(self.outgoing[:length]))

    def send_rtcp(self, packet: bytes) -> None:
        self.rtcp.append(packet)

    def share(self, copy: CopyNumbers) -> None:
        pass

    def allow_repeats(self, ssrc: int) -> None:
        self.repeated.add(ssrc)

    def forget_received(self, ssrc: int) -> None:
        self.forgotten_received.append(ssrc)

    def forget_sent(self, ssrc: int) -> None:
        self.forgotten_sent.append(ssrc)

    def put(self, packet: bytes) -> int:
        """Lay a packet into the incoming buffer; return its length."""
        self.incoming[: len(packet)] = packet
        return len(packet)

    def take_rtcp(self) -> list[Packet]:
        """Return what RTCP was sent since the last call."""
        packets = [packet for datagram in self.rtcp for packet in rtcp.parse(datagram)]
        self.rtcp.clear()
        return packets


def paced(channel: FakeChannel | None = None) -> PacedSender:
    """A sender on a channel of its own where none is given."""
    return PacedSender(channel or FakeChannel(), now=0.0)


def rtp(
    ssrc: int,
    sequence: int,
    payload: bytes = b"payload",
    *,
    payload_type: int = 96,
    timestamp: int = 0,
    marker: bool = False,
    extension: bytes = b"",
) -> bytes:
    """Build an RTP packet; ``extension`` is a whole block, its four-byte header included."""
    return (
        struct.pack(
            "!BBHII",
            0x90 if extension else 0x80,
            payload_type | (0x80 if marker else 0),
            sequence & 0xFFFF,
            timestamp & 0xFFFFFFFF,
            ssrc,
        )
        + extension
        + payload
    )


def one_byte_extension(*elements: tuple[int, bytes]) -> bytes:
    """Build an RFC 8285 one-byte block by hand."""
    body = b"".join(bytes([number << 4 | len(data) - 1]) + data for number, data in elements)
    body += bytes(-len(body) % 4)
    return struct.pack("!HH", 0xBEDE, len(body) // 4) + body


def publish(
    track: str = "camera",
    *,
    transport: str = "up",
    kind: Kind = "video",
    mid: str = "0",
    ssrc: int = 1000,
    rtx_ssrc: int = 0,
    codec: Codec | None = None,
    extensions: Extensions | None = None,
    encodings: list[EncodingParameters] | None = None,
) -> PublishTrack:
    """A request to publish, of one encoding where nothing else is said."""
    return PublishTrack(
        transport,
        track,
        mid,
        kind,
        [codec or (VP8 if kind == "video" else OPUS)],
        extensions or Extensions(),
        encodings or [EncodingParameters(ssrc, rtx_ssrc)],
    )


def subscribe(
    track: str = "camera",
    *,
    transport: str = "down",
    codec: Codec = VP8_DOWN,
    extensions: Extensions | None = None,
) -> SubscribeTrack:
    """A request to subscribe."""
    return SubscribeTrack(transport, track, [codec], extensions or Extensions())


class Draw:
    """Numbers that only look random to the code under test."""

    def __init__(self) -> None:
        self._next = 0x5000

    def __call__(self) -> int:
        self._next += 1
        return self._next
