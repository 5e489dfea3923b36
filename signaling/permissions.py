"""Who may do what: one table, asked before anything else is looked at."""

from __future__ import annotations

from enum import Enum, auto

from signaling import messages as m


class RefusedError(Exception):
    """A message cannot be acted on, and nothing was changed. The machine answers with `error`."""

    def __init__(self, code: m.ErrorCode, *, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.code: m.ErrorCode = code
        self.retry_after = retry_after


class Standing(Enum):
    """What a connection has become so far."""

    NOBODY = auto()  # before `join` or `resume`
    WAITING = auto()
    PARTICIPANT = auto()
    CO_FACILITATOR = auto()
    FACILITATOR = auto()
    ORGANISER = auto()


_N, _W, _P, _C, _F, _O = Standing
_ANYBODY = frozenset({_W, _P, _C, _F, _O})
_MEMBERS = frozenset({_P, _C, _F})

ALLOWED: dict[type[m.ClientMessage], frozenset[Standing]] = {
    m.Join: frozenset({_N}),
    m.Resume: frozenset({_N}),
    m.Leave: _ANYBODY,
    m.SendKnock: frozenset({_W}),
    m.Ping: _ANYBODY,
    m.Decline: frozenset({_C, _F}),
    m.Lock: frozenset({_F}),
    m.EndMeeting: frozenset({_F}),
    m.DeleteGroup: frozenset({_O}),
    m.UpdateGroup: frozenset({_O}),
    m.Say: _MEMBERS,
    # What a member may register and commit, the delivery service knows (`mls_sessions.py`, `mls_rules.py`).
    m.MlsRegister: _MEMBERS,
    m.MlsOffer: _MEMBERS,
    m.MlsCommit: _MEMBERS,
    m.MlsCatchUp: _MEMBERS,
    m.MlsApplied: _MEMBERS,
    m.MlsReject: _MEMBERS,
    m.Publish: _MEMBERS,
    m.Subscribe: _MEMBERS,
    m.SubscribeAnswer: _MEMBERS,
    m.Watch: _MEMBERS,
    m.MediaBlocked: _MEMBERS,
}


def refusal(standing: Standing, message: m.ClientMessage) -> m.ErrorCode | None:
    """None if the message may be acted on, else the error to answer with."""
    allowed = ALLOWED[type(message)]
    if standing in allowed:
        return None
    return "wrong_state" if standing is Standing.NOBODY or Standing.NOBODY in allowed else "not_permitted"
