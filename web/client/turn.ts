/**
 * When somebody began what goes by turns, a raised hand or a shared screen: as they say, but no earlier than can be
 * believed. Whoever was first speaks first and keeps the screen, so that a number from before would push in. Pure.
 */
export class Turn {
  /** The `seq` at which it began; 0: not now. */
  since = 0;
  /** The last `seq` at which it is known not to have begun. */
  #idle: number;

  /** `idle`: the last `seq` before their coming; 0 for somebody who was here before oneself, whose word is taken. */
  constructor(idle: number) {
    this.#idle = idle;
  }

  /** Their state of this `seq` claims it: 0 not now, null on its way to a number, else the number at which it began. */
  claimed(claim: number | null, seq: number): void {
    if (claim === 0) {
      this.since = 0;
      this.#idle = seq;
    } else if (claim !== null && claim >= (this.since || this.#idle + 1)) this.since = claim;
    else this.since ||= seq;
  }
}
