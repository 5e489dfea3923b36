/** Since when hands are up, as far as this page has seen it. Sans-IO. */
import type { MemberView } from "../model";

/** Member id → when the hand went up; null where it was up before one came in: nobody's clock says since when. */
export type HandTimes = ReadonlyMap<string, number | null>;

export class HandClock {
  #times = new Map<string, number | null>();
  /** Whom this page has seen with a known state: a hand that is up at first sight may have been up for long. */
  #seen = new Set<string>();

  /** Take note of who is here. The same map is returned while no hand has gone up or down. */
  update(members: readonly MemberView[], { now }: { now: number }): HandTimes {
    const times = new Map<string, number | null>();
    const seen = new Set<string>();
    for (const { id, name, hand } of members) {
      const known = this.#times.get(id);
      if (hand > 0) times.set(id, known !== undefined ? known : this.#seen.has(id) ? now : null);
      if (name !== null) seen.add(id);
    }
    this.#seen = seen;
    const same = times.size === this.#times.size && [...times].every(([id, at]) => this.#times.get(id) === at);
    if (!same) this.#times = times;
    return this.#times;
  }
}
