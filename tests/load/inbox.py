"""Many datagrams for one system call: recvmmsg(2), with the kernel's time of arrival for each.

A generator that reads 100,000 packets a second one by one would be the bottleneck of what it measures. The structs are
written as 64-bit Linux has them (bits/socket.h), so that no compiler is needed.
"""

from __future__ import annotations

import ctypes
import socket
from collections.abc import Iterator
from struct import Struct
from typing import Any

from pylibsrtp._binding import ffi as srtp_ffi

SLOT = 2048
"""Bytes for a datagram: more than any that comes."""
BATCH = 64
"""Datagrams for one call. What is left is read by the next."""
SO_TIMESTAMPNS = 35
"""asm-generic/socket.h: SO_TIMESTAMPNS_OLD, which Python's socket module does not name."""
SO_MEMINFO = 55
"""asm-generic/socket.h: an array of 32-bit figures, of which the ninth counts what was dropped (sock_diag(7))."""
SO_RCVBUFFORCE = 33
"""As SO_RCVBUF, beyond what the system allows an ordinary user."""
CONTROL = 64
"""Bytes for a slot's control message: 16 of header, 16 of timespec, rounded up."""
RECEIVE_BUFFER = 8 << 20

_VECTOR = Struct("@PN")
"""struct iovec."""
_MESSAGE = Struct("@PI4xPNPNi4xI4x")
"""struct mmsghdr: address, vectors, control, flags, and the length of what came."""
_LENGTH = Struct(f"{_MESSAGE.size - 8}xI4x")
_STAMP = Struct(f"@16xqq{CONTROL - 32}x")
"""The only control message: its header, and a struct timespec."""
_HEAD = Struct(f"!BBHIIHH{SLOT - 16}x")
"""RTP's fixed header (RFC 3550 section 5.1), and that of an extension for packets without CSRCs (5.3.1)."""
_DONT_WAIT = int(socket.MSG_DONTWAIT)
_recvmmsg = ctypes.CDLL(None).recvmmsg
_recvmmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p)


class Inbox:
    """Room for one batch. What lies in it is good until the next `read`."""

    def __init__(self) -> None:
        self.data = bytearray(SLOT * BATCH)
        self.view = memoryview(self.data)
        self.lengths: list[int] = []
        self.arrivals: list[int] = []
        """When the kernel took each in, in nanoseconds of the Unix clock; `prepare` asks for it."""
        start: Any = srtp_ffi.from_buffer("unsigned char[]", self.data, require_writable=True)
        self.pointers = [start + SLOT * slot for slot in range(BATCH)]
        """Of each slot, for libsrtp."""
        self._control = bytearray(CONTROL * BATCH)
        self._vectors = bytearray().join(_VECTOR.pack(_address(self.data) + SLOT * slot, SLOT) for slot in range(BATCH))
        vectors, control = _address(self._vectors), _address(self._control)
        self._fresh = b"".join(
            _MESSAGE.pack(0, 0, vectors + _VECTOR.size * slot, 1, control + CONTROL * slot, CONTROL, 0, 0)
            for slot in range(BATCH)
        )
        self._messages = bytearray(self._fresh)
        self._at = _address(self._messages)

    def read(self, descriptor: int) -> int:
        """Read what has come, up to a batch of it, and return how many datagrams; slot n starts at n * `SLOT`."""
        self._messages[:] = self._fresh  # the kernel writes into what it was given
        count: int = _recvmmsg(descriptor, self._at, BATCH, _DONT_WAIT, None)
        if count <= 0:
            return 0
        whole = memoryview(self._messages)
        self.lengths = [length for (length,) in _LENGTH.iter_unpack(whole[: count * _MESSAGE.size])]
        stamps = _STAMP.iter_unpack(memoryview(self._control)[: count * CONTROL])
        self.arrivals = [seconds * 1_000_000_000 + nanoseconds for seconds, nanoseconds in stamps]
        return count

    def heads(self, count: int) -> Iterator[tuple[int, int, int, int, int, int, int]]:
        """Return each one's first two bytes, sequence, timestamp, SSRC, and profile and words of the extension."""
        return _HEAD.iter_unpack(self.view[: count * SLOT])


def prepare(sock: socket.socket) -> None:
    """Have a socket stamp arrivals, and hold a burst."""
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)


def dropped(sock: socket.socket) -> int:
    """Return how many datagrams a socket had no room for."""
    return int.from_bytes(sock.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 36)[32:36], "little")


def _address(data: bytearray) -> int:
    """Return where a buffer lies, which must not be resized."""
    return ctypes.addressof(ctypes.c_char.from_buffer(data))
