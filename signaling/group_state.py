"""One group while people are at its door or in its meeting: its state, its tokens, and who is told what.

What may happen to it is in `moderation.py` (by facilitators) and `live_group.py` (by everybody else, and by time).
A session keeps its id from the knock to the end, so that a token issued while waiting finds the member who was
admitted meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from signaling import effects as e
from signaling import messages as m
from signaling.admission import Door, Visitor, as_knock
from signaling.meeting import Attendee, Meeting
from signaling.permissions import Standing
from signaling.rate_limit import Limits, TokenBucket
from signaling.session import TOKEN_SECONDS, Claims, TokenKeeper, mark_digest

FINISHED = 4000
TAKEN_OVER = 4001
"""Close codes, explained in `messages.CLOSE_CODES`."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every group shares with the machine."""

    limits: Limits
    tokens: TokenKeeper
    new_id: Callable[[], str]
    meeting_numbers: Iterator[int]
    out: Callable[[e.Effect], None]


class GroupState:
    """See the module's text. Its underscored methods are for the classes built on it."""

    def __init__(self, group: str, around: Surroundings) -> None:
        self.id = group
        self.meeting: Meeting | None = None
        self.door = Door(limit=around.limits.waiting)
        self.organisers: set[int] = set()
        self._around = around
        self._void: dict[str, float] = {}
        self._returns: dict[str, TokenBucket] = {}
        self._facilitated = False

    @property
    def idle(self) -> bool:
        """True if there is nothing to remember."""
        return self.meeting is None and self.door.idle and not self.organisers and not self._void and not self._returns

    @property
    def peopled(self) -> bool:
        """True while somebody is here, or may come back."""
        return self.meeting is not None or len(self.door) > 0 or bool(self.organisers)

    def standing(self, session: str) -> Standing | None:
        """What the holder of this session is now; None if the session is over."""
        match self._holder(session):
            case Visitor():
                return Standing.WAITING
            case Attendee(role=role):
                return Standing.FACILITATOR if role == "facilitator" else Standing.PARTICIPANT
        return None

    # -- Telling and keeping ----------------------------------------------------------------------------------------

    def _out(self, effect: e.Effect) -> None:
        self._around.out(effect)

    def _send(self, connection: int | None, message: m.ServerMessage) -> None:
        if connection is not None:
            self._out(e.Send(connection, message))

    def _finish(self, connection: int | None, message: m.ServerMessage, code: int = FINISHED) -> None:
        if connection is not None:
            self._out(e.Send(connection, message))
            self._out(e.Close(connection, code))

    def _take_over(self, connection: int | None) -> None:
        self._finish(connection, m.TakenOver(), TAKEN_OVER)

    def _log(self, text: str) -> None:
        where = "door" if self.meeting is None else f"meeting {self.meeting.number}"
        self._out(e.Log(f"{where}: {text}"))

    def _running(self) -> Meeting:
        """The meeting, in a method that only its members reach."""
        assert self.meeting is not None
        return self.meeting

    def _holder(self, session: str) -> Visitor | Attendee | None:
        return self.door.get(session) or (self.meeting.attendees.get(session) if self.meeting else None)

    def _start(self, now: float) -> Meeting:
        new_id, number = self._around.new_id, next(self._around.meeting_numbers)
        meeting = Meeting(new_id(), new_id(), number=number, limit=self._around.limits.members, started=now)
        self.meeting = meeting
        self._out(e.SaveMeeting(self.id, meeting.id, meeting.main_room, meeting.started))
        self._log("started")
        return meeting

    def _seat(self, meeting: Meeting, attendee: Attendee, *, resumed: bool = False, now: float) -> None:
        """Give a member seats in their rooms and tell everybody."""
        for room in attendee.rooms:
            joined = meeting.rooms[room].enter(attendee.as_member(), now=now)
            self._broadcast(meeting, room, joined, besides=attendee.id)
        states = [
            self._room_state(meeting, attendee, room, replayed_from=meeting.rooms[room].seq + 1)
            for room in attendee.rooms
        ]
        self._tell_joined(meeting, attendee, states, resumed=resumed, now=now)
        self._update_presence()

    def _drop(
        self, meeting: Meeting, attendee: Attendee, reason: Literal["left", "removed", "lost"], *, now: float
    ) -> None:
        """End a member's part: media first, then session, token and seats."""
        for room in attendee.rooms:
            self._out(e.DropMedia(room, attendee.id))
        self._void_session(attendee.id, now=now)
        self._add_mark(meeting, "session", attendee.id)
        meeting.drop(attendee.id, now=now)
        for room in attendee.rooms:
            self._broadcast(meeting, room, meeting.rooms[room].leave(attendee.id, reason, now=now))
        self._update_presence()

    def _end_visit(self, visitor: str, *, now: float) -> None:
        if self.door.take(visitor) is not None:
            self._void_session(visitor, now=now)
            self._tell_facilitators(m.KnockGone(knock=visitor, outcome="withdrawn"))

    def _void_session(self, session: str, *, now: float) -> None:
        self._void[session] = now + TOKEN_SECONDS

    def _add_mark(self, meeting: Meeting, kind: Literal["session", "browser"], value: str) -> None:
        digest = mark_digest(meeting.id, kind, value)
        meeting.mark(digest)
        self._out(e.AddMark(meeting.id, kind, digest))

    def _token(self, holder: Visitor | Attendee, *, now: float) -> str:
        holder.token_at = now
        match holder:
            case Visitor(id=session, since=since, browser=browser):
                claims = Claims(self.id, session, "waiting", since, browser)
            case Attendee(id=session, browser=browser, role=role, leaf=leaf, order=order, rooms=rooms):
                meeting = self._running()
                claims = Claims(self.id, session, "joined", 0.0, browser, meeting.id, role, leaf, order, rooms)
        return self._around.tokens.issue(claims, now=now)

    def _room_state(self, meeting: Meeting, attendee: Attendee, room: str, replayed_from: int) -> m.RoomState:
        found = meeting.rooms[room]
        members = [meeting.attendees[member].as_member() for member in found.seats]
        said_n = found.seats[attendee.id].said_n
        return m.RoomState(id=room, seq=found.seq, members=members, said_n=said_n, replayed_from=replayed_from)

    def _tell_joined(
        self,
        meeting: Meeting,
        attendee: Attendee,
        rooms: list[m.RoomState],
        *,
        resumed: bool,
        media_kept: bool = False,
        now: float,
    ) -> None:
        knocks = []
        if attendee.role == "facilitator":
            knocks = [self._knock(visitor, now=now) for visitor in self.door]
        joined = m.Joined(
            token=self._token(attendee, now=now),
            meeting=meeting.id,
            member=attendee.id,
            role=attendee.role,
            rooms=rooms,
            knocks=knocks,
            resumed=resumed,
            media_kept=media_kept,
        )
        self._send(attendee.connection, joined)

    def _tell_waiting(self, visitor: Visitor, *, now: float) -> None:
        self._send(
            visitor.connection, m.Waiting(token=self._token(visitor, now=now), facilitator_present=self._facilitated)
        )

    def _knock(self, visitor: Visitor, *, now: float) -> m.Knock:
        removed = self.meeting is not None and self.meeting.removed_earlier(visitor.browser)
        return as_knock(visitor, removed_earlier=removed, now=now)

    def _tell_knock(self, visitor: Visitor, *, now: float) -> None:
        self._tell_facilitators(m.Knocked(knock=self._knock(visitor, now=now)))

    def _tell_facilitators(self, message: m.ServerMessage) -> None:
        if self.meeting is not None:
            for attendee in self.meeting.attendees.values():
                if attendee.role == "facilitator":
                    self._send(attendee.connection, message)

    def _broadcast(self, meeting: Meeting, room: str, message: m.ServerMessage, *, besides: str | None = None) -> None:
        for member in meeting.rooms[room].seats:
            if member != besides:
                self._send(meeting.attendees[member].connection, message)

    def _update_presence(self) -> None:
        """Tell those who wait when a facilitator came or the last one went."""
        present = self.meeting is not None and self.meeting.facilitated
        if present != self._facilitated:
            self._facilitated = present
            for visitor in self.door:
                self._send(visitor.connection, m.Door(facilitator_present=present))
