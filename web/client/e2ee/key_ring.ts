/**
 * The receive keys of everybody in every room, by (room, member, KID). Sans-IO: `now` is in seconds.
 *
 * A member's keys come from that member's own `state`: what it lists is valid, what it lists no longer is kept a
 * little for frames on their way. One KID may have several keys for that while, because a page that was reloaded
 * counts its contexts anew, under new salts. Keys that are over open nothing, but stay remembered with their replay
 * windows: otherwise a server that lets a member "leave" and "join" again could play back what it recorded of them.
 */
import type { Kind } from "./codec_header";
import { ReplayWindow } from "./replay_window";
import type { Place } from "./worker_messages";

/** Seconds that a key stays after its owner stopped listing it: longer than any frame is on its way. */
export const OLD_KEY_SECONDS = 10;

/** Keys kept for one member, those that are over among them: 8 tracks, and as many again for each of 3 restarts. Further ones push out the oldest. */
export const KEYS_PER_MEMBER = 32;

export interface Announced {
  kid: number;
  track: string;
  kind: Kind;
  /** base64url; tells two keys of one KID apart. */
  salt: string;
}

export interface RingKey<Key> extends Announced {
  readonly key: Key;
  readonly window: ReplayWindow;
  /** When it goes, seconds; null while its owner lists it. */
  dropAt: number | null;
}

export class KeyRing<Key> {
  readonly #rooms = new Map<string, Map<string, RingKey<Key>[]>>();

  constructor(private readonly derive: (place: Place, announced: Announced) => Key) {}

  /** What the member of `place` uses from now on. A key that is known already keeps its replay window. */
  announce(place: Place, list: Announced[], now: number): void {
    const { room, member } = place;
    const members = this.#rooms.get(room) ?? new Map<string, RingKey<Key>[]>();
    this.#rooms.set(room, members);
    const before = members.get(member) ?? [];
    const listed: RingKey<Key>[] = [];
    for (const announced of list.slice(0, KEYS_PER_MEMBER)) {
      const same = (other: Announced) => other.kid === announced.kid && other.salt === announced.salt;
      if (listed.some(same)) continue;
      const known = before.find(same);
      // Track and kind belong to the key for good: a second listing cannot turn a voice into a picture.
      listed.push(
        known ?? { ...announced, key: this.derive(place, announced), window: new ReplayWindow(), dropAt: null },
      );
    }
    for (const key of listed) key.dropAt = null;
    const old = before.filter((key) => !listed.includes(key));
    for (const key of old) key.dropAt ??= now + OLD_KEY_SECONDS;
    members.set(member, [...listed, ...old].slice(0, KEYS_PER_MEMBER));
  }

  /** Keys to try for a frame, those that are listed first; empty while none is known. */
  lookup(room: string, member: string, kid: number, now: number): RingKey<Key>[] {
    const keys = this.#rooms.get(room)?.get(member);
    return keys?.filter((key) => key.kid === kid && (key.dropAt === null || key.dropAt > now)) ?? [];
  }

  /** Their keys open nothing from now on, unless their owner lists them again. */
  forgetMember(room: string, member: string): void {
    for (const key of this.#rooms.get(room)?.get(member) ?? []) key.dropAt = Number.NEGATIVE_INFINITY;
  }

  forgetRoom(room: string): void {
    this.#rooms.delete(room);
  }
}
