"""STUN messages as ICE uses them: parse, build, MESSAGE-INTEGRITY, FINGERPRINT (RFC 8489, RFC 8445 section 16)."""

from __future__ import annotations

import hmac
import ipaddress
from binascii import crc32
from dataclasses import dataclass
from struct import Struct
from typing import Any

from sfu.rtp.errors import ParseError

Address = tuple[Any, ...]
"""Host and port first; whatever else the caller tells paths apart by (its own socket, say) comes along unread."""

MAX_LENGTH = 1500
"""Bytes of a message. Browsers send about 100, or a DTLS flight more where they put one inside."""

BINDING_REQUEST = 0x0001
BINDING_INDICATION = 0x0011
BINDING_SUCCESS = 0x0101
BINDING_ERROR = 0x0111
"""Message types: method Binding with its four classes (RFC 8489 section 5)."""

USERNAME = 0x0006
_MESSAGE_INTEGRITY = 0x0008
ERROR_CODE = 0x0009
XOR_MAPPED_ADDRESS = 0x0020
PRIORITY = 0x0024
USE_CANDIDATE = 0x0025
_FINGERPRINT = 0x8028
ICE_CONTROLLED = 0x8029
ICE_CONTROLLING = 0x802A
"""Attribute types (RFC 8489 section 18.3, RFC 8445 section 16.1)."""

_COOKIE = 0x2112A442
_COOKIE_BYTES = _COOKIE.to_bytes(4, "big")
_FINGERPRINT_XOR = 0x5354554E
_HEADER_LENGTH = 20
_INTEGRITY_LENGTH = 24
_FINGERPRINT_LENGTH = 8
"""Bytes of the header and of the two closing attributes, type and length included."""

_HEADER = Struct("!HHI12s")
_ATTRIBUTE = Struct("!HH")
_WORD = Struct("!I")


@dataclass(slots=True)
class Message:
    """A parsed message: its fingerprint was right, its integrity is still to be checked with a key."""

    message_type: int
    transaction_id: bytes
    attributes: dict[int, bytes]
    """The first of each type before MESSAGE-INTEGRITY: what follows is not authenticated and left out."""
    raw: bytes
    integrity_offset: int
    """Where MESSAGE-INTEGRITY begins; 0 without."""

    def integrity_is_valid(self, password: str) -> bool:
        """Whether MESSAGE-INTEGRITY is there and was made with this short-term password (RFC 8489 section 14.5)."""
        start = self.integrity_offset
        if not start:
            return False
        return hmac.compare_digest(
            _integrity(self.raw[:start], password), self.raw[start + 4 : start + _INTEGRITY_LENGTH]
        )

    @property
    def ufrags(self) -> tuple[str, str] | None:
        """USERNAME of a received request, split: (receiver's ufrag, sender's). None if absent or not of that form."""
        try:
            receiver, colon, sender = self.attributes.get(USERNAME, b"").decode().partition(":")
        except UnicodeDecodeError:
            return None
        return (receiver, sender) if colon else None

    @property
    def priority(self) -> int | None:
        """PRIORITY (RFC 8445 section 7.1.1); None if absent or malformed."""
        value = self.attributes.get(PRIORITY, b"")
        return int.from_bytes(value, "big") if len(value) == 4 else None

    @property
    def use_candidate(self) -> bool:
        """Whether the request nominates its pair."""
        return USE_CANDIDATE in self.attributes

    @property
    def error_code(self) -> int | None:
        """ERROR-CODE (RFC 8489 section 14.8), 300 to 699; None if absent or malformed."""
        value = self.attributes.get(ERROR_CODE, b"")
        return (value[2] & 7) * 100 + value[3] if len(value) >= 4 else None

    @property
    def mapped_address(self) -> tuple[str, int] | None:
        """XOR-MAPPED-ADDRESS (RFC 8489 section 14.2); None if absent or malformed."""
        value = self.attributes.get(XOR_MAPPED_ADDRESS, b"")
        if len(value) not in (8, 20) or value[1] != (1 if len(value) == 8 else 2):
            return None
        host = _xor(value[4:], self.transaction_id)
        return str(ipaddress.ip_address(host)), int.from_bytes(value[2:4], "big") ^ _COOKIE >> 16


