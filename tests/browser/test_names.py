"""The accessible names that are part of the contract, each found literally, by role, in real meetings."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.harness import Gathering, Person, eventually

pytestmark = pytest.mark.browser


async def has(person: Person, role: str, *names: str) -> None:
    for name in names:
        found = person.page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type] # a role's name
        await expect(found, f"{role} {name!r} for {person.name}").to_have_count(1)


async def sees_the_screen(person: Person, sharing: Person) -> None:
    """Pictures of it are decoded, behind the encryption as all are, and none of its lines is missing."""
    whole = 0
    shown: list[int] = []

    async def moves() -> bool:
        nonlocal whole
        sent = [each for each in await sharing.sent_pictures() if each.get("contentType") == "screenshare"]
        whole = max((each.get("frameHeight", 0) for each in sent), default=0)
        seen = await person.picture(f"{sharing.name}'s screen")
        if seen.get("framesDecoded", 0) > 0:
            shown.append(seen["framesDecoded"])
        return len(shown) > 1 and shown[-1] > shown[0] and seen["frameHeight"] == whole > 0

    await eventually(moves, f"{person.name} sees {sharing.name}'s screen", timeout=30)
    print(f"{person.name} sees {sharing.name}'s screen in {whole} lines")


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
        await sees_the_screen(person, ana)
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


async def test_every_promised_name_of_the_encryption_is_there(people: Gathering) -> None:
    links = await people.server.create_group()
    marta = await people.person("Marta")
    await marta.join(links.facilitator, devices=False)
    ana = await people.person("Ana")
    await marta.let_in(ana, links.participant, devices=False)

    # The door and the co-facilitator's role, each with both names; neither is a participant's to change.
    await ana.open_panel("More")
    await marta.open_panel("More")
    for pressed, then in [("Lock meeting", "Unlock meeting"), ("Unlock meeting", "Lock meeting")]:
        await has(marta, "button", pressed)
        await marta.button(pressed).click()
        await has(marta, "button", then)
        await expect(marta.button(pressed)).to_have_count(0)
        await expect(ana.button(then)).to_have_count(0)
    await marta.open_panel("People")
    make, withdraw = "Make Ana co-facilitator", "Withdraw co-facilitator role from Ana"
    for pressed, then in [(make, withdraw), (withdraw, make)]:
        await has(marta, "button", pressed)
        await marta.button(pressed).click()
        await has(marta, "button", then)
        await expect(marta.button(pressed)).to_have_count(0)

    # The check, which everybody may start: its first list is the emoji.
    await has(ana, "button", "Check encryption")
    await ana.button("Check encryption").click()
    dialog = ana.page.get_by_role("dialog", name="Check encryption", exact=True)
    emoji = dialog.get_by_role("list", name="Emoji", exact=True)
    await expect(emoji).to_have_count(1, timeout=20_000)
    await expect(emoji.get_by_role("listitem")).to_have_count(8)
    await expect(dialog.get_by_role("list").first).to_have_accessible_name("Emoji")
    await has(ana, "button", "Mark as checked")
    await ana.button("Mark as checked").click()
    await expect(dialog).to_have_count(0)


async def test_every_promised_name_of_the_organiser_is_there(people: Gathering) -> None:
    """ "Add a facilitator" makes a link that opens the meeting, and "Revoke" ends that one alone."""
    links = await people.server.create_group()
    olu = await people.person("Olu")
    # Reading the clipboard is forbidden to the page by its own policy: note what is written.
    await olu.page.add_init_script("navigator.clipboard.writeText = async (text) => { window.__copied = text; };")
    await olu.open(links.organiser)
    await has(olu, "button", "Add a facilitator", "Revoke")
    await olu.button("Add a facilitator").click()
    await expect(olu.button("Revoke")).to_have_count(2)

    async def copied() -> bool:
        return str(await olu.page.evaluate("window.__copied ?? ''")).startswith(links.facilitator.partition("#")[0])

    await eventually(copied, "the new link is copied")
    added = str(await olu.page.evaluate("window.__copied"))
    assert added not in (links.participant, links.facilitator, links.organiser)
    marta = await people.person("Marta")
    await marta.join(links.facilitator, devices=False)
    ben = await people.person("Ben")
    await ben.join(added, devices=False)
    await expect(marta.tile("Ben")).to_have_count(1)

    second = olu.page.get_by_role("listitem").filter(has_text="Facilitator link 2")
    await second.get_by_role("button", name="Revoke", exact=True).click()
    dialog = olu.page.get_by_role("dialog", name="Revoke facilitator link 2?", exact=True)
    await dialog.get_by_role("button", name="Revoke", exact=True).click()
    await expect(dialog).to_have_count(0)
    await expect(olu.button("Revoke")).to_have_count(1)
    await expect(marta.tile("Ben")).to_have_count(0)
    again = await people.person("Ben")
    await again.get_ready(added, devices=False)
    await again.button("Join meeting").click()
    for page in (ben.page, again.page):
        await expect(page.get_by_role("heading", name="This facilitator link was withdrawn")).to_be_visible()
    await marta.in_call()
