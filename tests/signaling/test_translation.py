"""What the delivery service tells, on the wire: every kind, and that it can be read."""

from __future__ import annotations

from typing import get_args

import pytest

from signaling import messages as m
from signaling import mls_effects as e
from signaling.mls_log import Committed, Sealed
from signaling.translation import data_of, state_of, translated

COMMIT = Committed(7, 3, "sendersender", b"commit", 5)
CASES: list[tuple[e.Message, m.ServerMessage]] = [
    (
        e.Registered(b"group id of 16 b", 3, 5),
        m.MlsRegistered("roomroom", m.MlsState("Z3JvdXAgaWQgb2YgMTYgYg", 3, 5)),
    ),
    (e.Abandoned(), m.MlsAbandoned("roomroom")),
    (e.Offered("membermember", b"package"), m.MlsOffered("roomroom", "membermember", "cGFja2FnZQ")),
    (
        e.Offered("membermember", b"package", bytes(64)),
        m.MlsOffered("roomroom", "membermember", "cGFja2FnZQ", "A" * 86),
    ),
    (COMMIT, m.MlsCommitted("roomroom", m.Committed(7, 3, "sendersender", "Y29tbWl0", 5))),
    (
        e.Welcomed(7, 4, "sendersender", b"welcome"),
        m.MlsWelcomed("roomroom", 7, 4, "sendersender", "d2VsY29tZQ"),
    ),
    (
        Sealed(8, 4, "sendersender", 2, b"said", "membermember"),
        m.Said("roomroom", 8, 4, "sendersender", 2, "c2FpZA", "membermember"),
    ),
    (e.Rebase((COMMIT,)), m.MlsRebase("roomroom", [m.Committed(7, 3, "sendersender", "Y29tbWl0", 5)])),
    (
        e.Reopened(9, 7, 5, 3, (("membermember", b"signed"),)),
        m.MlsReopened("roomroom", 9, 7, 5, 3, [m.Report("membermember", "c2lnbmVk")]),
    ),
    (e.CaughtUp(7, 9, 8), m.MlsCaughtUp("roomroom", 7, 9, 8)),
    (e.MustRejoin("void"), m.MlsMustRejoin("roomroom", "void")),
    (e.Refused("stale", 4), m.MlsRefused("roomroom", "stale", "say", 4)),
]


@pytest.mark.parametrize(("told", "wire"), CASES, ids=lambda case: type(case).__name__)
def test_it_is_told(told: e.Message, wire: m.ServerMessage) -> None:
    about = "say" if isinstance(told, e.Refused) else ""
    assert translated("roomroom", told, about) == wire
    assert m.decode_server(m.encode(wire)) == wire


def test_everything_that_can_be_told_is_above() -> None:
    assert {type(told) for told, _ in CASES} == set(get_args(e.Message))


def test_text_that_is_no_base64url_holds_nothing() -> None:
    assert data_of("c2lnbmVk") == b"signed"
    for text in ("signed", "A", "c2lnbmVk=", "\u00e9"):
        assert data_of(text) == b""


def test_no_group_is_no_state() -> None:
    assert state_of(None) is None
