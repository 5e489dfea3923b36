"""A server that lies to real browsers: nothing of it takes effect, and people are told in plain words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession
from playwright.async_api import expect

from signaling.links import b64
from tests.browser.harness import Gathering, eventually, gathering
from tests.browser.server import Links, free_port
from tests.browser.tampering_proxy import Message, TamperingProxy, Visitor
from tests.browser.test_payloads import TRANSFORM_OFF
from tests.interop.meeting import Meeting

pytestmark = pytest.mark.browser


@dataclass
class Lies:
    """A meeting through the proxy, with Python members where somebody inside has to lie along."""

    people: Gathering
    proxy: TamperingProxy
    links: Links
    meeting: Meeting


@pytest.fixture
async def lies(tmp_path: Path) -> AsyncIterator[Lies]:
    async with AsyncExitStack() as stack:
        proxy = TamperingProxy(free_port())
        people = await stack.enter_async_context(gathering(tmp_path, public_url=proxy.url))
        await proxy.start(people.server.port)
        stack.push_async_callback(proxy.close)
        http = await stack.enter_async_context(ClientSession())
        links = await people.server.create_group()
        meeting = Meeting(links, http)
        stack.push_async_callback(meeting.close)
        yield Lies(people, proxy, links, meeting)


async def test_words_are_of_whoever_sealed_them_and_come_once(lies: Lies) -> None:
    marta, ana = await lies.people.meeting(lies.links, "Marta", "Ana")
    host, guest = lies.proxy.visitor(0), lies.proxy.visitor(1)

    def twice_and_as_martas(visitor: Visitor, message: Message) -> list[Message]:
        if visitor.member != host.member or message["type"] != "said" or message["sender"] != guest.member:
            return [message]
        return [{**message, "sender": host.member, "to": None}, message, message]

    # One whose sender is changed on the way counts as one's own, or as nobody's; what is sealed says who it is.
    lies.proxy.down = twice_and_as_martas
    await ana.say("Only once")
    lies.proxy.down = lambda visitor, message: [message, message] if message["type"] == "said" else [message]
    await ana.say("And this once")
    await marta.open_panel("Chat")
    log = marta.page.get_by_role("log")
    await expect(log.get_by_text("And this once")).to_be_visible()
    assert await log.get_by_text("And this once").count() == 1
    assert await log.get_by_text("Only once").count() <= 1
    await expect(log.get_by_text("Ana", exact=True).first).to_be_visible()
    assert await log.get_by_text("Marta", exact=True).count() == 0


async def test_an_end_and_a_removal_that_nobody_signed_are_told_as_that(lies: Lies) -> None:
    marta, ana, chi = await lies.people.meeting(lies.links, "Marta", "Ana", "Chi")
    await lies.proxy.visitor(1).tell({"type": "ended", "reason": "facilitator"})
    await expect(ana.page.get_by_text("no facilitator signed that").first).to_be_visible()
    await lies.proxy.visitor(2).tell({"type": "removed", "reason": "facilitator"})
    await expect(chi.page.get_by_text("no facilitator signed that").first).to_be_visible()
    for person in (ana, chi):
        assert await person.live_tracks() == {"audio": 0, "video": 0}
    await expect(marta.toolbar).to_be_visible()


async def test_a_ghost_gets_neither_keys_nor_tile(lies: Lies) -> None:
    def with_a_ghost(visitor: Visitor, message: Message) -> list[Message]:
        if message["type"] == "joined":
            for room in message["rooms"]:
                room["members"].append({"id": "A" * 22, "role": "facilitator"})
        return [message]

    lies.proxy.down = with_a_ghost
    marta, ana = await lies.people.meeting(lies.links, "Marta", "Ana")
    # The server also lets a stranger ask to be added, as if they came back or held a certificate.
    stranger = lies.meeting.person("Stranger")
    await stranger.knock()
    await stranger.until(lambda: stranger.id, "at the door")
    host = lies.proxy.visitor(0)
    room = host.last("joined")["rooms"][0]["id"]
    stranger.seat.prepare(None)
    offer = {"type": "mls_offered", "room": room, "member": stranger.id}
    package = stranger.seat.offer(room, None).key_package
    for visitor in (host, lies.proxy.visitor(1)):
        await visitor.tell({**offer, "key_package": package})
    await asyncio.sleep(3)
    assert not stranger.inside
    for person in (marta, ana):
        tiles = person.page.locator('[role="group"][aria-label]:not(fieldset)')
        names = [await tile.get_attribute("aria-label") for tile in await tiles.all()]
        assert sorted(str(name).split(",")[0].split(" ")[0] for name in names) == ["Ana", "Marta"]
    await ana.sees("Marta")


async def test_commits_that_break_the_rules_change_nothing_and_are_told(lies: Lies) -> None:
    chi = await lies.people.person("Chi")
    ben = lies.meeting.person("Ben", facilitator=True)
    await ben.join()
    ana = await lies.meeting.admit(ben, "Ana")
    await chi.knock(lies.links.participant, devices=False)
    await ben.until(lambda: "Chi" in [name for name, _ in ben.knocks.values()], "Chi knocks")
    await ben.admit("Chi")
    await chi.in_call()
    await ana.until(lambda: set(ana.names.values()) == {"Ben", "Ana", "Chi"}, "everybody is there")
    visitor = lies.proxy.visitor(2)
    place = {"seq": ana.seat.applied + 1_000, "epoch": ana.epoch, "after": ana.seat.applied}

    async def forge(commit: str) -> None:
        await visitor.tell(
            {"type": "mls_committed", "room": ana.room, "commit": {**place, "sender": ana.id, "commit": commit}}
        )

    # Ana, a participant, removes Ben, and the server lets it pass.
    leaf = ana.seat.leaf_of(ben.id)
    assert leaf is not None
    await forge(b64(ana.seat.mls.commit(remove=[leaf])[0]))
    await expect(chi.page.get_by_text("Ana's device tried to change who holds the keys").first).to_be_visible()
    await expect(chi.tile("Ben")).to_be_visible()


async def test_a_knock_put_together_from_two_lets_nobody_in(lies: Lies) -> None:
    marta = await lies.people.person("Marta")
    await marta.join(lies.links.facilitator, devices=False)
    knocks: list[Message] = []

    def repaired(visitor: Visitor, message: Message) -> list[Message]:
        if message["type"] != "knocked":
            return [message]
        knocks.append(message["knock"])
        if len(knocks) == 1:
            return [message]
        # The server's own KeyPackage under the name that Ana chose.
        return [{**message, "knock": {**message["knock"], "sealed": knocks[0]["sealed"]}}]

    lies.proxy.down = repaired
    ana = await lies.people.person("Ana")
    await ana.knock(lies.links.participant, devices=False)
    await marta.open_panel("People")
    await expect(marta.button("Admit Ana")).to_be_visible()
    stranger = lies.meeting.person("Stranger")
    await stranger.knock()
    await expect(marta.page.get_by_text("with a request that is not genuine").first).to_be_visible()
    await expect(marta.button("Admit Ana")).to_have_count(1)
    await expect(marta.button("Admit Stranger")).to_have_count(0)
    await marta.button("Admit Ana").click()
    await ana.in_call()
    await asyncio.sleep(1)
    assert not stranger.inside


async def test_swapped_tracks_show_nobody_under_another_name(lies: Lies) -> None:
    def swapped(visitor: Visitor, message: Message) -> list[Message]:
        if message["type"] == "subscribe_offer":
            members = list(dict.fromkeys(track["member"] for track in message["tracks"]))
            if len(members) == 2:
                other = {members[0]: members[1], members[1]: members[0]}
                for track in message["tracks"]:
                    track["member"] = other[track["member"]]
        return [message]

    lies.proxy.down = swapped
    marta, *_ = await lies.people.meeting(lies.links, "Marta", "Ana", "Chi")

    async def arrives() -> bool:
        return len([s for s in await marta.inbound() if s["kind"] == "video" and s["packetsReceived"] > 50]) == 2

    await eventually(arrives, "both pictures reach Marta")
    await asyncio.sleep(3)
    for name in ("Ana", "Chi"):
        assert await marta.brightest_pixel(name) <= 40
        await expect(marta.page.get_by_text(f"{name}'s key does not fit").first).to_be_visible()
    assert not any((await marta.decoded()).values())
    # Put right, they are seen after a reload.
    lies.proxy.down = lambda visitor, message: [message]
    await marta.page.reload()
    await marta.in_call()
    await marta.sees("Ana")
    await marta.sees("Chi")


async def test_what_only_facilitators_may_ask_for_is_not_done_for_others(lies: Lies) -> None:
    marta, chi = await lies.people.meeting(lies.links, "Marta", "Chi")
    ana = lies.meeting.person("Ana")
    await ana.knock()
    await marta.admit("Ana")
    await ana.until(lambda: ana.inside, "let in")
    ana.say({"type": "mute", "member": None})
    await expect(
        chi.page.get_by_text("Ana's device asked for something that only facilitators may ask for").first
    ).to_be_visible()
    await expect(chi.tool("Mute microphone")).to_be_visible()
    ana.say({"type": "end"})
    await lies.proxy.visitor(1).tell({"type": "ended", "reason": "facilitator"})
    await expect(chi.page.get_by_text("no facilitator signed that").first).to_be_visible()


async def test_who_is_kept_from_a_change_of_keys_stops_sending_and_is_told(lies: Lies) -> None:
    marta, ana = await lies.people.meeting(lies.links, "Marta", "Ana")
    await ana.sees("Marta")
    guest = lies.proxy.visitor(1)

    def without_commits(visitor: Visitor, message: Message) -> list[Message]:
        kept_back = visitor.member == guest.member and message["type"] in ("mls_committed", "mls_ready", "said")
        return [] if kept_back else [message]

    lies.proxy.down = without_commits
    chi = await lies.people.person("Chi")
    await chi.knock(lies.links.participant, devices=False)
    await marta.admit("Chi")
    await chi.in_call()
    notice = ana.page.get_by_text("Sending has stopped: the others use keys that this device was not told of")
    await expect(notice.first).to_be_visible(timeout=15_000)


async def test_a_facilitator_whose_words_are_kept_back_is_missed(lies: Lies) -> None:
    _, ana = await lies.people.meeting(lies.links, "Marta", "Ana")
    await ana.sees("Marta")
    host, guest = lies.proxy.visitor(0), lies.proxy.visitor(1)

    def without_marta(visitor: Visitor, message: Message) -> list[Message]:
        kept_back = visitor.member == guest.member and message.get("sender") == host.member
        return [] if kept_back else [message]

    lies.proxy.down = without_marta
    await expect(ana.page.get_by_text("Nothing was heard of Marta for 15 seconds").first).to_be_visible(timeout=30_000)


@pytest.mark.parametrize("transform", [True, False])
async def test_sound_that_the_sfu_makes_up_is_never_played(tmp_path: Path, *, transform: bool) -> None:
    """Without its transform a page plays what the SFU really sends: so the silence of the others is the transform's."""
    async with gathering(tmp_path, module="tests.browser.injecting_server") as people:
        links = await people.server.create_group()
        marta, ana = await people.person("Marta"), await people.person("Ana")
        await marta.join(links.facilitator)
        if not transform:
            await ana.page.add_init_script(TRANSFORM_OFF)
        await marta.let_in(ana, links.participant)

        async def arrives() -> bool:
            return any(s["packetsReceived"] > 50 for s in await ana.inbound() if s["kind"] == "audio")

        await eventually(arrives, "the sound reaches Ana", timeout=30)
        if transform:
            await expect(ana.page.get_by_text("Waiting for Marta's key").first).to_be_visible()
        assert any(energy > 0 for energy in (await ana.audio_received()).values()) is not transform
