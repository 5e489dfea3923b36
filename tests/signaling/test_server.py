"""The shell, over real sockets: a fake SFU, a store in memory, aiohttp's client."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar, cast

import msgspec
import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError, web
from aiohttp.test_utils import TestClient, TestServer

from sfu.control import CloseMember, RoomLost, TransportClosed
from signaling import messages as m
from signaling import server as server_module
from signaling.addresses import Network
from signaling.certificates import issue_certificate, issue_revocations
from signaling.database import DATABASE_NAME, MisfitError, StoreError
from signaling.effects import Effect
from signaling.links import b64, public_key, unb64
from signaling.rate_limit import Allowance, Limits
from signaling.server import Signaling
from signaling.store import Group, MarkKind, OpenMeeting, Store
from tests.signaling import mls_bytes as b
from tests.signaling.fake_sfu import FakeSfu
from tests.signaling.sdp_samples import sample
from tests.signaling.world import GROUP, ROLE_SEED, ROOT_SEED, Keys, signed_join

M = TypeVar("M", bound=m.ServerMessage)
SECONDS = 5.0  # a test that waits longer for a message has failed


class MemoryStore:
    """What signaling uses of the store."""

    def __init__(self) -> None:
        keys = Keys()
        group = Group(GROUP, datetime.now(UTC), keys.root_key, keys.door_key, keys.role_keys, b"sealed")
        self.groups = {GROUP: group}
        self.meetings: dict[str, tuple[OpenMeeting, list[tuple[str, str]]]] = {}
        self.fails = False
        self.gate = asyncio.Event()
        """Whatever is to be kept waits for it."""
        self.gate.set()

    async def _write(self) -> None:
        await self.gate.wait()
        self._check()

    def _check(self) -> None:
        if self.fails:
            raise StoreError("The database is full.")

    async def get_group(self, group: str) -> Group | None:
        self._check()
        return self.groups.get(group)

    async def update_group(self, group: str, change: Callable[[Group], Group]) -> Group | None:
        self._check()
        if group in self.groups:
            self.groups[group] = change(self.groups[group])
        return self.groups.get(group)

    async def delete_group(self, group: str) -> bool:
        self._check()
        return self.groups.pop(group, None) is not None

    async def save_meeting(self, meeting: OpenMeeting) -> None:
        await self._write()
        self.meetings[meeting.meeting] = (meeting, [])

    async def end_meeting(self, meeting: str) -> None:
        await self._write()
        self.meetings.pop(meeting, None)

    async def add_mark(self, meeting: str, kind: MarkKind, digest: str) -> None:
        await self._write()
        if meeting not in self.meetings:
            raise MisfitError("The group may have been deleted meanwhile.")
        self.meetings[meeting][1].append((kind, digest))

    async def load_meetings(self) -> list[tuple[OpenMeeting, list[tuple[str, str]]]]:
        return list(self.meetings.values())

    async def server_key(self) -> bytes:
        return b"k" * 32

    async def existing_groups(self, ids: Collection[str]) -> set[str]:
        self._check()
        return set(ids) & set(self.groups)


@dataclass
class Settings:
    public_url: str = "https://meet.example.org"
    media_ports: Sequence[int] = (8081,)
    media_tcp_ports: Sequence[int] = ()
    turn_urls: Sequence[str] = ()
    turn_secret: str | None = None
    video_codec: str = "vp8"
    trusted_proxies: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"),)


class Person:
    """One browser's socket."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.others: list[m.ServerMessage] = []
        self.epoch = 0
        self.head = 0
        """The number of the registration or commit that was heard of last."""

    async def register(self, room: str, member: str) -> None:
        """Found the group."""
        await self.send(m.MlsRegister(room=room, group=b64(b.GROUP), epoch=0, leaves=[m.Seat(0, member)]))
        self.head = (await self.get(m.MlsRegistered)).state.seq

    async def commit(self, room: str, *proposals: bytes, to: Collection[bytes] = ()) -> None:
        """As leaf 0, and wait until it holds."""
        data = b.commit(0, self.epoch, *proposals)
        welcome = b64(b.welcome(*to)) if to else None
        await self.send(m.MlsCommit(room=room, after=self.head, commit=b64(data), welcome=welcome))
        self.epoch += 1

    async def committed(self) -> None:
        """Hear of the own commit."""
        self.head = (await self.get(m.MlsCommitted)).commit.seq

    async def admit(self, room: str, *knocks: m.Knock) -> None:
        packages = [unb64(knock.key_package) for knock in knocks]
        await self.commit(room, *map(b.add, packages), b.LINK, to=packages)
        await self.committed()

    async def send(self, message: m.ClientMessage) -> None:
        await self.socket.send_str(m.encode(message))

    async def get(self, kind: type[M]) -> M:
        """The next message of this kind; what came before is passed over."""
        async with asyncio.timeout(SECONDS):
            while True:
                received = await self.socket.receive()
                assert received.type is WSMsgType.TEXT, f"closed with {self.socket.close_code}, wanted {kind.__name__}"
                message = m.decode_server(received.data)
                if isinstance(message, kind):
                    return message
                self.others.append(message)

    @property
    def transport(self) -> asyncio.Transport:
        connection = self.socket._response.connection
        assert connection is not None
        return cast(asyncio.Transport, connection.transport)

    async def closed(self) -> int | None:
        """Read until the server closes; the close code."""
        async with asyncio.timeout(SECONDS):
            while (received := await self.socket.receive()).type is WSMsgType.TEXT:
                self.others.append(m.decode_server(received.data))
        return self.socket.close_code


