"""MLS messages as the server reads them, written by hand: well formed, with no cryptography behind them."""

from __future__ import annotations

from hashlib import sha256

from signaling.mls_messages import read_key_package

GROUP = b"group id of 16 b"
LINK = b"\x00\x04\x01" + b"\x04link" + b"\x20" + bytes(32)
"""A proposal to mix in the link's key, as an external pre-shared key."""
RESUMPTION = b"\x00\x04\x02\x01" + b"\x01g" + bytes(8) + b"\x20" + bytes(32)
EMPTY_EXTENSIONS = b"\x00\x07\x00"
"""A proposal to change the group's extensions."""


def vector(data: bytes) -> bytes:
    """Section 2.1.2."""
    if len(data) < 1 << 6:
        return bytes([len(data)]) + data
    return (len(data) | 1 << 14).to_bytes(2, "big") + data if len(data) < 1 << 14 else _long(data)


def _long(data: bytes) -> bytes:
    return (len(data) | 2 << 30).to_bytes(4, "big") + data


def leaf_node(name: str, source: bytes) -> bytes:
    key = sha256(name.encode()).digest()
    return (
        vector(key)
        + vector(key)
        + b"\x00\x01"
        + vector(name.encode())
        + bytes(5)
        + source
        + b"\x00"
        + vector(bytes(64))
    )


def bare_key_package(name: str, lifetime: tuple[int, int]) -> bytes:
    source = b"\x01" + lifetime[0].to_bytes(8, "big") + lifetime[1].to_bytes(8, "big")
    init = sha256(b"init" + name.encode()).digest()
    return b"\x00\x01\x00\x01" + vector(init) + leaf_node(name, source) + b"\x00" + vector(bytes(64))


def key_package(name: str, lifetime: tuple[int, int] = (0, 1 << 40)) -> bytes:
    return b"\x00\x01\x00\x05" + bare_key_package(name, lifetime)


def ref(package: bytes) -> bytes:
    return read_key_package(package).ref


def add(package: bytes) -> bytes:
    return b"\x00\x01" + package[4:]


def remove(leaf: int) -> bytes:
    return b"\x00\x03" + leaf.to_bytes(4, "big")


def commit(
    sender: int, epoch: int, *proposals: bytes, path: bool | None = None, group: bytes = GROUP, mark: bytes = b""
) -> bytes:
    """With a path where RFC 9420 asks for one, unless told; `mark` makes one differ from another."""
    if path is None:
        path = not proposals or any(proposal[:2] == b"\x00\x03" for proposal in proposals)
    body = vector(b"".join(b"\x01" + proposal for proposal in proposals))
    body += b"\x01" + leaf_node("path", b"\x03\x00") + b"\x00" if path else b"\x00"
    head = vector(group) + epoch.to_bytes(8, "big") + b"\x01" + sender.to_bytes(4, "big") + vector(mark) + b"\x03"
    return b"\x00\x01\x00\x01" + head + body + vector(bytes(64)) + vector(bytes(32)) + vector(bytes(32))


def welcome(*packages: bytes) -> bytes:
    secrets = b"".join(vector(ref(package)) + vector(bytes(32)) + vector(bytes(48)) for package in packages)
    return b"\x00\x01\x00\x03\x00\x01" + vector(secrets) + vector(b"sealed group info")


def application(epoch: int, *, group: bytes = GROUP, size: int = 40, text: bytes = b"") -> bytes:
    """The `text` stands where ciphertext would."""
    head = vector(group) + epoch.to_bytes(8, "big") + b"\x01\x00" + vector(bytes(28))
    return b"\x00\x01\x00\x02" + head + vector(text.ljust(size, b"\0"))


def text_of(message: bytes) -> bytes:
    """What `application` was given."""
    return message[message.index(vector(bytes(28))) + 29 :].lstrip(b"\x28").rstrip(b"\0")
