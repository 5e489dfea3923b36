// Written by `python -m signaling.schema` from signaling/messages.py; do not edit.

export const PROTOCOL = "hearthside.v1";
export const MAX_MESSAGE_BYTES = 1048576;
export const MAX_SDP_CHARS = 200000;
export const MAX_SAY_CHARS = 24000;
export const MAX_KNOCK_CHARS = 5504;
export const MAX_TRACKS = 8;

export type Id = string;

export type Key = string;

export type Signature = string;

export type Token = string;

export type Sealed = string;

export type Body = string;

export type MlsGroup = string;

export type MlsBytes = string;

export type KeyPackage = string;

export type Certificate = string;

export type Revocations = string;

export type Sdp = string;

export type Count = number;

export type Leaf = number;

export type Role = "participant" | "facilitator" | "organiser";

export type MemberRole = "participant" | "co_facilitator" | "facilitator";

export type Kind = "audio" | "video";

export type ErrorCode =
  | "bad_message"
  | "rate_limited"
  | "join_deadline"
  | "unknown_group"
  | "bad_proof"
  | "wrong_state"
  | "not_permitted"
  | "no_such_member"
  | "no_such_knock"
  | "no_such_room"
  | "bad_sdp"
  | "too_many_tracks"
  | "meeting_full"
  | "waiting_room_full"
  | "meeting_locked"
  | "wait_before_knocking"
  | "session_expired"
  | "bad_group"
  | "server_full"
  | "media_unavailable"
  | "internal";

export type Refusal =
  | "malformed"
  | "not_registered"
  | "registered"
  | "not_a_member"
  | "foreign"
  | "proposal"
  | "not_permitted"
  | "unknown_key_package"
  | "no_key"
  | "no_path"
  | "welcome"
  | "full"
  | "busy"
  | "clock"
  | "stale"
  | "repeated";

/** One person in a meeting, as far as the server knows them. Clients take people and roles from the MLS tree. */
export interface Member {
  id: Id;
  role: MemberRole;
  /** False while the socket is lost and the place is kept. */
  connected?: boolean;
}

/** One person at the door. Section 8 says what a facilitator's client checks before it shows the name. */
export interface Knock {
  id: Id;
  /** Name, KeyPackageRef and the leaf's signature, sealed under the link's key: only link holders can read it. */
  sealed: Sealed;
  key_package: KeyPackage;
  /** Of the `challenge` on whose socket the knock was made: what the signature is over. */
  nonce: string;
  waiting_seconds: Count;
  /** The same browser was removed from this meeting. Another browser cannot be recognised. */
  removed_earlier?: boolean;
  connected?: boolean;
}

/** Somebody whose session is over while their leaf is still in the tree: it is to be removed. */
export interface Gone {
  member: Id;
  reason: "left" | "lost" | "expelled";
  /** By the leaf: with it anybody may commit the Remove, without it facilitators and co-facilitators. */
  leaving?: Signature | null;
}

/** Who has which leaf. */
export interface Seat {
  leaf: Leaf;
  member: Id;
}

/** The group that is registered for a room. */
export interface MlsState {
  group: MlsGroup;
  epoch: Count;
  /** Members whose state is of this epoch go on from this number. */
  seq: Count;
}

/** A room that the receiver is in. */
export interface RoomState {
  id: Id;
  members: Member[];
  /** The receiver's last `say.n` that the room took; what it sent after that must be sent again. */
  said_n: Count;
  /** None: no certificate holder has registered a group (since this server was started). Of a group that is set aside (section 8) those who may bring it back are told that one. */
  mls?: MlsState | null;
  gone?: Gone[];
}

/** A commit in its place in the order. */
export interface Committed {
  seq: Count;
  /** The epoch that it ends. */
  epoch: Count;
  sender: Id;
  commit: MlsBytes;
  /** The number of the commit before it, or of the registration: on this state it is applied. */
  after: Count;
}

/** A member could not accept a commit, and signed that. */
export interface Report {
  member: Id;
  statement: string;
}

/** One track in a `publish`. */
export interface TrackOffer {
  id: Id;
  mid: string;
  kind: Kind;
}

/** Which m-line of a subscriber connection carries whose track. Clients trust it only as far as the keys agree. */
export interface TrackMap {
  mid: string;
  member: Id;
  track: Id;
  kind: Kind;
}

/** What a client shows of one track. */
export interface TileWish {
  member: Id;
  track: Id;
  /** Pixels of the tile on the screen; 0: send nothing of it. Of sound: 0 pauses it, anything else sends it. */
  height: number;
  /** Before all others where the bandwidth is short: a shared screen, a pinned tile. */
  first?: boolean;
}

