"""Transport-wide congestion feedback: format 15 of RTPFB (draft-holmer-rmcat-transport-wide-cc-extensions-01)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from struct import Struct
from typing import NamedTuple

from sfu.rtp.errors import ParseError

TICKS_PER_SECOND = 4000
"""Arrival times count 250 µs (section 3.1.5): the finest that the format carries."""

_REFERENCE_SHIFT = 8
"""The reference time counts 64 ms, that is 2^8 ticks (section 3.1)."""

_MAX_RUN = 0x1FFF
"""Statuses in one run-length chunk: 13 bits (section 3.1.3)."""

_NOT_RECEIVED, _SMALL, _LARGE = 0, 1, 2
"""Status symbols (section 3.1.1); a small delta takes one byte, a large one two."""

_SYMBOL = [bytes([symbol]) for symbol in range(4)]

_HEADER = Struct("!BBHIIHHI")
_BODY = Struct("!IIHHI").unpack_from


@dataclass(slots=True)
class TransportFeedback:
    """One feedback packet. Absent numbers between `base_sequence` and the last one reported on did not arrive."""

    sender_ssrc: int
    media_ssrc: int
    base_sequence: int
    """16 bits: the first transport-wide sequence number that is reported on."""
    status_count: int
    """How many numbers are reported on, 1 to 65535."""
    feedback_count: int
    """8 bits, one more with every feedback packet."""
    arrivals: list[tuple[int, int]]
    """(offset from base_sequence, arrival in ticks on the reporter's clock), by rising offset. Read: signed 32 bits."""

    @property
    def body(self) -> bytes:
        """What follows the RTCP header, padding left out. Raises as `to_bytes` does."""
        packet = self.to_bytes()
        return packet[4 : len(packet) - (packet[-1] if packet[0] & 0x20 else 0)]

    def to_bytes(self) -> bytes:
        """Return the packet as it goes on the wire. Raises ValueError where a step between arrivals exceeds 16 bits."""
        statuses = bytearray(self.status_count)
        deltas = bytearray()
        reference = self.arrivals[0][1] >> _REFERENCE_SHIFT if self.arrivals else 0
        previous = reference << _REFERENCE_SHIFT
        for offset, ticks in self.arrivals:
            delta = ticks - previous
            previous = ticks
            if 0 <= delta <= 0xFF:
                statuses[offset] = _SMALL
                deltas.append(delta)
            elif -0x8000 <= delta <= 0x7FFF:
                statuses[offset] = _LARGE
                deltas += delta.to_bytes(2, "big", signed=True)
            else:
                raise ValueError("arrivals too far apart for one feedback packet")
        body = _chunks(statuses, [offset for offset, _ in self.arrivals]) + deltas
        padding = -len(body) % 4
        if padding:  # RFC 3550 section 6.4.1: the last byte of padding counts it
            body += bytes(padding - 1) + bytes([padding])
        return (
            _HEADER.pack(
                0xAF if padding else 0x8F,
                205,
                len(body) // 4 + 4,
                self.sender_ssrc,
                self.media_ssrc,
                self.base_sequence,
                self.status_count,
                (reference & 0xFFFFFF) << 8 | self.feedback_count,
            )
            + body
        )


class UnreadFeedback(NamedTuple):
    """A feedback packet that was checked and can be read: by the compiled twin, which needs no list of arrivals."""

    body: bytes
    """What follows the RTCP header, padding left out."""

    def read(self) -> TransportFeedback:
        """Return it as Python reads it."""
        return parse_body(self.body, 0, len(self.body))


def _chunks(statuses: bytearray, received: list[int]) -> bytearray:
    """Pack status symbols into chunks. `received` lists where they are not 0, so that gaps are skipped at no cost."""
    chunks = bytearray()
    position, nearest, end = 0, 0, len(statuses)
    while position < end:
        while nearest < len(received) and received[nearest] < position:
            nearest += 1
        symbol = statuses[position]
        if symbol == _NOT_RECEIVED:
            run = (received[nearest] if nearest < len(received) else end) - position
        else:
            run = 1
            while position + run < end and statuses[position + run] == symbol:
                run += 1
        run = min(run, _MAX_RUN)
        window = statuses[position : position + 14]
        if run >= 14 or run == end - position or (_LARGE in window and run >= 7):
            chunk = symbol << 13 | run
            position += run
        elif _LARGE in window:
            chunk = 0xC000
            for place, value in enumerate(window[:7]):
                chunk |= value << 12 - 2 * place
            position += 7
        else:
            chunk = 0x8000
            for place, value in enumerate(window):
                chunk |= value << 13 - place
            position += 14
        chunks += chunk.to_bytes(2, "big")
    return chunks


def parse_body(data: bytes, start: int, end: int) -> TransportFeedback:
    """Read what follows the RTCP header, padding left out. Raises ParseError.

    Work and memory are bounded by the bytes given, whatever count they claim: only arrivals are listed.
    """
    if end - start < 16:
        raise ParseError("transport feedback is cut off")
    sender_ssrc, media_ssrc, base, count, last_word = _BODY(data, start)
    places: list[int] = []
    symbols = bytearray()
    position, offset = 0, start + 16
    while position < count:
        if offset + 2 > end:
            raise ParseError("transport feedback lacks status chunks")
        chunk = data[offset] << 8 | data[offset + 1]
        offset += 2
        if chunk & 0x8000:
            two_bits = bool(chunk & 0x4000)
            for place in range(min(7 if two_bits else 14, count - position)):
                symbol = chunk >> 12 - 2 * place & 3 if two_bits else chunk >> 13 - place & 1
                if symbol:
                    places.append(position + place)
                    symbols.append(symbol)
            position += 7 if two_bits else 14
        else:
            symbol, run = chunk >> 13, min(chunk & _MAX_RUN, count - position)
            if symbol:
                if len(places) + run > end - offset:
                    raise ParseError("transport feedback lacks deltas")
                places += range(position, position + run)
                symbols += _SYMBOL[symbol] * run
            position += run
    reference = last_word >> 8
    ticks = (reference - 0x1000000 if reference & 0x800000 else reference) << _REFERENCE_SHIFT
    deltas = _read_deltas(data, offset, end, symbols)
    arrivals = list(zip(places, islice(accumulate(deltas, initial=ticks), 1, None), strict=True))
    return TransportFeedback(sender_ssrc, media_ssrc, base, count, last_word & 0xFF, arrivals)


def _read_deltas(data: bytes, offset: int, end: int, symbols: bytearray) -> Sequence[int]:
    """Return the steps between arrivals, for each symbol one. Raises ParseError."""
    if symbols.count(_SMALL) == len(symbols):  # as nearly always: a byte each, which need no loop of ours
        if offset + len(symbols) > end:
            raise ParseError("transport feedback has a cut delta")
        return data[offset : offset + len(symbols)]
    steps: list[int] = []
    for symbol in symbols:
        if symbol > _LARGE or offset + symbol > end:
            raise ParseError("transport feedback has a bad symbol or a cut delta")
        steps.append(
            data[offset] if symbol == _SMALL else int.from_bytes(data[offset : offset + 2], "big", signed=True)
        )
        offset += symbol
    return steps
