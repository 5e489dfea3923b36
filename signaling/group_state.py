"""One group while people are at its door or in its meeting: its state, its tokens, and who is told what.

What may happen to it is in `outcomes.py` (by a commit), `moderation.py` (by facilitators) and `live_group.py` (by
everybody else, and by time).
A session keeps its id from the knock to the end, so that a token issued while waiting finds the member who was
admitted meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from signaling import effects as e
from signaling import messages as m
from signaling.admission import Door, Request, Visitor, as_knock
from signaling.meeting import Attendee, Meeting
from signaling.permissions import Standing
from signaling.rate_limit import Limits, TokenBucket
from signaling.room import Room
from signaling.session import TOKEN_SECONDS, Claims, TokenKeeper, mark_digest
from signaling.translation import state_of
from signaling.turn import Relay

FINISHED = 4000
TAKEN_OVER = 4001
"""Close codes, explained in `messages.CLOSE_CODES`."""
UNLED_SECONDS = 600.0
"""How long a meeting goes on without a facilitator, until its group was read and says otherwise: the same as a new
group has. Longer leaves people among themselves for longer, shorter ends an evening for one person's bad network."""
_STANDINGS: dict[m.MemberRole, Standing] = {
    "participant": Standing.PARTICIPANT,
    "co_facilitator": Standing.CO_FACILITATOR,
    "facilitator": Standing.FACILITATOR,
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every group shares with the machine."""

    limits: Limits
    tokens: TokenKeeper
    new_id: Callable[[], str]
    meeting_numbers: Iterator[int]
    out: Callable[[e.Effect], None]
    relay: Relay | None = None


class GroupState:
    """See the module's text. Its underscored methods are for the classes built on it."""

    def __init__(self, group: str, around: Surroundings) -> None:
        self.id = group
        self.meeting: Meeting | None = None
        self.door = Door(limit=around.limits.waiting)
        self.organisers: set[int] = set()
        self.grace_seconds = UNLED_SECONDS
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
                return _STANDINGS[role]
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

    def _seat(
        self, meeting: Meeting, attendee: Attendee, *, resumed: bool = False, subscribe: bool = False, now: float
    ) -> None:
        """Give a member seats in their rooms and tell them; with `subscribe` offer them at once what others send."""
        meeting.seat(attendee, now=now)
        if attendee.connection is None:
            self._tell_connection(meeting, attendee)
        self._tell_joined(meeting, attendee, resumed=resumed, now=now)
        if subscribe and attendee.connection is not None:  # who comes back to a new socket asks by themselves
            attendee.has_media = True
            for room in attendee.rooms:
                self._out(e.OfferFirst(room, attendee.id))
        self._update_presence(now)

    def _end_session(self, meeting: Meeting, attendee: Attendee, *, now: float) -> None:
        """End a member's part, all but media and leaf: their token is void, in this server and the next."""
        self._void_session(attendee.id, now=now)
        self._add_mark(meeting, "session", attendee.id)
        meeting.drop(attendee.id, now=now)
        self._update_presence(now)

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
            case Attendee(id=session, browser=browser, role=role, rooms=rooms, key=key):
                meeting = self._running()
                claims = Claims(self.id, session, "joined", 0.0, browser, meeting.id, role, rooms, key)
        return self._around.tokens.issue(claims, now=now)

    def _room_state(self, meeting: Meeting, attendee: Attendee, room: Room) -> m.RoomState:
        return m.RoomState(
            id=room.id,
            members=[meeting.attendees[member].as_member() for member in room.members],
            said_n=room.delivery.said_n(attendee.id),
            mls=state_of(room.delivery.state_for(attendee.id)),
            gone=list(room.gone.values()),
        )

    def _tell_joined(
        self, meeting: Meeting, attendee: Attendee, *, resumed: bool, media_kept: bool = False, now: float
    ) -> None:
        knocks = []
        if attendee.role != "participant":
            knocks = [self._knock(visitor, visitor.request, now=now) for visitor in self.door if visitor.request]
        relay = self._around.relay
        joined = m.Joined(
            token=self._token(attendee, now=now),
            meeting=meeting.id,
            member=attendee.id,
            role=attendee.role,
            now=int(now),
            rooms=[self._room_state(meeting, attendee, meeting.rooms[room]) for room in attendee.rooms],
            knocks=knocks,
            locked=meeting.locked,
            resumed=resumed,
            media_kept=media_kept,
            ice_servers=relay.ice_servers(self._around.new_id(), now=now) if relay is not None else [],
        )
        self._send(attendee.connection, joined)

    def _tell_connection(self, meeting: Meeting, attendee: Attendee) -> None:
        for room in attendee.rooms:
            connected = attendee.connection is not None
            told = m.MemberConnection(room=room, member=attendee.id, connected=connected)
            self._broadcast(meeting, meeting.rooms[room], told, besides=attendee.id)

    def _tell_waiting(self, visitor: Visitor, *, now: float) -> None:
        waiting = m.Waiting(
            token=self._token(visitor, now=now),
            member=visitor.id,
            now=int(now),
            facilitator_present=self._facilitated,
        )
        self._send(visitor.connection, waiting)

    def _knock(self, visitor: Visitor, request: Request, *, now: float) -> m.Knock:
        removed = self.meeting is not None and self.meeting.removed_earlier(visitor.browser)
        return as_knock(visitor, request, removed_earlier=removed, now=now)

    def _tell_knock(self, visitor: Visitor, *, now: float) -> None:
        if visitor.request is not None:
            self._tell_openers(m.Knocked(knock=self._knock(visitor, visitor.request, now=now)))

    def _tell_openers(self, message: m.ServerMessage) -> None:
        """To those who answer knocks."""
        if self.meeting is not None:
            for attendee in self.meeting.attendees.values():
                if attendee.role != "participant":
                    self._send(attendee.connection, message)

    def _broadcast(self, meeting: Meeting, room: Room, message: m.ServerMessage, *, besides: str | None = None) -> None:
        for member in room.members:
            if member != besides:
                self._send(meeting.attendees[member].connection, message)

    def _tell_everybody(self, meeting: Meeting, message: m.ServerMessage) -> None:
        for attendee in meeting.attendees.values():
            self._send(attendee.connection, message)

    def _update_presence(self, now: float) -> None:
        """Tell those who wait when a facilitator came or the last one went, and remember since when none is there."""
        present = self.meeting is not None and self.meeting.facilitated
        if self.meeting is not None:
            if present:
                self.meeting.unled_since = None
            elif self.meeting.unled_since is None:
                self.meeting.unled_since = now
        if present != self._facilitated:
            self._facilitated = present
            for visitor in self.door:
                self._send(visitor.connection, m.Door(facilitator_present=present))
