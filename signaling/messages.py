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
"""Largest `say.body`, base64url characters: a message of the largest size class (16 KiB) and its overhead."""
MAX_MLS_CHARS = 174_800
"""Largest commit or Welcome, base64url characters: 128 KiB. Fifty people let in at once take about 60 kB."""
MAX_KEY_PACKAGE_CHARS = 5_504
"""Largest KeyPackage, base64url characters: 4 KiB. One with a facilitator's certificate has about 700 bytes."""
MAX_CERTIFICATES = 64
"""Facilitator links of one group that are good at one time."""
MAX_REVOCATIONS_CHARS = 10_944
"""Largest revocation list, base64url characters: 1000 serials of 8 bytes."""
MAX_KNOCK_CHARS = 5_504
"""Largest sealed name, base64url characters: the 4 KiB size class. 40 graphemes may take 512 UTF-16 units, 1.5 kB."""
MAX_WISHES = 256
"""Tracks that one `watch` may name: every track that one room may have in the SFU."""
MAX_TRACKS = 8
"""Tracks one member may publish in one room: microphone, camera, screen, screen sound, and as many to spare."""

# Patterns end in \Z and not in $, which in Python lets a line feed follow.
Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{8,32}\Z", description="random id, base64url")]
Key = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}\Z", description="Ed25519 public key, base64url")]
Signature = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{86}\Z", description="Ed25519 signature, base64url")]
Token = Annotated[str, msgspec.Meta(min_length=16, max_length=1_024, description="resume token, opaque")]
Sealed = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]+\Z", max_length=MAX_KNOCK_CHARS)]
Body = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]+\Z", max_length=MAX_SAY_CHARS)]
MlsGroup = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{22}\Z", description="MLS group id, 16 random bytes")]
MlsBytes = Annotated[
    str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]+\Z", max_length=MAX_MLS_CHARS, description="MLSMessage, RFC 9420 §6")
]
KeyPackage = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9_-]+\Z", max_length=MAX_KEY_PACKAGE_CHARS, description="MLSMessage with a KeyPackage"
    ),
]
Certificate = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{40,400}\Z", description="section 8")]
Revocations = Annotated[
    str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]+\Z", max_length=MAX_REVOCATIONS_CHARS, description="section 8")
]
Sdp = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_SDP_CHARS)]
Count = Annotated[int, msgspec.Meta(ge=0, le=(1 << 53) - 1)]
Leaf = Annotated[int, msgspec.Meta(ge=0, le=1023, description="a leaf of the MLS tree, 10 bits of the KID")]

Role = Literal["participant", "facilitator", "organiser"]
MemberRole = Literal["participant", "co_facilitator", "facilitator"]
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
    "meeting_locked",
    "wait_before_knocking",
    "session_expired",
    "bad_group",
    "server_full",
    "media_unavailable",
    "internal",
]

ERROR_MEANINGS: dict[ErrorCode, str] = {
    "bad_message": "not JSON, an unknown type, or a field out of bounds",
    "rate_limited": "too much in too short a time; `retry_after` says when; who goes on is closed",
    "join_deadline": "no `join` or `resume` within 15 s; the socket closes",
    "unknown_group": "no such group, or it was deleted; the socket closes",
    "bad_proof": "the signature or its key does not belong to this group and role, or (on `resume`) no longer; "
    "the socket closes",
    "wrong_state": "the message does not fit what this socket has done so far, for instance a second `join`",
    "not_permitted": "the role may not do this",
    "no_such_member": "nobody with this id is in the meeting (any longer)",
    "no_such_knock": "nobody with this id is waiting (any longer)",
    "no_such_room": "the sender is in no room with this id",
    "bad_sdp": "the session description could not be read or does not fit the one before",
    "too_many_tracks": "one member may not publish that many tracks",
    "meeting_full": "no place left in the meeting: who was not let in stays waiting; a facilitator's socket closes",
    "waiting_room_full": "as many people are waiting as may; the socket closes",
    "meeting_locked": "the facilitators let nobody new in for now; the socket closes",
    "wait_before_knocking": "declined less than 60 s ago; `retry_after` says how long to wait; the socket closes",
    "session_expired": "the token is too old, of an ended meeting or of a session that was ended; the socket closes",
    "bad_group": "an `update_group` whose parts are not signed by the root key, or not for this group",
    "server_full": "no more sockets from this address, or at all; the socket closes",
    "media_unavailable": "the SFU did not answer: try again",
    "internal": "a fault of the server; the message may be sent again",
}
"""What each error code tells. A refused message has changed nothing."""


