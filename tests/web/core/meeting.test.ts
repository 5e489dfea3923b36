/** The way from the door to the end of a call, without the session around it: its events are the test's. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { GroupAnswer, GroupProblem } from "../../../web/client/boot";
import type { DeviceManager } from "../../../web/client/devices";
import type { Door } from "../../../web/client/links";
import { Meeting } from "../../../web/client/meeting";
import { freshTab, Memory } from "../../../web/client/memory";
import type { ClientMessage, JoinedMessage } from "../../../web/client/protocol_types";
import type { Sound } from "../../../web/client/sound";
import { Store } from "../../../web/client/store";
import { FakeManager, person } from "./fake_manager";
import { FakePeerConnection, FakeStorage } from "./fakes";
import { GROUP, settle, setUp, TWO } from "./meeting_fixture";

const ANSWER: GroupAnswer = { root_key: "root", profile: "p", certificates: ["c1"], revocations: null };

let store: Store;
let answer: GroupAnswer | GroupProblem;
let sent: ClientMessage[];
let told: string[];
let awake: boolean;
let meeting: Meeting;

const worker = () => FakeManager.made.at(-1) as FakeManager;

function make(outdated = false): Meeting {
  const [tab, memory] = [freshTab(GROUP, "p1.secret.fingerprint"), new Memory(new FakeStorage(), null)];
  tab.name = "Ana";
  const door = {
    link: { role: "participant", group: GROUP, roomSecret: new Uint8Array(16), seed: null },
    openProfile: async (profile: string) => (profile === "p" ? "Thursday circle" : null),
    isRootKey: async (key: string) => key === "root",
    avatarSeed: async () => new Uint8Array(16),
  };
  return new Meeting(
    {
      store,
      devices: { outgoing: () => null, loudness: null, stream: { value: null } } as unknown as DeviceManager,
      sound: { play: () => undefined, stop: () => told.push("silent") } as unknown as Sound,
      memory,
      tab,
      door: door as unknown as Door,
      group: ANSWER,
      outdated,
      screens: "one",
      capture: undefined,
      fetchGroup: async () => answer,
      makeE2ee: (options) => new FakeManager(options).asManager(),
      makeConnection: () => new FakePeerConnection() as unknown as RTCPeerConnection,
      wakeLock: {
        hold: () => {
          awake = true;
        },
        release: () => {
          awake = false;
        },
      },
    },
    {
      send: (message) => sent.push(message) > 0,
      muted: (everyone) => told.push(`muted ${everyone}`),
      finished: (reason) => told.push(reason),
      hindered: (problem) => told.push(problem),
      mediaLost: () => told.push("media lost"),
    },
  );
}

const joined = (more: Partial<JoinedMessage> = {}): JoinedMessage => ({
  type: "joined",
  token: "token",
  meeting: "meeting",
  member: "me",
  role: "participant",
  now: 1_700_000_000,
  rooms: [{ id: "room", members: [{ id: "me", role: "participant" }], said_n: 0 }],
  ...more,
});
const atTheDoor = () =>
  meeting.knock({ type: "waiting", token: "t", member: "me", now: 1_700_000_000, facilitator_present: true }, "nonce");

async function comeIn(): Promise<FakeManager> {
  atTheDoor();
  meeting.joined(joined());
  worker().group(TWO);
  await settle();
  return worker();
}

beforeEach(() => {
  setUp();
  [store, answer, sent, told, awake] = [new Store(), ANSWER, [], [], false];
  meeting = make();
});
afterEach(() => {
  meeting.close();
  vi.useRealTimers();
});

test("one worker from the knock to the call; a welcome again only takes the call up", async () => {
  const e2ee = await comeIn();
  expect(e2ee.knocksMade).toEqual([{ member: "me", nonce: "nonce", name: "Ana", now: 1_700_000_000 }]);
  const { call } = meeting;
  meeting.joined(joined({ resumed: true }));
  expect([meeting.call === call, FakeManager.made.length, e2ee.joins.length, awake]).toEqual([true, 1, 2, true]);
});

test("a welcome to another meeting, or as somebody else, starts from nothing", async () => {
  for (const other of [{ meeting: "next" }, { member: "other" }]) {
    const before = await comeIn();
    meeting.joined(joined(other));
    await settle();
    expect([before.closed, worker() === before, store.members.value.length]).toEqual([true, false, 1]);
    meeting.close();
  }
});

test("put back to the door, nobody is heard behind the page that says so", async () => {
  const e2ee = await comeIn();
  atTheDoor();
  expect([meeting.call, e2ee.closed, worker().knocksMade.length]).toEqual([null, true, 1]);
  expect(store.members.value).toEqual([]);
});

test("the group's messages reach the worker, its words the socket, and nobody in a call is refused at the door", async () => {
  const e2ee = await comeIn();
  meeting.handle({ type: "mls_ready", room: "room", epoch: 1 });
  meeting.handle({ type: "pong", n: 1 });
  meeting.handle({ type: "mls_refused", room: null, code: "full", about: "knock" });
  expect(e2ee.forwarded.map(({ type }) => type)).toEqual(["mls_ready"]);
  e2ee.tell({ type: "send", message: { type: "mls_applied", room: "room", epoch: 3 } });
  expect(sent.at(-1)).toEqual({ type: "mls_applied", room: "room", epoch: 3 });
  meeting.lost();
  expect([e2ee.asked.at(-1), told]).toEqual(["offline", []]);
});

test("at the door a full meeting hinders; in a call it is said of the admission that it stopped", async () => {
  const announced: unknown[] = [];
  store.model({} as never).onAnnouncement((one) => announced.push(one));
  atTheDoor();
  meeting.handle({ type: "mls_refused", room: null, code: "full", about: "knock" });
  expect(told).toEqual(["meeting-full"]);
  await comeIn();
  meeting.handle({ type: "mls_refused", room: "room", code: "full", about: "mls_commit" });
  meeting.handle({ type: "mls_refused", room: "room", code: "full", about: "say" });
  expect(announced).toEqual([{ urgency: "polite", kind: "request-refused", code: "meeting_full" }]);
});

test.each(["clock", "certificate-expired"] as const)(
  "what the worker finds in the way (%s) ends the coming in",
  (obstacle) => {
    atTheDoor();
    worker().tell({ type: "obstacle", obstacle });
    expect([sent, told]).toEqual([[{ type: "leave" }], [obstacle]]);
  },
);

test("a removal that the group proves is one; of another room, or from a worker of before, it is none", async () => {
  const before = await comeIn();
  before.tell({ type: "removed", room: "other" } as never);
  meeting.close();
  await comeIn();
  before.tell({ type: "removed", room: "room" } as never);
  expect(told.filter((one) => one !== "silent")).toEqual([]);
  worker().tell({ type: "removed", room: "room" } as never);
  expect(told.at(-1)).toBe("removed");
});

test("the server's word alone is called what it is, a signed end by its name", async () => {
  await comeIn();
  meeting.over("ended");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(told).toEqual(["ended-unsigned"]);
  meeting.close();
  const e2ee = await comeIn();
  told = [];
  e2ee.tell({ type: "heard", room: "room", seq: 1, sender: "marta", message: { type: "end" } });
  await settle();
  meeting.over("ended");
  expect(told).toEqual(["ended"]);
});

test("leaving waits for the worker's signature and finishes once; a new call meanwhile is not the one that ends", async () => {
  const e2ee = await comeIn();
  meeting.leave();
  await settle();
  expect([sent.at(-1), e2ee.closed, told]).toEqual([{ type: "leave", leaving: "signed" }, true, ["silent", "left"]]);
  const slow = await comeIn();
  slow.signs = false;
  meeting.leave();
  meeting.joined(joined({ meeting: "next" }));
  told = [];
  await vi.advanceTimersByTimeAsync(2_000);
  expect([told, meeting.call?.meeting]).toEqual([[], "next"]);
});

test("leaving without a worker is done at once", async () => {
  meeting.leave();
  await settle();
  expect(told).toEqual(["left"]);
});

test("closing keeps the way back, forgetting deletes it, and neither leaves anything on the page", async () => {
  const kept = await comeIn();
  meeting.close();
  expect([kept.asked, kept.closed, awake, store.members.value]).toEqual([[], true, false, []]);
  const forgotten = await comeIn();
  sent = [];
  meeting.forget();
  await settle();
  expect([forgotten.asked, forgotten.closed, awake, sent]).toEqual([["leave"], true, false, []]);
});

test("certificates that change reach the worker; what cannot be had or is another organiser's does not", async () => {
  const e2ee = await comeIn();
  for (const next of ["unreachable", { ...ANSWER, root_key: "other" }, { ...ANSWER, certificates: ["c2"] }] as const) {
    answer = next as GroupAnswer;
    meeting.handle({ type: "group_changed" });
    await settle();
  }
  expect(e2ee.asked).toEqual(["group c2 null"]);
});

test("changed links turn away who waits, and nobody who is in", async () => {
  answer = { ...ANSWER, profile: "under another secret" };
  atTheDoor();
  await meeting.refresh();
  expect([told, meeting.outdated]).toEqual([["links-changed"], true]);
  meeting = make();
  await comeIn();
  told = [];
  await meeting.refresh();
  expect([told, meeting.call !== null]).toEqual([[], true]);
  expect([make(true).outdated, make().outdated]).toEqual([true, false]);
});

test("a lost worker's people stay, and what it tells of frames is shown", async () => {
  const e2ee = await comeIn();
  await settle();
  e2ee.options.onKeyState("room", "marta", "problem");
  expect(store.members.value.find(({ id }) => id === "marta")?.keys).toBe("problem");
  e2ee.options.onProblem("worker-lost");
  await settle();
  expect(store.members.value.map(({ id }) => id)).toEqual(["marta", "me"]);
  expect(store.encryption.value.ready).toBe(false);
  e2ee.group([person("me", 1)]);
  await settle();
  expect(store.encryption.value.ready).toBe(true);
});
