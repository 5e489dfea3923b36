"""A server that is killed and started again: places are taken up, removals stay in force."""

from __future__ import annotations

import pytest

from signaling import effects as e
from signaling import messages as m
from signaling.session import GRACE_SECONDS, TOKEN_SECONDS
from tests.signaling.world import GROUP, Client, World, signed_join


def test_everybody_takes_their_place_up_again() -> None:
    world = World()
    facilitator, ana, ben = world.meeting(2)
    ana.say("before")
    seen = ben.take(m.Said).seq
    before = {member.id: member for member in joined_state(facilitator.resume()).members}
    world.restart()
    world.wait(5)
    back = [client.resume(seen={client.room: seen}) for client in (ana, facilitator, ben)]
    states = [client.all[1] for client in back]
    for client, state in zip(back, states, strict=True):
        assert isinstance(state, m.Joined)
        assert (state.resumed, state.media_kept, state.rooms[0].id) == (True, False, client.room)
        assert state.rooms[0].seq > seen
        assert state.rooms[0].replayed_from == state.rooms[0].seq + 1, "the gap shows"
    last = states[-1]
    assert isinstance(last, m.Joined)
    assert {member.id: member for member in last.rooms[0].members} == before
    assert len(world.meetings) == 1
    back[0].say("after", n=2)
    assert [said.seq > seen for said in back[2].find(m.Said)] == [True]


def joined_state(client: Client) -> m.RoomState:
    return client.take(m.Joined).rooms[0]


def test_a_waiting_person_keeps_their_place_and_order() -> None:
    world = World()
    first = world.knock(browser="browser1")
    world.wait(10)
    second = world.knock()
    world.restart()
    world.wait(5)
    second.resume(sealed="second").take(m.Waiting)
    first.resume(sealed="first").take(m.Waiting)
    facilitator = world.facilitator()
    knocks = facilitator.take(m.Joined).knocks
    assert [(knock.sealed, knock.waiting_seconds) for knock in knocks] == [("first", 15), ("second", 5)]


def test_a_waiting_person_without_a_name_must_knock_anew() -> None:
    world = World()
    person = world.knock()
    world.restart()
    assert person.resume(sealed=None).error() == "session_expired"


def test_removal_leaving_and_declining_stay_in_force() -> None:
    world = World()
    facilitator, removed, left, stays = world.meeting(3)
    declined = world.knock()
    facilitator.send(m.Decline(knock=facilitator.take(m.Knocked).knock.id))
    facilitator.send(m.Remove(member=removed.member))
    left.send(m.Leave())
    world.restart()
    for client in (removed, left, declined):
        assert client.resume().error() == "session_expired"
    stays.resume().take(m.Joined)
    again = facilitator.resume()
    world.knock(browser="browser0000")
    assert [knocked.knock.removed_earlier for knocked in again.find(m.Knocked)] == [True]


def test_an_ended_meeting_is_not_taken_up() -> None:
    world = World()
    facilitator, ana = world.meeting(1)
    facilitator.send(m.EndMeeting())
    world.restart()
    assert world.machine.peopled_groups() == []
    assert ana.resume().error() == "session_expired"
    world.facilitator()
    assert ana.resume().error() == "session_expired"


def test_a_meeting_that_nobody_takes_up_ends_after_two_minutes() -> None:
    world = World()
    _, ana = world.meeting(1)
    world.restart()
    world.wait(GRACE_SECONDS - 1)
    assert len(world.meetings) == 1
    world.wait(1)
    assert world.meetings == {}
    assert any(isinstance(effect, e.CloseRoom) for effect in world.effects)
    assert ana.resume().error() == "session_expired"


def test_a_place_that_ran_out_after_the_restart_is_not_given_back_for_an_old_token() -> None:
    world = World()
    facilitator, ana = world.meeting(1)
    old = ana.token
    world.restart()
    facilitator.resume()
    back = ana.resume()
    back.lose()
    world.wait(GRACE_SECONDS + 1)
    assert GRACE_SECONDS + 1 < TOKEN_SECONDS
    back.token = old
    assert back.resume().error() == "session_expired"


def test_newcomers_take_nobodys_leaf() -> None:
    world = World()
    facilitator, ana = world.meeting(1)
    world.restart()
    back = facilitator.resume()
    newcomer = world.knock()
    back.send(m.Admit(knocks=[back.find(m.Knocked)[0].knock.id]))
    late = ana.resume()
    members = late.take(m.Joined).rooms[0].members
    assert len({member.leaf for member in members}) == 3
    by_id = {member.id: member for member in members}
    assert by_id[newcomer.member].order > by_id[ana.member].order


def test_newcomers_take_nobodys_leaf_after_a_second_restart_either() -> None:
    world = World()
    facilitator, _ = world.meeting(1)
    people = []
    for _ in range(2):
        world.restart()
        world.wait(30)
        facilitator = facilitator.resume()
        people.append(world.knock())
        facilitator.send(m.Admit(knocks=[facilitator.find(m.Knocked)[0].knock.id]))
    back = people[0].resume()
    members = back.take(m.Joined).rooms[0].members
    assert {person.member for person in people} < {member.id for member in members}
    assert len({member.leaf for member in members}) == 3


def test_two_groups_are_taken_up_apart() -> None:
    world = World()
    other = "anothergroupanother001"
    world.groups[other] = world.groups[GROUP]
    _, ana = world.meeting(1)
    leader = Client(world)
    leader.send(signed_join("facilitator", leader.nonce, group=other))
    assert len(world.meetings) == 2
    world.restart()
    assert ana.resume().take(m.Joined).meeting != leader.all[1].meeting  # type: ignore[attr-defined]
    again = Client(world)
    again.send(m.Resume(group=other, token=leader.token))
    assert [member.id for member in again.take(m.Joined).rooms[0].members] == [leader.member]
    world.wait(GRACE_SECONDS)
    assert len(world.meetings) == 2
    again.send(m.Leave())
    world.wait(GRACE_SECONDS)
    assert [found.group for found, _ in world.meetings.values()] == [GROUP]


def test_of_two_meetings_of_a_group_the_later_is_taken_up_and_the_other_forgotten() -> None:
    world = World()
    _, ana = world.meeting(1)
    stale = e.SaveMeeting(GROUP, "stalemeeting", "staleroomroom", world.now - 100)
    world.meetings = {"stalemeeting": (stale, []), **world.meetings}
    world.restart()
    assert "stalemeeting" not in world.meetings
    assert ana.resume().take(m.Joined)


@pytest.mark.parametrize("restarts", [1, 2, 3])
def test_numbers_never_run_back(restarts: int) -> None:
    world = World()
    facilitator, ana = world.meeting(1)
    last = 0
    for _ in range(restarts):
        for _ in range(20):
            ana.say()
        last = facilitator.find(m.Said)[-1].seq
        world.restart()
        world.wait(1)
        facilitator, ana = facilitator.resume(), ana.resume()
        assert joined_state(ana).seq > last


def test_a_deleted_groups_meeting_is_ended_after_the_restart_too() -> None:
    world = World()
    world.meeting(1)
    world.restart()
    (group,) = world.machine.peopled_groups()
    world.do(world.machine.group_deleted(group, now=world.now))
    assert world.meetings == {}
