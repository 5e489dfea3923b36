"""The packets of one encoding that subscribers may still ask for again: one cache a source, not one a subscriber."""

from __future__ import annotations

from typing import Any

from sfu.native.numbers import SourceNumbers
from sfu.native.reception import kept_bytes, lend_ring
from sfu.rtp.layers import LayerReader
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

    __slots__ = ("_mask", "_max_age", "_reader", "_ring", "_slots", "_swept")

    def __init__(
        self, slots: int, max_age: float, numbers: SourceNumbers | None = None, reader: LayerReader | None = None
    ) -> None:
        """Keep at most ``slots`` packets, a power of two; answer for ``max_age`` seconds.

        Under ``numbers`` the compiled twin keeps what it takes in a ring beside this one; ``reader`` says again what
        layer such a packet is of. A place is the younger packet's, whichever has it.
        """
        self._slots: list[MediaPacket | None] = [None] * slots
        self._mask = slots - 1
        self._max_age = max_age
        self._ring: Any = None if numbers is None else lend_ring(numbers, slots)
        self._reader = reader
        self._swept = 0

    def put(self, packet: MediaPacket) -> None:
        """Keep a packet in the place of the one a whole ring earlier; one that is older than that is not kept."""
        slots, ring = self._slots, self._ring
        index = packet.sequence & self._mask
        present = slots[index]
        if present is not None and present.sequence >= packet.sequence:
            return
        if ring is not None:
            if ring[index].payload and ring[index].sequence >= packet.sequence:
                return
            for _ in range(2):  # whose place has become the twin's is let go: faster than one comes with each call
                self._swept = swept = self._swept + 1 & self._mask
                found = slots[swept]
                if found is not None and ring[swept].payload and ring[swept].sequence > found.sequence:
                    slots[swept] = None
        slots[index] = packet

    def get(self, sequence: int, *, now: float) -> MediaPacket | None:
        """Return the packet with that unwrapped number, if it is here and young enough."""
        packet = self.find(sequence)
        return None if packet is None or now - packet.arrival > self._max_age else packet

    def find(self, sequence: int) -> MediaPacket | None:
        """Return the packet with that unwrapped number, however old, if it is still here."""
        index = sequence & self._mask
        packet = self._slots[index]
        if self._ring is not None and self._reader is not None:
            slot = self._ring[index]
            if slot.payload and (packet is None or packet.sequence < slot.sequence):
                if slot.sequence != sequence:
                    return None
                payload, descriptor = kept_bytes(slot)
                return MediaPacket(
                    sequence,
                    slot.timestamp,
                    slot.marker,
                    slot.payload_type,
                    payload,
                    arrival=slot.arrival,
                    descriptor=descriptor,
                    layer=self._reader.read(slot.payload_type, descriptor, payload, 0, len(payload)),
                )
        return packet if packet is not None and packet.sequence == sequence else None
