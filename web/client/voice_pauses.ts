/**
 * Which voices are paused while sound alone is more than the network carries: some of those that are silent, by turns,
 * and never one that speaks. What is paused is not heard at all, so each is listened to again in turn.
 *
 * The server sees who is paused, and with it that they were silent. It is to learn no more than that: not who was silent
 * longest (so the choice among the silent is by chance), nor the moment in which somebody falls silent (so changes come
 * in steps). docs/security.md, "Traffic shape".
 *
 * Pure: levels, the time (`now`, ms) and chance go in.
 */

/** Linear level above which a voice counts as heard: as in levels.ts, about −36 dBFS. */
const VOICE = 0.015;
/** Silent for this long, ms, before a voice may be paused: somebody who thinks between two sentences is still speaking. */
const SILENT_MS = 5_000;
/**
 * Between two steps, ms: the estimate of the network needs about that to follow the one before. All changes come at
 * steps: shorter tells the server more exactly when somebody fell silent.
 */
const STEP_MS = 2_000;
/**
 * Of the voices that are open so many are paused at a step while they are too much, at least one; they come back one by
 * one. Twelve on a line that carries four fit after three steps; a larger part pauses more than has to rest.
 */
const PART = 1 / 3;
/**
 * A paused voice is listened to again after this, ms, or when those who were paused before it have been: one comes back
 * at a step, so that up to 20 s pass while ten rest. What somebody says who begins meanwhile is lost for so long at most.
 * All whose turn was over at once were more than there was room for: 12 to 19 % of what two said was concealed where
 * three of twelve fit (tests/sim/test_voices.py, seed 180), now 5 % at most.
 */
const TURN_MS = 8_000;
/** And is not paused again for so long, ms: the first words tell. */
const LISTEN_MS = 2_000;

export class VoicePauses {
  /** When each was heard last, ms, by voice; when it came, if it was not. */
  #heard = new Map<string, number>();
  /** Since when each is paused, ms, the longest first. */
  #paused = new Map<string, number>();
  #view: ReadonlySet<string> = new Set();
  #tooMuch = false;
  #stepAt = Number.NEGATIVE_INFINITY;

  /** `random`: in [0, 1), as `Math.random`. */
  constructor(private readonly random: () => number) {}

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
    if (now - this.#stepAt >= STEP_MS) {
      this.#stepAt = now;
      this.#step(now);
    }
    const same = this.#view.size === this.#paused.size && [...this.#paused.keys()].every((one) => this.#view.has(one));
    if (!same) this.#view = new Set(this.#paused.keys());
    return this.#view;
  }

  /** Some more are paused, or one fewer; one whose turn is over changes places with somebody else. */
  #step(now: number): void {
    const more = Math.max(1, Math.floor((this.#heard.size - this.#paused.size) * PART));
    const wanted = this.#tooMuch ? Math.min(this.#paused.size + more, this.#heard.size - 1) : this.#paused.size - 1;
    const silent = [...this.#heard].filter(([track, heard]) => !this.#paused.has(track) && now - heard >= SILENT_MS);
    const [longest] = this.#paused;
    if (longest && (this.#paused.size > wanted || now - longest[1] >= TURN_MS)) this.#resume(longest[0], now);
    while (this.#paused.size < wanted && silent.length > 0) {
      const [drawn] = silent.splice(Math.floor(this.random() * silent.length), 1);
      if (drawn) this.#paused.set(drawn[0], now);
    }
  }

  #resume(track: string, now: number): void {
    this.#paused.delete(track);
    this.#heard.set(track, now - SILENT_MS + LISTEN_MS);
  }
}
