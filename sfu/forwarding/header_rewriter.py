"""The RTP headers of one down track: numbers that continue, whatever encoding the packets come from."""

from __future__ import annotations

from collections import deque
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
        "_descriptor_id", "_first_sequence", "_highest", "_last", "_run", "_runs", "_ssrc", "_words", "clock_rate",
    )  # fmt: skip

    def __init__(
        self,
        ssrc: int,
        payload_types: dict[int, int],
        *,
        clock_rate: int,
        first_sequence: int,
        descriptor_id: int | None,
    ) -> None:
        """Prepare for ``ssrc``.

        ``payload_types`` maps the publisher's numbers to the subscriber's. ``first_sequence`` is random and below
        0x8000: a receiver that misses the first packets must not see the number wrap first (RFC 3711 section 3.3.1).
        """
        self._ssrc = ssrc
        self._words = {theirs: 0x8000_0000 | ours << 16 for theirs, ours in payload_types.items()}
        self._descriptor_id = descriptor_id
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
        WRITE_HEADER(
            buffer,
            0,
            word | packet.marker << 16 | sequence & 0xFFFF,
            packet.timestamp + run.timestamp_offset & 0xFFFF_FFFF,
            self._ssrc,
        )
        if self._descriptor_id is None or not packet.descriptor:
            return HEADER_SIZE
        return self._write_descriptor(buffer, self._descriptor_id, packet, run)

    def write_again(
        self, buffer: bytearray, packet: MediaPacket, run: Run[Source], *, payload_type: int, sequence: int, ssrc: int
    ) -> int:
        """Write the header for sending again what went out in that run; return where the payload goes."""
        WRITE_HEADER(
            buffer,
            0,
            0x8000_0000 | (packet.marker | payload_type) << 16 | sequence & 0xFFFF,
            packet.timestamp + run.timestamp_offset & 0xFFFF_FFFF,
            ssrc,
        )
        if self._descriptor_id is None or not packet.descriptor:
            return HEADER_SIZE
        return self._write_descriptor(buffer, self._descriptor_id, packet, run)

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

    def _write_descriptor(self, buffer: bytearray, number: int, packet: MediaPacket, run: Run[Source]) -> int:
        descriptor = packet.descriptor
        if run.frame_offset and len(descriptor) >= 3:
            changed = bytearray(descriptor)
            write_frame_number(changed, 0, frame_number(changed, 0) + run.frame_offset)
            descriptor = bytes(changed)
        buffer[0] |= 0x10
        return extensions.write(buffer, HEADER_SIZE, [(number, descriptor)])
