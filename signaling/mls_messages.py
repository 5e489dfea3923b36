"""What the server reads of MLS messages (RFC 9420), and no more: who commits, in which epoch, whom a commit adds and
removes, to which KeyPackages a Welcome speaks. It holds no key: signatures and tags are the members' to check.

Strict for the one cipher suite in use, MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519: keys, signatures and hashes have
its sizes, lengths are encoded as short as they go, and nothing may follow a message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import TypeVar

MAX_MESSAGE_BYTES = 1 << 17
"""Of any MLS message. Sixty people let in by one commit, each with a certificate of 600 bytes, take about 72 kB for the
commit and as much for the Welcome; a larger bound only gives junk more room in the log."""
MAX_PROPOSALS = 129
"""Of one commit: all 64 members removed and 64 added, and the key of the link. More cannot be meant."""
MAX_LEAVES = 1024
"""A frame's key id has 10 bits for the leaf (docs/protocol.md, section 5)."""
MAX_CREDENTIAL_BYTES = 2048
"""An identity with its certificate takes under 1 kB."""
MAX_AUTHENTICATED_DATA = 8192
"""What a commit carries in clear for the members' policy: a signed leave or a list of co-facilitators."""
MAX_GROUP_ID_BYTES = 64
"""The client draws 16; the working group's test vectors use 32."""

_SUITE = 1
_MLS10 = 1
_KEY = 32  # X25519 and Ed25519 public keys, HPKE's KEM output
_SIGNATURE = 64
_HASH = 32
_REF_LABEL = b"MLS 1.0 KeyPackage Reference"
_X = TypeVar("_X")


class ParseError(ValueError):
    """Not a message that the server may take. The text names the place, never the content."""


class WireFormat(IntEnum):
    """Section 6."""

    PUBLIC_MESSAGE = 1
    PRIVATE_MESSAGE = 2
    WELCOME = 3
    GROUP_INFO = 4
    KEY_PACKAGE = 5


class ProposalType(IntEnum):
    """Section 17.4; those that the server knows how to pass over."""

    ADD = 1
    UPDATE = 2
    REMOVE = 3
    PSK = 4
    REINIT = 5
    EXTERNAL_INIT = 6
    GROUP_CONTEXT_EXTENSIONS = 7


@dataclass(frozen=True, slots=True)
class LeafNode:
    """Section 7.2, without what only members use."""

    signature_key: bytes
    identity: bytes
    """Of the basic credential."""
    lifetime: tuple[int, int] | None
    """Not before, not after, in seconds since 1970; only in a KeyPackage."""


@dataclass(frozen=True, slots=True)
class KeyPackage:
    """Section 10."""

    leaf: LeafNode
    ref: bytes
    """KeyPackageRef (section 5.2): by this a Welcome names its reader."""


@dataclass(frozen=True, slots=True)
class Add:
    """Section 12.1.1."""

    key_package: KeyPackage


@dataclass(frozen=True, slots=True)
class Remove:
    """Section 12.1.3."""

    leaf: int


@dataclass(frozen=True, slots=True)
class PreSharedKey:
    """Section 12.1.4."""

    external: bool
    """False: a resumption key, which this protocol does not use."""


@dataclass(frozen=True, slots=True)
class OtherProposal:
    """A proposal that is well formed and has no place in a meeting: by reference (type None) or of another type."""

    type: ProposalType | None


Proposal = Add | Remove | PreSharedKey | OtherProposal


@dataclass(frozen=True, slots=True)
class Commit:
    """A PublicMessage (section 6.2) that carries a Commit (section 12.4)."""

    group: bytes
    epoch: int
    """The epoch that it ends."""
    sender: int | None
    """The committer's leaf, None if it is no member (an external commit, or an external sender)."""
    authenticated_data: bytes
    proposals: tuple[Proposal, ...]
    path: bool


@dataclass(frozen=True, slots=True)
class Welcome:
    """Section 12.4.3.1."""

    refs: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ApplicationMessage:
    """A PrivateMessage (section 6.3) with application data: all that is not ciphertext of it."""

    group: bytes
    epoch: int


def read_commit(data: bytes) -> Commit:
    """Read an MLSMessage that must be a public commit. Raises `ParseError`."""
    reader = _open(data, WireFormat.PUBLIC_MESSAGE)
    group = reader.opaque(most=MAX_GROUP_ID_BYTES)
    epoch = reader.number(8)
    sender_type = reader.number(1)
    if sender_type in (_MEMBER, _EXTERNAL):
        index = reader.number(4)
    elif sender_type not in (_NEW_MEMBER_PROPOSAL, _NEW_MEMBER_COMMIT):
        raise ParseError("sender type")
    authenticated_data = reader.opaque(most=MAX_AUTHENTICATED_DATA)
    if reader.number(1) != _CONTENT_COMMIT:
        raise ParseError("content type")
    proposals = reader.items(_proposal_or_ref, most=MAX_PROPOSALS)
    path = reader.optional(_update_path)
    reader.opaque(exactly=_SIGNATURE)
    reader.opaque(exactly=_HASH)  # confirmation tag
    sender = None
    if sender_type == _MEMBER:
        reader.opaque(exactly=_HASH)  # membership tag
        sender = _leaf_index(index)
    reader.end()
    return Commit(group, epoch, sender, authenticated_data, proposals, path)


