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


class Inflow:
    """A bucket that starts full."""

    __slots__ = ("_tokens", "_updated")

    def __init__(self) -> None:
        self._tokens: float = BURST
        self._updated = float("-inf")

    def take(self, size: int, *, now: float, sound: bool) -> bool:
        """Whether a packet of ``size`` bytes may be used; if not it is to be dropped, and nothing was taken."""
        tokens = self._tokens
        if now > self._updated:
            tokens = min(BURST, tokens + (now - self._updated) * RATE)
            self._updated = now
        left = tokens - max(size, PACKET_COST)
        if left < (0 if sound else RESERVE):
            self._tokens = tokens
            return False
        self._tokens = left
        return True
