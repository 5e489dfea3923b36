"""The RTP headers of one down track: numbers that continue, whatever encoding the packets come from."""

from __future__ import annotations

from collections import deque
from struct import Struct
from typing import Generic, TypeVar

from sfu.rtp import extensions
from sfu.rtp.dependency_descriptor import frame_number, write_frame_number
from sfu.rtp.packet import HEADER_SIZE, WRITE_HEADER, MediaPacket
from sfu.rtp.sequence import unwrap16

MAX_RUNS = 8
"""Runs remembered to answer NACKs. A run begins with a start, a pause or a switch: eight span the cache's 2 s."""

RUN_GAP = 2
"""Sequence numbers from one run's last packet to the next one's first. The missing one tells the decoder that the last
frame may be incomplete (Signal's `Vp8SimulcastRtpForwarder` does the same); 1 would let it join two halves."""

NUMBER_AT = 18
"""Where a packet has room for its transport-wide number, if it has any: the first element of the extension block, at
the same place in both forms of RFC 8285 (in the one-byte form a byte of padding stands before it). Whoever sends the
packet writes the two bytes, because the numbers of a transport are in the order in which packets really leave."""

_ROOM_END = 20
"""Behind the block's own four bytes, the padding or id, and the number's element."""

_X = 0x1000_0000
"""In a header's first word: an extension block follows."""

_BLOCK_WITH_ROOM = extensions.ONE_BYTE << 16 | 1
_WRITE_WITH_ROOM = Struct("!IIIII").pack_into
"""Header, and an extension block that holds room for the number alone."""

_TWO_WORDS = Struct("!II").pack_into

PADDING = 255
"""Bytes of padding in one packet: as many as its last byte can count (RFC 3550 section 5.1)."""

_PADDING = bytes(PADDING - 1) + bytes([PADDING])

Source = TypeVar("Source")


class Run(Generic[Source]):
    """A stretch of packets from one source that were all renumbered by the same offsets."""

    __slots__ = ("first", "frame_offset", "sequence_offset", "source", "timestamp_offset")

    def __init__(
        self, source: Source, first: int, sequence_offset: int, timestamp_offset: int, frame_offset: int
    ) -> None:
        self.source = source
        self.first = first
        """Unwrapped number, at the source, of the first packet."""
        self.sequence_offset = sequence_offset
        self.timestamp_offset = timestamp_offset
        self.frame_offset = frame_offset


