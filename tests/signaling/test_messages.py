"""The messages themselves: reading, limits, and that nothing but `DecodeError` comes out of junk."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling import messages as m


def test_a_message_survives_the_wire() -> None:
    say = m.Say(room="roomroom", n=3, body="abc", to="membermember")
    assert m.decode_client(m.encode(say)) == say
    said = m.Said(room="roomroom", seq=4, epoch=2, sender="membermember", n=3, body="abc")
    assert m.decode_server(m.encode(said)) == said


def test_unknown_fields_are_ignored() -> None:
    assert m.decode_client('{"type":"ping","n":1,"later":[1,2]}') == m.Ping(n=1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        '"ping"',
        '{"type":"pong","n":1}',
        '{"type":"Ping","n":1}',
        '{"n":1}',
        '{"type":"ping","n":-1}',
        '{"type":"ping","n":9007199254740992}',
        '{"type":"ping","n":1.5}',
        '{"type":"mls_register","room":"roomroom","group":"gggggggggggggggggggggg","epoch":0,"leaves":[]}',
        '{"type":"mls_applied","room":"roomroom","epoch":-1}',
        '{"type":"knock","sealed":"abc","key_package":"%s"}' % ("a" * (m.MAX_KEY_PACKAGE_CHARS + 1)),
        '{"type":"mls_commit","room":"roomroom","after":1,"commit":"%s"}' % ("a" * (m.MAX_MLS_CHARS + 1)),
        '{"type":"say","room":"roomroom","n":1,"body":""}',
        '{"type":"say","room":"room","n":1,"body":"abc"}',
        '{"type":"say","room":"roomroom\\n","n":1,"body":"abc"}',
        '{"type":"say","room":"roomroom","n":1,"body":"%s"}' % ("a" * (m.MAX_SAY_CHARS + 1)),
        "[" * 100_000,
    ],
)
def test_what_is_out_of_bounds_is_a_decode_error(text: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        m.decode_client(text)


@given(st.one_of(st.text(), st.binary()))
def test_junk_is_a_decode_error_and_nothing_else(data: str | bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        m.decode_client(data)
    assert m.decode_header(data) == (None, None)


def test_of_a_refused_message_type_and_number_are_told_if_they_are_ours() -> None:
    assert m.decode_header('{"type":"say","n":3,"room":1}') == ("say", 3)
    assert m.decode_header('{"type":"say","n":"3"}') == (None, None)
    assert m.decode_header('{"type":"<script>","n":3}') == (None, None)


def test_every_error_code_has_a_meaning() -> None:
    assert list(m.ERROR_MEANINGS) == list(get_args(m.ErrorCode))
    assert list(m.REFUSAL_MEANINGS) == list(get_args(m.Refusal))