@dataclass
class House:
    """A running server and a way in."""

    client: TestClient[web.Request, web.Application]
    signaling: Signaling
    sfu: FakeSfu
    store: MemoryStore
    people: list[Person] = field(default_factory=list)

    async def open(self, headers: dict[str, str] | None = None) -> Person:
        person = Person(await self.client.ws_connect("/ws", protocols=(m.PROTOCOL,), headers=headers or {}))
        self.people.append(person)
        return person

    async def connect(self, headers: dict[str, str] | None = None) -> tuple[Person, str]:
        person = await self.open(headers)
        return person, (await person.get(m.Challenge)).nonce

    async def join(self, role: m.Role, headers: dict[str, str] | None = None) -> Person:
        person, nonce = await self.connect(headers)
        await person.send(signed_join(role, nonce))
        return person

    async def visitor(self, headers: dict[str, str] | None = None) -> tuple[Person, m.Waiting]:
        """Somebody who has knocked."""
        person = await self.join("participant", headers)
        waiting = await person.get(m.Waiting)
        await person.send(m.SendKnock(sealed="name", key_package=b64(b.key_package(waiting.member))))
        return person, waiting

    async def facilitator(self) -> tuple[Person, m.Joined]:
        """The first one, who founds the group."""
        person = await self.join("facilitator")
        joined = await person.get(m.Joined)
        await person.register(joined.rooms[0].id, joined.member)
        return person, joined

    async def meeting(self) -> tuple[Person, m.Joined, Person, m.Joined]:
        facilitator, led = await self.facilitator()
        person, _ = await self.visitor()
        await facilitator.admit(led.rooms[0].id, (await facilitator.get(m.Knocked)).knock)
        joined = await person.get(m.Joined)
        person.head, person.epoch = facilitator.head, facilitator.epoch
        return facilitator, led, person, joined


def say(room: str, n: int, size: int = 40) -> m.Say:
    """What is said in the first epoch after `House.meeting`."""
    return m.Say(room=room, n=n, body=b64(b.application(1, size=size)))


def both_devices(room: str) -> m.Publish:
    """Offers a microphone and a camera."""
    tracks = [m.TrackOffer("microphone", "0", "audio"), m.TrackOffer("camera-0", "1", "video")]
    return m.Publish(room=room, n=1, sdp=sample("chromium_156_audio_video"), tracks=tracks)


@asynccontextmanager
async def open_house(
    store: MemoryStore, limits: Limits | None = None, *, settings: Settings | None = None
) -> AsyncIterator[House]:
    sfu = FakeSfu()
    signaling = Signaling(store=cast(Store, store), sfu=sfu, settings=settings or Settings(), limits=limits)
    await signaling.start()
    app = web.Application()
    app.add_routes(signaling.routes())
    client: TestClient[web.Request, web.Application] = TestClient(TestServer(app))
    await client.start_server()
    house = House(client, signaling, sfu, store)
    try:
        yield house
    finally:
        for person in house.people:
            await person.socket.close()
        await signaling.drain()
        await signaling.close()
        await client.close()


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with open_house(MemoryStore()) as opened:
        yield opened


