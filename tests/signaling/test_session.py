"""Proofs at the door, and resume tokens."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling import messages as m
from signaling.links import b64, public_key
from signaling.session import TOKEN_SECONDS, Claims, TokenKeeper, mark_digest, proof_is_good
from tests.signaling.world import DOOR_SEED, GROUP, ROLE_SEED, ROOT_SEED, SECOND_ROLE_SEED, Keys, signed_join

CLAIMS = Claims(GROUP, "session1", "joined", 0.0, "browser1", "meeting1", "facilitator", ["room0001"], "k" * 43)
KEEPER = TokenKeeper(b"k" * 32)


def test_a_token_says_what_it_was_given_until_it_is_too_old() -> None:
    token = KEEPER.issue(CLAIMS, now=1000)
    assert KEEPER.read(token, now=1000) == CLAIMS
    assert KEEPER.read(token, now=1000 + TOKEN_SECONDS) == CLAIMS
    assert KEEPER.read(token, now=1001 + TOKEN_SECONDS) is None
    assert TokenKeeper(b"k" * 32).read(token, now=1001) == CLAIMS
    assert TokenKeeper(b"x" * 32).read(token, now=1001) is None


def test_a_token_fits_its_field() -> None:
    claims = Claims("g" * 32, "s" * 32, "joined", 1.5, "b" * 32, "m" * 32, "facilitator", ["r" * 32] * 4, "k" * 43)
    token = KEEPER.issue(claims, now=1000)
    assert m.decode_client(m.encode(m.Resume(group=GROUP, token=token))) == m.Resume(group=GROUP, token=token)


@given(st.text())
def test_any_text_is_read_as_no_token(text: str) -> None:
    assert KEEPER.read(text, now=1000) is None


@given(st.integers(0, 10_000), st.characters(codec="ascii"))
def test_a_changed_token_is_void(place: int, letter: str) -> None:
    token = KEEPER.issue(CLAIMS, now=1000)
    place %= len(token)
    changed = token[:place] + letter + token[place + 1 :]
    assert KEEPER.read(changed, now=1000) in (None, CLAIMS)
    spelt_otherwise = changed.replace("+", "-").replace("/", "_") == token  # base64 has two ways to write these
    if not spelt_otherwise and place < len(token) - 4:  # the last letters may hold bits that say nothing
        assert KEEPER.read(changed, now=1000) is None


@pytest.mark.parametrize(
    ("role", "seed"),
    [
        ("participant", DOOR_SEED),
        ("facilitator", ROLE_SEED),
        ("facilitator", SECOND_ROLE_SEED),
        ("organiser", ROOT_SEED),
    ],
)
def test_whoever_holds_the_links_key_is_believed(role: m.Role, seed: bytes) -> None:
    assert proof_is_good(signed_join(role, "nonce", seed=seed), Keys(), "nonce")


@pytest.mark.parametrize("role", ["participant", "facilitator", "organiser"])
@pytest.mark.parametrize("seed", [DOOR_SEED, ROLE_SEED, ROOT_SEED, b"\x09" * 32])
def test_a_key_of_another_link_proves_nothing(role: m.Role, seed: bytes) -> None:
    right = {"participant": DOOR_SEED, "facilitator": ROLE_SEED, "organiser": ROOT_SEED}[role]
    assert proof_is_good(signed_join(role, "nonce", seed=seed), Keys(), "nonce") == (seed == right)


def test_a_signature_over_anything_else_proves_nothing() -> None:
    join = signed_join("facilitator", "nonce")
    assert not proof_is_good(join, Keys(), "another nonce")
    for change in (
        {"signature": signed_join("facilitator", "nonce", group="anothergroup").signature},
        {"signature": signed_join("participant", "nonce", seed=ROLE_SEED).signature},
        {"signature": "A" * 86},
        {"signature": join.signature[:-1] + ("B" if join.signature[-1] != "B" else "C")},
        {"key": b64(public_key(SECOND_ROLE_SEED))},
        {"key": "A" * 43},
    ):
        assert not proof_is_good(msgspec.structs.replace(join, **change), Keys(), "nonce")


def test_a_stored_key_that_is_no_key_lets_nobody_in() -> None:
    keys = Keys(door_key="not-a-key")
    join = signed_join("participant", "nonce")
    assert not proof_is_good(m.Join(GROUP, "participant", "not-a-key", join.signature), keys, "nonce")


def test_marks_say_nothing_and_differ_by_meeting_and_kind() -> None:
    digests = {mark_digest("m1", "session", "x"), mark_digest("m2", "session", "x"), mark_digest("m1", "browser", "x")}
    assert len(digests) == 3
    assert all(len(digest) == 64 and "x" not in digest for digest in digests)
