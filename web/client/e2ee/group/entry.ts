/**
 * One's own way into the group of a room: founding it, the keys that are on offer, and the place that a rejoin takes up
 * again (docs/protocol.md, section 8). When it is taken is the membership's.
 */
import { type Bytes, bytesOf, toBase64url } from "../../base64url";
import type { ClientMessage, JoinedMessage, MlsState } from "../../protocol_types";
import { createGroup, roster } from "../mls/adapter";
import { type Certificate, ID_BYTES } from "../mls/credentials";
import { equal } from "../mls/fields";
import { foundingRecord } from "../mls/founding";
import type { LeafKey } from "../mls/messages";
import { people } from "../mls/policy";
import { rejoinStatement } from "../mls/statements";
import type { Obstacle } from "../worker_messages";
import { type Held, meetingOf, self, type Time } from "./held";
import type { Link } from "./link";
import type { RejoinKey, RejoinRecord, RejoinStore } from "./rejoin_store";
import { makeTicket, openWelcome, TICKETS, type Ticket, type WelcomeReason } from "./ticket";

/** Seconds until a request without an answer is made again. */
export const REPEAT = 5;
/** Seconds until the next of several keys is tried: all ranks have had their turn, and the server's bounds are kept. */
const NEXT_KEY = 2.5;
/** Own leaf keys that are tried: a few reloads in a row. */
const KEYS = 4;

/** A leaf that is one's own, or was. */
interface Place {
  readonly group: Bytes;
  readonly rejoinKey: RejoinKey;
  /**
   * All of one's own leaf keys that may hold it, the newest last: one that was offered may have been taken without anybody
   * hearing of it, and one of before may count again when a commit is void or a restarted server knows an older state.
   */
  readonly keys: readonly Bytes[];
}

/** Oneself in a group, with what belongs to the leaf. */
export interface Seated {
  readonly held: Held;
  readonly key: LeafKey;
  readonly rejoinKey: RejoinKey;
}

interface Options {
  readonly room: string;
  readonly link: Link;
  readonly store: RejoinStore;
  readonly random: (length: number) => Bytes;
  readonly time: () => Time;
  /** Told when it becomes another one. */
  readonly obstacle: (obstacle: Obstacle) => void;
  /** What a reload needs has changed. */
  readonly keep: () => Promise<void>;
}

export class Entry {
  #place: Place | null = null;
  /** The one before, in another group: that may come back, and there the certificate alone may not be enough. */
  #before: Place | null = null;
  #tickets: readonly Ticket[] = [];
  /** What is on offer now, and how often it was. */
  #offering: { readonly ticket: Ticket; readonly group: string; times: number } | null = null;
  /** The last that was told. */
  #obstacle: Obstacle | null = null;
  #member = "";
  #meeting = "";
  #serverNow: () => number = () => 0;

  constructor(private readonly options: Options) {}

  /** Whether there is a leaf to come back to. */
  get hasPlace(): boolean {
    return this.#place !== null;
  }

  /** Whether a Welcome may be on its way, or was missed. */
  get hasTickets(): boolean {
    return this.#tickets.length > 0;
  }

  isAnother(member: string): boolean {
    return this.#member !== "" && this.#member !== member;
  }

  /** Looks for a place in the browser's database: the leaf keys of those who were checked, null if there is none. */
  async recall(message: JoinedMessage): Promise<readonly Bytes[] | null> {
    const { link, store } = this.options;
    const record = await store.load(link.identity.tab, message.meeting);
    if (record?.member !== message.member) return null;
    this.#place = { ...record, rejoinKey: record.key };
    return record.checked;
  }

  /** The server says who one is, and what time. `tickets`: of the knocks. */
  joined(message: JoinedMessage, tickets: readonly Ticket[]): void {
    const { time } = this.options;
    const ahead = message.now - time().clock;
    this.#serverNow = () => ahead + time().clock;
    this.#member = message.member;
    this.#meeting = message.meeting;
    this.#tickets = [...this.#tickets, ...tickets].slice(-TICKETS);
  }

  /** What is on offer may have been taken: the next one names it among those that may hold the place. */
  offerAnother(): void {
    this.#offering = null;
  }

  /** No Welcome will be believed that is on its way now. */
  dropTickets(): void {
    this.#tickets = [];
    this.#offering = null;
  }

  #placeIn(group: Bytes): Place | null {
    return [this.#place, this.#before].find((place) => place && equal(place.group, group)) ?? null;
  }

  /** This is one's place now. `known`: what was known of it. */
  #take(known: Place | null, place: Place): void {
    if (known !== this.#place) this.#before = this.#place;
    this.#place = place;
  }

  /** There is no leaf to come back to. */
  forget(): void {
    this.#place = this.#before = null;
    this.#offering = null;
  }

  // -- Asking ------------------------------------------------------------------------------------------------------

