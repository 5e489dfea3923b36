/** A server that says anything at all: the page neither throws nor stops listening. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { seeded } from "../random";
import { person } from "./fake_manager";
import { FakePeerConnection } from "./fakes";
import { knock, Person, setUp, TWO } from "./meeting_fixture";

beforeEach(setUp);
afterEach(() => vi.useRealTimers());

const JUNK: unknown[] = [
  null,
  undefined,
  true,
  -1,
  1e300,
  "",
  "junk",
  "me",
  "marta",
  "room",
  [],
  [null],
  {},
  { id: "x" },
  ["x"],
];

/** What a call is told, each with fields as they should be. */
const MESSAGES: Record<string, unknown>[] = [
  { type: "member_connection", room: "room", member: "marta", connected: true },
  { type: "member_gone", room: "room", gone: { member: "marta", reason: "lost" } },
  { type: "said", room: "room", seq: 1, epoch: 1, sender: "marta", n: 1, body: "junk" },
  { type: "mls_committed", room: "room", commit: { seq: 1, epoch: 1, sender: "marta", commit: "junk", after: 0 } },
  { type: "mls_caught_up", room: "room", applied: 1, seq: 1, replayed_from: 1 },
  { type: "mls_refused", room: "room", code: "full", about: "mls_commit" },
  { type: "published", room: "room", n: 1, sdp: "v=0" },
  { type: "subscribe_offer", room: "room", generation: 1, sdp: "m=audio 0", tracks: [] },
  { type: "knocked", knock: { id: "knock", sealed: "sealed-Cem", key_package: "p", nonce: "n", waiting_seconds: 1 } },
  { type: "knock_gone", knock: "knock", outcome: "admitted", by: "marta" },
  { type: "locked", locked: true, by: "marta" },
  { type: "group_changed" },
  { type: "organiser_ready", meeting_running: true, certificates: ["junk"], revocations: "junk" },
  { type: "error", code: "internal", about: "say", n: 1 },
  { type: "pong", n: 1 },
  { type: "door", facilitator_present: true },
  { type: "restarting" },
];

test("fields of any kind in a call: what comes after them is still understood", async () => {
  const random = seeded(5);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const ana = new Person();
  await ana.comeIn();
  for (let round = 0; round < 400; round++) {
    const message: Record<string, unknown> = { ...pick(MESSAGES) };
    for (const key of Object.keys(message)) {
      // "full" at the door ends it, as it should: a room that is none is not tried here.
      if (key !== "type" && !(key === "room" && message["type"] === "mls_refused") && random() < 0.4)
        message[key] = pick(JUNK);
    }
    ana.socket.raw(JSON.stringify(message));
    if (round % 10 === 0) await vi.advanceTimersByTimeAsync(50);
  }
  await vi.advanceTimersByTimeAsync(5_000);
  expect(ana.screen).toBe("call");
  await ana.see([...TWO, person("dora", 9)], { kind: "joined", members: ["dora"] });
  await ana.hearSaid("dora", { type: "state", name: "Dora", microphone: false, camera: false, hand: 0, contexts: [] });
  expect(ana.model.members.value.find((one) => one.id === "dora")?.name).toBe("Dora");
});

const me = { id: "me", role: "participant" };
const broken = [
  { rooms: [] },
  { rooms: undefined },
  { rooms: [null] },
  { rooms: [{ id: "room" }] },
  { rooms: [{ id: "room", members: [null, me] }] },
  { rooms: [{ id: "room", members: [{ id: 7 }, me] }] },
  { rooms: [{ id: "room", members: [{ id: "marta", role: "facilitator" }] }] },
  { knocks: "junk" },
  { knocks: [null] },
];

test.each(broken)("a welcome with %j is as none: the page goes on waiting, and asks again", async (change) => {
  const ana = new Person();
  ana.session.begin();
  ana.actions.agree();
  ana.actions.askToJoin("Ana");
  await ana.greet();
  await ana.wait();
  ana.socket.raw(JSON.stringify({ ...ana.joined(), ...change }));
  await vi.advanceTimersByTimeAsync(1_000);
  expect([ana.screen, ana.sent("publish")]).toEqual(["waiting", []]);
  await vi.advanceTimersByTimeAsync(30_000);
  await ana.greet();
  await ana.hear(ana.joined({ resumed: true }));
  expect([ana.screen, ana.model.members.value.length]).toEqual(["call", 1]);
});

