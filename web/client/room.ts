/**
 * One room as this member knows it: who holds its keys, what they said about themselves, whose hand is up. The people
 * come from the group alone; of the server's words only who is connected is taken, as a hint.
 * Sans-IO: messages, decisions and the time (`now`, ms) go in; what to do comes out of `effects()`.
 */
import type { Message, Uplink } from "./e2ee/envelope";
import type { GroupView, Person, PersonRole } from "./e2ee/worker_messages";
import { newChanges } from "./key_changes";
import type { Announcement } from "./model";
import { type Standing, StateRequests } from "./state_requests";
import { Turn } from "./turn";

type StateMessage = Extract<Message, { type: "state" }>;

/** Names of those who are no longer here, kept to say why the keys are new: twice as many as a room holds. */
const MOST_FORMER = 128;

export interface RoomMember {
  id: string;
  leaf: number;
  role: PersonRole;
  checked: boolean;
  connected: boolean;
  /** What they said last, also while a newer state is on its way. */
  state: StateMessage | null;
  /** `state` was said since they, and oneself, came (back) into the group. */
  told: boolean;
  hand: Turn;
  sharing: Turn;
  /** Came while this page watched: worth announcing once the name is known. */
  newcomer: boolean;
}

/**
 * What others learn about oneself. `hand`: 0 down, null on its way up, else its number; `sharing` the same of one's
 * screen. `uplink`: how well one's own media gets through.
 */
export interface OwnState {
  name: string;
  microphone: boolean;
  camera: boolean;
  hand: number | null;
  sharing: number | null;
  uplink: Uplink;
}

/** A track as its owner's signed state announces it. */
export interface Announced {
  member: string;
  track: string;
  kind: "audio" | "video";
  screen: boolean;
}

export type RoomEffect =
  | { do: "send-state"; to: string | null }
  | { do: "say"; message: { type: "resend" } | { type: "lower_hand"; member: string }; to: string }
  | { do: "forget"; member: string }
  | { do: "chat"; seq: number; sender: string; text: string }
  | { do: "name-known"; member: string }
  | { do: "hand-lowered-by-facilitator" }
  | { do: "mute"; everyone: boolean }
  | { do: "lock"; locked: boolean; by: string }
  | { do: "end" }
  | { do: "announce"; announcement: Announcement };

export interface RoomOptions {
  /** One's own member id. */
  self: string;
  /** As the server says it, until the group is known. */
  role: PersonRole;
  own: OwnState;
  /** Names as everybody shows them, from the members' own names in order of their leaves. */
  numberNames: (names: readonly string[]) => string[];
}

export class Room {
  readonly self: string;
  own: OwnState;
  /** In the group: keys stand, and what is said reaches everybody. */
  ready = false;
  #group: GroupView | null = null;
  #members = new Map<string, RoomMember>();
  /** What the server says of sockets, of people whom the group does not know (yet) too. */
  #hints = new Map<string, boolean>();
  #effects: RoomEffect[] = [];
  #names = new Map<string, string>();
  #former = new Map<string, string>();
  readonly #requests = new StateRequests();
  #shownOwnName: string | null = null;
  /** The highest `seq` that was heard of. */
  #latest = 0;

  constructor(private readonly options: RoomOptions) {
    this.self = options.self;
    this.own = options.own;
    this.#add({ member: this.self, leaf: 0, role: options.role, self: true, checked: true }, false, 0);
    this.#renumber();
  }

