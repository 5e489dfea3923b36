"""A group of which nobody is there: what a facilitator who comes founds, and who brings the old group back."""

from __future__ import annotations

import pytest

from signaling import messages as m
from signaling import mls_effects as e
from signaling.links import b64
from signaling.mls_aside import UNHELD_SECONDS, way
from signaling.mls_log import LOG_SECONDS, Committed, Log, Sealed
from tests.signaling import mls_bytes as b
from tests.signaling.mls_desk import NOW, Desk, kept, meeting, receivers, refusal, told
from tests.signaling.world import SECOND_ROLE_SEED, Client, World

NEW = b"another group id"
HEAD = 2
"""Number of the commit that let everybody into the first group, after its registration."""


def look(desk: Desk, seconds: float, *connected: str) -> list[e.Effect]:
    """Time passes second by second, with these connected. What came of the last look."""
    effects: list[e.Effect] = []
    for _ in range(int(seconds)):
        desk.now += 1
        effects = desk.server.look(connected, now=desk.now)
    return effects


def found(desk: Desk, member: str = "new", group: bytes = NEW) -> list[e.Effect]:
    return desk.server.register(member, group, 0, {0: member}, now=desk.now)


def alone(*participants: str, facilitators: tuple[str, ...] = ("fac",)) -> Desk:
    """Nobody of the group is there, a facilitator has waited for long enough and founded another."""
    desk = meeting(*participants, facilitators=facilitators)
    desk.arrive("new", role="facilitator")
    desk.offer("new")
    assert receivers(look(desk, UNHELD_SECONDS + 1, "new"), e.Abandoned) == ["new"]
    assert receivers(found(desk), e.Registered) == ["new"]
    return desk


def group_of(desk: Desk) -> bytes | None:
    return desk.server.state.group if desk.server.state is not None else None


# -- Founding another ----------------------------------------------------------------------------------------------


def test_a_facilitator_founds_another_only_while_nobody_of_the_group_is_there() -> None:
    desk = meeting("par")
    desk.arrive("new", role="facilitator")
    assert look(desk, 60, "new") == [], "it does not ask for anything"
    desk.offer("new")
    assert look(desk, 60, "new", "par") == []
    assert look(desk, UNHELD_SECONDS, "new") == []
    assert refusal(found(desk)[:1]) == "registered"
    assert look(desk, 1, "new") == [e.Tell("new", e.Abandoned())]
    assert group_of(desk) == b.GROUP, "until it has founded one"
    found(desk)
    assert (group_of(desk), desk.server.leaves) == (NEW, {0: "new"})
    assert look(desk, 60, "new") == []


def test_a_facilitator_whose_socket_is_lost_is_told_nothing() -> None:
    desk = meeting("par")
    desk.arrive("new", role="facilitator")
    desk.offer("new")
    assert look(desk, 60) == []


def test_a_participant_who_comes_back_founds_nothing() -> None:
    desk = meeting("par", "pat")
    desk.offer("par")
    assert look(desk, 60, "par") == []
    assert refusal(found(desk, "par")) == "not_permitted"


def test_whoever_was_back_before_the_new_group_keeps_the_old_one() -> None:
    desk = meeting("par")
    desk.arrive("new", role="facilitator")
    desk.offer("new")
    look(desk, UNHELD_SECONDS + 1, "new")
    desk.catch_up("par", 1, desk.head)
    effects = found(desk)
    assert told(effects, "new") == [e.Refused("registered"), e.Registered(b.GROUP, 1, desk.head)]


def test_of_two_who_found_at_once_the_second_asks_the_first() -> None:
    desk = meeting("par")
    desk.arrive("new", "other", role="facilitator")
    for member in ("new", "other"):
        desk.offer(member)
    assert receivers(look(desk, UNHELD_SECONDS + 1, "new", "other"), e.Abandoned) == ["new", "other"]
    assert receivers(found(desk), e.Registered) == ["new", "other"]
    assert refusal(found(desk, "other", b"a third group id")[:1]) == "registered"
    desk.offer("other")
    package = b.key_package("other")
    commit = b.commit(0, 0, b.add(package), b.LINK, group=NEW)
    desk.server.commit("new", desk.head, commit, b.welcome(package), now=desk.now)
    assert desk.server.awaited == {"fac", "par"}, "certificates alone are in it"


