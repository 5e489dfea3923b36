"""A whole member of a meeting without a browser: through the door, into the group, and what is said in it.

Written from docs/protocol.md alone. Media is in `meeting_media.py`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

from aiohttp import ClientSession
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from signaling import messages as m
from signaling.links import b64, fingerprint, parse_link, unb64
from signaling.mls_messages import read_key_package
from tests.interop.committer import Committer, Plan
from tests.interop.member_socket import Socket, origin
from tests.interop.mls_member import MemberError
from tests.interop.seat import Person, Seat
from tests.interop.speaker import Speaker
from tests.interop.statements import Statements, role_key_of, roster_hash

HEARTBEAT_SECONDS = 5.0
RANK_SECONDS = 0.3
"""By how much each rank waits for the one before it."""


class MeetingMember(Speaker):
    """One session, by a participant's or facilitator's link. `until` waits for what the state shows."""

    def __init__(self, http: ClientSession, link: str, name: str) -> None:
        self.link = parse_link(link)
        super().__init__(name, Seat(self.link, now=time.time()))
        self._http, self._url = http, origin(link)
        # The session
        self.socket: Socket | None = None
        self.token: str | None = None
        self.meeting = ""
        self.close_code: int | None = None
        self.ending: m.ServerMessage | None = None
        """Removed, Ended, Declined, TakenOver or Error: what came before the close."""
        self.told: list[m.AnyServerMessage] = []
        self.failure: Exception | None = None
        """What this member could not cope with: it reads nothing any more."""
        # The group
        self.ready = -1
        """The epoch of the last `mls_ready`."""
        self.on_media: Callable[[m.Published | m.SubscribeOffer | m.MediaLost], None] = lambda message: None
        self.refusals: list[str] = []
        self._committer = Committer(self.seat, self.send)
        self._disconnected: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._offers: dict[str, m.MlsOffered] = {}
        self.knocks: dict[str, tuple[str, m.Knock]] = {}
        """Names and knocks that are genuine, by id."""
        self._changed = asyncio.Event()

    # -- Coming and going -------------------------------------------------------------------------------------------

    async def join(self, *, timeout: float = 15.0) -> None:
        """Through the door and into the group. A participant has to be let in meanwhile."""
        await self.knock()
        await self.until(lambda: self.inside, "in the group", timeout=timeout)

    async def knock(self) -> None:
        """As far as the door; a facilitator is on the way into the group then."""
        await self._read_group()
        await self._open(None)

    async def drop(self) -> None:
        """Lose the network."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        self._committer.void()
        if self.socket is not None:
            await self.socket.drop()

    async def come_back(self, *, forget: bool = False) -> None:
        """Take the session up again; `forget`: as after a reload, with nothing left but token and rejoin key."""
        await self.drop()
        self.inside = False
        if forget:
            self.seat.forget()
            self.heard.clear()
            self.states.clear()
            self._unsaid.clear()
        self.ending = self.close_code = None
        await self._open(self.token)

    async def leave(self) -> None:
        """Sign the leaving, and go."""
        self.send(m.Leave(self.seat.leaving()))
        await self.until(lambda: self.close_code is not None, "the socket is closed")
        await self.drop()

    async def _read_group(self) -> None:
        async with self._http.get(f"{self._url}/api/v1/groups/{self.link.group}") as answer:
            group = await answer.json()
        self.seat.root_key = unb64(group["root_key"])
        assert fingerprint(self.seat.root_key) == self.link.root_fingerprint, "another root key than the link's"
        if self.link.role == "facilitator":
            own = Ed25519PrivateKey.from_private_bytes(self.link.seed).public_key().public_bytes_raw()
            self.seat.certificate = next(c for c in map(unb64, group["certificates"]) if role_key_of(c) == own)

    async def _open(self, token: str | None) -> None:
        self.socket = Socket(self._http, self.link, self._url, receive=self._receive, closed=self._on_closed)
        await self.socket.open(token)
        if self.seat.certificate:
            self._start(self._beat())

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _on_closed(self, code: int | None) -> None:
        self.close_code = code
        self.inside = False
        self._changed.set()

    async def until(self, check: Callable[[], object], what: str, *, timeout: float = 10.0) -> None:
        """Wait until `check` holds. Raises `AssertionError` with what was told last."""
        try:
            async with asyncio.timeout(timeout):
                while not check():
                    if self.failure is not None:
                        raise self.failure
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            told = [type(message).__name__ for message in self.told[-12:]]
            raise AssertionError(f"{self.name}: not {what}; told {told}, refused {self.refusals}") from None

    def send(self, message: m.ClientMessage) -> None:
        """Send any message, as it is."""
        assert self.socket is not None
        self.socket.send(message)

    # -- What the server says ---------------------------------------------------------------------------------------

    def _receive(self, message: m.AnyServerMessage) -> None:
        self.told.append(message)
        try:
            self._take(message)
        except Exception as error:
            self.failure = error  # for whoever waits: this is raised inside of a task
            raise
        finally:
            self._changed.set()

    def _take(self, message: m.AnyServerMessage) -> None:
        match message:
            case m.Waiting():
                assert self.socket is not None
                self.seat.id, self.token = message.member, message.token
                self.send(self.seat.knock(self.name, self.socket.nonce))
            case m.Joined():
                self._on_joined(message)
            case m.Pong(token=token) if token:
                self.token = token
            case m.Removed() | m.Ended() | m.Declined() | m.TakenOver() | m.Error():
                self.ending = message
            case m.Knocked(knock=knock):
                self._on_knock(knock)
            case m.KnockGone(knock=gone):
                self.knocks.pop(gone, None)
            case m.MemberConnection(member=member, connected=connected):
                (self._disconnected.discard if connected else self._disconnected.add)(member)
            case m.MemberGone(gone=gone):
                self._on_gone(gone)
            case m.Said():
                self._on_said(message)
            case m.Published() | m.SubscribeOffer() | m.MediaLost():
                self.on_media(message)
            case _:
                self._on_group(message)

    def _on_joined(self, message: m.Joined) -> None:
        self.seat.id, self.token, self.meeting = message.member, message.token, message.meeting
        room = message.rooms[0]
        self.room = room.id
        self._taken_n, self._said_n = room.said_n, max(self._said_n, room.said_n)
        self._disconnected = {member.id for member in room.members if not member.connected}
        for knock in message.knocks:
            self._on_knock(knock)
        if message.resumed and room.mls is not None:
            self._catch_up()
        elif self.seat.certificate and room.mls is not None:
            self.send(self.seat.offer(self.room, unb64(room.mls.group)))
        elif self.seat.certificate:
            if self.epoch is None:
                self.seat.found()
            self.send(self.seat.register(self.room))
        for gone in room.gone:
            self._on_gone(gone)

    def _catch_up(self) -> None:
        self.send(m.MlsCatchUp(self.room, self.epoch, self.seat.applied, self.seen))

    def _on_knock(self, knock: m.Knock) -> None:
        self.knocks.pop(knock.id, None)
        name = self.seat.read_knock(knock)
        if name is not None:
            self.knocks[knock.id] = name, knock

    def _on_group(self, message: m.AnyServerMessage) -> None:
        now = time.monotonic()
        match message:
            case m.MlsRegistered(state=state):
                self._on_registered(state)
            case m.MlsAbandoned():
                self.inside = False
                self.seat.found()
                self.send(self.seat.register(self.room))
            case m.MlsOffered():
                self._offers[message.member] = message
                self._duty(lambda: self._plan_offer(message))
            case m.MlsCommitted(commit=commit):
                self._apply(commit)
            case m.MlsRebase(commits=commits):
                for commit in commits:
                    self._apply(commit)
                self._committer.void()
            case m.MlsWelcomed():
                try:
                    self.seat.join(message, at=now)
                except MemberError as error:
                    self.refusals.append(f"own mls_welcomed: {error}, {error.__cause__}")
                    self.send(self.seat.offer(self.room, None))
                else:
                    self._begin()
            case m.MlsCaughtUp(applied=applied):
                self.seat.applied = max(self.seat.applied, applied)
                self.inside = self.epoch is not None
                self._say_again()
            case m.MlsMustRejoin():
                self.inside = False
                self.send(self.seat.offer(self.room, None))
            case m.MlsReopened():
                self._committer.void()
                if self.seat.go_back(message, at=now):
                    self._begin()
                else:
                    self.inside = False
                    self.send(self.seat.offer(self.room, None))
            case m.MlsReady(epoch=epoch):
                self.ready = max(self.ready, epoch)
            case m.MlsRefused():
                self._on_refused(message)

    def _on_registered(self, state: m.MlsState) -> None:
        mls, group = self.seat.mls, unb64(state.group)
        if mls.epoch is None or mls.group_id != group:
            if self.seat.certificate:
                self.send(self.seat.offer(self.room, group))
        elif state.epoch == mls.epoch == 0 and not self.inside:
            self.seat.begin(state.seq, removal=False, at=time.monotonic())
            self._begin()
        else:
            if state.epoch == mls.epoch:
                self.seat.applied = self.seen = state.seq
            self._catch_up()

    def _on_refused(self, message: m.MlsRefused) -> None:
        self.refusals.append(f"{message.about}: {message.code}")
        if message.about == "say" and message.n in self._unsaid:
            content, to = self._unsaid.pop(message.n)
            if message.code == "stale":
                self.say(content, to=to)
        if message.about == "mls_commit":
            self._committer.refused(message.code)

    # -- Commits ----------------------------------------------------------------------------------------------------

    def _apply(self, entry: m.Committed) -> None:
        try:
            newcomers = self.seat.apply(entry, at=time.monotonic())
        except MemberError:
            self.send(self.seat.reject(self.room, entry))
            return
        if newcomers is None:
            return
        self._committer.ordered(entry.commit)
        self._begin()
        for person in newcomers:
            self.say_state(to=person.member)

    def _begin(self) -> None:
        """A state is current: tell that its keys are held, and with a new leaf say one's own state."""
        epoch = self.seat.epochs[-1]
        keys = {person.leaf_key for person in self.seat.people.values()}
        self._offers = {
            member: offer
            for member, offer in self._offers.items()
            if read_key_package(unb64(offer.key_package)).leaf.signature_key not in keys
        }
        self.inside = True
        self.seen = max(self.seen, self.seat.applied)
        self.send(m.MlsApplied(self.room, epoch.number))
        own = self.seat.people[epoch.leaf].leaf_key
        if own not in self._highest:
            self._highest[own] = self._envelope_n = 0
            self.say_state()

    async def _commit(self, plan: Callable[[], Plan | None]) -> bool:
        return await self._committer.commit(self.room, plan)

    async def admit(self, *names: str) -> None:
        """Let these people in by one commit."""
        packages = [unb64(knock.key_package) for name, knock in self.knocks.values() if name in names]
        assert len(packages) == len(names), "not exactly these people are waiting"
        assert await self._commit(lambda: Plan(add=packages))

    async def remove(self, member: str) -> None:
        """Commit the Remove of somebody's leaf."""
        await self._commit(lambda: None if (leaf := self.seat.leaf_of(member)) is None else Plan(remove=[leaf]))

    async def renew_keys(self) -> None:
        """An empty commit."""
        await self._commit(Plan)

    async def grant(self, *members: str) -> None:
        """Make these people the co-facilitators, and nobody else."""
        await self._commit(
            lambda: Plan(statements=Statements({}, {}, self.seat.grants_to(*members)), co_facilitators=[*members])
        )

    # -- What is anybody's to commit --------------------------------------------------------------------------------

    def _rank(self) -> int:
        def place(person: Person) -> tuple[int, int]:
            entitled = 0 if person.facilitator else 1 if self.seat.is_co_facilitator(person) else 2
            return 2 if person.member in self._disconnected else entitled, person.leaf

        order = sorted(self.seat.people.values(), key=place)
        return next(rank for rank, person in enumerate(order) if person.member == self.id)

    def _duty(self, plan: Callable[[], Plan | None]) -> None:
        """Do what is anybody's to do, when one's turn has come and nobody did it."""

        async def work() -> None:
            await asyncio.sleep(RANK_SECONDS * self._rank())
            try:
                await self._commit(plan)
            except MemberError as error:
                self.refusals.append(f"duty: {error}")

        if self.inside:
            self._start(work())

    def _plan_offer(self, offer: m.MlsOffered) -> Plan | None:
        if not self.inside or self._offers.get(offer.member) is not offer:
            return None
        data, old = unb64(offer.key_package), self.seat.leaf_of(offer.member)
        if offer.rejoin is None or old is None:
            return Plan(add=[data], remove=[] if old is None else [old])
        proof = read_key_package(data).ref, unb64(offer.rejoin)
        return Plan(add=[data], remove=[old], statements=Statements({}, {old: proof}, None))

    def _on_gone(self, gone: m.Gone) -> None:
        own = next((person for person in self.seat.people.values() if person.member == self.id), None)
        if gone.leaving is not None or (own and (own.facilitator or self.seat.is_co_facilitator(own))):
            self._duty(lambda: self._plan_gone(gone))

    def _plan_gone(self, gone: m.Gone) -> Plan | None:
        leaf = self.seat.leaf_of(gone.member)
        if not self.inside or leaf is None:
            return None
        leavings = {} if gone.leaving is None else {leaf: unb64(gone.leaving)}
        return Plan(remove=[leaf], statements=Statements(leavings, {}, None))

    # -- As a facilitator -----------------------------------------------------------------------------------------

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            if self.inside:
                roster = b64(roster_hash(self.seat.mls.leaf_keys))
                self.say({"type": "heartbeat", "epoch": self.epoch, "roster": roster})
