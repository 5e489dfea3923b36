"""The door: knocking, waiting, being let in or declined, keeping one's place."""

from __future__ import annotations

import pytest

from signaling import messages as m
from signaling.admission import PAUSE_SECONDS, Door, Request, Visitor, as_knock
from signaling.links import b64
from signaling.permissions import RefusedError
from signaling.rate_limit import Allowance, Limits
from signaling.session import GRACE_SECONDS
from tests.signaling import mls_bytes as b
from tests.signaling.world import GROUP, World

REQUEST = Request("sealed", "package", "nonce")


def visitor(name: str, since: float = 0.0, browser: str | None = None) -> Visitor:
    return Visitor(name, since, browser, connection=1, request=REQUEST)


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
    assert as_knock(lost, REQUEST, removed_earlier=False, now=61.9).waiting_seconds == 61
    assert not as_knock(lost, REQUEST, removed_earlier=False, now=61.9).connected


# -- Through the machine --------------------------------------------------------------------------------------------


def test_a_participant_waits_and_is_told_whether_a_facilitator_is_there() -> None:
    world = World()
    person = world.knock()
    waiting = person.take(m.Waiting)
    assert (waiting.facilitator_present, waiting.member, waiting.now) == (False, person.member, int(world.now))
    facilitator = world.facilitator()
    assert person.take(m.Door).facilitator_present
    (knock,) = facilitator.take(m.Joined).knocks
    assert (knock.id, knock.sealed, knock.nonce) == (person.member, "name", person.nonce)
    assert knock.key_package == b64(person.package)
    facilitator.lose()
    assert not person.take(m.Door).facilitator_present
    assert not world.knock().take(m.Waiting).facilitator_present


def test_nobody_is_told_of_somebody_who_has_not_knocked() -> None:
    world = World()
    facilitator = world.facilitator()
    facilitator.take(m.Joined)
    person = world.visitor()
    facilitator.send(m.Decline(knock=person.member))
    assert facilitator.error() == "no_such_knock"
    person.send(m.Leave())
    assert facilitator.inbox == []
    assert world.facilitator().take(m.Joined).knocks == []


def test_admission_is_a_commit_and_comes_before_its_welcome() -> None:
    world = World()
    first = world.facilitator()
    second = world.second(first)
    person = world.knock()
    knock = first.take(m.Knocked).knock
    assert second.take(m.Knocked).knock == knock
    person.take(m.Waiting)
    second.add(person)
    for facilitator in (first, second):
        commit = facilitator.take(m.MlsCommitted).commit
        assert commit.sender == second.member
        gone = facilitator.take(m.KnockGone)
        assert (gone.knock, gone.outcome, gone.by) == (knock.id, "admitted", second.member)
        assert facilitator.inbox == []
    joined = person.take(m.Joined)
    assert (joined.role, joined.member, joined.resumed, joined.knocks) == ("participant", knock.id, False, [])
    assert joined.rooms[0].mls == m.MlsState(b64(b.GROUP), 2, commit.seq)
    assert {member.id for member in joined.rooms[0].members} == {first.member, second.member, person.member}
    welcomed = person.take(m.MlsWelcomed)
    assert (welcomed.seq, welcomed.epoch, welcomed.sender) == (commit.seq, 2, second.member)
    assert person.inbox == []
    first.send(m.Decline(knock=knock.id))
    assert first.error() == "no_such_knock"
    first.add(person)
    assert first.take(m.MlsRefused).code == "unknown_key_package"
    assert person.inbox == []


def test_those_who_come_before_the_facilitator_are_in_the_first_list_and_let_in() -> None:
    world = World()
    people = [world.knock() for _ in range(3)]
    facilitator = world.facilitator()
    assert [knock.id for knock in facilitator.take(m.Joined).knocks] == [person.member for person in people]
    facilitator.add(*people)
    assert all(person.find(m.Joined) for person in people)
    assert [gone.knock for gone in facilitator.find(m.KnockGone)] == [person.member for person in people]


