/**
 * One room as this member knows it: who is here, what they said about themselves, whose hand is up.
 * Sans-IO: messages, decisions and the time (`now`, ms) go in; what to do comes out of `effects()`.
 */
import type { Message, SenderContext } from "./e2ee/manager";
import type { Announcement } from "./model";
import type { Member, MemberRole, RoomState } from "./protocol_types";

type StateMessage = Extract<Message, { type: "state" }>;

/** Without a member's state for this long it is asked for, ms; also the pause between two answers to one asker. */
const RESEND_MS = 2_000;
/** Asked again for a silent member's state at most so often; a hostile one must not keep the room busy. */
const MOST_ASKS = 5;
/** Members who come within this time are answered together, ms: after a server restart all come back at once. */
const GATHER_MS = 20;
/** More of them than this are answered by one state for everybody. */
const MOST_ALONE = 3;

export interface RoomMember {
  id: string;
  leaf: number;
  role: MemberRole;
  order: number;
  connected: boolean;
  state: StateMessage | null;
  /** Place in time of the raised hand: the `seq` of the message that raised it; 0 if down. */
  hand: number;
  /** Came while this page watched: worth announcing once the name is known. */
  newcomer: boolean;
  asks: number;
  askAt: number;
  answeredAt: number;
}

/** What others learn about oneself. `hand`: 0 down, null on its way up, else its number. */
export interface OwnState {
  name: string;
  microphone: boolean;
  camera: boolean;
  hand: number | null;
}

export type RoomEffect =
  | { do: "send-state"; to: string | null }
  | { do: "say"; message: { type: "resend" } | { type: "lower_hand"; member: string }; to: string }
  | { do: "contexts"; member: string; leaf: number; contexts: SenderContext[] }
  | { do: "forget"; member: string }
  | { do: "chat"; seq: number; sender: string; text: string }
  | { do: "name-known"; member: string }
  | { do: "hand-lowered-by-facilitator" }
  | { do: "announce"; announcement: Announcement };

export interface RoomOptions {
  id: string;
  own: OwnState;
  /** Names as everybody shows them, from the members' own names in order of admission. */
  numberNames: (names: readonly string[]) => string[];
}

export class Room {
  readonly id: string;
  self = "";
  own: OwnState;
  /** The last sequence number taken in. */
  seq = 0;
  #members = new Map<string, RoomMember>();
  #effects: RoomEffect[] = [];
  #names = new Map<string, string>();
  /** Members who were here when a restarted server had not got them back yet: they are no newcomers when they come. */
  #absent = new Set<string>();
  #owed = new Set<string>();
  #owedAt = Number.POSITIVE_INFINITY;
  #shownOwnName: string | null = null;

  constructor(private readonly options: RoomOptions) {
    this.id = options.id;
    this.own = options.own;
  }

