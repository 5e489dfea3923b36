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
    const tab = known?.fragment === secret ? known : freshTab(link.group, secret);
    return { link, tab };
  } catch (error) {
    if (error instanceof LinkError) return error.kind;
    throw error;
  }
}

export interface GroupAnswer {
  root_key: string;
  profile: string;
}

/** What the server keeps of a group, or why it cannot be had. */
export async function fetchGroup(
  base: string,
  group: string,
  get: typeof fetch = fetch,
): Promise<GroupAnswer | Extract<Problem, "unknown-group" | "too-busy" | "unreachable">> {
  try {
    const answer = await get(`${base}/api/v1/groups/${group}`, { cache: "no-store" });
    if (answer.status === 404) return "unknown-group";
    if (answer.status === 429) return "too-busy";
    if (!answer.ok) return "unreachable";
    const { root_key, profile } = (await answer.json()) as Partial<GroupAnswer>;
    return typeof root_key === "string" && typeof profile === "string" ? { root_key, profile } : "unreachable";
  } catch {
    return "unreachable";
  }
}
