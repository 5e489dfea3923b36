/** A person in words: the accessible name of a tile, the line under a name. */
import type { L10n } from "../l10n";
import type { MemberView } from "../model";

export const nameOf = (member: Pick<MemberView, "name">, l10n: L10n) => member.name ?? l10n.t("somebody-new");

/** "Marta, facilitator, speaking"; nothing for nothing. */
export function inOneLine([first, ...rest]: readonly string[], l10n: L10n): string {
  return rest.reduce((said, word) => l10n.t("and-then", { said, word }), first ?? "");
}

/** "NAME, you, facilitator, speaking, muted, camera off, hand raised, number 2": in this order, only what applies. */
export function tileLabel(member: MemberView, l10n: L10n): string {
  const { t } = l10n;
  const words = [nameOf(member, l10n)];
  if (member.self) words.push(t("tile-you"));
  if (member.role === "facilitator") words.push(t("tile-facilitator"));
  if (member.speaking) words.push(t("tile-speaking"));
  if (member.muted) words.push(t("tile-muted"));
  if (member.cameraOff) words.push(t("tile-camera-off"));
  if (member.hand > 0) words.push(t("tile-hand", { place: member.hand }));
  if (!member.connected) words.push(t("tile-lost"));
  else if (member.keys === "waiting") words.push(t("tile-waiting-key"));
  else if (member.keys === "problem") words.push(t("tile-key-problem"));
  return inOneLine(words, l10n);
}

/** "You, facilitator" or "Speaking": what stands under the name in the list of people. */
export function personLine(member: MemberView, l10n: L10n): string {
  const { t } = l10n;
  const words: string[] = [];
  if (member.self) words.push(t("person-you"));
  if (member.role === "facilitator") words.push(t(member.self ? "tile-facilitator" : "person-facilitator"));
  if (!member.connected) words.push(t("person-lost"));
  else if (member.speaking) words.push(t("person-speaking"));
  else if (member.cameraOff && !member.self) words.push(t("person-camera-off"));
  return inOneLine(words, l10n);
}
