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

export type Sdp = string;

export type Count = number;

export type Leaf = number;

export type Role = "participant" | "facilitator" | "organiser";

export type MemberRole = "participant" | "facilitator";

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
  | "wait_before_knocking"
  | "session_expired"
  | "server_full"
  | "media_unavailable"
  | "internal";

/** One person in a meeting, as far as the server knows them. */
export interface Member {
  id: Id;
  leaf: Leaf;
  role: MemberRole;
  /** Place in the order of admission: names that look alike are numbered by it, on every screen alike. */
  order: Count;
  /** False while the socket is lost and the place is kept. */
  connected?: boolean;
}

/** One person at the door. */
export interface Knock {
  id: Id;
  /** The name, sealed under the link's key: only link holders can read it. */
  sealed: Sealed;
  waiting_seconds: Count;
  /** The same browser was removed from this meeting. Another browser cannot be recognised. */
  removed_earlier?: boolean;
  connected?: boolean;
}

/** A room that the receiver is in. */
export interface RoomState {
  id: Id;
  /** Number of the room's last sequenced message; the next one is `seq + 1`. */
  seq: Count;
  members: Member[];
  /** The receiver's last `say.n` that the room took; what it sent after that must be sent again. */
  said_n: Count;
  /** First number of the replay that follows, `seq + 1` if none: a gap before it was not kept. */
  replayed_from: Count;
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

/** First message on a socket: prove possession of a link and ask to come in. */
export interface JoinMessage {
  type: "join";
  group: Id;
  role: Role;
  /** The link's public key: the door key for participants, a role key for facilitators, the root for organisers. */
  key: Key;
  /** Over `"hearthside join v1" ‖ 0x00 ‖ role ‖ 0x00 ‖ group ‖ 0x00 ‖ nonce` (UTF-8, nonce as in `challenge`). */
  signature: Signature;
  /** Participants: the name, sealed under the link's key. */
  sealed?: Sealed | null;
  /** A random mark that this browser keeps for this group for 24 h, to point out a removal. Not an identity. */
  browser?: Id | null;
}

/** First message on a socket: take a session up again, after a lost network, a reload or a server restart. */
export interface ResumeMessage {
  type: "resume";
  group: Id;
  token: Token;
  /** A waiting person's sealed name, again: a restarted server has forgotten it. */
  sealed?: Sealed | null;
  /** By room: the last sequence number that this client holds. Absent: no replay wanted (a page that was reloaded). */
  seen?: Record<Id, Count>;
}

/** Leave the meeting, or stop waiting. The session and its token end. */
export interface LeaveMessage {
  type: "leave";
}

/** Sent every 10 s: shows that the socket lives; the answer may carry a fresh token. */
export interface PingMessage {
  type: "ping";
  n: Count;
}

/** Let waiting people in. Knocks that somebody else has answered are passed over in silence. */
export interface AdmitMessage {
  type: "admit";
  knocks: Id[];
}

/** Send a waiting person away kindly; they may knock again after 60 s. */
export interface DeclineMessage {
  type: "decline";
  knock: Id;
}

/** End a participant's part in this meeting: media, session, token and waiting place at once. */
export interface RemoveMessage {
  type: "remove";
  member: Id;
}

/** Ask one member's client to close its microphone. They may open it again whenever they like. */
export interface MuteMessage {
  type: "mute";
  member: Id;
}

/** The same for every participant; facilitators are left as they are. */
export interface MuteEveryoneMessage {
  type: "mute_everyone";
}

/** End the meeting for everyone, waiting people included. */
export interface EndMeetingMessage {
  type: "end_meeting";
}

/** Organiser: delete the group, its links and a running meeting. There is no undo. */
export interface DeleteGroupMessage {
  type: "delete_group";
}

/** Hand a sealed envelope to the room, or to one member of it. The server numbers it and passes it on unread. */
export interface SayMessage {
  type: "say";
  room: Id;
  /** This session's own count, strictly rising per room: a repeated number is answered but not passed on twice. */
  n: Count;
  body: Body;
  to?: Id | null;
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
}

/** Answer to the `subscribe_offer` of that generation; an older generation is ignored. */
export interface SubscribeAnswerMessage {
  type: "subscribe_answer";
  room: Id;
  generation: Count;
  sdp: Sdp;
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

/** The person is at the door, or still is after a `resume`. */
export interface WaitingMessage {
  type: "waiting";
  token: Token;
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
  rooms: RoomState[];
  /** Facilitators only. */
  knocks?: Knock[];
  /** The session was taken up again: after a lost socket, a reload or a restart of the server. */
  resumed?: boolean;
  /** The SFU still holds this session's connections. False: nothing is there (yet), publish and subscribe anew. */
  media_kept?: boolean;
}

/** The organiser's proof was good; `delete_group` will be taken. */
export interface OrganiserReadyMessage {
  type: "organiser_ready";
  meeting_running: boolean;
}

/** Answer to `ping`. */
export interface PongMessage {
  type: "pong";
  n: Count;
  /** A fresh resume token, at most every 30 s. It replaces the one before. */
  token?: Token | null;
}

/** A facilitator ended this person's part. The socket closes and the token is void. */
export interface RemovedMessage {
  type: "removed";
}

/** The meeting is over for everyone. The socket closes. */
export interface EndedMessage {
  type: "ended";
  reason: "facilitator" | "empty" | "deleted";
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

/** A new member. Everybody re-sends their own state to them (`say` with `to`). */
export interface MemberJoinedMessage {
  type: "member_joined";
  room: Id;
  seq: Count;
  member: Member;
}

/** A lost member is connected again, or reloaded: everybody re-sends their own state to them. */
export interface MemberBackMessage {
  type: "member_back";
  room: Id;
  seq: Count;
  member: Id;
}

/** A member's socket is lost; the place is kept for 2 minutes. */
export interface MemberLostMessage {
  type: "member_lost";
  room: Id;
  seq: Count;
  member: Id;
}

/** A member is gone from the room. */
export interface MemberLeftMessage {
  type: "member_left";
  room: Id;
  seq: Count;
  member: Id;
  reason: "left" | "removed" | "lost";
}

/** A facilitator asks this client to close its microphone. */
export interface MutedMessage {
  type: "muted";
  by: Id;
  everyone?: boolean;
}

/** A sealed envelope. The sender gets its own back: the number is its place in the room's order. */
export interface SaidMessage {
  type: "said";
  room: Id;
  /** One order for the room's `said`, `member_*`. A message to one member takes a number that others see as a gap. */
  seq: Count;
  sender: Id;
  n: Count;
  body: Body;
  to?: Id | null;
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

export type ClientMessage =
  | JoinMessage
  | ResumeMessage
  | LeaveMessage
  | PingMessage
  | AdmitMessage
  | DeclineMessage
  | RemoveMessage
  | MuteMessage
  | MuteEveryoneMessage
  | EndMeetingMessage
  | DeleteGroupMessage
  | SayMessage
  | PublishMessage
  | SubscribeMessage
  | SubscribeAnswerMessage
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
  | MemberJoinedMessage
  | MemberBackMessage
  | MemberLostMessage
  | MemberLeftMessage
  | MutedMessage
  | SaidMessage
  | PublishedMessage
  | SubscribeOfferMessage;

/** Why the server closed a socket. */
export const CLOSE_CODES = {
  4000: "finished: declined, removed, ended, left or deleted; the message before says which",
  4001: "taken over by another tab",
  4002: "too many messages beyond the limits, or that could not be read",
  4003: "not let in: no join or resume in time, no good proof, no place; the error before says which",
  1009: "a message of more than 1 MiB: resume",
  1012: "the server restarts: resume",
} as const;
