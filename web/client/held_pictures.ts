/** The pictures that one's own network has no room for, and the one calm word about them. Pure; `now` is in ms. */

/** Told only when it lasts, ms: the estimate of a network swings when somebody comes in. */
const LASTS_MS = 3_000;

export class HeldPictures {
  #tracks: ReadonlySet<string> = new Set();
  /** Since when it is otherwise than was told. */
  #since: number | null = null;
  #told = false;

  /** By track. */
  get tracks(): ReadonlySet<string> {
    return this.#tracks;
  }

  take(tracks: Iterable<string>): void {
    this.#tracks = new Set(tracks);
  }

  /** What is to be announced now. */
  tick(now: number): "pictures-held" | "pictures-back" | null {
    const held = this.#tracks.size > 0;
    if (held === this.#told) {
      this.#since = null;
      return null;
    }
    this.#since ??= now;
    if (now - this.#since < LASTS_MS) return null;
    this.#told = held;
    this.#since = null;
    return held ? "pictures-held" : "pictures-back";
  }
}
