"""Lets the compiled twin send into a channel of tests, and lets tests do without the twin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol
from unittest.mock import patch

from sfu import native
from sfu.native.numbers import WayNumbers

KINDS = ["python", "compiled"] if native.compiled else ["python"]
"""Of the hot path: those that this machine has. Where there is no compiler there is nothing to compare."""


class Sender(Protocol):
    outgoing: bytearray
    way: WayNumbers

    def send(self, length: int) -> None: ...

    def unprotect(self, length: int) -> int: ...


@contextmanager
def using(kind: str) -> Iterator[None]:
    """Make everything that is made meanwhile of that kind."""
    with patch.object(native, "compiled", kind == "compiled"):
        yield


def serve(channel: Sender) -> object:
    """Have the channel's `send` called for what the twin sends. What is returned is to be kept as long as the channel.

    The twin believes that it seals: what it hands over for that is taken, and refused, so that no socket is needed.
    """
    if isinstance(channel.way, WayNumbers):
        return None
    ffi: Any = native._built.ffi
    handle = ffi.new_handle(channel)
    native.seal_with(channel.way, int(ffi.cast("uintptr_t", _take())), int(ffi.cast("uintptr_t", handle)))
    native.aim(channel.way, 0, bytes(16))
    native.open_with(channel.way, int(ffi.cast("uintptr_t", _open())), int(ffi.cast("uintptr_t", handle)))
    return handle


def _take() -> Any:
    """Return the one function that all channels share; cffi keeps it as long as it is kept here."""
    global _taker
    if _taker is None:
        ffi: Any = native._built.ffi

        def take(session: Any, packet: Any, length: Any) -> int:
            channel: Sender = ffi.from_handle(session)
            size = length[0]
            channel.outgoing[:size] = ffi.buffer(packet, size)
            channel.send(size)
            return 1

        _taker = ffi.callback("int(void *, void *, int *)", take, error=1)
    return _taker


def _open() -> Any:
    """The same for opening: the channel says whether a packet is authentic."""
    global _opener
    if _opener is None:
        ffi: Any = native._built.ffi

        def open_(session: Any, packet: Any, length: Any) -> int:
            channel: Sender = ffi.from_handle(session)
            size = channel.unprotect(length[0])
            if size < 0:
                return 1
            length[0] = size
            return 0

        _opener = ffi.callback("int(void *, void *, int *)", open_, error=1)
    return _opener


_taker: Any = None
_opener: Any = None
