"""One group while people are at its door or in its meeting: coming in and back, taking part, leaving, and time.

The methods take a session's id, change the state and append effects; who may call which was decided before
(`permissions.py`).
"""

from __future__ import annotations

from collections.abc import Collection

from signaling import effects as e
from signaling import messages as m
from signaling.admission import Request, Visitor
from signaling.meeting import Attendee, Meeting
from signaling.mls_rules import RuleError, check_key_package
from signaling.moderation import Moderation
from signaling.permissions import RefusedError
from signaling.rate_limit import TokenBucket
from signaling.session import RENEW_SECONDS, Claims, GroupKeys
from signaling.translation import data_of

GroupMessage = m.MlsRegister | m.MlsOffer | m.MlsCommit | m.MlsCatchUp | m.MlsApplied | m.MlsReject


class LiveGroup(Moderation):
    """See the module's text."""

    # -- Coming in --------------------------------------------------------------------------------------------------

    def wait(self, connection: int, browser: str | None, *, now: float) -> str:
        """A participant comes to the door. Returns the session.

        Raises `RefusedError`: ``meeting_locked``, and as `Door.check`.
        """
        if self.meeting is not None and self.meeting.locked:
            raise RefusedError("meeting_locked")
        ghost = self.door.ghost_of(browser)
        self.door.check(browser, replaced=ghost, now=now)
        if ghost is not None:
            self._end_visit(ghost, now=now)
        visitor = Visitor(self._around.new_id(), now, browser, connection)
        self.door.add(visitor)
        self._tell_waiting(visitor, now=now)
        self._log("somebody is at the door")
        return visitor.id

    def knock(self, session: str, message: m.SendKnock, nonce: str, *, now: float) -> None:
        """They ask to come in, or do so again: the newest counts. `nonce`: of their socket's challenge."""
        visitor = self.door.get(session)
        assert visitor is not None, "permissions leave this to those who wait"
        refused: m.Refusal | None = None
        if self.meeting is not None:
            refused = self._offer_for(self.meeting, visitor, message.key_package, now=now)
        else:
            try:
                check_key_package(data_of(message.key_package), now=now)
            except RuleError as broken:
                refused = broken.code
        if refused is not None:
            self._refuse_knock(visitor, refused)
            return
        visitor.request = Request(message.sealed, message.key_package, nonce, message.subscribe)
        self._tell_knock(visitor, now=now)

    def _refuse_knock(self, visitor: Visitor, code: m.Refusal) -> None:
        self._send(visitor.connection, m.MlsRefused(room=None, code=code, about="knock"))

    def enter(self, connection: int, key: str, *, subscribe: bool = False, now: float) -> str:
        """A facilitator comes in by the link of this role key; the first one starts the meeting. Returns the session.

        `subscribe`: they are offered at once what the others send.

        Raises `RefusedError` ``meeting_full``.
        """
        meeting = self.meeting or self._open(now)
        meeting.check_place()
        attendee = Attendee(self._around.new_id(), "facilitator", None, connection, key=key)
        self._log("facilitator joined")
        self._take_seat(meeting, attendee, subscribe=subscribe, now=now)
        return attendee.id

    def _open(self, now: float) -> Meeting:
        """Start the meeting, and take up what those who came before it ask for."""
        meeting = self._start(now)
        for visitor in self.door:
            if visitor.request is not None and (
                refused := self._offer_for(meeting, visitor, visitor.request.key_package, now=now)
            ):
                visitor.request = None
                self._refuse_knock(visitor, refused)
        return meeting

    def _take_seat(
        self, meeting: Meeting, attendee: Attendee, *, resumed: bool = False, subscribe: bool = False, now: float
    ) -> None:
        self._seat(meeting, attendee, resumed=resumed, subscribe=subscribe, now=now)
        for room in attendee.rooms:
            found = meeting.rooms[room]
            self._play(meeting, found, found.delivery.arrive(attendee.id, attendee.role, now=now), now=now)

    def welcome_organiser(self, connection: int, keys: GroupKeys) -> None:
        """An organiser's page is open, or what they changed is kept."""
        self.organisers.add(connection)
        ready = m.OrganiserReady(
            meeting_running=self.meeting is not None, certificates=keys.certificates, revocations=keys.revocations
        )
        self._send(connection, ready)

    def changed(self, keys: GroupKeys, *, now: float) -> None:
        """The organiser changed certificates, revocations or the room secret: old links let nobody in."""
        self.grace_seconds = keys.grace_seconds
        self.withdraw(keys.role_keys, now=now)
        if self.meeting is not None:
            self._tell_everybody(self.meeting, m.GroupChanged())
        for visitor in self.door:
            self._send(visitor.connection, m.GroupChanged())

    def resume(self, connection: int, claims: Claims, role_keys: Collection[str], *, now: float) -> str:
        """Take a session up again. Returns it. `role_keys`: of the facilitator links that are good.

        Raises `RefusedError`: ``bad_proof`` to whom a withdrawn link let in, ``session_expired``, ``rate_limited``,
        ``meeting_full``, and as `Door.check`.
        """
        session = claims.session
        if claims.role == "facilitator" and claims.key not in role_keys:
            self._keep_out(claims, now=now)
            raise RefusedError("bad_proof")
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
            self._come_back(self.meeting, attendee, connection, now=now)
        else:  # not void: a session from before a restart. The token alone speaks for it.
            self._return(connection, claims, now=now)
        return session

    def _keep_out(self, claims: Claims, *, now: float) -> None:
        """Their link was withdrawn, perhaps before they were back from a restart: nobody need wait for them."""
        meeting = self.meeting
        if meeting is None or claims.meeting != meeting.id or meeting.session_ended(claims.session):
            return
        if attendee := meeting.attendees.get(claims.session):  # the store knew it a moment before we were told
            self._put_out_withdrawn(meeting, attendee, now=now)
            return
        for room in meeting.rooms.values():
            self._drop_absent(meeting, room, claims.session, "expelled", now=now)

    def _return(self, connection: int, claims: Claims, *, now: float) -> None:
        meeting = self.meeting
        if claims.state == "joined" and (meeting is None or claims.meeting != meeting.id):
            raise RefusedError("session_expired")
        if meeting is not None:
            room = meeting.rooms[meeting.main_room]
            unknown = room.delivery.state is None  # whether they have a leaf: they are taken at their token's word
            if claims.role == "facilitator" or claims.session in room.holders or (claims.state == "joined" and unknown):
                self._return_to_meeting(meeting, connection, claims, now=now)
                return
        self._return_to_door(connection, claims, now=now)

    def _return_to_door(self, connection: int, claims: Claims, *, now: float) -> None:
        self.door.check(claims.browser, now=now)
        visitor = Visitor(claims.session, claims.since or now, claims.browser, connection)
        self.door.add(visitor)
        self._tell_waiting(visitor, now=now)
        self._log("a waiting person is back after a restart")

    def _return_to_meeting(self, meeting: Meeting, connection: int, claims: Claims, *, now: float) -> None:
        meeting.check_place(claims.session)
        attendee = Attendee(claims.session, claims.role, claims.browser, connection, rooms=claims.rooms, key=claims.key)
        self._log(f"{claims.role} is back after a restart")
        self._take_seat(meeting, attendee, resumed=True, now=now)

    def _come_back(self, meeting: Meeting, attendee: Attendee, connection: int, *, now: float) -> None:
        attendee.connection, attendee.lost_at = connection, None
        self._tell_connection(meeting, attendee)
        self._tell_joined(meeting, attendee, resumed=True, media_kept=attendee.has_media, now=now)
        for room in attendee.rooms:
            self._out(e.OfferAgain(room, attendee.id))
        self._log(f"{attendee.role} is back")
        self._update_presence(now)

    # -- What members do --------------------------------------------------------------------------------------------

    def say(self, session: str, message: m.Say, *, now: float) -> None:
        """Pass an application message on. Raises ``no_such_room``, ``no_such_member`` if `to` has no leaf."""
        meeting = self._running()
        room = meeting.room_of(session, message.room)
        if message.to is not None and message.to not in room.holders:
            raise RefusedError("no_such_member")
        effects = room.delivery.say(session, message.n, data_of(message.body), message.to, now=now)
        self._play(meeting, room, effects, about="say", now=now)

    def act_in_group(self, session: str, message: GroupMessage, *, now: float) -> None:
        """Hand a message to the room's delivery service. Raises ``no_such_room``."""
        meeting = self._running()
        room = meeting.room_of(session, message.room)
        delivery = room.delivery
        match message:
            case m.MlsRegister(group=group, epoch=epoch, leaves=seats):
                leaves = {seat.leaf: seat.member for seat in seats}
                if len(leaves) < len(seats):
                    leaves = {}  # one leaf, two members: refused as malformed
                effects = delivery.register(session, data_of(group), epoch, leaves, now=now)
            case m.MlsOffer(key_package=package, rejoin=rejoin):
                signature = data_of(rejoin) if rejoin is not None else None
                effects = delivery.offer(session, data_of(package), signature, now=now)
            case m.MlsCommit(after=after, commit=commit, welcome=welcome, co_facilitators=chosen):
                letters = data_of(welcome) if welcome is not None else None
                effects = delivery.commit(session, after, data_of(commit), letters, chosen, now=now)
            case m.MlsCatchUp(epoch=epoch_held, applied=applied, seen=seen):
                effects = delivery.catch_up(session, epoch_held, applied, seen, now=now)
            case m.MlsReject(seq=seq, statement=statement):
                effects = delivery.reject(session, seq, data_of(statement), now=now)
            case m.MlsApplied(epoch=epoch):
                room.applied(session, epoch)
                effects = []
        about = str(message.__struct_config__.tag)
        self._play(meeting, room, effects, by=session, about=about, now=now)

    def negotiate(self, session: str, message: m.Publish | m.Subscribe | m.SubscribeAnswer | m.Watch) -> None:
        """Hand a media message on. Raises ``no_such_room``."""
        meeting = self._running()
        room = meeting.room_of(session, message.room)
        if not isinstance(message, m.Watch):  # a wish alone opens nothing
            meeting.attendees[session].has_media = True
        self._out(e.Negotiate(room.id, session, message))

    def report_media_blocked(self, session: str, message: m.MediaBlocked) -> None:
        """A member's media did not connect. Raises ``no_such_room``."""
        self._running().room_of(session, message.room)
        self._out(e.ReportMediaBlocked())

    def leave(self, session: str, message: m.Leave, *, now: float) -> None:
        """A member leaves the meeting, or a waiting person the door."""
        match self._holder(session):
            case Attendee() as attendee:
                self._drop(self._running(), attendee, "left", message.leaving, now=now)
                self._log(f"{attendee.role} left")
            case Visitor() as visitor:
                self._end_visit(visitor, now=now)
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
        self._tell_connection(meeting, holder)
        for room in holder.rooms:
            self._tell_ready(meeting, meeting.rooms[room])
        self._log(f"{holder.role} lost the connection")
        self._update_presence(now)

    # -- Time -------------------------------------------------------------------------------------------------------

    def tick(self, *, now: float) -> None:
        """Let go of what has waited long enough."""
        self._void = {session: until for session, until in self._void.items() if until > now}
        self._returns = {session: bucket for session, bucket in self._returns.items() if not bucket.full(now=now)}
        for visitor in self.door.expired(now=now):
            self._end_visit(visitor, now=now)
        meeting = self.meeting
        if meeting is None:
            return
        for attendee in meeting.expired(now=now):
            if attendee.id not in meeting.attendees:
                continue  # one before them was the last who held the keys: they are at the door, for a second
            self._drop(meeting, attendee, "lost", now=now)
            self._log(f"{attendee.role} did not come back")
        for room in meeting.rooms.values():
            for member in room.overdue(now=now):
                self._drop_absent(meeting, room, member, "lost", now=now)
                self._log("somebody did not come back after a restart")
            self._play(meeting, room, room.delivery.tick(now=now), now=now)
            self._play(meeting, room, room.delivery.look(meeting.connected, now=now), now=now)
        if meeting.over(now=now):
            self.end("empty", now=now)
        elif meeting.unled_since is not None and now - meeting.unled_since >= self.grace_seconds:
            self.end("no_facilitator", now=now)

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
