"""Credentials for the relay: as coturn computes them, and with every `joined`."""

from __future__ import annotations

from signaling import messages as m
from signaling.turn import CREDENTIAL_SECONDS, Relay
from tests.signaling.world import World

RELAY = Relay(["turn:turn.example.org", "turns:turn.example.org:443?transport=tcp"], "a secret between us")


def test_the_password_is_what_openssl_makes_of_the_name() -> None:
    """`printf 1086400:someone | openssl dgst -sha1 -hmac 'a secret between us' -binary | base64`"""
    (server,) = RELAY.ice_servers("someone", now=1_000_000.9)
    assert server.urls == list(RELAY.urls)
    assert server.username == "1086400:someone"
    assert server.credential == "zWwoCJ/VcMiP5qTcWPNaVBbUbr4="
    assert CREDENTIAL_SECONDS == 86_400


def test_the_secret_is_in_no_representation() -> None:
    assert "between" not in repr(RELAY)


def test_every_joined_brings_fresh_ones_that_name_nobody() -> None:
    world = World(relay=RELAY)
    marta, fia = world.meeting(1)
    fia.lose()
    world.now += 60
    again = fia.resume()
    told = [message for client in (marta, fia, again) for message in client.all if isinstance(message, m.Joined)]
    names = [joined.ice_servers[0].username for joined in told]
    assert len(told) == len(set(names)) == 3
    expiries = [int(name.partition(":")[0]) for name in names]
    assert expiries[2] == expiries[1] + 60
    assert all(joined.member not in joined.ice_servers[0].username for joined in told)


def test_without_a_relay_there_is_none() -> None:
    marta = World().meeting(0)[0]
    assert [joined.ice_servers for joined in marta.all if isinstance(joined, m.Joined)] == [[]]
