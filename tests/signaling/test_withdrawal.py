"""A facilitator link that the organiser revokes while a meeting runs: whoever came by it is out, and stays out."""

from __future__ import annotations

import pytest

from signaling import effects as e
from signaling import messages as m
from tests.signaling.world import GROUP, ROLE_SEED, SECOND_ROLE_SEED, Client, World, signed_join


def test_who_came_by_a_revoked_link_is_out_at_once_and_the_others_are_to_remove_their_leaf() -> None:
    world = World()
    first, ana = world.meeting(1)
    second = world.second(first, SECOND_ROLE_SEED)
    ana.inbox.clear()
    world.effects.clear()
    world.withdraw()
    kinds = [type(effect) for effect in world.effects]
    assert kinds[0] is e.DropMedia
    assert kinds.index(e.AddMark) < len(kinds) - 1 - kinds[::-1].index(e.Close)
    assert first.take(m.Removed).reason == "revoked"
    assert first.closed == 4000
    for client in (second, ana):
        gone = client.take(m.MemberGone).gone
        assert (gone.member, gone.reason, gone.leaving) == (first.member, "expelled", None)
        client.take(m.GroupChanged)
        assert client.closed is None
    assert world.room.gone.keys() == {first.member}
    second.remove(first)
    assert world.room.gone == {}
    assert first.member not in world.room.holders


def test_the_others_by_a_good_link_and_the_co_facilitators_stay() -> None:
    world = World()
    first, ana = world.meeting(1)
    first.commit(co_facilitators=[ana.member])
    world.withdraw(SECOND_ROLE_SEED)
    assert first.closed is ana.closed is None
    assert world.meeting_now.attendees[ana.member].role == "co_facilitator"


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("restart", [False, True])
def test_no_token_takes_them_back(lost: bool, restart: bool) -> None:
    world = World()
    first, _ = world.meeting(1)
    if lost:
        first.lose()
    world.withdraw()
    assert first.member not in world.meeting_now.attendees
    assert world.room.gone[first.member].reason == "expelled"
    if restart:
        world.restart()
    again = first.resume()
    assert (again.error(), again.closed) == ("bad_proof", 4003)
    assert first.member not in world.meeting_now.attendees
    anew = Client(world)
    anew.send(signed_join("facilitator", anew.nonce, seed=ROLE_SEED))
    assert anew.error() == "bad_proof"


def test_a_renewed_link_that_is_good_again_does_not_bring_the_old_session_back() -> None:
    world = World()
    first, _ = world.meeting(1)
    before = list(world.groups[GROUP].role_keys)
    world.withdraw()
    world.groups[GROUP].role_keys = before
    assert first.resume().error() == "session_expired"
    world.facilitator().take(m.Joined)


def test_who_was_not_back_from_a_restart_when_their_link_was_revoked_is_waited_for_no_longer() -> None:
    world = World()
    first, ana = world.meeting(1)
    second = world.second(first, SECOND_ROLE_SEED)
    world.restart()
    second, ana = second.resume(), ana.resume()
    second.register(2, first.member, ana.member)
    world.withdraw()
    second.inbox.clear()
    assert second.find(m.MemberGone) == []
    assert first.resume().error() == "bad_proof"
    assert [(told.gone.member, told.gone.reason) for told in second.find(m.MemberGone)] == [(first.member, "expelled")]
    assert first.resume().error() == "bad_proof"
    assert second.find(m.MemberGone) == [], "told once"
    world.restart()
    second = second.resume()
    second.register(2, first.member, ana.member)
    assert [told.gone.member for told in second.find(m.MemberGone)] == [first.member]


def test_who_is_back_after_a_restart_is_still_known_by_their_link() -> None:
    world = World()
    first, ana = world.meeting(1)
    world.restart()
    first, ana = first.resume(), ana.resume()
    first.register(1, ana.member)
    world.wait(40)
    first.send(m.Ping(n=1))
    world.withdraw()
    assert [removed.reason for removed in first.find(m.Removed)] == ["revoked"]


def test_the_store_may_know_it_before_the_machine_is_told() -> None:
    world = World()
    first, ana = world.meeting(1)
    ana.inbox.clear()
    world.groups[GROUP].role_keys = []
    again = first.resume()
    assert again.error() == "bad_proof"
    assert [removed.reason for removed in first.find(m.Removed)] == ["revoked"]
    ana.take(m.MemberGone)
    assert first.member not in world.meeting_now.attendees


def test_keys_that_were_read_before_the_change_let_nobody_in_after_it() -> None:
    world = World()
    world.meeting(1)
    late = Client(world)
    join = signed_join("facilitator", late.nonce)
    read = world.groups[GROUP]
    asked = world.machine.receive(late.connection, m.encode(join), now=world.now)
    assert asked == [e.LoadGroup(late.connection, join)]
    old = type(read)(role_keys=list(read.role_keys))
    world.withdraw()
    again = world.machine.group_loaded(late.connection, join, old, now=world.now)
    assert again == [e.LoadGroup(late.connection, join)]
    world.do(again)
    assert late.error() == "bad_proof"


def test_without_a_meeting_there_is_nobody_to_put_out() -> None:
    world = World()
    early = world.knock()
    world.withdraw()
    early.find(m.GroupChanged)
    assert early.closed is None


def test_the_meeting_of_a_lone_facilitator_goes_on_for_its_grace_time_and_ends() -> None:
    world = World()
    _, ana = world.meeting(1)
    world.withdraw()
    world.wait(599)
    assert ana.closed is None
    world.wait(1)
    assert [ended.reason for ended in ana.find(m.Ended)] == ["no_facilitator"]
