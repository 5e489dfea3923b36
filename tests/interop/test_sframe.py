import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.interop.mls_member import Member, Psk
from tests.interop.sframe import SUITE, FrameKey, OpenError, decode_header, encode_header

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "sframe" / "test-vectors.json").read_text())
NUMBER = st.integers(0, 2**64 - 1)


def test_headers_are_the_working_groups() -> None:
    assert len(VECTORS["header"]) == 289
    for vector in VECTORS["header"]:
        encoded = bytes.fromhex(vector["encoded"])
        assert encode_header(vector["kid"], vector["ctr"]) == encoded
        assert decode_header(encoded) == (vector["kid"], vector["ctr"], len(encoded))


def test_frames_are_the_working_groups() -> None:
    (vector,) = [vector for vector in VECTORS["sframe"] if vector["cipher_suite"] == SUITE]
    base, metadata, plain, sealed = (bytes.fromhex(vector[name]) for name in ("base_key", "metadata", "pt", "ct"))
    key = FrameKey(base, vector["kid"])
    assert (key.key.hex(), key.salt.hex()) == (vector["sframe_key"], vector["sframe_salt"])
    assert key.seal(vector["ctr"], plain, metadata) == sealed
    assert key.open(sealed, metadata) == plain


@given(NUMBER, NUMBER, st.binary(max_size=40), st.binary(max_size=8))
def test_what_is_sealed_is_opened(kid: int, ctr: int, plain: bytes, metadata: bytes) -> None:
    key = FrameKey(b"k" * 16, kid)
    assert key.open(key.seal(ctr, plain, metadata), metadata) == plain


@given(st.binary(max_size=60), st.integers(0, 100), st.integers(1, 255))
def test_nothing_else_is_opened(junk: bytes, at: int, change: int) -> None:
    key = FrameKey(b"k" * 16, 700)
    frame = bytearray(key.seal(9, b"frame"))
    frame[at % len(frame)] ^= change
    for damaged in (bytes(frame), junk, bytes(frame[: at % len(frame)])):
        with pytest.raises(OpenError):
            key.open(damaged)


def test_members_of_an_epoch_read_each_others_frames() -> None:
    psk = Psk(b"link", b"p" * 32)
    ana, ben = Member(b"ana", psk), Member(b"ben", psk)
    ana.found(b"g" * 16)
    commit, welcome = ana.commit(add=[ben.key_package()])
    ana.apply(commit)
    assert welcome is not None
    ben.join(welcome)
    kid = 3 << 18 | ana.leaf << 8 | 1
    frame = FrameKey(ana.sframe_base_key(), kid).seal(0, b"voice")
    assert FrameKey(ben.sframe_base_key(), kid).open(frame) == b"voice"
    after, _ = ana.commit()
    ana.apply(after)
    with pytest.raises(OpenError):
        FrameKey(ana.sframe_base_key(), kid).open(frame)
