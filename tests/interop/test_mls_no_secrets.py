"""What the delivery service holds is ciphertext or public: no secret of the members is in it, or comes out of it."""

from __future__ import annotations

import pytest

from signaling import mls_messages as m
from signaling.mls_delivery import Delivery
from tests.interop.mls_world import World, meeting
from tests.signaling.mls_desk import kept

SAID = b"what Ana said to the circle"


def lively() -> tuple[World, list[bytes]]:
    """A meeting with a log, a waiting person, a welcome on its way and a report; and its members' secrets over time."""
    world = meeting("ana", "ben", "chi", "dee", facilitators=2)
    secrets = [secret for client in world.clients.values() for secret in client.mls.secrets]
    ana = world.clients["ana"]
    ana.say(SAID)
    world.read_all()
    world.arrive("eli")
    world.arrive("fay")
    world.read_all()
    ana.make(add=["eli"])
    ana.send()
    world.leave("dee")
    chi = world.clients["chi"]
    while chi.read():
        pass
    chi.make(remove=["dee"])
    chi.send()
    world.clients["eli"].lose()
    seq = world.server.seq
    world.clients["ben"].role = "participant"
    world.do(world.server.arrive("ben", "participant", now=world.now))
    world.do(world.server.reject("ben", seq, b"a signed statement", now=world.now))
    world.read_all()
    secrets += [secret for client in world.clients.values() for secret in client.mls.secrets]
    return world, secrets


def test_no_secret_is_in_its_memory() -> None:
    world, secrets = lively()
    held = [str(thing).encode() if not isinstance(thing, bytes) else thing for thing in kept(world.server)]
    assert len(secrets) > 40
    assert len(held) > 20
    for secret in [*secrets, SAID]:
        assert len(secret) >= 16
        assert not [thing for thing in held if secret in thing]


def test_everything_in_its_memory_is_of_a_known_kind() -> None:
    world, _ = lively()
    server = world.server
    for thing in kept(server):
        if isinstance(thing, str):
            assert thing in world.clients or thing in PUBLIC
        else:
            assert isinstance(thing, bytes)
            assert thing == b"a signed statement" or len(thing) <= 32 or kind_of(thing)


PUBLIC = {"participant", "facilitator", "co_facilitator"}


def kind_of(data: bytes) -> str | None:
    """Which public or sealed message this is, or which public part of a KeyPackage."""
    for name, read in (
        ("commit", m.read_commit),
        ("welcome", m.read_welcome),
        ("key package", m.read_key_package),
        ("sealed", m.read_application),
    ):
        try:
            read(data)
        except m.ParseError:
            continue
        return name
    return None


def test_what_it_holds_opens_nothing() -> None:
    # Somebody with all of the server's memory, and the link besides.
    world, _ = lively()
    entries = [thing for thing in kept(world.server) if isinstance(thing, bytes)]
    welcomes = [thing for thing in entries if kind_of(thing) == "welcome"]
    sealed = [thing for thing in entries if kind_of(thing) == "sealed"]
    assert welcomes
    assert sealed
    stranger = World().arrive("stranger").mls
    for welcome in welcomes:
        with pytest.raises(Exception, match="welcome"):
            stranger.join(welcome)
    for message in sealed:
        with pytest.raises(Exception, match="message"):
            stranger.open(message)


def test_it_forgets_everything_at_the_end() -> None:
    world, _ = lively()
    world.server.end()
    assert kept(world.server) == kept(Delivery(limit=1)) == []
