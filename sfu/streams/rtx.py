"""Retransmission payload format: the original sequence number before the payload (RFC 4588 section 4)."""

from __future__ import annotations

OSN_LENGTH = 2
"""Bytes of the original sequence number."""


def original_sequence(buffer: bytes | bytearray | memoryview, payload_start: int, payload_end: int) -> int:
    """Return the original sequence number, or -1 for a packet of padding alone, with which Chromium probes."""
    raise NotImplementedError


def restore(packet: bytearray, payload_start: int, payload_end: int, *, payload_type: int, ssrc: int) -> int:
    """Turn a retransmission in packet[:payload_end] back into the original, in place; return its length.

    `payload_end` leaves RTP padding out; the P bit is cleared. Raises ParseError if there is no original in it.
    """
    raise NotImplementedError


def write_osn(packet: bytearray, payload_start: int, sequence: int) -> None:
    """Write the original sequence number; the caller puts the original payload `OSN_LENGTH` bytes behind `payload_start`."""
    raise NotImplementedError
