import { expect, test } from "vitest";
import type { CheckView, GroupView } from "../../../web/client/e2ee/worker_messages";
import { EMOJI } from "../../../web/client/emoji";
import { encryptionView } from "../../../web/client/encryption_view";
import { person } from "./fake_manager";

const NAMES: Record<string, string> = { marta: "Marta", ben: "Ben", me: "Ana" };
const nameOf = (member: string) => NAMES[member] ?? null;
const PEOPLE = [person("marta", 0, "facilitator", true), person("me", 1), person("ben", 2), person("nameless", 3)];
const GROUP: GroupView = {
  room: "room",
  state: "in",
  epoch: 4,
  people: PEOPLE,
  changes: [
    { kind: "founded", members: ["marta"], by: "marta", at: 1000 },
    { kind: "joined", members: ["ben", "nameless"], by: "marta", at: 2000 },
  ],
};
const CHECK: CheckView = {
  round: "r",
  startedBy: "ben",
  state: "done",
  epoch: 4,
  emoji: [0, 63, 63, 3, 4, 5, 6, 7],
  digits: "012345",
  took: ["marta", "me", "ben"],
  silent: ["nameless"],
  at: 3000,
  marked: false,
};
const show = (more: Partial<Parameters<typeof encryptionView>[0]> = {}) =>
  encryptionView({ ready: true, group: GROUP, check: null, troubles: [], locked: false, nameOf, ...more });

test("before there is a group nothing is claimed", () => {
  expect(show({ ready: false, group: null })).toEqual({
    ready: false,
    unchecked: 0,
    check: null,
    since: null,
    checkedNames: [],
    uncheckedNames: [],
    troubles: [],
    locked: false,
  });
});

test("others are counted, oneself is not; somebody without a name yet counts all the same", () => {
  const view = show();
  expect([view.unchecked, view.checkedNames, view.uncheckedNames]).toEqual([2, ["Marta"], ["Ben", null]]);
  expect(view.since).toEqual({ at: new Date(2000), kind: "joined", names: ["Ben", null] });
});

test("one's own coming in is told as such, somebody else's after it as theirs", () => {
  const mine = { kind: "joined", members: ["me"], by: null, at: 1500 } as const;
  const since = (...changes: GroupView["changes"]) => show({ group: { ...GROUP, changes } }).since;
  expect(since(mine)).toEqual({ at: new Date(1500), kind: "entered", names: ["Ana"] });
  expect(since(mine, ...GROUP.changes.slice(1))).toMatchObject({ kind: "joined", names: ["Ben", null] });
  expect(since({ ...mine, kind: "back" })).toMatchObject({ kind: "back" });
});

test("the eight are the list's, in the round's order, repeats included", () => {
  const { check } = show({ check: CHECK });
  const shown = (number: number) => ({ symbol: EMOJI[number]?.symbol, name: `emoji-${EMOJI[number]?.name}` });
  expect(check?.emoji).toEqual([0, 63, 63, 3, 4, 5, 6, 7].map(shown));
  expect(check).toMatchObject({ startedBy: "Ben", took: ["Marta", "Ben"], at: new Date(3000) });
});

test("who was silent is told, by name or without one, and who took part besides oneself", () => {
  const told = (took: string[], silent: string[]) => {
    const { check } = show({ check: { ...CHECK, took, silent } });
    return [check?.took, check?.silent];
  };
  expect(told(["marta", "me"], ["ben", "nameless"])).toEqual([["Marta"], ["Ben", null]]);
  expect(told(["me", "nameless"], ["ben"])).toEqual([[null], ["Ben"]]);
  expect(told(["me"], ["nameless"])).toEqual([[], [null]]);
});

test("by whom a round failed is told, oneself included", () => {
  const failed = { ...CHECK, state: "failed", emoji: null, digits: null, took: [], at: null } as const;
  const { check } = show({ check: { ...failed, silent: ["ben", "nameless", "me"] } });
  expect(check).toMatchObject({ state: "failed", took: [], silent: ["Ben", null, "Ana"] });
});

test("a number outside the list is not shown as anything", () => {
  expect(show({ check: { ...CHECK, emoji: [64] } }).check?.emoji).toEqual([]);
  expect(show({ check: { ...CHECK, state: "gathering", emoji: null, at: null } }).check).toMatchObject({
    emoji: null,
    at: null,
    outdated: false,
  });
});

test("a round speaks for those who were asked, until somebody comes or goes", () => {
  const outdated = (people: typeof PEOPLE) =>
    show({ check: CHECK, group: { ...GROUP, epoch: 9, people } }).check?.outdated;
  expect(outdated(PEOPLE)).toBe(false);
  expect(outdated([...PEOPLE, person("new", 4)])).toBe(true);
  expect(outdated(PEOPLE.slice(0, 3))).toBe(true);
  expect(outdated([...PEOPLE.slice(0, 3), person("new", 3)])).toBe(true);
});

test("troubles are told with names, the lock as it is", () => {
  const troubles = [{ kind: "keys-disagree" }, { kind: "facilitator-silent", members: ["marta", "nobody"] }] as const;
  const view = show({ troubles, locked: true });
  expect(view.troubles).toEqual([
    { kind: "keys-disagree", names: [] },
    { kind: "facilitator-silent", names: ["Marta", null] },
  ]);
  expect(view.locked).toBe(true);
});
