"""Commits that do not hold: who can have them taken back, and what comes of that."""

from __future__ import annotations

from signaling import mls_effects as e
from signaling.mls_jury import MAX_STATEMENT_BYTES, SETTLE_SECONDS
from signaling.mls_log import Committed
from tests.signaling import mls_bytes as b
from tests.signaling.mls_desk import NOW, Desk, meeting, receivers, refusal, told

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
