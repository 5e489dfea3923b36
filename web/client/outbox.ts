/**
 * What was said and not yet confirmed, in order, so that a lost socket loses and doubles nothing
 * (docs/protocol.md section 3: `say.n` rises, `said_n` tells after a loss what was taken).
 */

export interface Unsent {
  n: number;
  body: string;
  to: string | null;
  /** The chat message that this carries, for its state on the screen. */
  chat: string | null;
  /** The raised hand that this carries: null on its way up; absent if this is no `state` to everybody. */
  hand?: number | null;
  /** It went into a socket: after a loss only the server can tell whether it arrived. */
  transmitted: boolean;
}

/** Unconfirmed messages kept for a reconnect; a person produces a few a minute, so more than this is a broken page. */
const MOST = 256;

export class Outbox {
  #n: number;
  #waiting: Unsent[] = [];

  /** `taken` is the last number that the room already took from this session. */
  constructor(taken: number) {
    this.#n = taken;
  }

  /** Number and keep one message. Returns it and, when the bound is reached, the oldest one, which is given up. */
  add(
    body: string,
    carries: { to: string | null; chat?: string; hand?: number | null },
  ): { added: Unsent; lost: Unsent | null } {
    this.#n += 1;
    const added: Unsent = { n: this.#n, body, chat: null, transmitted: false, ...carries };
    this.#waiting.push(added);
    const lost = this.#waiting.length > MOST ? (this.#waiting.shift() ?? null) : null;
    return { added, lost };
  }

  /** The room took it: its echo came. */
  confirm(n: number): Unsent | null {
    return this.#take(n);
  }

  /** The server refused it and will not pass it on. */
  refuse(n: number): Unsent | null {
    return this.#take(n);
  }

  /** Take a chat message back, if it is certain that nobody has it. Its number stays unused. */
  withdraw(chat: string): boolean {
    const found = this.#waiting.find((one) => one.chat === chat);
    if (!found || found.transmitted) return false;
    this.#take(found.n);
    return true;
  }

  /** After a loss the room took everything up to `taken`. Returns what it holds and what must be sent again, in order. */
  resume(taken: number): { taken: Unsent[]; again: Unsent[] } {
    this.#n = Math.max(this.#n, taken);
    const done = this.#waiting.filter((one) => one.transmitted && one.n <= taken);
    // A number at or below `taken` that never left this page would be refused as a repetition: it gets a new one.
    const again = this.#waiting.filter((one) => !done.includes(one));
    for (const one of again) if (one.n <= taken) one.n = ++this.#n;
    again.sort((a, b) => a.n - b.n);
    this.#waiting = again;
    return { taken: done, again: [...again] };
  }

  #take(n: number): Unsent | null {
    const index = this.#waiting.findIndex((one) => one.n === n);
    return index < 0 ? null : (this.#waiting.splice(index, 1)[0] ?? null);
  }
}
