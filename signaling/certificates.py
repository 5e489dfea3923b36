"""Certificates of facilitator links and revocation lists (docs/protocol.md, section 8).

The organiser's root key signs both; ``web/client/e2ee/mls/credentials.ts`` reads and writes the same bytes. Clients
trust nothing that the server says of them: here they are issued for new groups, and what an organiser's page sends is
checked before it is kept, so that a mistake is told at once and not by everybody's client at the next meeting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from signaling.links import GROUP_ID_BYTES, b64, unb64
from signaling.messages import UpdateGroup

if TYPE_CHECKING:
    from signaling.store import Group

VERSION = 1
FACILITATOR = 1
KEY_BYTES = 32
SIGNATURE_BYTES = 64
SERIAL_BYTES = 8
"""Random; unique among the certificates of one group, of which there are some dozens."""
MAX_REVOCATIONS = 1000
"""Revocations in one list (8 kB). More would need a larger message; a group does not lose a thousand facilitators."""
MAX_NUMBER = (1 << 53) - 1
"""Largest number in the format: what a browser's numbers hold exactly (ECMA-262, Number.MAX_SAFE_INTEGER)."""

DAY_SECONDS = 86_400
LIFETIME_SECONDS = 400 * DAY_SECONDS
"""How long a certificate is good. A year of meetings and a month to renew it in; longer lets a revocation that a server
withholds from everybody work for longer."""

_CERTIFICATE = b"hearthside certificate v1\0"
_REVOCATIONS = b"hearthside revocations v1\0"


class CertificateError(ValueError):
    """A certificate, a list or an update that cannot be accepted. The text quotes nothing of it."""


@dataclass(frozen=True, slots=True, repr=False)
class Certificate:
    """Who may sign leaves as a facilitator of a group, and when. Times are UTC seconds."""

    group: bytes
    role_key: bytes
    not_before: int
    not_after: int
    serial: bytes
    signature: bytes = b""
    """By the root key, over all of the above."""

    def body(self) -> bytes:
        """What is signed, without its label. Raises `CertificateError` for what the format does not hold."""
        if self.not_before > self.not_after:
            _refuse("the certificate ends before it begins")
        return b"".join(
            [
                bytes([VERSION]),
                _exactly(self.group, GROUP_ID_BYTES),
                bytes([FACILITATOR]),
                _exactly(self.role_key, KEY_BYTES),
                _u64(self.not_before),
                _u64(self.not_after),
                _exactly(self.serial, SERIAL_BYTES),
            ]
        )

    def encode(self) -> bytes:
        """Body and signature. Raises `CertificateError` for what the format does not hold."""
        return self.body() + _exactly(self.signature, SIGNATURE_BYTES)

    def verify(self, *, root_key: bytes, group: bytes) -> None:
        """Raise `CertificateError` unless it is for this group and signed by this root key, whatever the date."""
        if self.group != group:
            _refuse("the certificate is for another group")
        _verify(root_key, _CERTIFICATE + self.body(), self.signature)


@dataclass(frozen=True, slots=True, repr=False)
class RevocationList:
    """Which certificates of a group hold no longer; of two lists the one of the higher version counts."""

    group: bytes
    version: int
    """From 1."""
    date: int
    """When it was signed, UTC seconds."""
    serials: tuple[bytes, ...]
    """Rising, without repeats."""
    signature: bytes = b""

    def body(self) -> bytes:
        """What is signed, without its label. Raises `CertificateError` for what the format does not hold."""
        if self.version < 1 or len(self.serials) > MAX_REVOCATIONS:
            _refuse("the revocation list has version 0 or too many entries")
        if any(one >= two for one, two in zip(self.serials, self.serials[1:], strict=False)):
            _refuse("the revocation list is not in order")
        return b"".join(
            [
                bytes([VERSION]),
                _exactly(self.group, GROUP_ID_BYTES),
                _u64(self.version),
                _u64(self.date),
                len(self.serials).to_bytes(2, "big"),
                *(_exactly(serial, SERIAL_BYTES) for serial in self.serials),
            ]
        )

    def encode(self) -> bytes:
        """Body and signature. Raises `CertificateError` for what the format does not hold."""
        return self.body() + _exactly(self.signature, SIGNATURE_BYTES)

    def verify(self, *, root_key: bytes, group: bytes) -> None:
        """Raise `CertificateError` unless it is for this group and signed by this root key."""
        if self.group != group:
            _refuse("the revocation list is for another group")
        _verify(root_key, _REVOCATIONS + self.body(), self.signature)


def issue_certificate(
    root_seed: bytes, *, group: bytes, role_key: bytes, not_before: int, not_after: int, serial: bytes
) -> Certificate:
    """Sign a certificate. `serial` is 8 random bytes. Raises `CertificateError` for what the format does not hold."""
    unsigned = Certificate(group, role_key, not_before, not_after, serial)
    signature = Ed25519PrivateKey.from_private_bytes(root_seed).sign(_CERTIFICATE + unsigned.body())
    return Certificate(group, role_key, not_before, not_after, serial, signature)


