"""Numbers that wrap: read once at ingress into numbers that only grow, written back with a mask at egress."""

from __future__ import annotations


def unwrap16(value: int, reference: int) -> int:
    """Return the number nearest to ``reference`` whose low 16 bits are ``value`` (RFC 3550 appendix A.1).

    The result is negative when a number just below a reference near 0 wraps backwards. Exactly half a turn away
    counts as behind.
    """
    return reference + ((value - reference + 0x8000) & 0xFFFF) - 0x8000


def unwrap32(value: int, reference: int) -> int:
    """The same for 32 bits: RTP timestamps."""
    return reference + ((value - reference + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000
