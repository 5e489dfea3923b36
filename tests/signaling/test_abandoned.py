"""Two hundred meetings that are opened and abandoned: nothing is kept of them, and the log says each step once."""

from __future__ import annotations

import asyncio
import itertools
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from signaling import messages as m
from signaling.links import b64
from signaling.server import Signaling
from signaling.session import GRACE_SECONDS, TOKEN_SECONDS
from signaling.store import Group, Store
from tests.signaling import mls_bytes as b
from tests.signaling.test_media_workers import Hall
from tests.signaling.test_server import MemoryStore, Person, Settings, both_devices
from tests.signaling.world import Keys, signed_join

MANY = 200
WORKERS = 2


@dataclass
class Building:
    """A server with so many groups, and the books of its media workers."""

    client: TestClient[web.Request, web.Application]
    signaling: Signaling
    hall: Hall
    store: MemoryStore
    ahead: float = 0.0
    arrivals: Iterator[int] = field(default_factory=itertools.count)

    async def enter(self, group: str, role: m.Role) -> Person:
        headers = {"X-Forwarded-For": f"198.51.100.{next(self.arrivals) % 250}"}
        socket = await self.client.ws_connect("/ws", protocols=(m.PROTOCOL,), headers=headers)
        person = Person(socket)
        await person.send(signed_join(role, (await person.get(m.Challenge)).nonce, group=group))
        return person

    async def lead(self, group: str) -> tuple[Person, str]:
        facilitator = await self.enter(group, "facilitator")
        joined = await facilitator.get(m.Joined)
        await facilitator.register(joined.rooms[0].id, joined.member)
        return facilitator, joined.rooms[0].id

    async def knock(self, group: str) -> Person:
        visitor = await self.enter(group, "participant")
        member = (await visitor.get(m.Waiting)).member
        await visitor.send(m.SendKnock(sealed="name", key_package=b64(b.key_package(member))))
        return visitor

    async def meet(self, group: str) -> tuple[Person, Person]:
        """Two people, one of whom sends what the other is offered."""
        facilitator, room = await self.lead(group)
        visitor = await self.knock(group)
        await facilitator.admit(room, (await facilitator.get(m.Knocked)).knock)
        await visitor.get(m.Joined)
        await facilitator.send(both_devices(room))
        await facilitator.get(m.Published)
        await visitor.send(m.Subscribe(room=room))
        await visitor.get(m.SubscribeOffer)  # which is never answered
        return facilitator, visitor

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        for _ in range(int(seconds // 20) + 1):
            self.ahead += 20.0
            await self.signaling._let_time_pass()
            await asyncio.sleep(0)

    def tables(self) -> dict[str, int]:
        """How much is kept, by where."""
        signaling, workers = self.signaling, self.hall.workers
        machine, media = signaling._machine, signaling._media
        assert machine is not None
        loop = asyncio.get_running_loop()
        timers = [handle for handle in loop._scheduled if not handle.cancelled()]  # type: ignore[attr-defined]
        return {
            "groups": len(machine._groups),
            "connections": len(machine._connections),
            "addresses": len(machine._addresses._arrivals) + len(machine._addresses._open),
            "sockets": len(signaling._wires) + len(signaling._conversations),
            "tasks": len(signaling._tasks),
            "rooms": len(media._rooms) + len(media._owners) + len(media._tasks),
            "pins": len(workers._pinning._rooms) + len(workers._pinning._transports),
            "transports": sum(len(self.hall.at(number).transports) for number in range(WORKERS)),
            "tracks": sum(len(self.hall.at(number).up) for number in range(WORKERS)),
            "stored meetings": len(self.store.meetings),
            "timers": sum(handle._callback.__module__.startswith("signaling") for handle in timers),
        }


@asynccontextmanager
async def open_building() -> AsyncIterator[Building]:
    store = MemoryStore()
    keys = Keys()
    names = [b64(number.to_bytes(16, "big")) for number in range(MANY)]
    store.groups = {
        name: Group(name, datetime.now(UTC), keys.root_key, keys.door_key, keys.role_keys, b"sealed") for name in names
    }
    hall = Hall(WORKERS)
    await hall.workers.start()
    signaling = Signaling(store=cast(Store, store), sfu=hall.workers, settings=Settings())
    hall.hear = signaling.on_event
    clock = signaling._now
    app = web.Application()
    app.add_routes(signaling.routes())
    client: TestClient[web.Request, web.Application] = TestClient(TestServer(app))
    await client.start_server()
    building = Building(client, signaling, hall, store)
    signaling._now = lambda: clock() + building.ahead  # type: ignore[assignment]
    await signaling.start()
    try:
        yield building
    finally:
        await signaling.drain()
        await signaling.close()
        await client.close()
        await hall.workers.close()


async def test_nothing_is_left_of_meetings_that_everybody_abandons(caplog: pytest.LogCaptureFixture) -> None:
    async with open_building() as building:
        await asyncio.sleep(0)
        before = building.tables()
        caplog.set_level(logging.DEBUG, "hearthside")
        for number, group in enumerate(building.store.groups):
            match number % 4:
                case 0:  # nobody ever comes to open
                    people: tuple[Person, ...] = (await building.knock(group),)
                case 1:  # alone, and gone before the answer
                    facilitator, room = await building.lead(group)
                    await facilitator.send(both_devices(room))
                    people = (facilitator,)
                case 2:  # a meeting whose people vanish
                    people = await building.meet(group)
                case _:  # one whose people leave
                    people = await building.meet(group)
                    for person in people:
                        await person.send(m.Leave())
                        await person.closed()
            for person in people:
                await person.socket.close()
        full = building.tables()
        assert full["groups"] == MANY
        assert full["rooms"] >= MANY // 2
        assert full["pins"] >= MANY // 2
        assert full["timers"] >= MANY // 4, "the books are not empty because nothing came"
        await building.wait(GRACE_SECONDS + TOKEN_SECONDS)
        async with asyncio.timeout(5):
            while building.tables() != before:  # noqa: ASYNC110 - goodbyes have no event to wait for
                await asyncio.sleep(0.05)
        told = [record for record in caplog.records if record.name.startswith("hearthside")]
        assert {record.levelno for record in told} == {logging.INFO}
        lines = Counter(re.sub(r"\d+", "n", record.getMessage()) for record in told)
        assert lines["meeting n: started"] == lines["meeting n: ended (empty)"] == 3 * MANY // 4
        assert max(lines.values()) <= MANY, "each step once"
        assert len(told) <= 6 * MANY
        for line, count in lines.most_common():
            print(f"{count:4} {line}")
        for secret in building.store.groups:
            assert secret not in caplog.text
