/** What the page and the worker tell each other. Messages arrive in the order in which they were posted. */

import type { Bytes } from "../base64url";
import type { ClientMessage, JoinedMessage, Knock, ServerMessage } from "../protocol_types";
import type { Codec, Kind } from "./codec_header";
import type { Message } from "./envelope";
import type { From, KeyState } from "./opener";

/** One start of a sender's transform, as `state.contexts` announces it (docs/protocol.md, section 4). */
export interface SenderContext {
  context: number;
  track: string;
  kind: Kind;
  /** A shared screen, or its sound; otherwise camera or microphone. */
  screen?: true;
}

/** Given to a transform: which sender or receiver its frames belong to. */
export interface TransformOptions {
  direction: "send" | "receive";
  /** Unique among all senders and receivers of one worker. */
  id: number;
}

/** Whom the worker acts for: what the link says, and what the server keeps for it. */
export interface Identity {
  /** Group id of the link, base64url. */
  group: string;
  roomSecret: Bytes;
  /** Compared with the link's fingerprint before. */
  rootKey: Bytes;
  /** A facilitator's; null for participants. */
  roleSeed: Bytes | null;
  /** All of the group's, base64url, as the server gave them. */
  certificates: readonly string[];
  revocations: string | null;
  /** Scopes the rejoin key: random, in the tab's session storage. */
  tab: string;
}

export type PersonRole = "participant" | "co_facilitator" | "facilitator";

/** Somebody who holds the keys. */
export interface Person {
  member: string;
  leaf: number;
  role: PersonRole;
  self: boolean;
  /** Of the person, not of the key: a proven rejoin and new keys keep it. Oneself is checked always. */
  checked: boolean;
}

/**
 * Why the keys are other ones than before. `members` are whom it concerns, `by` who committed it; null for one's own coming
 * in or coming back, where a Welcome gave the keys.
 */
export interface KeyChange {
  kind: "founded" | "joined" | "left" | "removed" | "back" | "renewed" | "granted" | "withdrawn";
  members: readonly string[];
  by: string | null;
  /** Wall clock, ms. */
  at: number;
}

/** The group as this member holds it; a new one after every commit. */
export interface GroupView {
  room: string;
  /** `out` before the first Welcome and while rejoining: the people are then those last known. */
  state: "out" | "in";
  epoch: number;
  people: readonly Person[];
  /** What led here, the newest last; for a newcomer, since their own coming in. */
  changes: readonly KeyChange[];
}

/** What is wrong now and concerns the whole room; told anew whenever the list changes. */
export type Trouble =
  /** Others use keys that this device was not told of: sending has stopped. */
  | { kind: "keys-disagree" }
  /** Not heard for 15 s, without a signed leaving. */
  | { kind: "facilitator-silent"; members: readonly string[] }
  /** None is here: the meeting ends after the group's grace time. `members`: co-facilitators, who may let people in. */
  | { kind: "no-facilitator"; members: readonly string[] }
  /** Out of the group and asking to come back. */
  | { kind: "rejoining" };

/** Something happened once that the person should know; nothing of it took effect. */
export type Incident =
  /** A commit that breaks the rules was refused. `by`: who signed it, null for nobody in the room. */
  | { kind: "forged-commit"; by: string | null; reason: string }
  /** A request in a facilitator's name that no facilitator signed. */
  | { kind: "forged-request"; by: string }
  /** A knock that is stale, repeated, or put together from two. */
  | { kind: "forged-knock" };

/** One round of the check, as everybody sees it. */
export interface CheckView {
  round: string;
  startedBy: string;
  state: "gathering" | "revealing" | "done" | "failed";
  epoch: number;
  /** Eight numbers below EMOJI.length (verification.ts), null until done. */
  emoji: readonly number[] | null;
  /** Thirty digits: the same in other words. */
  digits: string | null;
  /** Who took part, oneself included. */
  took: readonly string[];
  /** Who did not answer: they stay unchecked. */
  silent: readonly string[];
  /** Wall clock, ms, of the result. */
  at: number | null;
  marked: boolean;
}