/** A track that is wished for and not sent. */
export interface HeldTrack {
  member: Id;
  track: Id;
}

/** A TURN server with credentials for a limited time (RTCIceServer; draft-uberti-behave-turn-rest). */
export interface IceServer {
  urls: string[];
  username: string;
  credential: string;
}

/** First message on a socket: prove possession of a link and ask to come in. */
export interface JoinMessage {
  type: "join";
  group: Id;
  role: Role;
  /** The link's public key: the door key for participants, a role key for facilitators, the root for organisers. */
  key: Key;
  /** Over `"hearthside join v1" ‖ 0x00 ‖ role ‖ 0x00 ‖ group ‖ 0x00 ‖ nonce` (UTF-8, nonce as in `challenge`). */
  signature: Signature;
  /** A random mark that this browser keeps for this group for 24 h, to point out a removal. Not an identity. */
  browser?: Id | null;
  /** Make the first `subscribe_offer` unasked, right after the `joined` of a facilitator: it saves a round trip. */
  subscribe?: boolean;
}

/** First message on a socket: take a session up again, after a lost network, a reload or a server restart. */
export interface ResumeMessage {
  type: "resume";
  group: Id;
  token: Token;
}

/** Leave the meeting, or stop waiting. The session and its token end. */
export interface LeaveMessage {
  type: "leave";
  /** By the leaf (section 8): the others need nobody's help to take it out of the tree. */
  leaving?: Signature | null;
}

/** Answer to `waiting`: ask to come in. Again after every `waiting`; the newest counts. */
export interface SendKnockMessage {
  type: "knock";
  sealed: Sealed;
  key_package: KeyPackage;
  /** Make the first `subscribe_offer` unasked, right after `joined`: it saves a round trip. */
  subscribe?: boolean;
}

/** Sent every 10 s: shows that the socket lives; the answer may carry a fresh token. */
export interface PingMessage {
  type: "ping";
  n: Count;
}

/** Send a waiting person away kindly; they may knock again after 60 s. */
export interface DeclineMessage {
  type: "decline";
  knock: Id;
}

/** Let nobody new knock, or open the door again. Those who come back are not concerned. */
export interface LockMessage {
  type: "lock";
  locked: boolean;
}

/** End the meeting for everyone, waiting people included. */
export interface EndMeetingMessage {
  type: "end_meeting";
}

/** Organiser: delete the group, its links and a running meeting. There is no undo. */
export interface DeleteGroupMessage {
  type: "delete_group";
}

/** Organiser: change what the server keeps of the group; absent parts stay. Answer: `organiser_ready`. Role keys are those of the certificates that are not revoked. A new room secret brings a new door key and profile. */
export interface UpdateGroupMessage {
  type: "update_group";
  /** All of them. */
  certificates?: Certificate[] | null;
  /** Of a higher version than the one before. */
  revocations?: Revocations | null;
  door_key?: Key | null;
  profile?: Sealed | null;
}

/** Hand an MLS application message to the room, or to one member of it. The server numbers it and passes it on. */
export interface SayMessage {
  type: "say";
  room: Id;
  /** This session's own count, strictly rising per room: a repeated number is answered but not passed on twice. */
  n: Count;
  /** MLSMessage with a PrivateMessage of the current epoch. It is refused with `stale` when the epoch has ended. */
  body: Body;
  /** Passed on to this member alone. It is readable to the whole group, and says inside whom it is for. */
  to?: Id | null;
}

/** A certificate holder names the group: one just founded (epoch 0), or the one that a restarted server forgot. After a restart anybody may, once 5 s have passed without one; before that it is `busy`. */
export interface MlsRegisterMessage {
  type: "mls_register";
  room: Id;
  group: MlsGroup;
  epoch: Count;
  leaves: Seat[];
}

/** A member without a (current) state asks to be added: a facilitator by certificate, or anybody who comes back. */
export interface MlsOfferMessage {
  type: "mls_offer";
  room: Id;
  key_package: KeyPackage;
  /** By the rejoin key, over the leaf key that it replaces and the new KeyPackage (section 8). */
  rejoin?: Signature | null;
}

/** A commit on the state after number `after`, with the Welcome for those whom it adds. Its echo decides. */
export interface MlsCommitMessage {
  type: "mls_commit";
  room: Id;
  after: Count;
  /** MLSMessage with a PublicMessage. */
  commit: MlsBytes;
  welcome?: MlsBytes | null;
  /** Facilitators: all co-facilitators from the next epoch on, when the commit grants or withdraws. */
  co_facilitators?: Id[] | null;
}