# -- The old one comes back ------------------------------------------------------------------------------------------


def test_the_first_who_holds_a_state_brings_the_group_back() -> None:
    desk = meeting("par", "pat")
    head = desk.head
    (said, *_) = told(desk.say("fac", 1), "par")
    assert isinstance(said, Sealed)
    desk.arrive("new", role="facilitator")
    desk.offer("new")
    look(desk, UNHELD_SECONDS + 1, "new")
    found(desk)
    assert desk.server.state_for("par") == e.Registered(b.GROUP, 1, head)
    assert desk.server.state_for("new") == e.Registered(NEW, 0, desk.head)
    number = desk.server.seq
    effects = desk.catch_up("par", 1, head, seen=head)
    assert told(effects, "new") == [e.Registered(b.GROUP, 1, head)]
    assert told(effects, "par") == [e.CaughtUp(head, number, head + 1), said]
    assert (group_of(desk), desk.server.epoch, desk.server.awaited) == (b.GROUP, 1, frozenset())
    assert receivers(desk.offer("new", b.key_package("again")), e.Offered) == ["fac", "par", "pat"]
    package = b.key_package("again")
    (entry, *_) = told(desk.commit("par", b.add(package), b.LINK, to=[package]), "par")
    assert isinstance(entry, Committed)
    assert (entry.after, entry.seq > number) == (head, True), "numbers rise"
    assert set(desk.server.leaves.values()) == {"fac", "par", "pat", "new"}


def test_a_state_that_leads_nowhere_brings_nothing_back() -> None:
    desk = alone("par", "pat")
    desk.now += LOG_SECONDS  # no Welcome is kept for longer
    behind = e.MustRejoin("behind")
    assert told(desk.catch_up("par", 7, desk.head), "par") == [behind, e.Registered(NEW, 0, desk.head)]
    assert desk.server.awaited == {"fac", "pat"}, "they are not waited for any more"
    assert desk.server.state_for("par") == desk.server.state
    assert told(desk.catch_up("par", 1, HEAD), "par") == [behind], "nor heard a second time"
    assert told(desk.catch_up("pat", None, 0), "pat") == [behind, e.Registered(NEW, 0, desk.head)]
    assert (group_of(desk), desk.server.awaited) == (NEW, {"fac"})
    desk.catch_up("fac", 7, HEAD)
    assert desk.server._aside is None
    assert group_of(desk) == NEW


def test_the_key_to_a_welcome_that_was_missed_brings_the_group_back() -> None:
    desk = alone("par", "pat")
    effects = desk.catch_up("par", None, 0)
    assert group_of(desk) == b.GROUP
    caught_up, welcomed = told(effects, "par")
    assert isinstance(caught_up, e.CaughtUp)
    assert isinstance(welcomed, e.Welcomed)
    assert (caught_up.applied, welcomed.seq, welcomed.epoch) == (HEAD, HEAD, 1)
    assert told(effects, "new") == [e.Registered(b.GROUP, 1, HEAD)]
    assert [type(message) for message in told(desk.catch_up("pat", None, 0), "pat")] == [e.CaughtUp, e.Welcomed]


def test_a_kept_welcome_leads_over_the_commits_that_came_after_it() -> None:
    desk = meeting("par")
    desk.commit("fac")
    desk.arrive("new", role="facilitator")
    desk.offer("new")
    look(desk, UNHELD_SECONDS + 1, "new")
    found(desk)
    effects = told(desk.catch_up("par", None, 0), "par")
    assert [type(message) for message in effects] == [e.CaughtUp, e.Welcomed, Committed]