def test_only_as_many_are_let_in_as_there_is_place_for() -> None:
    world = World(Limits(members=3))
    facilitator = world.facilitator()
    people = [world.knock() for _ in range(4)]
    facilitator.add(*people)
    assert [refused.code for refused in facilitator.find(m.MlsRefused)] == ["full"]
    assert facilitator.find(m.KnockGone) == []
    facilitator.add(*people[:2])
    assert [bool(p.find(m.Joined)) for p in people] == [True, True, False, False]
    assert [p.closed for p in people] == [None] * 4
    second = world.facilitator()
    assert (second.error(), second.closed) == ("meeting_full", 4003)
    people[0].send(m.Leave())
    third = world.facilitator()
    assert (third.error(), third.closed) == ("meeting_full", 4003), "the leaf still takes the place"
    facilitator.remove(people[0])
    world.facilitator().take(m.Joined)


@pytest.mark.parametrize("running", [True, False])
def test_a_knock_that_cannot_be_used_is_refused_and_changes_nothing(running: bool) -> None:
    world = World(Limits(knocks=Allowance(20, 1)))
    facilitator = world.facilitator() if running else None
    person, other = world.knock(), world.knock()
    person.take(m.Waiting)
    if facilitator is not None:
        facilitator.inbox.clear()
    year = 365 * 86_400
    now = int(world.now)
    for package, code in (
        (b"junk", "malformed"),
        (b.key_package("x" * 2100), "malformed"),
        (b.key_package("x", (now + year, now + 2 * year)), "clock"),
        (b.key_package("x", (now - 2 * year, now - year)), "clock"),
    ):
        person.knock("other_name", package)
        assert person.take(m.MlsRefused) == m.MlsRefused(room=None, code=code, about="knock")  # type: ignore[arg-type]
    person.send(m.SendKnock(sealed="name", key_package="not_canonicalx"))
    assert person.take(m.MlsRefused).code == "malformed"
    if facilitator is not None:
        person.knock("other_name", other.package)
        assert person.take(m.MlsRefused).code == "unknown_key_package"
        assert facilitator.inbox == []
    knocks = world.facilitator().take(m.Joined).knocks
    assert [knock.sealed for knock in knocks] == ["name", "name"]


def test_of_two_who_offer_the_same_before_the_meeting_the_first_is_believed() -> None:
    world = World()
    person, thief = world.knock(), world.visitor()
    thief.knock("thief", person.package)
    facilitator = world.facilitator()
    assert [knock.id for knock in facilitator.take(m.Joined).knocks] == [person.member]
    assert [refused.code for refused in thief.find(m.MlsRefused)] == ["unknown_key_package"]
    thief.knock("thief")
    assert facilitator.take(m.Knocked).knock.id == thief.member


def test_a_newer_knock_replaces_the_one_before() -> None:
    world = World()
    facilitator = world.facilitator()
    person = world.knock()
    old = person.package
    person.knock("another_name")
    assert [knocked.knock.sealed for knocked in facilitator.find(m.Knocked)] == ["name", "another_name"]
    facilitator.commit(b.add(old), b.LINK, to=[old])
    assert facilitator.find(m.MlsRefused)[0].code == "unknown_key_package"
    facilitator.add(person)
    assert person.find(m.Joined)


def test_knocking_without_end_is_slowed_down() -> None:
    world = World(Limits(knocks=Allowance(3, 0.5)))
    facilitator = world.facilitator()
    person = world.knock()
    for _ in range(5):
        person.knock()
    assert len(facilitator.find(m.Knocked)) == 3
    assert [(error.code, error.about) for error in person.find(m.Error)] == [("rate_limited", "knock")] * 3


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
    facilitator.add(person)
    assert facilitator.take(m.MlsRefused).code == "unknown_key_package"
    assert person.resume().error() == "session_expired"
    world.wait(20)
    again = world.knock(browser="browser1")
    assert (again.error(), again.closed) == ("wait_before_knocking", 4003)
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
    back = person.resume(knocks=False)
    back.take(m.Waiting)
    returned = facilitator.take(m.Knocked).knock
    assert (returned.id, returned.connected, returned.waiting_seconds) == (knock.id, True, 149)
    assert returned.nonce == person.nonce
    back.knock()
    assert facilitator.take(m.Knocked).knock.nonce == back.nonce
    back.lose()
    world.wait(GRACE_SECONDS)
    assert facilitator.find(m.KnockGone)[0].outcome == "withdrawn"
    assert back.resume().error() == "session_expired"


