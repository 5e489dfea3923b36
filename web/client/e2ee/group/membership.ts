/**
 * One's own place in the group of one room: founding it, coming in, following its commits in the order of their numbers,
 * going back when a commit turns out void, and coming back after whatever was lost (docs/protocol.md, sections 3 and 8).
 *
 * The caller calls one method at a time, and looks at `deadline` after each.
 */
import { type Bytes, bytesOf, fromBase64url, toBase64url } from "../../base64url";
import type { ClientMessage, Committed, JoinedMessage, MlsState, Refusal } from "../../protocol_types";
import { ID_BYTES } from "../mls/credentials";
import { type LeafKey, signWithLeaf } from "../mls/messages";
import { leavingStatement, rejectionStatement } from "../mls/statements";
import type { Obstacle } from "../worker_messages";
import type { Committer } from "./committer";
import { Entry, REPEAT, type Seated } from "./entry";
import {
  adopted,
  type Change,
  epochOf,
  follow,
  type Held,
  judgedAnew,
  meetingOf,
  memberOf,
  self,
  type Time,
} from "./held";
import type { Link } from "./link";
import type { RejoinRecord, RejoinStore } from "./rejoin_store";
import { type Report, Snapshots } from "./snapshots";
import type { Ticket } from "./ticket";

/**
 * Seconds that a facilitator without a state waits for somebody who has one, before founding a new group in a meeting
 * where others are: after a restart of the server everybody else may register after 5 s.
 */
const FOUND = 8;
/** Seconds after which anybody registers the group that a restarted server forgot: facilitators do at once. */
const REGISTER = 6;
/** The same for each leaf, so that not everybody does. */
const REGISTER_LEAF = 0.3;
export interface MembershipEvents {
  send(message: ClientMessage): void;
  obstacle(obstacle: Obstacle): void;
  /** In the group by founding it or by a Welcome. */
  entered(how: "founded" | "joined" | "back", seq: number): Promise<void>;
  /** After a commit. */
  advanced(change: Change): Promise<void>;
  /** An epoch is current again; what came after it is void. */
  wentBack(): Promise<void>;
  /** The order is known again after a lost socket. */
  settled(): Promise<void>;
  /** Out, and trying to come back. */
  out(): void;
  /** Out for good; null: by oneself, coming back elsewhere. */
  removed(by: string | null): void;
  refusedCommit(by: string | null, reason: string): void;
  /** Leaf keys of those who were checked before a reload. */
  remembered(checked: readonly Bytes[]): void;
  /** What a reload needs has changed. */
  keep(): Promise<void>;
}

interface Options {
  readonly room: string;
  readonly link: Link;
  readonly store: RejoinStore;
  readonly committer: Committer;
  readonly random: (length: number) => Bytes;
  readonly time: () => Time;
  readonly on: MembershipEvents;
}

export class Membership {
  /** Null while out. */
  held: Held | null = null;
  /** The highest number that was taken in. */
  seen = 0;
  #applied = 0;
  #key: LeafKey | null = null;
  readonly #entry: Entry;
  #founding: Seated | null = null;
  #registered: MlsState | null = null;
  readonly #snapshots = new Snapshots();
  /** Number of a commit that was rejected: nothing after it can be followed. */
  #rejected: number | null = null;
  #online = false;
  /** Between a lost socket and the server's answer to what is known: nothing that is numbered is taken in. */
  #catchingUp = false;
  #over = false;
  #request: { message: ClientMessage; at: number } | null = null;
  #foundAt = Number.POSITIVE_INFINITY;
  #registerAt = Number.POSITIVE_INFINITY;
  /** A Welcome was opened, or a record found: this member belongs here. */
  #wasIn = false;

  constructor(private readonly options: Options) {
    const { on } = options;
    this.#entry = new Entry({ ...options, obstacle: (obstacle) => on.obstacle(obstacle), keep: () => on.keep() });
  }

  get rejoining(): boolean {
    return this.#wasIn && !this.held && !this.#over;
  }

  /** Whether messages may be sent and taken in. */
  get ready(): boolean {
    return this.held !== null && this.#online && !this.#catchingUp && this.#rejected === null;
  }

  get online(): boolean {
    return this.#online;
  }

  /** The number of the commit, or registration, that led to this state. */
  get applied(): number {
    return this.#applied;
  }

  get key(): LeafKey | null {
    return this.#key;
  }

  // -- Sockets ---------------------------------------------------------------------------------------------------