Refusal = Literal[
    "malformed",
    "not_registered",
    "registered",
    "not_a_member",
    "foreign",
    "proposal",
    "not_permitted",
    "unknown_key_package",
    "no_key",
    "no_path",
    "welcome",
    "full",
    "busy",
    "clock",
    "stale",
    "repeated",
]

REFUSAL_MEANINGS: dict[Refusal, str] = {
    "malformed": "cannot be read, or is not what belongs here",
    "not_registered": "the group is not known (yet): a certificate holder registers it",
    "registered": "the group is known already",
    "not_a_member": "the sender has no leaf",
    "foreign": "another group id, or another sender than the session's leaf",
    "proposal": "by reference, or of a type that has no place here",
    "not_permitted": "the sender's role does not allow it",
    "unknown_key_package": "nobody offered it, or somebody else took it",
    "no_key": "a commit that adds must mix in the link's key, and only such a commit",
    "no_path": "a Remove, or an empty commit, without new keys: those removed could go on reading",
    "welcome": "not for exactly those whom the commit adds",
    "full": "no place is free in the meeting, or too many sessions are known",
    "busy": "too many commits at once, or too early for this: try again in a few seconds",
    "clock": "the KeyPackage's lifetime does not hold now: the device's clock is wrong",
    "stale": "sealed in an epoch that has ended, or about a commit that is void",
    "repeated": "this count was used before, and the message is no longer kept",
}
"""What each code of `mls_refused` tells. A refused message has changed nothing."""


class Message(msgspec.Struct, tag_field="type", forbid_unknown_fields=False, omit_defaults=True):
    """A JSON object; ``type`` is the struct's name in snake case. Unknown fields are ignored, unknown types refused."""


class ClientMessage(Message):
    """From client to server."""


class ServerMessage(Message):
    """From server to client."""


# -- Parts ---------------------------------------------------------------------------------------------------------


class Member(msgspec.Struct, omit_defaults=True):
    """One person in a meeting, as far as the server knows them. Clients take people and roles from the MLS tree."""

    id: Id
    role: MemberRole
    connected: bool = True
    """False while the socket is lost and the place is kept."""


class Knock(msgspec.Struct, omit_defaults=True):
    """One person at the door. Section 8 says what a facilitator's client checks before it shows the name."""

    id: Id
    sealed: Sealed
    """Name, KeyPackageRef and the leaf's signature, sealed under the link's key: only link holders can read it."""
    key_package: KeyPackage
    nonce: str
    """Of the `challenge` on whose socket the knock was made: what the signature is over."""
    waiting_seconds: Count
    removed_earlier: bool = False
    """The same browser was removed from this meeting. Another browser cannot be recognised."""
    connected: bool = True


class Gone(msgspec.Struct, omit_defaults=True):
    """Somebody whose session is over while their leaf is still in the tree: it is to be removed."""

    member: Id
    reason: Literal["left", "lost", "expelled"]
    leaving: Signature | None = None
    """By the leaf: with it anybody may commit the Remove, without it facilitators and co-facilitators."""


class Seat(msgspec.Struct):
    """Who has which leaf."""

    leaf: Leaf
    member: Id


class MlsState(msgspec.Struct):
    """The group that is registered for a room."""

    group: MlsGroup
    epoch: Count
    seq: Count
    """Members whose state is of this epoch go on from this number."""