def test_no_welcome_is_kept_for_who_has_left_or_lost_the_keys() -> None:
    desk = alone("par", "pat", "pia")
    desk.server.leave("pat", now=desk.now)
    desk.offer("pia")
    desk.catch_up("par", 1, HEAD)
    assert group_of(desk) == b.GROUP
    assert desk.server._welcomes == {}


def test_who_asks_is_not_waited_for_any_more() -> None:
    desk = alone("par", "pat", facilitators=("fac", "two"))
    assert desk.server.awaited == {"par", "pat", "fac", "two"}
    effects = desk.offer("fac")
    assert told(effects, "fac") == [e.Registered(NEW, 0, desk.head)]
    assert desk.server.awaited == {"par", "pat", "two"}
    desk.catch_up("par", 1, HEAD)
    assert group_of(desk) == b.GROUP
    assert receivers(desk.offer("fac"), e.Offered) == ["par", "pat", "two"]


def test_it_is_given_up_when_nobody_is_waited_for() -> None:
    desk = alone("par", "left")
    for member in ("left", "fac"):
        desk.server.leave(member, now=desk.now)
    assert desk.server.awaited == {"par"}
    desk.server.leave("par", now=desk.now)
    assert desk.server._aside is None
    assert set(desk.server._sessions) == {"new"}


def test_it_is_given_up_when_somebody_was_let_in() -> None:
    desk = alone("par")
    desk.arrive("pia")
    desk.offer("pia")
    package = b.key_package("pia")
    commit = b.commit(0, 0, b.add(package), b.LINK, group=NEW)
    desk.server.commit("new", desk.head, commit, b.welcome(package), now=desk.now)
    assert set(desk.server.leaves.values()) == {"new", "pia"}
    assert desk.server.awaited == frozenset()
    assert desk.catch_up("par", 1, HEAD) == [e.Tell("par", e.MustRejoin("behind"))]
    assert group_of(desk) == NEW


def test_it_comes_back_when_all_of_the_new_one_are_gone() -> None:
    desk = alone("par")
    desk.server.leave("new", now=desk.now)
    assert group_of(desk) == b.GROUP
    assert [type(message) for message in told(desk.catch_up("par", 1, HEAD), "par")] == [e.CaughtUp]


def test_it_does_not_when_somebody_of_the_new_one_lost_the_keys() -> None:
    desk = alone("par")
    assert receivers(desk.offer("new"), e.Abandoned) == ["fac", "new"]
    assert (group_of(desk), desk.server.awaited) == (None, frozenset())


def test_a_second_group_of_facilitators_leaves_the_first_aside() -> None:
    desk = alone("par")
    desk.arrive("next", role="facilitator")
    desk.offer("next")
    look(desk, UNHELD_SECONDS + 1, "next")
    found(desk, "next", b"a third group id")
    assert desk.catch_up("new", 0, desk.head) == [e.Tell("new", e.MustRejoin("behind"))]
    desk.catch_up("par", 1, HEAD)
    assert group_of(desk) == b.GROUP


def test_who_left_meanwhile_is_still_to_be_removed() -> None:
    desk = alone("par", "pat", facilitators=("fac", "two"))
    desk.server.leave("pat", now=desk.now)
    assert desk.server.absent == []
    desk.offer("two")  # is in the new group for a while, and removed from it
    package = b.key_package("two")
    commit = b.commit(0, 0, b.add(package), b.LINK, group=NEW)
    desk.server.commit("new", desk.head, commit, b.welcome(package), now=desk.now)
    commit = b.commit(0, 1, b.remove(1), group=NEW)
    assert e.Out("two") in desk.server.commit("new", desk.head, commit, None, now=desk.now)
    desk.catch_up("par", 1, HEAD)
    assert sorted(desk.server.absent) == ["pat", "two"]
    desk.commit("fac", b.remove(desk.leaf("pat")), b.remove(desk.leaf("two")))
    assert set(desk.server._sessions) == {"fac", "par", "new"}


