"""What the machine asks its shell to do. The shell carries effects out in the order in which they were made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from signaling.messages import Join, Publish, Resume, ServerMessage, Subscribe, SubscribeAnswer, Watch
from signaling.messages import UpdateGroup as UpdateGroupMessage


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message on one connection (a socket's number, given by the shell)."""

    connection: int
    message: ServerMessage


@dataclass(frozen=True, slots=True)
class Close:
    """Close a connection after what was sent on it before. The machine has forgotten it already."""

    connection: int
    code: int


@dataclass(frozen=True, slots=True)
class LoadGroup:
    """Read the group that this first message names, then hand both to `Machine.group_loaded`."""

    connection: int
    message: Join | Resume


@dataclass(frozen=True, slots=True)
class DeleteGroup:
    """Delete the group from the store, then tell `Machine.group_deleted`."""

    connection: int
    group: str


@dataclass(frozen=True, slots=True)
class UpdateGroup:
    """Change the group in the store, then tell `Machine.group_updated`, or `Machine.update_refused`."""

    connection: int
    group: str
    message: UpdateGroupMessage


@dataclass(frozen=True, slots=True)
class SaveMeeting:
    """Remember that this meeting runs, so that a restarted server can take it up."""

    group: str
    meeting: str
    room: str
    started: float


@dataclass(frozen=True, slots=True)
class EndMeeting:
    """Forget the meeting and its marks."""

    meeting: str


@dataclass(frozen=True, slots=True)
class AddMark:
    """Remember until the meeting's end that a session was ended, or a browser's person removed."""

    meeting: str
    kind: Literal["session", "browser"]
    digest: str


@dataclass(frozen=True, slots=True)
class Negotiate:
    """Hand a member's media message to the media plane."""

    room: str
    member: str
    message: Publish | Subscribe | SubscribeAnswer | Watch


@dataclass(frozen=True, slots=True)
class OfferFirst:
    """Offer a member who has just come in what the others send, as if they had asked."""

    room: str
    member: str


@dataclass(frozen=True, slots=True)
class OfferAgain:
    """Make again at once what the media plane offered a member while their socket was lost."""

    room: str
    member: str


@dataclass(frozen=True, slots=True)
class DropMedia:
    """Stop all media of a member in a room. Comes before the messages that tell of it."""

    room: str
    member: str


@dataclass(frozen=True, slots=True)
class CloseRoom:
    """Stop all media of a room."""

    room: str


@dataclass(frozen=True, slots=True)
class ReportMediaBlocked:
    """A member's network, or a closed port of this server, keeps media out."""


@dataclass(frozen=True, slots=True)
class Log:
    """One life-cycle line for the log: never a name, id, token or address."""

    text: str


Effect = (
    Send | Close | LoadGroup | DeleteGroup | UpdateGroup | SaveMeeting | EndMeeting | AddMark | Negotiate
    | OfferFirst | OfferAgain | DropMedia | CloseRoom | ReportMediaBlocked | Log
)  # fmt: skip
