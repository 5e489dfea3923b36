"""What the delivery service tells, as messages on the wire."""

from __future__ import annotations

from typing import assert_never

from signaling import messages as m
from signaling import mls_effects as e
from signaling.links import b64, unb64
from signaling.mls_log import Committed, Sealed


def data_of(text: str) -> bytes:
    """A message's base64url; what is no such text becomes bytes that nothing can be read from."""
    try:
        return unb64(text)
    except ValueError:
        return b""


def state_of(state: e.Registered | None) -> m.MlsState | None:
    """The group of a room."""
    return m.MlsState(group=b64(state.group), epoch=state.epoch, seq=state.seq) if state is not None else None


def translated(room: str, message: e.Message, about: str = "") -> m.ServerMessage:
    """For a member of the room. `about` is the type of the message that a refusal answers."""
    match message:
        case e.Registered():
            return m.MlsRegistered(room=room, state=m.MlsState(b64(message.group), message.epoch, message.seq))
        case e.Abandoned():
            return m.MlsAbandoned(room=room)
        case e.Offered(member=member, key_package=package, rejoin=rejoin):
            signature = b64(rejoin) if rejoin is not None else None
            return m.MlsOffered(room=room, member=member, key_package=b64(package), rejoin=signature)
        case Committed():
            return m.MlsCommitted(room=room, commit=_committed(message))
        case e.Welcomed(seq=seq, epoch=epoch, sender=sender, welcome=welcome):
            return m.MlsWelcomed(room=room, seq=seq, epoch=epoch, sender=sender, welcome=b64(welcome))
        case Sealed(seq=seq, epoch=epoch, sender=sender, n=n, message=body, to=to):
            return m.Said(room=room, seq=seq, epoch=epoch, sender=sender, n=n, body=b64(body), to=to)
        case e.Rebase(commits=commits):
            return m.MlsRebase(room=room, commits=[_committed(commit) for commit in commits])
        case e.Reopened(seq=seq, void_from=void_from, after=after, epoch=epoch, reports=reports):
            told = [m.Report(member, b64(statement)) for member, statement in reports]
            return m.MlsReopened(room=room, seq=seq, void_from=void_from, after=after, epoch=epoch, reports=told)
        case e.CaughtUp(applied=applied, seq=seq, replayed_from=start):
            return m.MlsCaughtUp(room=room, applied=applied, seq=seq, replayed_from=start)
        case e.MustRejoin(reason=reason):
            return m.MlsMustRejoin(room=room, reason=reason)
        case e.Refused(code=code, n=n):
            return m.MlsRefused(room=room, code=code, about=about, n=n)
        case _:
            assert_never(message)


def _committed(entry: Committed) -> m.Committed:
    return m.Committed(entry.seq, entry.epoch, entry.sender, b64(entry.commit), entry.after)
