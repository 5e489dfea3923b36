/** A person in words: the accessible name of a tile, the line under a name. */
import type { L10n } from "../l10n";
import type { MemberView } from "../model";
import { SHIELDS, shieldOf } from "./encryption_words";

export const nameOf = (member: Pick<MemberView, "name">, l10n: L10n) => member.name ?? l10n.t("somebody-new");

/** "Marta, facilitator, speaking"; nothing for nothing. */
export function inOneLine([first, ...rest]: readonly string[], l10n: L10n): string {
  return rest.reduce((said, word) => l10n.t("and-then", { said, word }), first ?? "");
}

/** A role inside a sentence, and at its beginning. */
export const ROLES = {
  facilitator: { inside: "tile-facilitator", first: "person-facilitator" },
  "co-facilitator": { inside: "tile-co-facilitator", first: "person-co-facilitator" },
} as const;

/** "NAME, you, facilitator, speaking, muted, camera off or picture paused, hand raised, number 2, encryption checked": in this order, only what applies. */
export function tileLabel(member: MemberView, l10n: L10n): string {
  const { t } = l10n;
  const words = [nameOf(member, l10n)];
  if (member.self) words.push(t("tile-you"));
  if (member.role !== "participant") words.push(t(ROLES[member.role].inside));
  if (member.speaking) words.push(t("tile-speaking"));
  if (member.muted) words.push(t("tile-muted"));
  if (member.cameraOff) words.push(t("tile-camera-off"));
  else if (member.held) words.push(t("tile-picture-paused"));
  if (member.hand > 0) words.push(t("tile-hand", { place: member.hand }));
  if (!member.connected) words.push(t("tile-lost"));
  // Nothing can come of a key while its owner is away.
  if (member.connected || member.keys === "encrypted") words.push(t(SHIELDS[shieldOf(member)].tile));
  return inOneLine(words, l10n);
}

/** "You, facilitator" or "Speaking": what stands under the name in the list of people. */
export function personLine(member: MemberView, l10n: L10n): string {
  const { t } = l10n;
  const words: string[] = [];
  if (member.self) words.push(t("person-you"));
  if (member.role !== "participant") {
    const { inside, first } = ROLES[member.role];
    words.push(t(member.self ? inside : first));
  }
  if (!member.connected) words.push(t("person-lost"));
  else if (member.speaking) words.push(t("person-speaking"));
  else if (member.network) words.push(t("person-weak"));
  else if (member.cameraOff && !member.self) words.push(t("person-camera-off"));
  return inOneLine(words, l10n);
}

/** What the sign of a weak connection means, as a sentence or two. */
export function weakWords(member: Pick<MemberView, "name" | "self" | "network">, l10n: L10n): string {
  const { t } = l10n;
  if (member.self) return t(member.network === "poor" ? "own-poor" : "own-fair");
  return t(member.network === "poor" ? "explain-poor" : "explain-fair", { name: nameOf(member, l10n) });
}
