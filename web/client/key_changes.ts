/** What led to the keys in use, as the group tells it: a list that grows at its end and forgets at its beginning. */
import type { KeyChange } from "./e2ee/worker_messages";

/** The changes after the last one that was known; all of them when it is not among them. */
export function newChanges(known: readonly KeyChange[], now: readonly KeyChange[]): readonly KeyChange[] {
  const last = known.at(-1);
  if (!last) return now;
  return now.slice(now.map((change) => JSON.stringify(change)).lastIndexOf(JSON.stringify(last)) + 1);
}
