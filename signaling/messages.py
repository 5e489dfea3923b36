"""Every message between client and server, declared once.

The JSON on the wire, its validation, the tables in ``docs/protocol.md`` and the client's ``protocol_types.ts`` all come
from these structs. Direction is the base class: `ClientMessage` travels up, `ServerMessage` down. Fields that the
server cannot read are named ``sealed`` or ``body``: they are ciphertext, padded by the client.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar, get_args

import msgspec

PROTOCOL = "hearthside.v1"
"""The WebSocket subprotocol. A message that an old peer would misread needs a new number; a new field does not."""

MAX_MESSAGE_BYTES = 1 << 20
"""Largest WebSocket message, bytes. An SDP offer with 64 m-lines is about 60 kB; more per socket buys nothing."""

MAX_SDP_CHARS = 200_000
MAX_SAY_CHARS = 24_000
"""Largest `say.body`, base64url characters: an envelope of the largest size class (16 KiB) and its overhead."""
MAX_KNOCK_CHARS = 5_504
"""Largest sealed name, base64url characters: the 4 KiB size class. 40 graphemes may take 512 UTF-16 units, 1.5 kB."""
MAX_TRACKS = 8
"""Tracks one member may publish in one room: microphone, camera, screen, screen sound, and as many to spare."""

# Patterns end in \Z and not in $, which in Python lets a line feed follow.
Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{8,32}\Z", description="random id, base64url")]
Key = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}\Z", description="Ed25519 public key, base64url")]
Signature = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{86}\Z", description="Ed25519 signature, base64url")]
Token = Annotated[str, msgspec.Meta(min_length=16, max_length=1_024, description="resume token, opaque")]
Sealed = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]+\Z", max_length=MAX_KNOCK_CHARS)]
Body = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]+\Z", max_length=MAX_SAY_CHARS)]
Sdp = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_SDP_CHARS)]
Count = Annotated[int, msgspec.Meta(ge=0, le=(1 << 53) - 1)]
Leaf = Annotated[int, msgspec.Meta(ge=0, le=1023, description="the member's leaf, 10 bits of the KID")]

Role = Literal["participant", "facilitator", "organiser"]
MemberRole = Literal["participant", "facilitator"]
Kind = Literal["audio", "video"]

ErrorCode = Literal[
    "bad_message",
    "rate_limited",
    "join_deadline",
    "unknown_group",
    "bad_proof",
    "wrong_state",
    "not_permitted",
    "no_such_member",
    "no_such_knock",
    "no_such_room",
    "bad_sdp",
    "too_many_tracks",
    "meeting_full",
    "waiting_room_full",
    "wait_before_knocking",
    "session_expired",
    "server_full",
    "media_unavailable",
    "internal",
]

ERROR_MEANINGS: dict[ErrorCode, str] = {
    "bad_message": "not JSON, an unknown type, or a field out of bounds",
    "rate_limited": "too much in too short a time; `retry_after` says when; who goes on is closed",
    "join_deadline": "no `join` or `resume` within 15 s; the socket closes",
    "unknown_group": "no such group, or it was deleted; the socket closes",
    "bad_proof": "the signature or its key does not belong to this group and role; the socket closes",
    "wrong_state": "the message does not fit what this socket has done so far, for instance a second `join`",
    "not_permitted": "the role may not do this",
    "no_such_member": "nobody with this id is in the meeting (any longer)",
    "no_such_knock": "nobody with this id is waiting (any longer)",
    "no_such_room": "the sender is in no room with this id",
    "bad_sdp": "the session description could not be read or does not fit the one before",
    "too_many_tracks": "one member may not publish that many tracks",
    "meeting_full": "no place left in the meeting: who was not let in stays waiting; a facilitator's socket closes",
    "waiting_room_full": "as many people are waiting as may; the socket closes",
    "wait_before_knocking": "declined less than 60 s ago; `retry_after` says how long to wait; the socket closes",
    "session_expired": "the token is too old, of an ended meeting or of a session that was ended; the socket closes",
    "server_full": "no more sockets from this address, or at all; the socket closes",
    "media_unavailable": "the SFU did not answer: try again",
    "internal": "a fault of the server; the message may be sent again",
}
"""What each error code tells. A refused message has changed nothing."""


class Message(msgspec.Struct, tag_field="type", forbid_unknown_fields=False, omit_defaults=True):
    """A JSON object; ``type`` is the struct's name in snake case. Unknown fields are ignored, unknown types refused."""


