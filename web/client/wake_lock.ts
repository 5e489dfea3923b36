/** The screen stays awake in a call; the browser gives the lock back whenever the page is hidden. */

export class WakeLock {
  #wanted = false;
  #lock: WakeLockSentinel | null = null;

  hold(): void {
    this.#wanted = true;
    void this.renew();
  }

  release(): void {
    this.#wanted = false;
    void this.#lock?.release();
    this.#lock = null;
  }

  /** Call when the page is visible again. */
  async renew(): Promise<void> {
    if (!this.#wanted || !("wakeLock" in navigator) || (this.#lock && !this.#lock.released)) return;
    try {
      const lock = await navigator.wakeLock.request("screen");
      if (this.#wanted) this.#lock = lock;
      else await lock.release();
    } catch {
      // A low battery or a hidden page: the meeting goes on without it.
    }
  }
}
