"""What facilitators may do to the door and the meeting, and how a meeting ends."""

from __future__ import annotations

from typing import Literal

from signaling import effects as e
from signaling import messages as m
from signaling.admission import PAUSE_SECONDS
from signaling.group_state import GroupState
from signaling.meeting import Attendee
from signaling.permissions import RefusedError


class Moderation(GroupState):
    """The methods take the acting facilitator's session where others learn who it was."""

    def admit(self, by: str, message: m.Admit, *, now: float) -> None:
        """Let people in, as many as there is place for. Raises ``meeting_full`` if somebody has to stay outside."""
        meeting = self._running()
        for knock in message.knocks:
            if self.door.get(knock) is None:
                continue
            meeting.check_place()
            visitor = self.door.take(knock)
            assert visitor is not None
            self._tell_facilitators(m.KnockGone(knock=visitor.id, outcome="admitted", by=by))
            self._log("participant admitted")
            attendee = meeting.admit(visitor.id, "participant", visitor.browser, visitor.connection, now=now)
            self._seat(meeting, attendee, now=now)

    def decline(self, by: str, message: m.Decline, *, now: float) -> None:
        """Send a waiting person away. Raises ``no_such_knock``."""
        meeting = self._running()
        visitor = self.door.take(message.knock)
        if visitor is None:
            raise RefusedError("no_such_knock")
        self.door.pause(visitor.browser, now=now)
        self._void_session(visitor.id, now=now)
        self._add_mark(meeting, "session", visitor.id)
        self._tell_facilitators(m.KnockGone(knock=visitor.id, outcome="declined", by=by))
        self._finish(visitor.connection, m.Declined(retry_after=PAUSE_SECONDS))
        self._log("somebody was asked to wait")

    def remove(self, message: m.Remove, *, now: float) -> None:
        """End a participant's part. Raises ``no_such_member``, ``not_permitted`` for a facilitator."""
        meeting = self._running()
        attendee = meeting.attendees.get(message.member)
        if attendee is None:
            raise RefusedError("no_such_member")
        if attendee.role != "participant":
            raise RefusedError("not_permitted")
        self._drop(meeting, attendee, "removed", now=now)
        self._finish(attendee.connection, m.Removed())
        if attendee.browser is not None:
            self._add_mark(meeting, "browser", attendee.browser)
        for visitor in self.door:  # the same browser's other tab, at the door
            if attendee.browser is not None and visitor.browser == attendee.browser:
                self._end_visit(visitor.id, now=now)
                self._add_mark(meeting, "session", visitor.id)
                self._finish(visitor.connection, m.Removed())
        self._log("participant removed")

    def mute(self, by: str, message: m.Mute) -> None:
        """Ask one member to close the microphone. Raises ``no_such_member``."""
        attendee = self._running().attendees.get(message.member)
        if attendee is None:
            raise RefusedError("no_such_member")
        self._ask_to_mute(attendee, m.Muted(by=by))

    def mute_everyone(self, by: str) -> None:
        """Ask every participant."""
        for attendee in self._running().attendees.values():
            if attendee.role == "participant":
                self._ask_to_mute(attendee, m.Muted(by=by, everyone=True))

    def _ask_to_mute(self, attendee: Attendee, muted: m.Muted) -> None:
        if attendee.connection is None:
            attendee.missed_mute = muted
        else:
            self._send(attendee.connection, muted)

    def end(self, reason: Literal["facilitator", "empty", "deleted"], *, now: float) -> None:
        """End the meeting. Whoever waits is sent home too, unless it ended because nobody was there any more."""
        if self.meeting is not None:
            meeting, self.meeting = self.meeting, None
            for room in meeting.rooms:
                self._out(e.CloseRoom(room))
            for attendee in meeting.attendees.values():
                self._void_session(attendee.id, now=now)
                self._finish(attendee.connection, m.Ended(reason=reason))
            self._out(e.EndMeeting(meeting.id))
            self._out(e.Log(f"meeting {meeting.number}: ended ({reason})"))
        if reason != "empty":
            for visitor in self.door:
                self.door.take(visitor.id)
                self._void_session(visitor.id, now=now)
                self._finish(visitor.connection, m.Ended(reason=reason))
        self._update_presence()

    def delete(self, *, now: float) -> None:
        """The group is no longer in the store."""
        self.end("deleted", now=now)
        for connection in list(self.organisers):
            self._finish(connection, m.Ended(reason="deleted"))
        self.organisers.clear()
        self._out(e.Log("a group was deleted"))
