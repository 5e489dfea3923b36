"""Starts Firefox with the given arguments and stands between it and Playwright on the WebDriver BiDi socket.

Playwright sets an emulated colour scheme for every context, and gives up where the browser has no such command, as
Firefox 153 ESR has not. No test of ours looks at colours in Firefox: the relay answers that command itself and passes
on everything else, in both directions.

    FIREFOX=/usr/bin/firefox-esr python -m tests.browser.bidi_relay --headless --remote-debugging-port=0 ...
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys

import aiohttp
from aiohttp import web

ANSWERED_HERE = "emulation.setMediaFeaturesOverride"

_LISTENING = re.compile(rb"WebDriver BiDi listening on (ws://[0-9.:]+)")


async def relay(firefox: str, browser: web.WebSocketResponse) -> None:
    """Pass on what Playwright and Firefox tell each other until either side goes."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{firefox}/session", max_msg_size=0) as upstream,
    ):

        async def back() -> None:
            async for message in upstream:
                await browser.send_str(message.data)
            await browser.close()

        backwards = asyncio.create_task(back())
        async for message in browser:
            command = json.loads(message.data)
            if command["method"] == ANSWERED_HERE:
                await browser.send_json({"type": "success", "id": command["id"], "result": {}})
            else:
                await upstream.send_str(message.data)
        await upstream.close()
        await backwards


async def main() -> int:
    """Run Firefox to its end; its announcement names the relay's address instead of its own."""
    process = await asyncio.create_subprocess_exec(
        os.environ["FIREFOX"], *sys.argv[1:], stderr=asyncio.subprocess.PIPE, limit=1 << 20
    )
    firefox = ""

    async def connected(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        await relay(firefox, socket)
        return socket

    app = web.Application()
    app.router.add_get("/session", connected)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    assert process.stderr is not None
    async for line in process.stderr:
        if found := _LISTENING.search(line):
            firefox = found[1].decode()
            line = b"WebDriver BiDi listening on ws://127.0.0.1:%d\n" % port
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
    return await process.wait()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
