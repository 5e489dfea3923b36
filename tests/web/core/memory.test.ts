import { beforeEach, expect, test } from "vitest";
import { freshTab, Memory, storageIn } from "../../../web/client/memory";
import { FakeStorage } from "./fakes";

const GROUP = "AAAAAAAAAAAAAAAAAAAAAA";
const DAY = 24 * 3600 * 1000;
let tab: FakeStorage;
let browser: FakeStorage;
let now: number;
let memory: Memory;

beforeEach(() => {
  tab = new FakeStorage();
  browser = new FakeStorage();
  now = 1_000_000;
  memory = new Memory(tab, browser, () => now);
});

test("a tab's state comes back, for its own group alone", () => {
  const state = { ...freshTab(GROUP, "p1.x.y"), name: "Ana", agreed: true, microphone: false, token: "token" };
  memory.save(state);
  expect(memory.load(GROUP)).toEqual(state);
  expect(memory.load("BBBBBBBBBBBBBBBBBBBBBB")).toBeNull();
});

test("nothing of a tab is written where other tabs or later days find it", () => {
  memory.save({ ...freshTab(GROUP, "p1.secret.y"), name: "Ana", token: "token" });
  memory.rememberDevice("microphone", "mic-1");
  const kept = JSON.stringify([...browser.entries()]);
  for (const word of ["secret", "Ana", "token"]) expect(kept).not.toContain(word);
});

test.each(["{", "null", "7", "[]", '{"group":"other"}', `{"group":"${GROUP}"}`])("%s is no state", (text) => {
  tab.setItem("hearthside", text);
  expect(memory.load(GROUP)).toBeNull();
});

test("a damaged state is never more open than a good one", () => {
  tab.setItem(
    "hearthside",
    JSON.stringify({ group: GROUP, fragment: "f", microphone: "yes", camera: 1, agreed: "true" }),
  );
  expect(memory.load(GROUP)).toMatchObject({ microphone: false, camera: false, agreed: false, token: null });
});

test("a browser's mark lasts a day", () => {
  let drawn = 0;
  const draw = () => `mark-${++drawn}`;
  expect(memory.mark(GROUP, draw)).toBe("mark-1");
  now += DAY - 1;
  expect(memory.mark(GROUP, draw)).toBe("mark-1");
  now += 1;
  expect(memory.mark(GROUP, draw)).toBe("mark-2");
});

test("old marks are tidied away", () => {
  memory.mark(GROUP, () => "mark");
  memory.rememberDevice("camera", "cam-1");
  now += DAY + 1;
  memory.tidy();
  expect([...browser.entries()].map(([key]) => key)).toEqual(["hearthside.devices"]);
});

test("a tab has a mark of its own, which a reload keeps, and a damaged one is drawn anew", () => {
  const state = freshTab(GROUP, "p1.x.y");
  expect(state.tab).toMatch(/^[A-Za-z0-9_-]{22}$/);
  expect(freshTab(GROUP, "p1.x.y").tab).not.toBe(state.tab);
  memory.save(state);
  expect(memory.load(GROUP)?.tab).toBe(state.tab);
  memory.save({ ...state, tab: "short" });
  expect(memory.load(GROUP)?.tab).toMatch(/^[A-Za-z0-9_-]{22}$/);
});

test("an organiser's browser keeps what must not be lost, by group, until the group is deleted", () => {
  expect(memory.organiser(GROUP)).toEqual({ highest: 0, revocations: null });
  memory.rememberOrganiser(GROUP, { highest: 3, revocations: "list" });
  expect(memory.organiser(GROUP)).toEqual({ highest: 3, revocations: "list" });
  expect(memory.organiser("BBBBBBBBBBBBBBBBBBBBBB").highest).toBe(0);
  browser.setItem(`hearthside.organiser.${GROUP}`, '{"highest":"9","revocations":7}');
  expect(memory.organiser(GROUP)).toEqual({ highest: 0, revocations: null });
  memory.forgetOrganiser(GROUP);
  expect([...browser.entries()]).toEqual([]);
});

test("chosen devices are remembered one by one", () => {
  memory.rememberDevice("microphone", "mic-1");
  memory.rememberDevice("speaker", "out-1");
  expect(memory.devices()).toEqual({ microphone: "mic-1", speaker: "out-1" });
});

test("a full or forbidden storage harms nothing", () => {
  tab.broken = true;
  browser.broken = true;
  expect(() => memory.save(freshTab(GROUP, "f"))).not.toThrow();
  expect(memory.load(GROUP)).toBeNull();
  expect(memory.mark(GROUP, () => "mark")).toBe("mark");
  expect(() => memory.rememberDevice("camera", "x")).not.toThrow();
});

test("a browser that forbids storage gets a page that works, and remembers nothing", () => {
  const forbidden = () => {
    throw new DOMException("forbidden", "SecurityError");
  };
  const nothing = new Memory(storageIn(forbidden), storageIn(forbidden));
  nothing.save(freshTab(GROUP, "p1.x.y"));
  nothing.rememberDevice("camera", "cam");
  nothing.tidy();
  nothing.rememberOrganiser(GROUP, { highest: 1, revocations: null });
  nothing.forgetOrganiser(GROUP);
  expect([nothing.load(GROUP), nothing.devices(), nothing.mark(GROUP, () => "mark")]).toEqual([null, {}, "mark"]);
  expect(storageIn(() => tab)).toBe(tab);
});
