"""What commits do to people: let in, put out, sent to the door, given a role; and what the others are told."""

from __future__ import annotations

import pytest

from signaling import effects as e
from signaling import messages as m
from signaling.links import b64
from signaling.mls_jury import SETTLE_SECONDS
from signaling.session import GRACE_SECONDS
from tests.signaling import mls_bytes as b
from tests.signaling.world import Client, World, text_of

LEAVING = "s" * 86


def settled(participants: int) -> tuple[Client, ...]:
    """A meeting in which nothing can be undone any more."""
    world = World()
    everybody = world.meeting(participants)
    world.wait(SETTLE_SECONDS)
    return everybody


# -- Removal --------------------------------------------------------------------------------------------------------


def test_removal_ends_media_session_token_and_place_in_one_turn() -> None:
    world = World()
    facilitator, person, other = world.meeting(2)
    world.effects.clear()
    facilitator.remove(person)
    assert isinstance(world.effects[0], e.DropMedia), "media stops before anything is told"
    assert world.effects[0].member == person.member
    commit = person.take(m.MlsCommitted).commit
    assert person.take(m.Removed).reason == "facilitator"
    assert person.closed == 4000
    for client in (facilitator, other):
        assert client.take(m.MlsCommitted).commit == commit
        assert client.inbox == []
    assert person.resume().error() == "session_expired"
    late = world.facilitator().take(m.Joined).rooms[0]
    assert (person.member in {member.id for member in late.members}, late.gone) == (False, [])


def test_a_token_from_the_waiting_room_is_void_after_removal() -> None:
    world = World()
    facilitator = world.facilitator()
    person = world.knock()
    waiting_token = person.token
    facilitator.add(person)
    facilitator.remove(person)
    person.token = waiting_token
    assert person.resume().error() == "session_expired"
    world.restart()
    assert person.resume().error() == "session_expired"


def test_the_same_browsers_next_knock_is_marked_until_the_meeting_ends() -> None:
    world = World()
    facilitator, person, other = world.meeting(2)
    facilitator.remove(person)
    facilitator.inbox.clear()
    world.knock(browser="browser0000")
    world.knock(browser="browser9999")
    assert [knocked.knock.removed_earlier for knocked in facilitator.find(m.Knocked)] == [True, False]
    facilitator.send(m.EndMeeting())
    other.take(m.MlsCommitted)
    other.take(m.Ended)
    again = world.facilitator()
    world.knock(browser="browser0000")
    assert [knocked.knock.removed_earlier for knocked in again.find(m.Knocked)] == [False]


def test_removal_also_clears_the_same_browsers_other_tab_at_the_door() -> None:
    world = World()
    facilitator, person = world.meeting(1)
    tab = world.knock(browser="browser0000")
    stranger = world.knock(browser="browser9999")
    facilitator.remove(person)
    assert tab.closed == 4000
    assert tab.find(m.Removed)
    assert stranger.closed is None
    facilitator.add(tab)
    assert facilitator.find(m.MlsRefused)[0].code == "unknown_key_package"
    world.restart()
    assert tab.resume().error() == "session_expired"
    stranger.resume().take(m.Waiting)


def test_somebody_who_is_away_is_removed_too() -> None:
    world = World()
    facilitator, person = world.meeting(1)
    person.lose()
    facilitator.remove(person)
    assert person.resume().error() == "session_expired"
    world.restart()
    assert person.resume().error() == "session_expired"


def test_facilitators_remove_whom_they_will_and_participants_nobody() -> None:
    world = World()
    facilitator, ana, ben = world.meeting(2)
    second = world.second(facilitator)
    for client in (ana, ben):
        client.inbox.clear()
    for victim in (ben, facilitator, second):
        ana.remove(victim)
        assert ana.take(m.MlsRefused).code == "not_permitted"
    second.remove(second)
    assert second.take(m.MlsRefused).code == "not_permitted"
    second.remove(facilitator)
    assert facilitator.find(m.Removed)
    assert facilitator.closed == 4000
    assert ben.find(m.Removed) == []


def test_somebody_who_has_not_come_back_after_a_restart_is_removed_for_good() -> None:
    world = World()
    facilitator, ana, ben = world.meeting(2)
    world.restart()
    facilitator = facilitator.resume()
    facilitator.register(1, ana.member, ben.member)
    facilitator.remove(ana)
    assert ana.resume().error() == "session_expired"
    ben.resume().take(m.Joined)
    world.restart()
    assert ana.resume().error() == "session_expired"