async def test_a_meeting_from_knock_to_end(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    facilitator, led, person, joined = await house.meeting()
    room = joined.rooms[0].id
    await person.send(say(room, 1))
    assert (await facilitator.get(m.Said)).sender == joined.member
    assert (await person.get(m.Said)).n == 1
    await person.send(m.Ping(n=4))
    assert (await person.get(m.Pong)).n == 4
    await facilitator.send(m.EndMeeting())
    for who in (facilitator, person):
        assert (await who.get(m.Ended)).reason == "facilitator"
        assert await who.closed() == 4000
    await house.signaling._to_store.join()
    assert house.store.meetings == {}
    assert "meeting 1: started" in caplog.text
    assert "meeting 1: participant admitted" in caplog.text
    for secret in (GROUP, joined.member, led.member, room, joined.token, joined.meeting, "127.0.0.1"):
        assert secret not in caplog.text


async def test_media_goes_through_the_sfu_and_ends_with_the_removal(house: House) -> None:
    facilitator, _, person, joined = await house.meeting()
    room = joined.rooms[0].id
    await person.send(both_devices(room))
    assert (await person.get(m.Published)).n == 1
    await facilitator.send(m.Subscribe(room=room))
    offer = await facilitator.get(m.SubscribeOffer)
    assert {track.member for track in offer.tracks} == {joined.member}
    await facilitator.commit(joined.rooms[0].id, b.remove(1))
    await person.get(m.Removed)
    assert house.sfu.asked(CloseMember) == [CloseMember(room, joined.member)]
    assert joined.member not in {opened.member for opened in house.sfu.transports.values()}
    assert await person.closed() == 4000


async def test_who_is_let_in_is_offered_what_the_others_send_before_they_say_a_word(house: House) -> None:
    """A round trip less until somebody is heard: what the newcomer would ask for is known."""
    facilitator, nonce = await house.connect()
    await facilitator.send(msgspec.structs.replace(signed_join("facilitator", nonce), subscribe=True))
    led = await facilitator.get(m.Joined)
    room = led.rooms[0].id
    assert (await facilitator.get(m.SubscribeOffer)).tracks == []
    await facilitator.register(room, led.member)
    await facilitator.send(both_devices(room))
    await facilitator.get(m.Published)
    person = await house.join("participant")
    waiting = await person.get(m.Waiting)
    package = b64(b.key_package(waiting.member))
    await person.send(m.SendKnock(sealed="name", key_package=package, subscribe=True))
    knock = (await facilitator.get(m.Knocked)).knock
    assert waiting.member not in {opened.member for opened in house.sfu.transports.values()}, "nothing before that"
    await facilitator.admit(room, knock)
    await person.get(m.Joined)
    offer = await person.get(m.SubscribeOffer)
    assert {track.member for track in offer.tracks} == {led.member}


async def test_a_phone_that_was_locked_for_long_learns_that_its_media_is_gone(house: House) -> None:
    _, _, person, joined = await house.meeting()
    await person.send(m.Subscribe(room=joined.rooms[0].id))
    await person.get(m.SubscribeOffer)
    for kept in (True, False):
        person, _ = await house.connect()
        await person.send(m.Resume(group=GROUP, token=joined.token))
        assert (await person.get(m.Joined)).media_kept == kept
        (transport,) = house.sfu.transports
        house.signaling.on_event(TransportClosed(transport, "consent_expired"))


async def test_who_is_away_when_a_media_worker_ends_learns_that_the_media_is_gone(house: House) -> None:
    facilitator, _, person, joined = await house.meeting()
    room = joined.rooms[0].id
    for each in (facilitator, person):
        await each.send(m.Subscribe(room=room))
        await each.get(m.SubscribeOffer)
    await person.socket.close()
    await facilitator.get(m.MemberConnection)
    house.signaling.on_event(RoomLost(room))
    assert (await facilitator.get(m.MediaLost)).room == room
    person, _ = await house.connect()
    await person.send(m.Resume(group=GROUP, token=joined.token))
    assert not (await person.get(m.Joined)).media_kept


async def test_the_subprotocol_is_required(house: House) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await house.client.ws_connect("/ws", protocols=("hearthside.v0",))
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://meet.example.org", True),
        ("https://meet.example.org.evil.example", False),
        ("https://evil.example", False),
        ("null", False),
        ("same", True),
        ("http://[", False),
        ("", False),
    ],
)
async def test_only_our_own_pages_may_connect(house: House, origin: str, allowed: bool) -> None:
    if origin == "same":
        origin = f"http://127.0.0.1:{house.client.port}"
    if allowed:
        await house.connect({"Origin": origin})
    else:
        with pytest.raises(WSServerHandshakeError) as refused:
            await house.connect({"Origin": origin})
        assert refused.value.status == 403


