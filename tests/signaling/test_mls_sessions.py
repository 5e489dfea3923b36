"""Who is there, who names the group, who asks to be added: and who hears of it."""

from __future__ import annotations

import pytest

from signaling import mls_effects as e
from signaling.mls_delivery import Delivery
from signaling.mls_log import Sealed
from signaling.mls_rules import CLOCK_SECONDS, MAX_KEY_PACKAGE_BYTES
from signaling.mls_sessions import ANYBODY_SECONDS, FOUND_SECONDS, MAX_EPOCH, SESSIONS
from tests.signaling import mls_bytes as b
from tests.signaling.mls_desk import DAY, NOW, Desk, meeting, receivers, refusal, told

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


def test_a_participant_corrects_nobody_and_founds_nothing() -> None:
    for first in ("fac", "pat"):
        desk = restarted("par", "pat")
        desk.arrive("fac", role="facilitator")
        desk.now += FOUND_SECONDS
        leaves = {0: "fac", 1: "par", 2: "pat"}
        assert refusal(desk.register("par")) == "not_permitted"
        desk.register(first, 7, leaves)
        assert refusal(desk.register("par", 8, {0: "par"})[:1]) == "registered"
        assert (desk.server.epoch, desk.server.leaves) == (7, leaves)


def test_epochs_stay_what_json_can_say() -> None:
    desk = Desk()
    desk.arrive("fac", role="facilitator")
    assert refusal(desk.register("fac", MAX_EPOCH + 1)) == "malformed"
    assert receivers(desk.register("fac", MAX_EPOCH), e.Registered) == ["fac"]


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


# -- Offers -----


def test_offers_go_to_those_who_may_act_on_them() -> None:
    desk = meeting("par", facilitators=("fac", "two"))
    desk.arrive("new")
    desk.arrive("newfac", role="facilitator")
    assert receivers(desk.offer("new"), e.Offered) == ["fac", "two"]
    assert receivers(desk.offer("newfac"), e.Offered) == ["fac", "par", "two"]
    assert receivers(desk.offer("par"), e.Offered) == ["fac", "two"]
    desk.server.arrive("par", "co_facilitator", now=NOW)
    assert receivers(desk.offer("new"), e.Offered) == ["fac", "par", "two"]


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
    effects = desk.server.offer("par", b.key_package("par again"), bytes(64), now=desk.now)
    assert told(effects, "pat") == [e.Offered("par", b.key_package("par again"), bytes(64))]
    for bad in (b"", bytes(63), bytes(65)):
        assert refusal(desk.server.offer("par", b.key_package("par again"), bad, now=desk.now)) == "malformed"


def test_nobody_takes_another_ones_key_package() -> None:
    desk = meeting("par")
    desk.arrive("new", "thief")
    desk.offer("new")
    assert refusal(desk.offer("thief", b.key_package("new"))) == "unknown_key_package"
    assert refusal(desk.offer("stranger")) == "not_a_member"
    assert refusal(desk.offer("thief", b.key_package("t" * MAX_KEY_PACKAGE_BYTES))) == "malformed"
    assert refusal(desk.offer("thief", b"junk")) == "malformed"


def test_sessions_are_bounded() -> None:
    desk = Desk()
    for n in range(SESSIONS):
        assert desk.arrive(f"m{n}") == []
    assert refusal(desk.arrive("one more")) == "full"
    desk.server.leave("m0", now=NOW)
    assert desk.arrive("one more") == []