/** After every `joined` with `resumed`: what this client holds. `mls_caught_up` and what was missed follow. Until then it takes in nothing that is numbered. */
export interface MlsCatchUpMessage {
  type: "mls_catch_up";
  room: Id;
  /** None: no state, but perhaps the key to a Welcome that was missed. */
  epoch: Count | null;
  /** Number of the commit (or registration) that led to this state. */
  applied: Count;
  /** Highest number taken in. */
  seen: Count;
}

/** This client holds the receive keys of the epoch. `mls_ready` follows when every connected member does. */
export interface MlsAppliedMessage {
  type: "mls_applied";
  room: Id;
  epoch: Count;
}

/** This client cannot accept commit number `seq`, and signs that for the others (section 8). */
export interface MlsRejectMessage {
  type: "mls_reject";
  room: Id;
  seq: Count;
  statement: string;
}

/** Offer of the publisher connection. It names all tracks that the SDP holds; an inactive m-line ends its track. */
export interface PublishMessage {
  type: "publish";
  room: Id;
  /** Comes back in `published`. A connection with another fingerprint replaces the one before. */
  n: Count;
  sdp: Sdp;
  tracks: TrackOffer[];
}

/** Open the subscriber connection of a room, or build it anew. `subscribe_offer` follows, then at every change. */
export interface SubscribeMessage {
  type: "subscribe";
  room: Id;
  /** Keep the connection if there is one: the next offer has new ICE credentials, and nothing else changed. */
  restart_ice?: boolean;
}

/** Answer to the `subscribe_offer` of that generation; an older generation is ignored. */
export interface SubscribeAnswerMessage {
  type: "subscribe_answer";
  room: Id;
  generation: Count;
  sdp: Sdp;
}

/** All that this client wants to be sent now, again at every change (and after every `subscribe`). Video that is not named is not sent, sound that is not named is. What is named before it is offered counts later. */
export interface WatchMessage {
  type: "watch";
  room: Id;
  tiles: TileWish[];
  /** Bit/s that all together may take ("Data saver"); None: whatever the network carries. */
  max_rate?: Count | null;
}

/** Voice and picture did not connect within 10 s. The log says once per start which port to open. */
export interface MediaBlockedMessage {
  type: "media_blocked";
  room: Id;
}

/** First message on every socket. */
export interface ChallengeMessage {
  type: "challenge";
  /** 32 random bytes, base64url. */
  nonce: string;
}

/** The person is at the door, or still is after a `resume`; now they knock. A member gets it too when nobody holds keys for them any more (section 8, coming back): media is over, they knock. */
export interface WaitingMessage {
  type: "waiting";
  token: Token;
  /** The session's id: it goes into the credential. */
  member: Id;
  /** The server's clock, seconds since 1970: tells a device with a wrong clock apart from an expired certificate. */
  now: Count;
  facilitator_present: boolean;
}

/** To waiting people: whether a facilitator is here has changed. */
export interface DoorMessage {
  type: "door";
  facilitator_present: boolean;
}

/** Not let in this time. The socket closes. */
export interface DeclinedMessage {
  type: "declined";
  /** Seconds. */
  retry_after: Count;
}

/** The session is in the meeting: after `join` as facilitator, after admission, after `resume`. */
export interface JoinedMessage {
  type: "joined";
  token: Token;
  meeting: Id;
  /** The receiver's own id. */
  member: Id;
  role: MemberRole;
  /** The server's clock, seconds since 1970. */
  now: Count;
  rooms: RoomState[];
  /** Facilitators and co-facilitators only; again when the role is granted (`knocked`). */
  knocks?: Knock[];
  locked?: boolean;
  /** The session was taken up again: after a lost socket, a reload or a restart of the server. */
  resumed?: boolean;
  /** TURN servers of this installation, good for 24 h; sent anew with every `joined`. Empty: none is configured. */
  ice_servers?: IceServer[];
  /** The SFU still holds this session's connections. False: nothing is there (yet), publish and subscribe anew. */
  media_kept?: boolean;
}

/** The organiser's proof was good, or their `update_group` is kept. */
export interface OrganiserReadyMessage {
  type: "organiser_ready";
  meeting_running: boolean;
  certificates?: Certificate[];
  revocations?: Revocations | null;
}

/** Answer to `ping`. */
export interface PongMessage {
  type: "pong";
  n: Count;
  /** A fresh resume token, at most every 30 s. It replaces the one before. */
  token?: Token | null;
}

