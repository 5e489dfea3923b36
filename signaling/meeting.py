"""One running meeting: its members with their leaves and order, its rooms, and whom it has sent away."""

from __future__ import annotations

from dataclasses import dataclass, field

from signaling import messages as m
from signaling.permissions import RefusedError
from signaling.room import Room
from signaling.session import GRACE_SECONDS, mark_digest

LEAVES = 1024
"""A leaf is 10 bits of the KID (docs/protocol.md, section 5)."""
RESTORED_FIRST_LEAF = LEAVES // 2
"""After a restart people take their old leaves up again one by one. Newcomers get leaves of the upper half, from a
place on that moves with the meeting's age (one a second): so nobody finds theirs taken, after a second restart either.
A meeting has far fewer members than half of all leaves."""
RESTORED_SEQ_PER_SECOND = 100_000
"""After a restart a room counts on from the meeting's age times this: beyond any number given before, through any
number of restarts, since the rate limits let fewer messages pass. Below 2^53 (JSON's safe numbers) for 2800 years."""


@dataclass(slots=True)
class Attendee:
    """A member, as the machine knows them."""

    id: str
    role: m.MemberRole
    leaf: int
    order: int
    browser: str | None
    connection: int | None
    lost_at: float | None = None
    token_at: float = 0.0
    rooms: list[str] = field(default_factory=list)
    has_media: bool = False
    """Has published or subscribed on this server, and the SFU has let go of no connection since."""
    missed_mute: m.Muted | None = None
    """A facilitator asked for a closed microphone while the socket was lost: told on return."""

    def as_member(self) -> m.Member:
        """What the other members are told."""
        connected = self.connection is not None
        return m.Member(id=self.id, leaf=self.leaf, role=self.role, order=self.order, connected=connected)


class Meeting:
    """See the module's text. `number` counts this process's meetings, for the log."""

    def __init__(self, meeting: str, room: str, *, number: int, limit: int, started: float) -> None:
        self.id = meeting
        self.number = number
        self.started = started
        self.main_room = room
        self.rooms: dict[str, Room] = {room: Room(room)}
        self.attendees: dict[str, Attendee] = {}
        self.empty_since: float | None = None
        self._limit = limit
        self._last_order = -1
        self._leaves = list(range(LEAVES))
        self._marks: set[str] = set()

    @classmethod
    def restored(
        cls, meeting: str, room: str, marks: list[str], *, number: int, limit: int, started: float, now: float
    ) -> Meeting:
        """A meeting that ran when the server went down. Nobody has taken their place up yet."""
        found = cls(meeting, room, number=number, limit=limit, started=started)
        first = RESTORED_FIRST_LEAF + int(now - started) % (LEAVES - RESTORED_FIRST_LEAF)
        found._leaves = [*range(first, LEAVES), *range(RESTORED_FIRST_LEAF, first), *range(RESTORED_FIRST_LEAF)]
        found._marks = set(marks)
        found.empty_since = now
        # How far the room had counted is not stored; this is beyond it.
        found.rooms[room].seq = max(0, int((now - started) * RESTORED_SEQ_PER_SECOND))
        return found

    def check_place(self) -> None:
        """Raises `RefusedError` ``meeting_full``."""
        if len(self.attendees) >= self._limit:
            raise RefusedError("meeting_full")

    def admit(
        self, attendee: str, role: m.MemberRole, browser: str | None, connection: int | None, *, now: float
    ) -> Attendee:
        """Give somebody a place. Raises `RefusedError` ``meeting_full``."""
        self.check_place()
        taken = {other.leaf for other in self.attendees.values()}
        leaf = next(leaf for leaf in self._leaves if leaf not in taken)
        # Milliseconds since the start rather than 0, 1, 2: rises across restarts without being stored.
        order = max(self._last_order + 1, int((now - self.started) * 1000))
        return self._seat(Attendee(attendee, role, leaf, order, browser, connection), [self.main_room], now)

    def take_up(self, attendee: Attendee, rooms: list[str], *, now: float) -> None:
        """Give somebody the place back that they had before a restart.

        Raises `RefusedError`: ``meeting_full``; ``session_expired`` if the leaf has gone to somebody else.
        """
        self.check_place()
        if any(other.leaf == attendee.leaf for other in self.attendees.values()):
            raise RefusedError("session_expired")
        self._seat(attendee, rooms, now)

    def _seat(self, attendee: Attendee, rooms: list[str], now: float) -> Attendee:
        self._last_order = max(self._last_order, attendee.order)
        attendee.rooms = [room for room in rooms if room in self.rooms]
        attendee.lost_at = None if attendee.connection is not None else now
        self.attendees[attendee.id] = attendee
        self.empty_since = None
        return attendee

    def drop(self, attendee: str, *, now: float) -> None:
        """Take a member's place away; their seats in rooms are the caller's."""
        del self.attendees[attendee]
        if not self.attendees:
            self.empty_since = now

    def room_of(self, attendee: str, room: str) -> Room:
        """A room that this member is in. Raises `RefusedError` ``no_such_room``."""
        found = self.rooms.get(room)
        if found is None or attendee not in found.seats:
            raise RefusedError("no_such_room")
        return found

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
