"""One running meeting: its members, its rooms, whether its door is locked, and whom it has sent away."""

from __future__ import annotations

from dataclasses import dataclass, field

from signaling import messages as m
from signaling.permissions import RefusedError
from signaling.room import Room
from signaling.session import GRACE_SECONDS, mark_digest

RESTORED_SEQ_PER_SECOND = 100_000
"""After a restart a room counts on from the meeting's age times this: beyond any number given before, through any
number of restarts, since the rate limits let fewer messages pass. Below 2^53 (JSON's safe numbers) for 2800 years."""


@dataclass(slots=True)
class Attendee:
    """A member, as the machine knows them."""

    id: str
    role: m.MemberRole
    browser: str | None
    connection: int | None
    lost_at: float | None = None
    token_at: float = 0.0
    rooms: list[str] = field(default_factory=list)
    key: str | None = None
    """Facilitators: the role key of their link, base64url."""
    has_media: bool = False
    """Has published or subscribed on this server, and the SFU has let go of no connection since."""

    def as_member(self) -> m.Member:
        """What the other members are told."""
        return m.Member(id=self.id, role=self.role, connected=self.connection is not None)


class Meeting:
    """See the module's text. `number` counts this process's meetings, for the log."""

    def __init__(
        self,
        meeting: str,
        room: str,
        *,
        number: int,
        limit: int,
        started: float,
        seq: int = 0,
        restored: float | None = None,
    ) -> None:
        self.id = meeting
        self.number = number
        self.started = started
        self.main_room = room
        self.rooms: dict[str, Room] = {room: Room(room, limit=limit, seq=seq, restored=restored)}
        self.attendees: dict[str, Attendee] = {}
        self.locked = False
        self.empty_since: float | None = None
        self.unled_since: float | None = None
        """Since when no facilitator is connected."""
        self._limit = limit
        self._marks: set[str] = set()

    @classmethod
    def restored(
        cls, meeting: str, room: str, marks: list[str], *, number: int, limit: int, started: float, now: float
    ) -> Meeting:
        """A meeting that ran when the server went down. Nobody has taken their place up yet."""
        # How far the room had counted is not stored; this is beyond it.
        seq = max(0, int((now - started) * RESTORED_SEQ_PER_SECOND))
        found = cls(meeting, room, number=number, limit=limit, started=started, seq=seq, restored=now)
        found._marks = set(marks)
        found.empty_since = found.unled_since = now
        return found

    def check_place(self, attendee: str | None = None) -> None:
        """Raises `RefusedError` ``meeting_full``. A leaf is a place, until it is removed."""
        taken = self.attendees.keys() | {member for room in self.rooms.values() for member in room.holders}
        if attendee not in taken and len(taken) >= self._limit:
            raise RefusedError("meeting_full")

    def seat(self, attendee: Attendee, *, now: float) -> None:
        """Give somebody their place in the rooms that they name, as far as there are such; the main room if none."""
        attendee.rooms = [room for room in attendee.rooms if room in self.rooms] or [self.main_room]
        attendee.lost_at = None if attendee.connection is not None else now
        self.attendees[attendee.id] = attendee
        self.empty_since = None
        for room in attendee.rooms:
            self.rooms[room].members[attendee.id] = None

    def drop(self, attendee: str, *, now: float) -> None:
        """Take a member's place away; their leaf stays until it is removed."""
        for room in self.attendees.pop(attendee).rooms:
            self.rooms[room].members.pop(attendee, None)
        if not self.attendees:
            self.empty_since = now

    def room_of(self, attendee: str, room: str) -> Room:
        """A room that this member is in. Raises `RefusedError` ``no_such_room``."""
        found = self.rooms.get(room)
        if found is None or attendee not in found.members:
            raise RefusedError("no_such_room")
        return found

    @property
    def connected(self) -> set[str]:
        """Whose socket is there."""
        return {attendee.id for attendee in self.attendees.values() if attendee.connection is not None}

    @property
    def facilitated(self) -> bool:
        """True while a facilitator is connected: somebody who can open the door now."""
        return any(a.role == "facilitator" and a.connection is not None for a in self.attendees.values())

    def expired(self, *, now: float) -> list[Attendee]:
        """Members whose socket has been lost for too long."""
        return [a for a in self.attendees.values() if a.lost_at is not None and now - a.lost_at >= GRACE_SECONDS]

    def over(self, *, now: float) -> bool:
        """True once nobody has been there for `GRACE_SECONDS`."""
        return self.empty_since is not None and now - self.empty_since >= GRACE_SECONDS

    # -- Marks: ended sessions and removed browsers, by digest ------------------------------------------------------

    def mark(self, digest: str) -> None:
        """Remember a digest until the meeting ends."""
        self._marks.add(digest)

    def session_ended(self, session: str) -> bool:
        """True if this session was ended: its token is void."""
        return mark_digest(self.id, "session", session) in self._marks

    def removed_earlier(self, browser: str | None) -> bool:
        """True if somebody was removed from this meeting who used the same browser."""
        return browser is not None and mark_digest(self.id, "browser", browser) in self._marks
