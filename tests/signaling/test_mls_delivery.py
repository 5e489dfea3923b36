from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling import mls_effects as e
from signaling.mls_delivery import MAX_SAID_BYTES, Delivery
from signaling.mls_jury import MAX_STATEMENT_BYTES, SETTLE_SECONDS, UNSETTLED
from signaling.mls_log import LOG_SECONDS, Committed, Sealed
from signaling.mls_rules import CLOCK_SECONDS, MAX_KEY_PACKAGE_BYTES, Rejoin, Role
from signaling.mls_sessions import ANYBODY_SECONDS, FOUND_SECONDS, SESSIONS
from tests.signaling import mls_bytes as b

NOW = 1_700_000_000.0
DAY = 86_400


class Desk:
    """A delivery service with a clock."""

    def __init__(self, *, limit: int = 50, seq: int = 0) -> None:
        self.server = Delivery(limit=limit, seq=seq)
        self.now = NOW

    def arrive(self, *members: str, role: Role = "participant") -> list[e.Effect]:
        return [effect for member in members for effect in self.server.arrive(member, role, now=self.now)]

    def register(self, member: str, epoch: int = 0, leaves: dict[int, str] | None = None) -> list[e.Effect]:
        return self.server.register(member, b.GROUP, epoch, leaves or {0: member}, now=self.now)

    def offer(self, member: str, package: bytes | None = None) -> list[e.Effect]:
        return self.server.offer(member, package or b.key_package(member), now=self.now)

    def commit(self, sender: str, *proposals: bytes, to: Iterable[bytes] = (), mark: bytes = b"") -> list[e.Effect]:
        """On the current state, from the sender's leaf."""
        data = b.commit(self.leaf(sender), self.server.epoch, *proposals, mark=mark)
        letters = list(to)
        return self.server.commit(sender, self.head, data, b.welcome(*letters) if letters else None, now=self.now)

    def grant(self, sender: str, *chosen: str) -> list[e.Effect]:
        """New keys, and these as co-facilitators."""
        data = b.commit(self.leaf(sender), self.server.epoch)
        return self.server.commit(sender, self.head, data, None, chosen, now=self.now)

    def admit(self, sender: str, *members: str) -> list[e.Effect]:
        packages = [b.key_package(member) for member in members]
        return self.commit(sender, *map(b.add, packages), b.LINK, to=packages)

    def say(self, member: str, n: int, message: bytes | None = None) -> list[e.Effect]:
        return self.server.say(member, n, message or b.application(self.server.epoch), now=self.now)

    def catch_up(self, member: str, epoch: int | None, applied: int, seen: int = 0) -> list[e.Effect]:
        return self.server.catch_up(member, epoch, applied, seen, now=self.now)

    def reject(self, member: str, seq: int) -> list[e.Effect]:
        return self.server.reject(member, seq, b"signed by " + member.encode(), now=self.now)

    def tick(self, seconds: float) -> list[e.Effect]:
        self.now += seconds
        return self.server.tick(now=self.now)

    def leaf(self, member: str) -> int:
        return next(leaf for leaf, other in self.server.leaves.items() if other == member)

    @property
    def head(self) -> int:
        return self.server._log.head


def meeting(*participants: str, facilitators: tuple[str, ...] = ("fac",)) -> Desk:
    """Everybody is in, and the commits that let them in have settled."""
    desk = Desk()
    desk.arrive(*facilitators, role="facilitator")
    desk.arrive(*participants)
    desk.register(facilitators[0])
    rest = (*facilitators[1:], *participants)
    for member in rest:
        desk.offer(member)
    if rest:
        desk.admit(facilitators[0], *rest)
    desk.tick(SETTLE_SECONDS)
    return desk


def told(effects: list[e.Effect], member: str) -> list[e.Message]:
    return [effect.message for effect in effects if isinstance(effect, e.Tell) and effect.member == member]


def receivers(effects: list[e.Effect], kind: type[e.Message]) -> list[str]:
    return sorted(f.member for f in effects if isinstance(f, e.Tell) and isinstance(f.message, kind))


