"""What a room's delivery service decides, carried out: who is let in, whose part is over, and who is told what.

Who is in the room is the tree of its group. People at the door whom a commit adds are seated, a member whom one removes
loses media, session and token in that turn. Facilitators sit in the room before they have a leaf, since their
certificate is their way in, and so do those of a group set aside; anybody else without a leaf, and without one to come
back to, is at the door.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

from signaling import effects as e
from signaling import messages as m
from signaling import mls_effects as mls
from signaling.admission import Visitor
from signaling.group_state import GroupState, Surroundings
from signaling.meeting import Attendee, Meeting
from signaling.room import Room
from signaling.translation import data_of, translated


@dataclass(frozen=True, slots=True)
class _Played:
    """Effects of one room's delivery service that are to be carried out."""

    meeting: Meeting
    room: Room
    effects: list[mls.Effect]
    by: str | None
    about: str


class Outcomes(GroupState):
    """See the module's text."""

    def __init__(self, group: str, around: Surroundings) -> None:
        super().__init__(group, around)
        self._to_play: deque[_Played] = deque()
        self._playing = False

    def _play(
        self,
        meeting: Meeting,
        room: Room,
        effects: list[mls.Effect],
        *,
        by: str | None = None,
        about: str = "",
        now: float,
    ) -> None:
        """Carry out what the delivery service answered to a message of type `about` by this member, or to time.

        What follows from it inside the delivery service comes after it, so that everybody is told in one order.
        """
        self._to_play.append(_Played(meeting, room, effects, by, about))
        if self._playing:
            return
        self._playing = True
        try:
            while self._to_play:
                self._carry_out(self._to_play.popleft(), now)
        finally:
            self._playing = False
            self._to_play.clear()

    def _carry_out(self, played: _Played, now: float) -> None:
        meeting, room = played.meeting, played.room
        for effect in played.effects:
            if isinstance(effect, mls.Out | mls.Expel):  # media stops before anything is told
                self._out(e.DropMedia(room.id, effect.member))
        told: tuple[mls.Message, m.ServerMessage] | None = None
        for effect in played.effects:
            match effect:
                case mls.Tell(member=member, message=message):
                    if told is None or told[0] is not message:  # the same to everybody: translated and written once
                        told = (message, translated(room.id, message, played.about))
                    if (attendee := meeting.attendees.get(member)) and self._concerns(meeting, room, attendee, message):
                        self._send(attendee.connection, told[1])
                case mls.In(member=member):
                    self._let_in(meeting, member, played.by, now=now)
                case mls.Out(member=member):
                    self._put_out(meeting, member, "facilitator", now=now)
                case mls.Expel(member=member):
                    self._put_out(meeting, member, "faulty", now=now)
                case mls.Became(member=member, role=role):
                    self._change_role(meeting, member, role, now=now)
        self._follow(meeting, room, now=now)

    def _concerns(self, meeting: Meeting, room: Room, attendee: Attendee, message: mls.Message) -> bool:
        """What is offered at the door is in a knock; and who is about to be sent to the door need not try a rejoin."""
        match message:
            case mls.Offered(member=member):
                return member in meeting.attendees
            case mls.Registered() | mls.MustRejoin():
                return attendee.role == "facilitator" or attendee.id in room.holders
        return True

    def _change_role(self, meeting: Meeting, member: str, role: m.MemberRole, *, now: float) -> None:
        attendee = meeting.attendees.get(member)
        if attendee is None:
            return
        attendee.role = role
        attendee.token_at = 0.0  # the next pong brings a token that says so
        self._log(f"somebody is {role} now")
        if role != "participant":
            for visitor in self.door:
                if visitor.request is not None:
                    self._send(attendee.connection, m.Knocked(knock=self._knock(visitor, visitor.request, now=now)))

    # -- In and out -------------------------------------------------------------------------------------------------

    def _let_in(self, meeting: Meeting, member: str, by: str | None, *, now: float) -> None:
        """A commit gave somebody a leaf. Who sits in the room already has nothing to do but read their Welcome."""
        visitor = self.door.take(member)
        if visitor is None:
            return
        self._tell_openers(m.KnockGone(knock=member, outcome="admitted", by=by))
        self._log("participant admitted")
        subscribe = visitor.request is not None and visitor.request.subscribe
        self._seat(meeting, _as_attendee(visitor), subscribe=subscribe, now=now)

    def _put_out(self, meeting: Meeting, member: str, reason: Literal["facilitator", "faulty"], *, now: float) -> None:
        """A commit took somebody's leaf away, or theirs was rejected. They were told of the commit before."""
        attendee = meeting.attendees.get(member)
        if attendee is None:  # has not come back after a restart
            self._void_session(member, now=now)
            self._add_mark(meeting, "session", member)
            return
        self._end_session(meeting, attendee, now=now)
        self._finish(attendee.connection, m.Removed(reason=reason))
        self._log(f"{attendee.role} removed")
        if reason == "faulty" or attendee.browser is None:
            return
        self._add_mark(meeting, "browser", attendee.browser)
        for visitor in self.door:  # the same browser's other tab, at the door
            if visitor.browser == attendee.browser:
                self._end_visit(visitor, now=now)
                self._add_mark(meeting, "session", visitor.id)
                self._finish(visitor.connection, m.Removed())

    def _drop(
        self,
        meeting: Meeting,
        attendee: Attendee,
        reason: Literal["left", "lost", "expelled"],
        leaving: str | None = None,
        *,
        now: float,
    ) -> None:
        """End a member's part, media first. The others learn that a leaf is to be removed."""
        rooms = [meeting.rooms[room] for room in attendee.rooms]
        for room in rooms:
            self._out(e.DropMedia(room.id, attendee.id))
        self._end_session(meeting, attendee, now=now)
        for room in rooms:
            self._play(meeting, room, room.end(attendee.id, reason, leaving, now=now), now=now)

    def _drop_absent(
        self, meeting: Meeting, room: Room, member: str, reason: Literal["lost", "expelled"], *, now: float
    ) -> None:
        """The same for somebody who has not come back after a restart."""
        self._void_session(member, now=now)
        self._add_mark(meeting, "session", member)
        self._play(meeting, room, room.end(member, reason, now=now), now=now)

    def _end_visit(self, visitor: Visitor, *, now: float) -> None:
        """Somebody no longer waits."""
        self._take_off(visitor, now=now)
        self._void_session(visitor.id, now=now)
        if visitor.request is not None:
            self._tell_openers(m.KnockGone(knock=visitor.id, outcome="withdrawn"))

    def _take_off(self, visitor: Visitor, *, now: float) -> None:
        """Off the list: no commit can add them from now on."""
        self.door.take(visitor.id)
        if self.meeting is not None:
            for room in self.meeting.rooms.values():
                self._play(self.meeting, room, room.delivery.leave(visitor.id, now=now), now=now)

    # -- Offers of those who wait -----------------------------------------------------------------------------------

    def _offer_for(self, meeting: Meeting, visitor: Visitor, key_package: str, *, now: float) -> m.Refusal | None:
        """Hand a waiting person's KeyPackage to the delivery service. Returns why it was refused."""
        room = meeting.rooms[meeting.main_room]
        effects = [
            *room.delivery.arrive(visitor.id, "participant", now=now),
            *room.delivery.offer(visitor.id, data_of(key_package), now=now),
        ]
        self._play(meeting, room, effects, now=now)
        for effect in effects:
            if isinstance(effect, mls.Tell) and isinstance(effect.message, mls.Refused):
                return effect.message.code
        return None

    # -- After the tree ---------------------------------------------------------------------------------------------

    def _follow(self, meeting: Meeting, room: Room, *, now: float) -> None:
        """Bring seats, missing people and readiness in line with the group as it is now."""
        if room.moved():
            self._match_seats(meeting, room, now=now)
        for gone in room.newly_gone():
            self._broadcast(meeting, room, m.MemberGone(room=room.id, gone=gone))
        self._tell_ready(meeting, room)

    def _match_seats(self, meeting: Meeting, room: Room, *, now: float) -> None:
        holders = room.holders
        for visitor in self.door:
            if visitor.id in holders:  # came back to the door before the group was registered again
                self.door.take(visitor.id)
                self._seat(meeting, _as_attendee(visitor), resumed=True, now=now)
        for member in [member for member in room.members if member not in holders | room.delivery.awaited]:
            if meeting.attendees[member].role != "facilitator":
                self._send_to_door(meeting, meeting.attendees[member], now=now)
        missing = holders - room.members.keys() - set(room.delivery.absent)
        for member in sorted(missing):
            if meeting.session_ended(member):  # before the restart
                self._play(meeting, room, room.end(member, "left", now=now), now=now)
        room.expect(missing - set(room.delivery.absent), now=now)

    def _send_to_door(self, meeting: Meeting, attendee: Attendee, *, now: float) -> None:
        """Nobody holds keys for this member any more, and nothing proves them to the others: they knock anew."""
        for room in attendee.rooms:
            self._out(e.DropMedia(room, attendee.id))
        meeting.drop(attendee.id, now=now)
        visitor = Visitor(attendee.id, now, attendee.browser, attendee.connection, attendee.lost_at)
        self.door.add(visitor)
        main = meeting.rooms[meeting.main_room]  # what they were granted ends with their leaf
        self._play(meeting, main, main.delivery.arrive(visitor.id, "participant", now=now), now=now)
        self._tell_waiting(visitor, now=now)
        self._log("a member is at the door again")

    def _tell_ready(self, meeting: Meeting, room: Room) -> None:
        epoch = room.ready(meeting.connected)
        if epoch is not None:
            holders = room.holders
            for member in room.members:
                if member in holders:
                    self._send(meeting.attendees[member].connection, m.MlsReady(room=room.id, epoch=epoch))


def _as_attendee(visitor: Visitor) -> Attendee:
    return Attendee(visitor.id, "participant", visitor.browser, visitor.connection, visitor.lost_at)
