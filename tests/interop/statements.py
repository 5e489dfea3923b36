"""What the organiser, facilitators and members sign (docs/protocol.md, section 8), written a second time.

Fields of fixed width stand one after another, integers are big-endian. Times are UTC seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

CERTIFICATE = 138
"""Bytes: version, group, role, role key, not before, not after, serial, signature."""
_BODY = CERTIFICATE - 64


class StatementError(ValueError):
    """Bytes that say nothing, or that nobody signed."""


def signed(label: str, body: bytes) -> bytes:
    """What a signature is over."""
    return label.encode() + b"\0" + body


def fits(key: bytes, signature: bytes, label: str, body: bytes) -> bool:
    """Whether the holder of `key` signed that."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed(label, body))
    except (InvalidSignature, ValueError):
        return False
    return True


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, size: int) -> bytes:
        if self._at + size > len(self._data):
            raise StatementError("cut short")
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def end(self) -> None:
        if self._at != len(self._data):
            raise StatementError("bytes left over")


def role_key_of(certificate: bytes) -> bytes:
    """The role key that a certificate is about."""
    return certificate[18:50]


def certificate_is_good(certificate: bytes, root_key: bytes, group: bytes, now: float) -> bool:
    """Whether the root signed it for this group, and the day is within it."""
    if len(certificate) != CERTIFICATE or certificate[0] != 1 or certificate[1:17] != group or certificate[17] != 1:
        return False
    start, end = int.from_bytes(certificate[50:58], "big"), int.from_bytes(certificate[58:66], "big")
    return start <= now <= end and fits(root_key, certificate[_BODY:], "hearthside certificate v1", certificate[:_BODY])


FOUNDING_SECONDS = 3 * 86_400
"""Between the founding of a group and whoever comes into it, either way."""


def founding_record(role: Ed25519PrivateKey, certificate: bytes, *, meeting: bytes, now: float) -> bytes:
    """That this facilitator founded the group, for its context."""
    date = int(now).to_bytes(8, "big")
    return certificate + date + role.sign(signed("hearthside founding v1", meeting + date))


def founding_is_good(record: bytes, *, meeting: bytes, root_key: bytes, group: bytes, now: float) -> bool:
    """Whether a facilitator founded this very group, in these days.

    This member is given no revocation list: to a page, a record dated at or after a list that names its certificate is
    nothing, and one dated before is as good here as there.
    """
    certificate, date, signature = (
        record[:CERTIFICATE],
        record[CERTIFICATE : CERTIFICATE + 8],
        record[CERTIFICATE + 8 :],
    )
    return (
        certificate_is_good(certificate, root_key, group, now)
        and fits(role_key_of(certificate), signature, "hearthside founding v1", meeting + date)
        and abs(now - int.from_bytes(date, "big")) <= FOUNDING_SECONDS
    )


@dataclass(frozen=True)
class Credential:
    """The identity in a leaf's basic credential."""

    member: bytes
    rejoin_key: bytes
    certificate: bytes | None = None
    signature: bytes = b""
    """Of the leaf statement, by the certificate's role key."""

    def encode(self) -> bytes:
        authority = b"\0" if self.certificate is None else b"\1" + self.certificate + self.signature
        return b"\1" + self.member + self.rejoin_key + authority

    def is_facilitator(self, leaf_key: bytes, *, meeting: bytes, root_key: bytes, group: bytes, now: float) -> bool:
        """Whether certificate and leaf statement hold for this leaf of this meeting."""
        if self.certificate is None or not certificate_is_good(self.certificate, root_key, group, now):
            return False
        body = meeting + self.member + self.rejoin_key + leaf_key
        return fits(role_key_of(self.certificate), self.signature, "hearthside leaf v1", body)


def read_credential(data: bytes) -> Credential:
    """Raises `StatementError`."""
    reader = _Reader(data)
    if reader.number(1) != 1:
        raise StatementError("version")
    member, rejoin_key = reader.take(16), reader.take(32)
    certified = reader.number(1)
    certificate, signature = (reader.take(CERTIFICATE), reader.take(64)) if certified == 1 else (None, b"")
    if certified > 1:
        raise StatementError("form")
    reader.end()
    return Credential(member, rejoin_key, certificate, signature)


def certify(
    role: Ed25519PrivateKey, certificate: bytes, *, meeting: bytes, member: bytes, rejoin_key: bytes, leaf_key: bytes
) -> Credential:
    """A facilitator's credential for one leaf of one meeting."""
    signature = role.sign(signed("hearthside leaf v1", meeting + member + rejoin_key + leaf_key))
    return Credential(member, rejoin_key, certificate, signature)


def knock_body(group: bytes, ref: bytes, nonce: bytes) -> bytes:
    """For `hearthside knock v1`, by the leaf key."""
    return group + ref + nonce


