/** What the page was opened with: the link's secret, taken from the address or from this tab's memory. */
import { type Link, LinkError, parseLink } from "./links";
import { freshTab, type Memory, type TabState } from "./memory";
import type { Problem } from "./model";

export interface Opened {
  link: Link;
  tab: TabState;
}

/** `address`: the page's own, with its fragment if there is one. A fragment counts before what the tab remembers. */
export function openLink(address: string, memory: Memory): Opened | Extract<Problem, "no-secret" | "damaged-link"> {
  const [page = "", fragment = ""] = address.split(/#(.*)/s);
  const group = /\/g\/([^/?]+)/.exec(page)?.[1] ?? "";
  const known = memory.load(group);
  const secret = fragment || known?.fragment || "";
  try {
    const link = parseLink(`${page}#${secret}`);
    const tab = known?.fragment === secret ? known : freshTab(link.group, secret, memory.dataSaver());
    return { link, tab };
  } catch (error) {
    if (error instanceof LinkError) return error.kind;
    throw error;
  }
}

/** Pauses before what could not be fetched is asked for again, ms: a phone's network is back within them, or not soon. */
const AGAIN_AFTER_MS = [1_000, 3_000] as const;

/** The result of `work`, tried three times in all. Raises what the last try raised. */
export async function persistently<T>(work: () => Promise<T>): Promise<T> {
  for (const pause of AGAIN_AFTER_MS) {
    try {
      return await work();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  return work();
}

export interface GroupAnswer {
  root_key: string;
  profile: string;
  certificates: string[];
  revocations: string | null;
}

/** Why a group cannot be had. */
export type GroupProblem = Extract<Problem, "unknown-group" | "too-busy" | "unreachable">;

/** What the server keeps of a group, or why it cannot be had. */
export async function fetchGroup(
  base: string,
  group: string,
  get: typeof fetch = fetch,
): Promise<GroupAnswer | GroupProblem> {
  try {
    const answer = await get(`${base}/api/v1/groups/${group}`, { cache: "no-store" });
    if (answer.status === 404) return "unknown-group";
    if (answer.status === 429) return "too-busy";
    if (!answer.ok) return "unreachable";
    return readGroup(await answer.json()) ?? "unreachable";
  } catch {
    return "unreachable";
  }
}

function readGroup(answer: unknown): GroupAnswer | null {
  const { root_key, profile, certificates, revocations } = (answer ?? {}) as Partial<GroupAnswer>;
  if (typeof root_key !== "string" || typeof profile !== "string" || !Array.isArray(certificates)) return null;
  if (!certificates.every((one) => typeof one === "string")) return null;
  if (revocations !== null && typeof revocations !== "string") return null;
  return { root_key, profile, certificates, revocations };
}
