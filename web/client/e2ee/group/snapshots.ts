/**
 * States before the last commits, to go back to when the server reopens an epoch. A server alone brings nobody back to
 * keys that a removed person has: a certificate holder must have signed that they refuse the commit.
 */
import { type Bytes, bytesOf } from "../../base64url";
import { equal } from "../mls/fields";
import { rejectionStatement } from "../mls/statements";
import { SIGNATURE_BYTES, verify } from "../mls/verify";
import { type Held, meetingOf, memberOf } from "./held";

/**
 * Seconds that a state is kept: the server may reopen its epoch for 5 s (signaling/mls_jury.py), and the news is on its
 * way. Whoever has let go of it comes back by a rejoin.
 */
export const UNSETTLED = 8;

export interface Snapshot {
  readonly held: Held;
  /** The number that led to this state. */
  readonly applied: number;
  /** The commit that ended it. */
  readonly seq: number;
  readonly hash: Bytes;
  /** When, seconds of the rising clock. */
  readonly at: number;
}

export interface Report {
  readonly member: string;
  readonly statement: string;
}

/** Void commits that are known again; each took a certificate holder's signature. */
const MAX_VOID = 64;

export class Snapshots {
  #kept: readonly Snapshot[] = [];
  #void: readonly Bytes[] = [];

  add(snapshot: Snapshot): void {
    this.#kept = [...this.#kept, snapshot];
  }

  /** The state that commit `seq` ended, if one of its certificate holders refuses that commit; those after it go. */
  async backTo(seq: number, after: number, reports: readonly Report[]): Promise<Snapshot | null> {
    const snapshot = this.#kept.find((kept) => kept.seq === seq && kept.applied === after);
    if (!snapshot || !(await isRefused(snapshot, reports))) return null;
    const hashes = this.#kept.filter((kept) => kept.seq >= seq).map(({ hash }) => hash);
    this.#void = [...this.#void, ...hashes].slice(-MAX_VOID);
    this.#kept = this.#kept.filter((kept) => kept.seq < seq);
    return snapshot;
  }

  /** Whether this commit was gone back from: followed again, it would lead to keys that were used already. */
  isVoid(hash: Bytes): boolean {
    return this.#void.some((other) => equal(other, hash));
  }

  get states(): readonly Held[] {
    return this.#kept.map(({ held }) => held);
  }

  /** The list of revocations is another one, also for whoever goes back. */
  async judgeAnew(judge: (held: Held) => Promise<Held>): Promise<void> {
    this.#kept = await Promise.all(this.#kept.map(async (kept) => ({ ...kept, held: await judge(kept.held) })));
  }

  clear(): void {
    this.#kept = [];
  }

  get deadline(): number {
    return Math.min(...this.#kept.map(({ at }) => at + UNSETTLED));
  }

  tick(now: number): void {
    this.#kept = this.#kept.filter(({ at }) => now < at + UNSETTLED);
  }
}

async function isRefused({ held, seq, hash }: Snapshot, reports: readonly Report[]): Promise<boolean> {
  const statement = rejectionStatement(meetingOf(held), seq, hash);
  for (const report of reports) {
    const judge = held.people.find((person) => person.facilitator && memberOf(person) === report.member);
    const signature = bytesOf(report.statement, SIGNATURE_BYTES);
    if (judge && signature && (await verify(judge.key, statement, signature))) return true;
  }
  return false;
}
