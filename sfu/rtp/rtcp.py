"""RTCP packets: read tolerantly, write exactly (RFC 3550 section 6, RFC 3611, RFC 4585, RFC 5104, REMB).

Transport-wide feedback has a file of its own, `transport_feedback`; `parse` returns it among the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from struct import Struct

from sfu.rtp.errors import ParseError
from sfu.rtp.transport_feedback import TransportFeedback as TransportFeedback  # one of the packets that `parse` returns
from sfu.rtp.transport_feedback import UnreadFeedback as UnreadFeedback
from sfu.rtp.transport_feedback import parse_body

_SR, _RR, _SDES, _BYE, _RTPFB, _PSFB, _XR = 200, 201, 202, 203, 205, 206, 207
"""Packet types (RFC 3550 section 12.1, RFC 4585 section 6.1, RFC 3611 section 2)."""

_NACK, _TRANSPORT_FEEDBACK = 1, 15
"""Formats of RTPFB."""

_PLI, _FIR, _APPLICATION = 1, 4, 15
"""Formats of PSFB."""

_REFERENCE_TIME, _REFERENCE_ANSWER = 4, 5
"""Blocks of an extended report (RFC 3611 sections 4.4 and 4.5)."""

_MAX_COUNT = 31
"""Reports, chunks or sources in one packet: the header has five bits for it."""

_HEADER = Struct("!BBH")
_WORD = Struct("!I")
_TWO_WORDS = Struct("!II")
_SENDER_INFO = Struct("!IQIII")
_REPORT = Struct("!IIIIII")
_NACK_ITEM = Struct("!HH")
_BLOCK = Struct("!BBH")
_ANSWER = Struct("!III")


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
        """Return the packet as it goes on the wire. Raises ValueError for more than 31 reports."""
        info = _SENDER_INFO.pack(
            self.ssrc, self.ntp, self.rtp_timestamp, self.packet_count & 0xFFFFFFFF, self.octet_count & 0xFFFFFFFF
        )
        return _packet(len(self.reports), _SR, info + _write_reports(self.reports))


@dataclass(slots=True)
class ReceiverReport:
    """RR (packet type 201)."""

    ssrc: int
    reports: list[ReportBlock] = field(default_factory=list)

    def to_bytes(self) -> bytes:
        """Return the packet as it goes on the wire. Raises ValueError for more than 31 reports."""
        return _packet(len(self.reports), _RR, _WORD.pack(self.ssrc) + _write_reports(self.reports))


@dataclass(slots=True)
class SourceDescription:
    """SDES (packet type 202), CNAME alone: other items may hold names and are read over, never kept."""

    cnames: list[tuple[int, bytes]]
    """(SSRC, CNAME) per chunk; the CNAME is empty where a chunk has none."""

    def to_bytes(self) -> bytes:
        """Return the packet as it goes on the wire. Raises ValueError for a CNAME of more than 255 bytes."""
        body = b""
        for ssrc, cname in self.cnames:
            chunk = _WORD.pack(ssrc) + bytes([1, len(cname)]) + cname
            body += chunk + bytes(4 - len(chunk) % 4)  # one to four: the item list ends with a zero
        return _packet(len(self.cnames), _SDES, body)


@dataclass(slots=True)
class Goodbye:
    """BYE (packet type 203); the reason text is read over."""

    sources: list[int]

    def to_bytes(self) -> bytes:
        """Return the packet as it goes on the wire. Raises ValueError for more than 31 sources."""
        return _packet(len(self.sources), _BYE, b"".join(_WORD.pack(ssrc) for ssrc in self.sources))


@dataclass(slots=True)
class Nack:
    """Generic NACK (RTPFB, format 1; RFC 4585 section 6.2.1)."""

    sender_ssrc: int
    media_ssrc: int
    lost: list[int]
    """16-bit sequence numbers, written in the order given: ascending (modulo 2^16) packs best."""

    def to_bytes(self) -> bytes:
        """Return the packet as it goes on the wire."""
        items: list[tuple[int, int]] = []
        for sequence in self.lost:
            if items:
                first, mask = items[-1]
                distance = (sequence - first & 0xFFFF) - 1
                if distance < 16:
                    items[-1] = (first, mask | 1 << distance)
                    continue
            items.append((sequence, 0))
        body = b"".join(_NACK_ITEM.pack(first, mask) for first, mask in items)
        return _packet(_NACK, _RTPFB, _TWO_WORDS.pack(self.sender_ssrc, self.media_ssrc) + body)


@dataclass(slots=True)
class PictureLossIndication:
    """PLI (PSFB, format 1; RFC 4585 section 6.3.1)."""

    sender_ssrc: int
    media_ssrc: int

    def to_bytes(self) -> bytes:
        """Return the packet as it goes on the wire."""
        return _packet(_PLI, _PSFB, _TWO_WORDS.pack(self.sender_ssrc, self.media_ssrc))


@dataclass(slots=True)
class FullIntraRequest:
    """FIR (PSFB, format 4; RFC 5104 section 4.3.1)."""

    sender_ssrc: int
    entries: list[tuple[int, int]]
    """(SSRC asked for a key frame, 8-bit command number)."""

    def to_bytes(self) -> bytes:
        """Return the packet as it goes on the wire."""
        body = b"".join(_TWO_WORDS.pack(ssrc, number << 24) for ssrc, number in self.entries)
        return _packet(_FIR, _PSFB, _TWO_WORDS.pack(self.sender_ssrc, 0) + body)


@dataclass(slots=True)
class ReceiverEstimate:
    """REMB (PSFB, format 15; draft-alvestrand-rmcat-remb-03). Read so that it does no harm; nothing acts on it."""

    sender_ssrc: int
    bitrate: int
    """In bit/s."""
    ssrcs: list[int]


@dataclass(slots=True)
class ReferenceTime:
    """XR with a receiver's reference time: what a receiver that sends nothing measures the round trip by."""

    sender_ssrc: int
    ntp: int
    """64 bits, 32.32 seconds."""

    def to_bytes(self) -> bytes:
        """Return the packet as it goes on the wire."""
        block = _BLOCK.pack(_REFERENCE_TIME, 0, 2) + self.ntp.to_bytes(8, "big")
        return _packet(0, _XR, _WORD.pack(self.sender_ssrc) + block)


