/** Which voices and pictures have been wanted for so long that what is missing of them tells something. Pure. */

/**
 * ms: 5 s over which figures are compared (call_network.ts), and 2 s in which a picture that was asked for, or turned on,
 * begins (request, key frame, first pictures; a browser counts the gap before them as a freeze). Less says "weak
 * connection" of everybody who turns a camera on; more is late to say it.
 */
const SETTLED_MS = 7_000;

export class Settling {
  /** Since when each is wanted, ms, by track. */
  #since = new Map<string, number>();

  /** `wanted` are those that are wanted now; call it a few times a minute at least. */
  update(wanted: ReadonlySet<string>, now: number): void {
    for (const track of this.#since.keys()) if (!wanted.has(track)) this.#since.delete(track);
    for (const track of wanted) if (!this.#since.has(track)) this.#since.set(track, now);
  }

  settled(track: string, now: number): boolean {
    const since = this.#since.get(track);
    return since !== undefined && now - since >= SETTLED_MS;
  }
}
