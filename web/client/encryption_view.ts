/** What the page shows of the encryption, put together from what the worker tells. Pure. */
import type { CheckView, GroupView, Trouble } from "./e2ee/worker_messages";
import { EMOJI } from "./emoji";
import type { EncryptionView } from "./model";

export interface EncryptionSources {
  /** Keys stand: one is in the group. */
  ready: boolean;
  /** As last known. */
  group: GroupView | null;
  check: CheckView | null;
  troubles: readonly Trouble[];
  locked: boolean;
  /** As everybody shows it; null until it has arrived. */
  nameOf(member: string): string | null;
}

export function encryptionView(sources: EncryptionSources): EncryptionView {
  const { ready, group, check, troubles, locked } = sources;
  const names = (members: readonly string[]) => members.map(sources.nameOf);
  const others = (group?.people ?? []).filter((person) => !person.self);
  const unchecked = others.filter((person) => !person.checked);
  const last = group?.changes.at(-1);
  const own = group?.people.find((person) => person.self)?.member;
  const entered = last?.kind === "joined" && last.members.some((member) => member === own);
  return {
    ready,
    unchecked: unchecked.length,
    check: check && shownCheck(check, group?.people ?? [], own, sources.nameOf),
    since: last ? { at: new Date(last.at), kind: entered ? "entered" : last.kind, names: names(last.members) } : null,
    checkedNames: names(others.filter((person) => person.checked).map((person) => person.member)),
    uncheckedNames: names(unchecked.map((person) => person.member)),
    troubles: troubles.map((trouble) => ({
      kind: trouble.kind,
      names: "members" in trouble ? names(trouble.members) : [],
    })),
    locked,
  };
}

function shownCheck(
  check: CheckView,
  present: GroupView["people"],
  own: string | undefined,
  nameOf: EncryptionSources["nameOf"],
): NonNullable<EncryptionView["check"]> {
  const names = (members: readonly string[]) => members.map(nameOf);
  const asked = new Set([...check.took, ...check.silent]);
  return {
    state: check.state,
    startedBy: nameOf(check.startedBy) ?? "",
    emoji: check.emoji?.flatMap((number) => shownEmoji(number)) ?? null,
    digits: check.digits,
    took: names(check.took.filter((member) => member !== own)),
    silent: names(check.silent),
    at: check.at === null ? null : new Date(check.at),
    marked: check.marked,
    outdated:
      check.state === "done" && (present.length !== asked.size || present.some(({ member }) => !asked.has(member))),
  };
}

function shownEmoji(number: number): { symbol: string; name: string }[] {
  const emoji = EMOJI[number];
  return emoji ? [{ symbol: emoji.symbol, name: `emoji-${emoji.name}` }] : [];
}
