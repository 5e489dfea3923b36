/** What goes back and forth, and is told calmly: when it has lasted, and when it has been over for long enough. Pure. */
export class Lasting {
  #told = false;
  /** Since when it is otherwise than was told, ms. */
  #since: number | null = null;

  /** How long it must have begun, or ended, before that is told, ms. */
  constructor(private readonly after: { begun: number; ended: number }) {}

  /** What is to be told now: that it is so, or no longer; null for nothing. `now` in ms. */
  update(so: boolean, now: number): boolean | null {
    if (so === this.#told) {
      this.#since = null;
      return null;
    }
    this.#since ??= now;
    if (now - this.#since < (so ? this.after.begun : this.after.ended)) return null;
    this.#told = so;
    this.#since = null;
    return so;
  }
}
