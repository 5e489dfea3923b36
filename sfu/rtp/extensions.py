"""RTP header extensions: find and write elements in place (RFC 8285).

`start` and `end` bound the elements: the bytes after the 4-byte extension header, as counted by its length field.
An element that runs past `end` ends the walk, as does id 15 of the one-byte form: what came before it counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Buffer = bytes | bytearray | memoryview

ONE_BYTE = 0xBEDE
"""Profile of the one-byte form (section 4.2): ids 1-14, 1-16 bytes."""

TWO_BYTE = 0x1000
"""Profile of the two-byte form (section 4.3), the lower four bits free: ids 1-255, 0-255 bytes."""

ABSENT = (-1, 0)
"""What `find` returns when the element is not there."""


def find(buffer: Buffer, start: int, end: int, profile: int, wanted: int) -> tuple[int, int]:
    """Return (offset, length) of the data of element `wanted`, or `ABSENT`. Never raises for start <= end <= len(buffer)."""
    raise NotImplementedError


def elements(buffer: Buffer, start: int, end: int, profile: int) -> Iterator[tuple[int, int, int]]:
    """Yield (id, offset, length) of each element, in order."""
    raise NotImplementedError


def write(buffer: bytearray, offset: int, items: Iterable[tuple[int, bytes]]) -> int:
    """Write extension header, elements and padding at `offset`; return the offset behind them.

    The one-byte form is taken where every item fits it. The caller sets the packet's X bit and has made room: 4 bytes,
    2 + length for each item, and up to 3 of padding. Raises ValueError for an id or length that neither form carries.
    """
    raise NotImplementedError
