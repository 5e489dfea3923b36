"""One person's whole way to a server, made as long as a phone's: pages and socket over TCP, media over UDP.

TCP passes through as bytes, in order, each read as one piece behind the bottleneck of its direction. A connection's
first bytes wait one round trip more, as they do for the handshake of TCP; that of TLS is not in it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial

from tests.browser.server import Server, free_port
from tests.browser.tampering_proxy import Message, TamperingProxy, Visitor
from tests.browser.udp_relay import LoopClock, UdpRelay, relayed
from tests.sim.link import Conditions, Link

ENDLESS = 1 << 40
"""Bytes before a bottleneck: TCP holds its sender back and loses nothing for good."""


class TcpPath:
    """Listens at `port` of 127.0.0.1, and carries each connection to the `target` port there."""

    def __init__(self, target: int, *, round_trip: float, rate: int | None) -> None:
        """`round_trip` in seconds; `rate` in bit/s each way, None for no bottleneck."""
        self.connections = 0
        """Opened so far."""
        self.received = 0
        """Bytes that came down to the browser so far."""
        self.port = 0
        self._target = target
        self._round_trip = round_trip
        clock = LoopClock()
        conditions = partial(Conditions, rate=rate, delay=round_trip / 2, queue=ENDLESS)
        self._up = Link(clock, seed=1, conditions=conditions())
        self._down = Link(clock, seed=2, conditions=conditions())
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Listen no more, and end what is open."""
        if self._server is not None:
            self._server.close()
        for writer in self._ends:
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await asyncio.sleep(self._round_trip)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        ends = {writer, far_writer}
        self._ends |= ends
        await asyncio.gather(self._pump(reader, far_writer, self._up), self._pump(far_reader, writer, self._down))
        self._ends -= ends

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: Link) -> None:
        waiting: deque[bytes] = deque()  # in order, whatever the link does

        def deliver() -> None:
            data = waiting.popleft()
            if not writer.is_closing():
                writer.write(data)

        try:
            while data := await reader.read(1400):
                if link is self._down:
                    self.received += len(data)
                waiting.append(data)
                link.send(len(data), deliver)
        except ConnectionError:
            pass
        link.send(0, writer.close)


class SlowPath:
    """`url` stands for the server's own. Made anew for each person, since media must be told apart."""

    def __init__(self, server: Server, *, round_trip: float, rate: int | None = None) -> None:
        """As `TcpPath`; media has the same round trip and rate, on a line of its own."""
        conditions = partial(Conditions, rate=rate, delay=round_trip / 2)
        media = ("127.0.0.1", server.media_port)
        self.media = UdpRelay(media, seed=1, up=conditions(), down=conditions())
        self.proxy = TamperingProxy(free_port())
        self.proxy.down = self._down
        self._server = server
        self._round_trip, self._rate = round_trip, rate
        self.tcp = TcpPath(int(self.proxy.url.rpartition(":")[2]), round_trip=round_trip, rate=rate)

    async def start(self) -> None:
        """Listen."""
        await self.proxy.start(self._server.port)
        await self.tcp.start()

    async def close(self) -> None:
        """Carry nothing any more."""
        self.media.close()
        await self.tcp.close()
        await self.proxy.close()

    def link(self, link: str) -> str:
        """The same link by this path."""
        return link.replace(self._server.url, f"http://127.0.0.1:{self.tcp.port}")

    def _down(self, _: Visitor, message: Message) -> list[Message]:
        if "sdp" in message:
            message = {**message, "sdp": relayed(message["sdp"], self.media.port)}
        return [message]