def read_welcome(data: bytes) -> Welcome:
    """Read an MLSMessage that must be a Welcome. Raises `ParseError`."""
    reader = _open(data, WireFormat.WELCOME)
    _suite(reader)
    refs = reader.items(_group_secrets, most=MAX_PROPOSALS)
    reader.opaque()  # encrypted GroupInfo
    reader.end()
    return Welcome(refs)


def read_key_package(data: bytes) -> KeyPackage:
    """Read an MLSMessage that must be a KeyPackage. Raises `ParseError`."""
    reader = _open(data, WireFormat.KEY_PACKAGE)
    found = _key_package(reader)
    reader.end()
    return found


def read_application(data: bytes) -> ApplicationMessage:
    """Read an MLSMessage that must be a private application message. Raises `ParseError`."""
    reader = _open(data, WireFormat.PRIVATE_MESSAGE)
    group = reader.opaque(most=MAX_GROUP_ID_BYTES)
    epoch = reader.number(8)
    if reader.number(1) != _CONTENT_APPLICATION:
        raise ParseError("content type")
    if reader.opaque(most=MAX_AUTHENTICATED_DATA):
        raise ParseError("authenticated data in clear")
    reader.opaque()  # sender data
    reader.opaque()
    reader.end()
    return ApplicationMessage(group, epoch)


# -- The presentation language (section 2.1, and RFC 8446 section 3) -----------------------------------------------


class _Reader:
    """Bytes and how far they are read."""

    __slots__ = ("_at", "_data", "_end")

    def __init__(self, data: bytes, start: int, end: int) -> None:
        self._data, self._at, self._end = data, start, end

    def number(self, size: int) -> int:
        return int.from_bytes(self._take(size), "big")

    def opaque(self, *, exactly: int | None = None, most: int = MAX_MESSAGE_BYTES) -> bytes:
        length = self._length()
        if length > most or (exactly is not None and length != exactly):
            raise ParseError("length")
        return self._take(length)

    def items(self, item: Callable[[_Reader], _X], *, most: int) -> tuple[_X, ...]:
        """A vector of structures."""
        length = self._length()
        start = self._at
        self._take(length)
        inner = _Reader(self._data, start, self._at)
        found: list[_X] = []
        while inner._at < inner._end:
            if len(found) == most:
                raise ParseError("too many")
            found.append(item(inner))
        return tuple(found)

    def optional(self, item: Callable[[_Reader], object]) -> bool:
        present = self.number(1)
        if present > 1:
            raise ParseError("presence")
        if present:
            item(self)
        return present == 1

    def consumed(self, start: int) -> bytes:
        return self._data[start : self._at]

    @property
    def at(self) -> int:
        return self._at

    def end(self) -> None:
        if self._at != self._end:
            raise ParseError("bytes left over")

    def _length(self) -> int:
        """A length of 1, 2 or 4 bytes (section 2.1.2), which must be the shortest."""
        first = self.number(1)
        size = 1 << (first >> 6)
        if size == 8:
            raise ParseError("length")
        value = (first & 0x3F) << 8 * (size - 1) | self.number(size - 1)
        if size > 1 and value < 1 << (8 * (size >> 1) - 2):
            raise ParseError("length")
        return value

    def _take(self, size: int) -> bytes:
        start = self._at
        if size > self._end - start:
            raise ParseError("cut short")
        self._at = start + size
        return self._data[start : self._at]


# -- Structures ----------------------------------------------------------------------------------------------------

_MEMBER, _EXTERNAL, _NEW_MEMBER_PROPOSAL, _NEW_MEMBER_COMMIT = 1, 2, 3, 4
_CONTENT_APPLICATION, _CONTENT_COMMIT = 1, 3
_BY_VALUE, _BY_REFERENCE = 1, 2
_BASIC = 1
_IN_KEY_PACKAGE, _IN_UPDATE, _IN_COMMIT = 1, 2, 3
_PSK_EXTERNAL, _PSK_RESUMPTION = 1, 2
_MANY = 64  # capabilities and extensions of one leaf: GREASE included, real clients list under 20


def _open(data: bytes, wanted: WireFormat) -> _Reader:
    if len(data) > MAX_MESSAGE_BYTES:
        raise ParseError("too long")
    reader = _Reader(data, 0, len(data))
    if reader.number(2) != _MLS10:
        raise ParseError("version")
    if reader.number(2) != wanted:
        raise ParseError("wire format")
    return reader


