"""What a member writes and seals beside MLS itself: padded JSON, knocks, and the link's pre-shared key."""

from __future__ import annotations

import json
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from signaling.links import unb64
from tests.interop.mls_member import Psk

CLASSES = (256, 1024, 4096, 16384)
PSK_ID = b"hearthside room v1"

Json = dict[str, Any]


class EnvelopeError(ValueError):
    """Bytes that no client would have written."""


def pad(content: Json) -> bytes:
    """Length, JSON, zeros up to the next class."""
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
    size = next(size for size in CLASSES if size >= 4 + len(text))
    return (len(text).to_bytes(4, "big") + text).ljust(size, b"\0")


def unpad(data: bytes) -> Json:
    """Raises `EnvelopeError` unless this is what `pad` writes, whatever the order of the fields."""
    end = 4 + int.from_bytes(data[:4], "big")
    if next((size for size in CLASSES if size >= end), 0) != len(data) or any(data[end:]):
        raise EnvelopeError("padding")
    try:
        content = json.loads(data[4:end])
    except ValueError as error:
        raise EnvelopeError("JSON") from error
    if not isinstance(content, dict):
        raise EnvelopeError("not an object")
    return content


def derived(room_secret: bytes, label: str, group: str, length: int) -> bytes:
    """HKDF over the room secret; `group` as in the link."""
    return HKDF(SHA256(), length, None, label.encode() + b"\0" + group.encode()).derive(room_secret)


def link_psk(room_secret: bytes, group: str) -> Psk:
    """What every commit that adds mixes in."""
    return Psk(PSK_ID, derived(room_secret, "hearthside psk v1", group, 32))


def seal_knock(room_secret: bytes, group: str, content: Json) -> bytes:
    """A sealed knock."""
    nonce = os.urandom(12)
    key, label = derived(room_secret, "hearthside knock v1", group, 16), b"hearthside knock v1\0" + group.encode()
    return b"\1" + nonce + AESGCM(key).encrypt(nonce, pad(content), label)


def open_knock(room_secret: bytes, group: str, sealed: str) -> Json:
    """Raises `EnvelopeError`."""
    key, label = derived(room_secret, "hearthside knock v1", group, 16), b"hearthside knock v1\0" + group.encode()
    try:
        data = unb64(sealed)
        if data[:1] != b"\1":
            raise EnvelopeError("version")
        return unpad(AESGCM(key).decrypt(data[1:13], data[13:], label))
    except (InvalidTag, ValueError) as error:
        raise EnvelopeError("knock") from error
