/** Whether one peer connection works, and when to build it anew. Pure: states and the time go in, a verdict comes out. */

/** From the start until the person reads that the network blocks voice and picture, ms (docs/protocol.md, `media_blocked`). */
export const BLOCKED_MS = 10_000;
/** "disconnected" heals by itself when single packets were lost; a changed network does not. ms. */
const DISCONNECTED_MS = 2_500;
/** A connection that neither connects nor fails is given up after this, ms: Chromium's own verdict takes 15 to 30 s. */
const CONNECTING_MS = 15_000;
/** Pause before the first, second … rebuilding, ms; the last one repeats. */
const BACKOFF_MS = [0, 1_000, 2_000, 4_000, 8_000] as const;
/** Connected for this long, ms, makes the next failure a first one again. */
const STABLE_MS = 10_000;

export class MediaHealth {
  #state: RTCPeerConnectionState = "new";
  #since: number;
  #attempt = 0;
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

  changed(state: RTCPeerConnectionState, now: number): void {
    if (state === this.#state) return;
    // "new" to "connecting" is one wait.
    if (!(this.#state === "new" && state === "connecting")) this.#since = now;
    this.#state = state;
    if (state === "connected") this.#missingSince = null;
    else this.#missingSince ??= now;
  }

  /** A fresh connection was made in the place of the old one. */
  rebuilt(now: number): void {
    this.#attempt += 1;
    this.#state = "new";
    this.#since = now;
    this.#missingSince ??= now;
  }

  /** When this connection should be replaced, ms; Infinity while it works. */
  rebuildAt(now: number): number {
    if (this.#state === "connected") {
      if (now - this.#since >= STABLE_MS) this.#attempt = 0;
      return Number.POSITIVE_INFINITY;
    }
    const backoff = BACKOFF_MS[Math.min(this.#attempt, BACKOFF_MS.length - 1)] ?? 0;
    if (this.#state === "failed" || this.#state === "closed") return this.#since + backoff;
    if (this.#state === "disconnected") return this.#since + DISCONNECTED_MS;
    return this.#since + CONNECTING_MS;
  }

  /** True once voice or picture has been missing for 10 s. */
  blocked(now: number): boolean {
    return this.#missingSince !== null && now - this.#missingSince >= BLOCKED_MS;
  }
}
