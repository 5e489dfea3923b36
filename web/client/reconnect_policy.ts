/** How soon to try again after a lost socket, and when to stop. */

/**
 * Milliseconds before attempt 0, 1, 2 …; the last one repeats. Quick at first, because most losses are a change of
 * network that is over in a second; the later steps are those of LiveKit's client (DefaultReconnectPolicy.ts).
 */
const DELAYS_MS = [0, 300, 1200, 2700, 4800, 7000] as const;

/** Spread of the later attempts, ms: a hundred browsers must not knock in the same instant after a server restart. */
const JITTER_MS = 1000;

/** The server keeps a place for 2 minutes (docs/protocol.md section 3); trying longer could only be told "expired". */
export const PLACE_KEPT_MS = 120_000;

/** Milliseconds to wait before `attempt` (from 0); `random` is in 0..1. The first two are not spread: they are for one person's network. */
export function reconnectDelay(attempt: number, random: number): number {
  const delay = DELAYS_MS[Math.min(attempt, DELAYS_MS.length - 1)] ?? 0;
  return attempt < 2 ? delay : delay + random * JITTER_MS;
}
