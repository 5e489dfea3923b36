"""The loop that reads media while it waits, and everything else as any other loop."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from sfu.io.addresses import pack_address
from sfu.io.entrance import STUN_COOKIE
from sfu.io.media_loop import MediaLoop
from sfu.native.reception import MAX_DOORS, OTHER, RTP, Door
from tests.sfu import twin

pytestmark = pytest.mark.skipif(len(twin.KINDS) == 1, reason="this machine has no C compiler: there is no twin")


class Desk:
    """A media loop with one door, and a socket that sends to it."""

    def __init__(self) -> None:
        self.here, self.there = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for sock in (self.here, self.there):
            sock.bind(("127.0.0.1", 0))
        self.loop = MediaLoop()
        self.taken: list[tuple[int, int]] = []
        self.faults: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda loop, context: self.faults.append(context))
        self.door = Door(self.here.fileno(), bytearray(1564), seed=1)
        self.door.add(pack_address(self.there.getsockname()), None)
        self.loop.media.adopt(self.door, self.take, time.monotonic)

    def take(self, verdict: int) -> None:
        self.taken.append((verdict, self.door.length))
        if self.door.length == 13:
            raise ValueError("a fault")

    def send(self, *datagrams: bytes) -> None:
        for datagram in datagrams:
            self.there.sendto(datagram, self.here.getsockname())

    def run(self, seconds: float = 0.0) -> None:
        self.loop.run_until_complete(asyncio.sleep(seconds))

    def close(self) -> None:
        self.loop.close()
        self.here.close()
        self.there.close()


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.close()


def test_what_is_pythons_is_taken_at_once(desk: Desk) -> None:
    desk.send(bytes([0x80]) * 12, bytes(14))
    for _ in range(4):
        desk.run()
    assert desk.taken == [(RTP, 12), (OTHER, 14)]
    desk.loop.media.give_up(desk.door)
    desk.send(bytes([0x80]) * 12)
    desk.run()
    assert len(desk.taken) == 2


def test_timers_and_other_files_do_not_wait_for_it(desk: Desk) -> None:
    async def read() -> bytes:
        reading, writing = socket.socketpair()
        with reading, writing:
            reading.setblocking(False)
            asyncio.get_running_loop().call_later(0.02, writing.send, b"x")
            return await asyncio.get_running_loop().sock_recv(reading, 1)

    begin = time.monotonic()
    assert desk.loop.run_until_complete(asyncio.wait_for(read(), 5)) == b"x"
    assert time.monotonic() - begin >= 0.02
    assert desk.loop.run_until_complete(asyncio.to_thread(lambda: 7)) == 7


def test_a_fault_ends_nothing_and_is_told(desk: Desk) -> None:
    desk.send(bytes([0x80]) * 13, bytes([0x80]) * 14)
    for _ in range(4):
        desk.run()
    assert desk.taken == [(RTP, 13), (RTP, 14)]
    assert [type(fault["exception"]) for fault in desk.faults] == [ValueError]


def test_a_flood_of_junk_holds_up_no_timer(desk: Desk) -> None:
    """All of it is dropped while waiting, which must end in time."""

    async def flood() -> int:
        turns = 0
        loop = asyncio.get_running_loop()
        end = loop.time() + 0.3
        while loop.time() < end:
            desk.send(*[bytes([200]) * 100] * 200)
            await asyncio.sleep(0.001)
            turns += 1
        return turns

    desk.door.drop(pack_address(desk.there.getsockname()))
    assert desk.loop.run_until_complete(flood()) > 5
    assert not desk.taken
    assert desk.door.take_dropped() > 500


def test_a_flood_at_one_door_leaves_the_other_open(desk: Desk) -> None:
    """What is Python's ends a wait: always beginning at the same door would never get to the next."""
    check = bytes(4) + STUN_COOKIE + bytes(12)
    other = Desk()
    order: list[int] = []

    def note(number: int, _: int) -> None:
        order.append(number)

    desk.loop.media.give_up(desk.door)
    for number, each in enumerate((desk, other)):
        each.loop.media.give_up(each.door)
        desk.loop.media.adopt(each.door, partial(note, number), time.monotonic)
        each.send(*[check] * 20)
    for _ in range(20):
        desk.run()
    assert sorted(order[:10]) == [0] * 5 + [1] * 5
    desk.loop.media.give_up(other.door)
    other.close()


def test_no_more_doors_than_there_is_room_for(desk: Desk) -> None:
    doors = [Door(-1, bytearray(1564), seed=1) for _ in range(MAX_DOORS)]
    for door in doors[1:]:
        assert desk.loop.media.adopt(door, desk.take, time.monotonic)
    assert not desk.loop.media.adopt(doors[0], desk.take, time.monotonic)
    desk.loop.media.give_up(doors[1])
    assert desk.loop.media.adopt(doors[0], desk.take, time.monotonic)
