"""How much a publisher may send: a limit on bytes and packets, behind authentication and before all other work."""

from __future__ import annotations

from sfu.native.numbers import InletNumbers

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

    __slots__ = ("_numbers",)

    def __init__(self, numbers: InletNumbers | None = None) -> None:
        """``numbers`` is where it counts: the compiled twin does so too."""
        self._numbers = numbers or InletNumbers()
        self._numbers.tokens = BURST
        self._numbers.sound_tokens = SOUND_BURST

    def take(self, size: int, *, now: float, sound: bool) -> bool:
        """Whether a packet of ``size`` bytes may be used; if not it is to be dropped, and nothing was taken."""
        numbers = self._numbers
        tokens = numbers.tokens
        refilled_at = numbers.refilled_at
        if now > refilled_at:
            tokens = min(BURST, tokens + (now - refilled_at) * RATE)
            numbers.sound_tokens = min(SOUND_BURST, numbers.sound_tokens + (now - refilled_at) * SOUND_RATE)
            numbers.refilled_at = now
        left = tokens - max(size, PACKET_COST)
        if left < (0 if sound else RESERVE) or (sound and numbers.sound_tokens < size):
            numbers.tokens = tokens
            return False
        numbers.tokens = left
        if sound:
            numbers.sound_tokens -= size
        return True
