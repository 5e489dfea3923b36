/** Announcements that are also shown, until they were read: what was tried and had no effect, and changes of one's own role. Pure. */
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
  }
}

const INCIDENTS = {
  "forged-commit": { somebody: "incident-commit", nobody: "incident-commit-nobody" },
  "forged-request": { somebody: "incident-request", nobody: "incident-request-nobody" },
} as const;

const isNews = (one: Announcement): one is Announcement & News =>
  one.kind === "incident" ||
  ((one.kind === "co-facilitator-made" || one.kind === "co-facilitator-withdrawn") && one.self);

const same = (a: News, b: News) =>
  a.kind === b.kind &&
  a.name === b.name &&
  (a.kind !== "incident" || b.kind !== "incident" || a.incident === b.incident);

/** The list with what is news in `announcement`; what stands there already is not repeated. */
export function withNews(shown: readonly News[], announcement: Announcement): readonly News[] {
  if (!isNews(announcement) || shown.some((one) => same(one, announcement))) return shown;
  return [...shown, announcement].slice(-SHOWN);
}