  /**
   * A KeyPackage in the place of one's old leaf, or on the strength of a certificate; `seconds` until it is asked anew.
   * "no-proof": the browser lost it. Null: something stands in the way.
   */
  async offer(state: MlsState): Promise<{ message: ClientMessage; seconds: number } | "no-proof" | null> {
    const { link, room, keep } = this.options;
    const meeting = bytesOf(state.group, ID_BYTES);
    const place = meeting && this.#placeIn(meeting);
    if (!place && !link.facilitator) return "no-proof";
    if (!meeting) return null;
    if (this.#offering?.group !== state.group) {
      const pass = this.#pass();
      if (!pass) return null;
      const ticket = await this.#ticket(meeting, pass.certificate, place?.rejoinKey ?? null);
      this.#offering = { ticket, group: state.group, times: 0 };
      this.#tickets = [...this.#tickets, ticket].slice(-TICKETS);
    }
    const { ticket } = this.#offering;
    const key_package = toBase64url(ticket.own.message);
    if (!place) return { message: { type: "mls_offer", room, key_package }, seconds: REPEAT };
    // Kept before it leaves: a page that is reloaded at once may find this very key in its place.
    const others = place.keys.filter((key) => !equal(key, ticket.key.publicKey));
    this.#take(place, { ...place, keys: [...others, ticket.key.publicKey].slice(-KEYS) });
    await keep();
    // The others take a proof for the key alone that they see there: they are tried in turn, the newest first.
    const old = others.at(-1 - (this.#offering.times++ % others.length)) as Bytes;
    const statement = rejoinStatement(meeting, old, ticket.own.ref);
    const rejoin = toBase64url(await place.rejoinKey.sign(statement));
    return {
      message: { type: "mls_offer", room, key_package, rejoin },
      seconds: others.length > 1 ? NEXT_KEY : REPEAT,
    };
  }

  /** What the link gives today; null, and told, when something stands in the way. */
  #pass(): { certificate: Certificate | null } | null {
    const { link, time, obstacle } = this.options;
    const pass = link.pass(time().utc, this.#serverNow());
    if (!pass.obstacle) return pass;
    if (pass.obstacle !== this.#obstacle) obstacle(pass.obstacle);
    this.#obstacle = pass.obstacle;
    return null;
  }

  /** Fresh keys for oneself in this group. */
  async #ticket(meeting: Bytes, certificate: Certificate | null, known: RejoinKey | null): Promise<Ticket> {
    const { link, store, time } = this.options;
    const rejoinKey = known ?? (await store.newKey());
    return makeTicket(link, certificate, { member: this.#member, meeting, rejoinKey, proven: true }, time().utc);
  }

  // -- Getting in --------------------------------------------------------------------------------------------------

  /** A group of one's own; null when something stands in the way, and for participants. */
  async found(): Promise<Seated | null> {
    const { link, random, time } = this.options;
    const id = random(ID_BYTES);
    const pass = this.#pass();
    if (!link.role || !pass?.certificate) return null;
    const { own, key, rejoinKey } = await this.#ticket(id, pass.certificate, null);
    const { utc } = time();
    const founding = await foundingRecord(link.role, pass.certificate, id, utc);
    const group = await createGroup(id, own, founding, link.authenticate(id));
    return { held: { group, people: await people(roster(group), link.trust(id), utc), grants: null }, key, rejoinKey };
  }

  /** What a Welcome gives, or why nobody should believe in it; null when it is for somebody else. */
  async open(welcome: Bytes, meeting: Bytes): Promise<Seated | WelcomeReason | null> {
    const { link, time } = this.options;
    for (const ticket of [...this.#tickets].reverse()) {
      const opened = await openWelcome(welcome, ticket, meeting, link, time().utc);
      if (opened === "foreign") continue;
      if (typeof opened !== "string") return { held: opened, key: ticket.key, rejoinKey: ticket.rejoinKey };
      // Whoever put this ticket into the group spoilt its Welcome: another one takes its place.
      this.#offering = null;
      return opened;
    }
    return null;
  }

  /** This is one's place from now on. Tells whether it was before. */
  sit({ held, rejoinKey }: Seated): boolean {
    const { key } = self(held);
    const group = meetingOf(held);
    const place = this.#placeIn(group);
    const before = place ? place.keys.filter((other) => !equal(other, key)) : [];
    this.#take(place, { group, rejoinKey, keys: [...before, key].slice(-KEYS) });
    this.dropTickets();
    return place !== null;
  }

  /** What a reload needs to come back. */
  record(checked: readonly Bytes[]): RejoinRecord | null {
    if (!this.#place) return null;
    const { group, keys, rejoinKey: key } = this.#place;
    return { meeting: this.#meeting, member: this.#member, group, keys, key, checked };
  }
}
