/**
 * What is to be committed, and when it is this member's turn (docs/protocol.md, section 8, "Ranks"). What a person asks
 * for is theirs and goes at once; what is anybody's goes by rank, so that not everybody commits the same thing. A wish is
 * looked at anew after every commit, and gone when the group is as wished.
 *
 * `now` is in seconds of a clock that only rises.
 */
import { type Bytes, bytesOf, fromBase64url, toBase64url } from "../../base64url";
import type { Gone, MlsOfferedMessage, Refusal } from "../../protocol_types";
import { epochAuthenticator } from "../mls/adapter";
import { decodeCredential, standing, verifyCredential } from "../mls/credentials";
import { CredentialError, equal } from "../mls/fields";
import { type LeafKey, MlsError, readKeyPackage } from "../mls/messages";
import type { Person } from "../mls/policy";
import { leavingStatement, rejoinStatement } from "../mls/statements";
import { SIGNATURE_BYTES, verify } from "../mls/verify";
import { Builder, type Built, type Item, MAX_ITEMS } from "./builder";
import { type Change, type Held, meetingOf, memberOf, type Prepared, personOf, roleOf, self, type Time } from "./held";
import type { Link } from "./link";

/** Seconds in which admissions share a commit, after the first that went at once. More makes people wait at the door. */
const ADMISSIONS = 0.5;
/** Seconds that each rank leaves to those before it: a commit's way to everybody on a slow line. */
const RANK = 0.3;
/** Seconds between new keys. RFC 9750 §8.2: the oftener, the sooner a stolen state is worth nothing. */
const RENEWAL = 300;
/** Seconds that each facilitator leaves to those before it with a renewal: nothing hurries. */
const RENEWAL_RANK = 10;
/**
 * Seconds after which a facilitator grants anew what one granted who is none any more: newcomers do not believe the old
 * list, and co-facilitators let nobody in until then. Two whose clocks take each other's certificate for void do it by turns.
 */
const GRANTED_ANEW = 5;
/** Seconds until a commit without an echo is sent again: the server may have been too busy to take it. */
const REPEAT = 3;
/** Seconds to wait when the server has too much to do. */
const BUSY = 2;
/** Wishes at once: a full room leaves, and a full waiting room comes in. */
const MAX_WISHES = 512;
/** Own commits whose echo is recognised: more than are on their way within a reopening. */
const MAX_SENT = 8;
type Wish =
  | { readonly kind: "admit"; readonly member: string; readonly keyPackage: Bytes }
  | { readonly kind: "remove"; readonly member: string }
  | { readonly kind: "gone"; readonly member: string; readonly leaving: Bytes | null }
  | { readonly kind: "offer"; readonly member: string; readonly offer: MlsOfferedMessage }
  | { readonly kind: "grant"; readonly member: string; readonly granted: boolean }
  | { readonly kind: "renew"; readonly member: string };

type Ready = Omit<Item, "wish" | "at"> & { readonly at?: number };

export class Committer {
  /** With the time since when. */
  readonly #wishes = new Map<string, { wish: Wish; since: number }>();
  #items: readonly Item[] = [];
  #flight: { built: Built; sentAt: number } | null = null;
  /** The last that were sent: one that was too late may be taken all the same, when what came before it is void. */
  #sent: readonly Prepared[] = [];
  /** No admission before this. */
  #admissions = Number.NEGATIVE_INFINITY;
  #busyUntil = Number.NEGATIVE_INFINITY;
  #renewedAt = 0;
  /** Wishes that were refused together: each is tried by itself. */
  #alone = false;
  /** Whose socket is lost, as the server says. */
  readonly #away = new Set<string>();

  constructor(private readonly link: Link) {}

  // -- Wishes ------------------------------------------------------------------------------------------------------

  admit(member: string, keyPackage: Bytes, now: number): void {
    this.#wish({ kind: "admit", member, keyPackage }, now);
  }

