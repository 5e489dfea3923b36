"""A machine with everything around it played by hand: keys, clock, sockets, store."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from signaling import effects as e
from signaling import messages as m
from signaling.links import b64, public_key, sign_challenge, unb64
from signaling.machine import Machine
from signaling.meeting import Meeting
from signaling.rate_limit import Limits
from signaling.room import Room
from signaling.session import TokenKeeper
from signaling.turn import Relay
from tests.signaling import mls_bytes as b

GROUP = "groupgroupgroupgroup0g"
ROOT_SEED, DOOR_SEED, ROLE_SEED, SECOND_ROLE_SEED = (bytes([i]) * 32 for i in range(1, 5))
SEEDS: dict[m.Role, bytes] = {"participant": DOOR_SEED, "facilitator": ROLE_SEED, "organiser": ROOT_SEED}
M = TypeVar("M", bound=m.ServerMessage)


@dataclass
class Keys:
    """The public half of a group."""

    root_key: str = b64(public_key(ROOT_SEED))
    door_key: str = b64(public_key(DOOR_SEED))
    role_keys: list[str] = field(default_factory=lambda: [b64(public_key(s)) for s in (ROLE_SEED, SECOND_ROLE_SEED)])
    certificates: list[str] = field(default_factory=lambda: ["c" * 200])
    revocations: str | None = None
    grace_seconds: int = 600


def signed_join(
    role: m.Role, nonce: str, *, group: str = GROUP, seed: bytes | None = None, browser: str | None = None
) -> m.Join:
    """A join as a holder of the link sends it."""
    seed = seed or SEEDS[role]
    signature = b64(sign_challenge(seed, role, group, nonce))
    return m.Join(group=group, role=role, key=b64(public_key(seed)), signature=signature, browser=browser)


def text_of(said: m.Said) -> str:
    """What `Client.say` was given."""
    return b.text_of(unb64(said.body)).decode()


class Client:
    """One socket, as its client sees it."""

    def __init__(self, world: World, address: str = "192.0.2.1") -> None:
        self.world = world
        self.connection = next(world.numbers)
        self.inbox: list[m.ServerMessage] = []
        self.all: list[m.ServerMessage] = []
        self.closed: int | None = None
        self.token = ""
        self.member = ""
        self.room = ""
        self.n = 0
        self.package = b""
        """What was offered last."""
        world.clients[self.connection] = self
        world.do(world.machine.connect(self.connection, address, now=world.now))
        if self.closed is None:
            self.nonce = self.take(m.Challenge).nonce

    def send(self, message: m.ClientMessage | str) -> None:
        text = message if isinstance(message, str) else m.encode(message)
        self.world.do(self.world.machine.receive(self.connection, text, now=self.world.now))

    def take(self, kind: type[M]) -> M:
        """The next message, which must be of this kind."""
        assert self.inbox, f"nothing came, expected {kind.__name__}"
        message = self.inbox.pop(0)
        assert isinstance(message, kind), f"expected {kind.__name__}, got {message}"
        return message

    def find(self, kind: type[M]) -> list[M]:
        """All of this kind, which are taken out of the inbox."""
        found = [message for message in self.inbox if isinstance(message, kind)]
        self.inbox = [message for message in self.inbox if not isinstance(message, kind)]
        return found

    def error(self) -> str:
        return self.take(m.Error).code

    def lose(self) -> None:
        """The socket is gone without a word."""
        self.world.do(self.world.machine.disconnected(self.connection, now=self.world.now))

    def say(self, text: str = "hello", *, to: str | None = None, n: int | None = None, size: int = 40) -> None:
        self.n = n if n is not None else self.n + 1
        body = b.application(self.world.room.delivery.epoch, text=text.encode(), size=size)
        self.send(m.Say(room=self.room, n=self.n, body=b64(body), to=to))

    def resume(self, *, knocks: bool = True) -> Client:
        """A new socket that takes this one's session up. At the door it knocks again, unless told."""
        again = Client(self.world)
        again.token, again.member, again.room, again.n = self.token, self.member, self.room, self.n
        again.package = self.package
        again.send(m.Resume(group=GROUP, token=self.token))
        if knocks and any(isinstance(message, m.Waiting) for message in again.inbox):
            again.knock()
        return again

    def fresh_package(self) -> bytes:
        """A KeyPackage that nobody has seen."""
        self.package = b.key_package(f"{self.member} {next(self.world.packages)}")
        return self.package

    def knock(self, sealed: str = "name", package: bytes | None = None) -> None:
        """Ask to come in."""
        package = package if package is not None else self.fresh_package()
        self.send(m.SendKnock(sealed=sealed, key_package=b64(package)))

    def offer(self, *, rejoin: bool = False) -> None:
        """Ask to be added as somebody with a certificate, or to come back in place of the own leaf."""
        signature = b64(bytes(64)) if rejoin else None
        self.send(m.MlsOffer(room=self.room, key_package=b64(self.fresh_package()), rejoin=signature))

    def register(self, epoch: int = 0, *others: str, group: bytes = b.GROUP) -> None:
        """Name the group: oneself on leaf 0, others on the next ones."""
        seats = [m.Seat(leaf, member) for leaf, member in enumerate((self.member, *others))]
        self.send(m.MlsRegister(room=self.room, group=b64(group), epoch=epoch, leaves=seats))

    @property
    def leaf(self) -> int:
        leaves = self.world.room.delivery.leaves
        return next((leaf for leaf, member in leaves.items() if member == self.member), 0)

    def commit(
        self,
        *proposals: bytes,
        to: Iterable[bytes] = (),
        after: int | None = None,
        epoch: int | None = None,
        co_facilitators: list[str] | None = None,
    ) -> None:
        """On the current state, unless told; without proposals it is one that brings new keys."""
        delivery, letters = self.world.room.delivery, list(to)
        epoch = delivery.epoch if epoch is None else epoch
        data = b.commit(self.leaf, epoch, *proposals, mark=next(self.world.packages).to_bytes(4, "big"))
        commit = m.MlsCommit(
            room=self.room,
            after=self.world.head if after is None else after,
            commit=b64(data),
            welcome=b64(b.welcome(*letters)) if letters else None,
            co_facilitators=co_facilitators,
        )
        self.send(commit)

    def add(self, *people: Client, instead: Iterable[int] = ()) -> None:
        """Commit those who knocked or offered, in the place of these leaves."""
        packages = [person.package for person in people]
        self.commit(*map(b.remove, instead), *map(b.add, packages), b.LINK, to=packages)

    def remove(self, *people: Client) -> None:
        """Commit these leaves' removal."""
        self.commit(*(b.remove(person.leaf) for person in people))

    def applied(self) -> None:
        """Tell that the current keys are here."""
        self.send(m.MlsApplied(room=self.room, epoch=self.world.room.delivery.epoch))

    def got(self, message: m.ServerMessage) -> None:
        assert self.closed is None, f"{message} after the close"
        self.inbox.append(message)
        self.all.append(message)
        if isinstance(message, m.Waiting | m.Joined | m.Pong) and message.token:
            self.token = message.token
        if isinstance(message, m.Waiting | m.Joined):
            self.member = message.member
        if isinstance(message, m.Joined):
            self.room, self.n = message.rooms[0].id, message.rooms[0].said_n