/** This person's part is over. The socket closes and the token is void. */
export interface RemovedMessage {
  type: "removed";
  /** `facilitator`: by a commit, which came before. `faulty`: the others could not accept this client's commit. `revoked`: the organiser has withdrawn the facilitator link that the person came by. */
  reason?: "facilitator" | "faulty" | "revoked";
}

/** The meeting is over for everyone. The socket closes. */
export interface EndedMessage {
  type: "ended";
  /** `no_facilitator`: none was there for the group's grace time. */
  reason: "facilitator" | "empty" | "deleted" | "no_facilitator";
}

/** Another tab resumed this session. The socket closes; this tab stops its devices. */
export interface TakenOverMessage {
  type: "taken_over";
}

/** The server is going down. Resume with the same token; the place is kept. */
export interface RestartingMessage {
  type: "restarting";
}

/** A message was refused and changed nothing. */
export interface ErrorMessage {
  type: "error";
  code: ErrorCode;
  /** The refused message's type, where it could be read. */
  about?: string | null;
  /** The refused message's `n`, where it has one. */
  n?: Count | null;
  /** Seconds. */
  retry_after?: Count | null;
}

/** Somebody is at the door; again with the same id when something about them changed. */
export interface KnockedMessage {
  type: "knocked";
  knock: Knock;
}

/** A knock was answered, by whom, or withdrawn. It clears it on every facilitator's screen. */
export interface KnockGoneMessage {
  type: "knock_gone";
  knock: Id;
  outcome: "admitted" | "declined" | "withdrawn";
  by?: Id | null;
}

/** A member's socket was lost, or is there (again). A hint: who is in the room, the MLS tree says. */
export interface MemberConnectionMessage {
  type: "member_connection";
  room: Id;
  member: Id;
  connected: boolean;
}

/** A member's session is over; somebody who may commits the Remove of their leaf, the lowest rank first. */
export interface MemberGoneMessage {
  type: "member_gone";
  room: Id;
  gone: Gone;
}

/** The door was locked or opened again. */
export interface LockedMessage {
  type: "locked";
  locked: boolean;
  by: Id;
}

/** The organiser changed certificates, revocations or the room secret: read the group again over HTTP. */
export interface GroupChangedMessage {
  type: "group_changed";
}

/** An application message. The sender gets their own back: the number is its place in the room's order. */
export interface SaidMessage {
  type: "said";
  room: Id;
  /** One order for the room's commits and messages. One to a single member takes a number that others see as a gap. */
  seq: Count;
  epoch: Count;
  sender: Id;
  n: Count;
  body: Body;
  to?: Id | null;
}

/** The group of this room. Members whose state is of this group and epoch go on from number `seq`. */
export interface MlsRegisteredMessage {
  type: "mls_registered";
  room: Id;
  state: MlsState;
}

/** To facilitators: nobody there holds a state of the group. Found a new one and register it; the first is it. */
export interface MlsAbandonedMessage {
  type: "mls_abandoned";
  room: Id;
}

/** A facilitator, or somebody who comes back, asks to be added: commit it, the lowest rank first. */
export interface MlsOfferedMessage {
  type: "mls_offered";
  room: Id;
  member: Id;
  key_package: KeyPackage;
  /** By the rejoin key, over the leaf key that it replaces and the new KeyPackage (section 8). */
  rejoin?: Signature | null;
}

/** A commit took its place in the order; to its sender, and to those whom it removes, too. */
export interface MlsCommittedMessage {
  type: "mls_committed";
  room: Id;
  commit: Committed;
}

/** The receiver was added by commit number `seq`, and is in `epoch` by this Welcome. */
export interface MlsWelcomedMessage {
  type: "mls_welcomed";
  room: Id;
  seq: Count;
  epoch: Count;
  sender: Id;
  welcome: MlsBytes;
}

/** The receiver's commit came after another one: drop it, apply these, and commit anew if there still is a reason. The commits were sent before; a client that has them passes over them by their numbers. */
export interface MlsRebaseMessage {
  type: "mls_rebase";
  room: Id;
  commits: Committed[];
}

/** Commit number `void_from` and all that follows is void; `epoch` is current again, after number `after`. A client goes back only if it rejected the commit itself, or a certificate holder's signed report is among these. */
export interface MlsReopenedMessage {
  type: "mls_reopened";
  room: Id;
  seq: Count;
  void_from: Count;
  after: Count;
  epoch: Count;
  reports: Report[];
}

