"""Firefox and Chromium meet: each on a machine of its own, through the real server on https.

Not collected where that cannot be (conftest.py says why): it needs Firefox, and root for network namespaces.
"""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Route, expect

from tests.browser.harness import Gathering, Person, eventually, frames_grow, sends_no_audio
from tests.browser.namespaces import Machines
from tests.browser.test_moving import move_about

pytestmark = pytest.mark.browser


async def _hears(person: Person) -> None:
    """Wait until the energy of what that person receives grows."""

    async def energy() -> float:
        return sum((await person.audio_received()).values())

    before = await energy()

    async def grows() -> bool:
        return await energy() > before

    await eventually(grows, f"{person.name} hears")


async def _meet(*present: Person) -> None:
    """All see and hear all."""
    for person in present:
        for other in present:
            if other is not person:
                await person.sees(other.name)
        await frames_grow(person, len(present) - 1)
        await _hears(person)


async def _a_second_late(route: Route) -> None:
    await asyncio.sleep(1)
    await route.continue_()


async def test_firefox_comes_to_chromium(apart: Gathering, machines: Machines) -> None:
    links = await apart.server.create_group()
    marta = await apart.person("Marta")
    await marta.join(links.facilitator)
    fia = await apart.person("Fia", firefox=True)
    await marta.let_in(fia, links.participant)
    await _meet(marta, fia)

    # Firefox's fake microphone never pauses: both see that Fia speaks, each by its own reading of levels.
    for person in (marta, fia):
        await expect(person.tile("Fia")).to_have_attribute("aria-label", re.compile("speaking"))
    await expect(fia.tile("Marta")).to_have_attribute("aria-label", re.compile("speaking"), timeout=20_000)

    # Muted is silent, and unmuted is heard.
    await fia.tool("Mute microphone").click()
    await expect(marta.tile("Fia")).to_have_attribute("aria-label", re.compile("muted"))
    await sends_no_audio(fia)
    await fia.tool("Unmute microphone").click()
    await expect(marta.tile("Fia")).not_to_have_attribute("aria-label", re.compile("muted"))
    await _hears(marta)

    # Without a camera no device is open, and with it the picture is back.
    await fia.tool("Turn camera off").click()
    await expect(marta.tile("Fia")).to_have_attribute("aria-label", re.compile("camera off"))
    assert (await fia.live_tracks())["video"] == 0
    await fia.tool("Turn camera on").click()
    await marta.sees("Fia")
    await frames_grow(marta, 1)

    # Chromium's too, as Firefox sees it.
    await marta.tool("Turn camera off").click()
    await expect(fia.tile("Marta")).to_have_attribute("aria-label", re.compile("camera off"))
    await marta.tool("Turn camera on").click()
    await fia.sees("Marta")
    await frames_grow(fia, 1)

    # Chat, both ways.
    for sender, reader, text in ((fia, marta, "Bonsoir"), (marta, fia, "Good evening")):
        await sender.say(text)
        await reader.open_panel("Chat")
        await expect(reader.page.get_by_role("log").get_by_text(text)).to_be_visible()

    # A reload needs no new admission, and opens nothing that was closed.
    await fia.tool("Mute microphone").click()
    await fia.page.route("**/g/*", _a_second_late)
    await fia.page.reload()
    await fia.in_call()
    await expect(fia.tool("Unmute microphone")).to_be_visible()
    await fia.sees("Marta")
    await marta.sees("Fia")
    await frames_grow(marta, 1)
    await fia.tool("Unmute microphone").click()
    await _meet(marta, fia)
    # Firefox ends its sockets when a reload begins: the page that goes must not come back for that second.
    log = apart.server.log.read_text()
    assert log.count("participant lost the connection") == log.count("participant is back") == 1

    # A pulled cable.
    machines.unplug("firefox")
    lost = fia.page.get_by_text("Your connection is lost")
    await expect(lost.first).to_be_visible(timeout=40_000)
    machines.plug("firefox")
    await expect(lost).to_have_count(0, timeout=30_000)
    await _meet(marta, fia)

    await fia.tool("Leave").click()
    await expect(fia.button("Rejoin")).to_be_visible()
    assert await fia.live_tracks() == {"audio": 0, "video": 0}
    await expect(marta.tile("Fia")).to_have_count(0)


async def test_chromium_and_another_firefox_come_to_firefox(apart: Gathering) -> None:
    links = await apart.server.create_group()
    fia = await apart.person("Fia", firefox=True)
    await fia.join(links.facilitator)
    marta = await apart.person("Marta")
    await fia.let_in(marta, links.participant)
    await _meet(fia, marta)
    flo = await apart.person("Flo", firefox=True)
    await fia.let_in(flo, links.participant)
    await _meet(fia, marta, flo)

    await fia.page.reload()
    await fia.in_call()
    await _meet(fia, marta, flo)

    # What a facilitator does.
    await fia.open_panel("People")
    await fia.button("Mute Marta").click()
    await expect(marta.tool("Unmute microphone")).to_be_visible()
    await fia.button("Remove Flo").click()
    dialog = fia.page.get_by_role("dialog", name="Remove Flo?")
    await dialog.get_by_role("button", name="Remove", exact=True).click()
    await expect(flo.page.get_by_text("You are no longer in this meeting")).to_be_visible()
    assert await flo.live_tracks() == {"audio": 0, "video": 0}
    await frames_grow(fia, 1)


async def test_firefox_goes_into_another_network(apart: Gathering, machines: Machines) -> None:
    links = await apart.server.create_group()
    marta = await apart.person("Marta")
    await marta.join(links.facilitator)
    fia = await apart.person("Fia", firefox=True)
    await marta.let_in(fia, links.participant)
    await move_about(machines, "firefox", fia, marta)
    assert apart.server.log.read_text().count("admitted") == 1
