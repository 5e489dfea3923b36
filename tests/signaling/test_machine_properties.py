"""Anything in any order: whatever people, networks and restarts do, the promises hold."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from signaling import effects as e
from signaling import messages as m
from signaling.permissions import Standing
from signaling.rate_limit import Allowance, Limits
from tests.signaling.test_permissions import SAMPLES
from tests.signaling.world import GROUP, Client, World, signed_join

PLENTY = Allowance(1e9, 1e9)
LIMITS = Limits(members=4, waiting=3, messages=PLENTY, arrivals=PLENTY, faults=PLENTY, returns=PLENTY)
SEQUENCED = (m.Said, m.MemberJoined, m.MemberBack, m.MemberLost, m.MemberLeft)


class Evenings(RuleBasedStateMachine):
    """People come, talk, get lost, come back, are removed; the server is killed; time passes."""

    clients = Bundle("clients")

    def __init__(self) -> None:
        super().__init__()
        self.world = World(LIMITS)
        self.ended: set[str] = set()
        """Sessions that were removed, or that left: nobody may come back with their tokens."""
        self.taken = 0

    def client(self) -> Client:
        """A socket that plays by the rules of this file."""
        return Client(self.world)

    # -- What people do ---------------------------------------------------------------------------------------------

    @rule(target=clients, role=st.sampled_from(["participant", "facilitator", "organiser"]), browser=st.integers(0, 3))
    def comes(self, role: m.Role, browser: int) -> Client:
        client = self.client()
        client.send(signed_join(role, client.nonce, browser=f"browser{browser}" if browser else None))
        return client

    @rule(target=clients)
    def connects(self) -> Client:
        return self.client()

    @rule(target=clients, client=clients, reloaded=st.booleans(), named=st.booleans())
    def resumes(self, client: Client, reloaded: bool, named: bool) -> object:
        if not client.token:
            return multiple()
        seen = {} if reloaded or not client.room else {client.room: max(self.seqs(client), default=0)}
        again = client.resume(seen=seen, sealed="name" if named else None)
        if client.member in self.ended and client.member:
            assert again.error() == "session_expired"
        return again

    @rule(client=consumes(clients))
    def gets_lost(self, client: Client) -> None:
        client.lose()

    @rule(client=clients, action=st.sampled_from(list(SAMPLES)))
    def does_something(self, client: Client, action: str) -> None:
        if client.closed is None:
            if action == "leave" and client.member:
                self.ended.add(client.member)
            client.send(SAMPLES[action])
            self.restore_group()

    @rule(client=clients, text=st.one_of(st.text(max_size=40), st.binary(max_size=40).map(repr)))
    def talks_nonsense(self, client: Client, text: str) -> None:
        if client.closed is None:
            client.send(text)

    @rule(client=clients, other=clients, private=st.booleans())
    def says(self, client: Client, other: Client, private: bool) -> None:
        if client.closed is None and client.room:
            client.say(to=other.member if private and other.member else None)

    @rule(client=clients, place=st.integers(0, 3), answer=st.sampled_from(["admit", "decline", "all"]))
    def answers(self, client: Client, place: int, answer: str) -> None:
        group = self.world.machine._groups.get(GROUP)
        knocks = [visitor.id for visitor in group.door] if group else []
        if client.closed is not None or len(knocks) <= place:
            return
        if answer == "decline":
            client.send(m.Decline(knock=knocks[place]))
        else:
            client.send(m.Admit(knocks=knocks if answer == "all" else [knocks[place]]))

    @rule(client=clients, other=clients)
    def removes(self, client: Client, other: Client) -> None:
        if client.closed is not None or not other.member:
            return
        self.world.effects.clear()
        client.send(m.Remove(member=other.member))
        if any(isinstance(effect, e.AddMark) for effect in self.world.effects):
            assert isinstance(self.world.effects[0], e.DropMedia)
            self.ended.add(other.member)

    @rule(seconds=st.sampled_from([1, 15, 29, 61, 121, 200]))
    def time_passes(self, seconds: int) -> None:
        self.world.wait(seconds)

    @rule()
    def the_server_is_killed(self) -> None:
        for client in self.world.clients.values():
            client.closed = client.closed or 1006
        self.world.restart()

    def restore_group(self) -> None:
        """An organiser may have deleted the group: the next evening has a new one."""
        self.world.groups.setdefault(GROUP, World().groups[GROUP])

    # -- What always holds ------------------------------------------------------------------------------------------

    def seqs(self, client: Client) -> list[int]:
        return [message.seq for message in client.all if isinstance(message, SEQUENCED)]

    @invariant()
    def the_books_agree(self) -> None:
        machine = self.world.machine
        open_clients = {c.connection for c in self.world.clients.values() if c.closed is None}
        assert set(machine.everybody()) <= open_clients
        for connection in machine._connections.values():
            assert connection.standing in Standing
        sessions = [c.session for c in machine._connections.values() if c.session is not None]
        assert len(sessions) == len(set(sessions)), "one connection a session"
        running = {g.meeting.id for g in machine._groups.values() if g.meeting is not None}
        assert running == set(self.world.meetings)

    @invariant()
    def the_meeting_is_in_order(self) -> None:
        for group in self.world.machine._groups.values():
            assert len(group.door) <= LIMITS.waiting
            if group.meeting is None:
                continue
            people = list(group.meeting.attendees.values())
            assert len(people) <= LIMITS.members
            assert len({person.leaf for person in people}) == len({person.order for person in people}) == len(people)
            assert set(group.meeting.rooms[group.meeting.main_room].seats) == {person.id for person in people}
            assert not self.ended & {person.id for person in people}
            assert not {person.id for person in people} & {visitor.id for visitor in group.door}
            for visitor in group.door:
                assert visitor.id not in self.ended
            for person in people:
                assert (person.connection is None) == (person.lost_at is not None)

    @invariant()
    def numbers_rise_on_every_screen(self) -> None:
        for client in self.world.clients.values():
            seqs = self.seqs(client)
            assert seqs == sorted(set(seqs))

    @invariant()
    def only_facilitators_see_the_door(self) -> None:
        for client in self.world.clients.values():
            if any(isinstance(message, m.Knocked | m.KnockGone) for message in client.all):
                joined = [message for message in client.all if isinstance(message, m.Joined)]
                assert joined[-1].role == "facilitator"
            for message in client.all:
                if isinstance(message, m.Joined) and message.role == "participant":
                    assert message.knocks == []
                if isinstance(message, m.Said) and message.to is not None:
                    assert client.member in (message.sender, message.to)


TestEvenings = Evenings.TestCase
TestEvenings.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