def test_nothing_of_it_is_kept_after_the_end() -> None:
    desk = alone("par")
    assert b.GROUP in kept(desk.server)
    desk.server.end()
    assert b.GROUP not in kept(desk.server)
    assert NEW not in kept(desk.server)


# -- People ---------------------------------------------------------------------------------------------------------


def all_lost(people: int) -> tuple[World, Client, list[Client], m.MlsState]:
    """Everybody's machine died and a facilitator who comes by the link has founded another group; the old state."""
    world = World()
    everybody = world.meeting(people)
    state = m.MlsState(b64(b.GROUP), world.room.delivery.epoch, world.head)
    for client in everybody:
        client.lose()
    late = world.facilitator(SECOND_ROLE_SEED)
    assert late.take(m.Joined).rooms[0].mls == state
    late.offer()
    world.wait(UNHELD_SECONDS + 1)
    late.take(m.MlsAbandoned)
    late.register(group=NEW)
    assert late.take(m.MlsRegistered).state.group == b64(NEW)
    return world, late, list(everybody), state


def test_who_comes_back_is_told_of_their_own_group_and_stays_in_the_room() -> None:
    _world, late, (_, ana, _), state = all_lost(2)
    ana = ana.resume()
    joined = ana.take(m.Joined)
    assert (joined.resumed, joined.rooms[0].mls) == (True, state)
    late.inbox.clear()
    ana.send(m.MlsCatchUp(room=ana.room, epoch=state.epoch, applied=state.seq, seen=state.seq))
    assert late.take(m.MlsRegistered).state == state
    late.offer()
    ana.take(m.MlsCaughtUp)
    assert ana.take(m.MlsOffered).member == late.member
    ana.add(late)
    late.take(m.MlsWelcomed)


def test_who_lost_the_keys_knocks_and_is_back_when_the_group_is() -> None:
    _world, late, (_, ana, ben), state = all_lost(2)
    ben = ben.resume(knocks=False)
    assert ben.take(m.Joined).rooms[0].mls == state
    ben.offer(rejoin=True)
    ben.take(m.Waiting)
    assert ben.inbox == []
    ben.knock()
    assert late.find(m.Knocked)[0].knock.id == ben.member
    ana = ana.resume()
    ana.send(m.MlsCatchUp(room=ana.room, epoch=state.epoch, applied=state.seq, seen=state.seq))
    again = ben.take(m.Joined)
    assert (again.resumed, again.rooms[0].mls) == (True, state)
    ben.offer(rejoin=True)
    assert ana.find(m.MlsOffered)[-1].member == ben.member


def test_once_somebody_was_let_in_those_who_come_back_knock() -> None:
    world, late, (_, ana), _ = all_lost(1)
    person = world.knock()
    commit = b.commit(0, 0, b.add(person.package), b.LINK, group=NEW)
    welcome = b64(b.welcome(person.package))
    late.send(m.MlsCommit(room=late.room, after=world.head, commit=b64(commit), welcome=welcome))
    assert person.find(m.MlsWelcomed)
    ana = ana.resume()
    assert [type(message) for message in ana.inbox] == [m.Waiting]
    assert late.find(m.Knocked)[-1].knock.id == ana.member


def test_who_was_let_in_while_their_phone_was_locked_brings_the_group_back() -> None:
    world = World()
    fac = world.facilitator()
    pia = world.knock()
    pia.lose()
    fac.add(pia)
    fac.lose()
    late = world.facilitator(SECOND_ROLE_SEED)
    late.offer()
    world.wait(UNHELD_SECONDS + 1)
    late.register(group=NEW)
    late.inbox.clear()
    pia = pia.resume()
    assert pia.take(m.Joined).rooms[0].mls == m.MlsState(b64(b.GROUP), 1, HEAD)
    pia.send(m.MlsCatchUp(room=pia.room, epoch=None, applied=0, seen=0))
    assert [type(message) for message in pia.inbox] == [m.MlsCaughtUp, m.MlsWelcomed]
    assert late.find(m.MlsRegistered)[0].state.group == b64(b.GROUP)
    late.offer()
    assert pia.find(m.MlsOffered)[0].member == late.member


