"""Three real Chromiums meet through the real server, over ICE and DTLS, with fake devices."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from playwright.async_api import expect

from tests.browser.harness import Gathering, Person, eventually, frames_grow, sends_no_audio

pytestmark = pytest.mark.browser


async def test_three_people_meet(people: Gathering) -> None:
    links = await people.server.create_group("Thursday circle")
    marta, ana, chi = await people.meeting(links, "Marta", "Ana", "Chi")

    # All see and hear all.
    for person in (marta, ana, chi):
        await frames_grow(person, 2)
        for other in (marta, ana, chi):
            if other is not person:
                await person.sees(other.name)

        async def hears_both(person: Person = person) -> bool:
            return sum(energy > 0 for energy in (await person.audio_received()).values()) == 2

        await eventually(hears_both, f"{person.name} hears both others")
        # The receivers see by themselves who speaks: Chromium's fake microphone beeps.
        for other in (marta, ana, chi):
            if other is not person:
                await expect(person.tile(other.name)).to_have_attribute("aria-label", re.compile("speaking"))
        await expect(person.page).to_have_title("Hearthside")
        assert "#" not in person.page.url
        await expect(person.page.get_by_text("Thursday circle").first).to_be_visible()

    # Chat arrives, attributed, and never moves the focus.
    await marta.open_panel("People")
    await ana.say("Good evening, everybody")
    for person in (marta, chi):
        await person.open_panel("Chat")
        log = person.page.get_by_role("log")
        await expect(log.get_by_text("Good evening, everybody")).to_be_visible()
        await expect(log.get_by_text("Ana", exact=True)).to_be_visible()

    # Hands keep their order on every screen.
    await chi.tool("Raise hand").click()
    await expect(marta.tile("Chi")).to_have_attribute("aria-label", re.compile("hand raised, number 1"))
    await ana.tool("Raise hand").click()
    for person in (marta, ana, chi):
        await expect(person.tile("Chi")).to_have_attribute("aria-label", re.compile("hand raised, number 1"))
        await expect(person.tile("Ana")).to_have_attribute("aria-label", re.compile("hand raised, number 2"))
    await chi.tool("Lower hand").click()
    await expect(marta.tile("Ana")).to_have_attribute("aria-label", re.compile("hand raised, number 1"))

    # A soft mute closes the microphone; only its owner opens it again.
    await marta.open_panel("People")
    await marta.button("Mute Ana").click()
    await expect(ana.tool("Unmute microphone")).to_be_visible()
    await expect(chi.tile("Ana")).to_have_attribute("aria-label", re.compile("muted"))
    assert await marta.button("Unmute Ana").count() == 0
    await ana.tool("Unmute microphone").click()
    await expect(ana.tool("Mute microphone")).to_be_visible()
    await expect(chi.tile("Ana")).not_to_have_attribute("aria-label", re.compile("muted"))

    # Mute everyone reaches participants and leaves facilitators alone.
    await marta.button("Mute everyone").click()
    await expect(ana.tool("Unmute microphone")).to_be_visible()
    await expect(chi.tool("Unmute microphone")).to_be_visible()
    await expect(marta.tool("Mute microphone")).to_be_visible()
    await sends_no_audio(ana)

    # Removal asks, then ends everything of that person at once.
    await marta.button("Remove Chi").click()
    dialog = marta.page.get_by_role("dialog", name="Remove Chi?")
    await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    await dialog.get_by_role("button", name="Remove", exact=True).click()
    await expect(chi.page.get_by_text("You are no longer in this meeting")).to_be_visible()
    assert await chi.live_tracks() == {"audio": 0, "video": 0}
    await expect(ana.tile("Chi")).to_have_count(0)

    # The same browser's next knock says so.
    await chi.page.get_by_role("button", name="Rejoin").click()
    await chi.page.get_by_role("status").filter(has_text="Waiting to be let in").wait_for()
    await expect(marta.page.get_by_text("Removed earlier in this meeting")).to_be_visible()
    await expect(marta.page.get_by_text("can be told only of the same browser")).to_be_visible()
    await marta.button("Decline Chi").click()
    await expect(chi.page.get_by_text("You were not let in this time")).to_be_visible()

    # The end is for everyone.
    await marta.button("End meeting for everyone").click()
    dialog = marta.page.get_by_role("dialog", name="End meeting for everyone?")
    await dialog.get_by_role("button", name="End meeting", exact=True).click()
    await expect(ana.toolbar).to_have_count(0)
    assert await ana.live_tracks() == {"audio": 0, "video": 0}
    assert await marta.live_tracks() == {"audio": 0, "video": 0}


async def test_a_wrong_key_decodes_nothing(people: Gathering) -> None:
    """Somebody who was let in and comes back with another room secret sees nobody; nobody sees them."""
    links = await people.server.create_group()
    marta, ana = await people.meeting(links, "Marta", "Ana")
    await ana.sees("Marta")
    chi = await people.person("Chi")
    # Change the secret after the door: the page keeps its link for a reload, and resumes with other keys.
    await chi.knock(links.participant)
    await marta.admit("Chi")
    await chi.in_call()
    await chi.sees("Marta")
    changed = await chi.page.evaluate(
        """() => {
          let changed = 0;
          for (const key of Object.keys(sessionStorage)) {
            const value = sessionStorage.getItem(key);
            const other = value.replace(/([pf]1\\.)([A-Za-z0-9_-]{22})/g, (_, kind) => {
              changed += 1;
              return kind + "A".repeat(22);
            });
            sessionStorage.setItem(key, other);
          }
          return changed;
        }"""
    )
    assert changed >= 1, "the page keeps its link for a reload"
    await chi.page.reload()
    # The others put the proven return in the old leaf's place; without the link's secret its Welcome stays shut.
    await expect(chi.page.get_by_text("This device lost the meeting's keys").first).to_be_visible(timeout=20_000)
    await asyncio.sleep(3)
    await expect(chi.page.get_by_text("This device lost the meeting's keys").first).to_be_visible()
    received = [s for s in await chi.inbound() if s["kind"] == "video"]
    assert all(s.get("framesDecoded", 0) == 0 for s in received)
    assert all(energy == 0 for energy in (await chi.audio_received()).values())
    assert await marta.brightest_pixel("Chi") <= 40
    # And the others go on undisturbed.
    await frames_grow(ana, 1)


async def test_equal_names_are_told_apart_for_everybody(people: Gathering) -> None:
    links = await people.server.create_group()
    host = await people.person("Marta")
    await host.join(links.facilitator, devices=False)
    first = await people.person("Sam")
    await first.knock(links.participant, devices=False)
    await host.admit("Sam")
    await first.in_call()
    second = await people.person("Sam")
    await second.knock(links.participant, devices=False)
    await host.open_panel("People")
    await host.button("Admit Sam (2)").or_(host.button("Admit Sam")).click()
    await second.in_call()
    for person in (host, first, second):
        await expect(person.page.locator('[role="group"][aria-label^="Sam (2)"]')).to_have_count(1)


async def test_sound_is_offered_where_the_browser_holds_it_back(people: Gathering) -> None:
    """Without the flag that allows autoplay, in a tab that nobody has touched: a duplicated one, say."""
    links = await people.server.create_group()
    marta = await people.person("Marta")
    await marta.join(links.facilitator)
    ana = await people.person("Ana", autoplay=False)
    await ana.knock(links.participant, devices=False)
    await marta.admit("Ana")
    await ana.in_call()
    kept = await ana.page.evaluate("() => ({ ...sessionStorage })")
    tab = await ana.context.new_page()
    await tab.add_init_script(f"for (const [k, v] of Object.entries({json.dumps(kept)})) sessionStorage.setItem(k, v);")
    ana.page = tab
    # Any look into the page counts as a touch of it: until the sound has been tried, only listen to its socket.
    answered = asyncio.Event()
    tab.on("websocket", lambda socket: socket.on("framesent", lambda text: _note(answered, text)))
    await tab.goto(links.participant.split("#")[0])
    await asyncio.wait_for(answered.wait(), 20)
    await asyncio.sleep(2)
    button = ana.button("Turn sound on")
    await expect(button).to_be_visible()
    await expect(tab.locator('[aria-live="assertive"]')).to_contain_text("Turn sound on")
    await button.click()
    await expect(button).to_have_count(0)

    async def hears() -> bool:
        return any(energy > 0 for energy in (await ana.audio_received()).values())

    await eventually(hears, "Ana hears Marta after the press")


def _note(answered: asyncio.Event, frame: str | bytes) -> None:
    if "subscribe_answer" in str(frame):
        answered.set()


async def test_deleting_the_group_ends_its_meeting(people: Gathering) -> None:
    links = await people.server.create_group()
    marta = await people.person("Marta")
    await marta.join(links.facilitator, devices=False)
    await people.server.delete_group(links.id)
    await expect(marta.toolbar).to_have_count(0)
    await marta.page.goto(links.participant)
    await expect(marta.button("Ask to join")).to_have_count(0)


async def test_the_organiser_has_a_page(people: Gathering) -> None:
    links = await people.server.create_group("Friday night shift")
    olu = await people.person("Olu")
    # Reading the clipboard is forbidden to the page by its own policy: note what is written.
    await olu.page.add_init_script("navigator.clipboard.writeText = async (text) => { window.__copied = text; };")
    await olu.open(links.organiser)
    await expect(olu.page.get_by_text("Friday night shift").first).to_be_visible()
    for name, link in (("Copy participant link", links.participant), ("Copy facilitator link", links.facilitator)):
        await olu.button(name).click()

        async def copied(link: str = link) -> bool:
            return bool(await olu.page.evaluate("window.__copied") == link)

        await eventually(copied, name)


async def test_the_last_facilitator_is_asked(people: Gathering) -> None:
    links = await people.server.create_group()
    marta = await people.person("Marta")
    await marta.join(links.facilitator, devices=False)
    ana = await people.person("Ana")
    await ana.knock(links.participant, devices=False)
    await marta.admit("Ana")
    await ana.in_call()
    await marta.tool("Leave").click()
    dialog = marta.page.get_by_role("dialog")
    await expect(dialog.get_by_role("button", name="Leave", exact=True)).to_be_visible()
    await dialog.get_by_role("button", name="End meeting for everyone").click()
    await expect(ana.toolbar).to_have_count(0)


async def test_two_facilitators_share_one_waiting_list(people: Gathering) -> None:
    links = await people.server.create_group()
    marta = await people.person("Marta")
    await marta.join(links.facilitator, devices=False)
    ben = await people.person("Ben")
    await ben.join(links.facilitator, devices=False)
    ana = await people.person("Ana")
    await ana.knock(links.participant, devices=False)
    await marta.open_panel("People")
    await ben.open_panel("People")
    await expect(marta.button("Admit Ana")).to_be_visible()
    await ben.button("Admit Ana").click()
    await ana.in_call()
    await expect(marta.button("Admit Ana")).to_have_count(0)


# The peak of what each audio element that starts has to play.
LISTEN = """
window.__peak = 0;
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
  if (this.srcObject && this instanceof HTMLAudioElement) {
    const context = new AudioContext();
    const analyser = new AnalyserNode(context);
    context.createMediaStreamSource(this.srcObject).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      window.__peak = Math.max(window.__peak, ...samples);
    }, 20);
  }
  return play.call(this);
};
"""


async def test_devices_are_chosen_and_tried_before_joining(people: Gathering) -> None:
    links = await people.server.create_group()
    ana = await people.person("Ana")
    await ana.page.add_init_script(LISTEN)
    await ana.get_ready(links.participant)
    for name in ("Microphone", "Camera", "Speaker"):
        menu = ana.page.get_by_role("combobox", name=name, exact=True)
        assert await menu.locator("option").count() > 0, name
    microphone = ana.page.get_by_role("combobox", name="Microphone", exact=True)
    other = await microphone.locator("option").last.get_attribute("value")
    assert other is not None
    await microphone.select_option(other)

    async def changed() -> bool:
        live = "(id) => window.__tracks.some((t) => t.readyState === 'live' && t.getSettings().deviceId === id)"
        return bool(await ana.page.evaluate(live, other))

    await eventually(changed, "the chosen microphone is open")
    assert await ana.page.evaluate("window.__peak") == 0
    await ana.button("Play test sound").click()

    async def heard() -> bool:
        return bool(await ana.page.evaluate("window.__peak > 0.01"))

    await eventually(heard, "the test sound")


async def test_a_knock_sounds_and_is_announced(people: Gathering) -> None:
    links = await people.server.create_group()
    marta = await people.person("Marta")
    await marta.page.add_init_script(
        """
        const create = AudioContext.prototype.createOscillator;
        AudioContext.prototype.createOscillator = function () {
          window.__tones = (window.__tones ?? 0) + 1;
          return create.call(this);
        };
        """
    )
    await marta.join(links.facilitator, devices=False)
    assert await marta.page.evaluate("window.__tones ?? 0") == 0
    ana = await people.person("Ana")
    await ana.knock(links.participant, devices=False)

    async def sounds() -> bool:
        return bool(await marta.page.evaluate("window.__tones >= 1"))

    await eventually(sounds, "a sound for the knock")
    await expect(marta.page.locator('[aria-live="polite"]')).to_contain_text("Ana is waiting to be let in")


async def test_waiting_people_learn_whether_a_facilitator_is_here(people: Gathering) -> None:
    links = await people.server.create_group()
    ana = await people.person("Ana")
    await ana.knock(links.participant, devices=False)
    await expect(ana.page.get_by_text("No facilitator is here yet")).to_be_visible()
    marta = await people.person("Marta")
    await marta.join(links.facilitator, devices=False)
    await expect(ana.page.get_by_text("The facilitators know that you are here")).to_be_visible()
    await marta.admit("Ana")
    await ana.in_call()


@pytest.mark.parametrize(
    ("fragment", "words"),
    [("", "Open the link from your invitation again"), ("#p1.broken", "link")],
)
async def test_a_page_without_its_secret_says_what_to_do(people: Gathering, fragment: str, words: str) -> None:
    links = await people.server.create_group()
    ana = await people.person("Ana")
    await ana.open(links.participant.split("#")[0] + fragment)
    await expect(ana.page.get_by_text(words).first).to_be_visible()