test("members whom no commit brought in get no tile, no voice, no word and no role", async () => {
  const ana = new Person();
  await ana.comeIn();
  const ghost = { id: "ghost", role: "facilitator" } as const;
  await ana.loseAndResume(ana.joined({ resumed: true, members: [ghost, { id: "me", role: "facilitator" }] }));
  await ana.hear({ type: "member_connection", room: "room", member: "ghost", connected: true });
  const tracks = [{ mid: "0", member: "ghost", track: "voice-of-ghost", kind: "audio" }] as const;
  await ana.hear({ type: "subscribe_offer", room: "room", generation: 1, sdp: "m=audio 0", tracks: [...tracks] });
  for (const message of [
    { type: "state", name: "Marta", microphone: true, camera: true, hand: 0, contexts: [] },
    { type: "chat", text: "I am Marta" },
    { type: "mute", member: "me" },
    { type: "locked", locked: true },
    { type: "end" },
  ])
    await ana.hearSaid("ghost", message);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(ana.screen).toBe("call");
  expect(ana.model.members.value.map(({ id, role }) => [id, role])).toEqual([
    ["marta", "facilitator"],
    ["me", "participant"],
  ]);
  expect([ana.e2ee.opened, ana.played(), ana.model.chat.value]).toEqual([[], [], []]);
  expect([ana.kept.microphone, ana.model.encryption.value.locked]).toEqual([true, false]);
});

test("who waits at the door is shown to no participant, whatever the server sends", async () => {
  const ana = new Person();
  await ana.comeIn();
  await ana.hear({ type: "knocked", knock: knock("cem") });
  await ana.loseAndResume(ana.joined({ resumed: true, role: "facilitator", knocks: [knock("dora")] }));
  await ana.hear({ type: "knock_gone", knock: "dora", outcome: "admitted", by: "marta" });
  expect(ana.model.knocks.value).toEqual([]);
  for (const told of ["knock", "knock-answered"]) expect(ana.kinds()).not.toContain(told);
  // A co-facilitator sees it, from the grant on.
  await ana.see([TWO[0] as (typeof TWO)[0], person("me", 1, "co_facilitator")], { kind: "granted", members: ["me"] });
  await ana.hear({ type: "knocked", knock: knock("cem") });
  expect(ana.model.knocks.value.map(({ name }) => name)).toEqual(["cem"]);
});

test("nobody in a call is turned away from the door", async () => {
  const ana = new Person();
  await ana.comeIn();
  for (const code of ["full", "clock"] as const) {
    await ana.hear({ type: "mls_refused", room: null, code, about: "knock" });
  }
  expect([ana.screen, ana.e2ee.forwarded]).toEqual(["call", []]);
});

test("one's own voice is not played back from the server, nor opened as somebody's", async () => {
  const ana = new Person();
  await ana.comeIn();
  const tracks = [{ mid: "0", member: "me", track: "voice-of-me", kind: "audio" as const }];
  await ana.hear({ type: "subscribe_offer", room: "room", generation: 1, sdp: "m=audio 0", tracks });
  expect([ana.e2ee.opened, ana.played()]).toEqual([[], []]);
});

test("what only facilitators may ask has no effect from participants whom the server calls facilitators", async () => {
  const ana = new Person();
  await ana.comeIn();
  await ana.see([...TWO, person("ben", 2)], { kind: "joined", members: ["ben"] });
  const members = (["marta", "ben", "me"] as const).map((id) => ({ id, role: "facilitator" as const }));
  await ana.loseAndResume(ana.joined({ resumed: true, members }));
  const before = ana.kept.microphone;
  await ana.hearSaid("ben", { type: "mute", member: null });
  await ana.hearSaid("ben", { type: "end" });
  await vi.advanceTimersByTimeAsync(5_000);
  expect([ana.screen, ana.kept.microphone]).toEqual(["call", before]);
});

test("every way in which a server alone ends a call stops everything, and is called by its name", async () => {
  for (const [message, screen] of [
    [{ type: "removed" }, "left cut-off"],
    [{ type: "ended", reason: "facilitator" }, "left ended-unsigned"],
  ] as const) {
    const ana = new Person();
    await ana.comeIn();
    await ana.hear(message);
    expect(ana.media.live).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect([ana.screen, ana.kept.token, ana.e2ee.closed]).toEqual([screen, null, true]);
  }
  expect(FakePeerConnection.made.every((one) => one.connectionState === "closed")).toBe(true);
});
