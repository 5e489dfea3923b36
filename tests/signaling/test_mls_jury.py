import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.mls_jury import Case, case_of, verdict
from signaling.mls_log import Committed
from signaling.mls_messages import read_key_package
from signaling.mls_rules import Change, Role, Session
from tests.signaling.mls_bytes import key_package

ENTRY = Committed(9, 3, "sender", b"", 8)


def case(by: Role, *judges: str) -> Case:
    return Case(ENTRY, 0.0, by, {}, Change({}), frozenset(judges))


def sessions(**roles: Role) -> dict[str, Session]:
    return {name: Session(role) for name, role in roles.items()}


def after(found: Case, people: dict[str, Session], *reporters: str) -> str:
    for reporter in reporters:
        found.reports[reporter] = b""
    return verdict(found, people)


def test_a_facilitators_word_is_enough() -> None:
    people = sessions(fac="facilitator", a="participant", b="participant")
    for by in ("participant", "co_facilitator", "facilitator"):
        assert after(case(by, "fac", "a", "b"), people, "fac") == "reopen"


def test_participants_never_undo_what_a_facilitator_did() -> None:
    names = [f"p{i}" for i in range(20)]
    people: dict[str, Session] = {name: Session("participant") for name in names} | {"co": Session("co_facilitator")}
    assert after(case("facilitator", *people), people, *people) == "stands"


@pytest.mark.parametrize(("judges", "needed"), [(1, None), (2, 2), (3, 2), (4, 3), (5, 3), (20, 11)])
def test_more_than_half_and_at_least_two(judges: int, needed: int | None) -> None:
    names = [f"p{i}" for i in range(judges)]
    people = {name: Session("participant") for name in names}
    found = case("participant", *names)
    for count, name in enumerate(names, start=1):
        wanted = "stands" if needed is None else "reopen" if count >= needed else "wait"
        assert after(found, people, name) == wanted


def test_one_participant_waits_for_a_facilitators_word() -> None:
    people = sessions(fac="facilitator", a="participant")
    assert after(case("participant", "fac", "a"), people, "a") == "wait"


def test_those_who_left_do_not_count() -> None:
    people = sessions(fac="facilitator", a="participant", b="participant", c="participant")
    people["fac"].gone = people["c"].gone = True
    found = case("participant", "fac", "a", "b", "c", "forgotten")
    assert after(found, people, "fac") == "wait"
    assert after(found, people, "a") == "wait"
    assert after(found, people, "b") == "reopen"


def test_who_judges() -> None:
    people = sessions(sender="participant", a="participant", out="participant", back="participant", left="participant")
    people["left"].gone = True
    leaves = {0: "sender", 1: "a", 2: "out", 3: "back", 4: "left"}
    added = {name: read_key_package(key_package(name)) for name in ("back", "new")}
    change = Change({0: "sender", 1: "a", 3: "back", 2: "new"}, added, frozenset({"out", "left"}))
    assert case_of(ENTRY, change, leaves, people, now=1.0).judges == {"a"}


@given(st.sets(st.integers(0, 9)), st.sets(st.integers(0, 9)), st.booleans())
def test_a_minority_of_participants_expels_nobody(judges: set[int], reports: set[int], by_facilitator: bool) -> None:
    people = {str(number): Session("participant") for number in range(10)}
    found = case("facilitator" if by_facilitator else "participant", *map(str, judges))
    said = after(found, people, *map(str, reports))
    count = len(judges & reports)
    assert (said == "reopen") == (not by_facilitator and count >= 2 and 2 * count > len(judges))