def test_whose_state_leads_nowhere_knocks_and_is_let_in() -> None:
    world, late, (_, ana, ben), state = all_lost(2)
    late.inbox.clear()
    ana = ana.resume(knocks=False)
    ana.take(m.Joined)
    ana.send(m.MlsCatchUp(room=ana.room, epoch=7, applied=state.seq, seen=state.seq))
    ana.take(m.Waiting)
    assert ana.inbox == []
    assert ana.member not in world.room.members
    ana.knock()
    assert late.find(m.Knocked)[0].knock.id == ana.member
    ben = ben.resume()
    ben.send(m.MlsCatchUp(room=ben.room, epoch=state.epoch, applied=state.seq, seen=state.seq))
    assert ana.take(m.Joined).rooms[0].mls == state, "in the room again, as the group is"


def test_a_facilitator_whose_state_leads_nowhere_is_told_of_the_new_group() -> None:
    world, late, (fac, _), state = all_lost(1)
    late.inbox.clear()
    fac = fac.resume()
    assert fac.take(m.Joined).rooms[0].mls == state
    fac.send(m.MlsCatchUp(room=fac.room, epoch=7, applied=state.seq, seen=state.seq))
    assert fac.take(m.MlsMustRejoin).reason == "behind"
    assert fac.take(m.MlsRegistered).state.group == b64(NEW)
    assert fac.member in world.room.members
    fac.offer()
    assert late.find(m.MlsOffered)[-1].member == fac.member


@pytest.mark.parametrize("meanwhile", [False, True])
def test_a_signed_leaving_is_known_when_the_group_comes_back(meanwhile: bool) -> None:
    world = World()
    fac, ana, ben, chi = world.meeting(3)
    signed = b64(bytes(range(64)))
    for client in (fac, ana, chi):
        client.lose()
    if not meanwhile:
        ben.send(m.Leave(leaving=signed))
    late = world.facilitator(SECOND_ROLE_SEED)
    late.offer()
    if meanwhile:
        ben.lose()
    world.wait(UNHELD_SECONDS + 1)
    late.register(group=NEW)
    if meanwhile:
        ben = ben.resume()
        ben.send(m.Leave(leaving=signed))
    assert world.room.gone == {}, "there is no leaf to be removed from this group"
    late.inbox.clear()
    ana, chi = ana.resume(), chi.resume()
    joined = ana.take(m.Joined).rooms[0]
    assert joined.gone == []
    assert joined.mls is not None
    ana.send(m.MlsCatchUp(room=ana.room, epoch=joined.mls.epoch, applied=joined.mls.seq, seen=joined.mls.seq))
    gone = m.Gone(member=ben.member, reason="left", leaving=signed)
    for client in (late, ana, chi):
        assert [told.gone for told in client.find(m.MemberGone)] == [gone]
    assert world.room.gone == {ben.member: gone}
    ana.remove(ben)
    assert world.room.gone == {}


# -- The way from a state ---------------------------------------------------------------------------------------------


def test_a_way_leads_over_commits_that_are_still_known() -> None:
    log = Log()
    base = log.start()
    first = log.commit(0, "fac", b"first", now=NOW)
    second = log.commit(1, "fac", b"second", now=NOW)
    assert way(log, 2, 0, base, now=NOW) == [first, second]
    assert way(log, 2, 1, first.seq, now=NOW) == [second]
    assert way(log, 2, 2, second.seq, now=NOW) == []
    assert way(log, 2, 1, second.seq, now=NOW) is None
    assert way(log, 2, 0, 99, now=NOW) is None
    assert way(log, 2, 0, base, now=NOW + LOG_SECONDS + 1) is None