@dataclass(slots=True)
class ReferenceAnswer:
    """XR with the answers to reference times (DLRR); other blocks are read over."""

    sender_ssrc: int
    answers: list[tuple[int, int, int]]
    """(SSRC that asked, middle 32 bits of its reference time, delay since then in 1/65536 s)."""


Packet = (
    SenderReport
    | ReceiverReport
    | SourceDescription
    | Goodbye
    | Nack
    | PictureLossIndication
    | FullIntraRequest
    | ReceiverEstimate
    | ReferenceAnswer
    | TransportFeedback
    | UnreadFeedback
)


def parse(data: bytes | bytearray | memoryview, *, check: Callable[[bytes], bool] | None = None) -> list[Packet]:
    """Read a compound or reduced-size packet (RFC 5506); unknown types and formats are read over.

    Raises ParseError if anything in it contradicts itself: then none of it counts (RFC 3550 appendix A.2).
    Work and memory are bounded by the length given: nothing in RTCP's formats unfolds to more than 17 times its bytes.
    With ``check``, which says whether the body of transport-wide feedback can be read, that comes as `UnreadFeedback`.
    """
    data = bytes(data)
    packets: list[Packet] = []
    offset = 0
    while offset < len(data):
        if offset + 4 > len(data):
            raise ParseError("RTCP header is cut off")
        first, packet_type, words = _HEADER.unpack_from(data, offset)
        start, end = offset + 4, offset + 4 + 4 * words
        if first & 0xC0 != 0x80:
            raise ParseError("RTCP version is not 2")
        if end > len(data):
            raise ParseError("RTCP packet is cut off")
        offset = end
        if first & 0x20:
            end -= data[end - 1]
            if end < start or end == offset:
                raise ParseError("RTCP padding is longer than its packet")
        if check is not None and packet_type == _RTPFB and first & 0x1F == _TRANSPORT_FEEDBACK:
            body = data[start:end]
            if not check(body):
                raise ParseError("transport feedback contradicts itself")
            packets.append(UnreadFeedback(body))
            continue
        packet = _parse_one(packet_type, first & 0x1F, data, start, end)
        if packet is not None:
            packets.append(packet)
    return packets


def _parse_one(packet_type: int, count: int, data: bytes, start: int, end: int) -> Packet | None:
    """Read one packet's body, data[start:end]; None for a type or format that nobody here knows."""
    if packet_type == _SR:
        _require(end - start >= 24 + 24 * count)
        ssrc, ntp, rtp_timestamp, packets, octets = _SENDER_INFO.unpack_from(data, start)
        return SenderReport(ssrc, ntp, rtp_timestamp, packets, octets, _read_reports(data, start + 24, count))
    if packet_type == _RR:
        _require(end - start >= 4 + 24 * count)
        return ReceiverReport(_WORD.unpack_from(data, start)[0], _read_reports(data, start + 4, count))
    if packet_type == _SDES:
        return _parse_source_description(data, start, end, count)
    if packet_type == _BYE:
        _require(end - start >= 4 * count)
        return Goodbye([_WORD.unpack_from(data, start + 4 * index)[0] for index in range(count)])
    if packet_type == _RTPFB:
        return _parse_transport_feedback(count, data, start, end)
    if packet_type == _PSFB:
        return _parse_payload_feedback(count, data, start, end)
    if packet_type == _XR:
        return _parse_extended_report(data, start, end)
    return None


