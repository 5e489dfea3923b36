"""Reloads, lost networks, a killed server, a second tab: people stay in, and are never more open than before."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.harness import Gathering, eventually, frames_grow

pytestmark = pytest.mark.browser

PUT_BACK = "(kept) => { for (const [key, value] of Object.entries(kept)) sessionStorage.setItem(key, value); }"

REMIND_SECONDS = 30
"""Until a second tone is over as well, and no other is due (web/client/ui/knock_sound.ts)."""
COUNT_TONES = """() => {
  const create = AudioContext.prototype.createOscillator;
  window.__tones = 0;
  AudioContext.prototype.createOscillator = function () {
    window.__tones += 1;
    return create.call(this);
  };
}"""


async def test_a_reload_resumes_without_a_new_admission(people: Gathering) -> None:
    links = await people.server.create_group()
    marta, ana = await people.meeting(links, "Marta", "Ana")
    await ana.sees("Marta")
    await ana.tool("Mute microphone").click()
    await ana.tool("Turn camera off").click()
    await ana.page.reload()
    await ana.in_call()
    await expect(ana.tool("Unmute microphone")).to_be_visible()
    await expect(ana.tool("Turn camera on")).to_be_visible()
    assert await ana.live_tracks() == {"audio": 0, "video": 0}
    await ana.sees("Marta")
    await ana.tool("Turn camera on").click()
    await marta.sees("Ana")

    # The facilitator too, open as before.
    await marta.page.reload()
    await marta.in_call()
    await expect(marta.tool("Mute microphone")).to_be_visible()
    await ana.sees("Marta")
    await marta.sees("Ana")
    await marta.open_panel("People")
    await expect(marta.button("Remove Ana")).to_be_visible()


async def test_a_killed_server_is_survived_within_its_grace(people: Gathering) -> None:
    links = await people.server.create_group()
    marta, ana = await people.meeting(links, "Marta", "Ana")
    await marta.page.evaluate(COUNT_TONES)
    waiting = await people.person("Chi")
    await waiting.knock(links.participant, devices=False)
    await ana.sees("Marta")
    await ana.tool("Mute microphone").click()

    async def reminded() -> bool:
        return bool(await marta.page.evaluate("window.__tones > 0"))

    await asyncio.sleep(REMIND_SECONDS)
    await eventually(reminded, "a tone for the knock")
    tones = await marta.page.evaluate("window.__tones")
    await people.server.kill()
    await expect(ana.page.get_by_text("Your connection is lost").first).to_be_visible()
    await people.server.start()
    for person, other in ((marta, ana), (ana, marta)):
        await expect(person.page.get_by_text("Your connection is lost")).to_have_count(0, timeout=30_000)
        await person.in_call()
        await person.sees(other.name, timeout=40)
    await expect(ana.tool("Unmute microphone")).to_be_visible()
    # The door kept its place as well, and nothing rang for it again.
    await expect(waiting.page.get_by_role("status").filter(has_text="Waiting to be let in")).to_be_visible()
    await marta.open_panel("People")
    await expect(marta.button("Admit Chi")).to_have_count(1)
    assert await marta.page.evaluate("window.__tones") == tones
    await marta.admit("Chi")
    await waiting.in_call()


async def test_a_removal_outlives_a_killed_server(people: Gathering) -> None:
    links = await people.server.create_group()
    marta, ana = await people.meeting(links, "Marta", "Ana")
    kept = await ana.page.evaluate("() => ({ ...sessionStorage })")
    await marta.open_panel("People")
    await marta.button("Remove Ana").click()
    await marta.page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    await expect(ana.page.get_by_text("You are no longer in this meeting")).to_be_visible()
    await people.server.kill()
    await people.server.start()
    await ana.page.evaluate(PUT_BACK, kept)
    await ana.page.reload()
    await expect(ana.page.get_by_role("group", name="Group agreement")).to_be_visible(timeout=40_000)
    await expect(marta.page.get_by_text("Your connection is lost")).to_have_count(0, timeout=40_000)
    await marta.in_call()
    await expect(ana.toolbar).to_have_count(0)
    await expect(marta.tile("Ana")).to_have_count(0)


async def test_a_lost_network_is_waited_out(people: Gathering) -> None:
    links = await people.server.create_group()
    marta, ana = await people.meeting(links, "Marta", "Ana")
    await marta.sees("Ana")
    await ana.context.set_offline(True)
    await expect(ana.page.get_by_text("Your connection is lost").first).to_be_visible(timeout=40_000)
    await ana.context.set_offline(False)
    await expect(ana.page.get_by_text("Your connection is lost")).to_have_count(0, timeout=30_000)
    await marta.say("Still here")
    await ana.open_panel("Chat")
    await expect(ana.page.get_by_role("log").get_by_text("Still here")).to_be_visible()
    await frames_grow(ana, 1)


async def test_a_waiting_person_keeps_the_place_through_a_reload(people: Gathering) -> None:
    links = await people.server.create_group()
    marta = await people.person("Marta")
    await marta.join(links.facilitator, devices=False)
    ana = await people.person("Ana")
    await ana.knock(links.participant, devices=False)
    await marta.open_panel("People")
    await expect(marta.button("Admit Ana")).to_be_visible()
    await ana.page.reload()
    await expect(ana.page.get_by_role("status").filter(has_text="Waiting to be let in")).to_be_visible()
    await expect(marta.button("Admit Ana")).to_have_count(1)
    await marta.button("Admit Ana").click()
    await ana.in_call()


async def test_a_second_tab_takes_over(people: Gathering) -> None:
    links = await people.server.create_group()
    marta, ana = await people.meeting(links, "Marta", "Ana")
    await marta.sees("Ana")
    kept = await ana.page.evaluate("() => ({ ...sessionStorage })")
    second = await ana.context.new_page()
    await second.goto(ana.page.url.split("#")[0])
    await second.evaluate(PUT_BACK, kept)
    await second.reload()
    await expect(second.get_by_role("toolbar", name="Meeting controls")).to_be_visible()
    await expect(ana.page.get_by_text("Open in another tab").first).to_be_visible()
    assert await ana.live_tracks() == {"audio": 0, "video": 0}
    await marta.sees("Ana")
    await expect(marta.page.locator('[role="group"][aria-label^="Ana"]')).to_have_count(1)


async def test_back_after_leaving_restores_nothing(people: Gathering) -> None:
    links = await people.server.create_group()
    marta, ana = await people.meeting(links, "Marta", "Ana")
    await ana.tool("Leave").click()
    await expect(ana.button("Rejoin")).to_be_visible()
    assert await ana.live_tracks() == {"audio": 0, "video": 0}
    await ana.page.goto("about:blank")
    await ana.page.go_back()
    # A page of its own, loaded anew, which has opened nothing.
    await expect(ana.page.get_by_role("group", name="Group agreement")).to_be_visible()
    await expect(ana.toolbar).to_have_count(0)
    assert await ana.page.evaluate("window.__tracks.length") == 0
    await expect(marta.tile("Ana")).to_have_count(0)


# Headless Chromium grants no lock: note what is asked for.
WAKE_LOCK = """
WakeLock.prototype.request = async (type) => {
  const lock = Object.assign(new EventTarget(), { type, released: false });
  lock.release = async () => { lock.released = true; };
  return (window.__lock = lock);
};
"""


async def test_the_screen_stays_awake_in_a_call_and_no_longer(people: Gathering) -> None:
    links = await people.server.create_group()
    marta = await people.person("Marta")
    await marta.page.add_init_script(WAKE_LOCK)
    await marta.get_ready(links.facilitator, devices=False)
    assert await marta.page.evaluate("window.__lock") is None
    await marta.button("Join meeting").click()
    await marta.in_call()

    async def awake() -> bool:
        return bool(await marta.page.evaluate("window.__lock?.type === 'screen' && !window.__lock.released"))

    await eventually(awake, "the screen stays awake")
    await marta.tool("Leave").click()
    await marta.page.get_by_role("dialog").get_by_role("button", name="Leave", exact=True).click()
    await expect(marta.button("Rejoin")).to_be_visible()
    assert not await awake()


async def test_a_page_that_is_left_stops_its_devices(people: Gathering) -> None:
    links = await people.server.create_group()
    marta = await people.person("Marta")
    await marta.join(links.facilitator)
    assert await marta.live_tracks() == {"audio": 1, "video": 1}
    await marta.page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    assert await marta.live_tracks() == {"audio": 0, "video": 0}
