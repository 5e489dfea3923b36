"""Members in Python meet through a real server process: door, group, what is said, and media, with no browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import ClientSession

from signaling import messages as m
from tests.browser.server import Server
from tests.interop.media_samples import decoded_brightness, decoded_loudness
from tests.interop.meeting import Meeting, every


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    found = Server(tmp_path)
    await found.start()
    yield found
    await found.stop()


@pytest.fixture
async def meeting(server: Server) -> AsyncIterator[Meeting]:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(ClientSession())
        found = Meeting(await server.create_group(), http)
        stack.push_async_callback(found.close)
        yield found


async def test_people_are_let_in_and_talk(meeting: Meeting) -> None:
    marta, ana, chi = await meeting.gather("Marta", "Ana", "Chi")
    await meeting.agree(marta, ana, chi)
    assert [person.facilitator for _, person in sorted(ana.seat.people.items())] == [True, False, False]
    assert set(ana.names.values()) == {"Marta", "Ana", "Chi"}
    for speaker in (marta, ana, chi):
        speaker.chat(f"I am {speaker.name}")
    wanted = {f"I am {name}" for name in ("Marta", "Ana", "Chi")}
    await every(
        (marta, ana, chi),
        lambda reader: {text for _, text in reader.texts()} == wanted - {f"I am {reader.name}"},
        "heard",
    )
    for reader in (marta, ana, chi):
        assert all(text == f"I am {name}" for name, text in reader.texts())
    await chi.leave()
    await meeting.agree(marta, ana)
    assert all(member.refusals == [] for member in (marta, ana))


async def test_the_server_tells_when_everybody_holds_an_epoch(meeting: Meeting) -> None:
    marta, ana = await meeting.gather("Marta", "Ana")
    for _ in range(3):
        await marta.renew_keys()
    await meeting.agree(marta, ana)
    assert marta.epoch == 4
    await every((marta, ana), lambda member: member.ready == 4, "told that all are ready")


async def test_a_removed_person_is_out(meeting: Meeting) -> None:
    marta, ana, chi = await meeting.gather("Marta", "Ana", "Chi")
    await marta.remove(chi.id)
    await meeting.agree(marta, ana)
    await chi.until(lambda: chi.close_code is not None, "the socket is closed")
    assert chi.ending == m.Removed("facilitator")
    assert chi.close_code == 4000
    before = chi.epoch
    marta.chat("without you")
    await ana.until(lambda: ana.texts() == [("Marta", "without you")], "heard")
    assert chi.epoch == before


async def test_a_late_facilitator_comes_in_by_certificate(meeting: Meeting) -> None:
    marta, ana = await meeting.gather("Marta", "Ana")
    ben = meeting.person("Ben", facilitator=True)
    await ben.join()
    await meeting.agree(marta, ana, ben)
    assert ana.seat.people[ben.seat.mls.leaf].facilitator
    # And lets in somebody himself.
    chi = await meeting.admit(ben, "Chi")
    await meeting.agree(marta, ana, ben, chi)


async def test_a_reload_needs_nobodys_click(meeting: Meeting) -> None:
    marta, ana, chi = await meeting.gather("Marta", "Ana", "Chi")
    leaf, key = ana.seat.mls.leaf, ana.seat.mls.leaf_keys[ana.seat.mls.leaf]
    await ana.come_back(forget=True)
    await ana.until(lambda: ana.inside, "back")
    await meeting.agree(marta, ana, chi)
    assert ana.seat.mls.leaf_keys[leaf] != key
    # The facilitator, too: a participant commits it.
    await marta.come_back(forget=True)
    await marta.until(lambda: marta.inside, "back")
    await meeting.agree(marta, ana, chi)
    assert ana.seat.people[marta.seat.mls.leaf].facilitator
    dora = await meeting.admit(marta, "Dora")
    await meeting.agree(marta, ana, chi, dora)


async def test_a_lost_network_catches_up(meeting: Meeting) -> None:
    marta, ana = await meeting.gather("Marta", "Ana")
    await meeting.agree(marta, ana)
    await ana.drop()
    marta.chat("one")
    await marta.renew_keys()
    marta.chat("two")
    await marta.until(lambda: len(marta.said) >= 3, "numbered")
    await ana.come_back()
    await ana.until(lambda: ana.texts() == [("Marta", "one"), ("Marta", "two")], "nothing is missing")
    await meeting.agree(marta, ana)


async def test_a_co_facilitator_lets_in_and_no_longer_after_withdrawal(meeting: Meeting) -> None:
    marta, ana = await meeting.gather("Marta", "Ana")
    await marta.grant(ana.id)
    await ana.until(lambda: ana.seat.grants is not None, "granted")
    chi = await meeting.admit(ana, "Chi")
    await meeting.agree(marta, ana, chi)
    assert chi.seat.grants is not None
    assert chi.seat.grants.keys == (ana.seat.people[ana.seat.mls.leaf].rejoin_key,)
    await marta.grant()
    await ana.until(lambda: ana.seat.grants is not None and not ana.seat.grants.keys, "withdrawn")
    dora = meeting.person("Dora")
    await dora.knock()
    await marta.until(lambda: "Dora" in [name for name, _ in marta.knocks.values()], "Dora knocks")
    assert "Dora" not in [name for name, _ in ana.knocks.values()]


async def test_a_restarted_server_loses_nobody(server: Server, meeting: Meeting) -> None:
    marta, ana, chi = await meeting.gather("Marta", "Ana", "Chi")
    epoch = marta.epoch
    await server.stop()
    await server.start()
    for member in (ana, chi, marta):
        await member.come_back()
    await every((ana, chi, marta), lambda member: member.inside, "back")
    await meeting.agree(marta, ana, chi)
    assert marta.epoch == epoch
    ana.chat("still here")
    await marta.until(lambda: marta.texts() == [("Ana", "still here")], "heard")
    dora = await meeting.admit(marta, "Dora")
    await meeting.agree(marta, ana, chi, dora)


async def test_everybody_sees_the_same_emoji(meeting: Meeting) -> None:
    members = await meeting.gather("Marta", "Ana", "Chi")
    await meeting.agree(*members)
    members[1].start_check()
    await every(members, lambda member: member.check and member.check.emoji, "a result")
    assert len({tuple(member.check.emoji or ()) for member in members if member.check}) == 1


async def test_media_goes_through_the_sfu_sealed(meeting: Meeting) -> None:
    marta, ana = await meeting.gather("Marta", "Ana")
    await meeting.agree(marta, ana)
    sender, receiver = await meeting.with_media(marta), await meeting.with_media(ana)
    await asyncio.sleep(0.3)
    await sender.play(2.0)
    sound = [receiver.open(frame) for frame in receiver.arrived if frame.kind == "audio"]
    pictures = [receiver.open(frame) for frame in receiver.arrived if frame.kind == "video"]
    assert len(sound) > 80
    assert len(pictures) > 10
    assert all(frame is not None for frame in sound + pictures)
    assert decoded_loudness(frame for frame in sound if frame) > 8_000
    assert min(decoded_brightness(frame for frame in pictures if frame)) > 140
    # The keys change under way: nothing is lost.
    receiver.arrived.clear()
    playing = asyncio.create_task(sender.play(2.0, ("audio",)))
    await asyncio.sleep(0.5)
    await marta.renew_keys()
    await playing
    assert {frame.sealed_by[2] for frame in receiver.arrived} == {1, 2}
    assert all(receiver.open(frame) is not None for frame in receiver.arrived)


async def test_a_removed_person_gets_nothing_more_and_could_read_nothing(meeting: Meeting) -> None:
    marta, ana, chi = await meeting.gather("Marta", "Ana", "Chi")
    await meeting.agree(marta, ana, chi)
    sender, listener, removed = [await meeting.with_media(member) for member in (marta, ana, chi)]
    await asyncio.sleep(0.3)
    await sender.play(0.5, ("audio",))
    assert removed.arrived
    assert removed.open(removed.arrived[-1]) is not None
    await marta.remove(chi.id)
    await ana.until(lambda: chi.id not in {person.member for person in ana.seat.people.values()}, "removed")
    removed.arrived.clear()
    listener.arrived.clear()
    await sender.play(0.5, ("audio",))
    assert removed.arrived == []
    assert len(listener.arrived) > 15
    assert all(listener.open(frame) is not None for frame in listener.arrived)
    # What still goes to the others, with all the keys that the removed one ever had.
    assert all(listener.open(frame, removed.member.seat.epochs) is None for frame in listener.arrived)
