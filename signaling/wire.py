"""One WebSocket: messages in, messages out in order and bounded, and a close that arrives."""

from __future__ import annotations

import asyncio
from collections import deque

from aiohttp import WSCloseCode, WSMsgType, web

MAX_QUEUED_CHARS = 4 << 20
"""What may wait for a client that does not read. A resume brings at most 1 MiB of replay and some offers; less would
close on slow phones, more is memory that every silent socket can claim."""
CLOSE_SECONDS = 5.0
"""How long a client has to take what is left and answer the close, before the connection is cut."""


class Wire:
    """`run` sends, in its own task; one other task calls `receive`. A client that does not read is cut off."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        self._socket = socket
        self._transport = transport
        self._waiting: deque[str | asyncio.Future[None]] = deque()
        self._chars = 0
        self._close_code: int | None = None
        self._changed = asyncio.Event()
        self._receiving: asyncio.Timeout | None = None
        self._cutting: asyncio.TimerHandle | None = None

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
            self.close(WSCloseCode.GOING_AWAY)
            self._transport.abort()
            return
        self._waiting.append(text)
        self._changed.set()

    def hold(self, until: asyncio.Future[None]) -> None:
        """Let what is sent after this, and a close, wait until the future is done. Reading goes on meanwhile."""
        if not self.closing and not until.done():
            self._waiting.append(until)

    def close(self, code: int) -> None:
        """Close after what is queued; what comes in from now on is passed over."""
        if self.closing:
            return
        loop = asyncio.get_running_loop()
        self._close_code = code
        self._changed.set()
        self._cutting = loop.call_later(CLOSE_SECONDS, self._transport.abort)
        if self._receiving is not None:
            self._receiving.reschedule(loop.time())

    async def receive(self) -> str | bytes | None:
        """The next message; None once the socket is closed from either side.

        aiohttp cuts the connection without waiting for the client's answer if `close` finds a task in its `receive`;
        with unread data left TCP then resets, and takes the last messages with it. So receiving ends first.
        """
        while not self.closing:
            try:
                async with asyncio.timeout(None) as self._receiving:
                    message = await self._socket.receive()
            except TimeoutError:
                return None
            finally:
                self._receiving = None
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                data: str | bytes = message.data
                return data
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                return None
        return None

    async def run(self) -> None:
        """Send until closed, or until the connection is gone."""
        try:
            while self._waiting or self._close_code is None:
                while self._waiting:
                    following = self._waiting.popleft()
                    if isinstance(following, asyncio.Future):
                        await asyncio.wait([following])
                    else:
                        await self._socket.send_str(following)
                        self._chars -= len(following)
                if self._close_code is None:
                    await self._changed.wait()
                    self._changed.clear()
            await self._socket.close(code=self._close_code)
        except ConnectionError:
            return  # whoever receives has seen it too
        finally:
            if self._cutting is not None:
                self._cutting.cancel()
