/**
 * Who is silent: a server that withholds messages or splits the group cannot be prevented, only noticed. Facilitators
 * say every 5 s, signed and sealed, which epoch they are in and who is in it; everybody listens.
 *
 * Sans-IO: `now` is in seconds, of a clock that only rises. Call `tick` at `deadline`; after every call read `effects`
 * and `troubles`.
 */
import { type Bytes, concat, toBase64url } from "../../base64url";
import { u32 } from "../mls/fields";
import type { Person, Trouble } from "../worker_messages";

/** Seconds between two heartbeats of a facilitator. Twice as often would double what a quiet meeting sends. */
const HEARTBEAT = 5;
/** Seconds without one after which a facilitator is named: two may be lost and the third late. */
const SILENCE = 15;
/**
 * Seconds that people have to be heard again after one's own socket was lost: the next heartbeat, and its way. Once
 * only until they are heard, because it is the server that cuts sockets: twice would excuse any silence.
 */
const GRACE = 8;

/** SHA-256 of, for each leaf rising, u32 leaf ‖ leaf key (docs/protocol.md, section 8); base64url. */
export async function rosterHash(roster: readonly { leaf: number; key: Bytes }[]): Promise<string> {
  const sorted = [...roster].sort((a, b) => a.leaf - b.leaf);
  const bytes = concat(...sorted.flatMap(({ leaf, key }) => [u32(leaf), key]));
  return toBase64url(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** The group as of now. */
export interface Watched {
  readonly epoch: number;
  /** `rosterHash` of this epoch's roster. */
  readonly roster: string;
  readonly people: readonly Pick<Person, "member" | "role" | "self">[];
}

export interface WatchEffect {
  readonly do: "say";
  /** Sealed in another epoch than its own it is worth nothing: drop it rather than seal it anew. */
  readonly message: { type: "heartbeat"; epoch: number; roster: string };
}

interface Heard {
  /** When last, or when they came. */
  at: number;
  /** Their last heartbeat of an epoch that is ours names other people than ours. */
  disagrees: boolean;
  /** They had their grace since then. */
  graced: boolean;
}

export class Watch {
  #watched: Watched | null = null;
  /** The other facilitators, by member id. */
  readonly #others = new Map<string, Heard>();
  /** When the next heartbeat is due; null for whoever is no facilitator. */
  #beat: number | null = null;
  #ticked = 0;
  #effects: WatchEffect[] = [];

  /**
   * After every commit, and after joining or coming back. A facilitator says a heartbeat at once, so that a split is
   * seen when it begins, and one that became stale on its way is made up for.
   */
  people(watched: Watched, now: number): void {
    const others = watched.people.filter(({ role, self }) => role === "facilitator" && !self);
    for (const member of this.#others.keys()) {
      if (!others.some((other) => other.member === member)) this.#others.delete(member);
    }
    for (const { member } of others) {
      if (!this.#others.has(member)) this.#others.set(member, { at: now, disagrees: false, graced: false });
    }
    const facilitator = watched.people.some(({ role, self }) => role === "facilitator" && self);
    const same = this.#watched?.epoch === watched.epoch && this.#watched.roster === watched.roster;
    if (!facilitator) this.#beat = null;
    else if (!same || this.#beat === null) this.#beat = now;
    this.#watched = watched;
    this.tick(now);
  }

  /** A `heartbeat` that `member`'s leaf signed, whoever that is. Of those by facilitators only this epoch's counts. */
  heard(member: string, epoch: number, roster: string, now: number): void {
    const heard = this.#others.get(member);
    if (!heard || epoch !== this.#watched?.epoch) return;
    heard.at = now;
    heard.graced = false;
    heard.disagrees = roster !== this.#watched.roster;
  }

  /** One's own socket is back after a loss. */
  back(now: number): void {
    for (const heard of this.#others.values()) {
      if (!heard.graced) heard.at = Math.max(heard.at, now + GRACE - SILENCE);
      heard.graced = true;
    }
  }

  /** When to call `tick` next; null: never. */
  get deadline(): number | null {
    const silences = [...this.#others.values()].map(({ at }) => at + SILENCE).filter((due) => due > this.#ticked);
    const dues = this.#beat === null ? silences : [this.#beat, ...silences];
    return dues.length ? Math.min(...dues) : null;
  }

  tick(now: number): void {
    this.#ticked = now;
    if (this.#beat === null || now < this.#beat || !this.#watched) return;
    this.#beat = now + HEARTBEAT;
    const { epoch, roster } = this.#watched;
    // One that was not said yet, since the server answers nothing, is not made up for.
    this.#effects = [{ do: "say", message: { type: "heartbeat", epoch, roster } }];
  }

  /** What is to be said, once. */
  effects(): WatchEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** What is wrong now. A lost socket excuses nobody: it is the server that says it is lost. */
  troubles(now: number): Trouble[] {
    if (!this.#watched) return [];
    const { people } = this.#watched;
    const others = [...this.#others];
    const silent = others.filter(([, { at }]) => now - at >= SILENCE).map(([member]) => member);
    const leads = people.some(({ role, self }) => role === "facilitator" && self);
    const troubles: Trouble[] = [];
    if (others.some(([, { disagrees }]) => disagrees)) troubles.push({ kind: "keys-disagree" });
    if (silent.length) troubles.push({ kind: "facilitator-silent", members: silent });
    if (!leads && silent.length === others.length) {
      const members = people.filter(({ role }) => role === "co_facilitator").map(({ member }) => member);
      troubles.push({ kind: "no-facilitator", members });
    }
    return troubles;
  }
}
