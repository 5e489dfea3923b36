"""The relay itself, without browsers."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from tests.browser.udp_relay import UdpRelay, relayed
from tests.sim.link import Conditions, Loss


class Ends:
    """A server's socket, and two of a browser."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.server, self.first, self.second = [self.open() for _ in range(3)]

    def open(self) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.bind(("127.0.0.1", 0))
        return sock

    async def receive(self, sock: socket.socket, *, within: float = 5) -> tuple[bytes, tuple[str, int]]:
        data, address = await asyncio.wait_for(self.loop.sock_recvfrom(sock, 2000), within)
        return data, address


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    found = Ends()
    yield found
    for sock in (found.server, found.first, found.second):
        sock.close()


async def test_each_socket_has_its_own_way_there_and_back(ends: Ends) -> None:
    relay = UdpRelay(ends.server.getsockname(), seed=1, up=Conditions(delay=0.001), down=Conditions(delay=0.001))
    try:
        for sock, text in ((ends.first, b"one"), (ends.second, b"two")):
            sock.sendto(text, ("127.0.0.1", relay.port))
            data, address = await ends.receive(ends.server)
            assert data == text
            ends.server.sendto(b"back to " + text, address)
            assert (await ends.receive(sock))[0] == b"back to " + text
    finally:
        relay.close()


async def test_what_is_lost_does_not_arrive_and_what_waits_arrives_in_order(ends: Ends) -> None:
    up = Conditions(delay=0.001, rate=2_000_000, loss=Loss.uniform(0.5))
    relay = UdpRelay(ends.server.getsockname(), seed=1, up=up, down=Conditions())
    try:
        for number in range(100):
            ends.first.sendto(bytes([number]) * 100, ("127.0.0.1", relay.port))
        arrived: list[int] = []
        async with asyncio.timeout(10):
            while len(arrived) + relay.up.lost < 100:
                with contextlib.suppress(TimeoutError):
                    arrived.append((await ends.receive(ends.server, within=0.2))[0][0])
        assert arrived == sorted(arrived)
        assert 20 < relay.up.lost < 80
    finally:
        relay.close()


def test_candidates_lead_to_the_relay() -> None:
    sdp = (
        "a=candidate:1 1 udp 2130706431 192.0.2.7 8081 typ host\r\n"
        "a=candidate:2 1 tcp 1671430143 192.0.2.7 8081 typ host tcptype passive\r\n"
        "a=end-of-candidates\r\n"
    )
    assert relayed(sdp, 5000) == "a=candidate:1 1 udp 2130706431 127.0.0.1 5000 typ host\r\na=end-of-candidates\r\n"
