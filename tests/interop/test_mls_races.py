"""Members racing, dying, losing their network and coming back through the delivery service: all end in one state."""

from __future__ import annotations

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from signaling import mls_effects as e
from signaling.mls_aside import UNHELD_SECONDS
from signaling.mls_delivery import Delivery
from signaling.mls_log import Committed
from tests.interop.mls_world import Client, World, meeting

NAMES = ("ana", "ben", "chi", "dee", "eli")


def test_two_commit_at_once_and_both_are_done() -> None:
    world = meeting(*NAMES, facilitators=2)
    ana, ben = world.clients["ana"], world.clients["ben"]
    for name in ("fay", "gus"):
        world.arrive(name)
    world.read_all()
    assert ana.make(add=["fay"])
    assert ben.make(add=["gus"])
    ana.send()
    ben.send()
    while ben.read():
        pass
    assert any(isinstance(message, e.Rebase) for message in ben.told)
    assert ben.make(add=["gus"])
    ben.send()
    world.read_all()
    world.check()
    assert set(world.server.leaves.values()) == {*NAMES, "fay", "gus"}


def test_a_committer_that_dies_before_the_echo_strands_nobody() -> None:
    for reloads in (False, True):
        world = meeting(*NAMES)
        ana = world.clients["ana"]
        world.arrive("fay")
        world.read_all()
        assert ana.make(add=["fay"])
        ana.send()
        ana.lose()
        if reloads:
            ana.forget()
        world.read_all()
        assert world.clients["fay"].mls.epoch == world.server.epoch
        world.calm()
        world.check()
        assert set(world.server.leaves.values()) == {*NAMES, "fay"}


def test_a_committer_that_lost_the_answer_may_send_again() -> None:
    world = meeting(*NAMES)
    ana = world.clients["ana"]
    assert ana.make()
    draft = ana.draft
    ana.send()
    ana.inbox.clear()
    ana.draft = draft
    ana.send()
    world.read_all()
    world.check()
    assert [type(message) for message in ana.told] == [Committed]


def test_somebody_let_in_while_their_network_was_lost_gets_their_welcome() -> None:
    world = meeting(*NAMES)
    fay = world.arrive("fay")
    world.read_all()
    fay.lose()
    ana = world.clients["ana"]
    ana.make(add=["fay"])
    ana.send()
    world.read_all()
    ana.make()
    ana.send()
    ana.say(b"hello")
    world.read_all()
    fay.come_back()
    world.read_all()
    world.check()
    assert [text for _, _, text in fay.heard] == []  # said in an epoch, or missed: never lost among others
    assert fay.mls.epoch == world.server.epoch


def test_a_restart_with_everybody_there_loses_nobody() -> None:
    world = meeting(*NAMES, facilitators=2)
    epoch = world.server.epoch
    world.restart()
    world.calm()
    world.check()
    assert world.server.epoch == epoch
    world.clients["chi"].say(b"still here")
    world.read_all()
    assert all(client.heard[-1][2] == b"still here" for name, client in world.clients.items() if name != "chi")


def test_members_who_were_behind_at_a_restart_rejoin() -> None:
    world = meeting(*NAMES, facilitators=2)
    chi = world.clients["chi"]
    chi.lose()
    world.clients["ana"].make()
    world.clients["ana"].send()
    world.read_all()
    world.restart()
    world.calm()
    world.check()
    assert set(world.server.leaves.values()) == set(NAMES)
    assert any(isinstance(message, e.MustRejoin) for message in chi.told)


def test_a_facilitator_who_was_further_ahead_corrects_the_registration() -> None:
    world = meeting(*NAMES, facilitators=2)
    ana, ben = world.clients["ana"], world.clients["ben"]
    ben.lose()
    ana.make()
    ana.send()
    world.read_all()
    ana.online = False  # comes back after ben
    for client in world.clients.values():
        client.inbox.clear()
    world.server = Delivery(limit=50, seq=world.server.seq + 1000)
    ben.online = True
    for name in ("ben", "chi", "dee", "eli", "ana"):
        world.greet(world.clients[name])
    ben.register()
    ana.online = True
    ana.register()
    world.calm()
    world.check()
    assert set(world.server.leaves.values()) == set(NAMES)
    assert ana.mls.epoch == world.server.epoch


def test_a_commit_that_nobody_can_use_is_undone() -> None:
    world = meeting(*NAMES)
    dee = world.clients["dee"]
    world.leave("eli")
    dee.make(remove=["eli"])
    assert dee.draft is not None
    dee.draft.commit = broken(dee.draft.commit)
    dee.send()
    world.calm()
    world.check()
    assert e.Expel("dee") in world.out
    assert set(world.server.leaves.values()) == {"ana", "ben", "chi"}


