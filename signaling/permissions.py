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
    FACILITATOR = auto()
    ORGANISER = auto()


_N, _W, _P, _F, _O = Standing

ALLOWED: dict[type[m.ClientMessage], frozenset[Standing]] = {
    m.Join: frozenset({_N}),
    m.Resume: frozenset({_N}),
    m.Leave: frozenset({_W, _P, _F, _O}),
    m.Ping: frozenset({_W, _P, _F, _O}),
    m.Admit: frozenset({_F}),
    m.Decline: frozenset({_F}),
    m.Remove: frozenset({_F}),
    m.Mute: frozenset({_F}),
    m.MuteEveryone: frozenset({_F}),
    m.EndMeeting: frozenset({_F}),
    m.DeleteGroup: frozenset({_O}),
    m.Say: frozenset({_P, _F}),
    m.Publish: frozenset({_P, _F}),
    m.Subscribe: frozenset({_P, _F}),
    m.SubscribeAnswer: frozenset({_P, _F}),
    m.MediaBlocked: frozenset({_P, _F}),
}


def refusal(standing: Standing, message: m.ClientMessage) -> m.ErrorCode | None:
    """None if the message may be acted on, else the error to answer with."""
    allowed = ALLOWED[type(message)]
    if standing in allowed:
        return None
    return "wrong_state" if standing is Standing.NOBODY or Standing.NOBODY in allowed else "not_permitted"
