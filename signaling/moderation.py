"""What facilitators and organisers may do to the door and the meeting, and how a meeting ends."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from signaling import effects as e
from signaling import messages as m
from signaling.admission import PAUSE_SECONDS
from signaling.meeting import Attendee, Meeting
from signaling.outcomes import Outcomes
from signaling.permissions import RefusedError


class Moderation(Outcomes):
    """The methods take the acting facilitator's session where others learn who it was."""

    def decline(self, by: str, message: m.Decline, *, now: float) -> None:
        """Send a waiting person away. Raises ``no_such_knock``."""
        meeting = self._running()
        visitor = self.door.get(message.knock)
        if visitor is None or visitor.request is None:
            raise RefusedError("no_such_knock")
        self._take_off(visitor, now=now)
        self.door.pause(visitor.browser, now=now)
        self._void_session(visitor.id, now=now)
        self._add_mark(meeting, "session", visitor.id)
        self._tell_openers(m.KnockGone(knock=visitor.id, outcome="declined", by=by))
        self._finish(visitor.connection, m.Declined(retry_after=PAUSE_SECONDS))
        self._log("somebody was asked to wait")

    def lock(self, by: str, message: m.Lock) -> None:
        """Let nobody new come to the door, or open it again."""
        meeting = self._running()
        meeting.locked = message.locked
        self._tell_everybody(meeting, m.Locked(locked=message.locked, by=by))
        self._log("locked" if message.locked else "unlocked")

    def withdraw(self, role_keys: Collection[str], *, now: float) -> None:
        """The organiser left these facilitator links good: whoever is here by another one is put out.

        Their leaf is for the others to remove, who learn of the revocation by its root-signed list.
        """
        meeting = self.meeting
        if meeting is None:
            return
        for attendee in [a for a in meeting.attendees.values() if a.role == "facilitator" and a.key not in role_keys]:
            self._put_out_withdrawn(meeting, attendee, now=now)

    def _put_out_withdrawn(self, meeting: Meeting, attendee: Attendee, *, now: float) -> None:
        self._drop(meeting, attendee, "expelled", now=now)
        self._finish(attendee.connection, m.Removed(reason="revoked"))
        self._log("a facilitator's link was withdrawn")

    def end(self, reason: Literal["facilitator", "empty", "deleted", "no_facilitator"], *, now: float) -> None:
        """End the meeting. Whoever waits is sent home too, unless it ended because nobody was there any more."""
        if self.meeting is not None:
            meeting, self.meeting = self.meeting, None
            for room in meeting.rooms.values():
                self._out(e.CloseRoom(room.id))
                room.delivery.end()
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
        self._update_presence(now)

    def delete(self, *, now: float) -> None:
        """The group is no longer in the store."""
        self.end("deleted", now=now)
        for connection in list(self.organisers):
            self._finish(connection, m.Ended(reason="deleted"))
        self.organisers.clear()
        self._out(e.Log("a group was deleted"))