  offline(): void {
    this.#online = false;
    this.#request = null;
    this.#entry.offerAnother();
    this.#foundAt = this.#registerAt = Number.POSITIVE_INFINITY;
  }

  /** `tickets`: of the knocks. `company`: others sit in the room. */
  async joined(
    message: JoinedMessage,
    state: MlsState | null,
    tickets: readonly Ticket[],
    company: boolean,
  ): Promise<void> {
    this.#online = true;
    this.#registered = state;
    // Let in by a knock, or under another id: whatever was held before is of a group, or a part in it, that is no longer.
    if ((!message.resumed && tickets.length) || this.#entry.isAnother(message.member)) {
      if (this.held) this.options.on.out();
      this.#lose();
      this.#founding = null;
      this.#entry.forget();
    } else if (!this.held && !this.#founding && !this.#entry.hasPlace) {
      const checked = await this.#entry.recall(message);
      if (checked) {
        this.#wasIn = true;
        this.options.on.remembered(checked);
      }
    }
    this.#entry.joined(message, tickets);
    if (this.held) this.#catchUp(this.held);
    else if (this.#founding) this.#askToRegister(this.#founding.held);
    else await this.#enter({ wait: (message.resumed ?? false) || company, missed: message.resumed ?? false });
  }

  #catchUp(held: Held): void {
    this.#catchingUp = true;
    // Perhaps nobody heard of it: if the commit still holds, it comes again.
    this.#rejected = null;
    const { room } = this.options;
    const state = this.#registered;
    if (!state) {
      const delay = self(held).facilitator ? 0 : REGISTER + self(held).leaf * REGISTER_LEAF;
      this.#registerAt = this.options.time().clock + delay;
      return;
    }
    this.#ask({ type: "mls_catch_up", room, epoch: epochOf(held), applied: this.#applied, seen: this.seen });
  }

  /** From outside the group into it. */
  async #enter({ wait, missed = false }: { wait: boolean; missed?: boolean }): Promise<void> {
    const { link, room, time } = this.options;
    this.#request = null;
    if (this.#over || !this.#online || this.held) return;
    if (!this.#registered) {
      if (link.facilitator && wait) this.#foundAt = time().clock + FOUND;
      else if (link.facilitator) await this.#found();
      return;
    }
    this.#foundAt = Number.POSITIVE_INFINITY;
    if (this.#entry.hasTickets && (missed || !this.#entry.hasPlace)) {
      // Its Welcome is on its way, or was missed.
      const message: ClientMessage = { type: "mls_catch_up", room, epoch: null, applied: 0, seen: 0 };
      this.#catchingUp = missed;
      if (missed) this.#ask(message);
      else this.#request = { message, at: time().clock + REPEAT };
      return;
    }
    await this.#offer();
  }

  async #offer(): Promise<void> {
    if (!this.#registered) return;
    const asked = await this.#entry.offer(this.#registered);
    // The person sees that this leads nowhere, and can leave and knock again.
    if (asked === "no-proof") this.#wasIn = true;
    else if (asked) this.#ask(asked.message, asked.seconds);
  }

  // -- Founding ----------------------------------------------------------------------------------------------------