def test_somebody_admitted_while_the_phone_is_locked_is_in_on_return() -> None:
    world = World()
    facilitator, ana = world.meeting(1)
    person = world.knock()
    person.lose()
    facilitator.add(person)
    ana.take(m.MlsCommitted)
    assert ana.take(m.MemberConnection) == m.MemberConnection(ana.room, person.member, connected=False)
    back = person.resume()
    joined = back.take(m.Joined)
    assert (joined.resumed, joined.media_kept) == (True, False)
    assert ana.take(m.MemberConnection).connected
    back.send(m.MlsCatchUp(room=back.room, epoch=None, applied=0, seen=0))
    back.take(m.MlsCaughtUp)
    assert back.take(m.MlsWelcomed).sender == facilitator.member


def test_a_new_visit_replaces_the_lost_one_of_the_same_browser() -> None:
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
    facilitator.add(first)
    assert facilitator.take(m.MlsRefused).code == "unknown_key_package"
    assert first.resume().error() == "session_expired"


def test_a_visit_that_is_refused_takes_no_place_away() -> None:
    world = World(Limits(waiting=2))
    facilitator = world.facilitator()
    away, declined = world.knock(browser="browser1"), world.knock(browser="browser1")
    away.lose()
    facilitator.send(m.Decline(knock=declined.member))
    facilitator.inbox.clear()
    assert declined.closed == 4000
    assert world.knock(browser="browser1").error() == "wait_before_knocking"
    assert facilitator.inbox == []
    away.resume().take(m.Waiting)


def test_a_new_visit_takes_the_lost_ones_place_in_a_full_waiting_room() -> None:
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
    facilitator.add(person)
    assert facilitator.take(m.MlsRefused).code == "unknown_key_package"


def test_a_full_waiting_room_turns_away() -> None:
    world = World(Limits(waiting=1))
    world.knock().take(m.Waiting)
    late = world.knock()
    assert (late.error(), late.closed) == ("waiting_room_full", 4003)


def test_a_locked_meeting_lets_nobody_new_knock() -> None:
    world = World()
    facilitator, ana = world.meeting(1)
    waiting = world.knock()
    waiting.inbox.clear()
    facilitator.inbox.clear()
    facilitator.send(m.Lock(locked=True))
    for client in (facilitator, ana):
        assert client.take(m.Locked) == m.Locked(locked=True, by=facilitator.member)
    late = world.knock()
    assert (late.error(), late.closed) == ("meeting_locked", 4003)
    assert waiting.inbox == []
    waiting = waiting.resume()
    waiting.take(m.Waiting)
    assert facilitator.find(m.Knocked), "those who came before may still be let in"
    facilitator.add(waiting)
    assert waiting.take(m.Joined).locked
    assert ana.resume().take(m.Joined).locked
    world.facilitator().take(m.Joined)
    facilitator.send(m.Lock(locked=False))
    world.knock().take(m.Waiting)
    facilitator.send(m.Lock(locked=True))
    facilitator.send(m.EndMeeting())
    world.knock().take(m.Waiting)
    assert not world.facilitator().take(m.Joined).locked


def test_sixty_people_come_from_one_address_within_a_minute() -> None:
    world = World()
    facilitator = world.facilitator()
    people = []
    for _ in range(60):
        people.append(world.knock(address="198.51.100.7"))
        world.wait(1)
    assert all(isinstance(person.inbox[0], m.Waiting) for person in people)
    assert len(facilitator.find(m.Knocked)) == 60
    facilitator.add(*people)
    assert all(person.find(m.Joined) for person in people)
    assert GROUP not in " ".join(world.log)
