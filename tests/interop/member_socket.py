"""One WebSocket to the server, with the proof of the link, and pings: what is below the group."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from urllib.parse import urlsplit

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from signaling import messages as m
from signaling.links import Link, b64

PING_SECONDS = 10.0


class Socket:
    """Opens with `open`; what comes in goes to `receive`, and the end to `closed`, with the close code."""

    def __init__(
        self,
        http: ClientSession,
        link: Link,
        url: str,
        *,
        receive: Callable[[m.AnyServerMessage], None],
        closed: Callable[[int | None], None],
    ) -> None:
        self._http, self._link = http, link
        self._address = f"{url}/ws"
        self._receive, self._closed = receive, closed
        self._out: asyncio.Queue[m.ClientMessage] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._socket: ClientWebSocketResponse | None = None
        self.nonce = ""
        """Of this socket's challenge."""

    async def open(self, token: str | None) -> None:
        """Connect, and answer the challenge: with the token of a session to take up, or with the link."""
        socket = self._socket = await self._http.ws_connect(self._address, protocols=[m.PROTOCOL], max_msg_size=0)
        challenge = m.decode_server(await socket.receive_str())
        assert isinstance(challenge, m.Challenge)
        self.nonce = challenge.nonce
        self.send(m.Resume(self._link.group, token) if token else self._proof(challenge.nonce))
        self._tasks = [asyncio.create_task(work) for work in (self._write(socket), self._read(socket), self._ping())]

    def send(self, message: m.ClientMessage) -> None:
        """Queue a message."""
        self._out.put_nowait(message)

    async def drop(self) -> None:
        """Vanish as a phone in a tunnel does: nothing more is read or said."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()

    def _proof(self, nonce: str) -> m.Join:
        link = self._link
        key = Ed25519PrivateKey.from_private_bytes(link.seed)
        statement = f"hearthside join v1\0{link.role}\0{link.group}\0{nonce}".encode()
        return m.Join(link.group, link.role, b64(key.public_key().public_bytes_raw()), b64(key.sign(statement)))

    async def _write(self, socket: ClientWebSocketResponse) -> None:
        while True:
            text = m.encode(await self._out.get())
            with contextlib.suppress(ConnectionError):  # whoever reads has seen it too
                await socket.send_str(text)

    async def _read(self, socket: ClientWebSocketResponse) -> None:
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                self._receive(m.decode_server(frame.data))
        self._closed(socket.close_code)

    async def _ping(self) -> None:
        n = 0
        while True:
            await asyncio.sleep(PING_SECONDS)
            n += 1
            self.send(m.Ping(n))


def origin(link: str) -> str:
    """Scheme, host and port of a link."""
    parts = urlsplit(link)
    return f"{parts.scheme}://{parts.netloc}"
