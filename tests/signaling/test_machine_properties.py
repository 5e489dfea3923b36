"""Anything in any order: whatever people, networks and restarts do, the promises hold."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from signaling import effects as e
from signaling import messages as m
from signaling.permissions import Standing
from signaling.rate_limit import Allowance, Limits
from tests.signaling import mls_bytes as b
from tests.signaling.test_permissions import SAMPLES
from tests.signaling.world import GROUP, Client, World, signed_join

PLENTY = Allowance(1e9, 1e9)
LIMITS = Limits(members=4, waiting=3, messages=PLENTY, arrivals=PLENTY, faults=PLENTY, returns=PLENTY, requests=PLENTY)


class Evenings(RuleBasedStateMachine):
    """People come, talk, commit, get lost, come back, are removed; the server is killed; time passes."""

    clients = Bundle("clients")

    def __init__(self) -> None:
        super().__init__()
        self.world = World(LIMITS)
        self.ended: set[str] = set()
        """Sessions that were removed, or that left: nobody may come back with their tokens."""
        self.openers: set[str] = set()
        """Who may have been granted the co-facilitator role at some time."""

    def running(self, client: Client) -> bool:
        group = self.world.machine._groups.get(GROUP)
        return client.closed is None and bool(client.room) and group is not None and group.meeting is not None

    # -- What people do ---------------------------------------------------------------------------------------------

    @rule(target=clients, role=st.sampled_from(["participant", "facilitator", "organiser"]), browser=st.integers(0, 3))
    def comes(self, role: m.Role, browser: int) -> Client:
        client = Client(self.world)
        client.send(signed_join(role, client.nonce, browser=f"browser{browser}" if browser else None))
        return client

    @rule(target=clients)
    def connects(self) -> Client:
        return Client(self.world)

    @rule(target=clients, client=clients, knocks=st.booleans())
    def resumes(self, client: Client, knocks: bool) -> object:
        if not client.token:
            return multiple()
        again = client.resume(knocks=knocks)
        if client.member in self.ended:
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

    @rule(client=clients)
    def knocks(self, client: Client) -> None:
        if client.closed is None and client.member:
            client.knock()

    @rule(client=clients, other=clients)
    def declines(self, client: Client, other: Client) -> None:
        if client.closed is None and other.member:
            client.send(m.Decline(knock=other.member))
            if other.find(m.Declined):
                self.ended.add(other.member)

    # -- What members do in the group -------------------------------------------------------------------------------

    @rule(client=clients, epoch=st.integers(0, 2), others=st.lists(clients, max_size=3))
    def registers(self, client: Client, epoch: int, others: list[Client]) -> None:
        if self.running(client):
            members = {other.member for other in others if other.member and other.member != client.member}
            client.register(epoch, *sorted(members))

    @rule(client=clients, rejoin=st.booleans())
    def offers(self, client: Client, rejoin: bool) -> None:
        if self.running(client):
            client.offer(rejoin=rejoin)

    @rule(client=clients, others=st.lists(clients, min_size=1, max_size=3, unique=True))
    def adds(self, client: Client, others: list[Client]) -> None:
        if self.running(client):
            here = self.world.room.holders
            instead = [other.leaf for other in others if other.member in here and other.member]
            client.add(*(other for other in others if other.package), instead=dict.fromkeys(instead))

    @rule(client=clients, other=clients)
    def removes(self, client: Client, other: Client) -> None:
        if not self.running(client) or other.member not in self.world.room.holders:
            return
        absent = other.member in self.world.room.delivery.absent
        self.world.effects.clear()
        client.remove(other)
        if other.member not in self.world.room.holders and not absent:
            kinds = [type(effect) for effect in self.world.effects]
            assert kinds[0] is e.DropMedia
            self.ended.add(other.member)

    @rule(client=clients, chosen=st.lists(clients, max_size=2))
    def grants(self, client: Client, chosen: list[Client]) -> None:
        if self.running(client):
            members = [other.member for other in chosen if other.member]
            self.openers |= set(members)
            client.commit(co_facilitators=members)

    @rule(client=clients, back=st.integers(0, 3))
    def rejects(self, client: Client, back: int) -> None:
        if not self.running(client):
            return
        before = {attendee.id for attendee in self.world.meeting_now.attendees.values()}
        client.send(m.MlsReject(room=client.room, seq=max(0, self.world.head - back), statement="AAAA"))
        door = {visitor.id for visitor in self.world.machine._groups[GROUP].door}
        self.ended |= before - {attendee.id for attendee in self.world.meeting_now.attendees.values()} - door

    @rule(client=clients)
    def applies(self, client: Client) -> None:
        if self.running(client):
            client.applied()

    @rule(client=clients, other=clients, private=st.booleans())
    def says(self, client: Client, other: Client, private: bool) -> None:
        if self.running(client):
            client.say(to=other.member if private and other.member else None)

    @rule(client=clients, known=st.booleans(), seen=st.integers(0, 5))
    def catches_up(self, client: Client, known: bool, seen: int) -> None:
        if self.running(client):
            epoch = self.world.room.delivery.epoch if known else None
            client.send(m.MlsCatchUp(room=client.room, epoch=epoch, applied=self.world.head, seen=seen))

    # -- Time -------------------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 6, 15, 29, 61, 121, 200, 601]))
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
            assert len(group.door) <= LIMITS.waiting + LIMITS.members
            if group.meeting is None:
                continue
            people = {person.id: person for person in group.meeting.attendees.values()}
            door = {visitor.id for visitor in group.door}
            assert len([p for p in people.values() if p.role != "facilitator"]) <= LIMITS.members
            assert not self.ended & (people.keys() | door)
            assert not people.keys() & door
            for person in people.values():
                assert (person.connection is None) == (person.lost_at is not None)

    @invariant()
    def seats_follow_the_tree(self) -> None:
        for group in self.world.machine._groups.values():
            if group.meeting is None:
                continue
            room = group.meeting.rooms[group.meeting.main_room]
            people = group.meeting.attendees
            assert room.members.keys() == people.keys()
            assert len(room.holders) <= LIMITS.members
            assert set(room.gone) == set(room.delivery.absent)
            assert not room.gone.keys() & people.keys()
            assert room.holders <= people.keys() | room.gone.keys() | room._expected.keys()
            if room.delivery.state is not None:
                for person in people.values():
                    assert person.role == "facilitator" or person.id in room.holders
            for person in people.values():
                assert room.delivery._sessions[person.id].role == person.role

    @invariant()
    def numbers_rise_on_every_screen(self) -> None:
        for client in self.world.clients.values():
            live: list[int] = []
            for message in client.all:
                match message:
                    case m.MlsCaughtUp():
                        break
                    case m.Said(seq=seq):
                        live.append(seq)
                    case m.MlsCommitted(commit=commit):
                        live.append(commit.seq)
            assert live == sorted(set(live))

    @invariant()
    def only_who_may_sees_the_door_and_what_is_whispered(self) -> None:
        for client in self.world.clients.values():
            roles = {message.role for message in client.all if isinstance(message, m.Joined)}
            if any(isinstance(message, m.Knocked | m.KnockGone) for message in client.all):
                assert roles - {"participant"} or client.member in self.openers
            for message in client.all:
                if isinstance(message, m.Joined) and message.role == "participant":
                    assert message.knocks == []
                if isinstance(message, m.Said) and message.to is not None:
                    assert client.member in (message.sender, message.to)

    @invariant()
    def nobody_is_welcomed_before_they_are_told_that_they_are_in(self) -> None:
        for client in self.world.clients.values():
            seen = [type(message) for message in client.all if isinstance(message, m.Joined | m.MlsWelcomed)]
            assert seen[:1] != [m.MlsWelcomed]


TestEvenings = Evenings.TestCase
TestEvenings.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def test_a_group_that_is_put_together_by_hand_is_the_one_of_these_tests() -> None:
    world = World()
    world.meeting(1)
    state = world.room.delivery.state
    assert state is not None
    assert state.group == b.GROUP
