/**
 * The check of the encryption: eight emoji that everybody in one epoch sees, and that nobody could choose
 * (docs/protocol.md, section 8). Members first commit to random numbers, then reveal them; what comes out depends on
 * all of them and on the epoch's authenticator, so that the halves of a split group see different ones.
 *
 * What makes it hold: whoever reveals holds, at that moment, the commitments of all who take part, so that to them the
 * result is a number that nobody could know before; and whoever is left out of a round is shown no result of it.
 *
 * Sans-IO: `now` is in seconds, of a clock that only rises. Methods that return a promise hash: await each before the
 * next call. Call `tick` at `deadline`; after every call read `effects`.
 */
import { type Bytes, bytesOf, concat, toBase64url, utf8 } from "../../base64url";
import { derive } from "../../derive";
import { EMOJI } from "../../emoji";
import { equal, rising, u16, u32, u64 } from "../mls/fields";
import type { CheckView } from "../worker_messages";

/**
 * Seconds that one step may take: for answers to come in, and for numbers to be revealed. Answers are given without
 * anybody's click, so that a device which needs longer has no usable connection; people wait for it with open eyes.
 */
const STEP = 6;
/** Seconds for the starter's next word to travel, after its own step is over. */
const GRACE = 3;
/** Rounds that one start may lead to after changes of the epoch. More would give whoever causes these more tries. */
const RESTARTS = 3;
/** Rounds of one member that are answered in `STARTS_SECONDS`: each costs a message from everybody. */
const STARTS = 8;
const STARTS_SECONDS = 60;
/** Ids of rounds that are over, so that no late word begins one again: two hundred changes of the epoch. */
const MAX_OVER = 256;
const ROUND_BYTES = 16;
const HASH_BYTES = 32;
const NONCE_BYTES = 32;
const LABEL = utf8("hearthside check v1\0");
const EMOJI_SHOWN = 8;
const DIGIT_GROUPS = 5;
const DIGITS = 6;

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

/**
 * What a round knows of itself; the date of the result, and whether it was marked, are the caller's. `took`: who has
 * answered so far, in the end who took part. `silent`: who did not, and in a failed round those by whom it failed.
 */
export type RoundView = Omit<CheckView, "at" | "marked">;

export type CheckEffect =
  /** For everybody, in `epoch` and no other: a message that became stale on its way is dropped, not sealed anew. */
  { do: "say"; message: CheckMessage; epoch: number } | { do: "view"; view: RoundView };

interface Round {
  readonly id: string;
  readonly context: CheckContext;
  readonly starter: number;
  /** `asked`: one's own, which others may have been ahead of; `between`: waiting for its starter's next one. */
  state: "asked" | "gathering" | "revealing" | "between";
  /** When this step is over. */
  due: number;
  readonly nonce: Bytes;
  /** The first of each leaf. */
  readonly commitments: Map<number, Bytes>;
  set: readonly number[] | null;
  revealed: boolean;
  /** The first of each leaf; in `fitting` once it was compared with the commitment. */
  readonly reveals: Map<number, Bytes>;
  readonly fitting: Set<number>;
}

function idOf(round: string): Bytes {
  const bytes = bytesOf(round, ROUND_BYTES);
  if (!bytes) throw new RangeError("not a round's id");
  return bytes;
}

async function commitment({ groupId, epoch }: CheckContext, round: string, leaf: number, nonce: Bytes): Promise<Bytes> {
  const body = concat(LABEL, groupId, u64(epoch), idOf(round), u32(leaf), nonce);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", body));
}

/** What everybody sees, from the nonces by rising leaf. */
export async function outcome(
  authenticator: Bytes,
  round: string,
  nonces: readonly (readonly [leaf: number, nonce: Bytes])[],
): Promise<{ emoji: number[]; digits: string }> {
  const leaves = nonces.map(([leaf]) => u32(leaf));
  const label = concat(LABEL, idOf(round), u16(nonces.length), ...leaves, ...nonces.map(([, nonce]) => nonce));
  const bytes = await derive(authenticator, label, 4 * (EMOJI_SHOWN + DIGIT_GROUPS));
  const view = new DataView(bytes.buffer);
  const numbers = Array.from({ length: EMOJI_SHOWN + DIGIT_GROUPS }, (_, at) => view.getUint32(4 * at));
  return {
    emoji: numbers.slice(0, EMOJI_SHOWN).map((number) => number % EMOJI.length),
    digits: numbers
      .slice(EMOJI_SHOWN)
      .map((number) => String(number % 10 ** DIGITS).padStart(DIGITS, "0"))
      .join(""),
  };
}

export class Verification {
  #round: Round | null = null;
  /** Rounds that may follow one's own without another click. */
  #restarts = 0;
  readonly #over = new Set<string>();
  #starts: { member: string; at: number }[] = [];
  readonly #effects: CheckEffect[] = [];

  /** `random` gives that many random bytes. */
  constructor(private readonly random: (length: number) => Bytes) {}

