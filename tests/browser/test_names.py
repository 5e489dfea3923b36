"""The accessible names that are part of the contract, each found literally, by role, in one real meeting."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.harness import Gathering, Person

pytestmark = pytest.mark.browser


async def has(person: Person, role: str, *names: str) -> None:
    for name in names:
        found = person.page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type] # a role's name
        await expect(found, f"{role} {name!r} for {person.name}").to_have_count(1)


async def before_joining(person: Person, link: str, way_in: str) -> None:
    await person.open(link)
    await has(person, "group", "Group agreement")
    await has(person, "textbox", "Your name")
    await has(person, "button", "Continue without camera or microphone", way_in)
    # The agreement's are the only checkboxes.
    boxes = person.page.get_by_role("checkbox")
    within = person.page.get_by_role("group", name="Group agreement").get_by_role("checkbox")
    assert await boxes.count() == await within.count() > 0
    await person.agree()
    await has(person, "button", "Mute microphone", "Turn camera off")
    await person.button("Mute microphone").click()
    await person.button("Turn camera off").click()
    await has(person, "button", "Unmute microphone", "Turn camera on")
    await person.fill_name()
    await person.button(way_in).click()


async def test_every_promised_name_is_there(people: Gathering) -> None:
    links = await people.server.create_group()
    marta = await people.person("Marta")
    await before_joining(marta, links.facilitator, "Join meeting")
    await marta.in_call()

    ana = await people.person("Ana")
    await before_joining(ana, links.participant, "Ask to join")
    await expect(ana.page.get_by_role("status").filter(has_text=re.compile("^Waiting to be let in"))).to_have_count(1)
    chi = await people.person("Chi")
    await chi.knock(links.participant, devices=False)

    # The toolbar, with both names of what changes; three tools toggle and say so.
    always = ["Chat", "People", "More", "Leave"]
    for name in ["Unmute microphone", "Turn camera on", "Raise hand", *always]:
        await expect(marta.tool(name), name).to_have_count(1)
    for name in ["Unmute microphone", "Turn camera on", "Raise hand"]:
        await marta.tool(name).click()
    for name in ["Mute microphone", "Turn camera off", "Lower hand"]:
        await expect(marta.tool(name), name).to_have_count(1)
    for name in ["Chat", "More", "People"]:
        await expect(marta.tool(name)).to_have_attribute("aria-expanded", "false")
        await marta.tool(name).click()
        await expect(marta.tool(name)).to_have_attribute("aria-expanded", "true")

    # The people panel of a facilitator.
    await has(marta, "button", "Admit Ana", "Decline Ana", "Admit Chi", "Decline Chi", "Admit all")
    await marta.button("Admit all").click()
    await ana.in_call()
    await chi.in_call()
    await expect(marta.button("Admit all")).to_have_count(0)
    await ana.tool("Unmute microphone").click()
    await has(marta, "button", "Mute Ana", "Mute everyone", "Remove Ana", "Remove Chi", "End meeting for everyone")
    await has(marta, "button", "Copy participant link")

    # Every tile is a group whose name begins with the person's, one's own included.
    for person in (marta, ana, chi):
        for name in ("Marta", "Ana", "Chi"):
            await expect(person.page.get_by_role("group", name=re.compile(f"^{name}\\b"))).to_have_count(1)

    # Everybody else's picture can be kept in front.
    await has(ana, "button", "Pin Marta", "Pin Chi")
    await expect(ana.button("Pin Ana")).to_have_count(0)
    await ana.button("Pin Marta").click()
    await has(ana, "button", "Unpin Marta", "Pin Chi")
    await ana.button("Unpin Marta").click()
    await has(ana, "button", "Pin Marta")

    # The network.
    await ana.open_panel("More")
    for name in ("Data saver", "Audio only"):
        switch = ana.page.get_by_role("switch", name=name, exact=True)
        await expect(switch, name).not_to_be_checked()
        await switch.click()
        await expect(switch, name).to_be_checked()
        await switch.click()
        await expect(switch, name).not_to_be_checked()
    # This server has no relay: what is chosen there is explained, and cannot be chosen.
    relay = ana.page.get_by_role("switch", name="Relay only", exact=True)
    await expect(relay).to_have_count(1)
    await expect(relay).to_have_attribute("aria-disabled", "true")
    await has(ana, "button", "Call quality", "Share screen")
    await ana.button("Share screen").click()
    for person in (marta, chi):
        await expect(person.page.get_by_role("group", name="Ana's screen")).to_have_count(1)
    await has(ana, "button", "Stop sharing")
    await ana.button("Stop sharing").click()
    await has(ana, "button", "Share screen")
    for person in (marta, chi):
        await expect(person.page.get_by_role("group", name="Ana's screen")).to_have_count(0)
    await ana.button("Call quality").click()
    await expect(ana.page.get_by_role("heading", name="Call quality", exact=True)).to_be_visible()

    # Questions.
    for button, question, answer in [
        ("Remove Chi", "Remove Chi?", "Remove"),
        ("End meeting for everyone", "End meeting for everyone?", "End meeting"),
    ]:
        await marta.button(button).click()
        dialog = marta.page.get_by_role("dialog", name=question, exact=True)
        await expect(dialog.get_by_role("button", name=answer, exact=True)).to_have_count(1)
        await dialog.get_by_role("button", name="Cancel", exact=True).click()
        await expect(dialog).to_have_count(0)

    # The chat.
    await ana.open_panel("Chat")
    await has(ana, "textbox", "Message")
    await has(ana, "button", "Send")
    await expect(ana.page.get_by_role("log")).to_have_count(1)
    # Nobody can unmute somebody else, and participants can do nothing to others.
    await ana.open_panel("People")
    for name in ("Mute Chi", "Remove Chi", "Mute everyone", "End meeting for everyone", "Unmute Chi"):
        await expect(ana.button(name), name).to_have_count(0)