def leaving_body(meeting: bytes, leaf: int, leaf_key: bytes) -> bytes:
    """For `hearthside leave v1`, by the leaf key."""
    return meeting + leaf.to_bytes(4, "big") + leaf_key


def rejoin_body(meeting: bytes, old_key: bytes, ref: bytes) -> bytes:
    """For `hearthside rejoin v1`, by the rejoin key."""
    return meeting + old_key + ref


def rejection_body(meeting: bytes, seq: int, commit: bytes) -> bytes:
    """For `hearthside reject v1`, by the leaf key."""
    return meeting + seq.to_bytes(8, "big") + sha256(commit).digest()


def _grants_head(epoch: int, keys: Sequence[bytes]) -> bytes:
    return epoch.to_bytes(8, "big") + len(keys).to_bytes(2, "big") + b"".join(sorted(keys))


@dataclass(frozen=True)
class Grants:
    """Who is co-facilitator from an epoch on, by rejoin key, and which certificate holder says so."""

    epoch: int
    keys: tuple[bytes, ...]
    issuer: Credential
    issuer_key: bytes
    signature: bytes

    def encode(self) -> bytes:
        issuer = self.issuer.encode()
        head = b"\1" + _grants_head(self.epoch, self.keys)
        return head + len(issuer).to_bytes(2, "big") + issuer + self.issuer_key + self.signature

    def is_genuine(self, *, meeting: bytes, root_key: bytes, group: bytes, now: float) -> bool:
        body = meeting + _grants_head(self.epoch, self.keys)
        return self.issuer.is_facilitator(
            self.issuer_key, meeting=meeting, root_key=root_key, group=group, now=now
        ) and fits(self.issuer_key, self.signature, "hearthside grants v1", body)


def grant(leaf: Ed25519PrivateKey, issuer: Credential, *, meeting: bytes, epoch: int, keys: Sequence[bytes]) -> Grants:
    """The list from `epoch` on, signed by a facilitator's leaf."""
    signature = leaf.sign(signed("hearthside grants v1", meeting + _grants_head(epoch, keys)))
    return Grants(epoch, tuple(sorted(keys)), issuer, leaf.public_key().public_bytes_raw(), signature)


def _read_grants(reader: _Reader) -> Grants:
    if reader.number(1) != 1:
        raise StatementError("version")
    epoch = reader.number(8)
    keys = tuple(reader.take(32) for _ in range(reader.number(2)))
    issuer = read_credential(reader.take(reader.number(2)))
    return Grants(epoch, keys, issuer, reader.take(32), reader.take(64))


def read_grants(data: bytes) -> Grants:
    """Raises `StatementError`."""
    reader = _Reader(data)
    found = _read_grants(reader)
    reader.end()
    return found


@dataclass(frozen=True)
class Statements:
    """What stands in a commit's `authenticated_data`: leavings and rejoins by leaf, and new grants."""

    leavings: dict[int, bytes]
    """Signatures."""
    rejoins: dict[int, tuple[bytes, bytes]]
    """KeyPackageRef and signature."""
    grants: Grants | None

    def encode(self) -> bytes:
        if not self.leavings and not self.rejoins and self.grants is None:
            return b""
        parts = [b"\1", len(self.leavings).to_bytes(2, "big")]
        parts += [leaf.to_bytes(4, "big") + signature for leaf, signature in sorted(self.leavings.items())]
        parts.append(len(self.rejoins).to_bytes(2, "big"))
        parts += [leaf.to_bytes(4, "big") + ref + signed for leaf, (ref, signed) in sorted(self.rejoins.items())]
        parts.append(b"\0" if self.grants is None else b"\1" + self.grants.encode())
        return b"".join(parts)


def read_statements(data: bytes) -> Statements:
    """Raises `StatementError`."""
    if not data:
        return Statements({}, {}, None)
    reader = _Reader(data)
    if reader.number(1) != 1:
        raise StatementError("version")
    leavings = {reader.number(4): reader.take(64) for _ in range(reader.number(2))}
    rejoins = {reader.number(4): (reader.take(32), reader.take(64)) for _ in range(reader.number(2))}
    granted = reader.number(1)
    grants = _read_grants(reader) if granted == 1 else None
    reader.end()
    found = Statements(leavings, rejoins, grants)
    if granted > 1 or found.encode() != data:
        raise StatementError("form")
    return found


def roster_hash(leaves: dict[int, bytes]) -> bytes:
    """What a heartbeat says of the group: SHA-256 over leaf number and leaf key of everybody."""
    return sha256(b"".join(leaf.to_bytes(4, "big") + key for leaf, key in sorted(leaves.items()))).digest()