class ClientMessage(Message):
    """From client to server."""


class ServerMessage(Message):
    """From server to client."""


# -- Parts ---------------------------------------------------------------------------------------------------------


class Member(msgspec.Struct, omit_defaults=True):
    """One person in a meeting, as far as the server knows them."""

    id: Id
    leaf: Leaf
    role: MemberRole
    order: Count
    """Place in the order of admission: names that look alike are numbered by it, on every screen alike."""
    connected: bool = True
    """False while the socket is lost and the place is kept."""


class Knock(msgspec.Struct, omit_defaults=True):
    """One person at the door."""

    id: Id
    sealed: Sealed
    """The name, sealed under the link's key: only link holders can read it."""
    waiting_seconds: Count
    removed_earlier: bool = False
    """The same browser was removed from this meeting. Another browser cannot be recognised."""
    connected: bool = True


class RoomState(msgspec.Struct):
    """A room that the receiver is in."""

    id: Id
    seq: Count
    """Number of the room's last sequenced message; the next one is ``seq + 1``."""
    members: list[Member]
    said_n: Count
    """The receiver's last `say.n` that the room took; what it sent after that must be sent again."""
    replayed_from: Count
    """First number of the replay that follows, ``seq + 1`` if none: a gap before it was not kept."""


class TrackOffer(msgspec.Struct):
    """One track in a `publish`."""

    id: Id
    mid: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9]{1,16}\Z")]
    kind: Kind


class TrackMap(msgspec.Struct):
    """Which m-line of a subscriber connection carries whose track. Clients trust it only as far as the keys agree."""

    mid: str
    member: Id
    track: Id
    kind: Kind


# -- Client to server: the door --------------------------------------------------------------------------------------


class Join(ClientMessage, tag="join"):
    """First message on a socket: prove possession of a link and ask to come in."""

    group: Id
    role: Role
    key: Key
    """The link's public key: the door key for participants, a role key for facilitators, the root for organisers."""
    signature: Signature
    """Over ``"hearthside join v1" ‖ 0x00 ‖ role ‖ 0x00 ‖ group ‖ 0x00 ‖ nonce`` (UTF-8, nonce as in `challenge`)."""
    sealed: Sealed | None = None
    """Participants: the name, sealed under the link's key."""
    browser: Id | None = None
    """A random mark that this browser keeps for this group for 24 h, to point out a removal. Not an identity."""


class Resume(ClientMessage, tag="resume"):
    """First message on a socket: take a session up again, after a lost network, a reload or a server restart."""

    group: Id
    token: Token
    sealed: Sealed | None = None
    """A waiting person's sealed name, again: a restarted server has forgotten it."""
    seen: dict[Id, Count] = {}
    """By room: the last sequence number that this client holds. Absent: no replay wanted (a page that was reloaded)."""


class Leave(ClientMessage, tag="leave"):
    """Leave the meeting, or stop waiting. The session and its token end."""


class Ping(ClientMessage, tag="ping"):
    """Sent every 10 s: shows that the socket lives; the answer may carry a fresh token."""

    n: Count


# -- Client to server: facilitators ----------------------------------------------------------------------------------


class Admit(ClientMessage, tag="admit"):
    """Let waiting people in. Knocks that somebody else has answered are passed over in silence."""

    knocks: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=256)]


class Decline(ClientMessage, tag="decline"):
    """Send a waiting person away kindly; they may knock again after 60 s."""

    knock: Id


class Remove(ClientMessage, tag="remove"):
    """End a participant's part in this meeting: media, session, token and waiting place at once."""

    member: Id


class Mute(ClientMessage, tag="mute"):
    """Ask one member's client to close its microphone. They may open it again whenever they like."""

    member: Id


class MuteEveryone(ClientMessage, tag="mute_everyone"):
    """The same for every participant; facilitators are left as they are."""


class EndMeeting(ClientMessage, tag="end_meeting"):
    """End the meeting for everyone, waiting people included."""


class DeleteGroup(ClientMessage, tag="delete_group"):
    """Organiser: delete the group, its links and a running meeting. There is no undo."""