def refusal(effects: list[e.Effect]) -> str:
    """The one effect of a message that was refused."""
    (effect,) = effects
    assert isinstance(effect, e.Tell)
    assert isinstance(effect.message, e.Refused)
    return effect.message.code


# -- Registering ---------------------------------------------------------------------------------------------------


def test_a_facilitator_registers_the_group_and_everybody_hears() -> None:
    desk = Desk()
    desk.arrive("fac", role="facilitator")
    desk.arrive("par")
    assert receivers(desk.register("fac"), e.Registered) == ["fac", "par"]
    assert desk.server.state == e.Registered(b.GROUP, 0, 1)
    assert desk.arrive("late") == []


def test_nobody_else_registers_it_and_nobody_twice() -> None:
    desk = Desk()
    desk.arrive("fac", "two", role="facilitator")
    desk.arrive("par")
    desk.arrive("co", role="co_facilitator")
    for member in ("par", "co", "stranger"):
        assert refusal(desk.register(member)) == "not_permitted"
    desk.register("fac")
    assert told(desk.register("two"), "two") == [e.Refused("registered"), e.Registered(b.GROUP, 0, 1)]
    assert desk.server.leaves == {0: "fac"}


@pytest.mark.parametrize(
    ("group", "epoch", "leaves"),
    [
        (b"", 0, {0: "fac"}),
        (bytes(65), 0, {0: "fac"}),
        (b"g", -1, {0: "fac"}),
        (b"g", 0, {}),
        (b"g", 0, {0: "other"}),
        (b"g", 0, {0: "fac", 1: "a"}),
        (b"g", 1, {0: "fac", 1: "fac"}),
        (b"g", 1, {1024: "fac"}),
        (b"g", 1, {0: "fac", 1: "x" * 33}),
        (b"g", 1, {0: "fac", 1: "a", 2: "b", 3: "c"}),
    ],
)
def test_an_implausible_registration(group: bytes, epoch: int, leaves: dict[int, str]) -> None:
    desk = Desk(limit=3)
    desk.arrive("fac", role="facilitator")
    assert refusal(desk.server.register("fac", group, epoch, leaves, now=NOW)) == "malformed"
    assert refusal(desk.say("fac", 1)) == "not_registered"


def test_after_a_restart_numbers_go_on_and_members_stay() -> None:
    desk = Desk(seq=5000)
    desk.arrive("fac", role="facilitator")
    desk.register("fac", 7, {0: "fac", 3: "par"})
    desk.arrive("par")
    assert told(desk.catch_up("par", 7, 44), "par") == [e.CaughtUp(5001, 5001, 5002)]
    (behind,) = told(desk.catch_up("par", 6, 43), "par")
    assert behind == e.MustRejoin("behind")
    assert receivers(desk.say("par", 1), Sealed) == ["fac", "par"]


def test_a_registration_is_corrected_until_the_first_commit() -> None:
    desk = Desk(seq=5000)
    desk.arrive("fac", "two", role="facilitator")
    leaves = {0: "fac", 1: "two"}
    desk.register("fac", 7, leaves)
    assert refusal(desk.register("two", 7, leaves)[:1]) == "registered"
    assert receivers(desk.register("two", 8, leaves), e.Registered) == ["fac", "two"]
    assert told(desk.catch_up("fac", 7, 44), "fac") == [e.MustRejoin("behind")]
    desk.commit("two")
    assert refusal(desk.register("fac", 99, leaves)[:1]) == "registered"
    assert desk.server.epoch == 9


def test_after_a_restart_without_a_facilitator_anybody_names_the_group() -> None:
    desk = restarted("par", "pat")
    assert refusal(desk.register("par", 7, {1: "par", 2: "pat", 0: "fac"})) == "busy"
    desk.now += ANYBODY_SECONDS
    assert refusal(desk.server.register("stranger", b.GROUP, 7, {1: "stranger"}, now=desk.now)) == "not_permitted"
    assert receivers(desk.register("par", 7, {1: "par", 2: "pat"}), e.Registered) == ["par", "pat"]
    assert receivers(desk.say("pat", 1), Sealed) == ["par", "pat"]