def is_stun(data: bytes | bytearray | memoryview) -> bool:
    """Whether a datagram looks like STUN (RFC 7983 section 7, magic cookie). Cheap, for the demultiplexer."""
    return len(data) >= _HEADER_LENGTH and data[0] < 4 and data[4:8] == _COOKIE_BYTES


def parse(data: bytes | bytearray | memoryview) -> Message:
    """Read one message that ends with a valid FINGERPRINT, as every ICE message does. Raises ParseError."""
    if not is_stun(data) or len(data) > MAX_LENGTH:
        raise ParseError("not a STUN message")
    raw = bytes(data)
    message_type, length, _, transaction_id = _HEADER.unpack_from(raw)
    end = len(raw) - _FINGERPRINT_LENGTH
    if length != len(raw) - _HEADER_LENGTH or length % 4 or end < _HEADER_LENGTH:
        raise ParseError("STUN message has a wrong length")
    if raw[end : end + 4] != b"\x80\x28\x00\x04" or raw[end + 4 :] != _fingerprint(raw[:end]):
        raise ParseError("STUN message has no valid fingerprint")
    attributes: dict[int, bytes] = {}
    offset = _HEADER_LENGTH
    while offset < end:
        attribute, size = _ATTRIBUTE.unpack_from(raw, offset)
        value = offset + 4
        following = value + (size + 3 & ~3)
        if following > end:
            raise ParseError("STUN attribute is cut off")
        if attribute == _MESSAGE_INTEGRITY:
            if size != 20:
                raise ParseError("STUN integrity has a wrong length")
            return Message(message_type, transaction_id, attributes, raw, offset)
        attributes.setdefault(attribute, raw[value : value + size])
        offset = following
    return Message(message_type, transaction_id, attributes, raw, 0)


def build(message_type: int, transaction_id: bytes, attributes: list[tuple[int, bytes]], password: str) -> bytes:
    """Write a message with MESSAGE-INTEGRITY under a short-term password, and FINGERPRINT."""
    body = b"".join(
        _ATTRIBUTE.pack(attribute, len(value)) + value + bytes(-len(value) % 4) for attribute, value in attributes
    )
    length = len(body) + _INTEGRITY_LENGTH + _FINGERPRINT_LENGTH
    message = _HEADER.pack(message_type, length, _COOKIE, transaction_id) + body
    message += _ATTRIBUTE.pack(_MESSAGE_INTEGRITY, 20) + _integrity(message, password)
    return message + _ATTRIBUTE.pack(_FINGERPRINT, 4) + _fingerprint(message)


def xor_address(address: Address, transaction_id: bytes) -> bytes:
    """Return the value of XOR-MAPPED-ADDRESS (RFC 8489 section 14.2). IPv4-mapped IPv6 is written as IPv4."""
    host = ipaddress.ip_address(address[0])
    if isinstance(host, ipaddress.IPv6Address) and host.ipv4_mapped is not None:
        host = host.ipv4_mapped
    port: int = address[1] ^ _COOKIE >> 16
    return bytes([0, 1 if host.version == 4 else 2]) + port.to_bytes(2, "big") + _xor(host.packed, transaction_id)


def _xor(host: bytes, transaction_id: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(host, _COOKIE_BYTES + transaction_id, strict=False))


def _integrity(message: bytes, password: str) -> bytes:
    """HMAC-SHA1 over the message before the attribute, with a header that already counts it and nothing after it."""
    counted = (len(message) - _HEADER_LENGTH + _INTEGRITY_LENGTH).to_bytes(2, "big")
    return hmac.digest(password.encode(), message[:2] + counted + message[4:], "sha1")


def _fingerprint(message: bytes) -> bytes:
    """CRC-32 over the message before the attribute, whose header already counts it (RFC 8489 section 14.7)."""
    return _WORD.pack(crc32(message) ^ _FINGERPRINT_XOR)
