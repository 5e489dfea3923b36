/**
 * A small server for groups of workers: signaling/mls_delivery.py and what signaling/machine.py does around it, as far as the
 * client can tell. It keeps to the rules; `tamper` lets a test break them.
 */
import { fromBase64url } from "../../../../web/client/base64url";
import { readCommit, readKeyPackage } from "../../../../web/client/e2ee/mls/messages";
import type {
  ClientMessage,
  Committed,
  Gone,
  JoinedMessage,
  Knock,
  MemberRole,
  MlsState,
  Refusal,
  SaidMessage,
  ServerMessage,
} from "../../../../web/client/protocol_types";

export const ROOM = "room-room-room";
export const MEETING_ID = "meeting-meeting";
const SETTLE_SECONDS = 5;
export const UNHELD_SECONDS = 10;

interface Session {
  role: MemberRole;
  seated: boolean;
  online: boolean;
  gone: Gone | null;
  offer: { keyPackage: string; ref: string; rejoin: string | null } | null;
  sealed: { sealed: string; nonce: string } | null;
  saidN: number;
  since: number;
  applied: number | null;
}

interface Welcomed {
  seq: number;
  epoch: number;
  sender: string;
  welcome: string;
}

interface Case {
  entry: Committed;
  at: number;
  by: MemberRole;
  before: Map<number, string>;
  judges: string[];
  added: string[];
  reports: Map<string, string>;
}

type Order = Pick<Delivery, "epoch" | "head" | "base" | "commits">;

interface Aside {
  readonly state: Order & Pick<Delivery, "group" | "leaves" | "said">;
  readonly welcomes: Map<string, Welcomed>;
  /** Whose state leads nowhere: they are not waited for. */
  readonly astray: Set<string>;
}

export class Delivery {
  readonly sessions = new Map<string, Session>();
  group: string | null = null;
  epoch = 0;
  leaves = new Map<number, string>();
  seq = 0;
  head = 0;
  base = 0;
  commits: Committed[] = [];
  said: SaidMessage[] = [];
  #welcomes = new Map<string, Welcomed>();
  #cases: Case[] = [];
  /** The first `mls_ready` of each epoch. */
  #readyEpoch = -1;
  /** The group of which nobody was there when another was founded: signaling/mls_aside.py. */
  #aside: Aside | null = null;
  #unheldSince: number | null = null;
  /** What the server does to a message on its way; null: nothing arrives. */
  tamper: (member: string, message: ServerMessage) => ServerMessage | null = (_, message) => message;

  constructor(
    private readonly now: () => number,
    private readonly deliver: (member: string, message: ServerMessage) => void,
  ) {}

  // -- Sessions ------------------------------------------------------------------------------------------------------

  arrive(member: string, role: MemberRole): void {
    this.sessions.set(member, {
      role,
      seated: role === "facilitator",
      online: true,
      gone: null,
      offer: null,
      sealed: null,
      saidN: 0,
      since: 0,
      applied: null,
    });
    if (role === "facilitator") this.#tell(member, this.joined(member, false));
    else this.waiting(member);
  }

  offline(member: string): void {
    const session = this.sessions.get(member);
    if (!session) return;
    session.online = false;
    this.#toSeated({ type: "member_connection", room: ROOM, member, connected: false }, member);
    this.#ready();
  }

  resume(member: string): void {
    const session = this.sessions.get(member);
    if (!session || session.gone) return;
    session.online = true;
    session.applied = null;
    if (!session.seated) {
      this.waiting(member);
      return;
    }
    this.#tell(member, this.joined(member, true));
    this.#toSeated({ type: "member_connection", room: ROOM, member, connected: true }, member);
  }

