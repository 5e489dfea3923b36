"""Retransmission payload format: the original sequence number before the payload (RFC 4588 section 4)."""

from __future__ import annotations

OSN_LENGTH = 2
"""Bytes of the original sequence number."""


def original_sequence(buffer: bytes | bytearray | memoryview, payload_start: int, payload_end: int) -> int:
    """Return the original sequence number; the original payload begins `OSN_LENGTH` bytes behind `payload_start`.

    -1 for a packet without a payload to retransmit, RTP padding left out: Chromium and Firefox probe with such.
    """
    if payload_end - payload_start < OSN_LENGTH:
        return -1
    return buffer[payload_start] << 8 | buffer[payload_start + 1]


def write_osn(packet: bytearray, payload_start: int, sequence: int) -> None:
    """Write the original sequence number (modulo 2^16); the original payload goes behind it."""
    packet[payload_start] = sequence >> 8 & 0xFF
    packet[payload_start + 1] = sequence & 0xFF
