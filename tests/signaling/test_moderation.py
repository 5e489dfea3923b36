"""What facilitators do: remove, mute, end. And what nobody can do."""

from __future__ import annotations

from signaling import effects as e
from signaling import messages as m
from signaling.session import TOKEN_SECONDS
from tests.signaling.world import World


def test_removal_ends_media_session_token_and_place_in_one_turn() -> None:
    world = World()
    facilitator, person, other = world.meeting(2)
    world.effects.clear()
    facilitator.send(m.Remove(member=person.member))
    assert isinstance(world.effects[0], e.DropMedia), "media stops before anything is told"
    assert world.effects[0].member == person.member
    person.take(m.Removed)
    assert person.closed == 4000
    for client in (facilitator, other):
        left = client.take(m.MemberLeft)
        assert (left.member, left.reason) == (person.member, "removed")
    assert person.resume().error() == "session_expired"
    facilitator.send(m.Remove(member=person.member))
    assert facilitator.error() == "no_such_member"


def test_a_token_from_the_waiting_room_is_void_after_removal() -> None:
    world = World()
    facilitator = world.facilitator()
    person = world.knock()
    waiting_token = person.token
    facilitator.send(m.Admit(knocks=[facilitator.find(m.Knocked)[0].knock.id]))
    facilitator.send(m.Remove(member=person.member))
    person.token = waiting_token
    assert person.resume().error() == "session_expired"
    world.restart()
    assert person.resume().error() == "session_expired"


def test_the_same_browsers_next_knock_is_marked_until_the_meeting_ends() -> None:
    world = World()
    facilitator, person, other = world.meeting(2)
    facilitator.send(m.Remove(member=person.member))
    facilitator.inbox.clear()
    world.knock(browser="browser0000")
    world.knock(browser="browser9999")
    marked = [knocked.knock.removed_earlier for knocked in facilitator.find(m.Knocked)]
    assert marked == [True, False]
    facilitator.send(m.EndMeeting())
    other.take(m.MemberLeft)
    other.take(m.Ended)
    again = world.facilitator()
    world.knock(browser="browser0000")
    assert [knocked.knock.removed_earlier for knocked in again.find(m.Knocked)] == [False]


def test_removal_also_clears_the_same_browsers_other_tab_at_the_door() -> None:
    world = World()
    facilitator, person = world.meeting(1)
    tab = world.knock(browser="browser0000")
    stranger = world.knock(browser="browser9999")
    facilitator.send(m.Remove(member=person.member))
    assert tab.closed == 4000
    assert tab.find(m.Removed)
    assert stranger.closed is None
    world.restart()
    assert tab.resume().error() == "session_expired"
    stranger.resume().take(m.Waiting)


def test_somebody_who_is_away_is_removed_too() -> None:
    world = World()
    facilitator, person = world.meeting(1)
    person.lose()
    facilitator.send(m.Remove(member=person.member))
    assert facilitator.find(m.MemberLeft)[0].reason == "removed"
    assert person.resume().error() == "session_expired"
    world.restart()
    assert person.resume().error() == "session_expired"


def test_nobody_is_locked_out_by_removing_themselves() -> None:
    world = World()
    facilitator, person = world.meeting(1)
    for client in (facilitator, person):
        client.send(m.Remove(member=client.member))
        assert client.error() == "not_permitted"
        assert client.closed is None
    facilitator.send(m.Mute(member=facilitator.member))
    assert facilitator.take(m.Muted).by == facilitator.member


def test_an_answer_that_comes_second_changes_nothing() -> None:
    world = World()
    first, _ = world.meeting(1)
    second = world.facilitator()
    person = world.knock()
    knock = first.find(m.Knocked)[0].knock.id
    first.send(m.Admit(knocks=[knock, knock]))
    for client in (first, second):
        client.inbox.clear()
    second.send(m.Admit(knocks=[knock]))
    second.send(m.Decline(knock=knock))
    assert second.error() == "no_such_knock"
    assert len(person.find(m.Joined)) == 1
    assert first.inbox == second.inbox == []


def test_facilitators_cannot_remove_each_other() -> None:
    world = World()
    facilitator, _ = world.meeting(1)
    second = world.facilitator()
    facilitator.inbox.clear()
    facilitator.send(m.Remove(member=second.member))
    assert facilitator.error() == "not_permitted"
    assert second.closed is None


def test_mute_asks_one_and_mute_everyone_asks_participants_only() -> None:
    world = World()
    facilitator, ana, ben = world.meeting(2)
    second = world.facilitator()
    second.take(m.Joined)
    for client in (facilitator, ana, ben):
        client.inbox.clear()
    facilitator.send(m.Mute(member=ana.member))
    assert ana.take(m.Muted) == m.Muted(by=facilitator.member)
    assert ben.inbox == []
    facilitator.send(m.MuteEveryone())
    for person in (ana, ben):
        assert person.take(m.Muted) == m.Muted(by=facilitator.member, everyone=True)
    assert second.inbox == facilitator.inbox == []
    facilitator.send(m.Mute(member="nobodynobody"))
    assert facilitator.error() == "no_such_member"


def test_there_is_no_message_that_opens_somebody_elses_microphone() -> None:
    up = {str(struct.__struct_config__.tag) for struct in m.ClientMessage.__subclasses__()}
    down = {str(struct.__struct_config__.tag) for struct in m.ServerMessage.__subclasses__()}
    assert [tag for tag in up | down if "unmute" in tag] == []


def test_a_mute_finds_a_person_who_was_away() -> None:
    world = World()
    facilitator, person = world.meeting(1)
    person.lose()
    facilitator.send(m.MuteEveryone())
    back = person.resume()
    back.take(m.Joined)
    assert back.take(m.Muted).everyone
    back.lose()
    again = back.resume()
    again.take(m.Joined)
    assert again.inbox == [], "told once"


def test_end_for_everyone_reaches_members_and_those_who_wait() -> None:
    world = World()
    facilitator, person, away = world.meeting(2)
    away.lose()
    person.inbox.clear()
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
    facilitator.send(m.Remove(member=person.member))
    facilitator.send(m.EndMeeting())
    assert world.machine.peopled_groups() == []
    assert len(world.machine._groups) == 1
    world.wait(TOKEN_SECONDS + 1)
    assert world.machine._groups == {}
