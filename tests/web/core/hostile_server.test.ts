/** A server that says anything at all: the page neither throws nor stops listening. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { seeded } from "../random";
import { member, Person, setUp } from "./meeting_fixture";

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
  { type: "member_joined", room: "room", seq: 1, member: member("ben", 2) },
  { type: "member_back", room: "room", seq: 1, member: "marta" },
  { type: "member_lost", room: "room", seq: 1, member: "marta" },
  { type: "said", room: "room", seq: 1, sender: "marta", n: 1, body: "junk" },
  { type: "said", room: "room", seq: 1, sender: "me", n: 1, body: "junk" },
  { type: "published", room: "room", n: 1, sdp: "v=0" },
  { type: "subscribe_offer", room: "room", generation: 1, sdp: "m=audio 0", tracks: [] },
  { type: "knocked", knock: { id: "knock", sealed: "sealed-Cem", waiting_seconds: 1 } },
  { type: "knock_gone", knock: "knock", outcome: "admitted", by: "marta" },
  { type: "muted", by: "marta" },
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
      // Numbers of the room's order stay believable: with others a server could only fall silent.
      if (key === "seq") message["seq"] = ++ana.seq;
      else if (key !== "type" && random() < 0.4) message[key] = pick(JUNK);
    }
    ana.socket.raw(JSON.stringify(message));
    if (round % 10 === 0) await vi.advanceTimersByTimeAsync(50);
  }
  await vi.advanceTimersByTimeAsync(5_000);
  expect(ana.screen).toBe("call");
  await ana.hear({ type: "member_joined", room: "room", seq: ++ana.seq, member: member("dora", 9) });
  await ana.hearSaid("dora", { type: "state", name: "Dora", microphone: false, camera: false, hand: 0, contexts: [] });
  expect(ana.model.members.value.find((one) => one.id === "dora")?.name).toBe("Dora");
});

const me = member("me", 0);
const broken = [
  { rooms: [] },
  { rooms: undefined },
  { rooms: [null] },
  { rooms: [{ id: "room" }] },
  { rooms: [{ id: "room", members: [null, me] }] },
  { rooms: [{ id: "room", members: [member("marta", 0)] }] },
  { rooms: [{ id: "room", members: [{ ...me, leaf: 1024 }] }] },
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
  ana.socket.raw(JSON.stringify({ ...ana.joined([me]), ...change }));
  await vi.advanceTimersByTimeAsync(1_000);
  expect([ana.screen, ana.sent("publish")]).toEqual(["waiting", []]);
  await vi.advanceTimersByTimeAsync(30_000);
  await ana.greet();
  await ana.hear(ana.joined([me], { resumed: true }));
  expect([ana.screen, ana.model.members.value.length]).toEqual(["call", 1]);
});