class RoomState(msgspec.Struct, omit_defaults=True):
    """A room that the receiver is in."""

    id: Id
    members: list[Member]
    said_n: Count
    """The receiver's last `say.n` that the room took; what it sent after that must be sent again."""
    mls: MlsState | None = None
    """None: no certificate holder has registered a group (since this server was started). Of a group that is set aside
    (section 8) those who may bring it back are told that one."""
    gone: list[Gone] = []


class Committed(msgspec.Struct):
    """A commit in its place in the order."""

    seq: Count
    epoch: Count
    """The epoch that it ends."""
    sender: Id
    commit: MlsBytes
    after: Count
    """The number of the commit before it, or of the registration: on this state it is applied."""


class Report(msgspec.Struct):
    """A member could not accept a commit, and signed that."""

    member: Id
    statement: str


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


class TileWish(msgspec.Struct, omit_defaults=True):
    """What a client shows of one track."""

    member: Id
    track: Id
    height: Annotated[int, msgspec.Meta(ge=0, le=4320)]
    """Pixels of the tile on the screen; 0: send nothing of it. Of sound: 0 pauses it, anything else sends it."""
    first: bool = False
    """Before all others where the bandwidth is short: a shared screen, a pinned tile."""


class HeldTrack(msgspec.Struct):
    """A track that is wished for and not sent."""

    member: Id
    track: Id


class IceServer(msgspec.Struct):
    """A TURN server with credentials for a limited time (RTCIceServer; draft-uberti-behave-turn-rest)."""

    urls: list[str]
    username: str
    credential: str


# -- Client to server: the door --------------------------------------------------------------------------------------


class Join(ClientMessage, tag="join"):
    """First message on a socket: prove possession of a link and ask to come in."""

    group: Id
    role: Role
    key: Key
    """The link's public key: the door key for participants, a role key for facilitators, the root for organisers."""
    signature: Signature
    """Over ``"hearthside join v1" ‖ 0x00 ‖ role ‖ 0x00 ‖ group ‖ 0x00 ‖ nonce`` (UTF-8, nonce as in `challenge`)."""
    browser: Id | None = None
    """A random mark that this browser keeps for this group for 24 h, to point out a removal. Not an identity."""
    subscribe: bool = False
    """Make the first `subscribe_offer` unasked, right after the `joined` of a facilitator: it saves a round trip."""


class Resume(ClientMessage, tag="resume"):
    """First message on a socket: take a session up again, after a lost network, a reload or a server restart."""

    group: Id
    token: Token


class Leave(ClientMessage, tag="leave"):
    """Leave the meeting, or stop waiting. The session and its token end."""

    leaving: Signature | None = None
    """By the leaf (section 8): the others need nobody's help to take it out of the tree."""


class SendKnock(ClientMessage, tag="knock"):
    """Answer to `waiting`: ask to come in. Again after every `waiting`; the newest counts."""

    sealed: Sealed
    key_package: KeyPackage
    subscribe: bool = False
    """Make the first `subscribe_offer` unasked, right after `joined`: it saves a round trip."""


class Ping(ClientMessage, tag="ping"):
    """Sent every 10 s: shows that the socket lives; the answer may carry a fresh token."""

    n: Count


# -- Client to server: facilitators ----------------------------------------------------------------------------------


class Decline(ClientMessage, tag="decline"):
    """Send a waiting person away kindly; they may knock again after 60 s."""

    knock: Id


class Lock(ClientMessage, tag="lock"):
    """Let nobody new knock, or open the door again. Those who come back are not concerned."""

    locked: bool


class EndMeeting(ClientMessage, tag="end_meeting"):
    """End the meeting for everyone, waiting people included."""


class DeleteGroup(ClientMessage, tag="delete_group"):
    """Organiser: delete the group, its links and a running meeting. There is no undo."""


class UpdateGroup(ClientMessage, tag="update_group"):
    """Organiser: change what the server keeps of the group; absent parts stay. Answer: `organiser_ready`.

    Role keys are those of the certificates that are not revoked. A new room secret brings a new door key and profile.
    """

    certificates: Annotated[list[Certificate], msgspec.Meta(max_length=MAX_CERTIFICATES)] | None = None
    """All of them."""
    revocations: Revocations | None = None
    """Of a higher version than the one before."""
    door_key: Key | None = None
    profile: Sealed | None = None


