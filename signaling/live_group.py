"""One group while people are at its door or in its meeting: coming in and back, taking part, leaving, and time.

The methods take a session's id, change the state and append effects; who may call which was decided before
(`permissions.py`).
"""

from __future__ import annotations

from signaling import effects as e
from signaling import messages as m
from signaling.admission import Visitor
from signaling.meeting import Attendee, Meeting
from signaling.moderation import Moderation
from signaling.permissions import RefusedError
from signaling.rate_limit import TokenBucket
from signaling.session import RENEW_SECONDS, Claims


class LiveGroup(Moderation):
    """See the module's text."""

    # -- Coming in --------------------------------------------------------------------------------------------------

    def knock(self, connection: int, sealed: str, browser: str | None, *, now: float) -> str:
        """A participant comes to the door. Returns the session. Raises `RefusedError` as `Door.check`."""
        ghost = self.door.ghost_of(browser)
        self.door.check(browser, replaced=ghost, now=now)
        if ghost is not None:
            self._end_visit(ghost.id, now=now)
        visitor = Visitor(self._around.new_id(), sealed, now, browser, connection)
        self.door.add(visitor)
        self._tell_waiting(visitor, now=now)
        self._tell_knock(visitor, now=now)
        self._log("somebody knocked")
        return visitor.id

    def enter(self, connection: int, *, now: float) -> str:
        """A facilitator comes in; the first one starts the meeting. Returns the session. Raises ``meeting_full``."""
        meeting = self.meeting or self._start(now)
        attendee = meeting.admit(self._around.new_id(), "facilitator", None, connection, now=now)
        self._log("facilitator joined")
        self._seat(meeting, attendee, now=now)
        return attendee.id

    def welcome_organiser(self, connection: int) -> None:
        """An organiser's page is open."""
        self.organisers.add(connection)
        self._send(connection, m.OrganiserReady(meeting_running=self.meeting is not None))

    def resume(self, connection: int, claims: Claims, message: m.Resume, *, now: float) -> str:
        """Take a session up again. Returns it.

        Raises `RefusedError`: ``session_expired``, ``rate_limited``, ``meeting_full``, and as `Door.check`.
        """
        session = claims.session
        if session in self._void or (self.meeting is not None and self.meeting.session_ended(session)):
            raise RefusedError("session_expired")
        returns = self._returns.setdefault(session, TokenBucket(self._around.limits.returns, now=now))
        if wait := returns.take(now=now):
            raise RefusedError("rate_limited", retry_after=wait)
        if visitor := self.door.get(session):
            self._take_over(visitor.connection)
            visitor.connection, visitor.lost_at = connection, None
            self._tell_waiting(visitor, now=now)
            self._tell_knock(visitor, now=now)
        elif self.meeting is not None and (attendee := self.meeting.attendees.get(session)):
            self._take_over(attendee.connection)
            self._come_back(self.meeting, attendee, connection, message, now=now)
        # Unknown and not void: a session from before a restart. The token alone speaks for it.
        elif claims.state == "waiting":
            self._return_to_door(connection, claims, message.sealed, now=now)
        else:
            self._return_to_meeting(connection, claims, now=now)
        return session

    def _return_to_door(self, connection: int, claims: Claims, sealed: str | None, *, now: float) -> None:
        if sealed is None:
            raise RefusedError("session_expired")
        self.door.check(claims.browser, now=now)
        visitor = Visitor(claims.session, sealed, claims.since, claims.browser, connection)
        self.door.add(visitor)
        self._tell_waiting(visitor, now=now)
        self._tell_knock(visitor, now=now)
        self._log("a waiting person is back after a restart")

    def _return_to_meeting(self, connection: int, claims: Claims, *, now: float) -> None:
        meeting = self.meeting
        if meeting is None or meeting.id != claims.meeting:
            raise RefusedError("session_expired")
        attendee = Attendee(claims.session, claims.role, claims.leaf, claims.order, claims.browser, connection)
        meeting.take_up(attendee, claims.rooms, now=now)
        self._log(f"{claims.role} is back after a restart")
        self._seat(meeting, attendee, resumed=True, now=now)

    def _come_back(
        self, meeting: Meeting, attendee: Attendee, connection: int, message: m.Resume, *, now: float
    ) -> None:
        attendee.connection, attendee.lost_at = connection, None
        for room in attendee.rooms:
            back = meeting.rooms[room].back(attendee.id, now=now)
            self._broadcast(meeting, room, back, besides=attendee.id)
        states, missed = [], []
        for room in attendee.rooms:
            start, messages = meeting.rooms[room].replay(attendee.id, message.seen.get(room), now=now)
            states.append(self._room_state(meeting, attendee, room, start))
            missed += messages
        self._tell_joined(meeting, attendee, states, resumed=True, media_kept=attendee.has_media, now=now)
        for late in missed:
            self._send(connection, late)
        if attendee.missed_mute is not None:
            self._send(connection, attendee.missed_mute)
            attendee.missed_mute = None
        for room in attendee.rooms:
            self._out(e.OfferAgain(room, attendee.id))
        self._log(f"{attendee.role} is back")
        self._update_presence()

    # -- What members do --------------------------------------------------------------------------------------------

    def say(self, session: str, message: m.Say, *, now: float) -> None:
        """Pass an envelope on. Raises ``no_such_room``, and as `Room.say`."""
        meeting = self._running()
        said, receivers = meeting.room_of(session, message.room).say(session, message, now=now)
        for receiver in receivers:
            self._send(meeting.attendees[receiver].connection, said)

    def negotiate(self, session: str, message: m.Publish | m.Subscribe | m.SubscribeAnswer) -> None:
        """Hand a media message on. Raises ``no_such_room``."""
        meeting = self._running()
        room = meeting.room_of(session, message.room)
        meeting.attendees[session].has_media = True
        self._out(e.Negotiate(room.id, session, message))

    def report_media_blocked(self, session: str, message: m.MediaBlocked) -> None:
        """A member's media did not connect. Raises ``no_such_room``."""
        self._running().room_of(session, message.room)
        self._out(e.ReportMediaBlocked())

    def leave(self, session: str, *, now: float) -> None:
        """A member leaves the meeting, or a waiting person the door."""
        meeting = self.meeting
        if meeting is not None and (attendee := meeting.attendees.get(session)):
            self._drop(meeting, attendee, "left", now=now)
            self._log(f"{attendee.role} left")
        else:
            self._end_visit(session, now=now)
            self._log("somebody stopped waiting")

    def fresh_token(self, session: str, *, now: float) -> str | None:
        """A new token for `pong`, if the last one is old enough."""
        holder = self._holder(session)
        if holder is None or now - holder.token_at < RENEW_SECONDS:
            return None
        return self._token(holder, now=now)

    def lose(self, session: str, connection: int, *, now: float) -> None:
        """A socket is gone: keep the place for a while."""
        holder = self._holder(session)
        if holder is None or holder.connection != connection:
            return
        holder.connection, holder.lost_at = None, now
        if isinstance(holder, Visitor):
            self._tell_knock(holder, now=now)
            return
        meeting = self._running()
        for room in holder.rooms:
            self._broadcast(meeting, room, meeting.rooms[room].lost(session, now=now), besides=session)
        self._log(f"{holder.role} lost the connection")
        self._update_presence()

    # -- Time -------------------------------------------------------------------------------------------------------

    def tick(self, *, now: float) -> None:
        """Let go of what has waited long enough."""
        self._void = {session: until for session, until in self._void.items() if until > now}
        self._returns = {session: bucket for session, bucket in self._returns.items() if not bucket.full(now=now)}
        for visitor in self.door.expired(now=now):
            self._end_visit(visitor.id, now=now)
        if self.meeting is None:
            return
        for attendee in self.meeting.expired(now=now):
            self._drop(self.meeting, attendee, "lost", now=now)
            self._log(f"{attendee.role} did not come back")
        if self.meeting.over(now=now):
            self.end("empty", now=now)

    def restore(self, found: e.SaveMeeting, marks: list[str], *, now: float) -> None:
        """Take up a meeting that ran when the server went down; of two, the later one."""
        if self.meeting is not None:
            self._out(e.EndMeeting(self.meeting.id))
        number = next(self._around.meeting_numbers)
        self.meeting = Meeting.restored(
            found.meeting,
            found.room,
            marks,
            number=number,
            limit=self._around.limits.members,
            started=found.started,
            now=now,
        )
        self._log("taken up after a restart")