  joined(member: string, resumed: boolean): JoinedMessage {
    const session = this.#session(member);
    const seated = [...this.sessions].filter(([, { seated, gone }]) => seated && !gone);
    return {
      type: "joined",
      token: "token-token-token",
      meeting: MEETING_ID,
      member,
      role: session.role,
      now: this.now(),
      rooms: [
        {
          id: ROOM,
          members: seated.map(([id, { role, online }]) => ({ id, role, connected: online })),
          said_n: session.saidN,
          mls: this.#stateFor(member),
          gone: [...this.sessions.values()].flatMap(({ gone }) => (gone ? [gone] : [])),
        },
      ],
      knocks: [...this.sessions].flatMap(([id]) => this.knock(id) ?? []),
      resumed,
    };
  }

  knock(member: string): Knock | null {
    const { seated, sealed, offer, gone } = this.#session(member);
    if (seated || gone || !sealed || !offer) return null;
    return { id: member, ...sealed, key_package: offer.keyPackage, waiting_seconds: 0 };
  }

  end(member: string, reason: Gone["reason"], leaving: string | null = null): void {
    const session = this.sessions.get(member);
    if (!session) return;
    this.#welcomes.delete(member);
    if ([...this.leaves.values()].includes(member)) {
      session.gone = { member, reason, leaving };
      session.offer = null;
      session.online = false;
      this.#toSeated({ type: "member_gone", room: ROOM, gone: session.gone }, member);
    } else {
      this.sessions.delete(member);
    }
    this.#giveUp();
    this.#abandon();
    this.#ready();
  }

  /** To be called every second or so: a facilitator who asks while nobody of the group is there founds another. */
  look(): void {
    const asking = [...this.sessions].filter(
      ([, { role, online, offer }]) => role === "facilitator" && online && offer,
    );
    const held = [...this.leaves.values()].some((member) => this.sessions.get(member)?.online && this.#holds(member));
    if (!asking.length || this.group === null || held) this.#unheldSince = null;
    else this.#unheldSince ??= this.now();
    if (!this.#unheld) return;
    for (const [member] of asking) this.#tell(member, { type: "mls_abandoned", room: ROOM });
  }

  get #unheld(): boolean {
    return this.#unheldSince !== null && this.now() - this.#unheldSince >= UNHELD_SECONDS;
  }

  #holds(member: string): boolean {
    const session = this.#present(member);
    return session !== null && !session.offer;
  }

