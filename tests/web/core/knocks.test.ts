import { beforeEach, expect, test } from "vitest";
import { Knocks } from "../../../web/client/knocks";
import type { Announcement } from "../../../web/client/model";
import type { Knock } from "../../../web/client/protocol_types";
import { knock } from "./meeting_fixture";

let announced: Announcement[];
let changes: number;
let holds: boolean;
let knocks: Knocks;
let reading: (knock: Knock) => Promise<string | null>;

beforeEach(() => {
  [announced, changes, holds] = [[], 0, true];
  reading = async ({ id, sealed }) => (sealed === "junk" ? null : `name of ${id}`);
  knocks = new Knocks({
    self: "marta",
    holds: () => holds,
    read: (one) => reading(one),
    avatarSeed: async () => new Uint8Array(16),
    nameOf: (member) => (member === "ben" ? "Ben" : ""),
    announce: (announcement) => announced.push(announcement),
    changed: () => changes++,
  });
});

const read = () => new Promise((resolve) => setTimeout(resolve));

test("who was there when one came in is not announced, who comes later is, once", async () => {
  knocks.take([knock("early")]);
  knocks.knocked(knock("late"));
  knocks.knocked({ ...knock("late"), connected: false });
  await read();
  expect(announced).toEqual([{ urgency: "polite", kind: "knock", name: "name of late" }]);
  expect(knocks.list.unanswered).toEqual(["early", "late"]);
  expect(changes).toBe(3);
});

test("a knock that is not genuine has no name, and the person is shown all the same", async () => {
  knocks.knocked(knock("stranger", "junk"));
  await read();
  expect(knocks.list.views).toMatchObject([{ id: "stranger", name: null }]);
  expect(knocks.list.unanswered).toEqual([]);
});

test("a co-facilitator's answer is told, one's own is not", async () => {
  knocks.take([knock("ana"), knock("chi"), knock("dan")]);
  knocks.gone({ type: "knock_gone", knock: "ana", outcome: "admitted", by: "ben" });
  knocks.gone({ type: "knock_gone", knock: "chi", outcome: "admitted", by: "marta" });
  knocks.gone({ type: "knock_gone", knock: "dan", outcome: "withdrawn" });
  await read();
  expect(announced).toEqual([
    { urgency: "polite", kind: "knock-answered", name: "name of ana", by: "Ben", outcome: "admitted" },
  ]);
  expect(knocks.list.views.map((view) => [view.id, view.answered?.outcome])).toEqual([
    ["ana", "admitted"],
    ["dan", "withdrawn"],
  ]);
});

test("an answer that overtakes the reading waits for it, and a knock that cannot be read holds up nothing", async () => {
  let done: (name: string) => void = () => undefined;
  reading = () => new Promise((resolve) => (done = resolve));
  knocks.knocked(knock("ana"));
  knocks.gone({ type: "knock_gone", knock: "ana", outcome: "admitted", by: "marta" });
  await read();
  expect(knocks.list.views).toEqual([]);
  done("Ana");
  await read();
  expect([knocks.list.views, announced.length]).toEqual([[], 1]);
  reading = () => Promise.reject(new Error("not a knock"));
  knocks.knocked(knock("junk"));
  await read();
  reading = async () => "Chi";
  knocks.knocked(knock("chi"));
  await read();
  expect(knocks.list.unanswered).toEqual(["chi"]);
});

test("after a resume the server's list replaces one's own, and without the role there is none", async () => {
  knocks.take([knock("ana"), knock("chi")]);
  knocks.take([knock("chi")]);
  await read();
  expect(knocks.list.unanswered).toEqual(["chi"]);
  knocks.close();
  await read();
  expect(knocks.list.views).toEqual([]);
});

test("without the role for it nobody at the door is read, shown or told of, whatever the server sends", async () => {
  holds = false;
  reading = () => Promise.reject(new Error("nobody may read this"));
  knocks.take([knock("ana")]);
  knocks.knocked(knock("chi"));
  knocks.gone({ type: "knock_gone", knock: "ana", outcome: "admitted", by: "ben" });
  await read();
  expect([knocks.held, knocks.list.views, announced]).toEqual([false, [], []]);
});
