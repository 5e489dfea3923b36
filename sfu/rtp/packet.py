"""RTP headers (RFC 3550 section 5.1), read in place on the receive buffer, and packets as they are kept."""

from __future__ import annotations

from struct import Struct

from sfu.rtp.errors import ParseError
from sfu.rtp.layers import PLAIN, FrameLayer

HEADER_SIZE = 12
"""Bytes of an RTP header without CSRCs and extensions (RFC 3550 section 5.1)."""

MAX_DATAGRAM = 1500
"""Bytes. No path over Ethernet carries more in one piece, and browsers keep to 1200. Higher would only cost buffers."""

_FIRST_WORDS = Struct("!BBHII").unpack_from
_LENGTH = Struct("!HH").unpack_from
WRITE_HEADER = Struct("!III").pack_into
"""Writes version to sequence number, timestamp, SSRC: all that differs between two subscribers' copies."""


class RtpHeader:
    """One RTP header's fields. One object is reused for every packet, so that receiving allocates nothing."""

    __slots__ = (
        "extension_end",
        "extension_profile",
        "extension_start",
        "marker",
        "payload_end",
        "payload_start",
        "payload_type",
        "sequence",
        "ssrc",
        "timestamp",
    )

    marker: int
    """0x80 when set, as on the wire."""
    extension_profile: int
    """0xBEDE or 0x1000 to 0x100F (RFC 8285), another value that nobody reads, or 0 where there is no extension."""
    extension_start: int
    """Offset of the first element, behind the block's own four bytes."""

    def __init__(self) -> None:
        self.payload_type = self.marker = self.sequence = self.timestamp = self.ssrc = 0
        self.extension_profile = self.extension_start = self.extension_end = 0
        self.payload_start = self.payload_end = 0

    def parse(self, buffer: bytes | bytearray, length: int) -> None:
        """Read the header of the packet in ``buffer[:length]``. Raises `ParseError` if it contradicts itself.

        Padding (RFC 3550 section 5.1) is taken off ``payload_end``: a packet of padding alone has an empty payload.
        """
        if length < HEADER_SIZE:
            raise ParseError("RTP packet shorter than its header")
        first, second, self.sequence, self.timestamp, self.ssrc = _FIRST_WORDS(buffer, 0)
        if first & 0xC0 != 0x80:
            raise ParseError("RTP version is not 2")
        self.marker = second & 0x80
        self.payload_type = second & 0x7F
        start = HEADER_SIZE + 4 * (first & 0x0F)
        if first & 0x10:
            if start + 4 > length:
                raise ParseError("RTP extension is cut off")
            profile, words = _LENGTH(buffer, start)
            self.extension_profile = profile
            self.extension_start = start + 4
            self.extension_end = start = start + 4 + 4 * words
        else:
            self.extension_profile = 0
            self.extension_start = self.extension_end = start
        if start > length:
            raise ParseError("RTP header is longer than its packet")
        end = length
        if first & 0x20:
            end -= buffer[length - 1]
            if end < start or end == length:
                raise ParseError("RTP padding is longer than its packet")
        self.payload_start = start
        self.payload_end = end


class MediaPacket:
    """A received packet as it is kept and copied: all that a subscriber gets, in clear for SRTP, sealed by SFrame."""

    __slots__ = (
        "arrival", "descriptor", "keyframe", "layer", "marker", "payload", "payload_type", "sequence", "timestamp",
    )  # fmt: skip

    def __init__(
        self,
        sequence: int,
        timestamp: int,
        marker: int,
        payload_type: int,
        payload: bytes | bytearray,
        *,
        arrival: float,
        keyframe: bool = False,
        descriptor: bytes = b"",
        layer: FrameLayer = PLAIN,
    ) -> None:
        self.sequence = sequence
        """Unwrapped."""
        self.timestamp = timestamp
        """As on the wire."""
        self.marker = marker
        """0x80 when set."""
        self.payload_type = payload_type
        """The publisher's."""
        self.payload = payload
        """Never changed. A bytearray where it is to be copied often: CPython lays bytes into a bytearray by way of a
        temporary copy (bytearray_ass_subscript), which takes five times as long."""
        self.arrival = arrival
        """Seconds on the worker's clock."""
        self.keyframe = keyframe
        """First packet of a key frame."""
        self.descriptor = descriptor
        """The Dependency Descriptor's bytes, empty where there is none."""
        self.layer = layer


def is_rtcp(second_byte: int) -> bool:
    """Tell RTCP from RTP where both share a port (RFC 5761 section 4): packet types 192 to 223."""
    return 192 <= second_byte <= 223