def test_a_facilitator_corrects_what_a_participant_named() -> None:
    other = b"another group id"
    for group, epoch, good in ((b.GROUP, 8, True), (b.GROUP, 7, False), (other, 3, True), (other, 0, False)):
        desk = restarted("par")
        desk.now += FOUND_SECONDS
        desk.register("par", 7, {1: "par", 0: "fac"})
        desk.arrive("fac", role="facilitator")
        effects = desk.server.register("fac", group, epoch, {0: "fac", 1: "par"}, now=desk.now)
        assert (receivers(effects, e.Registered) == ["fac", "par"]) == good
        assert desk.server.epoch == (epoch if good else 7)


def test_a_group_founded_after_a_restart_waits_for_the_one_that_people_hold() -> None:
    desk = restarted("par")
    desk.arrive("fac", role="facilitator")
    assert desk.register("fac") == []
    desk.now += ANYBODY_SECONDS
    assert receivers(desk.register("par", 7, {1: "par"}), e.Registered) == ["fac", "par"]
    assert desk.tick(FOUND_SECONDS) == []
    assert desk.server.epoch == 7


def test_a_group_founded_after_a_restart_is_it_if_nobody_holds_another() -> None:
    desk = restarted()
    desk.arrive("fac", role="facilitator")
    assert desk.register("fac") == []
    assert desk.tick(FOUND_SECONDS - 1) == []
    assert receivers(desk.tick(1), e.Registered) == ["fac"]
    assert desk.server.leaves == {0: "fac"}
    desk = restarted()
    desk.arrive("fac", role="facilitator")
    desk.register("fac")
    desk.server.leave("fac", now=desk.now)
    assert desk.tick(FOUND_SECONDS) == []
    assert desk.server.state is None


def restarted(*members: str) -> Desk:
    """After a restart, with these back."""
    desk = Desk()
    desk.server = Delivery(limit=50, seq=5000, restored=desk.now)
    desk.arrive(*members)
    return desk


def test_a_group_of_which_nobody_holds_a_state_is_founded_anew() -> None:
    desk = meeting("par", "pat", facilitators=("fac", "two"))
    assert not receivers(desk.offer("par"), e.Abandoned)
    assert not receivers(desk.offer("fac"), e.Abandoned)
    assert desk.server.leave("pat", now=NOW) == []
    assert receivers(desk.offer("two"), e.Abandoned) == ["fac", "two"]
    assert refusal(desk.say("par", 1)) == "not_registered"
    effects = desk.register("two")
    assert receivers(effects, e.Registered) == ["fac", "par", "two"]
    assert sorted(m.member for m in told(effects, "two") if isinstance(m, e.Offered)) == ["fac", "par"]
    desk.admit("two", "fac", "par")
    assert desk.server.leaves == {0: "two", 1: "fac", 2: "par"}


def test_a_facilitator_alone_who_reloads_founds_a_new_group() -> None:
    desk = meeting()
    assert receivers(desk.offer("fac"), e.Abandoned) == ["fac"]
    desk.register("fac")
    assert receivers(desk.say("fac", 1), Sealed) == ["fac"]


# -- Letting in ----------------------------------------------------------------------------------------------------


def test_offers_go_to_those_who_may_act_on_them() -> None:
    desk = meeting("par", facilitators=("fac", "two"))
    desk.arrive("new")
    desk.arrive("newfac", role="facilitator")
    assert receivers(desk.offer("new"), e.Offered) == ["fac", "two"]
    assert receivers(desk.offer("newfac"), e.Offered) == ["fac", "par", "two"]
    assert receivers(desk.offer("par"), e.Offered) == ["fac", "two"]
    desk.server.arrive("par", "co_facilitator", now=NOW)
    assert receivers(desk.offer("new"), e.Offered) == ["fac", "par", "two"]


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