  /** Starts a round; while one is under way, shows that one. Alone in the room there is nothing to compare. */
  async begin(context: CheckContext, now: number): Promise<void> {
    if (this.#round) return this.#show(this.#round);
    this.#restarts = RESTARTS;
    await this.#start(context, now);
  }

  /**
   * A message that `senderLeaf` signed in `context.epoch`: those of epochs before are not passed on. One's own come
   * too, when the server has numbered them: of two rounds that start at once, the first in that order counts.
   */
  async heard(context: CheckContext, senderLeaf: number, message: CheckMessage, now: number): Promise<void> {
    if (!context.members.has(senderLeaf) || !bytesOf(message.round, ROUND_BYTES)) return;
    const round = this.#round;
    if (round?.id !== message.round || round.context.epoch !== context.epoch) {
      if (message.type === "check_commitment") await this.#answer(context, senderLeaf, message, now);
      return;
    }
    if (round.state === "between") return;
    if (round.state === "asked") round.state = "gathering";
    if (message.type === "check_commitment") this.#takeCommitment(round, senderLeaf, message.hash);
    if (message.type === "check_set") this.#takeSet(round, senderLeaf, message.leaves, now);
    if (message.type === "check_reveal") takeReveal(round, senderLeaf, message.nonce);
    await this.#goOn(round, now);
  }

  /** After every commit, and after coming back. */
  async epochChanged(context: CheckContext, now: number): Promise<void> {
    const round = this.#round;
    if (!round || (round.context.epoch === context.epoch && equal(round.context.groupId, context.groupId))) return;
    this.#forget(round.id);
    const startedBy = round.context.members.get(round.starter);
    if (round.starter === round.context.ownLeaf) {
      if (this.#restarts === 0) return this.#fail(round, []);
      this.#restarts--;
      await this.#start(context, now);
    } else if ([...context.members.values()].some((member) => member === startedBy)) {
      if (round.state !== "between") round.due = now + STEP;
      round.state = "between";
    } else {
      this.#fail(round, [round.starter]);
    }
  }

  /** Ends a step whose time is over. */
  tick(now: number): void {
    const round = this.#round;
    if (!round || now < round.due) return;
    const { state, starter, context, set } = round;
    if (state === "revealing") {
      this.#fail(round, set?.filter((leaf) => !round.reveals.has(leaf) || !round.commitments.has(leaf)) ?? []);
    } else if (state !== "between" && starter === context.ownLeaf) {
      this.#close(round, now);
      this.#reveal(round);
    } else {
      this.#fail(round, [starter]);
    }
  }

  /** When to call `tick` next; null: never. */
  get deadline(): number | null {
    return this.#round?.due ?? null;
  }

  /** What is to be said and shown, once, in order. */
  effects(): CheckEffect[] {
    return this.#effects.splice(0);
  }

  /** A round of one's own. */
  async #start(context: CheckContext, now: number): Promise<void> {
    const id = toBase64url(this.random(ROUND_BYTES));
    await this.#enter(context, id, context.ownLeaf, now + STEP);
  }

  /** Somebody else's round, unless one is under way. */
  async #answer(
    context: CheckContext,
    starter: number,
    { round: id, hash }: Extract<CheckMessage, { type: "check_commitment" }>,
    now: number,
  ): Promise<void> {
    const { ownLeaf, members } = context;
    const under = this.#round;
    const busy = under !== null && under.state !== "asked" && under.state !== "between";
    const first = bytesOf(hash, HASH_BYTES);
    if (starter === ownLeaf || !first || this.#over.has(id)) return;
    if (busy || !this.#mayStart(members.get(starter) ?? "", now)) return this.#forget(id);
    if (under) this.#forget(under.id);
    const round = await this.#enter(context, id, starter, now + STEP + GRACE);
    round?.commitments.set(starter, first);
    if (round) this.#show(round);
  }

  /** Commits, as starter or answering. */
  async #enter(context: CheckContext, id: string, starter: number, due: number): Promise<Round | null> {
    const { ownLeaf, members, epoch } = context;
    const nonce = this.random(NONCE_BYTES);
    const own = await commitment(context, id, ownLeaf, nonce);
    const round: Round = {
      id,
      context: { ...context, members: new Map(members) },
      starter,
      state: starter === ownLeaf ? "asked" : "gathering",
      due,
      nonce,
      commitments: new Map([[ownLeaf, own]]),
      set: null,
      revealed: false,
      reveals: new Map([[ownLeaf, nonce]]),
      fitting: new Set([ownLeaf]),
    };
    if (members.size < 2) {
      this.#fail(round, []);
      return null;
    }
    this.#round = round;
    this.#say({ type: "check_commitment", round: id, hash: toBase64url(own) }, epoch);
    this.#show(round);
    return round;
  }

  #mayStart(member: string, now: number): boolean {
    this.#starts = this.#starts.filter(({ at }) => at > now - STARTS_SECONDS);
    if (this.#starts.filter((start) => start.member === member).length >= STARTS) return false;
    this.#starts.push({ member, at: now });
    return true;
  }

  #takeCommitment(round: Round, leaf: number, text: string): void {
    const { commitments, set, revealed } = round;
    const hash = bytesOf(text, HASH_BYTES);
    // After one's own number is out, or beyond the set, it is too late; a second one changes nothing.
    if (!hash || revealed || commitments.has(leaf) || (set && !set.includes(leaf))) return;
    commitments.set(leaf, hash);
    this.#show(round);
  }