# -- Leaving --------------------------------------------------------------------------------------------------------


def test_who_leaves_is_to_be_removed_by_anybody() -> None:
    world = World()
    facilitator, ana, ben = world.meeting(2)
    world.effects.clear()
    ana.send(m.Leave(leaving=LEAVING))
    assert isinstance(world.effects[0], e.DropMedia)
    gone = m.Gone(member=ana.member, reason="left", leaving=LEAVING)
    for client in (facilitator, ben):
        assert client.take(m.MemberGone).gone == gone
    late = world.facilitator().take(m.Joined).rooms[0]
    assert late.gone == [gone]
    assert ana.member not in {member.id for member in late.members}
    ben.remove(ana)
    assert [type(message) for message in facilitator.inbox] == [m.MlsCommitted]
    assert facilitator.resume().take(m.Joined).rooms[0].gone == []


def test_who_stays_away_is_to_be_removed_too() -> None:
    world = World()
    facilitator, ana = world.meeting(1)
    ana.lose()
    assert facilitator.take(m.MemberConnection) == m.MemberConnection(ana.room, ana.member, connected=False)
    world.effects.clear()
    world.wait(GRACE_SECONDS)
    assert isinstance(world.effects[0], e.DropMedia)
    assert facilitator.take(m.MemberGone).gone == m.Gone(member=ana.member, reason="lost")
    assert ana.resume().error() == "session_expired"


def test_a_facilitator_who_leaves_before_they_have_a_leaf_leaves_nothing_behind() -> None:
    world = World()
    facilitator, ana = world.meeting(1)
    late = world.facilitator()
    late.send(m.Leave())
    assert facilitator.inbox == ana.inbox == []


# -- Coming in by certificate, and back by proof --------------------------------------------------------------------


def test_a_late_facilitator_is_added_by_anybody() -> None:
    world = World()
    facilitator, ana = world.meeting(1)
    late = world.facilitator()
    joined = late.take(m.Joined)
    assert joined.rooms[0].mls == m.MlsState(b64(b.GROUP), 1, world.head)
    late.offer()
    offered = m.MlsOffered(room=ana.room, member=late.member, key_package=b64(late.package))
    assert ana.take(m.MlsOffered) == facilitator.take(m.MlsOffered) == offered
    ana.add(late)
    assert late.take(m.MlsWelcomed).sender == ana.member
    assert late.inbox == [], "seated already"


def test_of_two_who_found_at_once_the_second_is_told_of_the_first() -> None:
    world = World()
    first, second = world.facilitator(), world.facilitator()
    for client in (first, second):
        client.inbox.clear()
    second.register(group=b"another group id")
    assert second.take(m.MlsRefused) == m.MlsRefused(room=second.room, code="registered", about="mls_register")
    assert second.take(m.MlsRegistered).state.group == b64(b.GROUP)
    assert first.inbox == []


def test_coming_back_needs_nobodys_click() -> None:
    world = World()
    facilitator, ana, ben = world.meeting(2)
    ana = ana.resume()
    ana.take(m.Joined)
    for client in (facilitator, ben):
        client.inbox.clear()
    ana.offer(rejoin=True)
    for client in (facilitator, ben):
        assert client.take(m.MlsOffered).rejoin == b64(bytes(64))
    ben.add(ana, instead=[ana.leaf])
    assert ana.take(m.MlsWelcomed).epoch == 2
    assert ana.inbox == []
    assert [type(message) for message in facilitator.inbox] == [m.MlsCommitted]


def test_whoever_waits_is_never_offered_to_the_room() -> None:
    world = World()
    facilitator, ana = world.meeting(1)
    world.knock()
    assert [type(message) for message in facilitator.inbox] == [m.Knocked]
    assert ana.inbox == []


# -- Sent to the door -----------------------------------------------------------------------------------------------


def test_when_nobody_holds_a_state_participants_knock_anew() -> None:
    world = World()
    facilitator, ana = world.meeting(1)
    ana.send(m.Subscribe(room=ana.room))
    ana.offer(rejoin=True)
    facilitator.find(m.MlsOffered)
    facilitator.offer(rejoin=True)
    facilitator.take(m.MlsAbandoned)
    ana.take(m.MlsOffered)
    assert ana.find(m.Waiting)[0].facilitator_present
    assert world.take_effects(e.DropMedia)
    ana.say()
    assert ana.error() == "not_permitted"
    facilitator.register(group=b"another group id")
    facilitator.inbox.clear()
    ana.knock()
    knock = facilitator.take(m.Knocked).knock
    assert knock.id == ana.member
    data = b.commit(0, 0, b.add(ana.package), b.LINK, group=b"another group id")
    commit = m.MlsCommit(room=facilitator.room, after=world.head, commit=b64(data), welcome=b64(b.welcome(ana.package)))
    facilitator.send(commit)
    assert ana.find(m.Joined)[0].rooms[0].mls == m.MlsState(b64(b"another group id"), 1, world.head)