# -- Client to server: the room ---------------------------------------------------------------------------------------


class Say(ClientMessage, tag="say"):
    """Hand an MLS application message to the room, or to one member of it. The server numbers it and passes it on."""

    room: Id
    n: Count
    """This session's own count, strictly rising per room: a repeated number is answered but not passed on twice."""
    body: Body
    """MLSMessage with a PrivateMessage of the current epoch. It is refused with `stale` when the epoch has ended."""
    to: Id | None = None
    """Passed on to this member alone. It is readable to the whole group, and says inside whom it is for."""


class MlsRegister(ClientMessage, tag="mls_register"):
    """A certificate holder names the group: one just founded (epoch 0), or the one that a restarted server forgot.

    After a restart anybody may, once 5 s have passed without one; before that it is `busy`.
    """

    room: Id
    group: MlsGroup
    epoch: Count
    leaves: Annotated[list[Seat], msgspec.Meta(min_length=1, max_length=1024)]


class MlsOffer(ClientMessage, tag="mls_offer"):
    """A member without a (current) state asks to be added: a facilitator by certificate, or anybody who comes back."""

    room: Id
    key_package: KeyPackage
    rejoin: Signature | None = None
    """By the rejoin key, over the leaf key that it replaces and the new KeyPackage (section 8)."""


class MlsCommit(ClientMessage, tag="mls_commit"):
    """A commit on the state after number `after`, with the Welcome for those whom it adds. Its echo decides."""

    room: Id
    after: Count
    commit: MlsBytes
    """MLSMessage with a PublicMessage."""
    welcome: MlsBytes | None = None
    co_facilitators: Annotated[list[Id], msgspec.Meta(max_length=64)] | None = None
    """Facilitators: all co-facilitators from the next epoch on, when the commit grants or withdraws."""


class MlsCatchUp(ClientMessage, tag="mls_catch_up"):
    """After every `joined` with `resumed`: what this client holds. `mls_caught_up` and what was missed follow.

    Until then it takes in nothing that is numbered.
    """

    room: Id
    epoch: Count | None
    """None: no state, but perhaps the key to a Welcome that was missed."""
    applied: Count
    """Number of the commit (or registration) that led to this state."""
    seen: Count
    """Highest number taken in."""


class MlsApplied(ClientMessage, tag="mls_applied"):
    """This client holds the receive keys of the epoch. `mls_ready` follows when every connected member does."""

    room: Id
    epoch: Count


class MlsReject(ClientMessage, tag="mls_reject"):
    """This client cannot accept commit number `seq`, and signs that for the others (section 8)."""

    room: Id
    seq: Count
    statement: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]+\Z", max_length=700)]


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
    restart_ice: bool = False
    """Keep the connection if there is one: the next offer has new ICE credentials, and nothing else changed."""


class SubscribeAnswer(ClientMessage, tag="subscribe_answer"):
    """Answer to the `subscribe_offer` of that generation; an older generation is ignored."""

    room: Id
    generation: Count
    sdp: Sdp


class Watch(ClientMessage, tag="watch"):
    """All that this client wants to be sent now, again at every change (and after every `subscribe`).

    Video that is not named is not sent, sound that is not named is. What is named before it is offered counts later.
    """

    room: Id
    tiles: Annotated[list[TileWish], msgspec.Meta(max_length=MAX_WISHES)]
    max_rate: Count | None = None
    """Bit/s that all together may take ("Data saver"); None: whatever the network carries."""


class MediaBlocked(ClientMessage, tag="media_blocked"):
    """Voice and picture did not connect within 10 s. The log says once per start which port to open."""

    room: Id


# -- Server to client: the door ---------------------------------------------------------------------------------------


