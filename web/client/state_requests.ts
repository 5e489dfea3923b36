/**
 * Who has yet to learn one's own state, and whose state has yet to arrive. Sans-IO: the time (`now`, ms) goes in; whom to
 * tell and whom to ask comes out.
 */

/** Without a member's state for this long it is asked for, ms; also the pause between two answers to one asker. */
const RESEND_MS = 2_000;
/** Asked again for a silent member's state at most so often; a hostile one must not keep the room busy. */
const MOST_ASKS = 5;
/** Members who come within this time are answered together, ms: after a server restart all come back at once. */
const GATHER_MS = 20;
/** More of them than this are answered by one state for everybody. */
const MOST_ALONE = 3;

interface Awaited {
  asks: number;
  askAt: number;
}

/** What stands against telling or asking now. */
export interface Standing {
  /** One's own state has no number yet for a hand or a screen: for one member alone it would tell a wrong one. */
  unnumbered: boolean;
  /** Whoever has no socket is not asked. */
  connected(member: string): boolean;
}

export class StateRequests {
  #owed = new Set<string>();
  #owedAt = Number.POSITIVE_INFINITY;
  #awaited = new Map<string, Awaited>();
  #answeredAt = new Map<string, number>();

  /** Their next state counts: the one before was said in a group, or to a device, that is no more. */
  await(member: string, now: number): void {
    this.#awaited.set(member, { asks: 0, askAt: now + RESEND_MS });
  }

  heard(member: string): void {
    this.#awaited.delete(member);
  }

  /** They are to be told one's own state, soon. */
  owe(member: string, now: number): void {
    this.#owed.add(member);
    this.#owedAt = Math.min(this.#owedAt, now + GATHER_MS);
  }

  /** They ask for it. */
  asked(member: string, now: number): void {
    if (now - (this.#answeredAt.get(member) ?? Number.NEGATIVE_INFINITY) < RESEND_MS) return;
    this.#answeredAt.set(member, now);
    this.owe(member, now);
  }

  forget(member: string): void {
    this.#owed.delete(member);
    this.#awaited.delete(member);
    this.#answeredAt.delete(member);
  }

  /** When `due` has something to say, ms; Infinity if nothing is. */
  deadline(standing: Standing): number {
    const tell = standing.unnumbered || this.#owed.size === 0 ? Number.POSITIVE_INFINITY : this.#owedAt;
    return Math.min(tell, ...this.#toAsk(standing).map(([, { askAt }]) => askAt));
  }

  /** Whom to tell one's state now, null for everybody at once; and whom to ask for theirs. */
  due(standing: Standing, now: number): { tell: (string | null)[]; ask: string[] } {
    const tell: (string | null)[] = [];
    if (this.#owedAt <= now && !standing.unnumbered) {
      tell.push(...(this.#owed.size > MOST_ALONE ? [null] : this.#owed));
      this.#owed.clear();
      this.#owedAt = Number.POSITIVE_INFINITY;
    }
    const ask = this.#toAsk(standing).filter(([, { askAt }]) => askAt <= now);
    for (const [, awaited] of ask) {
      awaited.asks += 1;
      awaited.askAt = now + RESEND_MS;
    }
    return { tell, ask: ask.map(([member]) => member) };
  }

  #toAsk({ connected }: Standing): [string, Awaited][] {
    return [...this.#awaited].filter(([member, { asks }]) => asks < MOST_ASKS && connected(member));
  }
}