async def test_junk_is_answered_and_then_closed_upon_and_nobody_else_notices(house: House) -> None:
    facilitator, _, person, joined = await house.meeting()
    for _ in range(5):
        await person.socket.send_str("\x00{[}")
        assert (await person.get(m.Error)).code == "bad_message"
    await person.socket.send_bytes(b"\xff\xfe")
    assert (await person.get(m.Error)).code == "bad_message"
    await person.socket.send_str('{"type":"become_facilitator"}')
    assert (await person.get(m.Error)).about is None
    for _ in range(30):
        await person.socket.send_str("[" * 1000)
    assert await person.closed() == 4002
    assert await facilitator.get(m.MemberConnection) == m.MemberConnection(joined.rooms[0].id, joined.member, False)
    await facilitator.send(m.Ping(n=1))
    await facilitator.get(m.Pong)


async def test_an_oversize_message_ends_the_socket_and_keeps_the_place(house: House) -> None:
    facilitator, _, person, joined = await house.meeting()
    await person.socket.send_str("x" * (m.MAX_MESSAGE_BYTES + 1))
    assert await person.closed() == 1009
    assert not (await facilitator.get(m.MemberConnection)).connected
    again, _ = await house.connect()
    await again.send(m.Resume(group=GROUP, token=joined.token))
    assert (await again.get(m.Joined)).member == joined.member


async def test_text_that_is_not_utf8_ends_the_socket(house: House) -> None:
    person, _ = await house.connect()
    await person.socket._writer.send_frame(b"\xff\xff", WSMsgType.TEXT)
    assert await person.closed() == 1007


@pytest.mark.parametrize("headers", [{}, {"X-Forwarded-For": "198.51.100.1"}], ids=["direct", "behind a proxy"])
async def test_sixty_people_join_from_one_address_at_once(house: House, headers: dict[str, str]) -> None:
    facilitator, led = await house.facilitator()
    people = await asyncio.gather(*(house.visitor(headers) for _ in range(60)))
    for _, waiting in people:
        assert waiting.facilitator_present
    knocks = [(await facilitator.get(m.Knocked)).knock for _ in range(60)]
    assert len({knock.id for knock in knocks}) == 60
    await facilitator.admit(led.rooms[0].id, *knocks)
    members = {(await person.get(m.Joined)).member for person, _ in people}
    assert len(members) == 60


async def test_forwarded_addresses_are_counted_apart() -> None:
    async with open_house(MemoryStore(), Limits(arrivals=Allowance(1, 0.001))) as house:
        await house.connect({"X-Forwarded-For": "198.51.100.1"})
        await house.connect({"X-Forwarded-For": "198.51.100.2"})
        person = await house.open({"X-Forwarded-For": "198.51.100.1"})
        assert (await person.get(m.Error)).code == "server_full"
        assert await person.closed() == 4003


async def test_a_client_that_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signaling.wire.MAX_QUEUED_CHARS", 200_000)
    plenty = Allowance(1e9, 1e9)
    async with open_house(MemoryStore(), Limits(messages=plenty, message_chars=plenty, say_bytes=plenty)) as house:
        facilitator, _, person, joined = await house.meeting()
        transport = person.transport
        transport.pause_reading()
        room, n = joined.rooms[0].id, 0
        async with asyncio.timeout(30):
            while not any(isinstance(message, m.MemberConnection) for message in facilitator.others):
                n += 1
                await facilitator.send(say(room, n, size=15_000))
                await facilitator.get(m.Said)
        transport.abort()
        assert n < 2_000, "cut off before the operating system's buffers held much more than may wait here"


