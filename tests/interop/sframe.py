"""SFrame (RFC 9605) with AES_128_GCM_SHA256_128, for test members that publish and read media."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

SUITE = 4
_KEY, _SALT, _TAG = 16, 12, 16


class OpenError(ValueError):
    """Not a frame of this key."""


class FrameKey:
    """What one KID derives from its base key (section 4.4.2)."""

    def __init__(self, base_key: bytes, kid: int) -> None:
        extract = HMAC(bytes(32), SHA256())
        extract.update(base_key)
        secret = extract.finalize()
        about = kid.to_bytes(8, "big") + SUITE.to_bytes(2, "big")
        self.kid = kid
        self.key = HKDFExpand(SHA256(), _KEY, b"SFrame 1.0 Secret key " + about).derive(secret)
        self.salt = HKDFExpand(SHA256(), _SALT, b"SFrame 1.0 Secret salt " + about).derive(secret)

    def seal(self, ctr: int, plaintext: bytes, metadata: bytes = b"") -> bytes:
        """Header and ciphertext (section 4.4.3). A counter must not be used twice."""
        header = encode_header(self.kid, ctr)
        return header + AESGCM(self.key).encrypt(self._nonce(ctr), plaintext, header + metadata)

    def open(self, frame: bytes, metadata: bytes = b"") -> bytes:
        """The plaintext (section 4.4.4). Raises `OpenError`."""
        kid, ctr, size = decode_header(frame)
        if kid != self.kid or len(frame) < size + _TAG:
            raise OpenError("not of this key")
        try:
            return AESGCM(self.key).decrypt(self._nonce(ctr), frame[size:], frame[:size] + metadata)
        except InvalidTag as error:
            raise OpenError("tag") from error

    def _nonce(self, ctr: int) -> bytes:
        return (int.from_bytes(self.salt, "big") ^ ctr).to_bytes(_SALT, "big")


def encode_header(kid: int, ctr: int) -> bytes:
    """Section 4.3: each number in the first byte if below 8, else its length there and the number behind."""
    k, kid_bytes = _field(kid)
    c, ctr_bytes = _field(ctr)
    return bytes([k << 4 | c]) + kid_bytes + ctr_bytes


def decode_header(frame: bytes) -> tuple[int, int, int]:
    """KID, CTR and the header's length. Raises `OpenError`, also for numbers that are longer than they need be."""
    if not frame:
        raise OpenError("empty")
    kid, at = _number(frame, frame[0] >> 4, 1)
    ctr, at = _number(frame, frame[0] & 15, at)
    if encode_header(kid, ctr) != frame[:at]:
        raise OpenError("header")
    return kid, ctr, at


def _field(number: int) -> tuple[int, bytes]:
    if number < 8:
        return number, b""
    size = (number.bit_length() + 7) // 8
    return 8 | size - 1, number.to_bytes(size, "big")


def _number(frame: bytes, field: int, at: int) -> tuple[int, int]:
    if field < 8:
        return field, at
    end = at + (field & 7) + 1
    return int.from_bytes(frame[at:end], "big"), end
