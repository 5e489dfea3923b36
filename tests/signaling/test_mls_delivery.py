"""The order of commits and of what is said, letting in and putting out, coming back, and what is forgotten."""

from __future__ import annotations

import ast
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from signaling import mls_effects as e
from signaling.mls_delivery import MAX_SAID_BYTES, Delivery
from signaling.mls_jury import SETTLE_SECONDS, UNSETTLED
from signaling.mls_log import LOG_SECONDS, Committed, Sealed
from tests.signaling import mls_bytes as b
from tests.signaling.mls_desk import NOW, Desk, kept, meeting, receivers, refusal, told

# -- Letting in ----------------------------------------------------------------------------------------------------


def test_a_commit_and_its_welcome_are_one() -> None:
    desk = meeting("par")
    desk.arrive("new")
    desk.offer("new")
    effects = desk.admit("fac", "new")
    assert receivers(effects, Committed) == ["fac", "par"]
    assert receivers(effects, e.Welcomed) == ["new"]
    assert e.In("new") in effects
    (entry,) = told(effects, "par")
    assert isinstance(entry, Committed)
    (welcomed,) = told(effects, "new")
    assert welcomed == e.Welcomed(entry.seq, 2, "fac", b.welcome(b.key_package("new")))
    assert desk.server.leaves == {0: "fac", 1: "par", 2: "new"}


def test_without_its_welcome_a_commit_is_refused_whole() -> None:
    desk = meeting("par")
    desk.arrive("new")
    desk.offer("new")
    assert refusal(desk.commit("fac", b.add(b.key_package("new")), b.LINK)) == "welcome"
    assert (desk.server.epoch, desk.server.leaves) == (1, {0: "fac", 1: "par"})


def test_those_let_in_together_do_not_hear_of_each_others_spent_offers() -> None:
    desk = meeting()
    desk.arrive("two", role="facilitator")
    desk.arrive("a", "b")
    for member in ("two", "a", "b"):
        desk.offer(member)
    assert receivers(desk.admit("fac", "two", "a", "b"), e.Offered) == []


def test_a_new_facilitator_hears_who_waits() -> None:
    desk = meeting("par")
    desk.arrive("new")
    desk.arrive("two", role="facilitator")
    desk.offer("new")
    desk.offer("two")
    assert receivers(desk.admit("par", "two"), e.Offered) == ["two"]


def test_the_meeting_has_a_limit() -> None:
    desk = Desk(limit=2)
    desk.arrive("fac", role="facilitator")
    desk.register("fac")
    desk.arrive("a", "b")
    desk.offer("a")
    desk.offer("b")
    assert refusal(desk.admit("fac", "a", "b")) == "full"
    desk.admit("fac", "a")
    assert refusal(desk.admit("fac", "b")) == "full"


def test_facilitators_without_a_leaf_keep_their_place() -> None:
    desk = Desk(limit=3)
    desk.arrive("fac", "two", role="facilitator")
    desk.register("fac")
    desk.arrive("a", "b")
    for member in ("a", "b", "two"):
        desk.offer(member)
    assert refusal(desk.admit("fac", "a", "b")) == "full"
    desk.admit("fac", "a")
    assert receivers(desk.admit("a", "two"), e.Welcomed) == ["two"]


# -- Co-facilitators -----------------------------------------------------------------------------------------------


def test_an_accepted_commit_grants_and_withdraws() -> None:
    desk = meeting("par", "pat")
    effects = desk.grant("fac", "par", "nobody", "fac")
    assert [effect for effect in effects if not isinstance(effect, e.Tell)] == [e.Became("par", "co_facilitator")]
    assert refusal(desk.grant("par", "par", "pat")) == "not_permitted"
    effects = desk.grant("fac", "pat")
    changes = {effect for effect in effects if isinstance(effect, e.Became)}
    assert changes == {e.Became("par", "participant"), e.Became("pat", "co_facilitator")}
    assert not [effect for effect in desk.commit("fac") if isinstance(effect, e.Became)], "others leave it as it is"
    assert [f for f in desk.grant("fac") if isinstance(f, e.Became)] == [e.Became("pat", "participant")]


def test_what_a_participant_may_commit_grants_nobody_anything() -> None:
    desk = meeting("par", "pat")
    desk.server.leave("pat", now=desk.now)
    pat, sender = desk.leaf("pat"), desk.leaf("par")
    data = b.commit(sender, desk.server.epoch, b.remove(pat))
    assert refusal(desk.server.commit("par", desk.head, data, None, ["par"], now=desk.now)) == "not_permitted"
    assert receivers(desk.server.commit("par", desk.head, data, None, None, now=desk.now), Committed) == ["fac", "par"]


