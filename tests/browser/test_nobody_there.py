"""Everybody of a meeting was lost: a facilitator who opens the link gets in, who comes back needs nobody's click."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.harness import Gathering

pytestmark = pytest.mark.browser

NOTICED = 90_000
"""Milliseconds: a network that is gone without a word is noticed in 40 s, and the keys follow 10 s after that. Well
before the 2 minutes for which the server keeps the places of those who are lost."""


async def test_a_facilitator_gets_in_while_all_others_are_lost(people: Gathering) -> None:
    links = await people.server.create_group()
    marta = await people.person("Marta")
    await marta.join(links.facilitator, devices=False)
    ana = await people.person("Ana")
    await marta.let_in(ana, links.participant, devices=False)
    await marta.say("Back in a moment")
    await ana.open_panel("Chat")
    await expect(ana.page.get_by_role("log").get_by_text("Back in a moment")).to_be_visible()
    await ana.context.set_offline(True)
    await marta.context.close()

    ben = await people.person("Ben")
    await ben.join(links.facilitator, devices=False)
    changing = ben.page.get_by_text("Keys are on their way")
    await expect(changing.first).to_be_visible()
    await expect(changing).to_have_count(0, timeout=NOTICED)
    await expect(ben.page.get_by_role("group", name=re.compile("^(Ana|Marta)"))).to_have_count(0)
    await expect(ana.page.get_by_text("Your connection is lost").first).to_be_visible()

    await ana.context.set_offline(False)
    await expect(ana.page.get_by_text("Your connection is lost")).to_have_count(0, timeout=30_000)
    await expect(ben.tile("Ana")).to_be_visible(timeout=30_000)
    await expect(ana.tile("Ben")).to_have_attribute("aria-label", re.compile("facilitator"))
    await ben.say("Good to have you back")
    # Ana was in the whole time: what was said before is still in front of her.
    for words in ("Back in a moment", "Good to have you back"):
        await expect(ana.page.get_by_role("log").get_by_text(words)).to_be_visible()
    chi = await people.person("Chi")
    await ben.let_in(chi, links.participant, devices=False)
    await expect(ana.tile("Chi")).to_be_visible()
