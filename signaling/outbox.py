"""One socket's way out: in order, bounded, and closed in order too."""

from __future__ import annotations

import asyncio
from collections import deque

from aiohttp import WSCloseCode, web

MAX_QUEUED_CHARS = 4 << 20
"""What may wait for a client that does not read. A resume brings at most 1 MiB of replay and some offers; less would
close on slow phones, more is memory that every silent socket can claim."""
CLOSE_SECONDS = 5.0
"""How long a client has to take what is left and answer the close, before the connection is cut."""


class Outbox:
    """Sends in order in its own task, `run`. A client that does not read is cut off, never buffered without end."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        self._socket = socket
        self._transport = transport
        self._waiting: deque[str] = deque()
        self._chars = 0
        self._close_code: int | None = None
        self._changed = asyncio.Event()

    @property
    def closing(self) -> bool:
        """True once `close` was called: `run` will end by itself."""
        return self._close_code is not None

    def send(self, text: str) -> None:
        """Queue a message. Nothing is sent after `close`."""
        if self.closing:
            return
        self._chars += len(text)
        if self._chars > MAX_QUEUED_CHARS:
            self._close_code = WSCloseCode.GOING_AWAY
            self._transport.abort()
            return
        self._waiting.append(text)
        self._changed.set()

    def close(self, code: int) -> None:
        """Close after what is queued."""
        if self.closing:
            return
        self._close_code = code
        self._changed.set()
        asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._transport.abort)

    async def run(self) -> None:
        """Send until closed, or until the connection is gone."""
        try:
            while self._waiting or self._close_code is None:
                while self._waiting:
                    text = self._waiting.popleft()
                    await self._socket.send_str(text)
                    self._chars -= len(text)
                if self._close_code is None:
                    await self._changed.wait()
                    self._changed.clear()
            await self._socket.close(code=self._close_code)
        except ConnectionError:
            return  # the reader has seen it too, and ends the session's socket