def test_a_refused_commit_grants_nothing() -> None:
    desk = meeting("par")
    late = desk.server.commit("fac", desk.head + 1, b.commit(0, 9), None, ["par"], now=desk.now)
    assert not [effect for effect in late if isinstance(effect, e.Became)]
    desk.arrive("new")
    desk.offer("new")
    assert refusal(desk.admit("par", "new")) == "not_permitted"


def test_a_grant_is_void_with_its_commit() -> None:
    desk = meeting("par", "pat", facilitators=("fac", "two"))
    desk.grant("fac", "pat")
    desk.tick(SETTLE_SECONDS)
    (entry, *_) = told(desk.grant("fac", "par"), "two")
    assert isinstance(entry, Committed)
    effects = desk.reject("two", entry.seq)
    changes = {effect for effect in effects if isinstance(effect, e.Became)}
    assert changes == {e.Became("par", "participant"), e.Became("pat", "co_facilitator")}


# -- The order -----------------------------------------------------------------------------------------------------


def test_the_first_commit_wins_and_the_other_is_told_what_it_missed() -> None:
    desk = meeting("par", facilitators=("fac", "two"))
    head, epoch = desk.head, desk.server.epoch
    effects = desk.commit("fac")
    late = desk.server.commit("two", head, b.commit(desk.leaf("two"), epoch), None, now=NOW)
    assert late == [e.Tell("two", e.Rebase(tuple(m for m in told(effects, "two") if isinstance(m, Committed))))]
    assert desk.server.epoch == epoch + 1


def test_a_commit_sent_twice_is_answered_twice_and_done_once() -> None:
    desk = meeting("par")
    head, data = desk.head, b.commit(0, 1)
    first = desk.server.commit("fac", head, data, None, now=NOW)
    again = desk.server.commit("fac", head, data, None, now=NOW)
    assert again == [effect for effect in first if effect == e.Tell("fac", told(first, "fac")[0])]
    assert desk.server.epoch == 2


def test_a_commit_for_a_state_that_never_was() -> None:
    desk = meeting("par")
    for after, epoch in ((desk.head + 5, 1), (desk.head, 9)):
        effects = desk.server.commit("fac", after, b.commit(0, epoch), None, now=NOW)
        assert told(effects, "fac") == [e.MustRejoin("behind")]
    assert desk.server.epoch == 1


def test_only_who_is_in_the_group_acts_in_it() -> None:
    desk = meeting("par")
    desk.arrive("new")
    for member in ("new", "stranger"):
        assert refusal(desk.server.commit(member, desk.head, b.commit(1, 1), None, now=NOW)) == "not_a_member"
        assert refusal(desk.say(member, 1)) == "not_a_member"
        assert refusal(desk.reject(member, 1)) == "not_a_member"
    desk.server.leave("par", now=NOW)
    assert refusal(desk.say("par", 1)) == "not_a_member"
    assert refusal(desk.server.commit("fac", desk.head, b.commit(0, 1, group=b"other"), None, now=NOW)) == "foreign"


def test_a_removal_stops_the_media_at_once() -> None:
    desk = meeting("par", "pat")
    effects = desk.commit("fac", b.remove(desk.leaf("par")))
    assert e.Out("par") in effects
    assert receivers(effects, Committed) == ["fac", "par", "pat"]
    assert refusal(desk.say("par", 1)) == "not_a_member"
    assert receivers(desk.say("fac", 1), Sealed) == ["fac", "pat"]


def test_anybody_clears_the_leaf_of_who_left() -> None:
    desk = meeting("par", "pat")
    assert refusal(desk.commit("pat", b.remove(desk.leaf("par")))) == "not_permitted"
    assert desk.server.leave("par", now=NOW) == []
    effects = desk.commit("pat", b.remove(desk.leaf("par")))
    assert not [effect for effect in effects if isinstance(effect, e.Out)]
    assert set(desk.server.leaves.values()) == {"fac", "pat"}


def test_too_many_commits_at_once_wait() -> None:
    desk = meeting("par")
    for n in range(UNSETTLED):
        assert receivers(desk.commit("fac", mark=bytes([n])), Committed)
    assert refusal(desk.commit("fac")) == "busy"
    desk.tick(SETTLE_SECONDS)
    assert receivers(desk.commit("fac"), Committed)


# -- What is said --------------------------------------------------------------------------------------------------


