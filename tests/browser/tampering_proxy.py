"""A malicious server: the real one, and before it a proxy that changes, keeps back and makes up messages.

For test_malicious_server.py. What people see comes from the proxy's address, as everything of a server does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web

Message = dict[str, Any]
HOP_BY_HOP = {"connection", "content-encoding", "content-length", "host", "keep-alive", "transfer-encoding", "upgrade"}


@dataclass
class Visitor:
    """One socket. `member` is there once the server has said it."""

    socket: web.WebSocketResponse
    member: str = ""
    told: list[Message] = field(default_factory=list)
    """All that came down to this socket, before anything was changed."""

    async def tell(self, message: Message) -> None:
        """Make something up."""
        await self.socket.send_str(json.dumps(message))

    def last(self, kind: str) -> Message:
        """The last message of that type."""
        return next(message for message in reversed(self.told) if message["type"] == kind)


class TamperingProxy:
    """`down` gets every message to a visitor and returns what the visitor is to get instead."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.down: Callable[[Visitor, Message], list[Message]] = lambda visitor, message: [message]
        self.visitors: list[Visitor] = []
        self._port = port
        self._target = ""
        self._http: ClientSession | None = None
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None

    async def start(self, target_port: int) -> None:
        """Serve what the real server on that port serves."""
        self._target = f"http://127.0.0.1:{target_port}"
        self._http = ClientSession(auto_decompress=False)
        app = web.Application()
        app.router.add_get("/ws", self._socket)
        app.router.add_get("/{path:.*}", self._page)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)  # browsers hold their sockets open
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await self._site.start()

    async def close(self) -> None:
        """End, whoever is still connected: nobody new first, since a page whose socket ends comes back at once."""
        if self._site is not None:
            await self._site.stop()
            await asyncio.sleep(0.05)  # what was being accepted is a connection then, and ends with the others
        for visitor in self.visitors:
            await visitor.socket.close()
        if self._http is not None:
            await self._http.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def visitor(self, number: int) -> Visitor:
        """Who came as number `number`, from 0, on their newest socket."""
        members = list(dict.fromkeys(visitor.member for visitor in self.visitors if visitor.member))
        return next(visitor for visitor in reversed(self.visitors) if visitor.member == members[number])

    async def _page(self, request: web.Request) -> web.Response:
        assert self._http is not None
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        async with self._http.get(f"{self._target}{request.path_qs}", headers=headers) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
            if encoding := answer.headers.get("Content-Encoding"):
                kept["Content-Encoding"] = encoding
            return web.Response(status=answer.status, headers=kept, body=await answer.read())

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        assert self._http is not None
        below = web.WebSocketResponse(protocols=["hearthside.v1"], max_msg_size=0)
        await below.prepare(request)
        visitor = Visitor(below)
        self.visitors.append(visitor)
        above = await self._http.ws_connect(f"{self._target}/ws", protocols=["hearthside.v1"], max_msg_size=0)
        upwards = asyncio.create_task(self._up(below, above))
        try:
            async for frame in above:
                if frame.type is WSMsgType.TEXT:
                    await self._pass_down(visitor, json.loads(frame.data))
        finally:
            upwards.cancel()
            await below.close(code=above.close_code or 1000)
        return below

    async def _up(self, below: web.WebSocketResponse, above: ClientWebSocketResponse) -> None:
        async for frame in below:
            if frame.type is WSMsgType.TEXT:
                await above.send_str(frame.data)
        await above.close()

    async def _pass_down(self, visitor: Visitor, message: Message) -> None:
        if message["type"] in ("waiting", "joined"):
            visitor.member = message["member"]
        visitor.told.append(message)
        for changed in self.down(visitor, message):
            if not visitor.socket.closed:
                await visitor.tell(changed)