def _suite(reader: _Reader) -> None:
    if reader.number(2) != _SUITE:
        raise ParseError("cipher suite")


def _leaf_index(index: int) -> int:
    if index >= MAX_LEAVES:
        raise ParseError("leaf index")
    return index


def _key_package(reader: _Reader) -> KeyPackage:
    start = reader.at
    if reader.number(2) != _MLS10:
        raise ParseError("version")
    _suite(reader)
    reader.opaque(exactly=_KEY)  # init key
    leaf = _leaf_node(reader)
    if leaf.lifetime is None:
        raise ParseError("leaf source")
    _extensions(reader)
    reader.opaque(exactly=_SIGNATURE)
    return KeyPackage(leaf, _ref(reader.consumed(start)))


def _ref(key_package: bytes) -> bytes:
    """RefHash (section 5.2)."""
    return sha256(_vector(_REF_LABEL) + _vector(key_package)).digest()


def _vector(data: bytes) -> bytes:
    length = len(data)
    if length < 1 << 6:
        return bytes([length]) + data
    if length < 1 << 14:
        return (length | 1 << 14).to_bytes(2, "big") + data
    return (length | 2 << 30).to_bytes(4, "big") + data


def _leaf_node(reader: _Reader) -> LeafNode:
    reader.opaque(exactly=_KEY)  # encryption key
    signature_key = reader.opaque(exactly=_KEY)
    if reader.number(2) != _BASIC:
        raise ParseError("credential")
    identity = reader.opaque(most=MAX_CREDENTIAL_BYTES)
    for _ in ("versions", "cipher suites", "extensions", "proposals", "credentials"):
        if len(reader.opaque(most=2 * _MANY)) % 2:  # one number after another: not read one by one, which takes long
            raise ParseError("capabilities")
    source = reader.number(1)
    lifetime = None
    if source == _IN_KEY_PACKAGE:
        lifetime = (reader.number(8), reader.number(8))
    elif source == _IN_COMMIT:
        reader.opaque(most=_HASH)  # parent hash
    elif source != _IN_UPDATE:
        raise ParseError("leaf source")
    _extensions(reader)
    reader.opaque(exactly=_SIGNATURE)
    return LeafNode(signature_key, identity, lifetime)


def _extensions(reader: _Reader) -> None:
    reader.items(lambda inner: (inner.number(2), inner.opaque()), most=_MANY)


def _proposal_or_ref(reader: _Reader) -> Proposal:
    kind = reader.number(1)
    if kind == _BY_VALUE:
        return _proposal(reader)
    if kind != _BY_REFERENCE:
        raise ParseError("proposal")
    reader.opaque(exactly=_HASH)
    return OtherProposal(None)


def _proposal(reader: _Reader) -> Proposal:
    number = reader.number(2)
    match number:
        case ProposalType.ADD:
            return Add(_key_package(reader))
        case ProposalType.REMOVE:
            return Remove(_leaf_index(reader.number(4)))
        case ProposalType.PSK:
            return PreSharedKey(external=_psk_is_external(reader))
        case ProposalType.UPDATE:
            _leaf_node(reader)
        case ProposalType.REINIT:
            reader.opaque(most=MAX_GROUP_ID_BYTES)
            reader.number(4)  # version, cipher suite
            _extensions(reader)
        case ProposalType.EXTERNAL_INIT:
            reader.opaque(exactly=_KEY)
        case ProposalType.GROUP_CONTEXT_EXTENSIONS:
            _extensions(reader)
        case _:
            raise ParseError("proposal type")
    return OtherProposal(ProposalType(number))


def _psk_is_external(reader: _Reader) -> bool:
    kind = reader.number(1)
    if kind == _PSK_EXTERNAL:
        reader.opaque()
    elif kind == _PSK_RESUMPTION:
        if reader.number(1) not in (1, 2, 3):
            raise ParseError("resumption")
        reader.opaque(most=MAX_GROUP_ID_BYTES)
        reader.number(8)
    else:
        raise ParseError("pre-shared key")
    reader.opaque(exactly=_HASH)  # nonce
    return kind == _PSK_EXTERNAL


def _update_path(reader: _Reader) -> None:
    leaf = _leaf_node(reader)
    if leaf.lifetime is not None:
        raise ParseError("leaf source")
    reader.items(_update_path_node, most=MAX_LEAVES)


def _update_path_node(reader: _Reader) -> None:
    reader.opaque(exactly=_KEY)
    reader.items(_hpke_ciphertext, most=MAX_LEAVES)


def _group_secrets(reader: _Reader) -> bytes:
    ref = reader.opaque(exactly=_HASH)
    _hpke_ciphertext(reader)
    return ref


def _hpke_ciphertext(reader: _Reader) -> None:
    reader.opaque(exactly=_KEY)
    reader.opaque()