def test_what_is_said_stands_in_one_order_with_the_commits() -> None:
    desk = meeting("par")
    seqs = []
    for n in (1, 2, 3):
        seqs += [m.seq for m in told(desk.say("par", n), "fac") if isinstance(m, Sealed)]
        seqs += [m.seq for m in told(desk.commit("fac"), "fac") if isinstance(m, Committed)]
    assert seqs == list(range(seqs[0], seqs[0] + 6))


def test_only_the_current_epoch_is_spoken_in() -> None:
    desk = meeting("par")
    old = b.application(desk.server.epoch)
    desk.commit("fac")
    effects = desk.say("par", 1, old)
    assert told(effects, "par") == [e.Refused("stale", 1)]
    assert receivers(desk.say("par", 1), Sealed) == ["fac", "par"]


def test_a_repeated_count_is_answered_and_not_passed_on() -> None:
    desk = meeting("par")
    first = desk.say("par", 5)
    again = desk.say("par", 5, b.application(1, size=77))
    assert again == [e.Tell("par", told(first, "par")[0])]
    assert told(desk.say("par", 4), "par") == [e.Refused("repeated", 4)]


def test_what_cannot_be_said() -> None:
    desk = meeting("par")
    for message in (b"hello", b.commit(1, 1), b.key_package("par"), b.application(1, size=MAX_SAID_BYTES)):
        assert refusal(desk.say("par", 1, message)) == "malformed"
    assert refusal(desk.say("par", 1, b.application(1, group=b"other"))) == "foreign"


def test_what_is_said_to_one_goes_to_one_and_back() -> None:
    desk = meeting("par", "pat", "pia")
    head, seen = desk.head, desk.server.seq
    effects = desk.server.say("par", 1, b.application(1), "pat", now=desk.now)
    assert receivers(effects, Sealed) == ["par", "pat"]
    desk.say("par", 2)
    for member, count in (("pat", 2), ("par", 2), ("pia", 1), ("fac", 1)):
        caught, *missed = told(desk.catch_up(member, 1, head, seen), member)
        assert isinstance(caught, e.CaughtUp)
        assert len(missed) == count
    assert (desk.server.said_n("par"), desk.server.said_n("pat"), desk.server.said_n("stranger")) == (2, 0, 0)


# -- Coming back ---------------------------------------------------------------------------------------------------


def test_a_reconnect_brings_what_was_missed_in_order() -> None:
    desk = meeting("par", "pat")
    head, seen = desk.head, desk.server.seq
    desk.say("fac", 1)
    desk.commit("fac")
    desk.say("fac", 2)
    caught, *missed = told(desk.catch_up("par", 1, head, seen), "par")
    assert caught == e.CaughtUp(head, desk.server.seq, seen + 1)
    assert [type(entry) for entry in missed] == [Sealed, Committed, Sealed]
    (nothing,) = told(desk.catch_up("par", 2, desk.head, desk.server.seq), "par")
    assert nothing == e.CaughtUp(desk.head, desk.server.seq, desk.server.seq + 1)


def test_beyond_the_log_one_rejoins() -> None:
    desk = meeting("par")
    head = desk.head
    desk.commit("fac")
    desk.tick(LOG_SECONDS + 1)
    assert told(desk.catch_up("par", 1, head), "par") == [e.MustRejoin("behind")]
    assert told(desk.catch_up("par", None, 0), "par") == [e.MustRejoin("no_state")]
    desk.arrive("new")
    assert told(desk.catch_up("new", 1, head), "new") == [e.MustRejoin("behind")]


def test_a_missed_welcome_is_kept_for_a_while() -> None:
    desk = meeting("par")
    desk.arrive("new")
    desk.offer("new")
    (welcomed,) = told(desk.admit("fac", "new"), "new")
    assert isinstance(welcomed, e.Welcomed)
    desk.commit("fac")
    caught, again, commit = told(desk.catch_up("new", None, 0), "new")
    assert isinstance(caught, e.CaughtUp)
    assert caught.applied == welcomed.seq
    assert again == welcomed
    assert isinstance(commit, Committed)
    assert told(desk.catch_up("new", 3, desk.head), "new") == [e.CaughtUp(desk.head, desk.server.seq, welcomed.seq + 1)]
    assert told(desk.catch_up("new", None, 0), "new") == [e.MustRejoin("no_state")]


def test_a_missed_welcome_is_forgotten_with_the_log() -> None:
    desk = meeting("par")
    desk.arrive("new")
    desk.offer("new")
    desk.admit("fac", "new")
    desk.tick(LOG_SECONDS + 1)
    assert told(desk.catch_up("new", None, 0), "new") == [e.MustRejoin("no_state")]


