"""A server that is killed and started again: places are taken up, removals stay in force."""

from __future__ import annotations

import pytest

from signaling import effects as e
from signaling import messages as m
from signaling.links import b64
from signaling.mls_sessions import ANYBODY_SECONDS, FOUND_SECONDS
from signaling.session import GRACE_SECONDS, TOKEN_SECONDS
from tests.signaling import mls_bytes as b
from tests.signaling.world import GROUP, Client, World, signed_join


def test_everybody_takes_their_place_up_again() -> None:
    world = World()
    facilitator, ana, ben = world.meeting(2)
    ana.say("before")
    seen = ben.take(m.Said).seq
    before = {member.id: member for member in joined_state(facilitator.resume()).members}
    world.restart()
    world.wait(1)
    back = [client.resume() for client in (ana, facilitator, ben)]
    states = [client.take(m.Joined) for client in back]
    for client, state in zip(back, states, strict=True):
        assert (state.resumed, state.media_kept, state.rooms[0].id) == (True, False, client.room)
        assert (state.rooms[0].mls, state.rooms[0].said_n) == (None, 0)
    assert {member.id: member for member in states[-1].rooms[0].members} == before
    assert len(world.meetings) == 1
    ana, facilitator, ben = back
    ana.send(m.MlsCatchUp(room=ana.room, epoch=1, applied=2, seen=seen))
    assert ana.find(m.MlsRefused)[0].code == "not_registered"
    facilitator.register(1, ana.member, ben.member)
    for client in back:
        assert client.find(m.MlsRegistered)[0].state.epoch == 1
    for client in back:
        client.send(m.MlsCatchUp(room=client.room, epoch=1, applied=2, seen=seen))
        assert client.take(m.MlsCaughtUp).applied == world.head
    ana.say("after", n=1)
    assert [said.seq > seen for said in ben.find(m.Said)] == [True]


def joined_state(client: Client) -> m.RoomState:
    return client.take(m.Joined).rooms[0]


def test_a_waiting_person_keeps_their_place_and_order() -> None:
    world = World()
    first = world.knock(browser="browser1", sealed="first")
    world.wait(10)
    second = world.knock(sealed="second")
    world.restart()
    world.wait(5)
    second.resume().take(m.Waiting)
    first = first.resume()
    first.take(m.Waiting)
    facilitator = world.facilitator()
    knocks = facilitator.take(m.Joined).knocks
    assert [(knock.id, knock.waiting_seconds) for knock in knocks] == [(first.member, 15), (second.member, 5)]


def test_removal_leaving_and_declining_stay_in_force() -> None:
    world = World()
    facilitator, removed, left, stays = world.meeting(3)
    declined = world.knock()
    facilitator.send(m.Decline(knock=facilitator.take(m.Knocked).knock.id))
    facilitator.remove(removed)
    left.send(m.Leave())
    world.restart()
    for client in (removed, left, declined):
        assert client.resume().error() == "session_expired"
    stays.resume().take(m.Joined)
    again = facilitator.resume()
    world.knock(browser="browser0000")
    assert [knocked.knock.removed_earlier for knocked in again.find(m.Knocked)] == [True]
    again.register(1, left.member, stays.member)
    assert [gone.gone.member for gone in again.find(m.MemberGone)] == [left.member]


def test_who_has_a_leaf_and_does_not_come_back_is_to_be_removed() -> None:
    world = World()
    facilitator, ana, ben = world.meeting(2)
    world.restart()
    facilitator = facilitator.resume()
    facilitator.register(1, ana.member, ben.member)
    facilitator.inbox.clear()
    world.wait(60)
    ben = ben.resume()
    world.wait(GRACE_SECONDS - 60 - 1)
    assert facilitator.find(m.MemberGone) == []
    world.wait(1)
    assert [(told.gone.member, told.gone.reason) for told in facilitator.find(m.MemberGone)] == [(ana.member, "lost")]
    assert ana.resume().error() == "session_expired"
    assert ben.closed is None


def test_without_a_facilitator_the_others_name_the_group_after_five_seconds() -> None:
    world = World()
    facilitator, ana, ben = world.meeting(2)
    world.restart()
    ana, ben = ana.resume(), ben.resume()
    ana.register(1, ben.member)
    assert ana.find(m.MlsRefused)[0].code == "busy"
    world.wait(ANYBODY_SECONDS)
    ana.register(1, ben.member, facilitator.member)
    for client in (ana, ben):
        assert client.find(m.MlsRegistered)[0].state.epoch == 1
    ana.say("we go on")
    assert ben.find(m.Said)
    facilitator = facilitator.resume()
    assert joined_state(facilitator).mls == m.MlsState(b64(b.GROUP), 1, world.head)


def test_a_newly_founded_group_waits_for_those_who_hold_the_old_one() -> None:
    world = World()
    facilitator, ana = world.meeting(1)
    world.restart()
    newcomer = world.facilitator()
    newcomer.find(m.Joined)
    ana = ana.resume()
    facilitator = facilitator.resume()
    facilitator.register(1, ana.member)
    assert newcomer.take(m.MlsRegistered).state.epoch == 1
    world.wait(60)
    assert world.room.delivery.epoch == 1
    assert ana.closed is None
    assert ana.find(m.Waiting) == []


def test_a_newly_founded_group_is_it_in_the_end_and_the_others_knock() -> None:
    world = World()
    _, ana = world.meeting(1)
    world.restart()
    ana = ana.resume()
    newcomer = world.facilitator()
    world.wait(FOUND_SECONDS)
    assert newcomer.find(m.MlsRegistered)
    assert ana.find(m.Waiting)
    ana.knock()
    newcomer.add(ana)
    assert len(ana.find(m.Joined)) == 2


def test_who_was_not_in_the_registered_group_knocks_anew_and_who_was_is_seated() -> None:
    world = World()
    facilitator, ana = world.meeting(1)
    ben = world.knock()
    waiting = ben.token
    facilitator.add(ben)
    world.restart()
    ben.token = waiting
    ben, ana, facilitator = ben.resume(), ana.resume(), facilitator.resume()
    assert ben.find(m.Waiting)
    assert ana.find(m.Joined)
    facilitator.register(2, ben.member)
    assert ben.find(m.Joined)[0].resumed
    assert ana.find(m.Waiting)
    late = ana.resume()
    assert late.find(m.Waiting)
    assert world.room.holders == {facilitator.member, ben.member}


def test_once_the_group_is_known_a_token_alone_seats_nobody() -> None:
    world = World()
    facilitator, ana, ben = world.meeting(2)
    world.restart()
    facilitator = facilitator.resume()
    facilitator.register(1, ben.member)
    assert ben.resume().find(m.Joined)
    late = ana.resume()
    assert late.find(m.Waiting)
    assert facilitator.find(m.Knocked)[0].knock.id == ana.member


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
        facilitator.register(1, ana.member)
        assert facilitator.find(m.MlsRegistered)[0].state.seq > last


def test_a_deleted_groups_meeting_is_ended_after_the_restart_too() -> None:
    world = World()
    world.meeting(1)
    world.restart()
    (group,) = world.machine.peopled_groups()
    world.do(world.machine.group_deleted(group, now=world.now))
    assert world.meetings == {}