def _parse_transport_feedback(message_format: int, data: bytes, start: int, end: int) -> Packet | None:
    if message_format == _TRANSPORT_FEEDBACK:
        return parse_body(data, start, end)
    if message_format != _NACK:
        return None
    _require(end - start >= 8 and (end - start) % 4 == 0)
    lost: list[int] = []
    for first, mask in _NACK_ITEM.iter_unpack(data[start + 8 : end]):
        lost.append(first)
        lost += [first + 1 + place & 0xFFFF for place in range(16) if mask >> place & 1]
    sender_ssrc, media_ssrc = _TWO_WORDS.unpack_from(data, start)
    return Nack(sender_ssrc, media_ssrc, lost)


def _parse_payload_feedback(message_format: int, data: bytes, start: int, end: int) -> Packet | None:
    _require(end - start >= 8)
    sender_ssrc, media_ssrc = _TWO_WORDS.unpack_from(data, start)
    if message_format == _PLI:
        return PictureLossIndication(sender_ssrc, media_ssrc)
    if message_format == _FIR:
        _require((end - start) % 8 == 0)
        return FullIntraRequest(
            sender_ssrc, [(ssrc, last >> 24) for ssrc, last in _TWO_WORDS.iter_unpack(data[start + 8 : end])]
        )
    if message_format == _APPLICATION and data[start + 8 : start + 12] == b"REMB":
        _require(end - start >= 16)
        word = _WORD.unpack_from(data, start + 12)[0]
        ssrc_count = word >> 24
        _require(end - start >= 16 + 4 * ssrc_count)
        ssrcs = [_WORD.unpack_from(data, start + 16 + 4 * index)[0] for index in range(ssrc_count)]
        return ReceiverEstimate(sender_ssrc, (word & 0x3FFFF) << (word >> 18 & 0x3F), ssrcs)
    return None


def _parse_extended_report(data: bytes, start: int, end: int) -> ReferenceAnswer | None:
    _require(end - start >= 4)
    answers: list[tuple[int, int, int]] = []
    offset = start + 4
    while offset < end:
        _require(offset + 4 <= end)
        block, _, words = _BLOCK.unpack_from(data, offset)
        following = offset + 4 + 4 * words
        _require(following <= end)
        if block == _REFERENCE_ANSWER:
            _require(words % 3 == 0)
            answers += _ANSWER.iter_unpack(data[offset + 4 : following])
        offset = following
    return ReferenceAnswer(_WORD.unpack_from(data, start)[0], answers) if answers else None


def _parse_source_description(data: bytes, start: int, end: int, count: int) -> SourceDescription:
    cnames: list[tuple[int, bytes]] = []
    offset = start
    for _ in range(count):
        _require(end - offset >= 4)
        ssrc = _WORD.unpack_from(data, offset)[0]
        offset += 4
        cname = b""
        while offset < end and data[offset] != 0:
            item = data[offset]
            _require(offset + 2 <= end and offset + 2 + data[offset + 1] <= end)
            if item == 1:
                cname = data[offset + 2 : offset + 2 + data[offset + 1]]
            offset += 2 + data[offset + 1]
        offset += 4 - (offset - start) % 4
        cnames.append((ssrc, cname))
    return SourceDescription(cnames)


def _read_reports(data: bytes, offset: int, count: int) -> list[ReportBlock]:
    reports = []
    for _ in range(count):
        ssrc, loss, highest, jitter, last_sr, delay = _REPORT.unpack_from(data, offset)
        lost = loss & 0xFFFFFF
        reports.append(
            ReportBlock(
                ssrc, loss >> 24, lost - 0x1000000 if lost & 0x800000 else lost, highest, jitter, last_sr, delay
            )
        )
        offset += 24
    return reports


def _write_reports(reports: list[ReportBlock]) -> bytes:
    return b"".join(
        _REPORT.pack(
            report.ssrc,
            report.fraction_lost << 24 | report.cumulative_lost & 0xFFFFFF,
            report.highest_sequence,
            report.jitter,
            report.last_sr,
            report.delay_since_last_sr,
        )
        for report in reports
    )


def _packet(count: int, packet_type: int, body: bytes) -> bytes:
    if count > _MAX_COUNT:
        raise ValueError("more than 31 items in one RTCP packet")
    return _HEADER.pack(0x80 | count, packet_type, len(body) // 4) + body


def _require(condition: bool) -> None:
    if not condition:
        raise ParseError("RTCP packet is shorter than it claims")
