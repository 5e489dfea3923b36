"""A machine with everything around it played by hand: keys, clock, sockets, store."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from signaling import effects as e
from signaling import messages as m
from signaling.links import b64, public_key, sign_challenge
from signaling.machine import Machine
from signaling.rate_limit import Limits
from signaling.session import TokenKeeper

GROUP = "groupgroupgroupgroup01"
ROOT_SEED, DOOR_SEED, ROLE_SEED, SECOND_ROLE_SEED = (bytes([i]) * 32 for i in range(1, 5))
SEEDS: dict[m.Role, bytes] = {"participant": DOOR_SEED, "facilitator": ROLE_SEED, "organiser": ROOT_SEED}
M = TypeVar("M", bound=m.ServerMessage)


@dataclass
class Keys:
    """The public half of a group."""

    root_key: str = b64(public_key(ROOT_SEED))
    door_key: str = b64(public_key(DOOR_SEED))
    role_keys: list[str] = field(default_factory=lambda: [b64(public_key(s)) for s in (ROLE_SEED, SECOND_ROLE_SEED)])


def signed_join(
    role: m.Role,
    nonce: str,
    *,
    group: str = GROUP,
    seed: bytes | None = None,
    sealed: str | None = "name",
    browser: str | None = None,
) -> m.Join:
    """A join as a holder of the link sends it."""
    seed = seed or SEEDS[role]
    signature = b64(sign_challenge(seed, role, group, nonce))
    sealed = sealed if role == "participant" else None
    return m.Join(
        group=group, role=role, key=b64(public_key(seed)), signature=signature, sealed=sealed, browser=browser
    )


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

    def say(self, body: str = "hello", *, to: str | None = None, n: int | None = None) -> None:
        self.n = n if n is not None else self.n + 1
        self.send(m.Say(room=self.room, n=self.n, body=body, to=to))

    def resume(self, *, seen: dict[str, int] | None = None, sealed: str | None = "name") -> Client:
        """A new socket that takes this one's session up."""
        again = Client(self.world)
        again.token, again.member, again.room, again.n = self.token, self.member, self.room, self.n
        again.send(m.Resume(group=GROUP, token=self.token, sealed=sealed, seen=seen or {}))
        return again

    def got(self, message: m.ServerMessage) -> None:
        assert self.closed is None, f"{message} after the close"
        self.inbox.append(message)
        self.all.append(message)
        if isinstance(message, m.Waiting | m.Joined | m.Pong) and message.token:
            self.token = message.token
        if isinstance(message, m.Joined):
            self.member, self.room, self.n = message.member, message.rooms[0].id, message.rooms[0].said_n


class World:
    """A server by hand. `now` moves by `wait`."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.now = 1_700_000_000.0
        self.numbers = itertools.count(1)
        self.ids = itertools.count(1)
        self.clients: dict[int, Client] = {}
        self.groups: dict[str, Keys] = {GROUP: Keys()}
        self.meetings: dict[str, tuple[e.SaveMeeting, list[tuple[str, str]]]] = {}
        self.effects: list[e.Effect] = []
        self.log: list[str] = []
        self.machine = self._machine()

    def _machine(self) -> Machine:
        def new_id() -> str:
            return f"id{next(self.ids):020d}"

        return Machine(tokens=TokenKeeper(b"k" * 32), new_id=new_id, new_nonce=new_id, limits=self.limits)

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
                case e.SaveMeeting(meeting=meeting):
                    self.meetings[meeting] = (effect, [])
                case e.AddMark(meeting, kind, digest):
                    self.meetings[meeting][1].append((kind, digest))
                case e.EndMeeting(meeting):
                    del self.meetings[meeting]
                case e.Log(line):
                    self.log.append(line)

    def take_effects(self, kind: Callable[..., e.Effect]) -> list[e.Effect]:
        """All effects of a kind so far; forgets all."""
        found = [effect for effect in self.effects if type(effect) is kind]
        self.effects.clear()
        return found

    def knock(self, *, browser: str | None = None, address: str = "192.0.2.1") -> Client:
        client = Client(self, address)
        client.send(signed_join("participant", client.nonce, browser=browser))
        return client

    def facilitator(self) -> Client:
        client = Client(self)
        client.send(signed_join("facilitator", client.nonce))
        return client

    def organiser(self) -> Client:
        client = Client(self)
        client.send(signed_join("organiser", client.nonce))
        return client

    def meeting(self, participants: int) -> tuple[Client, ...]:
        """A facilitator and people whom they admitted. Everybody's inbox is empty."""
        facilitator = self.facilitator()
        people = [self.knock(browser=f"browser{i:04d}") for i in range(participants)]
        for person in people:
            person.take(m.Waiting)
        knocks = [knocked.knock.id for knocked in facilitator.find(m.Knocked)]
        if knocks:
            facilitator.send(m.Admit(knocks=knocks))
        for client in (facilitator, *people):
            assert client.member
            client.inbox.clear()
        return facilitator, *people
