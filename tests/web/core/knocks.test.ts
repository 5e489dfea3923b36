import { beforeEach, expect, test } from "vitest";
import { Knocks } from "../../../web/client/knocks";
import type { Announcement } from "../../../web/client/model";

let announced: Announcement[];
let knocks: Knocks;
const knock = (id: string, sealed = `name of ${id}`) => ({ id, sealed, waiting_seconds: 0 });

beforeEach(() => {
  announced = [];
  knocks = new Knocks({
    self: "marta",
    open: async (sealed) => (sealed === "junk" ? null : sealed),
    avatarSeed: async () => new Uint8Array(16),
    nameOf: (member) => (member === "ben" ? "Ben" : ""),
    announce: (announcement) => announced.push(announcement),
  });
});

test("who was there when one came in is not announced, who comes later is, once", async () => {
  await knocks.take([knock("early")]);
  await knocks.knocked(knock("late"));
  await knocks.knocked({ ...knock("late"), connected: false });
  expect(announced).toEqual([{ urgency: "polite", kind: "knock", name: "name of late" }]);
  expect(knocks.list.unanswered).toEqual(["early", "late"]);
});

test("a name that does not open is no name, and the person is shown all the same", async () => {
  await knocks.knocked(knock("stranger", "junk"));
  expect(knocks.list.views).toMatchObject([{ id: "stranger", name: null }]);
});

test("a co-facilitator's answer is told, one's own is not", async () => {
  await knocks.take([knock("ana"), knock("chi"), knock("dan")]);
  knocks.gone({ type: "knock_gone", knock: "ana", outcome: "admitted", by: "ben" });
  knocks.gone({ type: "knock_gone", knock: "chi", outcome: "admitted", by: "marta" });
  knocks.gone({ type: "knock_gone", knock: "dan", outcome: "withdrawn" });
  expect(announced).toEqual([
    { urgency: "polite", kind: "knock-answered", name: "name of ana", by: "Ben", outcome: "admitted" },
  ]);
  expect(knocks.list.views.map((view) => [view.id, view.answered?.outcome])).toEqual([
    ["ana", "admitted"],
    ["dan", "withdrawn"],
  ]);
});

test("after a resume the server's list replaces one's own", async () => {
  await knocks.take([knock("ana"), knock("chi")]);
  await knocks.take([knock("chi")]);
  expect(knocks.list.unanswered).toEqual(["chi"]);
});