class World:
    """A server by hand. `now` moves by `wait`."""

    def __init__(self, limits: Limits | None = None, *, relay: Relay | None = None) -> None:
        self.limits = limits or Limits()
        self.relay = relay
        self.now = 1_700_000_000.0
        self.numbers = itertools.count(1)
        self.ids = itertools.count(1)
        self.packages = itertools.count(1)
        self.clients: dict[int, Client] = {}
        self.groups: dict[str, Keys] = {GROUP: Keys()}
        self.meetings: dict[str, tuple[e.SaveMeeting, list[tuple[str, str]]]] = {}
        self.effects: list[e.Effect] = []
        self.log: list[str] = []
        self.machine = self._machine()

    def _machine(self) -> Machine:
        def new_id() -> str:
            return f"id{next(self.ids):020d}"

        tokens = TokenKeeper(b"k" * 32)
        return Machine(tokens=tokens, new_id=new_id, new_nonce=new_id, limits=self.limits, relay=self.relay)

    def restart(self) -> None:
        """Kill the server and start it again on the same store. No socket survives, nothing is said."""
        self.clients.clear()
        self.machine = self._machine()
        self.now += 0.2
        stored = [(meeting, [digest for _, digest in marks]) for meeting, marks in self.meetings.values()]
        self.do(self.machine.restore(stored, now=self.now))

    def wait(self, seconds: float) -> None:
        """Let time pass, a tick each second."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + 1)
            self.do(self.machine.tick(now=self.now))

    def do(self, effects: list[e.Effect]) -> None:
        """What the shell would do."""
        for effect in effects:
            self.effects.append(effect)
            match effect:
                case e.Send(connection, message):
                    if connection in self.clients:
                        self.clients[connection].got(m.decode_server(m.encode(message)))
                case e.Close(connection, code):
                    assert code in m.CLOSE_CODES
                    if connection in self.clients:
                        assert self.clients[connection].closed is None
                        self.clients[connection].closed = code
                case e.LoadGroup(connection, message):
                    keys = self.groups.get(message.group)
                    self.do(self.machine.group_loaded(connection, message, keys, now=self.now))
                case e.DeleteGroup(_, group):
                    del self.groups[group]
                    self.do(self.machine.group_deleted(group, now=self.now))
                case e.UpdateGroup(connection, group, update):
                    self.do(self._update(connection, group, update))
                case e.SaveMeeting(meeting=meeting):
                    self.meetings[meeting] = (effect, [])
                case e.AddMark(meeting, kind, digest):
                    self.meetings[meeting][1].append((kind, digest))
                case e.EndMeeting(meeting):
                    del self.meetings[meeting]
                case e.Log(line):
                    self.log.append(line)

    def _update(self, connection: int, group: str, update: m.UpdateGroup) -> list[e.Effect]:
        """Takes what comes for good, unless it holds no certificate at all."""
        if update.certificates == []:
            return self.machine.update_refused(connection)
        keys = self.groups[group]
        keys.certificates = update.certificates or keys.certificates
        keys.revocations = update.revocations or keys.revocations
        return self.machine.group_updated(connection, group, keys, now=self.now)

    def withdraw(self, seed: bytes = ROLE_SEED) -> None:
        """The organiser revokes the facilitator link of this role seed, on a page that is closed by now."""
        keys = self.groups[GROUP]
        keys.role_keys = [key for key in keys.role_keys if key != b64(public_key(seed))]
        self.do(self.machine.group_updated(0, GROUP, keys, now=self.now))

    @property
    def meeting_now(self) -> Meeting:
        meeting = self.machine._groups[GROUP].meeting
        assert meeting is not None
        return meeting

    @property
    def room(self) -> Room:
        """The running meeting's."""
        return self.meeting_now.rooms[self.meeting_now.main_room]

    @property
    def head(self) -> int:
        """The number of the commit, or registration, that holds now."""
        return self.room.delivery._log.head

    def take_effects(self, kind: Callable[..., e.Effect]) -> list[e.Effect]:
        """All effects of a kind so far; forgets all."""
        found = [effect for effect in self.effects if type(effect) is kind]
        self.effects.clear()
        return found

    def visitor(self, *, browser: str | None = None, address: str = "192.0.2.1") -> Client:
        """Somebody who has come to the door and said nothing yet."""
        client = Client(self, address)
        client.send(signed_join("participant", client.nonce, browser=browser))
        return client

    def knock(self, *, browser: str | None = None, address: str = "192.0.2.1", sealed: str = "name") -> Client:
        """Somebody who has knocked."""
        client = self.visitor(browser=browser, address=address)
        if client.closed is None:
            client.knock(sealed)
        return client

    def facilitator(self, seed: bytes = ROLE_SEED) -> Client:
        """The first one founds the group; a later one sits in the room without a leaf."""
        client = Client(self)
        client.send(signed_join("facilitator", client.nonce, seed=seed))
        if client.room and self.room.delivery.state is None:
            client.register()
            client.find(m.MlsRegistered)
        return client

    def organiser(self) -> Client:
        client = Client(self)
        client.send(signed_join("organiser", client.nonce))
        return client

    def second(self, first: Client, seed: bytes = ROLE_SEED) -> Client:
        """A facilitator whom another one adds. Both inboxes are empty then."""
        client = self.facilitator(seed)
        client.offer()
        first.add(client)
        for each in (first, client):
            each.inbox.clear()
        return client

    def meeting(self, participants: int) -> tuple[Client, ...]:
        """A facilitator and people whom they admitted. Everybody's inbox is empty, and nobody can undo it any more."""
        facilitator = self.facilitator()
        people = [self.knock(browser=f"browser{i:04d}") for i in range(participants)]
        if people:
            facilitator.add(*people)
        for client in (facilitator, *people):
            assert client.room
            client.inbox.clear()
        return facilitator, *people
