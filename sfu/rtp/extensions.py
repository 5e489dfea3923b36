"""RTP header extensions: find and write elements in place (RFC 8285).

`start` and `end` bound the elements: the bytes behind the 4-byte extension header, as counted by its length field.
An element that runs past `end` ends the walk, as does id 15 of the one-byte form: what came before it counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Buffer = bytes | bytearray | memoryview

ONE_BYTE = 0xBEDE
"""Profile of the one-byte form (section 4.2): ids 1-14, 1-16 bytes."""

TWO_BYTE = 0x1000
"""Profile of the two-byte form (section 4.3), its lower four bits free: ids 1-255, 0-255 bytes."""

ABSENT = (-1, 0)
"""What `find` returns when the element is not there."""


def find(buffer: Buffer, start: int, end: int, profile: int, wanted: int) -> tuple[int, int]:
    """Return (offset, length) of the data of element `wanted` (not 0), or `ABSENT`. Never raises."""
    if profile == ONE_BYTE:
        while start < end:
            head = buffer[start]
            start += 1
            if head == 0:  # one byte of padding; an id 0 with a length is malformed and ends the walk (section 4.2)
                continue
            length = (head & 0x0F) + 1
            if head < 0x10 or head >= 0xF0 or start + length > end:
                return ABSENT
            if head >> 4 == wanted:
                return start, length
            start += length
        return ABSENT
    for identifier, offset, length in elements(buffer, start, end, profile):
        if identifier == wanted:
            return offset, length
    return ABSENT


def elements(buffer: Buffer, start: int, end: int, profile: int) -> Iterator[tuple[int, int, int]]:
    """Yield (id, offset, length) of each element, in order; nothing where the profile is neither form. Never raises."""
    if profile == ONE_BYTE:
        while start < end:
            head = buffer[start]
            start += 1
            if head == 0:
                continue
            length = (head & 0x0F) + 1
            if head < 0x10 or head >= 0xF0 or start + length > end:
                return
            yield head >> 4, start, length
            start += length
    elif profile & 0xFFF0 == TWO_BYTE:
        while start < end:
            identifier = buffer[start]
            start += 1
            if identifier == 0:
                continue
            if start >= end:
                return
            length = buffer[start]
            start += 1
            if start + length > end:
                return
            yield identifier, start, length
            start += length


def write(buffer: bytearray, offset: int, items: Sequence[tuple[int, bytes]]) -> int:
    """Write extension header, elements and padding at `offset`; return the offset behind them.

    The one-byte form is taken where every item fits it. The caller sets the packet's X bit and has made room: 4 bytes,
    2 + length for each item, and up to 3 of padding. Raises ValueError for an id or length that neither form carries.
    """
    position = offset + 4
    if all(0 < identifier < 15 and 0 < len(data) <= 16 for identifier, data in items):
        profile = ONE_BYTE
        for identifier, data in items:
            buffer[position] = identifier << 4 | len(data) - 1
            position += 1
            buffer[position : position + len(data)] = data
            position += len(data)
    else:
        profile = TWO_BYTE
        for identifier, data in items:
            if not 0 < identifier <= 255 or len(data) > 255:
                raise ValueError("no header extension form carries this element")
            buffer[position] = identifier
            buffer[position + 1] = len(data)
            position += 2
            buffer[position : position + len(data)] = data
            position += len(data)
    padding = (offset - position) % 4
    buffer[position : position + padding] = bytes(padding)
    position += padding
    buffer[offset : offset + 2] = profile.to_bytes(2, "big")
    buffer[offset + 2 : offset + 4] = ((position - offset) // 4 - 1).to_bytes(2, "big")
    return position