class Challenge(ServerMessage, tag="challenge"):
    """First message on every socket."""

    nonce: str
    """32 random bytes, base64url."""


class Waiting(ServerMessage, tag="waiting"):
    """The person is at the door, or still is after a `resume`; now they knock.

    A member gets it too when nobody holds keys for them any more (section 8, coming back): media is over, they knock.
    """

    token: Token
    member: Id
    """The session's id: it goes into the credential."""
    now: Count
    """The server's clock, seconds since 1970: tells a device with a wrong clock apart from an expired certificate."""
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
    now: Count
    """The server's clock, seconds since 1970."""
    rooms: list[RoomState]
    knocks: list[Knock] = []
    """Facilitators and co-facilitators only; again when the role is granted (`knocked`)."""
    locked: bool = False
    resumed: bool = False
    """The session was taken up again: after a lost socket, a reload or a restart of the server."""
    ice_servers: list[IceServer] = []
    """TURN servers of this installation, good for 24 h; sent anew with every `joined`. Empty: none is configured."""
    media_kept: bool = False
    """The SFU still holds this session's connections. False: nothing is there (yet), publish and subscribe anew."""


class OrganiserReady(ServerMessage, tag="organiser_ready"):
    """The organiser's proof was good, or their `update_group` is kept."""

    meeting_running: bool
    certificates: list[Certificate] = []
    revocations: Revocations | None = None


class Pong(ServerMessage, tag="pong"):
    """Answer to `ping`."""

    n: Count
    token: Token | None = None
    """A fresh resume token, at most every 30 s. It replaces the one before."""


class Removed(ServerMessage, tag="removed"):
    """This person's part is over. The socket closes and the token is void."""

    reason: Literal["facilitator", "faulty", "revoked"] = "facilitator"
    """``facilitator``: by a commit, which came before. ``faulty``: the others could not accept this client's commit.

    ``revoked``: the organiser has withdrawn the facilitator link that the person came by.
    """


class Ended(ServerMessage, tag="ended"):
    """The meeting is over for everyone. The socket closes."""

    reason: Literal["facilitator", "empty", "deleted", "no_facilitator"]
    """``no_facilitator``: none was there for the group's grace time."""


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


class MemberConnection(ServerMessage, tag="member_connection"):
    """A member's socket was lost, or is there (again). A hint: who is in the room, the MLS tree says."""

    room: Id
    member: Id
    connected: bool


class MemberGone(ServerMessage, tag="member_gone"):
    """A member's session is over; somebody who may commits the Remove of their leaf, the lowest rank first."""

    room: Id
    gone: Gone


class Locked(ServerMessage, tag="locked"):
    """The door was locked or opened again."""

    locked: bool
    by: Id


class GroupChanged(ServerMessage, tag="group_changed"):
    """The organiser changed certificates, revocations or the room secret: read the group again over HTTP."""


class Said(ServerMessage, tag="said"):
    """An application message. The sender gets their own back: the number is its place in the room's order."""

    room: Id
    seq: Count
    """One order for the room's commits and messages. One to a single member takes a number that others see as a gap."""
    epoch: Count
    sender: Id
    n: Count
    body: Body
    to: Id | None = None


class MlsRegistered(ServerMessage, tag="mls_registered"):
    """The group of this room. Members whose state is of this group and epoch go on from number `seq`."""

    room: Id
    state: MlsState


class MlsAbandoned(ServerMessage, tag="mls_abandoned"):
    """To facilitators: nobody there holds a state of the group. Found a new one and register it; the first is it."""

    room: Id


class MlsOffered(ServerMessage, tag="mls_offered"):
    """A facilitator, or somebody who comes back, asks to be added: commit it, the lowest rank first."""

    room: Id
    member: Id
    key_package: KeyPackage
    rejoin: Signature | None = None
    """By the rejoin key, over the leaf key that it replaces and the new KeyPackage (section 8)."""


class MlsCommitted(ServerMessage, tag="mls_committed"):
    """A commit took its place in the order; to its sender, and to those whom it removes, too."""

    room: Id
    commit: Committed


