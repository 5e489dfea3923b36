"""One end of the pipe between the control plane and a worker: a socket of a pair, served by the event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from sfu.io.frames import FrameReader, Message, encode
from sfu.rtp.errors import ParseError

READ = 256 << 10
"""Bytes read in one wake-up: some thousand requests. More would hold up media for longer than a few milliseconds."""

MAX_WAITING = 4 << 20
"""Bytes that may wait for the other end to read: minutes of what a full server says. Who reads nothing for that long
does not work any more; more would be memory without use."""


class Pipe:
    """Sends in order, at once as far as the kernel takes it, and hands on what comes in order."""

    def __init__(
        self,
        sock: socket.socket,
        kind: object,
        *,
        on_message: Callable[[Message], None],
        on_end: Callable[[], None],
    ) -> None:
        """`on_end` is called once, when the other end is gone, does not read or says what nobody can understand."""
        sock.setblocking(False)
        self._sock = sock
        self._reader = FrameReader(kind)
        self._on_message = on_message
        self._on_end = on_end
        self._waiting = bytearray()
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock, self._read)

    def send(self, message: Message) -> None:
        """Send; in the kernel's hands on return, unless the other end is behind. After the end nothing is sent."""
        if self._closed:
            return
        frame = encode(message)
        if self._waiting:
            self._waiting += frame
        else:
            sent = self._write(frame)
            if sent is not None and sent < len(frame):
                self._waiting += frame[sent:]
                self._loop.add_writer(self._sock, self._flush)
        if len(self._waiting) > MAX_WAITING:
            self._end()

    def close(self) -> None:
        """End it from here. Safe to call again; `on_end` is not called."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._sock)
            self._loop.remove_writer(self._sock)
            self._sock.close()
            self._waiting.clear()

    def _end(self) -> None:
        if not self._closed:
            self.close()
            # Not from inside a call of the owner's, who may be in the middle of something.
            self._loop.call_soon(self._on_end)

    def _write(self, data: bytes | bytearray) -> int | None:
        """How much went; None if the other end is gone."""
        try:
            return self._sock.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self._end()
            return None

    def _flush(self) -> None:
        sent = self._write(self._waiting)
        if sent is not None:
            del self._waiting[:sent]
            if not self._waiting:
                self._loop.remove_writer(self._sock)

    def _read(self) -> None:
        try:
            data = self._sock.recv(READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        try:
            messages = self._reader.feed(data) if data else []
        except ParseError:
            data, messages = b"", []
        for message in messages:
            if self._closed:
                return
            self._on_message(message)
        if not data:
            self._end()
