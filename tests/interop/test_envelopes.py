import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.links import b64, unb64
from tests.interop.envelopes import CLASSES, EnvelopeError, derived, link_psk, open_knock, pad, seal_knock, unpad

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "links.json").read_text())["cases"]
SECRET, GROUP = b"s" * 16, "A" * 22


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=100), max_size=20))
def test_what_was_padded_is_read_again(content: dict[str, str]) -> None:
    padded = pad(content)
    assert len(padded) in CLASSES
    assert unpad(padded) == content


@given(st.binary(max_size=300))
def test_junk_is_refused(data: bytes) -> None:
    with pytest.raises(EnvelopeError):
        unpad(data)


def test_other_padding_is_refused() -> None:
    padded = pad({"v": 1})
    for wrong in (padded[:-1] + b"\1", padded + bytes(768), padded[:-1], (300).to_bytes(4, "big") + padded[4:]):
        with pytest.raises(EnvelopeError):
            unpad(wrong)


def test_a_knock_opens_under_its_link_only() -> None:
    sealed = b64(seal_knock(SECRET, GROUP, {"v": 1, "name": "Sam"}))
    assert open_knock(SECRET, GROUP, sealed) == {"v": 1, "name": "Sam"}
    for secret, group, text in ((b"t" * 16, GROUP, sealed), (SECRET, "B" * 22, sealed), (SECRET, GROUP, sealed[:-4])):
        with pytest.raises(EnvelopeError):
            open_knock(secret, group, text)


def test_keys_are_derived_as_in_the_vectors() -> None:
    for case in VECTORS:
        secret, group = unb64(case["input"]["room_secret"]), case["input"]["group"]
        assert b64(derived(secret, "hearthside knock v1", group, 16)) == case["knock_key"]
        assert len(link_psk(secret, group).value) == 32
