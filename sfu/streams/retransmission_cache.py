"""The packets of one encoding that subscribers may still ask for again: one cache a source, not one a subscriber."""

from __future__ import annotations

from sfu.rtp.packet import MediaPacket

VIDEO_PACKETS = 1024
"""Slots, a power of two: 2 s of 2.5 Mbit/s in packets of 1100 bytes are 570, and a key frame comes on top.
At 1500 bytes a packet that bounds an encoding to 1.5 MB; the three of a camera hold 3 MB, of 4 MiB a participant."""

AUDIO_PACKETS = 64
"""Slots, a power of two: 1 s of 20 ms frames is 50."""

VIDEO_AGE = 2.0
"""Seconds, as mediasoup keeps. A receiver gives up on a picture before that; more costs memory."""

AUDIO_AGE = 1.0
"""Seconds, as mediasoup keeps. Sound that late is never played."""


class RetransmissionCache:
    """A ring of the latest packets, found by their unwrapped sequence number."""

    __slots__ = ("_mask", "_max_age", "_slots")

    def __init__(self, slots: int, max_age: float) -> None:
        """Keep at most ``slots`` packets, a power of two; answer for ``max_age`` seconds."""
        self._slots: list[MediaPacket | None] = [None] * slots
        self._mask = slots - 1
        self._max_age = max_age

    def put(self, packet: MediaPacket) -> None:
        """Keep a packet in the place of the one a whole ring earlier; one that is older than that is not kept."""
        index = packet.sequence & self._mask
        present = self._slots[index]
        if present is None or present.sequence < packet.sequence:
            self._slots[index] = packet

    def get(self, sequence: int, *, now: float) -> MediaPacket | None:
        """Return the packet with that unwrapped number, if it is here and young enough."""
        packet = self.find(sequence)
        return None if packet is None or now - packet.arrival > self._max_age else packet

    def find(self, sequence: int) -> MediaPacket | None:
        """Return the packet with that unwrapped number, however old, if it is still here."""
        packet = self._slots[sequence & self._mask]
        return packet if packet is not None and packet.sequence == sequence else None
