/**
 * The check of the encryption: eight emoji that everybody in one epoch sees, and that nobody could choose
 * (docs/protocol.md, section 8). Members first commit to random numbers, then reveal them; what comes out depends on
 * all of them and on the epoch's authenticator, so that two halves of a split group see different ones.
 *
 * Sans-IO: `now` is in seconds, of a clock that only rises. Methods that return a promise hash: await each before the
 * next call. Call `tick` at `deadline`; after every call read `effects`.
 */
import type { Bytes } from "../../base64url";
import type { CheckView } from "../worker_messages";

export type CheckMessage =
  | { type: "check_commitment"; round: string; hash: string }
  | { type: "check_set"; round: string; leaves: number[] }
  | { type: "check_reveal"; round: string; nonce: string };

/** One epoch, as this member holds it. */
export interface CheckContext {
  /** MLS group id. */
  readonly groupId: Bytes;
  readonly epoch: number;
  /** RFC 9420 §8.7. */
  readonly authenticator: Bytes;
  readonly ownLeaf: number;
  /** Leaf to member id, oneself included. */
  readonly members: ReadonlyMap<number, string>;
}

/** What the round knows of itself; the date of the result, and whether it was marked, are the caller's. */
export type RoundView = Omit<CheckView, "at" | "marked">;

export type CheckEffect =
  /** For everybody, in `epoch` and no other: a message that became stale on its way is dropped, not sealed anew. */
  { do: "say"; message: CheckMessage; epoch: number } | { do: "view"; view: RoundView };

export class Verification {
  readonly #effects: CheckEffect[] = [];

  /** `random` gives that many random bytes. */
  constructor(private readonly random: (length: number) => Bytes) {}

  /** Starts a round; while one is under way, shows that one. */
  async begin(context: CheckContext, now: number): Promise<void> {
    void context;
    void now;
    void this.random;
  }

  /**
   * A message that `senderLeaf` signed in `context.epoch`: those of epochs before are not passed on. One's own come
   * too, when the server has numbered them: of two rounds that start at once, the first in that order counts.
   */
  async heard(context: CheckContext, senderLeaf: number, message: CheckMessage, now: number): Promise<void> {
    void context;
    void senderLeaf;
    void message;
    void now;
  }

  /** After every commit, and after coming back. */
  async epochChanged(context: CheckContext, now: number): Promise<void> {
    void context;
    void now;
  }

  tick(now: number): void {
    void now;
  }

  /** When to call `tick` next; null: never. */
  get deadline(): number | null {
    return null;
  }

  /** What is to be said and shown, once, in order. */
  effects(): CheckEffect[] {
    return this.#effects.splice(0);
  }
}
