/**
 * Whether one peer connection works, and what to do when it does not: an ICE restart, which keeps keys and tracks, and a
 * new connection where that does not help. Pure: states and the time go in, a verdict comes out.
 */

/** From the start until the person reads that the network blocks voice and picture, ms (docs/protocol.md, `media_blocked`). */
export const BLOCKED_MS = 10_000;
/**
 * "disconnected" is said after some seconds without an answer; single lost packets heal within this, ms. A restart costs
 * one offer, and what heals meanwhile is not disturbed by it.
 */
const DISCONNECTED_MS = 300;
/** What never connected is given more time for the same, ms: its restart is a new connection. */
const FIRST_DISCONNECTED_MS = 2_500;
/**
 * A restart that has not brought the connection back within this, ms, will not: offer, answer and checks take under 2 s
 * on a line with 500 ms there and back. Longer only delays the new connection.
 */
const RESTART_MS = 5_000;
/** Pause between two restarts that somebody else asks for, ms: a phone between two cells says "network changed" often. */
const RESTART_PAUSE_MS = 2_000;
/** A connection that neither connects nor fails is given up after this, ms: Chromium's own verdict takes 15 to 30 s. */
const CONNECTING_MS = 15_000;
/** Pause before the first, second … rebuilding, ms; the last one repeats. */
const BACKOFF_MS = [0, 1_000, 2_000, 4_000, 8_000] as const;
/** Connected for this long, ms, makes the next failure a first one again. */
const STABLE_MS = 10_000;

export type Remedy = { do: "restart" | "rebuild"; at: number };

export class MediaHealth {
  #state: RTCPeerConnectionState = "new";
  #since: number;
  #attempt = 0;
  /** This connection worked once: its keys stand, and new paths may be found for it. */
  #worked = false;
  /** When a restart was made that has not yet led to "connected", ms. */
  #restartedAt: number | null = null;
  #lastRestart = Number.NEGATIVE_INFINITY;
  /** Since when voice or picture is missing, ms; null while connected. */
  #missingSince: number | null;

  constructor(now: number) {
    this.#since = now;
    this.#missingSince = now;
  }

  get connected(): boolean {
    return this.#state === "connected";
  }

  get failed(): boolean {
    return this.#state === "failed";
  }

  /** Whether a restart can help at all. */
  get worked(): boolean {
    return this.#worked && this.#state !== "closed";
  }

  changed(state: RTCPeerConnectionState, now: number): void {
    if (state === this.#state) return;
    // "new" to "connecting" is one wait.
    if (!(this.#state === "new" && state === "connecting")) this.#since = now;
    this.#state = state;
    if (state === "connected") {
      this.#worked = true;
      this.#restartedAt = null;
      this.#missingSince = null;
    } else {
      this.#missingSince ??= now;
    }
  }

  /** A fresh connection was made in the place of the old one. */
  rebuilt(now: number): void {
    this.#attempt += 1;
    this.#state = "new";
    this.#since = now;
    this.#worked = false;
    this.#restartedAt = null;
    this.#missingSince ??= now;
  }

  restarted(now: number): void {
    this.#lastRestart = now;
    if (!this.connected) this.#restartedAt ??= now;
  }

  /** A restart could not be told to the server until now: the next one is given its whole time. */
  heardAgain(): void {
    this.#restartedAt = null;
  }

  /** Whether a restart may be made for a reason from outside: another network, another socket. */
  mayRestart(now: number): boolean {
    return this.worked && now - this.#lastRestart >= RESTART_PAUSE_MS;
  }

  /** What this connection needs and when, ms; null while it works. */
  remedy(now: number): Remedy | null {
    if (this.#state === "connected") {
      if (now - this.#since >= STABLE_MS) this.#attempt = 0;
      return null;
    }
    const backoff = BACKOFF_MS[Math.min(this.#attempt, BACKOFF_MS.length - 1)] ?? 0;
    if (this.worked && this.#restartedAt !== null) return { do: "rebuild", at: this.#restartedAt + RESTART_MS };
    if (this.worked) return { do: "restart", at: this.#since + (this.failed ? 0 : DISCONNECTED_MS) };
    if (this.#state === "failed" || this.#state === "closed") return { do: "rebuild", at: this.#since + backoff };
    if (this.#state === "disconnected") return { do: "rebuild", at: this.#since + FIRST_DISCONNECTED_MS };
    return { do: "rebuild", at: this.#since + CONNECTING_MS };
  }

  /** True once voice or picture has been missing for 10 s. */
  blocked(now: number): boolean {
    return this.#missingSince !== null && now - this.#missingSince >= BLOCKED_MS;
  }
}
