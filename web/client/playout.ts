/**
 * How long voices and pictures wait before they are played (`RTCRtpReceiver.jitterBufferTarget`), so that what was lost
 * can be sent again in time. Browsers wait for round trips of their own way down alone, and for none of sound. Pure.
 */
import type { Uplink } from "./e2ee/envelope";

/**
 * Seconds from a loss to its first request, and of pacing: the server asks after 15 to 40 ms (sfu/streams/nack_generator.py),
 * browsers for sound two packets later, at their next look (20 + 20 + 20 ms). At 50 ms what was sent again came just too
 * late: 3 to 5 % of sound was concealed where 5 % is lost on the way down; at 60 and 70 ms at most 0.5 %, and 70 freezes
 * less (tests/sim/test_loss.py). More is more delay for everybody who talks.
 */
const MARGIN = 0.07;
/** Seconds there and back for somebody else's way up, which nobody tells: what the server assumes of it too. */
const THEIR_ROUND_TRIP = 0.1;
/**
 * Seconds at most. Whoever waits this long hears the end of a sentence half a second late and begins to talk into it
 * (ITU-T G.114: 400 ms is the most that is bearable); less leaves out loss on both ways at once.
 */
const MOST = 0.5;
/** Fractions lost on one's own way down from which one round trip is waited for, and two. As for the words "fair", "poor". */
const LOSSY = 0.02;
const VERY_LOSSY = 0.1;
/** After this without a cause the wait grows shorter, ms: bursts of loss come in series. */
const HOLD_MS = 10_000;
/** By which it does so at each look, seconds: a person then speaks a fortieth faster, which nobody hears. */
const STEP = 0.025;

/** Seconds that somebody's sound and picture should wait; 0 for what the browser thinks best. */
export function playoutTarget(uplink: Uplink, own: { loss: number; roundTrip: number | null }): number {
  const theirs = { good: 0, fair: 1, poor: 2 }[uplink];
  const ours = own.loss >= VERY_LOSSY ? 2 : own.loss >= LOSSY ? 1 : 0;
  const wait = (trips: number, roundTrip: number) => (trips > 0 ? trips * roundTrip + MARGIN : 0);
  return Math.min(MOST, wait(theirs, THEIR_ROUND_TRIP) + wait(ours, own.roundTrip ?? THEIR_ROUND_TRIP));
}

/** One person's wait over time: longer at once, shorter slowly. */
export class Playout {
  #target = 0;
  #neededAt = Number.NEGATIVE_INFINITY;

  /** Once a second, with what `playoutTarget` says; returns seconds, 0 for none. */
  update(wanted: number, now: number): number {
    if (wanted >= this.#target) {
      this.#target = wanted;
      this.#neededAt = now;
    } else if (now - this.#neededAt >= HOLD_MS) {
      this.#target = Math.max(wanted, this.#target - STEP);
    }
    return this.#target;
  }
}
