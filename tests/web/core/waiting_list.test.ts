import { expect, test } from "vitest";
import { WaitingList } from "../../../web/client/waiting_list";
import { knock as knockOf } from "./meeting_fixture";

const SEED = new Uint8Array(16);
const knock = (id: string, waiting_seconds = 0) => ({ ...knockOf(id), waiting_seconds });

test("people stand in the order in which they came", () => {
  const list = new WaitingList();
  expect(list.knocked(knock("late", 1), "Late", SEED, 10_000)).toBe(true);
  expect(list.knocked(knock("early", 9), "Early", SEED, 10_000)).toBe(true);
  expect(list.views.map((view) => [view.id, view.since])).toEqual([
    ["early", 1000],
    ["late", 9000],
  ]);
});

test("a change of a known knock is not a new one and keeps the waiting time", () => {
  const list = new WaitingList();
  list.knocked(knock("ana"), "Ana", SEED, 1000);
  expect(list.knocked({ ...knock("ana", 30), connected: false }, "Ana", SEED, 40_000)).toBe(false);
  expect(list.get("ana")).toMatchObject({ since: 1000, connected: false });
});

test("one's own answer clears the card at once", () => {
  const list = new WaitingList();
  list.knocked(knock("ana"), "Ana", SEED, 0);
  list.gone("ana", "admitted", null, 10);
  expect(list.views).toEqual([]);
});

test("a co-facilitator's answer stays readable for a moment and cannot be answered again", () => {
  const list = new WaitingList();
  list.knocked(knock("ana"), "Ana", SEED, 0);
  list.knocked(knock("chi"), "Chi", SEED, 0);
  list.gone("ana", "admitted", "Ben", 10);
  expect(list.get("ana")?.answered).toEqual({ outcome: "admitted", by: "Ben" });
  expect(list.unanswered).toEqual(["chi"]);
  expect(list.tick(1000)).toBe(false);
  expect(list.tick(10_000)).toBe(true);
  expect(list.views.map((view) => view.id)).toEqual(["chi"]);
});

test("somebody who knocks again is new again", () => {
  const list = new WaitingList();
  list.knocked(knock("ana"), "Ana", SEED, 0);
  list.gone("ana", "withdrawn", null, 10);
  expect(list.get("ana")?.answered).toEqual({ outcome: "withdrawn", by: null });
  expect(list.knocked(knock("ana"), "Ana", SEED, 20)).toBe(true);
  expect(list.get("ana")?.answered).toBeNull();
});

test("after a resume only the server's list counts", () => {
  const list = new WaitingList();
  list.knocked(knock("ana"), "Ana", SEED, 0);
  list.knocked(knock("chi"), "Chi", SEED, 0);
  list.keepOnly(new Set(["chi"]));
  expect(list.views.map((view) => view.id)).toEqual(["chi"]);
});

test("who came without the link's secret is seen, and is not among all who may be let in at once", () => {
  const list = new WaitingList();
  list.knocked(knock("ana"), "Ana", SEED, 0);
  list.knocked(knock("stranger"), null, SEED, 0);
  expect(list.views.map((view) => view.id)).toEqual(["ana", "stranger"]);
  expect(list.unanswered).toEqual(["ana"]);
});

test("names that look alike are told apart while both wait, in the order of arrival", () => {
  const list = new WaitingList();
  list.knocked(knock("a", 9), "Sam", SEED, 10_000);
  list.knocked(knock("b", 5), null, SEED, 10_000);
  list.knocked(knock("c", 4), null, SEED, 10_000);
  list.knocked(knock("d", 1), "sam", SEED, 10_000);
  expect(list.views.map((view) => view.name)).toEqual(["Sam", null, null, "sam (2)"]);
  list.gone("a", "admitted", null, 11_000);
  expect(list.views.map((view) => view.name)).toEqual([null, null, "sam"]);
});
