"""One group's state by itself: who is what, which tokens hold, and who is told."""

from __future__ import annotations

import pytest

from signaling import effects as e
from signaling import messages as m
from signaling.admission import Request, Visitor
from signaling.group_state import FINISHED, TAKEN_OVER, GroupState
from signaling.meeting import Attendee, Meeting
from signaling.permissions import Standing
from signaling.session import mark_digest
from tests.signaling.around import GROUP, NOW, Around


@pytest.fixture
def around() -> Around:
    return Around()


@pytest.fixture
def state(around: Around) -> GroupState:
    return GroupState(GROUP, around.surroundings)


def visitor(
    state: GroupState, connection: int | None = 9, *, knocked: bool = True, browser: str = "browser9"
) -> Visitor:
    found = Visitor(f"visitor{connection}", NOW, browser, connection)
    found.request = Request("sealed", "package", "nonce") if knocked else None
    state.door.add(found)
    return found


def seated(state: GroupState, meeting: Meeting, connection: int | None, role: m.MemberRole) -> Attendee:
    found = Attendee(f"member{connection}", role, None, connection, key="k" * 43 if role == "facilitator" else None)
    state._seat(meeting, found, now=NOW)
    return found


def test_a_group_without_anybody_is_idle_until_it_has_something_to_remember(state: GroupState) -> None:
    assert state.idle
    assert not state.peopled
    state.organisers.add(1)
    assert (state.idle, state.peopled) == (False, True)
    state.organisers.clear()
    waiting = visitor(state)
    assert (state.idle, state.peopled) == (False, True)
    state.door.take(waiting.id)
    state._void_session("session1", now=NOW)
    assert (state.idle, state.peopled) == (False, False), "a void token is remembered, nobody is awaited"


def test_what_the_holder_of_a_session_is(state: GroupState) -> None:
    assert state.standing("nobody00") is None
    assert state.standing(visitor(state).id) is Standing.WAITING
    meeting = state._start(NOW)
    roles: dict[m.MemberRole, Standing] = {
        "participant": Standing.PARTICIPANT,
        "co_facilitator": Standing.CO_FACILITATOR,
        "facilitator": Standing.FACILITATOR,
    }
    for connection, (role, standing) in enumerate(roles.items()):
        assert state.standing(seated(state, meeting, connection, role).id) is standing


def test_a_meeting_that_starts_is_to_be_kept(state: GroupState, around: Around) -> None:
    meeting = state._start(NOW)
    assert around.take() == [e.SaveMeeting(GROUP, meeting.id, meeting.main_room, NOW)]
    assert state.meeting is meeting


@pytest.mark.parametrize(("role", "sees"), [("participant", []), ("co_facilitator", [9]), ("facilitator", [9])])
def test_who_is_seated_is_told_what_their_role_may_see(
    state: GroupState, around: Around, role: m.MemberRole, sees: list[int]
) -> None:
    meeting = state._start(NOW)
    visitor(state)
    visitor(state, 8, knocked=False)
    member = seated(state, meeting, 1, role)
    (joined,) = around.told(1, m.Joined)
    assert [knock.id for knock in joined.knocks] == [f"visitor{number}" for number in sees]
    assert [(known.id, known.role, known.connected) for known in joined.rooms[0].members] == [(member.id, role, True)]
    claims = around.claims(joined.token)
    assert (claims.group, claims.session, claims.state) == (GROUP, member.id, "joined")
    assert (claims.meeting, claims.role, claims.rooms, claims.key) == (meeting.id, role, member.rooms, member.key)


def test_a_waiting_persons_token_keeps_their_place(state: GroupState, around: Around) -> None:
    waiting = visitor(state)
    state._tell_waiting(waiting, now=NOW + 5)
    (told,) = around.told(9, m.Waiting)
    assert (told.member, told.now, told.facilitator_present) == (waiting.id, int(NOW) + 5, False)
    claims = around.claims(told.token, now=NOW + 5)
    assert (claims.state, claims.since, claims.browser, claims.key) == ("waiting", NOW, "browser9", None)


