"""STUN messages as ICE uses them: parse, build, MESSAGE-INTEGRITY, FINGERPRINT (RFC 8489, RFC 8445 section 16)."""

from __future__ import annotations

from dataclasses import dataclass

Address = tuple[str, int]
"""Host and port. Longer tuples (an IPv6 socket's) are accepted everywhere: only the first two items are read."""

BINDING_REQUEST = 0x0001
BINDING_INDICATION = 0x0011
BINDING_SUCCESS = 0x0101
BINDING_ERROR = 0x0111

USERNAME = 0x0006
ERROR_CODE = 0x0009
XOR_MAPPED_ADDRESS = 0x0020
PRIORITY = 0x0024
USE_CANDIDATE = 0x0025
ICE_CONTROLLED = 0x8029
ICE_CONTROLLING = 0x802A


@dataclass(slots=True)
class Message:
    """A parsed message; its fingerprint was right, its integrity is still to be checked with a key."""

    message_type: int
    transaction_id: bytes
    attributes: dict[int, bytes]
    """The first of each type, up to MESSAGE-INTEGRITY."""
    raw: bytes
    integrity_offset: int
    """Where MESSAGE-INTEGRITY begins, 0 without."""

    def integrity_is_valid(self, key: bytes) -> bool:
        """Whether MESSAGE-INTEGRITY is present and was made with `key` (RFC 8489 section 14.5). Constant time."""
        raise NotImplementedError

    @property
    def ufrags(self) -> tuple[str, str] | None:
        """USERNAME of a request we receive, split: (our ufrag, theirs). None if absent or not of that form."""
        raise NotImplementedError

    @property
    def priority(self) -> int | None:
        """PRIORITY, None if absent."""
        raise NotImplementedError

    @property
    def use_candidate(self) -> bool:
        """Whether the pair is nominated."""
        return USE_CANDIDATE in self.attributes

    @property
    def mapped_address(self) -> Address | None:
        """XOR-MAPPED-ADDRESS, None if absent or malformed."""
        raise NotImplementedError


def is_stun(data: bytes | bytearray | memoryview) -> bool:
    """Whether a datagram looks like STUN: length, leading zero bits, magic cookie. Cheap, for the demultiplexer."""
    raise NotImplementedError


def parse(data: bytes | bytearray | memoryview) -> Message:
    """Read one message of at most MAX_LENGTH bytes, with a valid FINGERPRINT as its last attribute. Raises ParseError."""
    raise NotImplementedError


def build(message_type: int, transaction_id: bytes, attributes: list[tuple[int, bytes]], key: bytes) -> bytes:
    """Write a message with MESSAGE-INTEGRITY under `key` and FINGERPRINT."""
    raise NotImplementedError


def xor_address(address: Address, transaction_id: bytes) -> bytes:
    """Return the value of XOR-MAPPED-ADDRESS (RFC 8489 section 14.2). An IPv4-mapped IPv6 address is written as IPv4."""
    raise NotImplementedError