async def test_a_restarted_server_takes_everybody_back() -> None:
    store = MemoryStore()
    async with open_house(store) as house:
        facilitator, led, person, joined = await house.meeting()
        waiting, waited = await house.visitor()
        token = waited.token

        async def told(who: Person) -> int | None:
            await who.get(m.Restarting)
            return await who.closed()

        everybody = asyncio.gather(*(told(who) for who in (facilitator, person, waiting)))
        await house.signaling.drain()
        assert await everybody == [1012] * 3
        with pytest.raises(WSServerHandshakeError) as refused:
            await house.connect()
        assert refused.value.status == 503

    async with open_house(store) as house:
        back, _ = await house.connect()
        await back.send(m.Resume(group=GROUP, token=joined.token))
        resumed = await back.get(m.Joined)
        assert (resumed.member, resumed.meeting, resumed.media_kept) == (joined.member, joined.meeting, False)
        leader, _ = await house.connect()
        await leader.send(m.Resume(group=GROUP, token=led.token))
        assert len((await leader.get(m.Joined)).rooms[0].members) == 2
        visitor, _ = await house.connect()
        await visitor.send(m.Resume(group=GROUP, token=token))
        assert (await visitor.get(m.Waiting)).facilitator_present


async def test_a_group_deleted_elsewhere_ends_its_meeting(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "TICK_SECONDS", 0.02)
    _, _, person, _ = await house.meeting()
    house.store.groups.clear()
    assert (await person.get(m.Ended)).reason == "deleted"


async def test_an_organiser_deletes_the_group(house: House) -> None:
    organiser = await house.join("organiser")
    assert not (await organiser.get(m.OrganiserReady)).meeting_running
    await organiser.send(m.DeleteGroup())
    assert (await organiser.get(m.Ended)).reason == "deleted"
    assert house.store.groups == {}


SERIAL = b"serial 1"


def certify(store: MemoryStore) -> str:
    """Give the facilitator link its certificate, of `SERIAL`."""
    role_key = public_key(ROLE_SEED)
    issued = issue_certificate(
        ROOT_SEED, group=unb64(GROUP), role_key=role_key, not_before=1, not_after=2, serial=SERIAL
    )
    certificate = b64(issued.encode())
    store.groups[GROUP] = msgspec.structs.replace(store.groups[GROUP], certificates=[certificate])
    return certificate


def revoked(version: int, *serials: bytes) -> str:
    issued = issue_revocations(ROOT_SEED, group=unb64(GROUP), version=version, date=1, serials=serials)
    return b64(issued.encode())


async def test_an_organiser_changes_the_group(house: House) -> None:
    certificate = certify(house.store)
    facilitator, _, _, _ = await house.meeting()
    organiser = await house.join("organiser")
    assert (await organiser.get(m.OrganiserReady)).certificates == [certificate]
    revocations = revoked(1, bytes(8))
    await organiser.send(m.UpdateGroup(revocations=revocations))
    assert (await organiser.get(m.OrganiserReady)).revocations == revocations
    await facilitator.get(m.GroupChanged)
    assert house.store.groups[GROUP].revocations == revocations
    await organiser.send(m.UpdateGroup(revocations=revocations[:-10] + "A" * 10))
    error = await organiser.get(m.Error)
    assert (error.code, error.about) == ("bad_group", "update_group")
    assert house.store.groups[GROUP].revocations == revocations
    house.store.fails = True
    await organiser.send(m.UpdateGroup(revocations=revocations))
    assert (await organiser.get(m.Error)).code == "internal"
    house.store.fails = False


