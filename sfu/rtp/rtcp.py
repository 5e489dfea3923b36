"""RTCP packets: read tolerantly, write exactly (RFC 3550 section 6, RFC 4585, RFC 5104, REMB, transport-wide feedback)."""

from __future__ import annotations

from dataclasses import dataclass, field

Buffer = bytes | bytearray | memoryview


@dataclass(slots=True)
class ReportBlock:
    """What one receiver says of one source (RFC 3550 section 6.4.1)."""

    ssrc: int
    fraction_lost: int
    """Since the previous report, in 1/256."""
    cumulative_lost: int
    """Signed 24 bits: duplicates may make it negative."""
    highest_sequence: int
    """Cycles in the upper 16 bits."""
    jitter: int
    """In RTP timestamp units."""
    last_sr: int = 0
    """Middle 32 bits of the NTP time of the last SR, 0 for none."""
    delay_since_last_sr: int = 0
    """In 1/65536 s."""


@dataclass(slots=True)
class SenderReport:
    """SR (packet type 200)."""

    ssrc: int
    ntp: int
    """64 bits, 32.32 seconds."""
    rtp_timestamp: int
    packet_count: int
    octet_count: int
    reports: list[ReportBlock] = field(default_factory=list)

    def to_bytes(self) -> bytes:
        """Return the packet as it goes on the wire."""
        raise NotImplementedError


@dataclass(slots=True)
class ReceiverReport:
    """RR (packet type 201)."""

    ssrc: int
    reports: list[ReportBlock] = field(default_factory=list)

    def to_bytes(self) -> bytes:
        """Return the packet as it goes on the wire."""
        raise NotImplementedError


@dataclass(slots=True)
class SourceDescription:
    """SDES (packet type 202), CNAME alone: other items are read over and never kept."""

    cnames: list[tuple[int, bytes]]
    """(SSRC, CNAME) per chunk; empty where a chunk has none."""

    def to_bytes(self) -> bytes:
        """Return the packet as it goes on the wire."""
        raise NotImplementedError


@dataclass(slots=True)
class Goodbye:
    """BYE (packet type 203); the reason text is read over."""

    sources: list[int]

    def to_bytes(self) -> bytes:
        """Return the packet as it goes on the wire."""
        raise NotImplementedError


@dataclass(slots=True)
class Nack:
    """Generic NACK (RTPFB, format 1; RFC 4585 section 6.2.1)."""

    sender_ssrc: int
    media_ssrc: int
    lost: list[int]
    """16-bit sequence numbers. Written in the order given: give them ascending (modulo 2^16) to pack well."""

    def to_bytes(self) -> bytes:
        """Return the packet as it goes on the wire."""
        raise NotImplementedError


@dataclass(slots=True)
class PictureLossIndication:
    """PLI (PSFB, format 1; RFC 4585 section 6.3.1)."""

    sender_ssrc: int
    media_ssrc: int

    def to_bytes(self) -> bytes:
        """Return the packet as it goes on the wire."""
        raise NotImplementedError


@dataclass(slots=True)
class FullIntraRequest:
    """FIR (PSFB, format 4; RFC 5104 section 4.3.1)."""

    sender_ssrc: int
    entries: list[tuple[int, int]]
    """(SSRC asked for a key frame, command number)."""

    def to_bytes(self) -> bytes:
        """Return the packet as it goes on the wire."""
        raise NotImplementedError


@dataclass(slots=True)
class ReceiverEstimate:
    """REMB (PSFB, format 15; draft-alvestrand-rmcat-remb-03). Read so that it does no harm; nothing acts on it."""

    sender_ssrc: int
    bitrate: int
    """In bit/s."""
    ssrcs: list[int]


@dataclass(slots=True)
class TransportFeedback:
    """Transport-wide feedback (RTPFB, format 15; draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1)."""

    sender_ssrc: int
    media_ssrc: int
    base_sequence: int
    """16 bits: the first transport-wide sequence number that is reported on."""
    status_count: int
    """How many numbers are reported on; those absent from `arrivals` did not arrive."""
    feedback_count: int
    """8 bits, one more with every feedback packet."""
    arrivals: list[tuple[int, int]]
    """(offset from base_sequence, arrival time in ticks of 250 µs), offsets ascending; the sender's clock, 24 + 8 bits."""

    def to_bytes(self) -> bytes:
        """Return the packet as it goes on the wire. Raises ValueError if a delta does not fit 16 bits."""
        raise NotImplementedError


Packet = (
    SenderReport
    | ReceiverReport
    | SourceDescription
    | Goodbye
    | Nack
    | PictureLossIndication
    | FullIntraRequest
    | ReceiverEstimate
    | TransportFeedback
)


def parse(data: Buffer) -> list[Packet]:
    """Read a compound or reduced-size (RFC 5506) packet; unknown types and formats are read over. Raises ParseError."""
    raise NotImplementedError
