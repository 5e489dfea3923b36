"""Firefox's three sizes of a picture, and what it shows and sends where packets are lost.

Not collected where that cannot be (conftest.py says why): it needs Firefox, nftables, and root for network namespaces.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.browser.harness import Camera, Gathering, Person, eventually
from tests.browser.namespaces import Machines
from tests.browser.networks import lose_udp
from tests.browser.test_bad_links import SETTLE, WATCH, watch

pytestmark = pytest.mark.browser

CAMERA = Camera(640, 360, 12)
"""Two cores encode and decode three sizes of it for both browsers."""
LOST = 5
"""Per cent, each way."""


async def lines(person: Person, other: Person) -> int:
    return int((await person.picture(other.name)).get("frameHeight", 0))


async def test_firefox_sends_and_shows_sizes_also_where_packets_are_lost(apart: Gathering, machines: Machines) -> None:
    links = await apart.server.create_group()
    marta = await apart.person("Marta", camera=CAMERA)
    await marta.join(links.facilitator)
    fia = await apart.person("Fia", firefox=True, camera=CAMERA)
    await fia.knock(links.participant)
    await marta.admit("Fia")
    await fia.in_call()

    # Each sees the other's largest size when it is pinned, and the smallest when data are to be saved.
    for person, other in ((marta, fia), (fia, marta)):
        await person.button(f"Pin {other.name}").click()

        async def large(person: Person = person, other: Person = other) -> bool:
            return await lines(person, other) == 360

        async def small(person: Person = person, other: Person = other) -> bool:
            return 0 < await lines(person, other) <= 180

        await eventually(large, f"{person.name} sees 360 lines of {other.name}", timeout=60)
        sent = {str(each.get("rid")): each.get("frameHeight") for each in await other.sent_pictures()}
        print(f"{other.name} sends {sent}")
        assert sorted(sent) == ["f", "h", "q"]
        await person.open_panel("More")
        saver = person.page.get_by_role("switch", name="Data saver", exact=True)
        await saver.click()
        await eventually(small, f"{person.name} sees at most 180 lines of {other.name}", timeout=40)
        await saver.click()
        await eventually(large, f"{person.name} sees 360 lines of {other.name} again", timeout=60)

    lose_udp(machines, "firefox", LOST)
    await asyncio.sleep(SETTLE)
    for person in (marta, fia):
        seen = await watch(person.page)
        print(f"{LOST} % lost each way at Firefox: {person.name} {seen}")
        assert seen.frames > 5 * WATCH
        assert seen.frozen < 0.3
        assert seen.concealed < 0.15
        assert seen.heard > 0.8
