"""The RTP headers of one down track: numbers that continue, whatever encoding the packets come from.

Of a Dependency Descriptor only the frame number is rewritten. Its section A.4 wants ``active_decode_targets_bitmask``
to tell what is left out, so that a receiver knows which chains to watch for loss (A.5). L1T3 has one chain at most, of
the lowest layer, which always passes. Leaving out sizes breaks the chains of larger ones, but browsers look at neither:
libwebrtc goes by each frame's references (rtp_video_stream_receiver2.cc), by sequence numbers, which leave no hole, and
by the marker, which `HeaderRewriter.finish` moves. The mask would only cost bytes in each packet.
"""

from __future__ import annotations

import struct
from collections import deque
from struct import Struct
from typing import Generic

from sfu.forwarding.run import Run, Source, continued
from sfu.native.numbers import CopyNumbers
from sfu.rtp import extensions
from sfu.rtp.dependency_descriptor import MANDATORY_LENGTH, frame_number, write_frame_number
from sfu.rtp.layers import MAX_SPATIAL
from sfu.rtp.packet import HEADER_SIZE, WRITE_HEADER, MediaPacket
from sfu.rtp.payload_descriptor import write_vp8
from sfu.rtp.sequence import unwrap16, unwrap32
from sfu.streams.retransmission_cache import RetransmissionCache

MAX_RUNS = 128
"""Runs remembered to answer NACKs. A run begins with a start, a pause or a switch, and behind every stretch of packets
that was left out: where one temporal or spatial layer is, that is 15 or 30 times a second, and the cache spans 2 s.
Lower leaves losses unrepaired, higher costs 100 bytes each (Galene's packetmap has as many)."""

MAX_BEHIND = 0.075
"""Seconds that a switch may lead back by the publisher's clocks: mediasoup's limit (SimulcastConsumer.cpp). The other
encoding of a frame that was just shown lies behind by some frames; what is further behind is no clock to go by."""

MAX_AHEAD = 1.0
"""Seconds that a switch may lead ahead of what passed between the arrivals: a network that held the last packet back.
Lower leaves sound and picture apart after it, higher lets a wrong clock freeze the picture for as long."""

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

_HALF_X = _X >> 16
"""In the upper half of that word."""

_BLOCK_WITH_ROOM = extensions.ONE_BYTE << 16 | 1
_WRITE_WITH_ROOM = Struct("!IIIII").pack_into
"""Header, and an extension block that holds room for the number alone."""

_WRITE_PLAIN_WITH_ROOM = Struct("!HHI12s").pack_into
"""The same as `_WRITE_WITH_ROOM`, with all that never changes, from the SSRC on, in one piece."""

_TWO_WORDS = Struct("!II").pack_into

_WRITE_SHORT = Struct("!IIIII").pack_into
_WRITE_SHORT_WITH_ROOM = Struct("!IIIIII").pack_into
"""The same with a Dependency Descriptor of nothing but its mandatory fields, as every packet but few has it."""

PADDING = 255
"""Bytes of padding in one packet: as many as its last byte can count (RFC 3550 section 5.1)."""

_PADDING = bytes(PADDING - 1) + bytes([PADDING])