async def test_a_revoked_link_ends_its_sessions_media_first_and_takes_nobody_back(house: House) -> None:
    certify(house.store)
    facilitator, led, person, _ = await house.meeting()
    await facilitator.send(both_devices(led.rooms[0].id))
    await facilitator.get(m.Published)
    organiser = await house.join("organiser")
    await organiser.get(m.OrganiserReady)
    await organiser.send(m.UpdateGroup(revocations=revoked(1, SERIAL)))
    assert (await facilitator.get(m.Removed)).reason == "revoked"
    assert await facilitator.closed() == 4000
    assert any(isinstance(request, CloseMember) for request in house.sfu.requests)
    gone = (await person.get(m.MemberGone)).gone
    assert (gone.member, gone.reason) == (led.member, "expelled")
    await person.get(m.GroupChanged)
    again, _ = await house.connect()
    await again.send(m.Resume(group=GROUP, token=led.token))
    assert (await again.get(m.Error)).code == "bad_proof"
    assert await again.closed() == 4003


async def test_who_comes_while_their_link_is_revoked_does_not_come_in(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    certify(house.store)
    read, go_on = asyncio.Event(), asyncio.Event()
    get_group = house.store.get_group

    async def slow(group: str) -> Group | None:
        found = await get_group(group)
        read.set()
        await go_on.wait()
        return found

    organiser = await house.join("organiser")
    await organiser.get(m.OrganiserReady)
    monkeypatch.setattr(house.store, "get_group", slow)
    late = await house.join("facilitator")
    async with asyncio.timeout(SECONDS):
        await read.wait()
    await organiser.send(m.UpdateGroup(revocations=revoked(1, SERIAL)))
    await organiser.get(m.OrganiserReady)
    go_on.set()
    assert (await late.get(m.Error)).code == "bad_proof"
    assert await late.closed() == 4003


async def test_a_removal_ends_media_at_once_and_is_told_when_the_disk_holds_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "KEEP_SECONDS", 60.0)
    media_ended = asyncio.Event()
    house.sfu.fail = lambda request: media_ended.set() if isinstance(request, CloseMember) else None
    facilitator, _, person, joined = await house.meeting()
    await person.send(both_devices(joined.rooms[0].id))
    await person.get(m.Published)
    house.store.gate.clear()
    await facilitator.commit(joined.rooms[0].id, b.remove(1))
    await facilitator.send(m.Ping(n=1))
    late = await house.join("facilitator")
    async with asyncio.timeout(SECONDS):
        await media_ended.wait()
    await person.send(say(joined.rooms[0].id, 1))
    leaving = asyncio.create_task(facilitator.get(m.MlsCommitted))
    removing = asyncio.create_task(person.get(m.Removed))
    entering = asyncio.create_task(late.get(m.Joined))
    done, _ = await asyncio.wait([leaving, removing, entering], timeout=0.2)
    assert done == set(), "nobody is told of what a crash could undo"
    ((_, marks),) = house.store.meetings.values()
    assert marks == []
    house.store.gate.set()
    await removing
    assert {kind for kind, _ in marks} == {"session"}
    assert (await leaving).commit.epoch == 1
    assert joined.member not in {member.id for member in (await entering).rooms[0].members}
    await facilitator.get(m.Pong)
    assert not [message for message in facilitator.others if isinstance(message, m.Said)]
    assert await person.closed() == 4000


async def test_what_is_told_is_in_the_database(tmp_path: Path) -> None:
    store = await Store.open(tmp_path)
    keys = Keys()
    await store.create_group(Group(GROUP, datetime.now(UTC), keys.root_key, keys.door_key, keys.role_keys, b"sealed"))

    def rows(table: str) -> int:
        """What a server would find that was started now, after a crash."""
        with contextlib.closing(sqlite3.connect(tmp_path / DATABASE_NAME)) as database:
            found: int = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            return found

    async with open_house(cast(MemoryStore, store)) as house:
        facilitator, _, person, joined = await house.meeting()
        assert rows("meetings") == 1
        await facilitator.commit(joined.rooms[0].id, b.remove(1))
        await person.get(m.Removed)
        assert rows("marks") == 1
        await facilitator.send(m.EndMeeting())
        await facilitator.get(m.Ended)
        assert rows("meetings") == rows("marks") == 0
    await store.close()