class MlsWelcomed(ServerMessage, tag="mls_welcomed"):
    """The receiver was added by commit number `seq`, and is in `epoch` by this Welcome."""

    room: Id
    seq: Count
    epoch: Count
    sender: Id
    welcome: MlsBytes


class MlsRebase(ServerMessage, tag="mls_rebase"):
    """The receiver's commit came after another one: drop it, apply these, and commit anew if there still is a reason.

    The commits were sent before; a client that has them passes over them by their numbers.
    """

    room: Id
    commits: list[Committed]


class MlsReopened(ServerMessage, tag="mls_reopened"):
    """Commit number `void_from` and all that follows is void; `epoch` is current again, after number `after`.

    A client goes back only if it rejected the commit itself, or a certificate holder's signed report is among these.
    """

    room: Id
    seq: Count
    void_from: Count
    after: Count
    epoch: Count
    reports: list[Report]


class MlsCaughtUp(ServerMessage, tag="mls_caught_up"):
    """Answer to `mls_catch_up`; what was missed follows."""

    room: Id
    applied: Count
    """Number of the state that the receiver was in when it asked, as it is counted now."""
    seq: Count
    replayed_from: Count
    """Number from which on nothing said is missing."""


class MlsMustRejoin(ServerMessage, tag="mls_must_rejoin"):
    """The receiver's state does not lead to the current one: send `mls_offer` with a fresh KeyPackage."""

    room: Id
    reason: Literal["no_state", "behind", "rejected", "void"]


class MlsReady(ServerMessage, tag="mls_ready"):
    """Every connected member has told `mls_applied` for this epoch: senders change to its keys."""

    room: Id
    epoch: Count


class MlsRefused(ServerMessage, tag="mls_refused"):
    """A `say` or `mls_*` message, or a knock's KeyPackage, was refused and changed nothing."""

    room: Id | None
    """None at the door."""
    code: Refusal
    about: str
    n: Count | None = None
    """The refused `say.n`."""


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


class EncodingsWanted(ServerMessage, tag="encodings_wanted"):
    """Which encodings of one's own track somebody needs: the others are to be switched off (dynacast)."""

    room: Id
    track: Id
    active: list[bool]
    """From small to large, as in the offer."""


class VideoCodec(ServerMessage, tag="video_codec"):
    """In which codec cameras are to be published from now on: VP9 only while everybody in the room decodes it."""

    room: Id
    codec: Literal["VP8", "VP9"]


class TracksHeld(ServerMessage, tag="tracks_held"):
    """What the receiver's network has no room for just now; empty when all is well again, and for a new connection."""

    room: Id
    tracks: list[HeldTrack]
    """Pictures that are wished for: not even the smallest fits."""
    sound_too_much: bool
    """Sound alone is more than fits: the client knows the levels, and pauses voices that are silent by `watch`."""


class MediaLost(ServerMessage, tag="media_lost"):
    """Both media connections of a room ended at the server, which carries on: the client builds both anew."""

    room: Id


AnyClientMessage = (
    Join | Resume | Leave | SendKnock | Ping
    | Decline | Lock | EndMeeting | DeleteGroup | UpdateGroup
    | Say | MlsRegister | MlsOffer | MlsCommit | MlsCatchUp | MlsApplied | MlsReject
    | Publish | Subscribe | SubscribeAnswer | Watch | MediaBlocked
)  # fmt: skip

AnyServerMessage = (
    Challenge | Waiting | Door | Declined | Joined | OrganiserReady | Pong | Removed | Ended | TakenOver | Restarting
    | Error | Knocked | KnockGone | MemberConnection | MemberGone | Locked | GroupChanged
    | Said | MlsRegistered | MlsAbandoned | MlsOffered | MlsCommitted | MlsWelcomed | MlsRebase | MlsReopened
    | MlsCaughtUp | MlsMustRejoin | MlsReady | MlsRefused
    | Published | SubscribeOffer | EncodingsWanted | VideoCodec | TracksHeld | MediaLost
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
