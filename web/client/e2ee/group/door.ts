/** Both sides of the door: this person's own knocks, and those that a facilitator reads. */

import { toBase64url } from "../../base64url";
import type { Knock, SendKnockMessage } from "../../protocol_types";
import type { Obstacle } from "../worker_messages";
import type { Time } from "./held";
import { KnockBook, makeKnock, readKnock, type Visitor } from "./knock";
import type { Link } from "./link";
import type { RejoinKey, RejoinStore } from "./rejoin_store";
import { makeTicket, TICKETS, type Ticket } from "./ticket";

/** Visitors whose knock was read and not answered: more than may wait. */
const MAX_VISITORS = 256;

export class Door {
  readonly #book = new KnockBook();
  readonly #visitors = new Map<string, Visitor>();
  #rejoinKey: RejoinKey | null = null;
  #tickets: readonly Ticket[] = [];
  #member = "";

  constructor(
    private readonly link: Link,
    private readonly store: RejoinStore,
  ) {}

  /** `now`: the server's clock, seconds. Throws CredentialError or RangeError for a member id or nonce that is none. */
  async knock(
    { member, nonce, name, now }: { member: string; nonce: string; name: string; now: number },
    { utc }: Time,
  ): Promise<SendKnockMessage | Obstacle> {
    const { obstacle } = this.link.pass(utc, now);
    if (obstacle) return obstacle;
    this.#rejoinKey ??= await this.store.newKey();
    const fresh = { member, meeting: null, rejoinKey: this.#rejoinKey, proven: false };
    const made = await makeTicket(this.link, null, fresh, utc);
    const { roomSecret, group } = this.link.identity;
    const { ref, message } = made.own;
    const sealed = await makeKnock({ roomSecret, group, name, nonce, ref, leafKey: made.key });
    this.#tickets = [...(member === this.#member ? this.#tickets : []), made].slice(-TICKETS);
    this.#member = member;
    return { type: "knock", sealed, key_package: toBase64url(message), subscribe: true };
  }

  /** One's own KeyPackages that a Welcome may answer, once. */
  takeTickets(): readonly Ticket[] {
    const tickets = this.#tickets;
    this.#tickets = [];
    return tickets;
  }

  /** The name, or null when it is not genuine. */
  async read(knock: Knock): Promise<string | null> {
    const { roomSecret, group } = this.link.identity;
    const visitor = await readKnock({ roomSecret, group }, knock, this.#book);
    this.#visitors.delete(knock.id);
    if (!visitor) return null;
    this.#visitors.set(knock.id, visitor);
    for (const oldest of this.#visitors.keys()) {
      if (this.#visitors.size <= MAX_VISITORS) break;
      this.#visitors.delete(oldest);
    }
    return visitor.name;
  }

  /** Whoever knocked genuinely last under this id. */
  visitor(id: string): Visitor | null {
    return this.#visitors.get(id) ?? null;
  }

  spent(ref: Visitor["ref"]): void {
    this.#book.spend(ref);
  }
}