@pytest.mark.parametrize("trouble", ["slow", "broken"])
async def test_a_bad_disk_does_not_hold_a_removal_up(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, trouble: str
) -> None:
    monkeypatch.setattr(server_module, "KEEP_SECONDS", 0.05)
    monkeypatch.setattr(server_module, "AGAIN_SECONDS", 0.01)
    facilitator, _, person, joined = await house.meeting()
    if trouble == "slow":
        house.store.gate.clear()
    else:
        house.store.fails = True
    await facilitator.commit(joined.rooms[0].id, b.remove(1))
    await person.get(m.Removed)
    await facilitator.get(m.MlsCommitted)
    assert caplog.text.count("A restart now would forget who was removed") == 1
    ((_, marks),) = house.store.meetings.values()
    assert marks == []
    house.store.fails = False
    house.store.gate.set()
    await house.signaling._to_store.join()
    assert [kind for kind, _ in marks] == ["session"], "kept as soon as the disk can"


async def test_what_cannot_be_kept_because_its_group_is_gone_holds_nothing_up(house: House) -> None:
    facilitator, _, person, _ = await house.meeting()
    house.store.meetings.clear()
    await person.send(m.Leave())
    await facilitator.get(m.MemberGone)
    await house.signaling._to_store.join()


async def test_a_store_that_fails_is_told_once_and_the_meeting_goes_on(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(server_module, "AGAIN_SECONDS", 0.01)
    facilitator, _, person, joined = await house.meeting()
    organiser = await house.join("organiser")
    await organiser.get(m.OrganiserReady)
    house.store.fails = True
    newcomer = await house.join("participant")
    assert (await newcomer.get(m.Error)).code == "internal"
    await organiser.send(m.DeleteGroup())
    assert (await organiser.get(m.Error)).code == "internal"
    await person.send(m.Leave())
    assert (await facilitator.get(m.MemberGone)).gone.member == joined.member
    lines = [record.getMessage() for record in caplog.records if record.name == "hearthside.signaling"]
    failures = [line for line in lines if line.startswith("The database is full.")]
    assert len(failures) == 2, "once for what was asked, once for what was to be kept"
    house.store.fails = False
    await house.signaling._to_store.join()


async def test_a_store_that_hangs_does_not_keep_the_server_from_ending(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server_module, "STORE_SECONDS", 0.01)
    monkeypatch.setattr(server_module, "KEEP_SECONDS", 0.01)
    store = MemoryStore()
    store.gate.clear()
    async with asyncio.timeout(SECONDS), open_house(store) as house:
        facilitator = await house.join("facilitator")
        await facilitator.get(m.Joined)


async def test_time_goes_on_after_a_fault(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server_module, "TICK_SECONDS", 0.01)
    assert house.signaling._machine is not None
    ticks = asyncio.Event()

    def tick(*, now: float) -> list[Effect]:
        if "a fault" in caplog.text:
            ticks.set()
            return []
        raise RuntimeError("SECRET")

    monkeypatch.setattr(house.signaling._machine, "tick", tick)
    async with asyncio.timeout(SECONDS):
        await ticks.wait()


async def test_which_port_to_open_is_told_once(house: House, caplog: pytest.LogCaptureFixture) -> None:
    _, _, person, joined = await house.meeting()
    for n in range(3):
        await person.send(m.MediaBlocked(room=joined.rooms[0].id))
        await person.send(m.Ping(n=n))
        await person.get(m.Pong)
    assert caplog.text.count("open UDP port 8081") == 1
    assert "give media_tcp_port a port for networks that block UDP" in caplog.text


async def test_the_tcp_port_is_named_with_it(caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(media_tcp_ports=(8443,))
    async with open_house(MemoryStore(), settings=settings) as house:
        _, _, person, joined = await house.meeting()
        await person.send(m.MediaBlocked(room=joined.rooms[0].id))
        await person.send(m.Ping(n=1))
        await person.get(m.Pong)
    assert "open UDP port 8081 of this server and TCP port 8443" in caplog.text


async def test_time_passes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "TICK_SECONDS", 0.01)
    monkeypatch.setattr("signaling.machine.JOIN_SECONDS", 0.0)
    person = await house.open()
    assert (await person.get(m.Error)).code == "join_deadline"
    assert await person.closed() == 4003