def test_who_was_added_by_a_void_commit_knocks_anew() -> None:
    facilitator, _ = settled(1)
    world = facilitator.world
    second = world.second(facilitator)
    world.wait(SETTLE_SECONDS)
    person = world.knock()
    second.add(person)
    assert person.find(m.Joined)
    person.inbox.clear()
    facilitator.find(m.MlsCommitted)
    facilitator.send(m.MlsReject(room=facilitator.room, seq=world.head, statement=b64(b"signed")))
    assert [type(message) for message in person.inbox] == [m.Waiting]
    assert second.find(m.Removed)[0].reason == "faulty"
    assert second.closed == 4000
    assert second.resume().error() == "session_expired"
    assert facilitator.find(m.MlsReopened)[0].reports == [m.Report(facilitator.member, b64(b"signed"))]
    assert [(gone.gone.member, gone.gone.reason) for gone in facilitator.find(m.MemberGone)] == [
        (second.member, "expelled")
    ]
    person.knock()
    facilitator.remove(second)
    facilitator.add(person)
    assert person.find(m.Joined)


# -- Roles ----------------------------------------------------------------------------------------------------------


def test_a_co_facilitator_sees_the_door_and_opens_it() -> None:
    world = World()
    facilitator, ana, ben = world.meeting(2)
    waiting, other = world.knock(), world.knock()
    facilitator.commit(co_facilitators=[ana.member])
    assert [knocked.knock.id for knocked in ana.find(m.Knocked)] == [waiting.member, other.member]
    assert ben.find(m.Knocked) == []
    late = world.knock()
    assert ana.find(m.Knocked)[0].knock.id == late.member
    ana.send(m.Decline(knock=other.member))
    assert other.find(m.Declined)
    ana.add(waiting)
    assert waiting.find(m.Joined)
    ana.remove(ben)
    assert ben.find(m.Removed)
    for message in (m.Lock(locked=True), m.EndMeeting()):
        ana.inbox.clear()
        ana.send(message)
        assert ana.error() == "not_permitted"
    ana.send(m.Ping(n=1))
    assert ana.take(m.Pong).token, "a token that tells the new role"
    ana = ana.resume()
    back = ana.take(m.Joined)
    assert (back.role, [knock.id for knock in back.knocks]) == ("co_facilitator", [late.member])
    facilitator.commit(co_facilitators=[])
    ana.inbox.clear()
    ana.send(m.Decline(knock=late.member))
    assert ana.error() == "not_permitted"


def test_a_role_outlives_a_restart() -> None:
    world = World()
    facilitator, ana = world.meeting(1)
    facilitator.commit(co_facilitators=[ana.member])
    ana.send(m.Ping(n=1))
    world.restart()
    assert ana.resume().take(m.Joined).role == "co_facilitator"


def test_a_commit_that_adds_may_grant_too() -> None:
    world = World()
    facilitator = world.facilitator()
    ana, late = world.knock(), world.knock()
    facilitator.commit(b.add(ana.package), b.LINK, to=[ana.package], co_facilitators=[ana.member])
    assert ana.find(m.Knocked)[0].knock.id == late.member
    ana.add(late)
    assert late.find(m.Joined)


def test_who_is_sent_to_the_door_comes_in_again_as_a_participant() -> None:
    world = World()
    facilitator, ana = world.meeting(1)
    facilitator.commit(co_facilitators=[ana.member])
    facilitator.send(m.Leave())
    ana.offer(rejoin=True)  # nobody holds a state any more
    assert ana.find(m.Waiting)
    facilitator = world.facilitator()
    assert world.room.delivery._sessions[ana.member].role == "participant"
    ana.knock()
    facilitator.add(ana)
    assert ana.find(m.Joined)[-1].role == "participant"


def test_only_facilitators_grant_and_only_with_an_accepted_commit() -> None:
    world = World()
    facilitator, ana, ben = world.meeting(2)
    ana.commit(co_facilitators=[ana.member])
    assert ana.take(m.MlsRefused).code == "not_permitted"
    facilitator.commit(after=0, epoch=0, co_facilitators=[ana.member])
    ben.inbox.clear()
    ana.inbox.clear()
    world.knock()
    assert ana.inbox == []


