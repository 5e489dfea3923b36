/**
 * Notices that others use keys that this member was not told of: a server that withholds a commit, and shows one part of
 * a room to another. Sans-IO: `now` is in seconds, never going back.
 *
 * A frame's KID is readable to the server, which can therefore feign newer frames and so stop a sender. It could drop
 * all that this sender sends as well: nothing is gained by it.
 */
import { isAhead } from "./kid";

/** Seconds of newer frames without their commit, after which sending stops: a commit that is only slow is there by then. */
export const DISAGREE_SECONDS = 2;

/** Seconds without a newer frame after which sending goes on: shorter than anybody stays patient, longer than any pause between frames. */
export const QUIET_SECONDS = 5;

export class Disagreement {
  #first: number | null = null;
  #last = 0;
  /** Low 8 bits of the newest epoch that was seen. */
  #newest = 0;
  #active = false;

  /** True while nothing should be sent. */
  get active(): boolean {
    return this.#active;
  }

  /** When it would be over by itself, seconds. */
  get deadline(): number {
    return this.#active ? this.#last + QUIET_SECONDS : Number.POSITIVE_INFINITY;
  }

  /** A frame of an epoch that did not begin here; `low` are its 8 bits. */
  saw(low: number, now: number): void {
    this.tick(now);
    if (this.#first === null || isAhead(low, this.#newest)) this.#newest = low;
    this.#first ??= now;
    this.#last = now;
    if (now - this.#first >= DISAGREE_SECONDS) this.#active = true;
  }

  /** This epoch has come: all is well, unless it is an earlier one than was seen. */
  began(epoch: number): void {
    if (this.#first !== null && !isAhead(this.#newest, epoch)) this.clear();
  }

  tick(now: number): void {
    if (this.#first !== null && now - this.#last >= QUIET_SECONDS) this.clear();
  }

  clear(): void {
    this.#first = null;
    this.#active = false;
  }
}
