"""Firefox's three sizes of a picture, sent and shown.

Not collected where that cannot be (conftest.py says why): it needs Firefox, and root for network namespaces.
"""

from __future__ import annotations

import pytest

from tests.browser.harness import Camera, Gathering, Person, eventually

pytestmark = pytest.mark.browser

CAMERA = Camera(1280, 720, 10)
"""Two cores encode and decode three sizes of it for both browsers."""


async def lines(person: Person, other: Person) -> int:
    return int((await person.picture(other.name)).get("frameHeight", 0))


async def test_firefox_sends_and_shows_sizes(apart: Gathering) -> None:
    links = await apart.server.create_group()
    marta = await apart.person("Marta", camera=CAMERA)
    await marta.join(links.facilitator)
    fia = await apart.person("Fia", firefox=True, camera=CAMERA)
    await marta.let_in(fia, links.participant)

    # Each sees the other's largest size when it is pinned, and the smallest when data are to be saved.
    for person, other in ((marta, fia), (fia, marta)):
        await person.button(f"Pin {other.name}").click()

        async def large(person: Person = person, other: Person = other) -> bool:
            return await lines(person, other) == 720

        async def small(person: Person = person, other: Person = other) -> bool:
            return 0 < await lines(person, other) <= 180

        await eventually(large, f"{person.name} sees 720 lines of {other.name}", timeout=60)
        sent = {str(each.get("rid")): each.get("frameHeight") for each in await other.sent_pictures()}
        print(f"{other.name} sends {sent}")
        assert sorted(sent) == ["f", "h", "q"]
        await person.open_panel("More")
        saver = person.page.get_by_role("switch", name="Data saver", exact=True)
        await saver.click()
        await eventually(small, f"{person.name} sees at most 180 lines of {other.name}", timeout=40)
        await saver.click()
        await eventually(large, f"{person.name} sees 720 lines of {other.name} again", timeout=60)
