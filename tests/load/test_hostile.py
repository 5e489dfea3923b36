"""Every kind of attack runs beside a meeting in which all hear all. How the others fare is `python -m tests.load`'s."""

import asyncio
from collections.abc import Iterator

import pytest

from sfu.control import CloseRoom
from tests.load.__main__ import Server
from tests.load.generator import Meeting
from tests.load.hostile import BURSTS, STEP, come
from tests.load.scenarios import Scenario

LONG = 0.3
"""Seconds."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server("127.0.0.1")
    yield server
    server.close()


@pytest.mark.parametrize("name", BURSTS)
async def test_an_attack_goes_out_and_the_others_are_sent_theirs(server: Server, name: str) -> None:
    meeting = Meeting()
    await meeting.gather(server, Scenario(2, 2))
    attacker = await come(server, name, meeting)
    await asyncio.gather(meeting.talk(LONG), attacker.attack(LONG))
    await attacker.close()
    await meeting.part()
    await server.request(CloseRoom("room"))
    assert all(subscriber.received for subscriber in meeting.subscribers)
    assert (attacker.sent > 0) is (name != "deaf")
    assert (attacker.again > 0) is (name in {"requests", "everything"}), "what was really sent is asked for"
    if name == "everything":
        assert attacker.octets >= 10_000_000 / 8 * STEP
