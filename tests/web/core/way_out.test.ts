import { beforeEach, expect, test } from "vitest";
import { freshTab, Memory } from "../../../web/client/memory";
import type { Role } from "../../../web/client/model";
import { Store } from "../../../web/client/store";
import { WayOut, type WayOutOptions } from "../../../web/client/way_out";
import { FakeStorage } from "./fakes";

const GROUP = "group";
let done: string[];
let store: Store;
let memory: Memory;
const tabStorage = () => memory.load(GROUP);

function make(role: Role, { inCall = false, contradicts = false, outdated = false } = {}): WayOut {
  store.role.value = role;
  store.connection.value = "reconnecting";
  const tab = { ...freshTab(GROUP, "fragment"), name: "Ana", token: "token", hand: { meeting: "m", seq: 7 } };
  memory.save(tab);
  const note = (what: string) => () => void done.push(what);
  const meeting = {
    call: inCall ? { contradicts: () => contradicts } : null,
    outdated,
    over: (what: string) => done.push(`meeting over: ${what}`),
    close: note("meeting closed"),
    forget: note("meeting forgotten"),
  } as unknown as WayOutOptions["meeting"];
  return new WayOut({
    store,
    tab,
    memory,
    meeting,
    connection: { stop: note("socket closed") },
    kept: { stop: note("devices closed") },
    forgotten: note("session forgotten"),
  });
}

const ALL = ["socket closed", "devices closed", "meeting forgotten", "session forgotten"];

beforeEach(() => {
  done = [];
  store = new Store();
  memory = new Memory(new FakeStorage(), new FakeStorage());
});

test("whoever is out has everything closed, the page that says why, and a name for the next time", () => {
  make("participant").finish("left");
  expect([done, store.screen.value]).toEqual([ALL, { name: "left", reason: "left" }]);
  expect(store.connection.value).toBe("fine");
  expect(tabStorage()).toMatchObject({ name: "Ana", token: null, hand: null, microphone: true });
});

test("starting over leaves the devices as they are, and says so where the links were changed", () => {
  make("participant").startOver();
  expect(done).toEqual(ALL.filter((one) => one !== "devices closed"));
  expect([store.screen.value, tabStorage()?.token]).toEqual([{ name: "before" }, null]);
  make("participant", { outdated: true }).startOver();
  expect(store.screen.value).toEqual({ name: "problem", problem: "links-changed" });
});

test("another tab that took over goes on with the key: the meeting is closed before it is forgotten", () => {
  make("participant").finish("taken-over");
  expect(done.indexOf("meeting closed")).toBeLessThan(done.indexOf("meeting forgotten"));
  expect(done).toContain("meeting closed");
});

test("an organiser stays on their page, and what it knows of the group goes with the group alone", () => {
  memory.rememberOrganiser(GROUP, { highest: 3, revocations: null });
  const organiser = make("organiser");
  organiser.finish("expired");
  expect(store.screen.value).toMatchObject({ name: "organiser", deleted: false });
  expect(memory.organiser(GROUP).highest).toBe(3);
  organiser.finish("deleted");
  expect(store.screen.value).toMatchObject({ name: "organiser", deleted: true });
  expect(memory.organiser(GROUP).highest).toBe(0);
});

test("what a facilitator is said to have done waits for its proof in a call, and for none at the door", () => {
  make("participant", { inCall: true }).ended("facilitator");
  expect(done).toEqual(["socket closed", "devices closed", "meeting over: ended"]);
  done = [];
  make("participant").over("removed");
  expect([done, store.screen.value]).toEqual([ALL, { name: "left", reason: "removed" }]);
});

test.each([
  ["empty", false, "empty"],
  ["no_facilitator", false, "no-facilitator"],
  ["empty", true, "ended-unsigned"],
  ["no_facilitator", true, "ended-unsigned"],
  ["deleted", true, "deleted"],
] as const)("the server's end %s, contradicted by the group: %s, is shown as %s", (reason, contradicts, shown) => {
  make("participant", { inCall: true, contradicts }).ended(reason);
  expect(store.screen.value).toEqual({ name: "left", reason: shown });
});

test("who was declined reads when they may ask again", () => {
  const before = performance.now();
  make("participant").declined(60);
  const { screen } = store;
  if (screen.value.name !== "declined") throw new Error(`the page shows ${screen.value.name}`);
  expect(screen.value.retryAt - before).toBeGreaterThanOrEqual(60_000);
  expect(screen.value.retryAt - performance.now()).toBeLessThanOrEqual(60_000);
});