def test_a_commit_that_one_facilitator_cannot_use_is_undone_for_those_who_could() -> None:
    world = meeting(*NAMES, facilitators=2)
    world.leave("eli")
    dee = world.clients["dee"]
    dee.make(remove=["eli"])
    dee.send()
    for client in world.present():
        if client.id != "ben":
            while client.read():
                pass
    entry = world.clients["ben"].inbox.popleft()
    assert isinstance(entry, Committed)
    world.do(world.server.reject("ben", entry.seq, b"signed", now=world.now))
    world.calm()
    world.check()
    assert set(world.server.leaves.values()) == {"ana", "ben", "chi"}


def test_a_group_of_which_nobody_was_there_comes_back_with_the_first_who_does() -> None:
    world = meeting(*NAMES)
    world.clients["dee"].lose()
    world.clients["ana"].make()
    world.clients["ana"].send()
    world.read_all()
    for name in NAMES:
        world.clients[name].lose()
    fay = world.arrive("fay", "facilitator")
    fay.offer()
    world.wait(UNHELD_SECONDS + 1)
    world.read_all()
    assert set(world.server.leaves.values()) == {"fay"}
    assert fay.mls.epoch == 0
    dee = world.clients["dee"]  # who was a commit behind
    dee.come_back()
    world.read_all()
    assert set(world.server.leaves.values()) == set(NAMES)
    dee.make(add=["fay"])
    dee.send()
    world.read_all()
    assert fay.mls.epoch == dee.mls.epoch == world.server.epoch
    dee.say(b"here you are")
    world.calm()
    world.check()
    assert set(world.server.leaves.values()) == {*NAMES, "fay"}
    assert [text for _, _, text in fay.heard] == [b"here you are"]
    assert not any(isinstance(message, e.MustRejoin) for name in NAMES for message in world.clients[name].told)


def broken(commit: bytes) -> bytes:
    """With another tag: well formed, and of no use."""
    return commit[:-1] + bytes([commit[-1] ^ 1])


COMMON = ["make", "send", "read"]
RARE = ["lose", "back", "reload", "say", "arrive", "leave", "break", "restart", "wait", "nobody"]
ACTIONS = st.tuples(st.sampled_from([*COMMON, *COMMON, *RARE]), st.integers(0, 6))


def act(world: World, action: str, who: int) -> None:
    clients: list[Client] = world.present()
    if not clients:
        return
    client = clients[who % len(clients)]
    leaves = set(world.server.leaves.values())
    match action:
        case "make":
            client.make(add=list(client.offers), remove=sorted(world.gone & leaves))
        case "send":
            client.send()
        case "break" if client.draft is not None and client.role != "facilitator":
            client.draft.commit = broken(client.draft.commit)
            client.send()
        case "read" if client.online:
            client.read()
        case "lose":
            client.lose()
        case "back" if not client.online:
            client.come_back()
        case "reload":
            client.lose()
            client.forget()
        case "say":
            client.say(b"hello")
        case "arrive" if len(world.clients) < 8:
            world.arrive(f"new{len(world.clients)}", "facilitator" if who == 6 else "participant")
        case "leave" if client.id != "ana":
            world.leave(client.id)
        case "restart":
            world.restart()
        case "wait":
            world.wait(1 + who)
        case "nobody" if len(world.clients) < 8:
            for other in clients:
                other.lose()
            world.arrive(f"new{len(world.clients)}", "facilitator").offer()
            world.wait(UNHELD_SECONDS + 1)
            world.read_all()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ACTIONS, max_size=40))
@example([("make", 0), ("make", 1), ("send", 0), ("send", 1), ("lose", 0), ("reload", 0)])
@example([("restart", 0), ("make", 0), ("send", 0)])
@example([("reload", 0), ("reload", 1), ("restart", 0)])
@example([("reload", 0), ("reload", 1), ("restart", 0), ("reload", 0)])
@example([("lose", 2), ("make", 0), ("send", 0), ("restart", 0), ("reload", 0), ("restart", 0)])
@example([("leave", 1), ("restart", 0), ("reload", 0)])
@example([("reload", 0), ("leave", 2), ("restart", 0), ("leave", 1), ("reload", 1)])
@example([("leave", 3), ("read", 2), ("make", 2), ("break", 2), ("make", 0), ("send", 0)])
@example([("nobody", 0), ("back", 2), ("read", 4), ("nobody", 0), ("reload", 0)])
def test_whatever_happens_all_end_in_one_state(actions: list[tuple[str, int]]) -> None:
    world = meeting("ana", "ben", "chi", "dee", facilitators=2)
    for action, who in actions:
        act(world, action, who)
    world.calm()
    world.wait(6)
    world.calm()
    world.check()
    assert set(world.server.leaves.values()) == {client.id for client in world.present()}
    ana = world.present()[0]
    ana.say(b"all here")
    world.read_all()
    for client in world.present()[1:]:
        assert client.heard[-1][2] == b"all here"