  get #awaited(): string[] {
    const aside = this.#aside;
    return [...(aside?.state.leaves.values() ?? [])].filter(
      (member) => this.#holds(member) && !this.#hasLeaf(member) && !aside?.astray.has(member),
    );
  }

  #stateFor(member: string): MlsState | null {
    const aside = this.#aside?.state;
    if (aside?.group && this.#awaited.includes(member))
      return { group: aside.group, epoch: aside.epoch, seq: aside.head };
    return this.group ? this.#state(this.group) : null;
  }

  #takeBack(by: string | null): void {
    if (!this.#aside) return;
    Object.assign(this, this.#aside.state);
    this.#welcomes = new Map([...this.#aside.welcomes].filter(([member]) => this.#holds(member)));
    this.#aside = this.#unheldSince = null;
    this.#cases = [];
    for (const [known, session] of this.sessions) {
      session.applied = null;
      if (this.#hasLeaf(known) && !session.seated) {
        session.seated = true;
        this.#tell(known, this.joined(known, true));
      } else if (known !== by && this.group && session.seated) {
        this.#tell(known, { type: "mls_registered", room: ROOM, state: this.#state(this.group) });
      }
    }
  }

  #giveUp(): void {
    if (!this.#aside) return;
    const led = [...this.leaves.values()].every((member) => this.sessions.get(member)?.role === "facilitator");
    if (led && this.#awaited.length) return;
    this.#aside = null;
    this.#matchSeats();
  }

  /** Everything in memory is lost; sessions resume by their tokens. */
  restart(): void {
    for (const session of this.sessions.values()) {
      Object.assign(session, { online: false, offer: null, saidN: 0, since: 0, applied: null });
    }
    for (const [member, session] of this.sessions) if (session.gone) this.sessions.delete(member);
    this.group = null;
    this.epoch = 0;
    this.leaves = new Map();
    this.seq += 1_000_000;
    this.head = this.base = this.seq;
    this.commits = [];
    this.said = [];
    this.#welcomes.clear();
    this.#cases = [];
    this.#readyEpoch = -1;
    this.#aside = this.#unheldSince = null;
  }

  #session(member: string): Session {
    const session = this.sessions.get(member);
    if (!session) throw new Error("no such session");
    return session;
  }

  #state(group: string): MlsState {
    return { group, epoch: this.epoch, seq: this.head };
  }

  #present(member: string): Session | null {
    const session = this.sessions.get(member);
    return session && !session.gone ? session : null;
  }

  #hasLeaf(member: string): boolean {
    return [...this.leaves.values()].includes(member);
  }

  // -- From clients --------------------------------------------------------------------------------------------------

  async receive(member: string, message: ClientMessage, nonce: string): Promise<void> {
    this.#settle();
    const session = this.#present(member);
    if (!session?.online) return;
    switch (message.type) {
      case "knock": {
        session.sealed = { sealed: message.sealed, nonce };
        const { ref } = await readKeyPackage(fromBase64url(message.key_package));
        session.offer = { keyPackage: message.key_package, ref: String(ref), rejoin: null };
        const knock = this.knock(member);
        if (!knock) return;
        for (const [other, { role, seated }] of this.sessions) {
          if (seated && role !== "participant") this.#tell(other, { type: "knocked", knock });
        }
        return;
      }
      case "leave":
        return this.end(member, "left", message.leaving ?? null);
      case "mls_register":
        return this.#register(member, message);
      case "mls_offer": {
        const { ref } = await readKeyPackage(fromBase64url(message.key_package));
        const awaited = this.#awaited.includes(member);
        session.offer = { keyPackage: message.key_package, ref: String(ref), rejoin: message.rejoin ?? null };
        if (awaited && this.group && session.role === "facilitator") {
          this.#tell(member, { type: "mls_registered", room: ROOM, state: this.#state(this.group) });
        }
        this.#giveUp();
        if (awaited) this.#matchSeats();
        for (const reader of this.leaves.values()) this.#passOn(member, reader);
        return this.#abandon();
      }
      case "mls_commit":
        return this.#commit(member, message);
      case "mls_catch_up":
        return this.#catchUp(member, message.epoch, message.applied, message.seen);
      case "mls_applied":
        if (message.epoch === this.epoch) session.applied = message.epoch;
        return this.#ready();
      case "mls_reject":
        return this.#reject(member, message.seq, message.statement);
      case "say":
        return this.#say(member, message);
      default:
        return;
    }
  }

  #register(member: string, message: Extract<ClientMessage, { type: "mls_register" }>): void {
    const session = this.#session(member);
    const { group, epoch, leaves } = message;
    const ahead = group === this.group && epoch > this.epoch && this.head === this.base;
    const unheld = epoch === 0 && this.#unheld && session.role === "facilitator" && session.offer !== null;
    if (this.group !== null && !ahead && !unheld) {
      this.#refuse(member, "mls_register", "registered");
      this.#tell(member, { type: "mls_registered", room: ROOM, state: this.#state(this.group) });
      return;
    }
    if (unheld) {
      const { group, epoch, leaves, head, base, commits, said } = this;
      const state = { group, epoch, leaves, head, base, commits, said };
      this.#aside ??= { state, welcomes: this.#welcomes, astray: new Set() };
      this.#welcomes = new Map();
      this.#unheldSince = null;
    }
    this.group = group;
    this.epoch = epoch;
    this.leaves = new Map(leaves.map((seat) => [seat.leaf, seat.member]));
    this.head = this.base = ++this.seq;
    this.commits = [];
    this.said = [];
    session.offer = null;
    for (const [known, other] of this.sessions) {
      other.applied = null;
      if (this.#awaited.includes(known)) continue;
      other.since = this.base;
      this.#tell(known, { type: "mls_registered", room: ROOM, state: this.#state(group) });
    }
    for (const other of this.sessions.keys()) this.#passOn(other, member);
    this.#matchSeats();
    for (const missing of this.leaves.values()) {
      if (this.sessions.has(missing)) continue;
      // Their session ended before the restart.
      const gone: Gone = { member: missing, reason: "left" };
      this.sessions.set(missing, { ...EMPTY, gone });
      this.#toSeated({ type: "member_gone", room: ROOM, gone }, missing);
    }
  }

  /** Participants without a leaf, and without a way back to one, are at the door. */
  #matchSeats(): void {
    for (const [member, session] of this.sessions) {
      if (session.role === "facilitator" || !session.seated || session.gone || this.#hasLeaf(member)) continue;
      if (this.#awaited.includes(member)) continue;
      session.seated = false;
      session.offer = null;
      this.waiting(member);
    }
  }

  waiting(member: string): void {
    const [token, now] = ["token-token-token", this.now()];
    this.#tell(member, { type: "waiting", token, member, now, facilitator_present: true });
  }

  #passOn(member: string, reader: string): void {
    const session = this.#session(member);
    const found = this.#present(reader);
    if (!found || reader === member || !session.offer || !session.seated) return;
    const anybody = this.#hasLeaf(member) || session.role === "facilitator";
    if (!anybody && found.role === "participant") return;
    const { keyPackage, rejoin } = session.offer;
    this.#tell(reader, { type: "mls_offered", room: ROOM, member, key_package: keyPackage, rejoin });
  }

  async #commit(member: string, message: Extract<ClientMessage, { type: "mls_commit" }>): Promise<void> {
    const { after, commit, welcome } = message;
    if (!this.#mayAct(member, "mls_commit")) return;
    const view = await readCommit(fromBase64url(commit));
    if (Math.max(after, this.base) !== this.head || Number(view.epoch) !== this.epoch) {
      const repeated = this.commits.find((entry) => entry.sender === member && entry.commit === commit);
      if (repeated) {
        this.#tell(member, { type: "mls_committed", room: ROOM, commit: repeated });
        return;
      }
      const missed = missedSince(this, Number(view.epoch), after);
      if (missed) this.#tell(member, { type: "mls_rebase", room: ROOM, commits: missed });
      else this.#tell(member, { type: "mls_must_rejoin", room: ROOM, reason: "behind" });
      return;
    }
    if (view.sender === null || this.leaves.get(view.sender) !== member) {
      this.#refuse(member, "mls_commit", "foreign");
      return;
    }
    const removes = view.proposals.flatMap((proposal) => (proposal.type === "remove" ? [proposal.leaf] : []));
    const refs = view.proposals.flatMap((proposal) => (proposal.type === "add" ? [String(proposal.ref)] : []));
    const added = refs.map((ref) => [...this.sessions].find(([, { offer }]) => offer?.ref === ref)?.[0]);
    if (added.includes(undefined)) {
      this.#refuse(member, "mls_commit", "unknown_key_package");
      return;
    }
    if (removes.some((leaf) => !this.leaves.has(leaf))) {
      this.#refuse(member, "mls_commit", "not_permitted");
      return;
    }
    const before = this.leaves;
    const removed = removes.map((leaf) => this.leaves.get(leaf) as string);
    const entry: Committed = { seq: ++this.seq, epoch: this.epoch, sender: member, commit, after: this.head };
    this.head = entry.seq;
    this.commits.push(entry);
    const newcomers = added as string[];
    const judges = [...before.values()].filter(
      (id) => this.#present(id) && id !== member && !newcomers.includes(id) && !removed.includes(id),
    );
    this.#cases.push({
      entry,
      at: this.now(),
      by: this.#session(member).role,
      before,
      judges,
      added: newcomers,
      reports: new Map(),
    });
    for (const reader of before.values()) {
      if (!newcomers.includes(reader)) this.#tell(reader, { type: "mls_committed", room: ROOM, commit: entry });
    }
    this.leaves = new Map([...before].filter(([leaf]) => !removes.includes(leaf)));
    for (const id of newcomers) {
      let leaf = 0;
      while (this.leaves.has(leaf)) leaf++;
      this.leaves.set(leaf, id);
    }
    this.epoch++;
    if (message.co_facilitators) {
      for (const [id, session] of this.sessions) {
        if (session.role === "facilitator") continue;
        session.role = message.co_facilitators.includes(id) ? "co_facilitator" : "participant";
      }
    }
    for (const id of removed) {
      if (newcomers.includes(id)) continue;
      this.#welcomes.delete(id);
      const session = this.sessions.get(id);
      this.sessions.delete(id);
      if (session && !session.gone) this.deliver(id, { type: "removed", reason: "facilitator" });
    }
    for (const id of newcomers) {
      const session = this.#session(id);
      session.offer = null;
      session.since = entry.seq;
      const welcomed = { seq: entry.seq, epoch: this.epoch, sender: member, welcome: welcome as string };
      this.#welcomes.set(id, welcomed);
      if (!session.seated) {
        session.seated = true;
        this.#tell(id, this.joined(id, false));
      }
      this.#tell(id, { type: "mls_welcomed", room: ROOM, ...welcomed });
      for (const other of this.sessions.keys()) this.#passOn(other, id);
    }
    this.#giveUp();
  }

  #say(member: string, { n, body, to = null }: Extract<ClientMessage, { type: "say" }>): void {
    if (!this.#mayAct(member, "say", n)) return;
    const session = this.#session(member);
    if (n <= session.saidN) {
      const kept = this.said.find((entry) => entry.sender === member && entry.n === n);
      if (kept) this.#tell(member, kept);
      else this.#refuse(member, "say", "repeated", n);
      return;
    }
    if (this.#epochOf(body) !== this.epoch) {
      this.#refuse(member, "say", "stale", n);
      return;
    }
    session.saidN = n;
    const entry: SaidMessage = {
      type: "said",
      room: ROOM,
      seq: ++this.seq,
      epoch: this.epoch,
      sender: member,
      n,
      body,
      to,
    };
    this.said.push(entry);
    for (const reader of this.leaves.values()) {
      if (to === null || reader === to || reader === member) this.#tell(reader, entry);
    }
  }

  /** MLSMessage: version, wire format, then PrivateMessage: group id with its length, epoch (RFC 9420 §6.3). */
  #epochOf(body: string): number {
    const bytes = fromBase64url(body);
    const at = 5 + (bytes[4] as number);
    return Number(new DataView(bytes.buffer).getBigUint64(at));
  }

  #catchUp(member: string, epoch: number | null, applied: number, seen: number): void {
    const aside = this.#aside;
    if (aside && this.#awaited.includes(member)) {
      const held = epoch === null ? stateOf(aside.welcomes.get(member)) : { epoch, applied };
      if (!held || !missedSince(aside.state, held.epoch, held.applied)) {
        aside.astray.add(member);
        this.#tell(member, { type: "mls_must_rejoin", room: ROOM, reason: "behind" });
        if (this.group) this.#tell(member, { type: "mls_registered", room: ROOM, state: this.#state(this.group) });
        this.#giveUp();
        this.#matchSeats();
        return;
      }
      this.#takeBack(member);
    } else if (this.#hasLeaf(member)) this.#unheldSince = null;
    if (this.group !== null && !this.#hasLeaf(member)) {
      this.#tell(member, { type: "mls_must_rejoin", room: ROOM, reason: "behind" });
      return;
    }
    if (!this.#mayAct(member, "mls_catch_up")) return;
    const session = this.#session(member);
    const kept = this.#welcomes.get(member);
    const from = epoch === null ? stateOf(kept) : { epoch, applied };
    if (!from) {
      this.#tell(member, { type: "mls_must_rejoin", room: ROOM, reason: "no_state" });
      return;
    }
    if (epoch !== null) this.#welcomes.delete(member);
    const missed = missedSince(this, from.epoch, from.applied);
    if (!missed) {
      this.#tell(member, { type: "mls_must_rejoin", room: ROOM, reason: "behind" });
      return;
    }
    const first = Math.max(seen, session.since);
    const before = missed[0]?.after ?? this.head;
    this.#tell(member, { type: "mls_caught_up", room: ROOM, applied: before, seq: this.seq, replayed_from: first + 1 });
    if (epoch === null && kept) this.#tell(member, { type: "mls_welcomed", room: ROOM, ...kept });
    const said = this.said.filter(
      ({ seq, to, sender }) => seq > first && (to === null || to === member || sender === member),
    );
    const entries = [
      ...missed.map((commit) => ({ seq: commit.seq, message: { type: "mls_committed", room: ROOM, commit } as const })),
      ...said.map((message) => ({ seq: message.seq, message })),
    ];
    for (const { message } of entries.sort((a, b) => a.seq - b.seq)) this.#tell(member, message);
    for (const other of this.sessions.keys()) this.#passOn(other, member);
  }

  // -- Commits that do not hold --------------------------------------------------------------------------------------

  #reject(member: string, seq: number, statement: string): void {
    if (!this.#mayAct(member, "mls_reject")) return;
    const at = this.#cases.findIndex(({ entry }) => entry.seq === seq);
    const found = this.#cases[at];
    if (!this.commits.some((entry) => entry.seq === seq)) {
      this.#refuse(member, "mls_reject", "stale");
      return;
    }
    if (!found?.judges.includes(member)) {
      this.#tell(member, { type: "mls_must_rejoin", room: ROOM, reason: "rejected" });
      return;
    }
    found.reports.set(member, statement);
    const judges = found.judges.filter((id) => this.#present(id));
    const facilitators = judges.filter((id) => this.#session(id).role === "facilitator");
    const reports = judges.filter((id) => found.reports.has(id)).length;
    const needed = Math.max(2, Math.floor(judges.length / 2) + 1);
    if (facilitators.some((id) => found.reports.has(id))) this.#reopen(at);
    else if (found.by === "facilitator")
      this.#tell(member, { type: "mls_must_rejoin", room: ROOM, reason: "rejected" });
    else if (reports >= needed) this.#reopen(at);
    else if (!facilitators.length && judges.length < needed) {
      this.#tell(member, { type: "mls_must_rejoin", room: ROOM, reason: "rejected" });
    }
  }

  #reopen(at: number): void {
    const gone = this.#cases.splice(at);
    const [first] = gone;
    if (!first) return;
    const { entry, before, reports } = first;
    this.commits = this.commits.filter(({ seq }) => seq < entry.seq);
    this.said = this.said.filter(({ seq }) => seq < entry.seq);
    this.head = entry.after;
    this.leaves = before;
    this.epoch = entry.epoch;
    const back = new Set(gone.flatMap(({ added }) => added));
    const reopened: ServerMessage = {
      type: "mls_reopened",
      room: ROOM,
      seq: ++this.seq,
      void_from: entry.seq,
      after: entry.after,
      epoch: this.epoch,
      reports: [...reports].sort().map(([member, statement]) => ({ member, statement })),
    };
    const { sender } = entry;
    for (const member of this.leaves.values()) {
      if (member !== sender && !back.has(member)) this.#tell(member, reopened);
    }
    for (const member of this.leaves.values()) {
      if (!this.sessions.has(member)) {
        const gone: Gone = { member, reason: "expelled" };
        this.sessions.set(member, { ...EMPTY, gone });
        this.#toSeated({ type: "member_gone", room: ROOM, gone }, member);
      }
    }
    for (const member of back) {
      this.#welcomes.delete(member);
      this.#tell(member, { type: "mls_must_rejoin", room: ROOM, reason: "void" });
    }
    this.#matchSeats();
    this.deliver(sender, { type: "removed", reason: "faulty" });
    this.end(sender, "expelled");
  }

  #settle(): void {
    while (this.#cases[0] && this.now() - this.#cases[0].at >= SETTLE_SECONDS) {
      for (const member of this.#cases.shift()?.reports.keys() ?? []) {
        this.#tell(member, { type: "mls_must_rejoin", room: ROOM, reason: "rejected" });
      }
    }
  }

  // -- Small things --------------------------------------------------------------------------------------------------

  #abandon(): void {
    const members = [...this.leaves.values()];
    if (!members.length || members.some((member) => this.#holds(member))) return;
    if (this.#aside && !members.some((member) => this.#present(member))) {
      this.#takeBack(null);
      return;
    }
    this.group = this.#aside = null;
    this.leaves = new Map();
    this.#cases = [];
    this.#welcomes.clear();
    for (const [member, session] of this.sessions) {
      if (session.gone) this.sessions.delete(member);
      else if (session.role === "facilitator") this.#tell(member, { type: "mls_abandoned", room: ROOM });
    }
    this.#matchSeats();
  }

  #ready(): void {
    if (this.group === null || this.#readyEpoch === this.head) return;
    const here = [...this.leaves.values()].filter((member) => this.#present(member)?.online);
    if (here.some((member) => this.#session(member).applied !== this.epoch)) return;
    this.#readyEpoch = this.head;
    for (const member of here) this.#tell(member, { type: "mls_ready", room: ROOM, epoch: this.epoch });
  }

  #mayAct(member: string, about: string, n: number | null = null): boolean {
    if (this.group === null) this.#refuse(member, about, "not_registered", n);
    else if (!this.#hasLeaf(member)) this.#refuse(member, about, "not_a_member", n);
    else return true;
    return false;
  }

  #refuse(member: string, about: string, code: Refusal, n: number | null = null): void {
    this.#tell(member, { type: "mls_refused", room: ROOM, code, about, n });
  }

  #toSeated(message: ServerMessage, but: string): void {
    for (const [member, { seated }] of this.sessions) if (seated && member !== but) this.#tell(member, message);
  }

  #tell(member: string, message: ServerMessage): void {
    const session = this.#present(member);
    if (!session?.online) return;
    // Who is about to be sent to the door need not try a rejoin: `_concerns` in signaling/outcomes.py.
    const aboutTheGroup = message.type === "mls_must_rejoin" || message.type === "mls_registered";
    if (aboutTheGroup && session.role !== "facilitator" && !this.#hasLeaf(member)) return;
    const tampered = this.tamper(member, message);
    if (tampered) this.deliver(member, tampered);
  }
}

function stateOf(welcomed: Welcomed | undefined): { epoch: number; applied: number } | null {
  return welcomed ? { epoch: welcomed.epoch, applied: welcomed.seq } : null;
}

/** `way` of signaling/mls_aside.py. */
function missedSince(order: Order, epoch: number, applied: number): Committed[] | null {
  const after = Math.max(applied, order.base);
  const at = order.commits.findIndex((entry) => entry.after === after);
  const missed = after === order.head ? [] : at < 0 ? null : order.commits.slice(at);
  if (!missed || epoch !== (missed[0]?.epoch ?? order.epoch)) return null;
  return missed;
}

const EMPTY: Session = {
  role: "participant",
  seated: true,
  online: false,
  gone: null,
  offer: null,
  sealed: null,
  saidN: 0,
  since: 0,
  applied: null,
};
