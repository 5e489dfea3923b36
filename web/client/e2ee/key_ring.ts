/**
 * The receive keys of everybody in every room. Sans-IO: `now` is in seconds, never going back.
 *
 * A key is found by its KID: the epoch's low 8 bits among the epochs that are held, the leaf among that epoch's
 * members, and the context in what that member announced. Keys are derived when their first frame arrives, and keep
 * their replay window as long as their epoch is held: neither a new announcement nor a way back to an epoch whose
 * successor turned out void opens a frame twice. An epoch that is over is another key for good.
 */
import type { Bytes } from "../base64url";
import type { Kind } from "./codec_header";
import type { EpochKeys } from "./epoch_keys";
import { contextOf, EPOCHS, epochOf, isAhead, leafOf } from "./kid";
import { ReplayWindow } from "./replay_window";
import type { SenderContext } from "./worker_messages";

/** Seconds that an epoch's keys stay after the next one began: longer than any frame is on its way. */
export const OLD_KEY_SECONDS = 10;

/** The same when the next epoch removed somebody, who could go on sending under keys that they had. */
export const REMOVED_KEY_SECONDS = 2;

/** Seconds that a context stays after its owner stopped listing it: as for keys. */
export const OLD_CONTEXT_SECONDS = 10;

/** Epochs held for one room: one new a second for 10 s, three times over. A further one pushes out the oldest. */
export const EPOCHS_HELD = 32;

/** Contexts held for one member: 16 that are listed, and as many of before. Further ones push out the oldest. */
export const CONTEXTS_PER_MEMBER = 32;

export interface RingKey<Key> {
  /** Of its first frame, and so for good: nobody can turn a voice into a picture later on. */
  readonly track: string;
  readonly kind: Kind;
  readonly key: Key;
  readonly window: ReplayWindow;
}

/** Whose frame it should be. */
export interface Wanted {
  room: string;
  member: string;
  track: string;
  kind: Kind;
}

export type Lookup<Key> =
  /** Keys to try, the newest epoch's first. More than one where two epochs share their low bits. */
  | readonly RingKey<Key>[]
  /** An epoch that this member was not told of yet. */
  | "newer"
  /** A context that its owner has not announced yet. */
  | "unannounced"
  /** An epoch whose keys are gone, or from before one's own first. */
  | "old"
  /** Another member's, or for another track. */
  | "foreign";

interface Epoch<Key> {
  readonly number: number;
  readonly baseKey: Bytes;
  /** By leaf. */
  readonly members: ReadonlyMap<number, string>;
  /** By KID. */
  readonly keys: Map<number, RingKey<Key>>;
  /** Seconds; infinite for the current one. */
  dropAt: number;
}

type Contexts = Map<number, { readonly track: string; readonly kind: Kind; dropAt: number }>;

interface Room<Key> {
  /** In the order in which they began, the current one first. */
  epochs: Epoch<Key>[];
  /** By member. */
  readonly contexts: Map<string, Contexts>;
}

export class KeyRing<Key> {
  readonly #rooms = new Map<string, Room<Key>>();

  constructor(private readonly derive: (baseKey: Bytes, kid: number) => Key) {}

  /** From now on this is the room's epoch; those before stay a little. */
  begin({ room, epoch, baseKey, leaves, removal }: Omit<EpochKeys, "leaf">, now: number): void {
    this.drop(now);
    const held = this.#room(room);
    const same = held.epochs.find((one) => one.number === epoch && isSame(one.baseKey, baseKey));
    const members = new Map(leaves.map(({ leaf, member }) => [leaf, member]));
    const current = same ?? { number: epoch, baseKey, members, keys: new Map(), dropAt: Number.POSITIVE_INFINITY };
    current.dropAt = Number.POSITIVE_INFINITY;
    const before = held.epochs.filter((one) => one !== current);
    const dropAt = now + (removal ? REMOVED_KEY_SECONDS : OLD_KEY_SECONDS);
    for (const one of before) one.dropAt = Math.min(one.dropAt, dropAt);
    held.epochs = [current, ...before].slice(0, EPOCHS_HELD);
    const present = new Set(held.epochs.flatMap((one) => [...one.members.values()]));
    for (const member of held.contexts.keys()) if (!present.has(member)) held.contexts.delete(member);
  }

  /** What the member uses from now on, as they signed it; what they list no longer stays a little. */
  announce(room: string, member: string, list: readonly SenderContext[], now: number): void {
    const { contexts } = this.#room(room);
    const before = contexts.get(member) ?? new Map();
    const after: Contexts = new Map();
    for (const { context, track, kind } of list) after.set(context, { track, kind, dropAt: Number.POSITIVE_INFINITY });
    for (const [context, known] of before) {
      if (after.has(context)) continue;
      after.set(context, { ...known, dropAt: Math.min(known.dropAt, now + OLD_CONTEXT_SECONDS) });
    }
    contexts.set(member, new Map([...after].slice(0, CONTEXTS_PER_MEMBER)));
  }

  /** Whether the member has a leaf in the room's current epoch. */
  knows(room: string, member: string): boolean {
    const current = this.#rooms.get(room)?.epochs[0];
    return current !== undefined && [...current.members.values()].includes(member);
  }

  lookup({ room, member, track, kind }: Wanted, kid: number, now: number): Lookup<Key> {
    const held = this.#rooms.get(room);
    const current = held?.epochs[0];
    if (!held || !current) return "newer";
    const low = epochOf(kid);
    const epochs = held.epochs.filter(({ number, dropAt }) => number % EPOCHS === low && dropAt > now);
    if (epochs.length === 0) return isAhead(low, current.number) ? "newer" : "old";
    const theirs = epochs.filter(({ members }) => members.get(leafOf(kid)) === member);
    if (theirs.length === 0) return "foreign";
    const context = held.contexts.get(member)?.get(contextOf(kid));
    if (!context || context.dropAt <= now) return "unannounced";
    if (context.track !== track || context.kind !== kind) {
      // One that is no longer listed may be listed anew, for another track: its owner's page was reloaded.
      return context.dropAt === Number.POSITIVE_INFINITY ? "foreign" : "unannounced";
    }
    const keys = theirs.map((epoch) => {
      const known = epoch.keys.get(kid);
      if (known) return known;
      const made = { track, kind, key: this.derive(epoch.baseKey, kid), window: new ReplayWindow() };
      epoch.keys.set(kid, made);
      return made;
    });
    const fitting = keys.filter((key) => key.track === track && key.kind === kind);
    return fitting.length > 0 ? fitting : "foreign";
  }

  /** When the next keys go, seconds. */
  get deadline(): number {
    return Math.min(...[...this.#rooms.values()].flatMap(({ epochs }) => epochs.map(({ dropAt }) => dropAt)));
  }

  /** Lets go of keys whose time is over. */
  drop(now: number): void {
    for (const room of this.#rooms.values()) room.epochs = room.epochs.filter(({ dropAt }) => dropAt > now);
  }

  forgetRoom(room: string): void {
    this.#rooms.delete(room);
  }

  #room(room: string): Room<Key> {
    const held = this.#rooms.get(room) ?? { epochs: [], contexts: new Map() };
    this.#rooms.set(room, held);
    return held;
  }
}

function isSame(one: Bytes, other: Bytes): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
