/** What is said of a connection, one's own way up or what arrives of somebody: only what lasts, and not often. Pure. */
import type { Uplink } from "./e2ee/envelope";
import type { Quality } from "./model";

/** What got worse is said after this, ms: a single burst of loss is over by then. */
const WORSE_MS = 3_000;
/** What got better is said after this, ms: a sign that blinks tells nothing. */
const BETTER_MS = 8_000;
/** Between two changes, ms (docs/protocol.md section 4). */
const PAUSE_MS = 10_000;

const ORDER: readonly Uplink[] = ["good", "fair", "poor"];

export class SteadyQuality {
  #said: Uplink = "good";
  #saidAt = Number.NEGATIVE_INFINITY;
  #differs: { quality: Uplink; since: number } | null = null;

  /** What to say of it now. "none" is nothing sent: neither good nor bad. */
  update(quality: Quality, now: number): Uplink {
    if (quality === "none" || quality === this.#said) {
      this.#differs = null;
      return this.#said;
    }
    if (this.#differs?.quality !== quality) {
      // From fair to poor while it got worse anyway: the wait goes on.
      const since = this.#differs && worse(this.#differs.quality, this.#said) === worse(quality, this.#said);
      this.#differs = { quality, since: since ? (this.#differs as { since: number }).since : now };
    }
    const wait = worse(quality, this.#said) ? WORSE_MS : BETTER_MS;
    if (now - this.#differs.since < wait || now - this.#saidAt < PAUSE_MS) return this.#said;
    this.#said = quality;
    this.#saidAt = now;
    this.#differs = null;
    return quality;
  }
}

function worse(one: Uplink, other: Uplink): boolean {
  return ORDER.indexOf(one) > ORDER.indexOf(other);
}