class HeaderRewriter(Generic[Source]):
    """Writes headers for one subscriber, and knows afterwards what was sent under which number."""

    __slots__ = (
        "_descriptor_id", "_first_sequence", "_last", "_renewed", "_room", "_run", "_runs", "_shared",
        "_short", "_skipped_picture", "_ssrc", "_tail", "_types", "clock_rate", "transport_id",
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
        numbers: CopyNumbers | None = None,
    ) -> None:
        """Prepare for ``ssrc``.

        ``payload_types`` maps the publisher's numbers to the subscriber's. ``first_sequence`` is random and below
        0x8000: a receiver that misses the first packets must not see the number wrap first (RFC 3711 section 3.3.1).
        The extensions' ids are as in `carry`. ``numbers`` are the copy's.
        """
        self._shared = numbers or CopyNumbers()
        self._shared.ssrc = ssrc
        for theirs, ours in payload_types.items():
            self._shared.types[theirs] = 0x80 | ours
        self._ssrc = ssrc
        self._types = {theirs: 0x8000 | ours for theirs, ours in payload_types.items()}
        self.carry(descriptor_id, transport_id)
        self._first_sequence = first_sequence
        self._last: MediaPacket | None = None
        self._run: Run[Source] | None = None
        self._runs: deque[Run[Source]] = deque(maxlen=MAX_RUNS)
        self._renewed = False
        self._skipped_picture = -1
        self.clock_rate = clock_rate

    def carry(self, descriptor_id: int | None, transport_id: int | None) -> None:
        """Carry the extensions that have an id from the next packet on.

        With ``transport_id``, 1 to 14, every packet has room for a transport-wide number at `NUMBER_AT`.
        """
        self._descriptor_id = descriptor_id
        self.transport_id = transport_id
        self._room = 0 if transport_id is None else transport_id << 20 | 1 << 16
        self._tail = struct.pack("!III", self._ssrc, _BLOCK_WITH_ROOM, self._room) if self._room else b""
        small = descriptor_id is not None and 0 < descriptor_id < 15
        self._short = (descriptor_id or 0) << 28 | MANDATORY_LENGTH - 1 << 24 if small else 0
        shared = self._shared
        shared.room, shared.short_descriptor, shared.described = self._room, self._short, descriptor_id is not None

    @property
    def timestamp_offset(self) -> int:
        """What is added now to the source's RTP timestamps."""
        return self._run.timestamp_offset if self._run is not None else 0

    @property
    def source(self) -> Source | None:
        """Where the last packets came from, None before the first."""
        return self._run.source if self._run is not None else None

    @property
    def highest(self) -> int:
        """The highest unwrapped number that was sent, -1 before the first."""
        return self._shared.highest

    @property
    def spatial(self) -> int:
        """The highest spatial layer that is passed on now."""
        return self._run.spatial if self._run is not None else MAX_SPATIAL

    @property
    def rewrites(self) -> bool:
        """Whether payloads or markers differ from the source's, so that `finish` is to be called."""
        run = self._run
        return run is not None and bool(run.picture_offset or run.tl0_offset or run.spatial < MAX_SPATIAL)

    def renew(self) -> None:
        """Note that the source began anew: its clock before says nothing of the one after."""
        self._renewed = True

    def begin(
        self, source: Source, packet: MediaPacket, *, timestamp: int | None = None, spatial: int = MAX_SPATIAL
    ) -> None:
        """Start a new run with this packet: at the start, after a pause, at a switch to another encoding.

        ``timestamp`` is the packet's on the clock of the source before, where the publisher's reports tell it.
        """
        last, run = self._last, self._run
        if last is None or run is None:
            new = Run(source, packet.sequence, self._first_sequence - packet.sequence, spatial=spatial)
        else:
            highest = self._shared.highest
            found = self.find(highest & 0xFFFF)
            before = run if found is None else found[0]
            offset = run.timestamp_offset
            if run.source is not source or self._renewed:
                offset += last.timestamp + self._step(last, packet, timestamp) - packet.timestamp
            run.last = highest
            new = Run(
                source,
                packet.sequence,
                highest + RUN_GAP - packet.sequence,
                offset & 0xFFFF_FFFF,
                *continued(last, before, packet),
                spatial,
            )
        self._renewed = False
        self._run = new
        self._runs.append(new)

    def share(self, source: int) -> None:
        """Let the compiled twin write for packets of that number's encoding, as the present run has it; 0 ends that.

        Nothing may be left out and nothing rewritten in payloads meanwhile.
        """
        shared, run = self._shared, self._run
        if run is not None and source:
            shared.first = run.first
            shared.sequence_offset = run.sequence_offset
            shared.timestamp_offset = run.timestamp_offset
            shared.frame_offset = run.frame_offset
        shared.source = source if run is not None else 0

    def settle(self, cache: RetransmissionCache) -> None:
        """Learn which packet went out last while the twin wrote; ``cache`` is that of the present run's source."""
        run = self._run
        if run is not None:
            original = self._shared.highest - run.sequence_offset
            if original >= run.first:
                self._last = cache.find(original) or self._last

    def _step(self, last: MediaPacket, packet: MediaPacket, timestamp: int | None) -> int:
        """Return by how much the subscriber's clock goes on from one packet to the next, at least by 1."""
        elapsed = max(1, int((packet.arrival - last.arrival) * self.clock_rate))
        if timestamp is None or self._renewed:
            return elapsed
        step = unwrap32(timestamp, last.timestamp) - last.timestamp
        if -MAX_BEHIND * self.clock_rate <= step <= elapsed + MAX_AHEAD * self.clock_rate:
            return max(1, step)
        return elapsed

    def is_next(self, packet: MediaPacket) -> bool:
        """Whether the packet comes in order: behind all of its run that was sent or left out."""
        run = self._run
        return (
            run is not None
            and packet.sequence >= run.first
            and packet.sequence + run.sequence_offset > self._shared.highest
        )

    def skip(self, packet: MediaPacket) -> None:
        """Leave a packet out. What comes in order closes up; of one that comes late the place stays empty."""
        run = self._run
        if run is None or not self.is_next(packet):
            return
        picture = packet.layer.picture_id
        dropped = int(picture >= 0 and picture != self._skipped_picture)
        self._skipped_picture = picture
        if packet.sequence > run.first:
            run = self._split(run, packet.sequence)
        run.first += 1
        run.sequence_offset -= 1
        run.picture_offset -= dropped

    def limit(self, packet: MediaPacket, spatial: int) -> None:
        """Note which spatial layer is the highest that is passed on from this packet on, which comes in order."""
        run = self._run
        if run is not None and run.spatial != spatial:
            self._split(run, packet.sequence).spatial = spatial

    def _split(self, run: Run[Source], first: int) -> Run[Source]:
        """Begin a run that differs in nothing yet."""
        run.last = first + run.sequence_offset - 1
        new = Run(
            run.source,
            first,
            run.sequence_offset,
            run.timestamp_offset,
            run.frame_offset,
            run.picture_offset,
            run.tl0_offset,
            run.spatial,
        )
        self._run = new
        self._runs.append(new)
        return new

    def write(self, buffer: bytearray, packet: MediaPacket) -> int:
        """Write the packet's header; return where its payload goes, or 0 if this subscriber does not get the packet.

        It does not when it came before the source was begun with, or late into what was left out, or in a payload
        format that the subscriber did not accept.
        """
        run = self._run
        first = self._types.get(packet.payload_type)
        if run is None or first is None:
            return 0
        if packet.sequence < run.first:
            run = self._earlier(packet.sequence)
            if run is None:
                return 0
        sequence = packet.sequence + run.sequence_offset
        shared = self._shared
        if sequence > shared.highest:
            shared.highest = sequence
            self._last = packet
        first |= packet.marker
        timestamp = packet.timestamp
        if run.timestamp_offset:  # not before the first switch of encodings
            timestamp = timestamp + run.timestamp_offset & 0xFFFF_FFFF
        if self._tail and not packet.descriptor:  # sound always, and nearly everything where there is no descriptor
            _WRITE_PLAIN_WITH_ROOM(buffer, 0, first | _HALF_X, sequence & 0xFFFF, timestamp, self._tail)
            return _ROOM_END
        return self._write_header(buffer, first << 16 | sequence & 0xFFFF, timestamp, self._ssrc, packet, run)

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

    def finish(self, buffer: bytearray, start: int, packet: MediaPacket, run: Run[Source] | None = None) -> None:
        """Change what must not reach a subscriber of fewer layers as the publisher sent it.

        The payload lies at ``start``. ``run`` is the one in which a packet went out that is sent again.
        """
        if run is None:
            run = self._run
            if run is not None and packet.sequence < run.first:
                run = self._earlier(packet.sequence)
        if run is None:
            return
        layer = packet.layer
        if layer.ends_frame and layer.spatial == run.spatial:
            buffer[1] |= 0x80
        if layer.picture_id >= 0:
            write_vp8(buffer, start, layer.picture_id + run.picture_offset, layer.tl0_pic_idx + run.tl0_offset)

    def _earlier(self, sequence: int) -> Run[Source] | None:
        """Return the run before the present one, of the same source, in which a late packet has its place."""
        present = self._run
        for run in reversed(self._runs):
            if present is None or run.source is not present.source:
                return None
            if run.first <= sequence:
                return run if sequence + run.sequence_offset <= run.last else None
        return None

    def find(self, sequence: int) -> tuple[Run[Source], int] | None:
        """Return the run in which a 16-bit number was sent, and the packet's unwrapped number at the run's source.

        None for what was not sent. That goes for the number between two runs too, which receivers do ask for.
        """
        highest = self._shared.highest
        sent = unwrap16(sequence, highest)
        if sent > highest:
            return None
        for run in reversed(self._runs):
            original = sent - run.sequence_offset
            if original >= run.first:
                return (run, original) if sent <= run.last else None
        return None

    def _write_header(
        self, buffer: bytearray, first: int, timestamp: int, ssrc: int, packet: MediaPacket, run: Run[Source]
    ) -> int:
        described = self._descriptor_id is not None and packet.descriptor
        if described and len(packet.descriptor) == MANDATORY_LENGTH and self._short:
            template, high, low = packet.descriptor
            word = self._short | template << 16 | (high << 8 | low) + run.frame_offset & 0xFFFF
            if self._room:
                _WRITE_SHORT_WITH_ROOM(buffer, 0, first | _X, timestamp, ssrc, _BLOCK_WITH_ROOM + 1, self._room, word)
                return _ROOM_END + 4
            _WRITE_SHORT(buffer, 0, first | _X, timestamp, ssrc, _BLOCK_WITH_ROOM, word)
            return _ROOM_END
        if self._room:
            _WRITE_WITH_ROOM(buffer, 0, first | _X, timestamp, ssrc, _BLOCK_WITH_ROOM, self._room)
            return self._write_descriptor(buffer, packet, run) if described else _ROOM_END
        WRITE_HEADER(buffer, 0, first | _X if described else first, timestamp, ssrc)
        return self._write_descriptor(buffer, packet, run) if described else HEADER_SIZE

    def _write_descriptor(self, buffer: bytearray, packet: MediaPacket, run: Run[Source]) -> int:
        descriptor = packet.descriptor
        if run.frame_offset and len(descriptor) >= MANDATORY_LENGTH:
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
