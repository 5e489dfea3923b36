"""Addresses as the kernel lays them out, which the compiled twin reads and tells apart by."""

from __future__ import annotations

import socket
import struct
import sys
from typing import Any

SocketAddress = tuple[Any, ...]
"""Host and port, as Python's sockets have them."""


def pack_address(address: SocketAddress) -> bytes:
    """Return host and port as `struct sockaddr_in` or `sockaddr_in6`; nothing where their form is not Linux's.

    Raises `OSError` for a host that is no address, or on no link that there is.
    """
    if sys.platform != "linux":
        return b""
    host, port = address[:2]
    if ":" in host:
        host, _, zone = host.partition("%")
        scope = 0 if not zone else int(zone) if zone.isdecimal() else socket.if_nametoindex(zone)
        return (
            struct.pack("=H", socket.AF_INET6)
            + struct.pack("!HI", port, 0)
            + socket.inet_pton(socket.AF_INET6, host)
            + struct.pack("=I", scope)
        )
    return struct.pack("=H", socket.AF_INET) + struct.pack("!H", port) + socket.inet_aton(host) + bytes(8)


def unpack_address(packed: bytes) -> SocketAddress:
    """Return host and port as `pack_address` takes them, out of Linux's `struct sockaddr_in` or `sockaddr_in6`.

    A link is named by its number: its name may change, or be gone.
    """
    port = int.from_bytes(packed[2:4], "big")
    if len(packed) < 28:
        return socket.inet_ntop(socket.AF_INET, packed[4:8]), port
    host, scope = socket.inet_ntop(socket.AF_INET6, packed[8:24]), struct.unpack("=I", packed[24:28])[0]
    return f"{host}%{scope}" if scope else host, port
