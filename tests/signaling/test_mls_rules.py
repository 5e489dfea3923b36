import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.messages import Refusal
from signaling.mls_messages import read_commit, read_welcome
from signaling.mls_rules import Change, Role, RuleError, Session, change_of
from tests.signaling import mls_bytes as b

LEAVES = {0: "fac", 1: "co", 2: "par", 3: "pat", 4: "left"}
COMING = {name: b.key_package(name) for name in ("new", "newfac", "par", "pat")}


def sessions() -> dict[str, Session]:
    """A facilitator, a co-facilitator, participants, one who left, and people who offer a KeyPackage."""
    found = {name: Session("participant") for name in ("par", "pat", "left", "new")}
    found |= {"fac": Session("facilitator"), "co": Session("co_facilitator"), "newfac": Session("facilitator")}
    found["left"].gone = True
    for name, package in COMING.items():
        found[name].key_package, found[name].ref = package, b.ref(package)
    return found


def change(sender: str, *proposals: bytes, to: tuple[str, ...] = (), path: bool | None = None) -> Change:
    leaf = next(leaf for leaf, member in LEAVES.items() if member == sender)
    data = b.commit(leaf, 3, *proposals, path=path)
    letter = read_welcome(b.welcome(*(COMING[name] for name in to))) if to else None
    return change_of(read_commit(data), letter, sender, LEAVES, sessions())


def refused(sender: str, *proposals: bytes, to: tuple[str, ...] = (), path: bool | None = None) -> Refusal:
    with pytest.raises(RuleError) as caught:
        change(sender, *proposals, to=to, path=path)
    return caught.value.code


ADD_NEW = (b.add(COMING["new"]), b.LINK)
ADD_FAC = (b.add(COMING["newfac"]), b.LINK)
BACK = (b.remove(3), b.add(COMING["pat"]), b.LINK)
ALL: tuple[Role, ...] = ("facilitator", "co_facilitator", "participant")


@pytest.mark.parametrize(
    ("what", "to", "may"),
    [
        (ADD_NEW, ("new",), "fac co"),
        (ADD_FAC, ("newfac",), "fac co par"),
        (BACK, ("pat",), "fac co par"),
        ((b.remove(4),), (), "fac co par"),
        ((b.remove(4), *ADD_FAC), ("newfac",), "fac co par"),
        ((b.remove(3),), (), "fac co"),
        ((b.remove(3), b.remove(4)), (), "fac co"),
        ((b.remove(3), *ADD_FAC), ("newfac",), "fac co"),
        ((), (), "fac"),
    ],
)
def test_who_may_do_what(what: tuple[bytes, ...], to: tuple[str, ...], may: str) -> None:
    for sender in ("fac", "co", "par"):
        if sender in may.split():
            change(sender, *what, to=to)
        else:
            assert refused(sender, *what, to=to) == "not_permitted"


def test_only_a_facilitator_removes_a_facilitator() -> None:
    assert refused("co", b.remove(0)) == "not_permitted"
    assert refused("par", b.remove(0)) == "not_permitted"
    assert refused("par", b.remove(1)) == "not_permitted"
    assert change("fac", b.remove(1)).removed == {"co"}


def test_newcomers_take_the_leftmost_empty_leaf() -> None:
    done = change("fac", b.remove(2), b.remove(4), *ADD_NEW, to=("new",))
    assert done.leaves == {0: "fac", 1: "co", 2: "new", 3: "pat"}
    assert done.added.keys() == {"new"}
    assert done.removed == {"par", "left"}
    both = change("fac", b.add(COMING["newfac"]), b.add(COMING["new"]), b.LINK, to=("new", "newfac"))
    assert both.leaves == LEAVES | {5: "newfac", 6: "new"}


def test_coming_back_is_one_leaf_for_the_other() -> None:
    done = change("par", *BACK, to=("pat",))
    assert (done.leaves, done.removed) == (LEAVES, frozenset())
    assert refused("fac", b.add(COMING["pat"]), b.LINK, to=("pat",)) == "not_permitted"


def test_no_other_proposals() -> None:
    assert refused("fac", b.EMPTY_EXTENSIONS) == "proposal"
    assert refused("fac", b.add(COMING["new"]), b.RESUMPTION, to=("new",)) == "proposal"


def test_the_links_key_goes_with_every_add_and_with_nothing_else() -> None:
    assert refused("fac", b.add(COMING["new"]), to=("new",)) == "no_key"
    assert refused("fac", *ADD_NEW, b.LINK, to=("new",)) == "no_key"
    assert refused("fac", b.LINK, path=True) == "no_key"


def test_whoever_is_removed_gets_no_key_of_the_next_epoch() -> None:
    assert refused("fac", b.remove(3), path=False) == "no_path"
    assert refused("fac", path=False) == "no_path"
    assert refused("fac", b.remove(3), *ADD_NEW, to=("new",), path=False) == "no_path"
    assert change("fac", *ADD_NEW, to=("new",), path=False).added.keys() == {"new"}


def test_removes_name_others_who_are_there_once() -> None:
    for leaves in ((0,), (3, 3), (9,)):
        assert refused("fac", *(b.remove(leaf) for leaf in leaves)) == "not_permitted"


def test_a_welcome_is_for_exactly_those_who_are_added() -> None:
    assert refused("fac", *ADD_NEW) == "welcome"
    assert refused("fac", *ADD_NEW, to=("newfac",)) == "welcome"
    assert refused("fac", *ADD_NEW, to=("new", "newfac")) == "welcome"
    assert refused("fac", *ADD_NEW, to=("new", "new")) == "welcome"
    assert refused("fac", b.remove(3), to=("new",)) == "welcome"


def test_only_those_who_offered_are_added() -> None:
    ghost = b.key_package("ghost")
    assert refused("fac", b.add(ghost), b.LINK) == "unknown_key_package"
    assert refused("fac", b.add(COMING["new"]), *ADD_NEW, to=("new", "new")) == "unknown_key_package"


def test_the_sender_is_the_sessions_leaf() -> None:
    for leaf in (1, 9):
        with pytest.raises(RuleError) as caught:
            change_of(read_commit(b.commit(leaf, 3)), None, "fac", LEAVES, sessions())
        assert caught.value.code == "foreign"


@given(
    st.sampled_from(["fac", "co", "par"]),
    st.lists(st.integers(0, 9), max_size=4),
    st.sets(st.sampled_from(list(COMING))),
)
def test_nobody_has_two_leaves_and_nobody_vanishes(sender: str, removes: list[int], adds: set[str]) -> None:
    names = sorted(adds)
    proposals = [b.remove(leaf) for leaf in removes] + [b.add(COMING[name]) for name in names]
    if names:
        proposals.append(b.LINK)
    try:
        done = change(sender, *proposals, to=tuple(names))
    except RuleError:
        return
    members = list(done.leaves.values())
    assert len(members) == len(set(members))
    assert set(members) == (set(LEAVES.values()) - done.removed) | adds
    assert sender in members
    if sender != "fac":
        assert "fac" in members