/** Why a person cannot come in with this link and device. */
export type Obstacle = "clock" | "certificate-missing" | "certificate-expired" | "certificate-revoked";

/** Server messages that the worker reads; `joined` comes as a message of its own. */
export type GroupMessage = Extract<
  ServerMessage,
  {
    type:
      | "said"
      /** Who is there to commit: a hint that saves the others' waiting. */
      | "member_connection"
      | "member_gone"
      | "mls_registered"
      | "mls_abandoned"
      | "mls_offered"
      | "mls_committed"
      | "mls_welcomed"
      | "mls_rebase"
      | "mls_reopened"
      | "mls_caught_up"
      | "mls_must_rejoin"
      | "mls_ready"
      | "mls_refused";
  }
>;

export type ToWorker =
  | { type: "start"; identity: Identity }
  /** Certificates and revocations were fetched again. */
  | { type: "group-changed"; certificates: readonly string[]; revocations: string | null }
  // The door
  /** After every `waiting`: the worker answers with `send` of a `knock`. `now`: the server's clock, seconds. */
  | { type: "make-knock"; member: string; nonce: string; name: string; now: number }
  /** Answered by `knock-read`. */
  | { type: "read-knock"; knock: Knock }
  // The meeting
  | { type: "joined"; message: JoinedMessage }
  | { type: "server"; message: GroupMessage }
  /** The socket is lost; `joined` follows when it is back. */
  | { type: "offline" }
  /** Ids of knocks that were read. The first at once, those of the next 500 ms together. */
  | { type: "admit"; knocks: readonly string[] }
  | { type: "remove"; member: string }
  | { type: "co-facilitator"; member: string; granted: boolean }
  /** Signs the leaving; the worker sends `leave` and answers `left`. */
  | { type: "leave" }
  /** `id` is the page's; `slot`: a newer one that waits under the same name takes its place. Answered by `said` or `unsaid`. */
  | { type: "say"; room: string; id: number; message: Message; to: string | null; slot: string | null }
  /** Do not send it any more if it has not left yet: answered by `unsaid`. */
  | { type: "withdraw"; room: string; id: number }
  | { type: "check"; room: string }
  /** Those who took part in this round are checked. */
  | { type: "mark-checked"; room: string; round: string }
  // Frames
  /** A sender's context, before its transform exists; again for a new one. Its codec stays what it was first. */
  | { type: "sender"; id: number; room: string; context: SenderContext; codec: Codec }
  | { type: "receiver"; id: number; from: From }
  | { type: "forget-room"; room: string }
  /** Where RTCRtpScriptTransform is missing: the streams of createEncodedStreams, transferred. */
  | ({ type: "streams"; readable: ReadableStream; writable: WritableStream } & TransformOptions);

/** Whose business is the frames; everything else is the group's, and leaving a room is both's. */
export type FramesMessage = Extract<ToWorker, { type: "sender" | "receiver" | "streams" }>;

export type FromWorker =
  | { type: "send"; message: ClientMessage }
  | { type: "obstacle"; obstacle: Obstacle }
  /** `name` null: not genuine; nobody can be let in by it. */
  | { type: "knock-read"; knock: string; name: string | null }
  | { type: "group"; view: GroupView }
  /** Signed by this member's leaf, for everybody or for oneself, in order. */
  | { type: "heard"; room: string; seq: number; sender: string; message: Message }
  | { type: "said"; room: string; id: number; seq: number }
  | { type: "unsaid"; room: string; id: number }
  | { type: "check"; room: string; view: CheckView }
  | { type: "troubles"; room: string; troubles: readonly Trouble[] }
  | { type: "incident"; room: string; incident: Incident }
  /** A commit took one's own leaf away; `by` is a facilitator or co-facilitator of this room. */
  | { type: "removed"; room: string; by: string }
  /** The leaving is signed and sent. */
  | { type: "left" }
  | { type: "key-state"; room: string; member: string; state: KeyState };
