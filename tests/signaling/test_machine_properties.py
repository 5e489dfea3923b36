"""Anything in any order: whatever people, networks and restarts do, the promises hold."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from signaling import effects as e
from signaling import messages as m
from signaling.links import b64, public_key
from signaling.permissions import Standing
from signaling.rate_limit import Allowance, Limits
from tests.signaling import mls_bytes as b
from tests.signaling.test_permissions import SAMPLES
from tests.signaling.world import GROUP, ROLE_SEED, SECOND_ROLE_SEED, Client, World, signed_join

PLENTY = Allowance(1e9, 1e9)
LIMITS = Limits(
    members=5, waiting=3, messages=PLENTY, arrivals=PLENTY, faults=PLENTY, returns=PLENTY, requests=PLENTY,
    knocks=PLENTY, commits=PLENTY,
)  # fmt: skip

WHO = st.integers(0, 9)


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

    @initialize(target=clients, people=st.integers(0, 3), second=st.booleans())
    def begins(self, people: int, second: bool) -> object:
        """Most evenings begin with some people in the room."""
        if not people:
            return multiple()
        everybody = self.world.meeting(people)
        return multiple(*everybody, *([self.world.second(everybody[0], SECOND_ROLE_SEED)] if second else []))

    def member(self, who: int) -> Client | None:
        """One of those in the room whose sockets are open."""
        group = self.world.machine._groups.get(GROUP)
        if group is None or group.meeting is None:
            return None
        here = [c for c in self.world.clients.values() if c.closed is None and c.member in group.meeting.attendees]
        return here[who % len(here)] if here else None

    def people(self) -> list[Client]:
        """Everybody's last socket."""
        return list({client.member: client for client in self.world.clients.values() if client.member}.values())

    # -- What people do ---------------------------------------------------------------------------------------------

    @rule(
        target=clients,
        role=st.sampled_from(["participant", "facilitator", "organiser"]),
        browser=st.integers(0, 3),
        second=st.booleans(),
    )
    def comes(self, role: m.Role, browser: int, second: bool) -> Client:
        client = Client(self.world)
        seed = SECOND_ROLE_SEED if second and role == "facilitator" else None
        client.send(signed_join(role, client.nonce, seed=seed, browser=f"browser{browser}" if browser else None))
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
            assert again.error() in ("session_expired", "bad_proof")
        return again

    @rule(client=consumes(clients))
    def gets_lost(self, client: Client) -> None:
        client.lose()
        client.closed = client.closed or 1006

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

    @rule(who=WHO)
    def knocks(self, who: int) -> None:
        waiting = [client for client in self.people() if client.closed is None]
        if waiting:
            waiting[who % len(waiting)].knock()

    @rule(who=WHO, other=WHO)
    def declines(self, who: int, other: int) -> None:
        if (client := self.member(who)) is not None:
            person = self.people()[other % len(self.people())]
            client.send(m.Decline(knock=person.member))
            if person.find(m.Declined):
                self.ended.add(person.member)

    # -- What members do in the group -------------------------------------------------------------------------------

    @rule(who=WHO, epoch=st.integers(0, 2), others=st.sets(WHO, max_size=4))
    def registers(self, who: int, epoch: int, others: set[int]) -> None:
        if (client := self.member(who)) is not None:
            members = {self.people()[other % len(self.people())].member for other in others}
            client.register(epoch, *sorted(members - {client.member}))

    @rule(who=WHO, rejoin=st.booleans())
    def offers(self, who: int, rejoin: bool) -> None:
        if (client := self.member(who)) is not None:
            client.offer(rejoin=rejoin)

    @rule(who=WHO, others=st.sets(WHO, max_size=2))
    def adds(self, who: int, others: set[int]) -> None:
        if (client := self.member(who)) is not None:
            holders, sessions = self.world.room.holders, self.world.room.delivery._sessions
            offering = [p for p in self.people() if p.package and p.member in sessions and sessions[p.member].ref]
            found = [offering[other % len(offering)] for other in others if offering]
            chosen = {person.member: person for person in found}
            instead = [person.leaf for person in chosen.values() if person.member in holders]
            client.add(*chosen.values(), instead=instead)

    @rule(who=WHO, other=WHO)
    def removes(self, who: int, other: int) -> None:
        client = self.member(who)
        gone = [person for person in self.people() if client is not None and person.member in self.world.room.holders]
        if client is None or not gone:
            return
        victim = gone[other % len(gone)]
        absent = victim.member in self.world.room.delivery.absent
        self.world.effects.clear()
        client.remove(victim)
        if victim.member not in self.world.room.holders and not absent:
            assert isinstance(self.world.effects[0], e.DropMedia)
            self.ended.add(victim.member)

    @rule(who=WHO, chosen=st.sets(WHO, max_size=2))
    def grants(self, who: int, chosen: set[int]) -> None:
        if (client := self.member(who)) is not None:
            members = [self.people()[other % len(self.people())].member for other in chosen]
            self.openers |= set(members)
            client.commit(co_facilitators=members)

    @rule(by=WHO, who=WHO, back=st.integers(0, 2))
    def commits_and_somebody_rejects(self, by: int, who: int, back: int) -> None:
        committer, client = self.member(by), self.member(who)
        if committer is None or client is None:
            return
        committer.commit(co_facilitators=[client.member] if back else None)
        self.openers.add(client.member)
        cases = [case.entry.seq for case in self.world.room.delivery._unsettled]
        seq = cases[-1 - back % len(cases)] if cases else self.world.head
        before = set(self.world.meeting_now.attendees)
        client.send(m.MlsReject(room=client.room, seq=seq, statement="AAAA"))
        door = {visitor.id for visitor in self.world.machine._groups[GROUP].door}
        self.ended |= before - set(self.world.meeting_now.attendees) - door

    @rule(who=WHO)
    def applies(self, who: int) -> None:
        if (client := self.member(who)) is not None:
            client.applied()

    @rule(who=WHO, other=WHO, private=st.booleans())
    def says(self, who: int, other: int, private: bool) -> None:
        if (client := self.member(who)) is not None:
            client.say(to=self.people()[other % len(self.people())].member if private else None)

    @rule(who=WHO, known=st.booleans(), seen=st.integers(0, 5))
    def catches_up(self, who: int, known: bool, seen: int) -> None:
        if (client := self.member(who)) is not None:
            state = self.world.room.delivery.state_for(client.member)
            epoch, applied = (state.epoch, state.seq) if state is not None else (0, 0)
            client.send(m.MlsCatchUp(room=client.room, epoch=epoch if known else None, applied=applied, seen=seen))

    @rule(who=WHO)
    def leaves(self, who: int) -> None:
        if (client := self.member(who)) is not None:
            self.ended.add(client.member)
            client.send(m.Leave(leaving="s" * 86))

    @rule(target=clients, seconds=st.sampled_from([5, 12]))
    def everybody_is_lost_and_a_facilitator_comes(self, seconds: int) -> Client:
        """Who asks for a leaf and, when told so, founds another group: they come back by the rules above."""
        for client in self.world.clients.values():
            if client.closed is None:
                self.gets_lost(client)
        late = Client(self.world)
        late.send(signed_join("facilitator", late.nonce, seed=SECOND_ROLE_SEED))
        if late.member and late.closed is None:
            late.offer()
            self.world.wait(seconds)
            if late.find(m.MlsAbandoned):
                late.register()
        return late

    # -- Time -------------------------------------------------------------------------------------------------------

    @rule(seed=st.sampled_from([ROLE_SEED, SECOND_ROLE_SEED]), good=st.booleans())
    def the_organiser_changes_who_may_lead(self, seed: bytes, good: bool) -> None:
        """A withdrawn link ends what came by it, also for those whose sockets are lost."""
        keys, key = self.world.groups[GROUP], b64(public_key(seed))
        if good and key not in keys.role_keys:
            keys.role_keys = [*keys.role_keys, key]
        elif not good:
            group = self.world.machine._groups.get(GROUP)
            people = group.meeting.attendees.values() if group is not None and group.meeting is not None else []
            self.ended |= {person.id for person in people if person.key == key}
            self.world.withdraw(seed)

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
            good = self.world.groups[GROUP].role_keys
            assert all((p.role == "facilitator") == (p.key is not None) for p in people.values())
            assert all(p.key is None or p.key in good for p in people.values())
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
                    assert person.role == "facilitator" or person.id in room.holders | room.delivery.awaited
            for person in people.values():
                assert room.delivery._sessions[person.id].role == person.role

    @invariant()
    def numbers_rise_on_every_screen(self) -> None:
        for client in self.world.clients.values():
            live: dict[str, list[int]] = {}
            for message in client.all:
                match message:
                    case m.MlsCaughtUp():
                        break
                    case m.Said(room=room, seq=seq) | m.MlsCommitted(room=room, commit=m.Committed(seq=seq)):
                        live.setdefault(room, []).append(seq)
            for seqs in live.values():
                assert seqs == sorted(set(seqs))

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
