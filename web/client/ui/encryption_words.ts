/** What shields show and say: of one person, and of the whole meeting. */
import type { L10n } from "../l10n";
import type { EncryptionView, MemberView, Model, Names } from "../model";
import type { UiState } from "./context";
import type { IconName } from "./icons";

export type Shield = "checked" | "unchecked" | "waiting" | "problem";

export const shieldOf = (member: Pick<MemberView, "keys" | "checked">): Shield =>
  member.keys === "encrypted" ? (member.checked ? "checked" : "unchecked") : member.keys;

interface ShieldWords {
  icon: IconName;
  /** As part of a tile's name. */
  tile: string;
  /** A sentence with `$name`. */
  explanation: string;
  /** The style sheet's name for its colour over pictures. */
  colour: "ok" | "off" | "";
}

export const SHIELDS: Readonly<Record<Shield, ShieldWords>> = {
  checked: { icon: "shield-check", tile: "tile-checked", explanation: "explain-checked", colour: "ok" },
  unchecked: { icon: "shield", tile: "tile-unchecked", explanation: "explain-unchecked", colour: "" },
  waiting: { icon: "shield-ellipsis", tile: "tile-waiting-key", explanation: "explain-waiting", colour: "" },
  problem: { icon: "shield-alert", tile: "tile-key-problem", explanation: "explain-problem", colour: "off" },
};

type Trouble = EncryptionView["troubles"][number]["kind"];

/** What is wrong for everybody; sentences with `$names`. */
export const TROUBLES: Readonly<Record<Trouble, { icon: IconName; text: string }>> = {
  "keys-disagree": { icon: "shield-alert", text: "trouble-keys-disagree" },
  "facilitator-silent": { icon: "wifi-off", text: "trouble-facilitator-silent" },
  "no-facilitator": { icon: "info", text: "trouble-no-facilitator" },
  rejoining: { icon: "shield-ellipsis", text: "trouble-rejoining" },
};

/** "Marta, Ben, and somebody new" inside a sentence; without anybody, "Somebody". */
export function namesInWords(names: Readonly<Names>, { t, list }: L10n): string {
  const known = names.filter((name) => name !== null);
  const count = names.length - known.length;
  return names.length > 0 ? list(count > 0 ? [...known, t("people-new", { count })] : known) : t("somebody");
}

export function troubleWords(kind: Trouble, names: Readonly<Names>, l10n: L10n): string {
  const helped = kind === "no-facilitator" && names.length > 0;
  const text = helped ? "trouble-no-facilitator-helped" : TROUBLES[kind].text;
  return l10n.t(text, { names: namesInWords(names, l10n) });
}

/** How the whole meeting stands, in few words. */
export function encryptionState(
  view: EncryptionView,
  alone: boolean,
  l10n: L10n,
): { icon: IconName; words: string; colour: "moss" | "clay" | "plain" } {
  const { t } = l10n;
  if (view.troubles.some(({ kind }) => kind === "keys-disagree")) {
    return { icon: "shield-alert", words: t("encryption-stopped"), colour: "clay" };
  }
  if (!view.ready) return { icon: "shield-ellipsis", words: t("encryption-changing"), colour: "plain" };
  if (view.unchecked > 0) {
    return { icon: "shield", words: t("encryption-unchecked", { count: view.unchecked }), colour: "plain" };
  }
  return { icon: "shield-check", words: t(alone ? "encrypted" : "encryption-checked"), colour: "moss" };
}

type Check = EncryptionView["check"];
const running = (check: Check) => check?.state === "gathering" || check?.state === "revealing";

/** A round that was not there before: one that began, or a result of another time. */
export function isNewRound(before: Check, now: Check): boolean {
  if (now === null || now.state === "failed") return false;
  return running(now) ? !running(before) : !running(before) && before?.at?.getTime() !== now.at?.getTime();
}

/** Who started a check that this person has not looked at; null if there is none, or it is their own. */
export function unseenCheck(model: Model, ui: UiState): string | null {
  const { check } = model.encryption.value;
  if (!check || check.state === "failed" || check.marked || ui.checkSeen.value) return null;
  const own = model.members.value.find((member) => member.self)?.name;
  return check.startedBy === own ? null : check.startedBy;
}