# -- Client to server: the room ---------------------------------------------------------------------------------------


class Say(ClientMessage, tag="say"):
    """Hand a sealed envelope to the room, or to one member of it. The server numbers it and passes it on unread."""

    room: Id
    n: Count
    """This session's own count, strictly rising per room: a repeated number is answered but not passed on twice."""
    body: Body
    to: Id | None = None


class Publish(ClientMessage, tag="publish"):
    """Offer of the publisher connection. It names all tracks that the SDP holds; an inactive m-line ends its track."""

    room: Id
    n: Count
    """Comes back in `published`. A connection with another fingerprint replaces the one before."""
    sdp: Sdp
    tracks: Annotated[list[TrackOffer], msgspec.Meta(max_length=MAX_TRACKS)]


class Subscribe(ClientMessage, tag="subscribe"):
    """Open the subscriber connection of a room, or build it anew. `subscribe_offer` follows, then at every change."""

    room: Id


class SubscribeAnswer(ClientMessage, tag="subscribe_answer"):
    """Answer to the `subscribe_offer` of that generation; an older generation is ignored."""

    room: Id
    generation: Count
    sdp: Sdp


class MediaBlocked(ClientMessage, tag="media_blocked"):
    """Voice and picture did not connect within 10 s. The log says once per start which port to open."""

    room: Id


# -- Server to client: the door ---------------------------------------------------------------------------------------


class Challenge(ServerMessage, tag="challenge"):
    """First message on every socket."""

    nonce: str
    """32 random bytes, base64url."""


class Waiting(ServerMessage, tag="waiting"):
    """The person is at the door, or still is after a `resume`."""

    token: Token
    facilitator_present: bool


class Door(ServerMessage, tag="door"):
    """To waiting people: whether a facilitator is here has changed."""

    facilitator_present: bool


class Declined(ServerMessage, tag="declined"):
    """Not let in this time. The socket closes."""

    retry_after: Count
    """Seconds."""


class Joined(ServerMessage, tag="joined"):
    """The session is in the meeting: after `join` as facilitator, after admission, after `resume`."""

    token: Token
    meeting: Id
    member: Id
    """The receiver's own id."""
    role: MemberRole
    rooms: list[RoomState]
    knocks: list[Knock] = []
    """Facilitators only."""
    resumed: bool = False
    """The session was taken up again: after a lost socket, a reload or a restart of the server."""
    media_kept: bool = False
    """The SFU still holds this session's connections. False: nothing is there (yet), publish and subscribe anew."""


class OrganiserReady(ServerMessage, tag="organiser_ready"):
    """The organiser's proof was good; `delete_group` will be taken."""

    meeting_running: bool


class Pong(ServerMessage, tag="pong"):
    """Answer to `ping`."""

    n: Count
    token: Token | None = None
    """A fresh resume token, at most every 30 s. It replaces the one before."""


class Removed(ServerMessage, tag="removed"):
    """A facilitator ended this person's part. The socket closes and the token is void."""


class Ended(ServerMessage, tag="ended"):
    """The meeting is over for everyone. The socket closes."""

    reason: Literal["facilitator", "empty", "deleted"]


class TakenOver(ServerMessage, tag="taken_over"):
    """Another tab resumed this session. The socket closes; this tab stops its devices."""


class Restarting(ServerMessage, tag="restarting"):
    """The server is going down. Resume with the same token; the place is kept."""


class Error(ServerMessage, tag="error"):
    """A message was refused and changed nothing."""

    code: ErrorCode
    about: str | None = None
    """The refused message's type, where it could be read."""
    n: Count | None = None
    """The refused message's ``n``, where it has one."""
    retry_after: Count | None = None
    """Seconds."""


# -- Server to client: facilitators -----------------------------------------------------------------------------------


class Knocked(ServerMessage, tag="knocked"):
    """Somebody is at the door; again with the same id when something about them changed."""

    knock: Knock


class KnockGone(ServerMessage, tag="knock_gone"):
    """A knock was answered, by whom, or withdrawn. It clears it on every facilitator's screen."""

    knock: Id
    outcome: Literal["admitted", "declined", "withdrawn"]
    by: Id | None = None


# -- Server to client: the room ---------------------------------------------------------------------------------------


