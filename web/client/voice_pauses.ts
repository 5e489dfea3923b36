/**
 * Which voices are paused while sound alone is more than the network carries: those that have been silent longest, one
 * after another, and never one that speaks. What is paused is not heard at all, so each is listened to again soon.
 * Pure: levels and the time (`now`, ms) go in.
 */

/** Linear level above which a voice counts as heard: as in levels.ts, about −36 dBFS. */
const VOICE = 0.015;
/** Silent for this long, ms, before a voice may be paused: somebody who thinks between two sentences is still speaking. */
const SILENT_MS = 5_000;
/** Between two changes, ms: the estimate of the network needs about that to follow the one before. */
const STEP_MS = 2_000;
/** A paused voice is listened to again after this, ms: what somebody says who begins meanwhile is lost for so long at most. */
const TURN_MS = 8_000;
/** And is not paused again for so long, ms: the first words tell. */
const LISTEN_MS = 2_000;

export class VoicePauses {
  /** When each was heard last, ms, by voice; when it came, if it was not. */
  #heard = new Map<string, number>();
  /** Since when each is paused, ms. */
  #paused = new Map<string, number>();
  #view: ReadonlySet<string> = new Set();
  #tooMuch = false;
  #changedAt = Number.NEGATIVE_INFINITY;

  /** As the server tells. */
  tooMuch(tooMuch: boolean): void {
    this.#tooMuch = tooMuch;
  }

  /** `voices`: the open microphones, by any name that stays, with their levels, linear 0..1. Returns the same set while nothing changed. */
  update(voices: ReadonlyMap<string, number>, now: number): ReadonlySet<string> {
    for (const track of this.#heard.keys()) {
      if (voices.has(track)) continue;
      this.#heard.delete(track);
      this.#paused.delete(track);
    }
    for (const [track, level] of voices) {
      if (level >= VOICE || !this.#heard.has(track)) this.#heard.set(track, now);
    }
    for (const [track, since] of this.#paused) if (now - since >= TURN_MS) this.#resume(track, now);
    if (now - this.#changedAt >= STEP_MS) this.#step(now);
    const same = this.#view.size === this.#paused.size && [...this.#paused.keys()].every((one) => this.#view.has(one));
    if (!same) this.#view = new Set(this.#paused.keys());
    return this.#view;
  }

  #step(now: number): void {
    if (!this.#tooMuch) {
      const [longest] = this.#paused.keys();
      if (longest !== undefined) this.#resume(longest, now);
      return;
    }
    const open = [...this.#heard].filter(([track]) => !this.#paused.has(track));
    const silent = open.filter(([, heard]) => now - heard >= SILENT_MS).sort(([, a], [, b]) => a - b);
    const quietest = silent[0];
    if (!quietest || open.length < 2) return;
    this.#paused.set(quietest[0], now);
    this.#changedAt = now;
  }

  #resume(track: string, now: number): void {
    this.#paused.delete(track);
    this.#heard.set(track, now - SILENT_MS + LISTEN_MS);
    this.#changedAt = now;
  }
}
