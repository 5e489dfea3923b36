/** Takes every counter of one KID once (RFC 9605 §9.3), in any order within a window. */

/**
 * Counters that may arrive late, behind the highest one. 1024 frames are 20 s of sound and 34 s of picture, far more
 * than any jitter buffer waits; each KID's window takes 128 bytes.
 */
export const REPLAY_WINDOW = 1024;

export class ReplayWindow {
  #highest = -1;
  readonly #seen = new Uint32Array(REPLAY_WINDOW / 32);

  /** Whether `ctr` was not taken yet and is not too old. Changes nothing: only a frame that opened is taken. */
  isFresh(ctr: number): boolean {
    if (ctr > this.#highest) return true;
    return ctr > this.#highest - REPLAY_WINDOW && !this.#bit(ctr);
  }

  /** Marks `ctr`, which `isFresh` let pass, as taken. */
  take(ctr: number): void {
    for (let next = Math.max(this.#highest + 1, ctr - REPLAY_WINDOW); next < ctr; next++) this.#set(next, false);
    this.#set(ctr, true);
    this.#highest = Math.max(this.#highest, ctr);
  }

  #bit(ctr: number): boolean {
    const at = ctr % REPLAY_WINDOW;
    return (((this.#seen[at >> 5] as number) >>> (at & 31)) & 1) === 1;
  }

  #set(ctr: number, on: boolean): void {
    const at = ctr % REPLAY_WINDOW;
    const mask = 1 << (at & 31);
    const word = this.#seen[at >> 5] as number;
    this.#seen[at >> 5] = on ? word | mask : word & ~mask;
  }
}
