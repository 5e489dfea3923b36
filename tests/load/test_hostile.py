"""Every kind of attack runs beside a meeting in which all hear all. How the others fare is `python -m tests.load`'s."""

from tests.load.adapters.hearthside import Hearthside
from tests.load.hostile import BURSTS, STEP, come
from tests.load.inbox import Inbox
from tests.load.meeting import Meeting, Way
from tests.load.pace import Pace
from tests.load.scenarios import Scenario

LONG = 0.3
"""Seconds."""


async def test_an_attack_goes_out_and_the_others_are_sent_theirs() -> None:
    server, pace = Hearthside(), Pace()
    await server.start("127.0.0.1", 0)
    try:
        for name in BURSTS:
            meeting = Meeting(server, name, Scenario(2, 2), Way("gcm128"), pace, Inbox())
            async with pace.running():
                await meeting.gather()
                attacker = await come(name, meeting)
                before = {one.number: one.received for one in meeting.subscribers.values()}
                await attacker.attack(LONG)
            await attacker.close()
            assert all(one.received > before[one.number] for one in meeting.subscribers.values()), name
            assert (attacker.sent > 0) is (name != "deaf"), name
            asked = name in {"requests", "everything"}
            assert (attacker.again > 0) is asked, f"{name}: what was really sent is asked for"
            if name == "everything":
                assert attacker.octets >= 10_000_000 / 8 * STEP
            await meeting.part()
    finally:
        await server.stop()