def test_those_who_wait_hear_of_it_when_the_first_facilitator_comes_and_the_last_goes(
    state: GroupState, around: Around
) -> None:
    visitor(state)
    meeting = state._start(NOW)
    one = seated(state, meeting, 1, "facilitator")
    two = seated(state, meeting, 2, "facilitator")
    assert [door.facilitator_present for door in around.told(9, m.Door)] == [True]
    one.connection = None
    state._update_presence(NOW + 1)
    assert meeting.unled_since is None
    two.connection = None
    for later in (2, 3):
        state._update_presence(NOW + later)
    assert [door.facilitator_present for door in around.told(9, m.Door)] == [True, False]
    assert meeting.unled_since == NOW + 2
    one.connection = 3
    state._update_presence(NOW + 4)
    assert meeting.unled_since is None


def test_knocks_are_for_those_who_answer_them(state: GroupState, around: Around) -> None:
    meeting = state._start(NOW)
    roles: list[m.MemberRole] = ["facilitator", "co_facilitator", "participant"]
    for connection, role in enumerate(roles):
        seated(state, meeting, connection, role)
    seated(state, meeting, None, "facilitator")
    around.take()
    waiting = visitor(state, 9, browser="browser9")
    state._add_mark(meeting, "browser", "browser9")
    state._tell_knock(waiting, now=NOW + 7)
    told = [around.told(connection, m.Knocked) for connection in range(3)]
    assert [len(one) for one in told] == [1, 1, 0]
    assert (told[0][0].knock.waiting_seconds, told[0][0].knock.removed_earlier) == (7, True)
    waiting.request = None
    around.take()
    state._tell_knock(waiting, now=NOW)
    assert around.take() == [], "nobody is told of somebody who has not knocked"


def test_whose_session_ended_has_no_place_and_a_mark_that_outlives_the_process(
    state: GroupState, around: Around
) -> None:
    meeting = state._start(NOW)
    member = seated(state, meeting, 1, "participant")
    around.take()
    state._end_session(meeting, member, now=NOW)
    assert around.take() == [e.AddMark(meeting.id, "session", mark_digest(meeting.id, "session", member.id))]
    assert state.standing(member.id) is None
    assert meeting.session_ended(member.id)
    assert meeting.empty_since == NOW


def test_the_last_word_on_a_socket_is_followed_by_its_end_and_a_lost_one_gets_neither(
    state: GroupState, around: Around
) -> None:
    state._finish(1, m.Ended(reason="empty"))
    state._take_over(2)
    assert around.take() == [
        e.Send(1, m.Ended(reason="empty")),
        e.Close(1, FINISHED),
        e.Send(2, m.TakenOver()),
        e.Close(2, TAKEN_OVER),
    ]
    state._finish(None, m.Ended(reason="empty"))
    state._take_over(None)
    state._send(None, m.Pong(n=1))
    assert around.take() == []


def test_what_is_for_the_room_reaches_everybody_who_is_connected_but_one(state: GroupState, around: Around) -> None:
    meeting = state._start(NOW)
    members = [seated(state, meeting, connection, "participant") for connection in (1, 2, None)]
    around.take()
    room = meeting.rooms[meeting.main_room]
    message = m.MlsReady(room=room.id, epoch=1)
    state._broadcast(meeting, room, message, besides=members[0].id)
    assert around.take() == [e.Send(2, message)]
    state._tell_everybody(meeting, message)
    assert around.take() == [e.Send(1, message), e.Send(2, message)]


def test_the_log_says_where_but_never_who(state: GroupState, around: Around) -> None:
    state._log("somebody came")
    meeting = state._start(NOW)
    seated(state, meeting, 1, "facilitator")
    state._log("somebody went")
    lines = [effect.text for effect in around.effects if isinstance(effect, e.Log)]
    assert lines == ["door: somebody came", "meeting 1: started", "meeting 1: somebody went"]