  /**
   * Who is about to be let in by `before` knocked once more, with `keyPackage`: the server takes nobody by a KeyPackage
   * that another one replaced. Of a wish for another one nothing follows: a person pressed the button for that alone.
   */
  knockedAnew(member: string, before: Bytes, keyPackage: Bytes, now: number): void {
    const wish = this.#wishes.get(`admit ${member}`)?.wish;
    if (wish?.kind === "admit" && equal(wish.keyPackage, before)) this.admit(member, keyPackage, now);
  }

  remove(member: string, now: number): void {
    this.#wish({ kind: "remove", member }, now);
  }

  grant(member: string, granted: boolean, now: number): void {
    this.#wish({ kind: "grant", member, granted }, now);
  }

  gone({ member, leaving }: Gone, now: number): void {
    this.#wish({ kind: "gone", member, leaving: bytesOf(leaving, SIGNATURE_BYTES) }, now);
  }

  offered(offer: MlsOfferedMessage, now: number): void {
    this.#wish({ kind: "offer", member: offer.member, offer }, now);
  }

  connection(member: string, connected: boolean): void {
    if (connected) this.#away.delete(member);
    else if (this.#away.size < MAX_WISHES) this.#away.add(member);
  }

  #wish(wish: Wish, now: number): void {
    const name = `${wish.kind} ${wish.member}`;
    const before = this.#wishes.get(name);
    if (!before && this.#wishes.size >= MAX_WISHES) return;
    this.#wishes.set(name, { wish, since: before?.since ?? now });
  }

  /** Whether the server has said that this member's session is over. */
  isGone(member: string): boolean {
    return this.#wishes.has(`gone ${member}`);
  }

  // -- What follows from the group -----------------------------------------------------------------------------------

  /** Looks at every wish again. To be called after wishes, commits and whatever else changed. */
  async assess(held: Held, time: Time): Promise<void> {
    const items: Item[] = [];
    const own = self(held);
    if (own.facilitator) this.#wish({ kind: "renew", member: memberOf(own) }, time.clock);
    for (const [name, { wish, since }] of [...this.#wishes]) {
      const ready = await this.#ready(held, own, wish, since, time.utc);
      if (ready === "fulfilled") this.#wishes.delete(name);
      else if (ready !== "not-mine") items.push({ at: since, ...ready, wish: name });
    }
    this.#items = items;
  }

  async #ready(
    held: Held,
    own: Person,
    wish: Wish,
    since: number,
    utc: number,
  ): Promise<Ready | "fulfilled" | "not-mine"> {
    const there = personOf(held, wish.member);
    const helper = roleOf(held, own) === "co_facilitator";
    switch (wish.kind) {
      case "admit":
        if (there || !(own.facilitator || helper)) return "fulfilled";
        // The newcomer would not believe in the role. A facilitator is about to grant it anew.
        if (!own.facilitator && this.#grantsAreVoid(held, utc)) return "not-mine";
        return { add: wish.keyPackage, at: Math.max(since, this.#admissions) };
      case "remove": {
        if (!there || there === own || !mayRemove(held, own, there)) return "fulfilled";
        return { remove: there.leaf };
      }
      case "grant": {
        if (!there || there.facilitator || !own.facilitator) return "fulfilled";
        if (wish.granted === (roleOf(held, there) === "co_facilitator")) return "fulfilled";
        return { grant: { key: there.credential.rejoinKey, granted: wish.granted } };
      }
      case "gone": {
        if (!there) return "fulfilled";
        const { leaf, key } = there;
        const proof = wish.leaving && leavingStatement(meetingOf(held), leaf, key);
        const leaving = wish.leaving && proof && (await verify(key, proof, wish.leaving)) ? wish.leaving : null;
        const rank = this.#rank(held, own, (other) => leaving !== null || mayRemove(held, other, there), there);
        if (rank === null) return "not-mine";
        return { remove: leaf, at: since + rank * RANK, ...(leaving && { leaving: { leaf, signature: leaving } }) };
      }
      case "offer":
        return this.#offer(held, own, wish.offer, since, utc);
      case "renew": {
        const rank = this.#rank(held, own, ({ facilitator }) => facilitator, null);
        if (rank === null) return "fulfilled";
        if (this.#grantsAreVoid(held, utc) && this.#isGood(held, own.credential, utc)) {
          return { at: Math.max(since, this.#renewedAt + GRANTED_ANEW) };
        }
        return { at: Math.max(since, this.#renewedAt) + RENEWAL + rank * RENEWAL_RANK };
      }
    }
  }

  /** Whoever granted is no facilitator any more. */
  #grantsAreVoid(held: Held, utc: number): boolean {
    return held.grants !== null && !this.#isGood(held, held.grants.issuer, utc);
  }

  #isGood(held: Held, credential: Person["credential"], utc: number): boolean {
    return standing(credential, this.link.trust(meetingOf(held)), utc) === "facilitator";
  }

  /** Somebody who comes back, or a facilitator who arrives late. Nobody else gets in without a knock. */
  async #offer(
    held: Held,
    own: Person,
    offer: MlsOfferedMessage,
    since: number,
    utc: number,
  ): Promise<Ready | "fulfilled"> {
    try {
      const add = fromBase64url(offer.key_package);
      const { key, identity, ref } = await readKeyPackage(add);
      if (held.people.some((person) => equal(person.key, key))) return "fulfilled";
      const credential = decodeCredential(identity);
      if (toBase64url(credential.member) !== offer.member) return "fulfilled";
      const there = personOf(held, offer.member);
      const trust = this.link.trust(meetingOf(held));
      const signature = bytesOf(offer.rejoin, SIGNATURE_BYTES);
      if (signature && there) {
        const { leaf } = there;
        const { rejoinKey } = there.credential;
        const statement = rejoinStatement(trust.meeting, there.key, ref);
        if (equal(credential.rejoinKey, rejoinKey) && (await verify(rejoinKey, statement, signature))) {
          const rank = this.#rank(held, own, () => true, there) ?? 0;
          return { add, remove: leaf, rejoin: { leaf, ref, signature }, at: since + rank * RANK };
        }
      }
      await verifyCredential(identity, key, trust);
      if (standing(credential, trust, utc) !== "facilitator") return "fulfilled";
      // Without the proof, for instance after the browser lost it, only a facilitator may take the old leaf away.
      const rank = this.#rank(held, own, ({ facilitator }) => !there || facilitator, there ?? null);
      if (rank === null) return "fulfilled";
      return { add, at: since + rank * RANK, ...(there && { remove: there.leaf }) };
    } catch (error) {
      if (error instanceof MlsError || error instanceof CredentialError || error instanceof RangeError) {
        return "fulfilled";
      }
      throw error;
    }
  }

  /** How many connected people come before oneself; null for whoever has no say in it. */
  #rank(held: Held, own: Person, may: (person: Person) => boolean, about: Person | null): number | null {
    const tiers = { facilitator: 0, co_facilitator: 1, participant: 2 };
    const order = (person: Person) => tiers[roleOf(held, person)] * 4096 + person.leaf;
    if (own === about || !may(own)) return null;
    const before = held.people.filter((person) => {
      const member = memberOf(person);
      if (person === about || !may(person) || order(person) >= order(own)) return false;
      return !this.#away.has(member) && !this.isGone(member) && !this.#wishes.has(`offer ${member}`);
    });
    return before.length;
  }

  // -- Commits -------------------------------------------------------------------------------------------------------

  /** When to call `next`. */
  get deadline(): number {
    if (this.#flight) return this.#flight.sentAt + REPEAT;
    return Math.max(this.#busyUntil, Math.min(...this.#items.map(({ at }) => at)));
  }

  /** The commit to be sent now, if any; the one on its way when it is time to send it again. */
  async next(held: Held, key: LeafKey, time: Time): Promise<{ send: Built | null; refused: readonly string[] }> {
    const now = time.clock;
    if (this.#flight) {
      if (now < this.#flight.sentAt + REPEAT) return { send: null, refused: [] };
      this.#flight.sentAt = now;
      return { send: this.#flight.built, refused: [] };
    }
    if (now < this.#busyUntil) return { send: null, refused: [] };
    const due = this.#items.filter(({ at }) => at <= now);
    const chosen = distinct(due).slice(0, this.#alone ? 1 : MAX_ITEMS);
    if (!chosen.length) return { send: null, refused: [] };
    const { built, refused } = await new Builder(this.link, held, key, time).build(chosen);
    for (const item of refused) this.#drop(item);
    if (built) {
      this.#flight = { built, sentAt: now };
      this.#sent = [...this.#sent, built.prepared].slice(-MAX_SENT);
      if (built.items.some(({ wish }) => wish.startsWith("admit "))) this.#admissions = now + ADMISSIONS;
    }
    return { send: built, refused: refused.map(({ wish }) => wish) };
  }

  #drop({ wish, add }: Item): void {
    const newest = this.#wishes.get(wish)?.wish;
    const anew = newest?.kind === "admit" && add && !equal(newest.keyPackage, add);
    if (!anew) this.#wishes.delete(wish);
    this.#items = this.#items.filter((item) => item.wish !== wish);
  }

  /** One's own commit, if it is on its way. */
  get flight(): Built | null {
    return this.#flight?.built ?? null;
  }

  /** A commit of one's own on this very state, by its bytes. */
  own(held: Held, commit: Bytes): Prepared | null {
    const now = epochAuthenticator(held.group);
    const same = ({ pending, authenticator }: Prepared) => equal(pending.commit, commit) && equal(authenticator, now);
    return this.#sent.find(same) ?? null;
  }

  /** Own commits on other states than these can never be taken: the keys that they would have led to go. */
  keepOn(states: readonly Held[]): void {
    const authenticators = states.map(({ group }) => epochAuthenticator(group));
    this.#sent = this.#sent.filter(({ authenticator }) => authenticators.some((other) => equal(authenticator, other)));
  }

  /** The socket is back, and with it the order: what is on its way is sent again at once. */
  repeat(): void {
    if (this.#flight) this.#flight.sentAt = Number.NEGATIVE_INFINITY;
    this.#busyUntil = Number.NEGATIVE_INFINITY;
  }

  /** A commit was applied, one's own or another's: what was on its way is void or done. */
  async applied(change: Change, time: Time): Promise<void> {
    this.#flight = null;
    this.#alone = false;
    if (change.path) this.#renewedAt = time.clock;
    for (const person of change.added) this.#away.delete(memberOf(person));
    await this.assess(change.after, time);
  }

  /** The server did not take the commit. */
  refused(code: Refusal, now: number): void {
    const flight = this.#flight;
    if (!flight) return;
    this.#flight = null;
    // Nothing is wrong with the commit: the group is not what it was, or will be there in a moment.
    if (code === "busy" || code === "stale" || code === "not_registered" || code === "not_a_member") {
      this.#busyUntil = now + BUSY;
    } else if (flight.built.items.length > 1) {
      this.#alone = true;
    } else {
      for (const item of flight.built.items) this.#drop(item);
    }
  }

  /** Out of the group: what was anybody's is for others to do, and what was asked for waits. */
  out(): void {
    this.#flight = null;
    this.#items = [];
  }
}

/** By role alone, without anything that the leaver signed. */
function mayRemove(held: Held, by: Person, whom: Person): boolean {
  return by.facilitator || (roleOf(held, by) === "co_facilitator" && roleOf(held, whom) === "participant");
}

/** One item for each leaf and each KeyPackage: somebody may be asked to leave who has just left. */
function distinct(items: readonly Item[]): Item[] {
  const taken = new Set<string>();
  return items.filter(({ wish, remove }) => {
    const names = [...(remove === undefined ? [] : [`leaf ${remove}`]), `member ${wish.split(" ")[1]}`];
    if (names.some((name) => taken.has(name))) return false;
    for (const name of names) taken.add(name);
    return true;
  });
}
