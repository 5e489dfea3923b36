"""A real Chromium and a member in Python in one meeting: two implementations of the protocol check each other."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession
from playwright.async_api import expect

from signaling import messages as m
from tests.browser.harness import ROOT, Gathering, Person, eventually, gathering
from tests.interop.media_samples import decoded_brightness, decoded_loudness, key_frames, opus_tone
from tests.interop.meeting import Meeting
from tests.interop.meeting_media import MeetingMedia
from tests.interop.sframe import FrameKey

pytestmark = pytest.mark.browser

EMOJI = (ROOT / "web/client/emoji.ts").read_text().partition("LIST = `")[2].partition("`;")[0].split()[1::2]


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[Gathering]:
    async with gathering(tmp_path) as found:
        yield found


@pytest.fixture
async def meeting(people: Gathering) -> AsyncIterator[Meeting]:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(ClientSession())
        found = Meeting(await people.server.create_group(), http)
        stack.push_async_callback(found.close)
        yield found


@asynccontextmanager
async def playing(media: MeetingMedia) -> AsyncIterator[None]:
    """Somebody in Python sends a tone and a picture meanwhile."""
    task = asyncio.create_task(media.play(120))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def heard_in_chat(person: Person, text: str, by: str) -> None:
    await person.open_panel("Chat")
    log = person.page.get_by_role("log")
    await expect(log.get_by_text(text)).to_be_visible()
    await expect(log.get_by_text(by, exact=True).first).to_be_visible()


async def shown_emoji(person: Person) -> list[str]:
    items = person.page.get_by_role("dialog").get_by_role("list", name="Emoji").get_by_role("listitem")
    await expect(items).to_have_count(8, timeout=20_000)
    return [re.sub(r"[^a-z]", "", text.lower()) for text in await items.all_inner_texts()]


async def test_a_browser_lets_a_python_member_in(people: Gathering, meeting: Meeting) -> None:
    marta = await people.person("Marta")
    await marta.join(meeting.links.facilitator)
    ana = meeting.person("Ana")
    await ana.knock()
    await marta.admit("Ana")
    await ana.until(lambda: ana.inside, "let in")
    await ana.until(lambda: set(ana.names.values()) == {"Marta", "Ana"}, "knows the names")
    await expect(marta.tile("Ana")).to_be_visible()
    assert [person.facilitator for _, person in sorted(ana.seat.people.items())] == [True, False]

    # What is said.
    ana.chat("Good evening from Python")
    await heard_in_chat(marta, "Good evening from Python", "Ana")
    await marta.say("Good evening from Chromium")
    await ana.until(lambda: ana.texts() == [("Marta", "Good evening from Chromium")], "heard")

    # What Chromium sends opens in Python, and is sound and picture.
    media = await meeting.with_media(ana)
    await eventually(lambda: _opened(media, "audio", 100), "sound from Chromium opens", timeout=20)
    await eventually(lambda: _opened(media, "video", 10), "pictures from Chromium open", timeout=20)
    frames = [(frame, media.open(frame)) for frame in media.arrived]
    known = {context["track"] for context in ana.states[ana.member_named("Marta")]["contexts"]}
    assert {frame.track for frame, _ in frames} <= known
    assert decoded_loudness(content for frame, content in frames if content and frame.kind == "audio") > 500
    pictures = decoded_brightness(content for frame, content in frames if content and frame.kind == "video")
    assert len(pictures) > 5
    assert max(pictures) > 30, "the green of Chromium's fake camera"

    # What Python sends is decoded in Chromium, through a change of keys, and gone with the removal.
    async with playing(media):
        await marta.sees("Ana")
        await eventually(lambda: _loud(marta), "Chromium hears Python")
        await marta.open_panel("People")
        await marta.button("Remove Ana").click()
        await marta.page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
        await ana.until(lambda: ana.close_code is not None, "removed")
    assert ana.ending == m.Removed("facilitator")
    await expect(marta.tile("Ana")).to_have_count(0)


async def _opened(media: MeetingMedia, kind: str, count: int) -> bool:
    return sum(media.open(frame) is not None for frame in media.arrived if frame.kind == kind) >= count


async def _loud(person: Person) -> bool:
    return any(energy > 0.01 for energy in (await person.audio_received()).values())


async def test_a_python_facilitator_lets_a_browser_in(people: Gathering, meeting: Meeting) -> None:
    ben = meeting.person("Ben", facilitator=True)
    await ben.join()
    chi = await people.person("Chi")
    await chi.knock(meeting.links.participant, devices=False)
    await ben.until(lambda: "Chi" in [name for name, _ in ben.knocks.values()], "Chi's knock is genuine")
    await ben.admit("Chi")
    await chi.in_call()
    await expect(chi.tile("Ben")).to_be_visible()
    await ben.until(lambda: set(ben.names.values()) == {"Ben", "Chi"}, "knows the names")
    await chi.say("Hello Ben")
    await ben.until(lambda: ben.texts() == [("Chi", "Hello Ben")], "heard")
    ben.chat("Hello Chi")
    await heard_in_chat(chi, "Hello Chi", "Ben")

    # New keys, and everybody says that they hold them.
    await ben.renew_keys()
    await ben.until(lambda: ben.ready == ben.epoch, "Chromium holds the new keys")

    # A mute is asked for by the envelope that only facilitators may say, and a reload needs nobody's click.
    leaf = ben.seat.leaf_of(ben.member_named("Chi"))
    assert leaf is not None
    key = ben.seat.mls.leaf_keys[leaf]
    await chi.page.reload()
    await chi.in_call()
    await ben.until(lambda: ben.seat.mls.leaf_keys.get(leaf) not in (None, key), "Chi is back under a new leaf key")
    await ben.until(lambda: ben.ready == ben.epoch, "with the keys")
    ben.chat("Welcome back")
    await heard_in_chat(chi, "Welcome back", "Ben")

    await ben.remove(ben.member_named("Chi"))
    await expect(chi.page.get_by_text("You are no longer in this meeting")).to_be_visible()


async def test_a_browser_commits_the_return_of_a_python_member(people: Gathering, meeting: Meeting) -> None:
    marta = await people.person("Marta")
    await marta.join(meeting.links.facilitator, devices=False)
    ana = meeting.person("Ana")
    await ana.knock()
    await marta.admit("Ana")
    await ana.until(lambda: ana.inside, "let in")
    await ana.come_back(forget=True)
    await ana.until(lambda: ana.inside, "back")
    await ana.until(lambda: set(ana.names.values()) == {"Marta", "Ana"}, "was told the names again")
    ana.chat("Back again")
    await heard_in_chat(marta, "Back again", "Ana")
    # Who leaves with a signature is out of the tree at once.
    await ana.leave()
    await expect(marta.tile("Ana")).to_have_count(0)


async def test_both_see_the_same_emoji(people: Gathering, meeting: Meeting) -> None:
    marta = await people.person("Marta")
    await marta.join(meeting.links.facilitator, devices=False)
    ana = meeting.person("Ana")
    await ana.knock()
    await marta.admit("Ana")
    await ana.until(lambda: set(ana.names.values()) == {"Marta", "Ana"}, "let in")
    await marta.open_panel("More")
    await marta.button("Check encryption").click()
    shown = await shown_emoji(marta)
    await ana.until(lambda: ana.check and ana.check.emoji, "a result")
    assert ana.check is not None
    assert ana.check.emoji is not None
    assert len(EMOJI) == 64
    assert shown == [EMOJI[number] for number in ana.check.emoji]
    digits = re.sub(r"\D", "", await marta.page.get_by_role("dialog").inner_text())
    assert ana.check.digits in digits
    # Python begins, Chromium answers by itself.
    first = ana.check
    ana.start_check()
    await ana.until(lambda: ana.check is not first and ana.check and ana.check.emoji, "another result")


async def test_frames_that_break_the_rules_are_never_played(people: Gathering, meeting: Meeting) -> None:
    marta = await people.person("Marta")
    await marta.join(meeting.links.facilitator, devices=False)
    ana = meeting.person("Ana")
    await ana.knock()
    await marta.admit("Ana")
    await ana.until(lambda: ana.inside, "let in")
    media = await meeting.with_media(ana)
    tone, pictures = opus_tone(), key_frames()
    epoch = ana.seat.epochs[-1]
    stranger = FrameKey(epoch.base_key, 200 << 18 | epoch.leaf << 8 | epoch.number)
    other = FrameKey(epoch.base_key, 0 << 18 | 0 << 8 | epoch.number)
    for number in range(50):
        media.send_sealed("audio", tone[number])  # in clear
        media.send_sealed("video", pictures[number % 5])
        media.send_sealed("audio", stranger.seal(number, b"\0\3" + bytes(126)))  # a context that nobody announced
        media.send_sealed("audio", other.seal(number, b"\0\3" + bytes(126)))  # as if Marta had sent it
        await asyncio.sleep(0.02)

    async def arrived() -> bool:
        return sum(int(s["packetsReceived"]) for s in await marta.inbound()) > 100

    await eventually(arrived, "the SFU handed all of it on")
    assert await marta.decoded() == dict.fromkeys(await marta.decoded(), 0)
    assert not any((await marta.audio_received()).values())
    # And what keeps them is.
    async with playing(media):
        await marta.sees("Ana")
        await eventually(lambda: _loud(marta), "Chromium hears Python")
