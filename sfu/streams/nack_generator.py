"""Which packets to ask for again: generic NACK towards the publisher (RFC 4585 section 6.2.1)."""

from __future__ import annotations


class NackGenerator:
    """Gaps of one incoming stream, told by its unwrapped sequence numbers."""

    __slots__ = ()

    def receive(self, sequence: int, *, now: float) -> None:
        """Take one packet that arrived, first-hand or by retransmission."""
        raise NotImplementedError

    def key_frame(self, sequence: int) -> None:
        """Forget gaps before the first packet of a key frame: nothing will need them."""
        raise NotImplementedError

    def take_key_frame_request(self) -> bool:
        """Whether so much is missing that only a key frame helps; told once."""
        raise NotImplementedError

    def due(self, *, rtt: float, now: float) -> list[int]:
        """Return the 16-bit sequence numbers to ask for now, ascending. `rtt` in seconds, 0 or less where not known."""
        raise NotImplementedError

    def next_deadline(self) -> float | None:
        """When `due` may have something next; None while nothing is missing."""
        raise NotImplementedError
