/** Whether all that arrived has stopped at once: the first sign that the device is in another network. Pure. */

/**
 * Nothing of anybody for this long, ms. Voices come 50 times a second while a microphone is open, and a burst of loss on
 * a line that still works is over by then. Less asks the server without need, and more is silence: the browser's own
 * verdict takes 5 to 7 s (Chromium's and Firefox's ICE).
 */
export const STILL_MS = 800;

export class Stillness {
  #arrived = 0;
  #since: number | null = null;

  /** `arrived`: packets of all tracks so far, by any count that changes when one comes. True once for each time that it stops. */
  update(arrived: number, now: number): boolean {
    if (arrived !== this.#arrived) {
      this.#arrived = arrived;
      this.#since = now;
      return false;
    }
    if (this.#since === null || now - this.#since < STILL_MS) return false;
    this.#since = null;
    return true;
  }
}
