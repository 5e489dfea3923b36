"""One room of a meeting: the order of what is said in it, and its replay for those who were away for a moment.

Everything that carries `seq` is numbered here. The room hands back the message and who is to have it; it knows members
by id alone and nothing of sockets.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from signaling import messages as m
from signaling.permissions import RefusedError

REPLAY_MESSAGES = 256
REPLAY_CHARS = 1 << 20
REPLAY_SECONDS = 120.0
"""The replay's bounds: as long as a lost socket's place is kept, and memory per room of about 1 MiB. What falls out is
shown to the client as a gap, and states are sent anew in any case; a smaller buffer loses chat messages earlier."""
_OVERHEAD = 200  # characters that one message takes beside its body, roughly

Sequenced = m.Said | m.MemberJoined | m.MemberBack | m.MemberLost | m.MemberLeft
S = TypeVar("S", bound=Sequenced)


@dataclass(slots=True)
class Seat:
    """A member's place in the room."""

    first: int
    """The first number that this member may read: nothing from before they were let in."""
    said_n: int = 0
    """The last `say.n` that was taken."""


@dataclass(slots=True)
class _Kept:
    message: Sequenced
    at: float
    size: int


class Room:
    """See the module's text. `seq` starts above 0 when a meeting is taken up after a restart."""

    def __init__(self, room: str, *, seq: int = 0) -> None:
        self.id = room
        self.seq = seq
        self.seats: dict[str, Seat] = {}
        self._kept: deque[_Kept] = deque()
        self._kept_chars = 0

    def enter(self, member: m.Member, *, now: float) -> m.MemberJoined:
        """Give a new member a seat. The message is for the others."""
        joined = self._number(lambda seq: m.MemberJoined(room=self.id, seq=seq, member=member), now)
        self.seats[member.id] = Seat(first=self.seq + 1)
        return joined

    def back(self, member: str, *, now: float) -> m.MemberBack:
        """A member's client is connected again or new. The message is for the others."""
        return self._number(lambda seq: m.MemberBack(room=self.id, seq=seq, member=member), now)

    def lost(self, member: str, *, now: float) -> m.MemberLost:
        """A member's socket is lost. The message is for the others."""
        return self._number(lambda seq: m.MemberLost(room=self.id, seq=seq, member=member), now)

    def leave(self, member: str, reason: Literal["left", "removed", "lost"], *, now: float) -> m.MemberLeft:
        """Take a member's seat away. The message is for those who stay."""
        del self.seats[member]
        return self._number(lambda seq: m.MemberLeft(room=self.id, seq=seq, member=member, reason=reason), now)

    def say(self, sender: str, message: m.Say, *, now: float) -> tuple[m.Said, list[str]]:
        """Number an envelope. Returns it and whom it goes to: the sender always, of a repeated `n` nobody else.

        Raises `RefusedError`: ``no_such_member`` if `to` has no seat, ``wrong_state`` for a repeated `n` that is no
        longer kept.
        """
        seat = self.seats[sender]
        if message.n <= seat.said_n:
            return self._echo(sender, message.n), [sender]
        if message.to is not None and message.to not in self.seats:
            raise RefusedError("no_such_member")
        seat.said_n = message.n

        def build(seq: int) -> m.Said:
            return m.Said(room=self.id, seq=seq, sender=sender, n=message.n, body=message.body, to=message.to)

        said = self._number(build, now)
        receivers = list(self.seats) if message.to is None else list(dict.fromkeys([sender, message.to]))
        return said, receivers

    def replay(self, member: str, seen: int | None, *, now: float) -> tuple[int, list[Sequenced]]:
        """What a member missed after number `seen` (None: no replay), and the number from which on nothing is missing.

        Left out is what was said to somebody else, and what tells of this member: they know.
        """
        self._forget_old(now)
        if seen is None or seen >= self.seq:
            return self.seq + 1, []
        oldest = self._kept[0].message.seq if self._kept else self.seq + 1
        start = max(seen + 1, oldest, self.seats[member].first)
        missed = [kept.message for kept in self._kept if kept.message.seq >= start]
        return start, [message for message in missed if self._concerns(message, member)]

    def _concerns(self, message: Sequenced, member: str) -> bool:
        match message:
            case m.Said(to=None):
                return True
            case m.Said(sender=sender, to=to):
                return member in (sender, to)
            case m.MemberJoined(member=joined):
                return joined.id != member
            case m.MemberBack(member=other) | m.MemberLost(member=other) | m.MemberLeft(member=other):
                return other != member

    def _echo(self, sender: str, n: int) -> m.Said:
        for kept in self._kept:
            if isinstance(kept.message, m.Said) and kept.message.sender == sender and kept.message.n == n:
                return kept.message
        raise RefusedError("wrong_state")

    def _number(self, build: Callable[[int], S], now: float) -> S:
        self.seq += 1
        message = build(self.seq)
        size = _OVERHEAD + (len(message.body) if isinstance(message, m.Said) else 0)
        self._kept.append(_Kept(message, now, size))
        self._kept_chars += size
        while len(self._kept) > REPLAY_MESSAGES or self._kept_chars > REPLAY_CHARS:
            self._forget_first()
        self._forget_old(now)
        return message

    def _forget_old(self, now: float) -> None:
        while self._kept and now - self._kept[0].at > REPLAY_SECONDS:
            self._forget_first()

    def _forget_first(self) -> None:
        self._kept_chars -= self._kept.popleft().size
