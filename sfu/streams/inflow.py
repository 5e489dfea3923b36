"""How much a publisher may send: a limit on bytes and packets, behind authentication and before all other work."""

from __future__ import annotations

RATE = 1_000_000
"""Bytes a second, 8 Mbit/s. A camera in three encodings takes 2.5 Mbit/s, a shared screen as much, sound twice 64
kbit/s, and browsers probe for twice what they send. Lower cuts honest probes short, so that pictures stay small; higher
lets one member cost everybody that much more of the server's time, once for each subscriber."""

BURST = 1_000_000
"""Bytes: a second's worth, for key frames of everything at once and for what a network held back."""

PACKET_COST = 500
"""Bytes that a packet counts for at least: 2000 packets a second. Honest sound is 100 of them; small packets cost the
server as much as large ones."""

RESERVE = 100_000
"""Bytes that pictures leave to sound: half a second of 2 x 50 packets and as much again for their retransmission."""


SOUND_RATE = 64_000
"""Bytes a second of all sound together, 512 kbit/s. Microphone and a screen's sound take 17 000 as we ask for it, with
what is encrypted padded, and twice that while all of it is sent again. Subscribers get sound outside of all estimates
and before all pictures: higher lets one member fill everybody's network with it, lower cuts off voices."""

SOUND_BURST = 64_000
"""Bytes: what a network held back for three seconds."""


class Inflow:
    """Two buckets that start full: one for everything, and in it one for sound."""

    __slots__ = ("_sound", "_tokens", "_updated")

    def __init__(self) -> None:
        self._tokens: float = BURST
        self._sound: float = SOUND_BURST
        self._updated = float("-inf")

    def take(self, size: int, *, now: float, sound: bool) -> bool:
        """Whether a packet of ``size`` bytes may be used; if not it is to be dropped, and nothing was taken."""
        tokens = self._tokens
        if now > self._updated:
            tokens = min(BURST, tokens + (now - self._updated) * RATE)
            self._sound = min(SOUND_BURST, self._sound + (now - self._updated) * SOUND_RATE)
            self._updated = now
        left = tokens - max(size, PACKET_COST)
        if left < (0 if sound else RESERVE) or (sound and self._sound < size):
            self._tokens = tokens
            return False
        self._tokens = left
        if sound:
            self._sound -= size
        return True
