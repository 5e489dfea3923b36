"""The door: knocking, waiting, being let in or declined, keeping one's place."""

from __future__ import annotations

import pytest

from signaling import messages as m
from signaling.admission import PAUSE_SECONDS, Door, Visitor, as_knock
from signaling.permissions import RefusedError
from signaling.rate_limit import Limits
from signaling.session import GRACE_SECONDS
from tests.signaling.world import GROUP, World, signed_join


def visitor(name: str, since: float = 0.0, browser: str | None = None) -> Visitor:
    return Visitor(name, "sealed", since, browser, connection=1)


def test_the_longest_waiting_come_first() -> None:
    door = Door(limit=5)
    door.add(visitor("late", since=9))
    door.add(visitor("early", since=2))
    assert [v.id for v in door] == ["early", "late"]
    assert len(door) == 2


def test_the_first_answer_takes_a_visitor_off_the_list() -> None:
    door = Door(limit=5)
    door.add(visitor("one"))
    assert door.take("one") is not None
    assert door.take("one") is None


def test_a_full_door_says_so() -> None:
    door = Door(limit=1)
    door.add(visitor("one"))
    with pytest.raises(RefusedError) as refused:
        door.check(None, now=0)
    assert refused.value.code == "waiting_room_full"


def test_a_declined_browser_waits_a_minute_and_no_other_does() -> None:
    door = Door(limit=5)
    door.pause("browser", now=100)
    door.pause(None, now=100)
    with pytest.raises(RefusedError) as refused:
        door.check("browser", now=100.5)
    assert (refused.value.code, refused.value.retry_after) == ("wait_before_knocking", PAUSE_SECONDS)
    door.check("another", now=100)
    door.check(None, now=100)
    door.check("browser", now=100 + PAUSE_SECONDS)
    assert not door.idle
    door.expired(now=100 + PAUSE_SECONDS)
    assert door.idle


def test_a_lost_place_is_kept_for_the_grace_time() -> None:
    door = Door(limit=5)
    lost = visitor("lost", browser="browser")
    door.add(lost)
    assert door.ghost_of("browser") is None
    lost.connection, lost.lost_at = None, 50.0
    assert door.ghost_of("browser") is lost
    assert door.ghost_of(None) is None
    assert door.expired(now=49 + GRACE_SECONDS) == []
    assert door.expired(now=50 + GRACE_SECONDS) == [lost]
    assert as_knock(lost, removed_earlier=False, now=61.9).waiting_seconds == 61
    assert not as_knock(lost, removed_earlier=False, now=61.9).connected


# -- Through the machine --------------------------------------------------------------------------------------------


def test_a_participant_waits_and_is_told_whether_a_facilitator_is_there() -> None:
    world = World()
    person = world.knock()
    assert not person.take(m.Waiting).facilitator_present
    facilitator = world.facilitator()
    assert person.take(m.Door).facilitator_present
    assert [knock.sealed for knock in facilitator.take(m.Joined).knocks] == ["name"]
    facilitator.lose()
    assert not person.take(m.Door).facilitator_present
    late = world.knock()
    assert not late.take(m.Waiting).facilitator_present


def test_every_facilitator_sees_one_list_and_the_first_answer_clears_it() -> None:
    world = World()
    first, second = world.facilitator(), world.facilitator()
    first.inbox.clear()
    second.inbox.clear()
    person = world.knock()
    knock = first.take(m.Knocked).knock
    assert second.take(m.Knocked).knock == knock
    second.send(m.Admit(knocks=[knock.id]))
    for facilitator in (first, second):
        gone = facilitator.take(m.KnockGone)
        assert (gone.knock, gone.outcome, gone.by) == (knock.id, "admitted", second.member)
        assert facilitator.take(m.MemberJoined).member.role == "participant"
    person.take(m.Waiting)
    assert person.take(m.Joined).role == "participant"
    first.send(m.Admit(knocks=[knock.id]))
    assert first.inbox == []
    first.send(m.Decline(knock=knock.id))
    assert first.error() == "no_such_knock"
    assert person.inbox == []


def test_admit_all_lets_in_as_many_as_there_is_place_for() -> None:
    world = World(Limits(members=3))
    facilitator = world.facilitator()
    people = [world.knock() for _ in range(4)]
    facilitator.take(m.Joined)
    knocks = [k.knock.id for k in facilitator.find(m.Knocked)]
    facilitator.send(m.Admit(knocks=knocks))
    assert [gone.knock for gone in facilitator.find(m.KnockGone)] == knocks[:2]
    assert [error.code for error in facilitator.find(m.Error)] == ["meeting_full"]
    assert [bool(p.find(m.Joined)) for p in people] == [True, True, False, False]
    assert [p.closed for p in people] == [None] * 4
    second = world.facilitator()
    assert second.error() == "meeting_full"
    assert second.closed == 4003