def issue_revocations(
    root_seed: bytes, *, group: bytes, version: int, date: int, serials: tuple[bytes, ...]
) -> RevocationList:
    """Sign a revocation list; `serials` in any order. Raises `CertificateError` for what the format does not hold."""
    ordered = tuple(sorted(serials))
    unsigned = RevocationList(group, version, date, ordered)
    signature = Ed25519PrivateKey.from_private_bytes(root_seed).sign(_REVOCATIONS + unsigned.body())
    return RevocationList(group, version, date, ordered, signature)


def decode_certificate(data: bytes) -> Certificate:
    """Read a certificate. Raises `CertificateError` for anything that `Certificate.encode` would not have written."""
    reader = _Reader(data)
    reader.version()
    group = reader.take(GROUP_ID_BYTES)
    if reader.number(1) != FACILITATOR:
        _refuse("the certificate is for an unknown role")
    role_key = reader.take(KEY_BYTES)
    not_before, not_after = reader.number(8), reader.number(8)
    found = Certificate(group, role_key, not_before, not_after, reader.take(SERIAL_BYTES), reader.take(SIGNATURE_BYTES))
    return _whole(found, data)


def decode_revocations(data: bytes) -> RevocationList:
    """Read a list. Raises `CertificateError` for anything that `RevocationList.encode` would not have written."""
    reader = _Reader(data)
    reader.version()
    group, version, date = reader.take(GROUP_ID_BYTES), reader.number(8), reader.number(8)
    count = reader.number(2)
    if count > MAX_REVOCATIONS:
        _refuse("the revocation list has too many entries")
    serials = tuple(reader.take(SERIAL_BYTES) for _ in range(count))
    return _whole(RevocationList(group, version, date, serials, reader.take(SIGNATURE_BYTES)), data)


def apply_update(group: Group, update: UpdateGroup) -> Group:
    """What the server keeps of a group after an organiser's update. Raises `CertificateError`, and nothing changes.

    Certificates and lists are for this group and signed by its root key, a list is of a higher version than the one
    before (or the same again), and a new room secret brings door key and profile together.
    """
    root_key, name = unb64(group.root_key), unb64(group.id)
    changed: dict[str, object] = {}
    if update.revocations is not None and update.revocations != group.revocations:
        known = decode_revocations(unb64(group.revocations)).version if group.revocations else 0
        heard = decode_revocations(_bytes(update.revocations))
        heard.verify(root_key=root_key, group=name)
        if heard.version <= known:
            _refuse("the revocation list is not newer than the one before")
        changed["revocations"] = update.revocations
    if update.certificates is not None:
        for text in update.certificates:
            decode_certificate(_bytes(text)).verify(root_key=root_key, group=name)
        changed["certificates"] = list(update.certificates)
    if changed:
        certificates = update.certificates if update.certificates is not None else group.certificates
        revocations = update.revocations if update.revocations is not None else group.revocations
        changed["role_keys"] = good_role_keys(certificates, revocations)
    if (update.door_key is None) != (update.profile is None):
        _refuse("a new room secret brings a door key and a profile")
    if update.door_key is not None and update.profile is not None:
        _exactly(_bytes(update.door_key), KEY_BYTES)
        changed["door_key"] = update.door_key
        changed["profile"] = _bytes(update.profile)
    return msgspec.structs.replace(group, **changed)


def good_role_keys(certificates: list[str], revocations: str | None) -> list[str]:
    """The role keys (base64url) of certificates that were checked and are not in the list, each once."""
    revoked = decode_revocations(unb64(revocations)).serials if revocations else ()
    read = [decode_certificate(unb64(text)) for text in certificates]
    return list(dict.fromkeys(b64(found.role_key) for found in read if found.serial not in revoked))


# -- Bytes ----------------------------------------------------------------------------------------------------------


class _Reader:
    """Fields of fixed width, one after another."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, length: int) -> bytes:
        part = self._data[self._at : self._at + length]
        self._at += length
        return _exactly(part, length)

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "big")

    def version(self) -> None:
        if self.number(1) != VERSION:
            _refuse("of a version that this program does not know")


Found = TypeVar("Found", Certificate, RevocationList)


def _whole(found: Found, data: bytes) -> Found:
    if found.encode() != data:
        _refuse("longer than it says, or not in its one form")
    return found


def _exactly(data: bytes, length: int) -> bytes:
    if len(data) != length:
        _refuse("a part has the wrong length")
    return data


def _u64(value: int) -> bytes:
    if not 0 <= value <= MAX_NUMBER:
        _refuse("a number is out of range")
    return value.to_bytes(8, "big")


def _bytes(text: str) -> bytes:
    try:
        return unb64(text)
    except ValueError:
        _refuse("not base64url")


def _verify(root_key: bytes, statement: bytes, signature: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(root_key).verify(signature, statement)
    except (InvalidSignature, ValueError):
        _refuse("not signed by the group's root key")


def _refuse(why: str) -> NoReturn:
    raise CertificateError(why)
