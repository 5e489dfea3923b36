/**
 * Which epoch's key one's own frames of a room are sealed under. Sans-IO: `now` is in seconds, never going back.
 *
 * Receivers hold an epoch's keys before its senders use them, unless somebody was removed: then senders change at once.
 */
import type { EpochKeys } from "./epoch_keys";

/**
 * Seconds after which senders change although somebody has not said that they hold the keys. Longer leaves newcomers
 * without sound; shorter makes frames wait at whoever is slow.
 */
export const SWITCH_SECONDS = 1;

/** Epochs that wait at once: one a second makes 2. With a further one the oldest is used before its time. */
const WAITING_EPOCHS = 8;

export class SendingEpoch {
  #current: EpochKeys | null = null;
  /** Begun and not used yet, the oldest first. */
  #waiting: { keys: EpochKeys; at: number }[] = [];

  /** What is sealed under now; null while nothing may be sent. */
  get current(): EpochKeys | null {
    return this.#current;
  }

  /** When the next change is due, seconds. */
  get deadline(): number {
    return this.#waiting[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** The order of the calls is the order of the epochs. */
  began(keys: EpochKeys, now: number): void {
    const newest = this.#waiting.at(-1)?.keys ?? this.#current;
    // Not a later number: what was begun since then is void, and its keys are not everybody's.
    if (!this.#current || keys.removal || (newest && keys.epoch <= newest.epoch)) {
      this.#current = keys;
      this.#waiting = [];
    } else {
      if (this.#waiting.length === WAITING_EPOCHS) this.#useWaiting(0);
      this.#waiting.push({ keys, at: now + SWITCH_SECONDS });
    }
  }

  /** Everybody holds the keys of this epoch. */
  ready(epoch: number): void {
    const at = this.#waiting.findIndex(({ keys }) => keys.epoch === epoch);
    if (at >= 0) this.#useWaiting(at);
  }

  /** Changes to the newest epoch that is due. */
  tick(now: number): void {
    const due = this.#waiting.filter(({ at }) => at <= now).length;
    if (due > 0) this.#useWaiting(due - 1);
  }

  /** Nothing is sent until the next epoch begins. */
  suspend(): void {
    this.#current = null;
    this.#waiting = [];
  }

  #useWaiting(at: number): void {
    this.#current = (this.#waiting[at] as { keys: EpochKeys }).keys;
    this.#waiting = this.#waiting.slice(at + 1);
  }
}