class MemberJoined(ServerMessage, tag="member_joined"):
    """A new member. Everybody re-sends their own state to them (`say` with ``to``)."""

    room: Id
    seq: Count
    member: Member


class MemberBack(ServerMessage, tag="member_back"):
    """A lost member is connected again, or reloaded: everybody re-sends their own state to them."""

    room: Id
    seq: Count
    member: Id


class MemberLost(ServerMessage, tag="member_lost"):
    """A member's socket is lost; the place is kept for 2 minutes."""

    room: Id
    seq: Count
    member: Id


class MemberLeft(ServerMessage, tag="member_left"):
    """A member is gone from the room."""

    room: Id
    seq: Count
    member: Id
    reason: Literal["left", "removed", "lost"]


class Muted(ServerMessage, tag="muted"):
    """A facilitator asks this client to close its microphone."""

    by: Id
    everyone: bool = False


class Said(ServerMessage, tag="said"):
    """A sealed envelope. The sender gets its own back: the number is its place in the room's order."""

    room: Id
    seq: Count
    """One order for the room's `said`, `member_*`. A message to one member takes a number that others see as a gap."""
    sender: Id
    n: Count
    body: Body
    to: Id | None = None


class Published(ServerMessage, tag="published"):
    """Answer to `publish`."""

    room: Id
    n: Count
    sdp: Sdp


class SubscribeOffer(ServerMessage, tag="subscribe_offer"):
    """The server's offer for the subscriber connection: it holds all that the receiver may hear and see."""

    room: Id
    generation: Count
    sdp: Sdp
    tracks: list[TrackMap]


AnyClientMessage = (
    Join | Resume | Leave | Ping
    | Admit | Decline | Remove | Mute | MuteEveryone | EndMeeting | DeleteGroup
    | Say | Publish | Subscribe | SubscribeAnswer | MediaBlocked
)  # fmt: skip

AnyServerMessage = (
    Challenge | Waiting | Door | Declined | Joined | OrganiserReady | Pong | Removed | Ended | TakenOver | Restarting
    | Error | Knocked | KnockGone | MemberJoined | MemberBack | MemberLost | MemberLeft | Muted | Said | Published
    | SubscribeOffer
)  # fmt: skip

CLOSE_CODES = {
    4000: "finished: declined, removed, ended, left or deleted; the message before says which",
    4001: "taken over by another tab",
    4002: "too many messages beyond the limits, or that could not be read",
    4003: "not let in: no join or resume in time, no good proof, no place; the error before says which",
    1009: "a message of more than 1 MiB: resume",
    1012: "the server restarts: resume",
}

D = TypeVar("D")


class _Header(msgspec.Struct):
    type: str = ""
    n: Count | None = None


_header_decoder = msgspec.json.Decoder(_Header)
_client_decoder: msgspec.json.Decoder[AnyClientMessage] = msgspec.json.Decoder(AnyClientMessage)
_server_decoder: msgspec.json.Decoder[AnyServerMessage] = msgspec.json.Decoder(AnyServerMessage)
_client_types = {str(struct.__struct_config__.tag) for struct in get_args(AnyClientMessage)}
_encoder = msgspec.json.Encoder()


def _read(decoder: msgspec.json.Decoder[D], data: bytes | str) -> D:
    try:
        return decoder.decode(data)
    except (UnicodeError, RecursionError):  # invalid UTF-8 in a string; more nesting than Python's stack holds
        raise msgspec.DecodeError("not JSON that can be read") from None


def decode_header(data: bytes | str) -> tuple[str | None, int | None]:
    """Type and ``n`` of a message that is refused as a whole, where they can be read and the type is one of ours."""
    try:
        header = _read(_header_decoder, data)
    except msgspec.DecodeError:
        return None, None
    return (header.type, header.n) if header.type in _client_types else (None, None)


def decode_client(data: bytes | str) -> AnyClientMessage:
    """Read one message of a client. Raises `msgspec.DecodeError` (`ValidationError` among them) for anything else."""
    return _read(_client_decoder, data)


def decode_server(data: bytes | str) -> AnyServerMessage:
    """Read one message of a server, for test clients. Raises `msgspec.DecodeError`."""
    return _read(_server_decoder, data)


def encode(message: Message) -> str:
    """Write one message as JSON text."""
    return _encoder.encode(message).decode()