def test_a_key_packages_lifetime_may_be_off_by_a_day() -> None:
    desk = meeting()
    desk.arrive("new")
    now = int(NOW)
    for start, end, good in (
        (now + DAY // 2, now + 9 * DAY, True),
        (now - 9 * DAY, now - DAY // 2, True),
        (now + 2 * CLOCK_SECONDS, now + 9 * DAY, False),
        (now - 400 * DAY, now - 365 * DAY, False),
    ):
        effects = desk.offer("new", b.key_package("new", (start, end)))
        assert (receivers(effects, e.Offered) == ["fac"]) == good
        assert good or refusal(effects) == "clock"


def test_the_proof_of_who_comes_back_is_handed_on() -> None:
    desk = meeting("par", "pat")
    proof = Rejoin(1, bytes(64))
    effects = desk.server.offer("par", b.key_package("par again"), proof, now=desk.now)
    assert told(effects, "pat") == [e.Offered("par", b.key_package("par again"), proof)]
    for bad in (Rejoin(1, bytes(63)), Rejoin(1024, bytes(64))):
        assert refusal(desk.server.offer("par", b.key_package("par again"), bad, now=desk.now)) == "malformed"


def test_nobody_takes_another_ones_key_package() -> None:
    desk = meeting("par")
    desk.arrive("new", "thief")
    desk.offer("new")
    assert refusal(desk.offer("thief", b.key_package("new"))) == "unknown_key_package"
    assert refusal(desk.offer("stranger")) == "not_a_member"
    assert refusal(desk.offer("thief", b.key_package("t" * MAX_KEY_PACKAGE_BYTES))) == "malformed"
    assert refusal(desk.offer("thief", b"junk")) == "malformed"


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


# -- Commits that do not hold --------------------------------------------------------------------------------------


def bad_commit(desk: Desk, sender: str = "par") -> int:
    """A participant clears the leaf of somebody who left, with a commit that nobody can use. Returns its number."""
    desk.server.leave("left", now=desk.now)
    (entry,) = told(desk.commit(sender, b.remove(desk.leaf("left"))), sender)
    assert isinstance(entry, Committed)
    return entry.seq


def test_a_facilitators_report_reopens_the_epoch() -> None:
    desk = meeting("par", "pat", "left")
    head = desk.head
    seq = bad_commit(desk)
    effects = desk.reject("fac", seq)
    reopened = e.Reopened(desk.server.seq, seq, head, 1, (("fac", b"signed by fac"),))
    assert effects == [e.Expel("par"), e.Tell("fac", reopened), e.Tell("pat", reopened)]
    assert (desk.server.epoch, desk.head) == (1, head)
    assert refusal(desk.say("par", 1)) == "not_a_member"
    assert desk.catch_up("pat", 2, seq)[0] == e.Tell("pat", e.MustRejoin("behind"))
    assert refusal(desk.reject("pat", seq)) == "stale"
    desk.commit("pat", b.remove(desk.leaf("left")), b.remove(desk.leaf("par")))
    assert set(desk.server.leaves.values()) == {"fac", "pat"}


def test_a_majority_reopens_it_too() -> None:
    desk = meeting("par", "pat", "pia", "pol", "left")
    seq = bad_commit(desk)
    assert desk.reject("pat", seq) == []
    assert desk.reject("pat", seq) == []
    assert desk.reject("pia", seq) == []
    assert e.Expel("par") in desk.reject("pol", seq)


def test_participants_do_not_undo_a_facilitators_commit() -> None:
    desk = meeting("par", "pat", "pia")
    (entry, *_) = told(desk.commit("fac"), "fac")
    assert isinstance(entry, Committed)
    for member in ("par", "pat", "pia"):
        assert desk.reject(member, entry.seq) == [e.Tell(member, e.MustRejoin("rejected"))]
    assert desk.server.epoch == 2


def test_a_lonely_report_ends_in_a_rejoin() -> None:
    desk = meeting("par", "pat", "pia", "left")
    seq = bad_commit(desk)
    assert desk.reject("pat", seq) == []
    assert desk.tick(SETTLE_SECONDS) == [e.Tell("pat", e.MustRejoin("rejected"))]
    assert desk.reject("fac", seq) == [e.Tell("fac", e.MustRejoin("rejected"))]
    assert desk.server.epoch == 2


def test_a_bad_commit_cannot_be_buried() -> None:
    desk = meeting("par", "pat", "left", facilitators=("fac", "two"))
    desk.arrive("new")
    desk.offer("new")
    seq = bad_commit(desk)
    desk.admit("two", "new")
    desk.say("two", 1)
    effects = desk.reject("fac", seq)
    assert e.Expel("par") in effects
    assert told(effects, "new") == [e.MustRejoin("void")]
    assert "new" not in desk.server.leaves.values()
    assert [type(m) for m in told(desk.catch_up("pat", 1, desk.head), "pat")] == [e.CaughtUp]
    assert receivers(desk.offer("new"), e.Offered) == ["fac", "two"]


def test_who_was_removed_by_a_void_commit_stays_out() -> None:
    desk = meeting("par", "pat", facilitators=("fac", "two"))
    (entry, *_) = told(desk.commit("fac", b.remove(desk.leaf("pat"))), "two")
    assert isinstance(entry, Committed)
    desk.reject("two", entry.seq)
    assert "pat" in desk.server.leaves.values()
    assert refusal(desk.say("pat", 1)) == "not_a_member"
    desk.commit("par", b.remove(desk.leaf("pat")), b.remove(desk.leaf("fac")))
    assert set(desk.server.leaves.values()) == {"par", "two"}


def test_who_came_by_a_void_commit_and_left_is_forgotten() -> None:
    desk = meeting("par", "pat", "left", facilitators=("fac", "two"))
    desk.arrive("new")
    desk.offer("new")
    seq = bad_commit(desk)
    desk.admit("two", "new")
    desk.server.leave("new", now=desk.now)
    assert sorted(desk.server.absent) == ["new"]
    desk.reject("fac", seq)
    assert sorted(desk.server.absent) == ["left", "par"]
    assert "new" not in desk.server._sessions


def test_neither_the_sender_nor_the_added_nor_a_long_statement_counts() -> None:
    desk = meeting("par", "left")
    desk.arrive("newfac", role="facilitator")
    desk.offer("newfac")
    desk.server.leave("left", now=NOW)
    package = b.key_package("newfac")
    effects = desk.commit("par", b.remove(desk.leaf("left")), b.add(package), b.LINK, to=[package])
    (entry, *_) = told(effects, "par")
    assert isinstance(entry, Committed)
    for member in ("par", "newfac"):
        assert desk.reject(member, entry.seq) == [e.Tell(member, e.MustRejoin("rejected"))]
    long = desk.server.reject("fac", entry.seq, bytes(MAX_STATEMENT_BYTES + 1), now=NOW)
    assert refusal(long) == "malformed"
    assert desk.server.epoch == 2


# -- Purity, bounds and the end --------------------------------------------------------------------------------------


def test_it_has_no_clock_no_socket_and_no_key() -> None:
    allowed = {"__future__", "collections", "dataclasses", "enum", "hashlib", "operator", "signaling", "typing"}
    sources = sorted((Path(__file__).parents[2] / "signaling").glob("mls_*.py"))
    assert len(sources) == 7
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert name.partition(".")[0] in allowed
                assert not name.startswith("signaling") or name.startswith(("signaling.mls_", "signaling.messages"))


def test_sessions_are_bounded() -> None:
    desk = Desk()
    for n in range(SESSIONS):
        assert desk.arrive(f"m{n}") == []
    assert refusal(desk.arrive("one more")) == "full"
    desk.server.leave("m0", now=NOW)
    assert desk.arrive("one more") == []


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


def kept(thing: object, seen: set[int] | None = None) -> list[object]:
    """Every text and byte string that an object holds on to, however deep."""
    seen = set() if seen is None else seen
    if id(thing) in seen:
        return []
    seen.add(id(thing))
    if isinstance(thing, str | bytes):
        return [thing]
    if isinstance(thing, dict):
        inner: list[object] = [*thing.keys(), *thing.values()]
    elif isinstance(thing, Iterable):
        inner = list(thing)
    else:
        names = list(getattr(thing, "__dict__", {}))
        names += [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
        inner = [getattr(thing, name) for name in names]
    return [found for item in inner for found in kept(item, seen)]


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