  async #found(): Promise<void> {
    this.#foundAt = Number.POSITIVE_INFINITY;
    const founding = await this.#entry.found();
    if (!founding) return;
    this.#founding = founding;
    this.#askToRegister(founding.held);
  }

  #askToRegister(held: Held): void {
    const leaves = held.people.map((person) => ({ leaf: person.leaf, member: memberOf(person) }));
    const group = toBase64url(meetingOf(held));
    this.#ask({ type: "mls_register", room: this.options.room, group, epoch: epochOf(held), leaves });
  }

  async registered(state: MlsState): Promise<void> {
    const before = this.#registered;
    this.#registered = state;
    this.#foundAt = this.#registerAt = Number.POSITIVE_INFINITY;
    if (this.#founding) {
      const founding = this.#founding;
      this.#founding = null;
      if (toBase64url(meetingOf(founding.held)) === state.group) {
        await this.#sit(founding, state.seq, "founded");
        return;
      }
      // Somebody else's group was faster: no Welcome to it can be for what was on offer in the one before.
      if (before && before.group !== state.group) this.#entry.dropTickets();
    }
    const { held } = this;
    if (!held) {
      await this.#enter({ wait: false });
    } else if (toBase64url(meetingOf(held)) !== state.group) {
      await this.#rejoin();
    } else if (epochOf(held) === state.epoch) {
      if (!this.#catchingUp && state.seq <= this.#applied) return;
      this.#applied = this.seen = state.seq;
      await this.#caughtUp();
    } else if (epochOf(held) > state.epoch && self(held).facilitator && this.#catchingUp) {
      this.#askToRegister(held);
    } else {
      await this.#rejoin();
    }
  }

  /**
   * Nobody there holds a state, says the server to facilitators: not to be believed by one who holds it. Somebody may be
   * back at this moment and add what is on offer; so its Welcome is good until one's own group is registered.
   */
  async abandoned(): Promise<void> {
    if (this.held || this.#founding || !this.options.link.facilitator) return;
    await this.#found();
  }

  // -- Welcomes ----------------------------------------------------------------------------------------------------

  async welcomed(seq: number, welcome: string): Promise<void> {
    const bytes = bytesFrom(welcome);
    const meeting = this.#registered && bytesOf(this.#registered.group, ID_BYTES);
    if (this.held || this.#over || this.#catchingUp || !bytes || !meeting) return;
    const opened = await this.#entry.open(bytes, meeting);
    if (typeof opened === "string") {
      this.options.on.refusedCommit(null, opened);
      if (this.#entry.hasPlace) await this.#offer();
    } else if (opened) {
      await this.#sit(opened, seq, "joined");
    }
  }

  async #sit(seated: Seated, seq: number, how: "founded" | "joined"): Promise<void> {
    const back = this.#entry.sit(seated);
    this.#founding = null;
    this.held = seated.held;
    this.#key = seated.key;
    this.#applied = seq;
    this.seen = Math.max(this.seen, seq);
    this.#snapshots.clear();
    this.#rejected = null;
    this.#request = null;
    this.#wasIn = true;
    await this.options.on.entered(back ? "back" : how, seq);
    this.#tellApplied(seated.held);
  }

  #tellApplied(held: Held): void {
    this.options.on.send({ type: "mls_applied", room: this.options.room, epoch: epochOf(held) });
  }

  // -- Commits -----------------------------------------------------------------------------------------------------

  async committed(commit: Committed): Promise<void> {
    const { committer, link, on, time } = this.options;
    const { held } = this;
    if (!held || this.#catchingUp || this.#rejected !== null || commit.seq <= this.#applied) return;
    if (commit.after !== this.#applied) {
      if (!this.#request) this.#catchUp(held);
      return;
    }
    const bytes = bytesFrom(commit.commit) ?? new Uint8Array(0);
    const own = committer.own(held, bytes);
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const followed = this.#snapshots.isVoid(hash)
      ? { outcome: "refused" as const, by: null, reason: "void" }
      : own
        ? { outcome: "applied" as const, change: await adopted(held, own, link, time()) }
        : await follow(held, bytes, link, time());
    this.seen = Math.max(this.seen, commit.seq);
    if (followed.outcome === "refused") {
      await this.#reject(held, commit.seq, hash);
      on.refusedCommit(followed.by && memberOf(followed.by), followed.reason);
      return;
    }
    if (followed.outcome === "removed") {
      this.#over = true;
      this.#lose();
      await this.options.store.forget(link.identity.tab);
      on.removed(followed.replaced ? null : memberOf(followed.by));
      return;
    }
    const { change } = followed;
    this.#snapshots.add({ held, applied: this.#applied, seq: commit.seq, hash, at: time().clock });
    this.held = change.after;
    this.#applied = commit.seq;
    await on.advanced(change);
    this.#tellApplied(change.after);
  }

  async #reject(held: Held, seq: number, hash: Bytes): Promise<void> {
    this.#rejected = seq;
    const statement = await this.#sign(rejectionStatement(meetingOf(held), seq, hash));
    this.options.on.send({ type: "mls_reject", room: this.options.room, seq, statement: toBase64url(statement) });
  }

  #sign(statement: Bytes): Promise<Bytes> {
    if (!this.#key) throw new Error("nothing to sign with");
    return signWithLeaf(this.#key, statement);
  }

  async reopened(voidFrom: number, after: number, seq: number, reports: readonly Report[]): Promise<void> {
    if (!this.held || this.#catchingUp) return;
    this.seen = Math.max(this.seen, seq);
    if (this.#rejected !== null && this.#rejected >= voidFrom) {
      const own = this.#rejected === voidFrom;
      this.#rejected = null;
      if (own) {
        await this.#goBack();
        return;
      }
    }
    if (this.#applied < voidFrom) return;
    const snapshot = await this.#snapshots.backTo(voidFrom, after, reports);
    if (!snapshot) {
      await this.#rejoin();
      return;
    }
    this.held = snapshot.held;
    this.#applied = snapshot.applied;
    await this.#goBack();
  }

  async #goBack(): Promise<void> {
    await this.options.on.wentBack();
    if (this.held) this.#tellApplied(this.held);
  }

  // -- Coming back -------------------------------------------------------------------------------------------------

  async caughtUp(applied: number, replayedFrom: number): Promise<{ gap: boolean }> {
    if (!this.#catchingUp) return { gap: false };
    const gap = replayedFrom > this.seen + 1;
    if (this.held) this.#applied = Math.max(this.#applied, applied);
    await this.#caughtUp();
    return { gap };
  }

  async #caughtUp(): Promise<void> {
    this.#catchingUp = false;
    this.#request = null;
    if (!this.held) return;
    this.#tellApplied(this.held);
    await this.options.on.settled();
  }

  async mustRejoin(): Promise<void> {
    if (!this.#over) await this.#rejoin();
  }

  async #rejoin(): Promise<void> {
    const { held } = this;
    this.#lose();
    this.#entry.dropTickets();
    if (held) this.options.on.out();
    await this.#enter({ wait: true });
  }

  #lose(): void {
    this.held = null;
    this.#catchingUp = false;
    this.#rejected = null;
    this.#snapshots.clear();
    this.#request = null;
    this.#registerAt = Number.POSITIVE_INFINITY;
    this.options.committer.out();
    this.options.committer.keepOn([]);
  }

  async refused(about: string, code: Refusal): Promise<void> {
    if (about === "mls_offer" && code === "clock") {
      this.#request = null;
      this.options.on.obstacle("clock");
    }
    if (about === "mls_catch_up" && code === "not_a_member") await this.#rejoin();
    // The server does not know the commit that was rejected: it may be that there never was one.
    if (about === "mls_reject" && code === "stale" && this.#rejected !== null && this.held) this.#catchUp(this.held);
  }

  // -- The end -----------------------------------------------------------------------------------------------------

  /** For `leave`: with it the others need nobody's help to take the leaf away. Null while out. */
  async leave(): Promise<string | null> {
    const { held } = this;
    const own = held && self(held);
    const leaving = own && (await this.#sign(leavingStatement(meetingOf(held), own.leaf, own.key)));
    this.#over = true;
    this.#lose();
    await this.options.store.forget(this.options.link.identity.tab);
    return leaving && toBase64url(leaving);
  }

  // -- Small things ------------------------------------------------------------------------------------------------

  /** The list of revocations is another one. */
  async judgeAnew(): Promise<void> {
    const judge = (held: Held) => judgedAnew(held, this.options.link, this.options.time());
    if (this.held) this.held = await judge(this.held);
    await this.#snapshots.judgeAnew(judge);
  }

  /** What a reload needs to come back. */
  record(checked: readonly Bytes[]): RejoinRecord | null {
    return this.#over ? null : this.#entry.record(checked);
  }

  /** When to call `tick`. */
  get deadline(): number {
    const asked = this.#request && this.#online ? [this.#request.at] : [];
    return Math.min(this.#foundAt, this.#registerAt, this.#snapshots.deadline, ...asked);
  }

  async tick(): Promise<void> {
    const now = this.options.time().clock;
    this.#snapshots.tick(now);
    this.options.committer.keepOn([...(this.held ? [this.held] : []), ...this.#snapshots.states]);
    if (now >= this.#foundAt) await this.#found();
    if (now >= this.#registerAt && this.held) {
      this.#registerAt = Number.POSITIVE_INFINITY;
      this.#askToRegister(this.held);
    }
    if (this.#request && this.#online && now >= this.#request.at) {
      this.#request.at = now + REPEAT;
      if (this.#request.message.type === "mls_offer") await this.#offer();
      else this.options.on.send(this.#request.message);
    }
  }

  /** Sends it, and again until there is an answer. */
  #ask(message: ClientMessage, seconds = REPEAT): void {
    this.#request = { message, at: this.options.time().clock + seconds };
    this.options.on.send(message);
  }
}

function bytesFrom(text: string): Bytes | null {
  try {
    return fromBase64url(text);
  } catch {
    return null;
  }
}
