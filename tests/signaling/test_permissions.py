"""The table, over every role and every action; and that the machine asks it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from signaling import messages as m
from signaling.permissions import ALLOWED, Standing, refusal
from signaling.schema import client_messages
from tests.signaling.world import Client, World

SAMPLES: dict[str, m.ClientMessage] = {
    "join": m.Join(group="groupgroup", role="participant", key="k" * 43, signature="s" * 86),
    "resume": m.Resume(group="groupgroup", token="t" * 16),
    "leave": m.Leave(),
    "knock": m.SendKnock(sealed="name", key_package="package"),
    "ping": m.Ping(n=1),
    "decline": m.Decline(knock="knockknock"),
    "lock": m.Lock(locked=True),
    "end_meeting": m.EndMeeting(),
    "delete_group": m.DeleteGroup(),
    "update_group": m.UpdateGroup(),
    "say": m.Say(room="roomroom", n=1, body="abc"),
    "mls_register": m.MlsRegister(room="roomroom", group="g" * 22, epoch=0, leaves=[m.Seat(0, "membermember")]),
    "mls_offer": m.MlsOffer(room="roomroom", key_package="package"),
    "mls_commit": m.MlsCommit(room="roomroom", after=1, commit="commit"),
    "mls_catch_up": m.MlsCatchUp(room="roomroom", epoch=None, applied=0, seen=0),
    "mls_applied": m.MlsApplied(room="roomroom", epoch=0),
    "mls_reject": m.MlsReject(room="roomroom", seq=1, statement="signed"),
    "publish": m.Publish(room="roomroom", n=1, sdp="v=0", tracks=[]),
    "subscribe": m.Subscribe(room="roomroom"),
    "subscribe_answer": m.SubscribeAnswer(room="roomroom", generation=1, sdp="v=0"),
    "watch": m.Watch(room="roomroom", tiles=[]),
    "media_blocked": m.MediaBlocked(room="roomroom"),
}

# Rows: actions. Columns: nobody, waiting, participant, co-facilitator, facilitator, organiser. Written by hand, apart
# from the code.
EXPECTED = {
    "join":             "y . . . . .",
    "resume":           "y . . . . .",
    "leave":            ". y y y y y",
    "knock":            ". y . . . .",
    "ping":             ". y y y y y",
    "decline":          ". . . y y .",
    "lock":             ". . . . y .",
    "end_meeting":      ". . . . y .",
    "delete_group":     ". . . . . y",
    "update_group":     ". . . . . y",
    "say":              ". . y y y .",
    "mls_register":     ". . y y y .",
    "mls_offer":        ". . y y y .",
    "mls_commit":       ". . y y y .",
    "mls_catch_up":     ". . y y y .",
    "mls_applied":      ". . y y y .",
    "mls_reject":       ". . y y y .",
    "publish":          ". . y y y .",
    "subscribe":        ". . y y y .",
    "subscribe_answer": ". . y y y .",
    "watch":            ". . y y y .",
    "media_blocked":    ". . y y y .",
}  # fmt: skip


def waiting(world: World) -> Client:
    client = world.knock()
    client.take(m.Waiting)
    return client


def participant(world: World) -> Client:
    return world.meeting(1)[1]


def co_facilitator(world: World) -> Client:
    leader, client = world.meeting(1)
    leader.commit(co_facilitators=[client.member])
    client.inbox.clear()
    return client


def facilitator(world: World) -> Client:
    return world.meeting(0)[0]


def organiser(world: World) -> Client:
    client = world.organiser()
    client.take(m.OrganiserReady)
    return client


PEOPLE: dict[Standing, Callable[[World], Client]] = {
    Standing.NOBODY: Client,
    Standing.WAITING: waiting,
    Standing.PARTICIPANT: participant,
    Standing.CO_FACILITATOR: co_facilitator,
    Standing.FACILITATOR: facilitator,
    Standing.ORGANISER: organiser,
}


def test_every_message_has_a_row() -> None:
    assert list(SAMPLES) == list(EXPECTED) == [str(s.__struct_config__.tag) for s in client_messages()]
    assert list(ALLOWED) == [type(sample) for sample in SAMPLES.values()]


@pytest.mark.parametrize(("action", "standing"), list(product(EXPECTED, Standing)))
def test_who_may_do_what(action: str, standing: Standing) -> None:
    allowed = EXPECTED[action].split()[list(Standing).index(standing)] == "y"
    code = refusal(standing, SAMPLES[action])
    assert (code is None) == allowed

    world = World()
    client = PEOPLE[standing](world)
    client.send(SAMPLES[action])
    errors = [error.code for error in client.find(m.Error)]
    if allowed:
        assert not {"not_permitted", "wrong_state"} & set(errors)
    else:
        assert errors == [code]
        assert client.closed is None
        assert client.inbox == []


def test_out_of_turn_is_told_from_not_allowed() -> None:
    assert refusal(Standing.NOBODY, m.Ping(n=1)) == "wrong_state"
    assert refusal(Standing.WAITING, SAMPLES["join"]) == "wrong_state"
    assert refusal(Standing.WAITING, SAMPLES["say"]) == "not_permitted"
