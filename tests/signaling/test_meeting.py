"""One meeting: leaves, order, places, marks."""

from __future__ import annotations

import pytest

from signaling.meeting import LEAVES, RESTORED_FIRST_LEAF, RESTORED_SEQ_PER_SECOND, Attendee, Meeting
from signaling.permissions import RefusedError
from signaling.session import GRACE_SECONDS, mark_digest


def meeting(limit: int = 50) -> Meeting:
    return Meeting("meeting1", "room0001", number=1, limit=limit, started=100.0)


def restored(now: float) -> Meeting:
    marks = [mark_digest("meeting1", "session", "gone"), mark_digest("meeting1", "browser", "theirs")]
    return Meeting.restored("meeting1", "room0001", marks, number=2, limit=50, started=100.0, now=now)


def admit(found: Meeting, name: str, now: float = 100.0) -> Attendee:
    return found.admit(name, "participant", None, 1, now=now)


def test_leaves_are_the_lowest_free_and_order_rises() -> None:
    found = meeting()
    people = [admit(found, name) for name in "abc"]
    assert [p.leaf for p in people] == [0, 1, 2]
    found.drop("b", now=100)
    again = admit(found, "d")
    assert again.leaf == 1
    orders = [p.order for p in [*people, again]]
    assert orders == sorted(set(orders))


def test_a_full_meeting_says_so() -> None:
    found = meeting(limit=1)
    admit(found, "a")
    with pytest.raises(RefusedError) as refused:
        admit(found, "b")
    assert refused.value.code == "meeting_full"
    assert list(found.attendees) == ["a"]


def test_a_meeting_is_over_two_minutes_after_the_last_member() -> None:
    found = meeting()
    assert not found.over(now=10_000)
    admit(found, "a")
    found.drop("a", now=200)
    assert not found.over(now=199 + GRACE_SECONDS)
    assert found.over(now=200 + GRACE_SECONDS)
    admit(found, "b")
    assert not found.over(now=10_000)


def test_members_expire_by_the_time_they_were_lost() -> None:
    found = meeting()
    person = admit(found, "a")
    assert found.expired(now=10_000) == []
    person.connection, person.lost_at = None, 300.0
    assert found.expired(now=299 + GRACE_SECONDS) == []
    assert found.expired(now=300 + GRACE_SECONDS) == [person]


def test_after_a_restart_old_places_stay_free_and_numbers_go_on() -> None:
    before = meeting()
    old = [admit(before, name, now=100 + i) for i, name in enumerate("abc")]
    found = restored(now=160.0)
    newcomer = admit(found, "new", now=161.0)
    assert newcomer.leaf >= RESTORED_FIRST_LEAF
    assert newcomer.order > old[-1].order
    assert found.rooms["room0001"].seq == 60 * RESTORED_SEQ_PER_SECOND
    for person in old:
        found.take_up(Attendee(person.id, person.role, person.leaf, person.order, None, 1), ["room0001"], now=162)
    assert admit(found, "later", now=161.0).order > newcomer.order
    assert found.over(now=10_000) is False


def test_a_leaf_is_never_given_twice() -> None:
    found = restored(now=160.0)
    leaf = admit(found, "new").leaf
    with pytest.raises(RefusedError) as refused:
        found.take_up(Attendee("a", "participant", leaf, 1, None, 1), ["room0001"], now=161)
    assert refused.value.code == "session_expired"
    assert "a" not in found.attendees


@pytest.mark.parametrize("age", [0, 500, 511, 512, -5])
def test_leaves_wrap_within_the_upper_half_until_it_is_full(age: int) -> None:
    found = Meeting.restored("meeting1", "room0001", [], number=1, limit=LEAVES, started=0, now=age)
    leaves = [admit(found, str(i), now=0).leaf for i in range(LEAVES)]
    assert min(leaves[: LEAVES - RESTORED_FIRST_LEAF]) == RESTORED_FIRST_LEAF
    assert sorted(leaves) == list(range(LEAVES))


def test_rooms_that_are_not_there_are_not_entered() -> None:
    found = restored(now=160.0)
    person = Attendee("a", "participant", 0, 1, None, 1)
    found.take_up(person, ["elsewhere", "room0001"], now=161)
    assert person.rooms == ["room0001"]
    with pytest.raises(RefusedError) as refused:
        found.room_of("a", "elsewhere")
    assert refused.value.code == "no_such_room"


def test_marks_outlive_a_restart() -> None:
    found = restored(now=160.0)
    assert found.session_ended("gone")
    assert not found.session_ended("other")
    assert found.removed_earlier("theirs")
    assert not found.removed_earlier("other")
    assert not found.removed_earlier(None)


def test_a_lost_facilitator_cannot_open_the_door() -> None:
    found = meeting()
    admit(found, "a")
    assert not found.facilitated
    facilitator = found.admit("f", "facilitator", None, 2, now=100)
    assert found.facilitated
    facilitator.connection = None
    assert not found.facilitated
