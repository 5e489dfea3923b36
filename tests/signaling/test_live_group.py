"""One group by itself: coming in and back, losing sockets, leaving, and what time does."""

from __future__ import annotations

import pytest

from signaling import effects as e
from signaling import messages as m
from signaling.links import b64
from signaling.live_group import LiveGroup
from signaling.meeting import Meeting
from signaling.permissions import RefusedError, Standing
from signaling.rate_limit import Allowance, Limits
from signaling.session import GRACE_SECONDS, RENEW_SECONDS, TOKEN_SECONDS, Claims
from tests.signaling import mls_bytes as b
from tests.signaling.around import GROUP, NOW, Around
from tests.signaling.world import Keys

KEY = "k" * 43
GOOD = [KEY]


class House:
    """A group with what is around it. Tests number the connections."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.around = Around(limits)
        self.group = LiveGroup(GROUP, self.around.surroundings)

    @property
    def meeting(self) -> Meeting:
        assert self.group.meeting is not None
        return self.group.meeting

    def knock(self, connection: int, browser: str | None = None) -> str:
        session = self.group.wait(connection, browser, now=NOW)
        package = b64(b.key_package(session))
        self.group.knock(session, m.SendKnock(sealed="name", key_package=package), "nonce", now=NOW)
        return session

    def lead(self, connection: int = 1) -> str:
        """A facilitator, who founds the group."""
        session = self.group.enter(connection, KEY, now=NOW)
        seats = [m.Seat(0, session)]
        register = m.MlsRegister(room=self.meeting.main_room, group=b64(b.GROUP), epoch=0, leaves=seats)
        self.group.act_in_group(session, register, now=NOW)
        return session

    def admit(self, facilitator: str, *sessions: str) -> None:
        packages = [b.key_package(session) for session in sessions]
        delivery = self.meeting.rooms[self.meeting.main_room].delivery
        commit = m.MlsCommit(
            room=self.meeting.main_room,
            after=delivery.seq,
            commit=b64(b.commit(0, delivery.epoch, *map(b.add, packages), b.LINK)),
            welcome=b64(b.welcome(*packages)),
        )
        self.group.act_in_group(facilitator, commit, now=NOW)

    def token(self, session: str) -> Claims:
        holder = self.group._holder(session)
        assert holder is not None
        return self.around.claims(self.group._token(holder, now=NOW))

    def refused(self, claims: Claims, *, now: float = NOW, good: list[str] = GOOD) -> tuple[str, int | None]:
        """With what code `resume` refuses, and for how long."""
        with pytest.raises(RefusedError) as caught:
            self.group.resume(7, claims, good, now=now)
        return caught.value.code, caught.value.retry_after


@pytest.fixture
def house() -> House:
    return House()


def test_a_locked_door_lets_nobody_come_to_it(house: House) -> None:
    leader = house.lead()
    house.group.lock(leader, m.Lock(locked=True))
    with pytest.raises(RefusedError, match="meeting_locked"):
        house.group.wait(2, None, now=NOW)
    house.group.lock(leader, m.Lock(locked=False))
    assert house.group.standing(house.group.wait(2, None, now=NOW)) is Standing.WAITING


def test_the_place_of_a_browser_that_was_lost_is_given_to_its_next_knock() -> None:
    house = House(Limits(waiting=1))
    before = house.knock(2, "browser2")
    house.group.lose(before, 2, now=NOW)
    with pytest.raises(RefusedError, match="waiting_room_full"):
        house.group.wait(3, "browser3", now=NOW)
    after = house.knock(3, "browser2")
    assert [house.group.standing(session) for session in (before, after)] == [None, Standing.WAITING]


def test_a_knock_that_cannot_be_added_is_refused_and_shown_to_nobody(house: House) -> None:
    house.lead()
    session = house.group.wait(2, None, now=NOW)
    house.around.take()
    house.group.knock(session, m.SendKnock(sealed="name", key_package="AAAA"), "nonce", now=NOW)
    assert house.around.take() == [e.Send(2, m.MlsRefused(room=None, code="malformed", about="knock"))]


def test_a_knock_from_before_the_meeting_is_judged_again_when_it_begins(house: House) -> None:
    good, stale = house.group.wait(2, None, now=NOW), house.group.wait(3, None, now=NOW)
    for session, lifetime in ((good, (0, 1 << 40)), (stale, (0, int(NOW)))):
        package = b64(b.key_package(session, lifetime))
        house.group.knock(session, m.SendKnock(sealed="name", key_package=package), "nonce", now=NOW)
    assert not house.around.told(3, m.MlsRefused), "good when it came"
    house.group.enter(1, KEY, now=NOW + 100_000)
    assert [told.code for told in house.around.told(3, m.MlsRefused)] == ["clock"]
    assert [knock.id for knock in house.around.told(1, m.Joined)[0].knocks] == [good]


def test_the_first_facilitator_starts_the_meeting_and_the_next_comes_into_it(house: House) -> None:
    first = house.lead()
    meeting = house.meeting
    second = house.group.enter(2, KEY, now=NOW)
    assert house.meeting is meeting
    assert [house.group.standing(session) for session in (first, second)] == [Standing.FACILITATOR] * 2
    assert [effect for effect in house.around.take() if isinstance(effect, e.SaveMeeting)] == [
        e.SaveMeeting(GROUP, meeting.id, meeting.main_room, NOW)
    ]


def test_who_asked_for_it_is_offered_media_behind_joined_and_not_before(house: House) -> None:
    house.group.enter(1, KEY, subscribe=True, now=NOW)
    out = house.around.effects
    (offered,) = [effect for effect in out if isinstance(effect, e.OfferFirst)]
    (joined,) = [effect for effect in out if isinstance(effect, e.Send) and isinstance(effect.message, m.Joined)]
    assert out.index(joined) < out.index(offered)
    assert offered.room == house.meeting.main_room
    assert house.meeting.attendees[offered.member].has_media
    out.clear()
    package = b64(b.key_package("ana"))
    session = house.group.wait(2, None, now=NOW)
    message = m.SendKnock(sealed="name", key_package=package, subscribe=True)
    house.group.knock(session, message, "nonce", now=NOW)
    house.group.enter(3, KEY, now=NOW)
    assert not [effect for effect in out if isinstance(effect, e.OfferFirst)], "who waits, and who did not ask"


def test_coming_back_takes_the_session_over_and_tells_the_others(house: House) -> None:
    leader, guest = house.lead(), house.knock(2)
    house.admit(leader, guest)
    claims = house.token(guest)
    house.around.take()
    assert house.group.resume(3, claims, GOOD, now=NOW) == guest
    effects = house.around.effects
    assert effects[:2] == [e.Send(2, m.TakenOver()), e.Close(2, 4001)]
    assert house.around.told(3, m.Joined)[0].resumed
    assert e.OfferAgain(house.meeting.main_room, guest) in effects
    assert [told.connected for told in house.around.told(1, m.MemberConnection)] == [True]
    house.around.take()
    house.group.lose(guest, 2, now=NOW)
    assert house.around.take() == [], "the older socket's end is nobody's loss"


def test_who_comes_back_to_the_door_is_asked_to_knock_again(house: House) -> None:
    guest = house.knock(2)
    claims = house.token(guest)
    house.group.lose(guest, 2, now=NOW)
    house.around.take()
    assert house.group.resume(3, claims, [], now=NOW + 5) == guest
    assert [type(effect.message) for effect in house.around.take() if isinstance(effect, e.Send)] == [m.Waiting]


def test_a_token_of_another_meeting_or_of_an_ended_session_is_void(house: House) -> None:
    leader, guest = house.lead(), house.knock(2)
    house.admit(leader, guest)
    claims = house.token(guest)
    other = Claims(GROUP, "session9", "joined", meeting="meeting9", role="participant", since=0.0)
    assert house.refused(other)[0] == "session_expired"
    house.group.leave(guest, m.Leave(), now=NOW)
    assert house.refused(claims)[0] == "session_expired"
    house.group.end("facilitator", now=NOW)
    assert house.refused(claims)[0] == "session_expired"


def test_a_facilitators_token_is_good_for_as_long_as_their_link(house: House) -> None:
    claims = house.token(house.lead())
    assert house.group.resume(2, claims, ["other", KEY], now=NOW) == claims.session
    assert house.refused(claims, good=["other"])[0] == "bad_proof"
    assert house.refused(claims)[0] == "session_expired", "the session ended with the link"


def test_one_session_comes_back_so_often_and_then_slower() -> None:
    house = House(Limits(returns=Allowance(2, 0.2)))
    claims = house.token(house.lead())
    for connection in (2, 3):
        house.group.resume(connection, claims, GOOD, now=NOW)
    assert house.refused(claims) == ("rate_limited", 5)
    house.group.resume(4, claims, GOOD, now=NOW + 5)


def test_a_word_to_somebody_without_a_leaf_goes_nowhere(house: House) -> None:
    leader, guest = house.lead(), house.knock(2)
    say = m.Say(room=house.meeting.main_room, n=1, body=b64(b.application(0)), to=guest)
    with pytest.raises(RefusedError, match="no_such_member"):
        house.group.say(leader, say, now=NOW)
    with pytest.raises(RefusedError, match="no_such_room"):
        house.group.say(leader, m.Say(room="room9999", n=1, body="AAAA"), now=NOW)
    house.admit(leader, guest)
    house.around.take()
    house.group.say(leader, m.Say(room=say.room, n=1, body=b64(b.application(1)), to=guest), now=NOW)
    assert [len(house.around.told(connection, m.Said)) for connection in (1, 2)] == [1, 1]


def test_one_leaf_for_two_members_is_no_group(house: House) -> None:
    session = house.group.enter(1, KEY, now=NOW)
    seats = [m.Seat(0, session), m.Seat(0, "somebody")]
    register = m.MlsRegister(room=house.meeting.main_room, group=b64(b.GROUP), epoch=3, leaves=seats)
    house.group.act_in_group(session, register, now=NOW)
    assert [(told.code, told.about) for told in house.around.told(1, m.MlsRefused)] == [("malformed", "mls_register")]


def test_a_media_message_is_handed_on_for_a_room_that_one_is_in(house: House) -> None:
    leader = house.lead()
    house.around.take()
    assert not house.meeting.attendees[leader].has_media
    message = m.Subscribe(room=house.meeting.main_room)
    house.group.negotiate(leader, message)
    assert house.around.take() == [e.Negotiate(message.room, leader, message)]
    assert house.meeting.attendees[leader].has_media
    house.group.report_media_blocked(leader, m.MediaBlocked(room=message.room))
    assert house.around.take() == [e.ReportMediaBlocked()]
    with pytest.raises(RefusedError, match="no_such_room"):
        house.group.negotiate(leader, m.Subscribe(room="room9999"))


def test_a_fresh_token_comes_when_the_last_one_is_old_enough(house: House) -> None:
    leader = house.lead()
    assert house.group.fresh_token(leader, now=NOW + RENEW_SECONDS - 1) is None
    assert house.group.fresh_token(leader, now=NOW + RENEW_SECONDS) is not None
    assert house.group.fresh_token(leader, now=NOW + RENEW_SECONDS + 1) is None
    assert house.group.fresh_token("nobody00", now=NOW) is None


def test_a_place_is_kept_for_a_while_at_the_door_and_in_the_room(house: House) -> None:
    leader, guest, waits = house.lead(), house.knock(2), house.knock(3)
    house.admit(leader, guest)
    house.group.lose(guest, 2, now=NOW)
    house.group.lose(waits, 3, now=NOW)
    house.group.tick(now=NOW + GRACE_SECONDS - 1)
    assert None not in [house.group.standing(session) for session in (guest, waits)]
    house.around.take()
    house.group.tick(now=NOW + GRACE_SECONDS)
    assert [house.group.standing(session) for session in (guest, waits)] == [None, None]
    assert [told.gone.reason for told in house.around.told(1, m.MemberGone)] == ["lost"]
    assert [told.outcome for told in house.around.told(1, m.KnockGone)] == ["withdrawn"]
    room = house.meeting.main_room
    assert [effect for effect in house.around.effects if isinstance(effect, e.DropMedia)] == [e.DropMedia(room, guest)]


def test_nobody_there_ends_the_meeting_and_void_tokens_are_forgotten_in_the_end(house: House) -> None:
    leader = house.lead()
    meeting = house.meeting.id
    house.group.leave(leader, m.Leave(), now=NOW)
    house.around.take()
    house.group.tick(now=NOW + GRACE_SECONDS - 1)
    assert house.group.meeting is not None
    house.group.tick(now=NOW + GRACE_SECONDS)
    assert e.EndMeeting(meeting) in house.around.take()
    assert not house.group.idle
    house.group.tick(now=NOW + GRACE_SECONDS + TOKEN_SECONDS)
    assert house.group.idle


def test_without_a_facilitator_it_ends_after_the_groups_own_time(house: House) -> None:
    leader, guest = house.lead(), house.knock(2)
    house.admit(leader, guest)
    house.group.changed(Keys(role_keys=GOOD, grace_seconds=60), now=NOW)
    house.group.lose(leader, 1, now=NOW)
    house.group.tick(now=NOW + 59)
    assert house.group.meeting is not None
    house.around.take()
    house.group.tick(now=NOW + 60)
    assert [told.reason for told in house.around.told(2, m.Ended)] == ["no_facilitator"]


def test_of_two_meetings_that_ran_the_later_one_is_taken_up(house: House) -> None:
    older, newer = (e.SaveMeeting(GROUP, f"meeting{i}", f"room000{i}", NOW - 100 + i) for i in (1, 2))
    house.group.restore(older, [], now=NOW)
    house.group.restore(newer, ["mark"], now=NOW)
    assert house.around.take() == [e.EndMeeting("meeting1")]
    assert (house.meeting.id, house.meeting.main_room, house.meeting.started) == ("meeting2", "room0002", NOW - 98)
    assert house.meeting.unled_since == NOW
    house.group.tick(now=NOW + GRACE_SECONDS)
    assert house.around.take() == [e.CloseRoom("room0002"), e.EndMeeting("meeting2")]
