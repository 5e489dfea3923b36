"""Taking part in a round of the check (docs/protocol.md, section 8, Verification), written a second time.

Sans-IO: messages in, messages out. One round at a time; a change of epoch makes it worthless.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from signaling.links import b64, unb64
from tests.interop.envelopes import Json

LABEL = b"hearthside check v1\0"
EMOJI = 64


@dataclass
class CheckRound:
    """`emoji` and `digits` are there once everybody of the set has revealed what they had committed to."""

    group: bytes
    epoch: int
    authenticator: bytes
    leaf: int
    leaves: set[int]
    """Of everybody in the epoch."""
    id: bytes
    starter: int
    nonce: bytes = field(default_factory=lambda: os.urandom(32))
    hashes: dict[int, bytes] = field(default_factory=dict)
    chosen: list[int] | None = None
    """Who takes part."""
    nonces: dict[int, bytes] = field(default_factory=dict)
    emoji: list[int] | None = None
    digits: str = ""
    failed: bool = False
    _revealed: bool = False

    def __post_init__(self) -> None:
        self.hashes[self.leaf] = self._hash(self.leaf, self.nonce)

    def _hash(self, leaf: int, nonce: bytes) -> bytes:
        about = self.epoch.to_bytes(8, "big") + self.id + leaf.to_bytes(4, "big")
        return sha256(LABEL + self.group + about + nonce).digest()

    def commitment(self) -> Json:
        """What begins a round, or answers it."""
        return {"type": "check_commitment", "round": b64(self.id), "hash": b64(self.hashes[self.leaf])}

    def take(self, leaf: int, said: Json) -> list[Json]:
        """What somebody said in this round; returns what is to be said now."""
        match said["type"]:
            case "check_commitment":
                self.hashes.setdefault(leaf, unb64(said["hash"]))
            case "check_set" if leaf == self.starter and self.chosen is None:
                self.chosen = said["leaves"]
            case "check_reveal":
                self.nonces.setdefault(leaf, unb64(said["nonce"]))
        out: list[Json] = []
        if self.starter == self.leaf and self.chosen is None and self.hashes.keys() == self.leaves:
            self.chosen = sorted(self.leaves)
            out.append({"type": "check_set", "round": b64(self.id), "leaves": self.chosen})
        if self.chosen is None or not self.hashes.keys() >= set(self.chosen) or self.leaf not in self.chosen:
            return out
        if not self._revealed:
            self._revealed = True
            self.nonces[self.leaf] = self.nonce
            out.append({"type": "check_reveal", "round": b64(self.id), "nonce": b64(self.nonce)})
        self._finish(self.chosen)
        return out

    def _finish(self, chosen: list[int]) -> None:
        for leaf, nonce in self.nonces.items():
            self.failed = self.failed or (leaf in chosen and self._hash(leaf, nonce) != self.hashes[leaf])
        if self.failed or not self.nonces.keys() >= set(chosen):
            return
        leaves = len(chosen).to_bytes(2, "big") + b"".join(leaf.to_bytes(4, "big") for leaf in chosen)
        info = LABEL + self.id + leaves + b"".join(self.nonces[leaf] for leaf in chosen)
        output = HKDF(SHA256(), 52, None, info).derive(self.authenticator)
        numbers = [int.from_bytes(output[at : at + 4], "big") for at in range(0, 52, 4)]
        self.emoji = [number % EMOJI for number in numbers[:8]]
        self.digits = "".join(f"{number % 10**6:06}" for number in numbers[8:])