  #takeSet(round: Round, sender: number, leaves: readonly number[], now: number): void {
    const { starter, context, set } = round;
    if (set || sender !== starter || leaves.length < 2 || !leaves.includes(starter)) return;
    if (!rising(leaves, (a, b) => a - b) || !leaves.every((leaf) => context.members.has(leaf))) return;
    this.#agree(round, leaves, now);
    // A result that holds no number of one's own could have been chosen.
    if (!leaves.includes(context.ownLeaf)) this.#fail(round, outside(round));
  }

  /** The starter's: those who have committed take part. */
  #close(round: Round, now: number): void {
    const leaves = [...round.commitments.keys()].sort((a, b) => a - b);
    this.#agree(round, leaves, now);
    if (leaves.length < 2) this.#fail(round, outside(round));
    else this.#say({ type: "check_set", round: round.id, leaves }, round.context.epoch);
  }

  #agree(round: Round, leaves: readonly number[], now: number): void {
    round.set = [...leaves];
    round.state = "revealing";
    round.due = now + STEP;
    for (const map of [round.commitments, round.reveals]) {
      for (const leaf of map.keys()) if (!leaves.includes(leaf)) map.delete(leaf);
    }
    this.#show(round);
  }

  /** Whatever the round is ready for. */
  async #goOn(round: Round, now: number): Promise<void> {
    const { context, commitments, reveals, fitting } = round;
    const { ownLeaf, authenticator, members } = context;
    if (round.starter === ownLeaf && !round.set && commitments.size === members.size) this.#close(round, now);
    const { set } = round;
    this.#reveal(round);
    if (!set || !round.revealed) return;
    for (const leaf of set) {
      const nonce = reveals.get(leaf);
      if (!nonce || fitting.has(leaf)) continue;
      const hash = await commitment(context, round.id, leaf, nonce);
      const held = commitments.get(leaf);
      if (!held || !equal(hash, held)) return this.#fail(round, [leaf]);
      fitting.add(leaf);
    }
    if (fitting.size < set.length) return;
    const nonces = set.map((leaf) => [leaf, reveals.get(leaf) as Bytes] as const);
    const result = await outcome(authenticator, round.id, nonces);
    this.#end(round, { ...this.#view(round), state: "done", ...result });
  }

  /** One's own number, once, when all commitments of the set are at hand. */
  #reveal(round: Round): void {
    const { id, context, commitments, nonce, set } = round;
    if (this.#round !== round || round.revealed || !set?.every((leaf) => commitments.has(leaf))) return;
    round.revealed = true;
    this.#say({ type: "check_reveal", round: id, nonce: toBase64url(nonce) }, context.epoch);
  }

  #fail(round: Round, by: readonly number[]): void {
    const silent = by.map((leaf) => round.context.members.get(leaf) ?? "");
    this.#end(round, { ...this.#view(round), state: "failed", took: [], silent });
  }

  #end(round: Round, view: RoundView): void {
    this.#forget(round.id);
    this.#round = null;
    this.#effects.push({ do: "view", view });
  }

  #forget(id: string): void {
    this.#over.add(id);
    for (const oldest of this.#over) {
      if (this.#over.size <= MAX_OVER) break;
      this.#over.delete(oldest);
    }
  }

  #say(message: CheckMessage, epoch: number): void {
    this.#effects.push({ do: "say", message, epoch });
  }

  #show(round: Round): void {
    this.#effects.push({ do: "view", view: this.#view(round) });
  }

  #view(round: Round): RoundView {
    const { id, starter, state, context, commitments, set } = round;
    const names = (leaves: Iterable<number>) => [...leaves].map((leaf) => context.members.get(leaf) ?? "");
    return {
      round: id,
      startedBy: names([starter])[0] ?? "",
      state: state === "revealing" ? "revealing" : "gathering",
      epoch: context.epoch,
      emoji: null,
      digits: null,
      took: names(set ?? [...commitments.keys()].sort((a, b) => a - b)),
      silent: set ? names(outside(round)) : [],
    };
  }
}

function outside({ context, set }: Round): number[] {
  return [...context.members.keys()].filter((leaf) => !set?.includes(leaf));
}

function takeReveal({ set, reveals }: Round, leaf: number, text: string): void {
  const nonce = bytesOf(text, NONCE_BYTES);
  // One of each leaf. It may come before the commitment: it is compared when all of these are there.
  if (!nonce || reveals.has(leaf) || (set && !set.includes(leaf))) return;
  reveals.set(leaf, nonce);
}
