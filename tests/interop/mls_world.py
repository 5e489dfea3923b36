"""Python members around the delivery service, played by hand: what is sent, read, lost and forgotten, and when."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from rfc9420.group.mls_group.processing import MLSGroup

from signaling import mls_effects as e
from signaling.mls_delivery import Delivery
from signaling.mls_log import Committed, Sealed
from signaling.mls_messages import Add, Remove, read_commit, read_key_package
from signaling.mls_rules import Role
from tests.interop.mls_member import Member, MemberError, Psk

PSK = Psk(b"link", b"the link's own pre-shared key 32")
NOW = 1_700_000_000.0
WEEK = 7 * 86_400


@dataclass
class Draft:
    """A commit that was made and not sent yet."""

    after: int
    commit: bytes
    welcome: bytes | None


@dataclass
class Client:
    """A member's client: what it must do for the protocol, with no policy of its own."""

    world: World
    id: str
    role: Role
    mls: Member
    online: bool = True
    applied: int = 0
    seen: int = 0
    n: int = 0
    inbox: deque[e.Message] = field(default_factory=deque)
    offers: dict[str, bytes] = field(default_factory=dict)
    draft: Draft | None = None
    back: dict[int, tuple[int, MLSGroup | None]] = field(default_factory=dict)
    """By number of a commit: what held before it."""
    heard: list[tuple[int, str, bytes]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    told: list[e.Message] = field(default_factory=list)
    over: bool = False

    # -- Sending ----------------------------------------------------------------------------------------------------

    def found(self) -> None:
        """Start a group and register it."""
        self.mls.found(self.world.new_group())
        self.register()

    def register(self) -> None:
        """Name the own state's group to the server."""
        leaves = {leaf: identity.decode() for leaf, identity in self.mls.roster.items()}
        epoch, state = self.mls.epoch, self.mls.snapshot()
        assert epoch is not None
        assert state is not None
        self.world.do(self.world.server.register(self.id, state.get_group_id(), epoch, leaves, now=self.world.now))
        for name in self.world.gone:  # signaling has marks of the sessions that ended, also before a restart
            self.world.do(self.world.server.leave(name, now=self.world.now))

    def offer(self) -> None:
        """Ask to be added or to come back, with fresh keys."""
        self.forget()
        self.world.do(self.world.server.offer(self.id, self.mls.key_package(), now=self.world.now))

    def forget(self) -> None:
        """A reload: the state is lost."""
        self.mls.renew()
        self.mls.restore(None)
        self.draft = None
        self.back.clear()

    def make(self, *, add: list[str] | None = None, remove: list[str] | None = None) -> bool:
        """Make a commit that adds those who offered, in place of an old leaf if they have one, and removes others."""
        if self.mls.epoch is None:
            return False
        leaf_of = {identity.decode(): leaf for leaf, identity in self.mls.roster.items()}
        adds = [member for member in add or [] if member in self.offers and member != self.id]
        gone = [member for member in [*(remove or []), *adds] if member in leaf_of and member != self.id]
        if not adds and not gone and self.role != "facilitator":
            return False
        packages = [self.offers[member] for member in adds]
        commit, welcome = self.mls.commit(add=packages, remove=[leaf_of[member] for member in dict.fromkeys(gone)])
        self.draft = Draft(self.applied, commit, welcome)
        return True

    def send(self) -> None:
        """Hand in the commit that was made."""
        if self.draft is not None and self.online:
            draft, self.draft = self.draft, None
            server = self.world.server
            self.world.do(server.commit(self.id, draft.after, draft.commit, draft.welcome, now=self.world.now))

    def say(self, text: bytes) -> None:
        if self.mls.epoch is not None and self.online:
            self.n += 1
            self.world.do(self.world.server.say(self.id, self.n, self.mls.seal(text), now=self.world.now))

    def lose(self) -> None:
        """The network is gone, with everything on its way."""
        self.online = False
        self.inbox.clear()

    def come_back(self) -> None:
        """The network is back."""
        self.online = True
        self.catch_up()

    def catch_up(self) -> None:
        server = self.world.server
        self.world.do(server.catch_up(self.id, self.mls.epoch, self.applied, self.seen, now=self.world.now))

    # -- Reading ----------------------------------------------------------------------------------------------------

    def read(self) -> bool:
        """Act on the next message. False if there is none."""
        if not self.inbox or self.over:
            return False
        message = self.inbox.popleft()
        self.told.append(message)
        match message:
            case e.Registered(group=group):
                state = self.mls.snapshot()
                if state is None or state.get_group_id() != group:
                    self.offer()
                else:
                    self.catch_up()
            case e.Abandoned():
                self.forget()
                self.found()
            case e.Offered(member=member, key_package=package):
                self.offers[member] = package
            case Committed():
                self._apply(message)
            case e.Rebase(commits=commits):
                self.draft = None
                for commit in commits:
                    self._apply(commit)
            case e.Welcomed(seq=seq, welcome=welcome):
                try:
                    self.mls.join(welcome)
                except MemberError:
                    self.offer()
                else:
                    self.applied = self.seen = seq
                    self.back.clear()
            case Sealed(sender=sender, message=sealed):
                if message.seq > self.seen and message.epoch == self.mls.epoch:
                    self.seen = message.seq
                    if sender != self.id:
                        self.heard.append((message.seq, sender, self.mls.open(sealed)[1]))
            case e.CaughtUp(applied=applied):
                self.applied = max(self.applied, applied)
            case e.Reopened(void_from=void_from, after=after):
                self.draft = None
                if void_from in self.back:
                    self.applied, state = self.back[void_from]
                    self.mls.restore(state)
                assert self.applied == after
            case e.MustRejoin():
                self.offer()
            case e.Refused(code=code):
                self.refused.append(code)
        return True

    def _apply(self, entry: Committed) -> None:
        if entry.seq <= self.applied or self.mls.epoch is None:
            return
        read = read_commit(entry.commit)
        for proposal in read.proposals:
            if isinstance(proposal, Add):
                self.offers = {
                    member: package
                    for member, package in self.offers.items()
                    if read_key_package(package).ref != proposal.key_package.ref
                }
        if Remove(self.mls.leaf) in read.proposals:
            return  # the server says what is next: gone, or a Welcome
        before = (self.applied, self.mls.snapshot())
        try:
            self.mls.apply(entry.commit)
        except MemberError:
            server = self.world.server
            self.world.do(server.reject(self.id, entry.seq, b"signed by " + self.id.encode(), now=self.world.now))
            return
        self.back[entry.seq] = before
        self.applied = self.seen = entry.seq
        self.draft = None


class World:
    """One meeting."""

    def __init__(self, *, limit: int = 50) -> None:
        self.limit = limit
        self.now = NOW
        self.server = Delivery(limit=limit)
        self.clients: dict[str, Client] = {}
        self.gone: set[str] = set()
        self.out: list[e.Effect] = []
        self._groups = 0

    def new_group(self) -> bytes:
        self._groups += 1
        return self._groups.to_bytes(16, "big")

    def arrive(self, name: str, role: Role = "participant") -> Client:
        """Somebody new."""
        mls = Member(name.encode(), PSK, lifetime=(int(NOW) - WEEK, int(NOW) + WEEK))
        client = self.clients[name] = Client(self, name, role, mls)
        self.greet(client)
        return client

    def greet(self, client: Client) -> None:
        """The server knows somebody, who is told which group there is."""
        self.do(self.server.arrive(client.id, client.role, now=self.now))
        if (state := self.server.state) is not None:
            client.inbox.append(state)

    def leave(self, name: str) -> None:
        """Somebody leaves for good: the others are told by signaling."""
        self.clients[name].over = True
        self.gone.add(name)
        self.do(self.server.leave(name, now=self.now))

    def restart(self) -> None:
        """The server forgets everything; people come back to a new one, facilitators with a state first."""
        self.server = Delivery(limit=self.limit, seq=self.server.seq + 1000)
        for client in self.clients.values():
            client.inbox.clear()
            client.draft = None
            if not client.over:
                client.online = True
                self.greet(client)
        facilitators = [c for c in self.clients.values() if c.role == "facilitator" and not c.over]
        for client in sorted(facilitators, key=lambda c: -(c.mls.epoch or 0)):
            if client.mls.epoch is not None:
                client.register()
            else:
                client.found()
            break

    def do(self, effects: list[e.Effect]) -> None:
        for effect in effects:
            match effect:
                case e.Tell(member=member, message=message):
                    client = self.clients[member]
                    if client.online and not client.over:
                        client.inbox.append(message)
                case e.Out(member=member) | e.Expel(member=member):
                    self.out.append(effect)
                    self.clients[member].over = True
                    self.gone.add(member)
                case e.In() | e.Became():
                    self.out.append(effect)

    def wait(self, seconds: float) -> None:
        """Let time pass, second by second."""
        for _ in range(int(seconds)):
            self.now += 1
            self.do(self.server.tick(now=self.now))
            here = [client.id for client in self.clients.values() if client.online and not client.over]
            self.do(self.server.look(here, now=self.now))

    def read_all(self) -> None:
        """Everybody who is connected reads everything."""
        while busy := [
            client for client in self.clients.values() if client.online and client.inbox and not client.over
        ]:
            for client in busy:
                client.read()

    # -- Where it all leads -----------------------------------------------------------------------------------------

    def present(self) -> list[Client]:
        return [client for client in self.clients.values() if not client.over]

    def calm(self) -> None:
        """Everybody is back and does what is theirs to do, facilitators first, until nothing is left."""
        for client in self.present():
            if not client.online:
                client.come_back()
        for _ in range(4 * len(self.clients) + 8):
            self.read_all()
            if not any(self._duty(client) for client in sorted(self.present(), key=lambda c: c.role)):
                return
        raise AssertionError("no end")

    def _duty(self, client: Client) -> bool:
        """Commit what waits, if this client may and has something to do."""
        if client.mls.epoch is None or client.id not in self.server.leaves.values():
            return False
        leaves = set(self.server.leaves.values())
        may = [
            member
            for member in client.offers
            if member not in self.gone
            and self.clients[member].mls.epoch is None
            and (client.role != "participant" or member in leaves or self.clients[member].role == "facilitator")
        ]
        gone = [member for member in self.gone if member in leaves]
        if (may or gone) and client.make(add=may, remove=gone):
            client.send()
            return True
        return False

    def check(self) -> None:
        """All who have a leaf are in one state, and the server's leaves are theirs."""
        inside = [client for client in self.present() if client.id in self.server.leaves.values()]
        assert {client.mls.epoch for client in inside} <= {self.server.epoch}
        assert len({client.mls.authenticator for client in inside}) <= 1
        assert len({client.mls.sframe_base_key() for client in inside}) <= 1
        for client in inside:
            assert {leaf: who.decode() for leaf, who in client.mls.roster.items()} == dict(self.server.leaves)


def meeting(*names: str, facilitators: int = 1) -> World:
    """A meeting in which everybody was let in; the first ones are facilitators."""
    world = World()
    for i, name in enumerate(names):
        world.arrive(name, "facilitator" if i < facilitators else "participant")
    first = world.clients[names[0]]
    first.found()
    world.calm()
    world.check()
    assert set(world.server.leaves.values()) == set(names)
    world.wait(6)
    for client in world.clients.values():
        client.told.clear()
    return world
