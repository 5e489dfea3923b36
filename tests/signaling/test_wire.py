"""One WebSocket by itself: order, bounds, and closes that arrive with what was sent before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import cast

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, web
from aiohttp.test_utils import TestClient, TestServer

from signaling import wire as wire_module
from signaling.wire import Wire


@asynccontextmanager
async def served(talk: Callable[[Wire], Awaitable[None]]) -> AsyncIterator[ClientWebSocketResponse]:
    """A client's socket, whose other end is handed to `talk`."""

    async def handler(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        assert request.transport is not None
        wire = Wire(socket, request.transport)
        writer = asyncio.create_task(wire.run())
        await talk(wire)
        if not wire.closing:
            writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
        return socket

    app = web.Application()
    app.router.add_get("/", handler)
    client: TestClient[web.Request, web.Application] = TestClient(TestServer(app))
    async with asyncio.timeout(10), client:
        yield await client.ws_connect("/")


async def read(client: ClientWebSocketResponse) -> tuple[list[str], int | None]:
    texts = []
    while (message := await client.receive()).type is WSMsgType.TEXT:
        texts.append(message.data)
    return texts, client.close_code


async def test_messages_go_out_in_order_and_the_close_after_them() -> None:
    async def talk(wire: Wire) -> None:
        for i in range(100):
            wire.send(str(i))
        wire.close(4000)
        wire.send("too late")
        wire.close(4001)
        assert await wire.receive() is None

    async with served(talk) as client:
        assert await read(client) == ([str(i) for i in range(100)], 4000)


async def test_messages_come_in_until_the_client_closes() -> None:
    got: list[str | bytes | None] = []
    done = asyncio.Event()

    async def talk(wire: Wire) -> None:
        while (data := await wire.receive()) is not None:
            got.append(data)
        done.set()

    async with served(talk) as client:
        await client.send_str("one")
        await client.send_bytes(b"two")
        await client.close()
        await done.wait()
    assert got == ["one", b"two"]


async def test_the_last_message_and_the_close_reach_a_client_in_the_middle_of_talking() -> None:
    async def talk(wire: Wire) -> None:
        await wire.receive()
        asyncio.get_running_loop().call_soon(wire.send, "removed")
        asyncio.get_running_loop().call_soon(wire.close, 4000)
        while await wire.receive() is not None:
            pass

    async with served(talk) as client:
        for _ in range(200):
            await client.send_str("x" * 1000)
        assert await read(client) == (["removed"], 4000)


async def test_what_is_held_goes_out_in_order_once_it_may() -> None:
    got: list[str | bytes | None] = []

    async def talk(wire: Wire) -> None:
        kept = asyncio.get_running_loop().create_future()
        wire.send("before")
        wire.hold(kept)
        wire.send("after")
        got.append(await wire.receive())
        wire.close(4000)
        kept.set_result(None)
        wire.hold(kept)

    async with served(talk) as client:
        assert await client.receive_str() == "before"
        with pytest.raises(TimeoutError):
            await client.receive(timeout=0.05)
        await client.send_str("still read")
        assert await read(client) == (["after"], 4000)
    assert got == ["still read"]


@pytest.mark.parametrize("closing", [False, True])
async def test_a_client_that_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch, closing: bool) -> None:
    monkeypatch.setattr(wire_module, "MAX_QUEUED_CHARS", 20_000_000 if closing else 100_000)
    monkeypatch.setattr(wire_module, "CLOSE_SECONDS", 0.05)
    ended = asyncio.Event()

    async def talk(wire: Wire) -> None:
        try:
            for _ in range(1_900):
                wire.send("x" * 10_000)
                await asyncio.sleep(0)
            if closing:
                wire.close(4000)
            await wire.receive()
        finally:  # aiohttp's test server cancels the handler of a lost connection
            assert wire.closing
            ended.set()

    async with served(talk) as client:
        connection = client._response.connection
        assert connection is not None
        transport = cast(asyncio.Transport, connection.transport)
        transport.pause_reading()
        await ended.wait()
        transport.abort()
