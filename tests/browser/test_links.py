"""Links that are cut off, mistyped, foreign, or older than the group's newest: what each says, and whom to ask."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.harness import Gathering, Person

pytestmark = pytest.mark.browser


def mistyped(link: str, part: int) -> str:
    """The link with another character in that part of its fragment; the parts before and after stay."""
    page, _, fragment = link.partition("#")
    parts = fragment.split(".")
    # Not the last character: its lowest bits may say nothing.
    parts[part] = ("A" if parts[part][0] != "A" else "B") + parts[part][1:]
    return f"{page}#{'.'.join(parts)}"


async def reads(person: Person, link: str, title: str, ask: str) -> None:
    """Open a link in a tab that knows nothing yet: it says what is the matter and whom to ask, and offers no way in."""
    page = await person.context.new_page()
    await page.goto(link)
    await expect(page.get_by_role("heading", name=title, exact=True), link.partition("/g/")[2]).to_be_visible(
        timeout=20_000
    )
    await expect(page.get_by_role("main")).to_contain_text(ask)
    await expect(page.get_by_role("textbox")).to_have_count(0)
    await page.close()


async def test_what_is_wrong_with_a_link_is_said(people: Gathering) -> None:
    links = await people.server.create_group()
    other = await people.server.create_group("Another circle")
    page, _, fragment = links.participant.partition("#")
    ana = await people.person("Ana", width=390, height=760)
    sender = "ask the person who sent it"
    damaged = ("This link did not arrive whole", sender)
    for link in (
        links.participant[:-4],
        links.facilitator[:-20],
        page[:-5],
        links.participant + ".",
        links.participant + ")",
        links.participant[:-10] + "!" + links.participant[-9:],
    ):
        await reads(ana, link, *damaged)
    told = links.participant.replace("#", "%23")
    await reads(ana, told, "This link told us its secret", "ask the person who sent it for a new one")
    await reads(ana, page, "Open the link from your invitation again", sender)
    foreign = ("This link does not fit this group", "ask the group's organiser")
    for link in (
        mistyped(links.participant, 2),
        mistyped(links.organiser, 2),
        f"{other.participant.partition('#')[0]}#{fragment}",
    ):
        await reads(ana, link, *foreign)
    nowhere = f"{people.server.url}/g/AAECAwQFBgcICQoLDA0ODw#{fragment}"
    await reads(ana, nowhere, "There is no group behind this link", "Ask the person who sent you the link")
    # Without a check sum of its own a mistyped secret looks like one that was changed: the page says so.
    mixed_up = "compare it with your invitation"
    await reads(ana, mistyped(links.participant, 1), "The links of this group were changed", mixed_up)


async def test_a_facilitator_link_that_nobody_signed_is_not_called_withdrawn(people: Gathering) -> None:
    links = await people.server.create_group()
    marta = await people.person("Marta")
    await marta.get_ready(mistyped(links.facilitator, 3), devices=False)
    await marta.button("Join meeting").click()
    await expect(marta.page.get_by_role("heading", name="This facilitator link is not ready")).to_be_visible()
    await expect(marta.page.get_by_role("main")).to_contain_text("ask the group's organiser to renew it")


async def test_who_waits_and_who_comes_later_learn_that_the_links_were_changed(people: Gathering) -> None:
    links = await people.server.create_group()
    organiser = await people.person("Olga")
    await organiser.open(links.organiser)
    ana = await people.person("Ana", width=390, height=760)
    await ana.knock(links.participant, devices=False)
    await organiser.button("Change all links").click()
    await organiser.page.get_by_role("dialog").get_by_role("button", name="Change all links").click()
    changed = "The links of this group were changed"
    await expect(ana.page.get_by_role("heading", name=changed)).to_be_visible()
    for link in (links.participant, links.facilitator):
        await reads(ana, link, changed, "Ask the person who sent you this link, or a facilitator, for the new one.")
    page = await ana.context.new_page()
    await page.goto(links.organiser)
    await expect(page.get_by_role("heading", name="This page's link is an older one")).to_be_visible()
