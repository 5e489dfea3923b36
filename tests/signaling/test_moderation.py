"""What facilitators do beside committing: decline, lock, end. What organisers do, and what nobody can do."""

from __future__ import annotations

import pytest

from signaling import effects as e
from signaling import messages as m
from signaling.group_state import UNLED_SECONDS
from signaling.session import GRACE_SECONDS, TOKEN_SECONDS
from tests.signaling.world import GROUP, World


def test_an_answer_that_comes_second_changes_nothing() -> None:
    world = World()
    first, _ = world.meeting(1)
    second = world.second(first)
    person = world.knock()
    first.add(person)
    for client in (first, second):
        client.inbox.clear()
    second.send(m.Decline(knock=person.member))
    assert second.error() == "no_such_knock"
    assert len(person.find(m.Joined)) == 1
    assert first.inbox == second.inbox == []


def test_there_is_no_message_that_opens_somebody_elses_microphone() -> None:
    up = {str(struct.__struct_config__.tag) for struct in m.ClientMessage.__subclasses__()}
    down = {str(struct.__struct_config__.tag) for struct in m.ServerMessage.__subclasses__()}
    assert [tag for tag in up | down if "mute" in tag] == []


def test_locking_twice_is_answered_twice() -> None:
    world = World()
    facilitator, ana = world.meeting(1)
    for locked in (True, True, False, False):
        facilitator.send(m.Lock(locked=locked))
        assert ana.take(m.Locked).locked == locked


def test_end_for_everyone_reaches_members_and_those_who_wait() -> None:
    world = World()
    facilitator, person, away = world.meeting(2)
    away.lose()
    person.inbox.clear()
    delivery = world.room.delivery
    waiting = world.knock()
    waiting.take(m.Waiting)
    organiser = world.organiser()
    organiser.take(m.OrganiserReady)
    world.effects.clear()
    facilitator.send(m.EndMeeting())
    assert isinstance(world.effects[0], e.CloseRoom)
    for client in (person, waiting):
        assert client.take(m.Ended).reason == "facilitator"
        assert client.closed == 4000
    assert facilitator.closed == 4000
    assert organiser.closed is None
    assert world.meetings == {}
    assert (delivery.state, dict(delivery.leaves)) == (None, {})
    for client in (facilitator, person, away, waiting):
        assert client.resume().error() == "session_expired"


def test_deleting_a_group_ends_everything_of_it() -> None:
    world = World()
    facilitator, person = world.meeting(1)
    waiting = world.knock()
    first, second = world.organiser(), world.organiser()
    assert first.take(m.OrganiserReady).meeting_running
    first.send(m.DeleteGroup())
    for client in (facilitator, person, waiting, first, second):
        assert client.find(m.Ended)[0].reason == "deleted"
        assert client.closed == 4000
    assert world.meetings == {}
    late = world.knock()
    assert (late.error(), late.closed) == ("unknown_group", 4003)
    assert person.resume().error() == "unknown_group"


def test_a_group_deleted_by_another_process_ends_too() -> None:
    world = World()
    _, person = world.meeting(1)
    (group,) = world.machine.peopled_groups()
    world.do(world.machine.group_deleted(group, now=world.now))
    assert person.take(m.Ended).reason == "deleted"
    world.do(world.machine.group_deleted("nogroupnogroup", now=world.now))


def test_nothing_stays_in_memory_once_the_tokens_are_too_old() -> None:
    world = World()
    facilitator, person = world.meeting(1)
    facilitator.remove(person)
    facilitator.send(m.EndMeeting())
    assert world.machine.peopled_groups() == []
    assert len(world.machine._groups) == 1
    world.wait(TOKEN_SECONDS + 1)
    assert world.machine._groups == {}


# -- Without a facilitator --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("how", "seconds"), [("leaves", 600), ("is lost", 600), ("leaves", 90)])
def test_without_a_facilitator_the_meeting_goes_on_for_the_groups_grace_time(how: str, seconds: int) -> None:
    world = World()
    world.groups[GROUP].grace_seconds = seconds
    facilitator, ana, _ = world.meeting(2)
    facilitator.commit(co_facilitators=[ana.member])
    waiting = world.knock()
    if how == "leaves":
        facilitator.send(m.Leave())
    else:
        facilitator.lose()
    world.wait(seconds - 1)
    assert ana.find(m.Ended) == []
    world.wait(1)
    for client in (ana, waiting):
        assert client.find(m.Ended)[0].reason == "no_facilitator"
        assert client.closed == 4000
    assert world.meetings == {}


def test_a_facilitator_who_is_back_in_time_keeps_it_going() -> None:
    world = World()
    facilitator, ana = world.meeting(1)
    facilitator.send(m.Leave())
    world.wait(UNLED_SECONDS - 1)
    world.facilitator().take(m.Joined)
    world.wait(UNLED_SECONDS)
    assert ana.closed is None


def test_after_a_restart_the_grace_time_begins_anew() -> None:
    world = World()
    _, ana = world.meeting(1)
    world.restart()
    world.wait(GRACE_SECONDS - 1)
    ana = ana.resume()
    world.wait(UNLED_SECONDS - GRACE_SECONDS)
    assert ana.closed is None
    world.wait(1)
    assert ana.find(m.Ended)[0].reason == "no_facilitator"


# -- Organisers -------------------------------------------------------------------------------------------------------


def test_an_organiser_changes_the_group_and_the_meeting_hears() -> None:
    world = World()
    facilitator, ana = world.meeting(1)
    organiser = world.organiser()
    ready = organiser.take(m.OrganiserReady)
    assert (ready.certificates, ready.revocations) == (["c" * 200], None)
    organiser.send(m.UpdateGroup(certificates=["d" * 200], revocations="cmV2b2tlZA"))
    ready = organiser.take(m.OrganiserReady)
    assert (ready.meeting_running, ready.certificates, ready.revocations) == (True, ["d" * 200], "cmV2b2tlZA")
    assert facilitator.take(m.GroupChanged) == ana.take(m.GroupChanged)


def test_people_at_the_door_hear_of_changed_links_too_with_and_without_a_meeting() -> None:
    world = World()
    early = world.knock()
    organiser = world.organiser()
    organiser.send(m.UpdateGroup(certificates=["d" * 200]))
    assert len(early.find(m.GroupChanged)) == 1
    world.facilitator()
    late = world.knock()
    organiser.send(m.UpdateGroup(certificates=["e" * 200]))
    assert [len(visitor.find(m.GroupChanged)) for visitor in (early, late)] == [1, 1]


def test_a_change_that_is_not_good_changes_nothing() -> None:
    world = World()
    _, ana = world.meeting(1)
    organiser = world.organiser()
    organiser.take(m.OrganiserReady)
    organiser.send(m.UpdateGroup(certificates=[]))
    error = organiser.take(m.Error)
    assert (error.code, error.about) == ("bad_group", "update_group")
    assert ana.inbox == []


def test_an_organiser_who_has_gone_meanwhile_is_told_nothing() -> None:
    world = World()
    _, ana = world.meeting(1)
    organiser = world.organiser()
    organiser.lose()
    keys = world.groups[GROUP]
    world.do(world.machine.group_updated(organiser.connection, GROUP, keys, now=world.now))
    world.do(world.machine.update_refused(organiser.connection))
    world.do(world.machine.group_updated(organiser.connection, "nogroupnogroup", keys, now=world.now))
    ana.take(m.GroupChanged)
    assert world.machine._groups[GROUP].organisers == set()