/** Answer to `mls_catch_up`; what was missed follows. */
export interface MlsCaughtUpMessage {
  type: "mls_caught_up";
  room: Id;
  /** Number of the state that the receiver was in when it asked, as it is counted now. */
  applied: Count;
  seq: Count;
  /** Number from which on nothing said is missing. */
  replayed_from: Count;
}

/** The receiver's state does not lead to the current one: send `mls_offer` with a fresh KeyPackage. */
export interface MlsMustRejoinMessage {
  type: "mls_must_rejoin";
  room: Id;
  reason: "no_state" | "behind" | "rejected" | "void";
}

/** Every connected member has told `mls_applied` for this epoch: senders change to its keys. */
export interface MlsReadyMessage {
  type: "mls_ready";
  room: Id;
  epoch: Count;
}

/** A `say` or `mls_*` message, or a knock's KeyPackage, was refused and changed nothing. */
export interface MlsRefusedMessage {
  type: "mls_refused";
  /** None at the door. */
  room: Id | null;
  code: Refusal;
  about: string;
  /** The refused `say.n`. */
  n?: Count | null;
}

/** Answer to `publish`. */
export interface PublishedMessage {
  type: "published";
  room: Id;
  n: Count;
  sdp: Sdp;
}

/** The server's offer for the subscriber connection: it holds all that the receiver may hear and see. */
export interface SubscribeOfferMessage {
  type: "subscribe_offer";
  room: Id;
  generation: Count;
  sdp: Sdp;
  tracks: TrackMap[];
}

/** Which encodings of one's own track somebody needs: the others are to be switched off (dynacast). */
export interface EncodingsWantedMessage {
  type: "encodings_wanted";
  room: Id;
  track: Id;
  /** From small to large, as in the offer. */
  active: boolean[];
}

/** In which codec cameras are to be published from now on: VP9 only while everybody in the room decodes it. */
export interface VideoCodecMessage {
  type: "video_codec";
  room: Id;
  codec: "VP8" | "VP9";
}

/** What the receiver's network has no room for just now; empty when all is well again, and for a new connection. */
export interface TracksHeldMessage {
  type: "tracks_held";
  room: Id;
  /** Pictures that are wished for: not even the smallest fits. */
  tracks: HeldTrack[];
  /** Sound alone is more than fits: the client knows the levels, and pauses voices that are silent by `watch`. */
  sound_too_much: boolean;
}

/** Both media connections of a room ended at the server, which carries on: the client builds both anew. */
export interface MediaLostMessage {
  type: "media_lost";
  room: Id;
}

export type ClientMessage =
  | JoinMessage
  | ResumeMessage
  | LeaveMessage
  | SendKnockMessage
  | PingMessage
  | DeclineMessage
  | LockMessage
  | EndMeetingMessage
  | DeleteGroupMessage
  | UpdateGroupMessage
  | SayMessage
  | MlsRegisterMessage
  | MlsOfferMessage
  | MlsCommitMessage
  | MlsCatchUpMessage
  | MlsAppliedMessage
  | MlsRejectMessage
  | PublishMessage
  | SubscribeMessage
  | SubscribeAnswerMessage
  | WatchMessage
  | MediaBlockedMessage;

export type ServerMessage =
  | ChallengeMessage
  | WaitingMessage
  | DoorMessage
  | DeclinedMessage
  | JoinedMessage
  | OrganiserReadyMessage
  | PongMessage
  | RemovedMessage
  | EndedMessage
  | TakenOverMessage
  | RestartingMessage
  | ErrorMessage
  | KnockedMessage
  | KnockGoneMessage
  | MemberConnectionMessage
  | MemberGoneMessage
  | LockedMessage
  | GroupChangedMessage
  | SaidMessage
  | MlsRegisteredMessage
  | MlsAbandonedMessage
  | MlsOfferedMessage
  | MlsCommittedMessage
  | MlsWelcomedMessage
  | MlsRebaseMessage
  | MlsReopenedMessage
  | MlsCaughtUpMessage
  | MlsMustRejoinMessage
  | MlsReadyMessage
  | MlsRefusedMessage
  | PublishedMessage
  | SubscribeOfferMessage
  | EncodingsWantedMessage
  | VideoCodecMessage
  | TracksHeldMessage
  | MediaLostMessage;

/** Why the server closed a socket. */
export const CLOSE_CODES = {
  4000: "finished: declined, removed, ended, left or deleted; the message before says which",
  4001: "taken over by another tab",
  4002: "too many messages beyond the limits, or that could not be read",
  4003: "not let in: no join or resume in time, no good proof, no place; the error before says which",
  1009: "a message of more than 1 MiB: resume",
  1012: "the server restarts: resume",
} as const;
