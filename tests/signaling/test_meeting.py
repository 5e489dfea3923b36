"""One meeting: places, rooms, marks."""

from __future__ import annotations

import pytest

from signaling.meeting import RESTORED_SEQ_PER_SECOND, Attendee, Meeting
from signaling.permissions import RefusedError
from signaling.session import GRACE_SECONDS, mark_digest
from tests.signaling import mls_bytes as b


def meeting(limit: int = 50) -> Meeting:
    return Meeting("meeting1", "room0001", number=1, limit=limit, started=100.0)


def restored(now: float) -> Meeting:
    marks = [mark_digest("meeting1", "session", "gone"), mark_digest("meeting1", "browser", "theirs")]
    return Meeting.restored("meeting1", "room0001", marks, number=2, limit=50, started=100.0, now=now)


def seat(found: Meeting, name: str, connection: int | None = 1, rooms: list[str] | None = None) -> Attendee:
    attendee = Attendee(name, "participant", None, connection, rooms=rooms or [])
    found.seat(attendee, now=100)
    return attendee


def test_a_full_meeting_says_so() -> None:
    found = meeting(limit=2)
    seat(found, "a")
    found.check_place()
    seat(found, "b")
    with pytest.raises(RefusedError) as refused:
        found.check_place()
    assert refused.value.code == "meeting_full"
    found.check_place("a")


def test_a_leaf_keeps_its_place_until_it_is_removed() -> None:
    found = meeting(limit=2)
    seat(found, "a")
    delivery = found.rooms["room0001"].delivery
    delivery.arrive("a", "facilitator", now=100)
    delivery.register("a", b.GROUP, 3, {0: "a", 1: "away"}, now=100)
    with pytest.raises(RefusedError):
        found.check_place()
    found.check_place("away")
    found.drop("a", now=100)
    with pytest.raises(RefusedError):
        found.check_place()


def test_a_meeting_is_over_two_minutes_after_the_last_member() -> None:
    found = meeting()
    assert not found.over(now=10_000)
    seat(found, "a")
    found.drop("a", now=200)
    assert found.rooms["room0001"].members == {}
    assert not found.over(now=199 + GRACE_SECONDS)
    assert found.over(now=200 + GRACE_SECONDS)
    seat(found, "b")
    assert not found.over(now=10_000)


def test_members_expire_by_the_time_they_were_lost() -> None:
    found = meeting()
    person = seat(found, "a")
    assert found.expired(now=10_000) == []
    person.connection, person.lost_at = None, 300.0
    assert found.connected == set()
    assert found.expired(now=299 + GRACE_SECONDS) == []
    assert found.expired(now=300 + GRACE_SECONDS) == [person]


def test_who_is_seated_while_away_expires_too() -> None:
    found = meeting()
    person = seat(found, "a", connection=None)
    assert person.lost_at == 100
    assert not person.as_member().connected


def test_after_a_restart_numbers_go_on_and_nobody_leads() -> None:
    found = restored(now=160.0)
    assert found.rooms["room0001"].delivery.seq == 60 * RESTORED_SEQ_PER_SECOND
    assert found.unled_since == found.empty_since == 160.0
    assert not found.facilitated
    assert restored(now=99.0).rooms["room0001"].delivery.seq == 0, "a clock that was set back"


def test_rooms_that_are_not_there_are_not_entered() -> None:
    found = restored(now=160.0)
    person = seat(found, "a", rooms=["elsewhere", "room0001"])
    assert person.rooms == ["room0001"]
    assert seat(found, "b", rooms=["elsewhere"]).rooms == ["room0001"]
    with pytest.raises(RefusedError) as refused:
        found.room_of("a", "elsewhere")
    assert refused.value.code == "no_such_room"
    with pytest.raises(RefusedError):
        found.room_of("stranger", "room0001")


def test_marks_outlive_a_restart() -> None:
    found = restored(now=160.0)
    assert found.session_ended("gone")
    assert not found.session_ended("other")
    assert found.removed_earlier("theirs")
    assert not found.removed_earlier("other")
    assert not found.removed_earlier(None)


def test_a_lost_facilitator_cannot_open_the_door() -> None:
    found = meeting()
    seat(found, "a").role = "co_facilitator"
    assert not found.facilitated
    facilitator = seat(found, "f")
    facilitator.role = "facilitator"
    assert found.facilitated
    facilitator.connection = None
    assert not found.facilitated
