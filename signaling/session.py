"""Proving a link at the door, and resume tokens.

A token lets a client take its place up again without being let in anew, also from a server that was restarted in
between. It is Fernet (AES-128-CBC with HMAC-SHA256; the format is told in `cryptography`'s documentation) over
what the server needs to give the place back, under a key that lives in the server's database alone.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Literal, Protocol

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from signaling.links import challenge_bytes, unb64
from signaling.messages import Join, MemberRole

TOKEN_SECONDS = 180
"""How long a token is good for. Longer than `GRACE_SECONDS` and the age that a token has when a socket is lost (one
renewal and one ping, 40 s) together; shorter means that a reload late in the grace time must knock again."""
RENEW_SECONDS = 30
"""A `pong` brings a fresh token at most this often, seconds."""
GRACE_SECONDS = 120
"""How long a place is kept without a socket, and a meeting without members: long enough for a locked phone, a lift or
a restart of the server, short enough that nobody stays on the list as a ghost."""


class Claims(msgspec.Struct, array_like=True):
    """What a token says about its holder's session."""

    group: str
    session: str
    state: Literal["waiting", "joined"]
    since: float
    """Waiting: when the knock came, so that the place in the list is kept."""
    browser: str | None = None
    meeting: str | None = None
    """From here on for members only."""
    role: MemberRole = "participant"
    rooms: list[str] = []
    key: str | None = None
    """Facilitators: the role key that they joined with, so that a withdrawn link takes nobody back."""


class TokenKeeper:
    """Makes and reads tokens. `now` is wall-clock seconds: tokens outlive the process."""

    def __init__(self, key: bytes) -> None:
        """`key`: 32 secret bytes, the same after a restart."""
        self._fernet = Fernet(base64.urlsafe_b64encode(key))
        self._decoder = msgspec.msgpack.Decoder(Claims)

    def issue(self, claims: Claims, *, now: float) -> str:
        """A token for these claims, good for `TOKEN_SECONDS`."""
        return self._fernet.encrypt_at_time(msgspec.msgpack.encode(claims), int(now)).decode()

    def read(self, token: str, *, now: float) -> Claims | None:
        """What a token claims; None if it is not ours, was changed, or is too old."""
        try:
            return self._decoder.decode(self._fernet.decrypt_at_time(token.encode(), TOKEN_SECONDS, int(now)))
        except (InvalidToken, msgspec.DecodeError, UnicodeEncodeError):
            return None


class GroupKeys(Protocol):
    """The part of a stored group that the door needs: public keys, base64url."""

    @property
    def root_key(self) -> str:
        """Of the organiser's link."""

    @property
    def door_key(self) -> str:
        """Of the participant link."""

    @property
    def role_keys(self) -> list[str]:
        """Of the facilitator links."""

    @property
    def certificates(self) -> list[str]:
        """Of the facilitator links."""

    @property
    def revocations(self) -> str | None:
        """The newest list."""

    @property
    def grace_seconds(self) -> int:
        """How long a meeting goes on without a facilitator."""


def proof_is_good(join: Join, keys: GroupKeys, nonce: str) -> bool:
    """True if `join` is signed over this challenge with a key that this group has for that role."""
    allowed = {"participant": [keys.door_key], "facilitator": keys.role_keys, "organiser": [keys.root_key]}[join.role]
    if join.key not in allowed:
        return False
    try:
        key = Ed25519PublicKey.from_public_bytes(unb64(join.key))
        key.verify(unb64(join.signature), challenge_bytes(join.role, join.group, nonce))
    except (InvalidSignature, ValueError):
        return False
    return True


def mark_digest(meeting: str, kind: Literal["session", "browser"], value: str) -> str:
    """What is stored of an ended session or a removed browser: means nothing without the meeting, and outside of it."""
    return hashlib.sha256(f"hearthside {kind} mark v1\0{meeting}\0{value}".encode()).hexdigest()