  /** What is to be done now, in order. The list is handed over once. */
  effects(): RoomEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** In order of admission. */
  get members(): RoomMember[] {
    return [...this.#members.values()].sort((a, b) => a.order - b.order);
  }

  member(id: string): RoomMember | undefined {
    return this.#members.get(id);
  }

  /** The name as everybody shows it, null until it has arrived. */
  nameOf(id: string): string | null {
    return this.#names.get(id) ?? null;
  }

  /** 1-based place among raised hands, 0 if down. */
  handPlace(id: string): number {
    const hands = [...this.#members.values()].filter((member) => member.hand > 0).sort((a, b) => a.hand - b.hand);
    return hands.findIndex((member) => member.id === id) + 1;
  }

  /** Whether one's own leaving would leave the room without a facilitator. */
  get onlyFacilitator(): boolean {
    const facilitators = this.members.filter((member) => member.role === "facilitator" && member.connected);
    return facilitators.length === 1 && facilitators[0]?.id === this.self;
  }

  /** The server's picture after joining or a resume. `continued`: this page was in the room before. */
  enter(self: string, room: RoomState, continued: boolean, now: number): void {
    this.self = self;
    const present = new Set(room.members.map((member) => member.id));
    for (const id of [...this.#members.keys()]) {
      if (present.has(id)) continue;
      this.#drop(id);
      this.#absent.add(id);
    }
    for (const member of room.members) {
      const known = this.#members.get(member.id);
      if (known) {
        known.connected = member.connected ?? true;
        known.role = member.role;
        known.asks = 0;
        known.askAt = now + RESEND_MS;
      } else {
        this.#add(member, false, now);
      }
    }
    if (continued && room.replayed_from > this.seq + 1) {
      this.#announce({ urgency: "polite", kind: "messages-missed" });
      // The echo that would have numbered the hand may be among what was missed.
      if (this.own.hand === null) this.own = { ...this.own, hand: room.seq };
    }
    // A replay starts at replayed_from; a server that was restarted may count from a lower number.
    if (!continued || room.seq < this.seq) this.seq = room.replayed_from - 1;
    const own = this.#members.get(self);
    if (own && this.own.hand !== null) own.hand = this.own.hand;
    this.#renumber();
    this.#effects.push({ do: "send-state", to: null });
  }

  /** False for a number that was taken in before: a replay and the live stream may overlap. */
  accept(seq: number): boolean {
    if (seq <= this.seq) return false;
    this.seq = seq;
    return true;
  }

  memberJoined(member: Member, now: number): void {
    const known = this.#members.get(member.id);
    if (known) {
      known.connected = true;
    } else {
      this.#add(member, !this.#absent.delete(member.id), now);
      this.#renumber();
    }
    this.#owe(member.id, now);
  }

  memberBack(id: string, now: number): void {
    const member = this.#members.get(id);
    if (!member) return;
    member.connected = true;
    this.#owe(id, now);
  }

  memberLost(id: string): void {
    const member = this.#members.get(id);
    if (member) member.connected = false;
  }

  memberLeft(id: string): void {
    const name = this.nameOf(id);
    this.#drop(id);
    this.#renumber();
    if (name !== null) this.#announce({ urgency: "polite", kind: "left", name });
  }

  /** One's own `state` came back; `hand` is what it said. The place of a hand on its way up is known now. */
  echoed(seq: number, hand: number | null): void {
    const self = this.#members.get(this.self);
    if (!self || hand !== null || this.own.hand !== null) return;
    this.own = { ...this.own, hand: seq };
    self.hand = seq;
    const name = this.nameOf(this.self) ?? this.own.name;
    this.#announce({ urgency: "polite", kind: "hand-raised", name, place: this.handPlace(this.self) });
  }

  /** Another member's opened envelope; `seq` is its place in the room's order. */
  heard(sender: string, seq: number, message: Message, now: number): void {
    const member = this.#members.get(sender);
    if (!member || sender === this.self) return;
    switch (message.type) {
      case "state":
        this.#heardState(member, seq, message);
        break;
      case "chat":
        this.#effects.push({ do: "chat", seq, sender, text: message.text });
        break;
      case "lower_hand":
        if (message.member === this.self && member.role === "facilitator" && this.own.hand !== 0) {
          this.setOwn({ hand: 0 });
          this.#effects.push({ do: "hand-lowered-by-facilitator" });
        }
        break;
      case "resend":
        if (now - member.answeredAt >= RESEND_MS) {
          member.answeredAt = now;
          this.#owe(sender, now);
        }
        break;
    }
  }

  /** Something about oneself changed: everybody learns it. */
  setOwn(change: Partial<OwnState>): void {
    const next = { ...this.own, ...change };
    const same = (Object.keys(next) as (keyof OwnState)[]).every((key) => next[key] === this.own[key]);
    if (same) return;
    this.own = next;
    const self = this.#members.get(this.self);
    if (self && next.hand !== null) self.hand = next.hand;
    this.#effects.push({ do: "send-state", to: null });
  }

  /** A facilitator lowers somebody's hand. */
  lowerHandOf(id: string): void {
    if (id === this.self) this.setOwn({ hand: 0 });
    else if (this.#members.has(id)) {
      this.#effects.push({ do: "say", message: { type: "lower_hand", member: id }, to: id });
    }
  }

  /** When `tick` has something to do, ms; Infinity if nothing is due. */
  get deadline(): number {
    let next = this.own.hand === null ? Number.POSITIVE_INFINITY : this.#owedAt;
    for (const member of this.#members.values()) {
      if (this.#lacksState(member)) next = Math.min(next, member.askAt);
    }
    return next;
  }

  tick(now: number): void {
    // While one's own hand has no number yet, a state for one member alone would tell a wrong one.
    if (this.#owedAt <= now && this.own.hand !== null) {
      const owed = [...this.#owed].filter((id) => this.#members.has(id));
      this.#owed.clear();
      this.#owedAt = Number.POSITIVE_INFINITY;
      if (owed.length > MOST_ALONE) this.#effects.push({ do: "send-state", to: null });
      else for (const to of owed) this.#effects.push({ do: "send-state", to });
    }
    for (const member of this.#members.values()) {
      if (!this.#lacksState(member) || member.askAt > now) continue;
      member.asks += 1;
      member.askAt = now + RESEND_MS;
      this.#effects.push({ do: "say", message: { type: "resend" }, to: member.id });
    }
  }

  #heardState(member: RoomMember, seq: number, message: StateMessage): void {
    const first = member.state === null;
    const renamed = member.state?.name !== message.name;
    const handBefore = member.hand;
    member.state = message;
    if (message.hand !== null) member.hand = message.hand;
    else if (member.hand === 0) member.hand = seq;
    this.#effects.push({ do: "contexts", member: member.id, leaf: member.leaf, contexts: message.contexts });
    if (renamed) {
      this.#renumber();
      this.#effects.push({ do: "name-known", member: member.id });
    }
    const name = this.nameOf(member.id) ?? message.name;
    if (member.newcomer) {
      member.newcomer = false;
      this.#announce({ urgency: "polite", kind: "joined", name });
    }
    if (first) return;
    if (handBefore === 0 && member.hand > 0) {
      this.#announce({ urgency: "polite", kind: "hand-raised", name, place: this.handPlace(member.id) });
    } else if (handBefore > 0 && member.hand === 0) {
      this.#announce({ urgency: "polite", kind: "hand-lowered", name });
    }
  }

  #lacksState(member: RoomMember): boolean {
    return member.state === null && member.id !== this.self && member.connected && member.asks < MOST_ASKS;
  }

  #owe(id: string, now: number): void {
    if (id === this.self) return;
    this.#owed.add(id);
    this.#owedAt = Math.min(this.#owedAt, now + GATHER_MS);
  }

  #add(member: Member, newcomer: boolean, now: number): void {
    this.#members.set(member.id, {
      id: member.id,
      leaf: member.leaf,
      role: member.role,
      order: member.order,
      connected: member.connected ?? true,
      state: null,
      hand: 0,
      newcomer,
      asks: 0,
      askAt: now + RESEND_MS,
      answeredAt: Number.NEGATIVE_INFINITY,
    });
  }

  #drop(id: string): void {
    this.#members.delete(id);
    this.#owed.delete(id);
    this.#effects.push({ do: "forget", member: id });
  }

  #renumber(): void {
    const named = this.members.flatMap((member) => {
      const name = member.id === this.self ? this.own.name : member.state?.name;
      return name === undefined ? [] : [{ id: member.id, name }];
    });
    const shown = this.options.numberNames(named.map((one) => one.name));
    this.#names = new Map(named.map((one, index) => [one.id, shown[index] ?? one.name]));
    const ownName = this.#names.get(this.self) ?? this.own.name;
    if (ownName !== this.own.name && ownName !== this.#shownOwnName) {
      this.#announce({ urgency: "polite", kind: "renamed", name: ownName });
    }
    this.#shownOwnName = ownName;
  }

  #announce(announcement: Announcement): void {
    this.#effects.push({ do: "announce", announcement });
  }
}
