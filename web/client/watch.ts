/**
 * What this client wants to be sent (`watch`, docs/protocol.md section 6): how tall each picture is shown, which voices
 * are paused, and what the person wants to spend. Sans-IO: `now` is in ms.
 */
import type { NetworkChoices } from "./model";
import type { TileWish } from "./protocol_types";
import type { Announced } from "./room";

/** Between two messages in the long run, ms: 4 a second, of the 5 that the server takes. A tile that grows meanwhile waits so long at most. */
const PAUSE_MS = 250;
/**
 * Messages that may follow each other at once after a rest, of the 40 that the server takes. Somebody who comes in says
 * that nothing is shown yet, then the first tile, then how tall all of them are: with one alone the first picture waits
 * for PAUSE_MS. More would tell every step of a window that is dragged larger.
 */
const AT_ONCE = 4;
/**
 * A picture that got smaller, or out of sight, is asked for as before for so long, ms: a panel that opens and closes, or
 * a list that is scrolled, must not cost two key frames. Growing is asked for at once: it is seen.
 */
const SHRINK_MS = 1_000;
/** A page that nobody sees gets no pictures after this, ms: another tab is looked at for a moment, a phone in the pocket stays there. */
const HIDDEN_MS = 5_000;
/** After a refusal by the server, ms, the same is said again: it refuses what comes too often. */
const REFUSED_MS = 2_000;
/** "Data saver": the tallest picture asked for, pixels; the smallest encoding of every camera. */
const SAVER_HEIGHT = 180;
/**
 * "Data saver": bit/s of everything together, 180 MB an hour. It holds five voices (45 kbit/s each with their headers)
 * and a small picture; half of it would cost the picture, and an hour of the double half a gigabyte of a phone's contract.
 */
const SAVER_RATE = 400_000;
/** Heights are told in steps, pixels: a window that is dragged larger is not told at every pixel. No encoding is nearer to the next. */
const STEP = 30;
const TALLEST = 4320;

export type What = "camera" | "screen";

interface Shown {
  height: number;
  /** What is asked for: as `height`, but for a moment after it shrank. */
  asked: number;
  /** When `asked` follows, ms. */
  shrinkAt: number;
}

/** The content of a `watch`. */
export interface Wishes {
  tiles: TileWish[];
  max_rate: number | null;
}

export class Watch {
  #shown = new Map<string, Shown>();
  #pinned = new Set<string>();
  #choices: NetworkChoices = { dataSaver: false, audioOnly: false, relayOnly: false };
  #paused: ReadonlySet<string> = new Set();
  #hiddenAt: number | null = null;
  /** As the server has it; null: nothing was told on this connection. */
  #told: string | null = null;
  /** When AT_ONCE messages may follow each other again, ms. */
  #restedAt = Number.NEGATIVE_INFINITY;

  /** Device pixels; 0: not visible. */
  show(member: string, what: What, height: number, now: number): void {
    const steps = height > 0 ? Math.min(Math.ceil(height / STEP) * STEP, TALLEST) : 0;
    const known = this.#shown.get(key(member, what)) ?? { height: 0, asked: 0, shrinkAt: 0 };
    if (steps === known.height) return;
    known.height = steps;
    if (steps >= known.asked) known.asked = steps;
    else known.shrinkAt = now + SHRINK_MS;
    this.#shown.set(key(member, what), known);
  }

  pin(member: string, what: What, pinned: boolean): void {
    if (pinned) this.#pinned.add(key(member, what));
    else this.#pinned.delete(key(member, what));
  }

  pinned(member: string, what: What): boolean {
    return this.#pinned.has(key(member, what));
  }

  choose(choices: NetworkChoices): void {
    this.#choices = choices;
  }

  hide(hidden: boolean, now: number): void {
    this.#hiddenAt = hidden ? (this.#hiddenAt ?? now) : null;
  }

  /** These voices, as `voiceKey` names them. */
  pause(paused: ReadonlySet<string>): void {
    this.#paused = paused;
  }

  /** Whether this picture is asked for, if there is one. */
  asks(member: string, what: What, now: number): boolean {
    return !this.#blind(now) && (this.#shown.get(key(member, what))?.asked ?? 0) > 0;
  }

  /** Somebody who left takes their tile along. */
  forget(member: string): void {
    for (const what of ["camera", "screen"] as const) {
      this.#shown.delete(key(member, what));
      this.#pinned.delete(key(member, what));
    }
  }

  /** The server knows nothing of what was told before. */
  renew(): void {
    this.#told = null;
    this.#restedAt = Number.NEGATIVE_INFINITY;
  }

  /** What was told last was not taken. */
  refused(now: number): void {
    this.#told = null;
    this.#restedAt = now + REFUSED_MS + (AT_ONCE - 1) * PAUSE_MS;
  }

  /** Nothing is told before this, ms. */
  get notBefore(): number {
    return this.#restedAt - (AT_ONCE - 1) * PAUSE_MS;
  }

  /** What is to be told now of these tracks; null if nothing is, or not yet. Answer with `told`. */
  due(tracks: readonly Announced[], now: number): Wishes | null {
    for (const shown of this.#shown.values()) {
      if (shown.asked > shown.height && shown.shrinkAt <= now) shown.asked = shown.height;
    }
    if (now < this.notBefore) return null;
    const wishes = this.#wishes(tracks, now);
    return JSON.stringify(wishes) === this.#told ? null : wishes;
  }

  told(wishes: Wishes, now: number): void {
    this.#told = JSON.stringify(wishes);
    this.#restedAt = Math.max(this.#restedAt, now) + PAUSE_MS;
  }

  #blind(now: number): boolean {
    return this.#choices.audioOnly || (this.#hiddenAt !== null && now - this.#hiddenAt >= HIDDEN_MS);
  }

  #wishes(tracks: readonly Announced[], now: number): Wishes {
    const { dataSaver } = this.#choices;
    const blind = this.#blind(now);
    const tiles: TileWish[] = [];
    /** Of one member one picture of each kind has a tile, however many they announce. */
    const asked = new Set<string>();
    for (const { member, track, kind, screen } of tracks) {
      if (kind === "audio") {
        if (this.#paused.has(voiceKey(member, track))) tiles.push({ member, track, height: 0 });
        continue;
      }
      const tile = key(member, screen ? "screen" : "camera");
      const tall = this.#shown.get(tile)?.asked ?? 0;
      if (blind || tall === 0 || asked.has(tile)) continue;
      asked.add(tile);
      // A screen has one encoding, and none of it can be read in another.
      const height = dataSaver && !screen ? Math.min(tall, SAVER_HEIGHT) : tall;
      const first = screen || this.#pinned.has(tile);
      tiles.push({ member, track, height, ...(first ? { first } : {}) });
    }
    return { tiles, max_rate: dataSaver ? SAVER_RATE : null };
  }
}

/** A voice is somebody's: whoever announces another's track under their own name has no say about it. */
export function voiceKey(member: string, track: string): string {
  return `${member} ${track}`;
}

function key(member: string, what: What): string {
  return `${what} ${member}`;
}
