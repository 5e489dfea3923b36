"""Links, the keys in them, and what is sealed under those keys (docs/protocol.md, section 1).

The part of a link after ``#`` never reaches a server. Only the command line handles whole links: it makes a group,
seals the title, prints the links and forgets them; the server keeps the public half of `GroupKeys`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

Role = Literal["participant", "facilitator", "organiser"]

GROUP_ID_BYTES = 16
ROOM_SECRET_BYTES = 16
FINGERPRINT_BYTES = 16
"""128 bits: finding another root key with the same fingerprint costs 2^128 hashes; more would lengthen the link."""
SEED_BYTES = 32
"""Ed25519 private seed (RFC 8032, section 5.1.5)."""
NONCE_BYTES = 12
TAG_BYTES = 16
SIZE_CLASSES = (256, 1024, 4096, 16384)
"""Sizes of padded plaintexts, bytes: the server learns a text's class, not its length. Fewer classes cost bandwidth."""
BLOB_VERSION = 1

GROUP_ID = re.compile(r"[A-Za-z0-9_-]{22}")
"""What a group id looks like: `GROUP_ID_BYTES` in base64url."""
TOLD_SECRET = re.compile(r"[pfo][0-9]{1,2}\.[A-Za-z0-9_-]{8,}")
"""The secret part of a link, or the beginning of one, in an address that a server was asked for: no address of ours has
a dot with eight letters after it."""


class LinkError(ValueError):
    """A link that is damaged, incomplete or of a version that this program does not know."""


class SealError(ValueError):
    """A sealed blob that does not open: another key, another group, or changed on the way."""


def b64(data: bytes) -> str:
    """Base64url without padding (RFC 4648, section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """Read base64url without padding. Raises `ValueError` for anything that `b64` would not have written."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64url") from error
    if b64(data) != text:
        raise ValueError("not canonical base64url")
    return data


# -- Keys -----------------------------------------------------------------------------------------------------------


def _hkdf(key: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, None, info).derive(key)


def _info(label: str, *ids: str) -> bytes:
    return b"\0".join([label.encode(), *(part.encode() for part in ids)])


def public_key(seed: bytes) -> bytes:
    """The Ed25519 public key (32 bytes) of a seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def fingerprint(root_key: bytes) -> bytes:
    """What participants' and facilitators' links pin of the root public key."""
    return hashlib.sha256(root_key).digest()[:FINGERPRINT_BYTES]


def door_seed(room_secret: bytes) -> bytes:
    """The seed with which a holder of the participant link proves it at the door."""
    return _hkdf(room_secret, _info("hearthside door v1"), SEED_BYTES)


def role_seed(root_seed: bytes, number: int) -> bytes:
    """The seed in facilitator link no. `number` (from 1). The organiser can make every facilitator link again."""
    return _hkdf(root_seed, _info("hearthside role v1", str(number)), SEED_BYTES)


def link_psk(room_secret: bytes, group: str) -> bytes:
    """What every commit that adds mixes in, so that nobody joins without the link. Clients use it; here for tests."""
    return _hkdf(room_secret, _info("hearthside psk v1", group), 32)


def avatar_seed(room_secret: bytes, meeting: str, member: str) -> bytes:
    """What a member's avatar is drawn from. Clients use it; it is here for the vectors."""
    return _hkdf(room_secret, _info("hearthside avatar v1", meeting, member), 16)


# -- Proof at the door ----------------------------------------------------------------------------------------------


def challenge_bytes(role: Role, group: str, nonce: str) -> bytes:
    """What `join.signature` signs; `nonce` as in `challenge`."""
    return _info("hearthside join v1", role, group, nonce)


def sign_challenge(seed: bytes, role: Role, group: str, nonce: str) -> bytes:
    """Sign a server's challenge with a link's key (64 bytes, RFC 8032)."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(challenge_bytes(role, group, nonce))


# -- Sealed blobs ---------------------------------------------------------------------------------------------------


def pad(text: bytes) -> bytes:
    """Length, text and zeros up to the next size class. Raises `ValueError` above the largest one."""
    for size in SIZE_CLASSES:
        if len(text) + 4 <= size:
            return (len(text).to_bytes(4, "big") + text).ljust(size, b"\0")
    raise ValueError(f"longer than {SIZE_CLASSES[-1] - 4} bytes")


def unpad(padded: bytes) -> bytes:
    """Undo `pad`. Raises `ValueError` for what `pad` would not have written."""
    length = int.from_bytes(padded[:4], "big")
    text = padded[4 : 4 + length]
    if len(padded) not in SIZE_CLASSES or len(text) != length or pad(text) != padded:
        raise ValueError("not padded as it should be")
    return text


def _seal(room_secret: bytes, info: bytes, fields: dict[str, str], nonce: bytes) -> bytes:
    text = json.dumps({"v": 1, **fields}, ensure_ascii=False, separators=(",", ":")).encode()
    key = _hkdf(room_secret, info, 16)
    return bytes([BLOB_VERSION]) + nonce + AESGCM(key).encrypt(nonce, pad(text), info)


def _open(room_secret: bytes, info: bytes, blob: bytes, *fields: str) -> dict[str, str]:
    """Everything that a sealed blob holds; `fields` are there, and texts. Raises `SealError`."""
    if len(blob) < 1 + NONCE_BYTES + TAG_BYTES or blob[0] != BLOB_VERSION:
        raise SealError("not a sealed blob of version 1")
    nonce = blob[1 : 1 + NONCE_BYTES]
    try:
        plain = AESGCM(_hkdf(room_secret, info, 16)).decrypt(nonce, blob[1 + NONCE_BYTES :], info)
        values = json.loads(unpad(plain))
        found = [values[field] for field in fields]
    except (InvalidTag, ValueError, KeyError, TypeError) as error:
        raise SealError("the blob does not open with this key") from error
    if not all(isinstance(value, str) for value in found):
        raise SealError("a field is not a text")
    return dict(values)


class Profile(NamedTuple):
    """What link holders know of a group."""

    title: str
    many_screens: bool = False
    """Several people may share their screens at once."""


def seal_profile(room_secret: bytes, group: str, profile: Profile, *, nonce: bytes) -> bytes:
    """Seal a profile. `nonce` is 12 random bytes, never used twice. Raises `ValueError` for too long a title."""
    fields = {"title": profile.title, **({"screens": "many"} if profile.many_screens else {})}
    return _seal(room_secret, _info("hearthside profile v1", group), fields, nonce)


def open_profile(room_secret: bytes, group: str, blob: bytes) -> Profile:
    """What a sealed profile holds. Raises `SealError`."""
    values = _open(room_secret, _info("hearthside profile v1", group), blob, "title")
    return Profile(values["title"], values.get("screens") == "many")


class KnockText(NamedTuple):
    """What a knock holds under its seal (docs/protocol.md, section 8). Clients use it; here for vectors and tests."""

    name: str
    ref: bytes
    """The KeyPackageRef (RFC 9420, section 5.2)."""
    signature: bytes
    """By the KeyPackage's leaf key, over the knock statement."""


