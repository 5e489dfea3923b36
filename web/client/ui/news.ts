/**
 * Announcements that are also shown, until they were read: what was tried and had no effect, what could not be done, and
 * what changed about one's own role or the links. Pure.
 */
import type { L10n } from "../l10n";
import type { Announcement } from "../model";
import type { News } from "./context";

/** More than this at once would take the faces' room; the oldest goes. */
const SHOWN = 3;

export function newsWords(one: News, l10n: L10n): string {
  const { t } = l10n;
  switch (one.kind) {
    case "incident":
      if (one.incident === "forged-knock") return t("incident-knock");
      if (one.name === null) return t(INCIDENTS[one.incident].nobody);
      return t(INCIDENTS[one.incident].somebody, { name: one.name });
    case "co-facilitator-made":
      return one.self ? t("co-facilitator-you") : t("co-facilitator-other", { name: one.name });
    case "co-facilitator-withdrawn":
      return one.self ? t("co-facilitator-you-not") : t("co-facilitator-other-not", { name: one.name });
    case "request-refused":
      return t(REFUSED[one.code] ?? "say-request-refused");
    default:
      return t(PLAIN[one.kind]);
  }
}

/** What was asked for and could not be done: by the server's code, or "offline". */
const REFUSED: Readonly<Record<string, string>> = {
  meeting_full: "say-request-full",
  offline: "say-request-offline",
  screen_busy: "say-screen-busy",
};

const PLAIN = {
  "links-changed": "links-changed",
  "facilitator-withdrawn": "facilitator-withdrawn",
  "messages-missed": "say-messages-missed",
} as const;

const INCIDENTS = {
  "forged-commit": { somebody: "incident-commit", nobody: "incident-commit-nobody" },
  "forged-request": { somebody: "incident-request", nobody: "incident-request-nobody" },
} as const;

const isNews = (one: Announcement): one is Announcement & News =>
  one.kind === "incident" ||
  one.kind === "request-refused" ||
  one.kind in PLAIN ||
  ((one.kind === "co-facilitator-made" || one.kind === "co-facilitator-withdrawn") && one.self);

/** Said in the same words: but for the urgency, which is no part of them. */
const same = ({ urgency: _a, ...a }: News, { urgency: _b, ...b }: News) => JSON.stringify(a) === JSON.stringify(b);

/** The list with what is news in `announcement`; what stands there already is not repeated. */
export function withNews(shown: readonly News[], announcement: Announcement): readonly News[] {
  if (!isNews(announcement) || shown.some((one) => same(one, announcement))) return shown;
  return [...shown, announcement].slice(-SHOWN);
}