  /** What is to be done now, in order. The list is handed over once. */
  effects(): RoomEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** In order of their leaves. */
  get members(): RoomMember[] {
    return [...this.#members.values()].sort((a, b) => a.leaf - b.leaf);
  }

  member(id: string): RoomMember | undefined {
    return this.#members.get(id);
  }

  /** The last view in which one was in the group. */
  get group(): GroupView | null {
    return this.#group;
  }

  /** The name as everybody shows it, null until it has arrived. Of somebody who is no longer here, the last one. */
  nameOf(id: string): string | null {
    return this.#names.get(id) ?? this.#former.get(id) ?? null;
  }

  /** 1-based place among raised hands, 0 if down. */
  handPlace(id: string): number {
    const raised = [...this.#members.values()].filter(({ hand }) => hand.since > 0);
    return raised.sort((a, b) => a.hand.since - b.hand.since).findIndex((member) => member.id === id) + 1;
  }

  /** Whether one's own leaving would leave the room without a facilitator. */
  get onlyFacilitator(): boolean {
    const facilitators = this.members.filter((member) => member.role === "facilitator" && member.connected);
    return facilitators.length === 1 && facilitators[0]?.id === this.self;
  }

  /** The group after a commit, or that one is out of it: the people then stay as they were last known. */
  groupChanged(view: GroupView, now: number): void {
    if (view.state === "out") {
      this.keysLost();
      return;
    }
    const entered = !this.ready;
    const watched = this.#group !== null;
    const changes = newChanges(this.#group?.changes ?? [], view.changes);
    this.#group = view;
    this.ready = true;
    const present = new Set(view.people.map((person) => person.member));
    for (const id of [...this.#members.keys()]) if (!present.has(id)) this.#leave(id);
    for (const person of view.people) this.#seat(person, watched, now);
    this.#renumber();
    const owed = changes.filter(({ kind }) => kind === "joined" || kind === "back").flatMap(({ members }) => members);
    for (const member of this.#members.values()) if (entered || owed.includes(member.id)) this.#awaitState(member, now);
    if (entered) this.#effects.push({ do: "send-state", to: null });
    else for (const id of owed) if (id !== this.self) this.#requests.owe(id, now);
  }

  /** Out of the group until its next view. */
  keysLost(): void {
    this.ready = false;
  }

  /** The server's list after a `joined`. `resumed`: whoever of the known people is not in it has no socket. */
  connections(members: readonly { id: string; connected?: boolean }[], resumed: boolean): void {
    this.#hints = new Map(members.map(({ id, connected = true }) => [id, connected]));
    for (const member of this.#members.values()) {
      member.connected = member.id === this.self || (this.#hints.get(member.id) ?? !resumed);
    }
  }

  connection(id: string, connected: boolean): void {
    this.#hints.set(id, connected);
    const member = this.#members.get(id);
    if (member && id !== this.self) member.connected = connected;
  }

  /** What others send, by what they signed; what the server says of a track alone counts for nothing. */
  get tracks(): Announced[] {
    return this.members.flatMap(({ id, state }) =>
      (state?.contexts ?? []).map(({ track, kind, screen = false }) => ({ member: id, track, kind, screen })),
    );
  }

  /** The track that carries somebody's voice or camera, or their screen; null if they announce none. */
  trackOf(id: string, kind: "audio" | "video", screen: boolean): string | null {
    const contexts = this.#members.get(id)?.state?.contexts ?? [];
    return contexts.find((one) => one.kind === kind && (one.screen ?? false) === screen)?.track ?? null;
  }

  /** Who else shares a screen, by the number at which they began; whoever has no socket holds nobody up. */
  get sharers(): { id: string; since: number }[] {
    return this.members
      .filter(({ id, sharing, connected }) => id !== this.self && sharing.since > 0 && connected)
      .map(({ id, sharing }) => ({ id, since: sharing.since }));
  }

  /** One's own `state` was numbered, and said this. The place of what was on its way is known now. */
  echoed(seq: number, hand: number | null, sharing: number | null = 0): void {
    this.#latest = Math.max(this.#latest, seq);
    if (sharing === null && this.own.sharing === null) this.own = { ...this.own, sharing: seq };
    const self = this.#members.get(this.self);
    if (!self || hand !== null || this.own.hand !== null) return;
    this.own = { ...this.own, hand: seq };
    self.hand.since = seq;
    const name = this.nameOf(this.self) ?? this.own.name;
    this.#announce({ urgency: "polite", kind: "hand-raised", name, place: this.handPlace(this.self) });
  }

  /** What another member signed; `seq` is its place in the room's order. Nobody but a member has a say. */
  heard(sender: string, seq: number, message: Message, now: number): void {
    this.#latest = Math.max(this.#latest, seq);
    const member = this.#members.get(sender);
    if (!member || sender === this.self) return;
    const facilitator = member.role === "facilitator";
    switch (message.type) {
      case "state":
        this.#heardState(member, seq, message);
        break;
      case "chat":
        this.#effects.push({ do: "chat", seq, sender, text: message.text });
        break;
      case "lower_hand":
        if (message.member === this.self && facilitator && this.own.hand !== 0) {
          this.setOwn({ hand: 0 });
          this.#effects.push({ do: "hand-lowered-by-facilitator" });
        }
        break;
      case "mute":
        if (this.#obeysMute(member.role, message.member)) {
          this.#effects.push({ do: "mute", everyone: message.member === null });
        }
        break;
      case "locked":
        if (facilitator) this.#effects.push({ do: "lock", locked: message.locked, by: sender });
        break;
      case "end":
        if (facilitator) this.#effects.push({ do: "end" });
        break;
      case "resend":
        this.#requests.asked(sender, now);
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
    if (self && next.hand !== null) self.hand.since = next.hand;
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
    return this.ready ? this.#requests.deadline(this.#standing) : Number.POSITIVE_INFINITY;
  }

  tick(now: number): void {
    if (!this.ready) return;
    const { tell, ask } = this.#requests.due(this.#standing, now);
    for (const to of tell) this.#effects.push({ do: "send-state", to });
    for (const to of ask) this.#effects.push({ do: "say", message: { type: "resend" }, to });
  }

  get #standing(): Standing {
    return {
      unnumbered: this.own.hand === null || this.own.sharing === null,
      connected: (id) => this.#members.get(id)?.connected ?? false,
    };
  }

  /** Facilitators are muted by nobody; a co-facilitator mutes participants alone, and so does "everyone". */
  #obeysMute(by: PersonRole, target: string | null): boolean {
    const own = this.#members.get(this.self)?.role;
    if (target !== null && target !== this.self) return false;
    if (own === "participant") return by !== "participant";
    return own === "co_facilitator" && by === "facilitator" && target !== null;
  }

  #heardState(member: RoomMember, seq: number, message: StateMessage): void {
    const first = member.state === null;
    const renamed = member.state?.name !== message.name;
    const before = { raised: member.hand.since > 0, shared: member.sharing.since > 0 };
    const shared = message.contexts.some(({ kind, screen }) => kind === "video" && screen);
    member.state = message;
    member.told = true;
    this.#requests.heard(member.id);
    member.hand.claimed(message.hand, seq);
    // A screen is there when its track is; who says no number for it has none yet.
    member.sharing.claimed(shared ? message.sharing || null : 0, seq);
    if (renamed) {
      this.#renumber();
      this.#effects.push({ do: "name-known", member: member.id });
    }
    const name = this.nameOf(member.id) ?? message.name;
    if (member.newcomer) {
      member.newcomer = false;
      this.#announce({ urgency: "polite", kind: "joined", name });
      const othersChecked = this.members.some((one) => one.checked && one.id !== this.self);
      if (!member.checked && othersChecked) this.#announce({ urgency: "polite", kind: "newcomer-unchecked", name });
    }
    if (shared && !before.shared) this.#announce({ urgency: "polite", kind: "screen-shared", name, self: false });
    if (first) return;
    if (!shared && before.shared) this.#announce({ urgency: "polite", kind: "screen-stopped", name, self: false });
    const raised = member.hand.since > 0;
    if (raised && !before.raised) {
      this.#announce({ urgency: "polite", kind: "hand-raised", name, place: this.handPlace(member.id) });
    } else if (!raised && before.raised) {
      this.#announce({ urgency: "polite", kind: "hand-lowered", name });
    }
  }

  #awaitState(member: RoomMember, now: number): void {
    if (member.id === this.self) return;
    member.told = false;
    this.#requests.await(member.id, now);
  }

  #seat(person: Person, watched: boolean, now: number): void {
    const known = this.#members.get(person.member);
    if (!known) {
      this.#add(person, watched, now);
      return;
    }
    const { leaf, role, checked } = person;
    if (watched && role !== known.role) this.#roleChanged(known, role);
    Object.assign(known, { leaf, role, checked });
  }

  #roleChanged({ id, role }: RoomMember, next: PersonRole): void {
    const self = id === this.self;
    if (self && role === "facilitator") this.#announce({ urgency: "assertive", kind: "facilitator-withdrawn" });
    const name = this.nameOf(id);
    const kind =
      next === "co_facilitator" ? "co-facilitator-made" : role === "co_facilitator" ? "co-facilitator-withdrawn" : null;
    if (kind === null || name === null) return;
    this.#announce({ urgency: self ? "assertive" : "polite", kind, name, self });
  }

  #add({ member: id, leaf, role, checked }: Person, newcomer: boolean, now: number): void {
    const earlier = newcomer ? this.#latest : 0;
    const hand = new Turn(earlier);
    if (id === this.self) hand.since = this.own.hand ?? 0;
    this.#members.set(id, {
      id,
      leaf,
      role,
      checked,
      connected: id === this.self || (this.#hints.get(id) ?? true),
      state: null,
      told: false,
      hand,
      sharing: new Turn(earlier),
      newcomer,
    });
    if (id !== this.self) this.#requests.await(id, now);
  }

  #leave(id: string): void {
    if (id === this.self) return; // told by the worker in words of its own
    const name = this.nameOf(id);
    this.#members.delete(id);
    this.#hints.delete(id);
    this.#requests.forget(id);
    this.#effects.push({ do: "forget", member: id });
    if (name === null) return;
    this.#former.set(id, name);
    for (const oldest of this.#former.keys()) {
      if (this.#former.size <= MOST_FORMER) break;
      this.#former.delete(oldest);
    }
    this.#announce({ urgency: "polite", kind: "left", name });
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
