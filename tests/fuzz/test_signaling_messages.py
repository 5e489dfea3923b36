"""What a browser, or somebody who is none, may send over the WebSocket: seeds replayed, torn, joined and altered.

Whatever comes, in whatever standing: the sender gets an answer or is closed upon, and nobody else notices.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling import messages as m
from signaling.links import b64
from signaling.permissions import Standing
from tests.signaling.test_permissions import PEOPLE
from tests.signaling.world import GROUP, Client, World

FUZZ = Path(__file__).parent
SEEDS = {path.stem: path.read_bytes() for path in sorted((FUZZ / "signaling").iterdir())}
HARMLESS = {"ping", "unknown-field", "leave", "end-meeting", "delete-group", "n-huge", "lock", "update-nothing"}
"""Seeds that are good messages, for some standing at least."""


SERIOUS = (b"end_meeting", b"delete_group", b"lock", b"update_group")
"""What some may, and others notice."""
MLS = {path.stem: bytes.fromhex(path.read_text()) for path in sorted((FUZZ / "mls_messages").glob("*.hex"))}


def offer(client: Client, data: bytes) -> None:
    """As the shell hands it over: text if it is UTF-8 (aiohttp closes on any other text), else binary."""
    world = client.world
    try:
        text: str | bytes = data.decode()
    except UnicodeDecodeError:
        text = data
    world.do(world.machine.receive(client.connection, text, now=world.now))


@pytest.mark.parametrize("standing", Standing)
@pytest.mark.parametrize("seed", SEEDS)
def test_each_seed_is_answered(seed: str, standing: Standing) -> None:
    world = World()
    client = PEOPLE[standing](world)
    offer(client, SEEDS[seed])
    errors = client.find(m.Error)
    assert errors or client.closed is not None or client.inbox
    if seed not in HARMLESS:
        assert client.closed in (None, 4003)
        assert len(errors) <= 1
    for error in errors:
        assert len(m.encode(error)) < 200, "an error repeats nothing of what it refuses"


def bystander(world: World) -> Client:
    person = world.knock(browser="bystander1")
    person.inbox.clear()
    return person


def altered() -> st.SearchStrategy[bytes]:
    """Seeds, cut, joined, with bytes changed, and anything at all."""
    seed = st.sampled_from(list(SEEDS.values()))

    def change(data: bytes, place: int, byte: int) -> bytes:
        place %= len(data) + 1
        return data[:place] + bytes([byte]) + data[place + 1 :]

    def cut(data: bytes, end: int) -> bytes:
        return data[: end % (len(data) + 1)]

    return st.one_of(
        seed,
        st.builds(cut, seed, st.integers(0, 2000)),
        st.builds(bytes.__add__, seed, seed),
        st.builds(change, seed, st.integers(0, 2000), st.integers(0, 255)),
        st.binary(max_size=200),
    )


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(Standing)), st.lists(altered(), max_size=6))
def test_nobody_else_notices(standing: Standing, messages: list[bytes]) -> None:
    world = World()
    client = PEOPLE[standing](world)
    person = bystander(world)
    for data in messages:
        if not any(word in data for word in SERIOUS):
            offer(client, data)
    assert person.closed is None
    assert person.inbox == [] or standing is Standing.FACILITATOR
    person.send(m.Ping(n=1))
    assert person.find(m.Pong)
    assert world.groups.keys() == {GROUP}


# -- MLS messages of every kind, in every standing ---------------------------------------------------------------------


def carried(room: str, data: bytes, number: int) -> list[m.ClientMessage]:
    """All messages that carry such bytes."""
    text = b64(data) or "A"
    return [
        m.SendKnock(sealed="abc", key_package=text[: m.MAX_KEY_PACKAGE_CHARS]),
        m.Say(room=room, n=number, body=text[: m.MAX_SAY_CHARS]),
        m.MlsOffer(room=room, key_package=text[: m.MAX_KEY_PACKAGE_CHARS], rejoin=b64(bytes(64))),
        m.MlsCommit(room=room, after=number, commit=text),
        m.MlsCommit(room=room, after=2, commit=text, welcome=text, co_facilitators=["nobodynobody"]),
        m.MlsReject(room=room, seq=number, statement=text[:700]),
        m.MlsCatchUp(room=room, epoch=number, applied=number, seen=number),
        m.MlsApplied(room=room, epoch=number),
        m.MlsRegister(room=room, group="g" * 22, epoch=number, leaves=[m.Seat(number, "nobodynobody")]),
    ]


def mutated() -> st.SearchStrategy[bytes]:
    def change(data: bytes, place: int, byte: int) -> bytes:
        place %= len(data) + 1
        return data[:place] + bytes([byte]) + data[place + 1 :]

    seed = st.sampled_from(list(MLS.values()))
    return st.one_of(seed, st.builds(change, seed, st.integers(0, 2000), st.integers(0, 255)), st.binary(max_size=80))


def state(world: World) -> tuple[object, ...]:
    if world.machine._groups.get(GROUP) is None or world.machine._groups[GROUP].meeting is None:
        return ()
    delivery = world.room.delivery
    return delivery.state, dict(delivery.leaves), list(delivery.absent), list(world.room.members)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(Standing)), st.lists(st.tuples(mutated(), st.integers(0, 9), st.integers(0, 8))))
def test_mls_messages_that_are_not_good_change_nothing(
    standing: Standing, messages: list[tuple[bytes, int, int]]
) -> None:
    world = World()
    # A facilitator alone who offers a KeyPackage has lost the group, which is let go of.
    client = world.meeting(1)[0] if standing is Standing.FACILITATOR else PEOPLE[standing](world)
    before = state(world)
    others = [other for other in world.clients.values() if other is not client]
    for other in others:
        other.inbox.clear()
    for data, number, kind in messages:
        if client.closed is None:
            client.send(carried(client.room or "roomroom", data, number)[kind])
    assert state(world) == before
    for other in others:
        assert other.closed is None
        assert all(isinstance(message, m.Knocked | m.MlsOffered | m.MlsReady) for message in other.inbox)