class HeaderRewriter(Generic[Source]):
    """Writes headers for one subscriber, and knows afterwards what was sent under which number."""

    __slots__ = (
        "_descriptor_id", "_first_sequence", "_highest", "_last", "_room", "_run", "_runs", "_ssrc", "_words",
        "clock_rate", "transport_id",
    )  # fmt: skip

    def __init__(
        self,
        ssrc: int,
        payload_types: dict[int, int],
        *,
        clock_rate: int,
        first_sequence: int,
        descriptor_id: int | None,
        transport_id: int | None = None,
    ) -> None:
        """Prepare for ``ssrc``.

        ``payload_types`` maps the publisher's numbers to the subscriber's. ``first_sequence`` is random and below
        0x8000: a receiver that misses the first packets must not see the number wrap first (RFC 3711 section 3.3.1).
        With ``transport_id``, 1 to 14, every packet has room for a transport-wide number at `NUMBER_AT`.
        """
        self._ssrc = ssrc
        self._words = {theirs: 0x8000_0000 | ours << 16 for theirs, ours in payload_types.items()}
        self._descriptor_id = descriptor_id
        self.transport_id = transport_id
        self._room = 0 if transport_id is None else transport_id << 20 | 1 << 16
        self._first_sequence = first_sequence
        self._highest = -1
        self._last: MediaPacket | None = None
        self._run: Run[Source] | None = None
        self._runs: deque[Run[Source]] = deque(maxlen=MAX_RUNS)
        self.clock_rate = clock_rate

    @property
    def timestamp_offset(self) -> int:
        """What is added now to the source's RTP timestamps."""
        return self._run.timestamp_offset if self._run is not None else 0

    def begin(self, source: Source, packet: MediaPacket) -> None:
        """Start a new run with this packet: at the start, after a pause, at a switch to another encoding."""
        last, run = self._last, self._run
        if last is None or run is None:
            new = Run(source, packet.sequence, self._first_sequence - packet.sequence, 0, 0)
        else:
            timestamp_offset, frame_offset = run.timestamp_offset, run.frame_offset
            if run.source is not source:  # encodings of one track have clocks and frame numbers of their own
                elapsed = max(1, int((packet.arrival - last.arrival) * self.clock_rate))
                timestamp_offset += last.timestamp + elapsed - packet.timestamp
                if len(last.descriptor) >= 3 and len(packet.descriptor) >= 3:
                    frame_offset += frame_number(last.descriptor, 0) + 1 - frame_number(packet.descriptor, 0)
            offset = self._highest + RUN_GAP - packet.sequence
            new = Run(source, packet.sequence, offset, timestamp_offset & 0xFFFF_FFFF, frame_offset & 0xFFFF)
        self._run = new
        self._runs.append(new)

    def write(self, buffer: bytearray, packet: MediaPacket) -> int:
        """Write the packet's header; return where its payload goes, or 0 if this subscriber does not get the packet.

        It does not when it came before the run began, or in a payload format that the subscriber did not accept.
        """
        run = self._run
        word = self._words.get(packet.payload_type)
        if run is None or word is None or packet.sequence < run.first:
            return 0
        sequence = packet.sequence + run.sequence_offset
        if sequence > self._highest:
            self._highest = sequence
            self._last = packet
        first = word | packet.marker << 16 | sequence & 0xFFFF
        timestamp = packet.timestamp + run.timestamp_offset & 0xFFFF_FFFF
        return self._write_header(buffer, first, timestamp, self._ssrc, packet, run)

    def write_again(
        self, buffer: bytearray, packet: MediaPacket, run: Run[Source], *, payload_type: int, sequence: int, ssrc: int
    ) -> int:
        """Write the header for sending again what went out in that run; return where the payload goes."""
        first = 0x8000_0000 | (packet.marker | payload_type) << 16 | sequence & 0xFFFF
        timestamp = packet.timestamp + run.timestamp_offset & 0xFFFF_FFFF
        return self._write_header(buffer, first, timestamp, ssrc, packet, run)

    def write_padding(self, buffer: bytearray, *, payload_type: int, sequence: int, ssrc: int) -> int:
        """Write a packet of a retransmission stream that holds nothing but padding; return its length."""
        last = self._last
        timestamp = 0 if last is None else last.timestamp + self.timestamp_offset & 0xFFFF_FFFF
        first = 0xA000_0000 | payload_type << 16 | sequence & 0xFFFF
        if self._room:
            _WRITE_WITH_ROOM(buffer, 0, first | _X, timestamp, ssrc, _BLOCK_WITH_ROOM, self._room)
            start = _ROOM_END
        else:
            WRITE_HEADER(buffer, 0, first, timestamp, ssrc)
            start = HEADER_SIZE
        buffer[start : start + PADDING] = _PADDING
        return start + PADDING

    def find(self, sequence: int) -> tuple[Run[Source], int] | None:
        """Return the run in which a 16-bit number was sent, and the packet's unwrapped number at the run's source."""
        sent = unwrap16(sequence, self._highest)
        if sent > self._highest:
            return None
        for run in reversed(self._runs):
            original = sent - run.sequence_offset
            if original >= run.first:
                return run, original
        return None

    def _write_header(
        self, buffer: bytearray, first: int, timestamp: int, ssrc: int, packet: MediaPacket, run: Run[Source]
    ) -> int:
        described = self._descriptor_id is not None and packet.descriptor
        if self._room:
            _WRITE_WITH_ROOM(buffer, 0, first | _X, timestamp, ssrc, _BLOCK_WITH_ROOM, self._room)
            return self._write_descriptor(buffer, packet, run) if described else _ROOM_END
        WRITE_HEADER(buffer, 0, first | _X if described else first, timestamp, ssrc)
        return self._write_descriptor(buffer, packet, run) if described else HEADER_SIZE

    def _write_descriptor(self, buffer: bytearray, packet: MediaPacket, run: Run[Source]) -> int:
        descriptor = packet.descriptor
        if run.frame_offset and len(descriptor) >= 3:
            changed = bytearray(descriptor)
            write_frame_number(changed, 0, frame_number(changed, 0) + run.frame_offset)
            descriptor = bytes(changed)
        items = [(self._descriptor_id or 0, descriptor)]
        if not self._room:
            return extensions.write(buffer, HEADER_SIZE, items)
        # The block is written four bytes further on; then its own head moves before the number's element.
        end = extensions.write(buffer, HEADER_SIZE + 4, items)
        profile = buffer[HEADER_SIZE + 4] << 8 | buffer[HEADER_SIZE + 5]
        element = self._room if profile == extensions.ONE_BYTE else (self.transport_id or 0) << 24 | 2 << 16
        _TWO_WORDS(buffer, HEADER_SIZE, profile << 16 | (end - HEADER_SIZE) // 4 - 1, element)
        return end