def seal_knock(room_secret: bytes, group: str, knock: KnockText, *, nonce: bytes) -> bytes:
    """Seal a knock. `nonce` is 12 random bytes, never used twice."""
    fields = {"name": knock.name, "ref": b64(knock.ref), "signature": b64(knock.signature)}
    return _seal(room_secret, _info("hearthside knock v1", group), fields, nonce)


def open_knock(room_secret: bytes, group: str, blob: bytes) -> KnockText:
    """What a sealed knock holds. Raises `SealError`; whether the signature is good is for the caller to check."""
    values = _open(room_secret, _info("hearthside knock v1", group), blob, "name", "ref", "signature")
    try:
        return KnockText(values["name"], unb64(values["ref"]), unb64(values["signature"]))
    except ValueError as error:
        raise SealError("the blob does not open with this key") from error


# -- Links ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class Link:
    """One link, read. It has no repr: it must not end up in a log."""

    role: Role
    group: str
    room_secret: bytes
    root_fingerprint: bytes
    seed: bytes
    """What the holder signs with at the door: door seed, role seed or root seed."""


def build_link(public_url: str, group: str, fragment: str) -> str:
    """A whole link; `public_url` is scheme, host and port without a path."""
    return f"{public_url.rstrip('/')}/g/{group}#{fragment}"


def participant_fragment(room_secret: bytes, root_key: bytes) -> str:
    """The secret part of the participant link."""
    return f"p1.{b64(room_secret)}.{b64(fingerprint(root_key))}"


def facilitator_fragment(room_secret: bytes, root_key: bytes, seed: bytes) -> str:
    """The secret part of a facilitator link with this role seed."""
    return f"f1.{b64(room_secret)}.{b64(fingerprint(root_key))}.{b64(seed)}"


def organiser_fragment(room_secret: bytes, root_seed: bytes) -> str:
    """The secret part of the organiser link."""
    return f"o1.{b64(room_secret)}.{b64(root_seed)}"


def parse_link(url: str) -> Link:
    """Read a link. Raises `LinkError`, whose text never quotes the link."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise LinkError("not a link") from error
    group = parts.path.removeprefix("/g/")
    if not GROUP_ID.fullmatch(group):
        raise LinkError("the link does not name a group")
    kind, *texts = parts.fragment.split(".")
    try:
        values = [unb64(text) for text in texts]
    except ValueError as error:
        raise LinkError("the link is damaged") from error
    match kind, [len(value) for value in values]:
        case "p1", [16, 16]:
            secret, pinned = values
            return Link("participant", group, secret, pinned, door_seed(secret))
        case "f1", [16, 16, 32]:
            secret, pinned, seed = values
            return Link("facilitator", group, secret, pinned, seed)
        case "o1", [16, 32]:
            secret, seed = values
            return Link("organiser", group, secret, fingerprint(public_key(seed)), seed)
    raise LinkError("the link is incomplete or of a version that this program does not know")


@dataclass(frozen=True, repr=False)
class GroupKeys:
    """Everything secret about a new group. The organiser's link holds it all."""

    group: str
    room_secret: bytes
    root_seed: bytes

    @property
    def root_key(self) -> bytes:
        """Root public key."""
        return public_key(self.root_seed)

    @property
    def door_key(self) -> bytes:
        """Public key of the participant link."""
        return public_key(door_seed(self.room_secret))

    def role_key(self, number: int) -> bytes:
        """Public key of facilitator link no. `number`."""
        return public_key(role_seed(self.root_seed, number))

    def links(self, public_url: str) -> dict[str, str]:
        """The three links of the group by role; the facilitator's is no. 1."""
        seed = role_seed(self.root_seed, 1)
        return {
            "participant": build_link(public_url, self.group, participant_fragment(self.room_secret, self.root_key)),
            "facilitator": build_link(
                public_url, self.group, facilitator_fragment(self.room_secret, self.root_key, seed)
            ),
            "organiser": build_link(public_url, self.group, organiser_fragment(self.room_secret, self.root_seed)),
        }
