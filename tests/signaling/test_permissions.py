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
    "ping": m.Ping(n=1),
    "admit": m.Admit(knocks=["knockknock"]),
    "decline": m.Decline(knock="knockknock"),
    "remove": m.Remove(member="membermember"),
    "mute": m.Mute(member="membermember"),
    "mute_everyone": m.MuteEveryone(),
    "end_meeting": m.EndMeeting(),
    "delete_group": m.DeleteGroup(),
    "say": m.Say(room="roomroom", n=1, body="abc"),
    "publish": m.Publish(room="roomroom", n=1, sdp="v=0", tracks=[]),
    "subscribe": m.Subscribe(room="roomroom"),
    "subscribe_answer": m.SubscribeAnswer(room="roomroom", generation=1, sdp="v=0"),
    "media_blocked": m.MediaBlocked(room="roomroom"),
}

# Rows: actions. Columns: nobody, waiting, participant, facilitator, organiser. Written by hand, apart from the code.
EXPECTED = {
    "join":             "y . . . .",
    "resume":           "y . . . .",
    "leave":            ". y y y y",
    "ping":             ". y y y y",
    "admit":            ". . . y .",
    "decline":          ". . . y .",
    "remove":           ". . . y .",
    "mute":             ". . . y .",
    "mute_everyone":    ". . . y .",
    "end_meeting":      ". . . y .",
    "delete_group":     ". . . . y",
    "say":              ". . y y .",
    "publish":          ". . y y .",
    "subscribe":        ". . y y .",
    "subscribe_answer": ". . y y .",
    "media_blocked":    ". . y y .",
}  # fmt: skip


def waiting(world: World) -> Client:
    client = world.knock()
    client.take(m.Waiting)
    return client


def participant(world: World) -> Client:
    return world.meeting(1)[1]


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
