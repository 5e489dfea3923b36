"""What a browser, or somebody who is none, may send over the WebSocket: seeds replayed, torn, joined and altered.

Whatever comes, in whatever standing: the sender gets an answer or is closed upon, and nobody else notices.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling import messages as m
from signaling.permissions import Standing
from tests.signaling.test_permissions import PEOPLE
from tests.signaling.world import GROUP, Client, World

SEEDS = {path.stem: path.read_bytes() for path in sorted((Path(__file__).parent / "signaling").iterdir())}
HARMLESS = {"ping", "unknown-field", "leave", "end-meeting", "delete-group", "n-huge"}
"""Seeds that are good messages, for some standing at least."""


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
    answered = bool(errors) or client.closed is not None or bool(client.find(m.Pong))
    passed_over = seed == "admit-nobody" and standing is Standing.FACILITATOR
    assert answered != passed_over
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
        if b"end_meeting" not in data and b"delete_group" not in data:  # some may: their meeting would be over
            offer(client, data)
    assert person.closed is None
    assert person.inbox == [] or standing is Standing.FACILITATOR
    person.send(m.Ping(n=1))
    assert person.find(m.Pong)
    assert world.groups.keys() == {GROUP}
