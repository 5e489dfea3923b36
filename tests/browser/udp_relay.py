"""A bad network for real browsers: a UDP relay that loses, delays and queues (the kernel here has no netem).

One relay stands before each person's browser. Each of the browser's sockets gets a socket of its own towards the
server, so that the server tells them apart as it would without. What a path does to packets is `tests/sim/link.py`, on
the real clock.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.browser.tampering_proxy import Message, TamperingProxy, Visitor
from tests.sim.clock import Clock
from tests.sim.link import Conditions, Link

MAX_SOCKETS = 64
"""A browser takes a handful."""


class LoopClock(Clock):
    """The event loop's clock in the place of the virtual one."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    @property
    def now(self) -> float:  # type: ignore[override]  # read here, set by hand there
        """Seconds."""
        return self._loop.time()

    def call_at(self, time: float, action: Callable[[], None]) -> None:
        """Have something happen."""
        self._loop.call_at(time, action)


class UdpRelay:
    """One person's path to the media port at `server`, and back."""

    def __init__(self, server: tuple[str, int], *, seed: int, up: Conditions, down: Conditions) -> None:
        clock = LoopClock()
        self.up = Link(clock, seed=seed, conditions=up)
        self.down = Link(clock, seed=seed + 1, conditions=down)
        self.tap: Callable[[bool, bytes], None] = lambda up, packet: None
        """Called with everything that comes: whether it is from the browser, and the packet."""
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._far: dict[tuple[str, int], socket.socket] = {}
        self._near = self._open(("127.0.0.1", 0), self._from_browser)

    @property
    def port(self) -> int:
        """Where the browser is to send to."""
        return int(self._near.getsockname()[1])

    def close(self) -> None:
        """Carry nothing any more."""
        for sock in (self._near, *self._far.values()):
            self._loop.remove_reader(sock)
            sock.close()

    def _open(self, address: tuple[str, int], read: Callable[[], None]) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.bind(address)
        self._loop.add_reader(sock, read)
        return sock

    def _from_browser(self) -> None:
        for packet, address in _drain(self._near):
            far = self._far.get(address)
            if far is None:
                if len(self._far) == MAX_SOCKETS:
                    continue
                far = self._far[address] = self._open(("127.0.0.1", 0), partial(self._back, address))
            self.tap(True, packet)
            self.up.send(len(packet), partial(_send, far, packet, self._server))

    def _back(self, address: tuple[str, int]) -> None:
        for packet, _ in _drain(self._far[address]):
            self.tap(False, packet)
            self.down.send(len(packet), partial(_send, self._near, packet, address))


def _drain(sock: socket.socket) -> list[tuple[bytes, Any]]:
    found = []
    for _ in range(64):
        try:
            found.append(sock.recvfrom(2000))
        except OSError:
            break
    return found


def _send(sock: socket.socket, packet: bytes, address: tuple[str, int]) -> None:
    if sock.fileno() >= 0:
        try:
            sock.sendto(packet, address)
        except OSError:
            return  # as a full network would


class RelayedSignaling:
    """Puts each visitor's relay into the SDP that the proxy passes to them: `relays` in the order of their coming."""

    def __init__(self, proxy: TamperingProxy, relays: list[UdpRelay]) -> None:
        self._relays = relays
        self._members: list[str] = []
        proxy.down = self._pass

    def _pass(self, visitor: Visitor, message: Message) -> list[Message]:
        if visitor.member and visitor.member not in self._members:
            self._members.append(visitor.member)
        if "sdp" in message and visitor.member:
            relay = self._relays[self._members.index(visitor.member)]
            return [{**message, "sdp": relayed(message["sdp"], relay.port)}]
        return [message]


def relayed(sdp: str, port: int) -> str:
    """The SDP with every UDP candidate at that port of 127.0.0.1, and none by TCP."""
    sdp = re.sub(r"a=candidate:\S+ \d+ tcp [^\r\n]*\r\n", "", sdp)
    return re.sub(r"(a=candidate:\S+ \d+ udp \d+) \S+ \d+ ", rf"\1 127.0.0.1 {port} ", sdp)
