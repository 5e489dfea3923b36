/** What the page and the worker tell each other. Messages arrive in the order in which they were posted. */

import type { Kind } from "./codec_header";
import type { From, KeyState } from "./opener";

/** One start of a sender's transform, as `state.contexts` announces it (docs/protocol.md, section 4). */
export interface SenderContext {
  context: number;
  epoch: number;
  track: string;
  kind: Kind;
  /** 16 bytes, base64url. */
  salt: string;
}

export interface Place {
  meeting: string;
  room: string;
  member: string;
  leaf: number;
}

/** Given to a transform: which sender or receiver its frames belong to. */
export interface TransformOptions {
  direction: "send" | "receive";
  /** Unique among all senders and receivers of one worker. */
  id: number;
}

export type ToWorker =
  | { type: "start"; roomSecret: Uint8Array }
  /** A sender's key, before its transform exists; again for a new key. `place` is one's own. */
  | { type: "sender"; id: number; place: Place; context: SenderContext }
  | { type: "receiver"; id: number; from: From }
  /** The contexts that a member announced: `place` is that member's. */
  | { type: "contexts"; place: Place; contexts: SenderContext[] }
  | { type: "forget-member"; room: string; member: string }
  | { type: "forget-room"; room: string }
  /** Where RTCRtpScriptTransform is missing: the streams of createEncodedStreams, transferred. */
  | ({ type: "streams"; readable: ReadableStream; writable: WritableStream } & TransformOptions);

export type FromWorker = { type: "key-state"; room: string; member: string; state: KeyState };