def test_a_role_is_taken_back_with_its_commit() -> None:
    facilitator, ana = settled(1)
    world = facilitator.world
    second = world.second(facilitator)
    world.wait(SETTLE_SECONDS)
    second.commit(co_facilitators=[ana.member])
    facilitator.send(m.MlsReject(room=facilitator.room, seq=world.head, statement=b64(b"signed")))
    ana.inbox.clear()
    world.knock()
    assert ana.find(m.Knocked) == []


# -- Ready ----------------------------------------------------------------------------------------------------------


def test_senders_are_told_when_everybody_there_has_the_keys() -> None:
    world = World()
    facilitator, ana, ben = world.meeting(2)
    late = world.facilitator()
    late.inbox.clear()
    facilitator.applied()
    ana.applied()
    assert facilitator.inbox == []
    ben.applied()
    for client in (facilitator, ana, ben):
        assert client.take(m.MlsReady) == m.MlsReady(client.room, epoch=1)
    ana.applied()
    assert facilitator.inbox == late.inbox == []


@pytest.mark.parametrize("how", ["lost", "left", "removed"])
def test_who_is_not_there_holds_nothing_up(how: str) -> None:
    world = World()
    facilitator, ana, ben = world.meeting(2)
    facilitator.applied()
    ana.applied()
    if how == "lost":
        ben.lose()
    elif how == "left":
        ben.send(m.Leave())
    else:
        facilitator.remove(ben)
        facilitator.applied()
        ana.applied()
    epoch = 2 if how == "removed" else 1
    assert [ready.epoch for ready in ana.find(m.MlsReady)] == [epoch]


def test_a_newcomer_counts() -> None:
    world = World()
    facilitator, ana = world.meeting(1)
    person = world.knock()
    facilitator.add(person)
    facilitator.applied()
    ana.applied()
    assert ana.find(m.MlsReady) == []
    person.applied()
    assert [ready.epoch for ready in ana.find(m.MlsReady)] == [2]


# -- What is refused ------------------------------------------------------------------------------------------------


def test_what_the_delivery_service_refuses_names_the_message() -> None:
    world = World()
    _, ana = world.meeting(1)
    junk: str = "AAAA"
    for message, code in (
        (m.MlsCommit(room=ana.room, after=1, commit=junk), "malformed"),
        (m.MlsCommit(room=ana.room, after=1, commit="A" * 5), "malformed"),
        (m.MlsOffer(room=ana.room, key_package=junk), "malformed"),
        (m.MlsRegister(room=ana.room, group="A" * 22, epoch=0, leaves=[m.Seat(0, ana.member)]), "not_permitted"),
        (m.MlsReject(room=ana.room, seq=99, statement=junk), "stale"),
    ):
        ana.send(message)
        about = str(message.__struct_config__.tag)
        assert ana.take(m.MlsRefused) == m.MlsRefused(room=ana.room, code=code, about=about)  # type: ignore[arg-type]
    ana.send(m.Say(room=ana.room, n=7, body=junk))
    assert ana.take(m.MlsRefused) == m.MlsRefused(room=ana.room, code="malformed", about="say", n=7)
    ana.send(m.MlsCatchUp(room=ana.room, epoch=99, applied=0, seen=0))
    assert ana.take(m.MlsMustRejoin).reason == "behind"


def test_one_leaf_for_two_is_malformed() -> None:
    world = World()
    client = Client(world)
    facilitator = world.facilitator()
    facilitator.send(
        m.MlsRegister(
            room=facilitator.room,
            group=b64(b.GROUP),
            epoch=0,
            leaves=[m.Seat(0, facilitator.member), m.Seat(0, "other000")],
        )
    )
    assert facilitator.find(m.MlsRefused)[0].code == "malformed"
    assert client.inbox == []


def test_what_is_said_comes_back_and_reaches_whom_it_is_for() -> None:
    world = World()
    facilitator, ana, ben = world.meeting(2)
    ana.say("hello")
    said = [client.take(m.Said) for client in (facilitator, ana, ben)]
    assert {(one.seq, one.epoch, one.sender, one.n, text_of(one)) for one in said} == {
        (said[0].seq, 1, ana.member, 1, "hello")
    }
    ana.say("psst", to=ben.member)
    assert ben.take(m.Said).to == ben.member
    assert text_of(ana.take(m.Said)) == "psst"
    assert facilitator.inbox == []