def test_nobody_is_given_what_came_before_them() -> None:
    desk = meeting("par")
    desk.say("par", 1)
    desk.arrive("new")
    desk.offer("new")
    desk.admit("fac", "new")
    assert [type(m) for m in told(desk.catch_up("new", None, 0, 0), "new")] == [e.CaughtUp, e.Welcomed]


def test_coming_back_needs_nobodys_click() -> None:
    desk = meeting("par", "pat")
    leaf = desk.leaf("par")
    package = b.key_package("par, reloaded")
    assert receivers(desk.offer("par", package), e.Offered) == ["fac", "pat"]
    effects = desk.commit("pat", b.remove(leaf), b.add(package), b.LINK, to=[package])
    assert [effect for effect in effects if isinstance(effect, e.In | e.Out)] == [e.In("par")]
    assert receivers(effects, Committed) == ["fac", "pat"]
    assert receivers(effects, e.Welcomed) == ["par"]
    assert desk.leaf("par") == leaf


# -- Purity, bounds and the end --------------------------------------------------------------------------------------


def test_it_has_no_clock_no_socket_and_no_key() -> None:
    allowed = {"__future__", "collections", "dataclasses", "enum", "hashlib", "operator", "signaling", "typing"}
    sources = sorted((Path(__file__).parents[2] / "signaling").glob("mls_*.py"))
    assert len(sources) == 8
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert name.partition(".")[0] in allowed
                assert not name.startswith("signaling") or name.startswith(("signaling.mls_", "signaling.messages"))


def test_nothing_is_kept_after_the_end() -> None:
    desk = meeting("par", "pat")
    desk.arrive("new")
    desk.offer("new")
    desk.say("par", 1)
    desk.commit("fac")
    desk.server.end()
    fresh = Delivery(limit=50)
    assert kept(desk.server) == kept(fresh)
    assert kept(fresh) == []


def test_what_is_kept_is_found() -> None:
    desk = meeting("par")
    desk.say("par", 1)
    assert b.application(1) in kept(desk.server)
    assert "par" in kept(desk.server)


GOOD = [b.commit(0, 1), b.commit(1, 1), b.key_package("x"), b.application(1), b.welcome(b.key_package("x"))]
JUNK = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(GOOD),
    st.builds(
        lambda data, at, byte: data[: at % len(data)] + bytes([byte]) + data[at % len(data) + 1 :],
        st.sampled_from([b.commit(1, 1, b.remove(0)), b.key_package("x")]),
        st.integers(0),
        st.integers(0, 255),
    ),
)


def throw(desk: Desk, member: str, how: int, data: bytes, number: int) -> list[e.Effect]:
    server = desk.server
    match how:
        case 0:
            return server.commit(member, number, data, None, now=NOW)
        case 1:
            return server.commit(member, desk.head, data, data, now=NOW)
        case 2:
            return server.register(member, data, number, {0: member}, now=NOW)
        case 3:
            return server.catch_up(member, number, number, number, now=NOW)
        case 4:
            return server.reject(member, number, data, now=NOW)
        case 5:
            return server.say(member, number, data + b"\0", now=NOW)
        case _:
            return server.offer(member, data + b"\0", now=NOW)


@given(
    st.sampled_from(["par", "new", "stranger"]),
    st.lists(st.tuples(st.integers(0, 6), JUNK, st.integers(-3, 9)), max_size=8),
)
def test_junk_changes_nothing_and_nobody_else_notices(member: str, messages: list[tuple[int, bytes, int]]) -> None:
    desk = meeting("par", "pat")
    desk.arrive("new")
    leaves = dict(desk.server.leaves)
    for how, data, number in messages:
        effects = throw(desk, member, how, data, number)
        assert effects
        assert {effect.member for effect in effects} == {member}
        assert not [effect for effect in effects if not isinstance(effect, e.Tell)]
    assert (desk.server.epoch, dict(desk.server.leaves)) == (1, leaves)
    assert receivers(desk.say("fac", 1), Sealed) == ["fac", "par", "pat"]


def test_who_claims_to_have_seen_what_was_never_numbered_hears_what_comes() -> None:
    desk = meeting("par")
    answer = told(desk.catch_up("par", desk.server.epoch, desk.head, (1 << 53) - 1), "par")[0]
    assert answer == e.CaughtUp(desk.head, desk.server.seq, desk.server.seq + 1)
