"""One room: who sits there, who has gone, who holds the newest keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling import messages as m
from signaling.room import Room
from signaling.session import GRACE_SECONDS
from tests.signaling import mls_bytes as b

NOW = 1_700_000_000.0


def room(*participants: str) -> Room:
    """A facilitator and people, all with a leaf, and a commit after which nobody has told anything."""
    found = Room("room", limit=50)
    for member in ("fac", *participants):
        found.members[member] = None
        found.delivery.arrive(member, "facilitator" if member == "fac" else "participant", now=NOW)
    leaves = dict(enumerate(("fac", *participants)))
    found.delivery.register("fac", b.GROUP, 5, leaves, now=NOW)
    assert found.moved()
    return found


def commit(found: Room, *proposals: bytes) -> None:
    delivery = found.delivery
    data = b.commit(0, delivery.epoch, *proposals)
    delivery.commit("fac", delivery._log.head, data, None, now=NOW)


def test_who_has_left_is_told_once_and_known_until_the_leaf_is_removed() -> None:
    found = room("ana", "ben")
    found.end("ana", "left", "signed", now=NOW)
    gone = m.Gone(member="ana", reason="left", leaving="signed")
    assert found.newly_gone() == [gone]
    assert found.newly_gone() == []
    assert list(found.gone.values()) == [gone]
    assert "ana" not in found.members
    commit(found, b.remove(1))
    assert found.newly_gone() == []
    assert found.gone == {}


def test_who_goes_without_a_leaf_leaves_nothing_behind() -> None:
    found = room("ana")
    found.members["new"] = None
    found.delivery.arrive("new", "facilitator", now=NOW)
    found.end("new", "lost", now=NOW)
    assert found.newly_gone() == []


def test_who_was_expelled_or_removed_by_a_void_commit_is_told_too() -> None:
    found = room("ana", "ben")
    found.delivery.arrive("ana", "co_facilitator", now=NOW)
    data = b.commit(1, 5, b.remove(2))
    found.delivery.commit("ana", found.delivery._log.head, data, None, now=NOW)
    assert found.moved()
    assert found.newly_gone() == []
    found.delivery.reject("fac", found.delivery.seq, b"signed", now=NOW)
    assert found.moved()
    assert [(gone.member, gone.reason) for gone in found.newly_gone()] == [("ana", "expelled"), ("ben", "expelled")]


def test_everybody_who_is_connected_makes_it_ready_once() -> None:
    found = room("ana", "ben")
    everybody = ["fac", "ana", "ben", "visitor"]
    assert found.ready(everybody) is None
    found.applied("fac", 5)
    found.applied("ana", 5)
    assert found.ready(everybody) is None
    assert found.ready(["fac", "ana"]) == 5
    assert found.ready(["fac", "ana"]) is None
    commit(found)
    assert found.moved()
    for member in ("fac", "ana", "ben"):
        found.applied(member, 5)
    assert found.ready(everybody) is None, "that was the epoch before"
    for member in ("fac", "ana", "ben"):
        found.applied(member, 6)
    assert found.ready(everybody) == 6


def test_nobody_there_and_nobody_with_a_leaf_make_nothing_ready() -> None:
    found = room("ana")
    assert found.ready([]) is None
    found.applied("visitor", 5)
    assert found.ready(["visitor"]) is None
    fresh = Room("room", limit=50)
    fresh.applied("fac", 0)
    assert fresh.ready(["fac"]) is None


def test_what_was_applied_counts_for_one_state_only() -> None:
    found = room("ana", "ben")
    found.delivery.arrive("ana", "co_facilitator", now=NOW)
    head = found.delivery._log.head
    found.delivery.commit("ana", head, b.commit(1, 5, b.remove(2)), None, now=NOW)
    found.moved()
    found.applied("ana", 6)
    found.delivery.reject("fac", found.delivery.seq, b"signed", now=NOW)
    found.moved()
    commit(found, b.remove(1), b.remove(2))
    found.moved()
    found.applied("fac", 6)
    assert found.ready(["fac", "ana"]) == 6
    assert found.holders == {"fac"}


def test_people_who_do_not_come_back_after_a_restart_are_overdue() -> None:
    found = room("ana", "ben")
    found.members.clear()
    found.expect({"ana", "ben"}, now=NOW)
    found.expect({"ana", "ben"}, now=NOW + 50)
    assert found.overdue(now=NOW + GRACE_SECONDS - 1) == []
    found.expect({"ben"}, now=NOW + 100)
    assert found.overdue(now=NOW + GRACE_SECONDS) == ["ben"]
    found.end("ben", "lost", now=NOW + GRACE_SECONDS)
    assert found.overdue(now=NOW + GRACE_SECONDS) == []
    assert [gone.member for gone in found.newly_gone()] == ["ben"]


def test_who_came_back_in_time_is_not_overdue() -> None:
    found = room("ana")
    found.members.clear()
    found.expect({"ana"}, now=NOW)
    found.members["ana"] = None
    assert found.overdue(now=NOW + GRACE_SECONDS) == []


@pytest.mark.parametrize("seq", [0, 1000])
def test_moved_is_told_once(seq: int) -> None:
    found = Room("room", limit=5, seq=seq)
    assert not found.moved()
    found.delivery.arrive("fac", "facilitator", now=NOW)
    found.delivery.register("fac", b.GROUP, 0, {0: "fac"}, now=NOW)
    assert [found.moved(), found.moved()] == [True, False]
    found.delivery.offer("fac", b.key_package("fac"), now=NOW)  # lost the state, and was alone
    assert found.delivery.state is None
    assert [found.moved(), found.moved()] == [True, False]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["applied", "commit", "lose", "back", "end"]), st.sampled_from(["fac", "a", "b", "c"])
        )
    )
)
def test_ready_comes_once_for_a_state_and_only_when_all_have_its_keys(steps: list[tuple[str, str]]) -> None:
    found = room("a", "b", "c")
    connected = {"fac", "a", "b", "c"}
    told: list[int] = []
    has: dict[str, int] = {}
    for step, who in steps:
        match step:
            case "applied":
                found.applied(who, found.delivery.epoch)
                has[who] = found.delivery.epoch
            case "commit":
                commit(found)
            case "lose":
                connected.discard(who)
            case "back" if who in found.members:
                connected.add(who)
            case "end" if who != "fac":
                found.end(who, "left", now=NOW)
                connected.discard(who)
        found.moved()
        found.newly_gone()
        assert set(found.gone) == set(found.delivery.absent)
        epoch = found.ready(connected)
        waiting = {member for member in connected if has.get(member) != found.delivery.epoch}
        if epoch is not None:
            assert epoch == found.delivery.epoch
            assert not waiting
            told.append(epoch)
        elif connected and not waiting:
            assert told[-1:] == [found.delivery.epoch]
    assert told == sorted(set(told))