def test_declined_means_a_minute_for_this_browser_and_a_void_token() -> None:
    world = World()
    facilitator = world.facilitator()
    facilitator.take(m.Joined)
    person = world.knock(browser="browser1")
    facilitator.send(m.Decline(knock=facilitator.take(m.Knocked).knock.id))
    person.take(m.Waiting)
    assert person.take(m.Declined).retry_after == PAUSE_SECONDS
    assert person.closed == 4000
    assert facilitator.take(m.KnockGone).outcome == "declined"
    assert person.resume().error() == "session_expired"
    world.wait(20)
    again = world.knock(browser="browser1")
    error = again.take(m.Error)
    assert (error.code, error.retry_after, again.closed) == ("wait_before_knocking", 40, 4003)
    world.knock(browser="browser2").take(m.Waiting)
    world.wait(40)
    world.knock(browser="browser1").take(m.Waiting)


def test_a_locked_phone_keeps_its_place_for_two_minutes() -> None:
    world = World()
    facilitator = world.facilitator()
    facilitator.take(m.Joined)
    person = world.knock()
    knock = facilitator.take(m.Knocked).knock
    world.wait(30)
    person.lose()
    lost = facilitator.take(m.Knocked).knock
    assert (lost.id, lost.connected) == (knock.id, False)
    world.wait(GRACE_SECONDS - 1)
    back = person.resume()
    back.take(m.Waiting)
    returned = facilitator.take(m.Knocked).knock
    assert (returned.id, returned.connected, returned.waiting_seconds) == (knock.id, True, 149)
    back.lose()
    world.wait(GRACE_SECONDS)
    assert facilitator.find(m.KnockGone)[0].outcome == "withdrawn"
    assert back.resume().error() == "session_expired"


def test_somebody_admitted_while_the_phone_is_locked_is_in_on_return() -> None:
    world = World()
    facilitator = world.facilitator()
    person = world.knock()
    person.lose()
    facilitator.send(m.Admit(knocks=[facilitator.find(m.Knocked)[0].knock.id]))
    assert not facilitator.find(m.MemberJoined)[0].member.connected
    back = person.resume()
    joined = back.take(m.Joined)
    assert (joined.resumed, joined.media_kept) == (True, False)


def test_a_new_knock_replaces_the_lost_one_of_the_same_browser() -> None:
    world = World()
    facilitator = world.facilitator()
    facilitator.take(m.Joined)
    first = world.knock(browser="browser1")
    knock = facilitator.take(m.Knocked).knock.id
    first.lose()
    facilitator.take(m.Knocked)
    world.knock(browser="browser1").take(m.Waiting)
    assert facilitator.take(m.KnockGone).knock == knock
    assert facilitator.take(m.Knocked).knock.id != knock
    assert first.resume().error() == "session_expired"


def test_a_knock_that_is_refused_takes_no_place_away() -> None:
    world = World(Limits(waiting=2))
    facilitator = world.facilitator()
    away, declined = world.knock(browser="browser1"), world.knock(browser="browser1")
    away.lose()
    facilitator.send(m.Decline(knock=facilitator.find(m.Knocked)[1].knock.id))
    facilitator.inbox.clear()
    assert declined.closed == 4000
    assert world.knock(browser="browser1").error() == "wait_before_knocking"
    assert facilitator.inbox == []
    away.resume().take(m.Waiting)


def test_a_new_knock_takes_the_lost_ones_place_in_a_full_waiting_room() -> None:
    world = World(Limits(waiting=1))
    lost = world.knock(browser="browser1")
    lost.lose()
    assert world.knock(browser="browser2").error() == "waiting_room_full"
    world.knock(browser="browser1").take(m.Waiting)


def test_two_locked_phones_keep_their_order() -> None:
    world = World()
    first, second = world.knock(), world.knock()
    world.wait(5)
    third = world.knock()
    for client in (first, second, third):
        client.lose()
    world.wait(GRACE_SECONDS - 1)
    third, second, first = third.resume(), second.resume(), first.resume()
    knocks = world.facilitator().take(m.Joined).knocks
    assert [knock.waiting_seconds for knock in knocks] == [124, 124, 119]
    for client in (first, second, third):
        client.take(m.Waiting)


def test_whoever_stops_waiting_is_off_the_list() -> None:
    world = World()
    facilitator = world.facilitator()
    facilitator.take(m.Joined)
    person = world.knock()
    person.send(m.Leave())
    assert person.closed == 4000
    facilitator.take(m.Knocked)
    assert facilitator.take(m.KnockGone).outcome == "withdrawn"
    assert person.resume().error() == "session_expired"


def test_a_full_waiting_room_turns_away() -> None:
    world = World(Limits(waiting=1))
    world.knock().take(m.Waiting)
    late = world.knock()
    assert (late.error(), late.closed) == ("waiting_room_full", 4003)


def test_a_knock_needs_a_name() -> None:
    world = World()
    person = world.knock()
    other = type(person)(world)
    other.send(signed_join("participant", other.nonce, sealed=None))
    assert (other.error(), other.closed) == ("bad_message", None)


def test_sixty_people_come_from_one_address_within_a_minute() -> None:
    world = World()
    facilitator = world.facilitator()
    people = []
    for _ in range(60):
        people.append(world.knock(address="198.51.100.7"))
        world.wait(1)
    assert all(isinstance(person.inbox[0], m.Waiting) for person in people)
    assert len(facilitator.find(m.Knocked)) == 60
    assert GROUP not in " ".join(world.log)
