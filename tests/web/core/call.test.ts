import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CheckView } from "../../../web/client/e2ee/worker_messages";
import type { SubscribeOfferMessage, TrackMap } from "../../../web/client/protocol_types";
import { person } from "./fake_manager";
import { FakePeerConnection } from "./fakes";
import { knock, Person, settle, setUp, TWO } from "./meeting_fixture";

const MARTA = { type: "state", name: "Marta", microphone: true, camera: true, hand: 0, contexts: [] };
const BEN = person("ben", 2);
const voiceOf = (member: string): TrackMap => ({ mid: "0", member, track: `voice-of-${member}`, kind: "audio" });
const offerOf = (member: string): SubscribeOfferMessage => ({
  type: "subscribe_offer",
  room: "room",
  generation: 1,
  sdp: "m=audio 0",
  tracks: [voiceOf(member)],
});

let ana: Person;

beforeEach(async () => {
  setUp();
  ana = new Person();
  await ana.comeIn();
});
afterEach(async () => {
  ana.actions.leave();
  await settle();
  vi.useRealTimers();
});

const tile = (id: string) => ana.model.members.value.find((one) => one.id === id);

test("a member's state fills the tile", async () => {
  expect(tile("marta")).toMatchObject({ name: null, keys: "waiting", role: "facilitator", order: 0 });
  await ana.hearSaid("marta", { ...MARTA, camera: false });
  expect(tile("marta")).toMatchObject({ name: "Marta", muted: false, cameraOff: true, keys: "encrypted" });
  ana.e2ee.options.onKeyState("room", "marta", "problem");
  expect(tile("marta")?.keys).toBe("problem");
});

test("tiles of members who did not change stay the same objects", async () => {
  await ana.hearSaid("marta", MARTA);
  const before = tile("marta");
  await ana.see([...TWO, BEN], { kind: "joined", members: ["ben"] });
  expect(tile("marta")).toBe(before);
  expect(tile("ben")).toBeDefined();
});

test("what is of another room, or of nobody who holds the keys, changes nothing", async () => {
  ana.e2ee.tell({ type: "heard", room: "other", seq: 1, sender: "marta", message: { type: "chat", text: "no" } });
  await ana.hearSaid("ghost", { type: "chat", text: "no" });
  await ana.hearSaid("ghost", { ...MARTA, name: "Ghost" });
  expect([ana.model.chat.value, ana.model.members.value.length]).toEqual([[], 2]);
});

test("a newcomer gets one's state alone, soon", async () => {
  await ana.see([...TWO, BEN], { kind: "joined", members: ["ben"] });
  await vi.advanceTimersByTimeAsync(25);
  expect(ana.said("state").at(-1)).toMatchObject({ to: "ben", name: "Ana" });
});

test("chat: on its way, then in its place; others' words are counted and announced", async () => {
  await ana.hearSaid("marta", MARTA);
  ana.actions.sendChat("  hello  ");
  ana.actions.sendChat("   ");
  await settle();
  expect(ana.model.chat.value).toMatchObject([{ text: "hello", state: "sending", own: true, seq: 0 }]);
  await ana.hearSaid("marta", { type: "chat", text: "good evening" });
  await ana.echo();
  expect(ana.model.chat.value.map((one) => [one.text, one.state])).toEqual([
    ["good evening", "sent"],
    ["hello", "sent"],
  ]);
  expect(ana.model.unread.value).toBe(1);
  expect(ana.announcements).toContainEqual({ urgency: "polite", kind: "chat", name: "Marta", text: "good evening" });
});

test("written without a network it is asked back after twelve seconds, given back, and sent when asked again", async () => {
  await ana.echo();
  ana.socket.close(1006);
  ana.actions.sendChat("into the void");
  await vi.advanceTimersByTimeAsync(11_900);
  expect(ana.model.chat.value[0]?.state).toBe("sending");
  await vi.advanceTimersByTimeAsync(200);
  const { id } = ana.said("chat")[0] as { id: number };
  expect(ana.e2ee.asked).toContain(`withdraw ${id}`);
  ana.e2ee.tell({ type: "unsaid", room: "room", id });
  await settle();
  expect(ana.model.chat.value[0]?.state).toBe("not-sent");
  ana.actions.resendChat(ana.model.chat.value[0]?.key ?? "");
  ana.actions.resendChat("no such message");
  await settle();
  expect(ana.said("chat")).toHaveLength(2);
  expect(ana.model.chat.value[0]?.state).toBe("sending");
});

test("a hand goes up with null, gets its number when it is said, and is kept over a reload", async () => {
  ana.actions.raiseHand();
  ana.actions.raiseHand();
  await settle();
  expect(ana.said("state").at(-1)).toMatchObject({ hand: null });
  await ana.echo();
  expect(tile("me")?.hand).toBe(1);
  expect(ana.kept.hand).toEqual({ meeting: "meeting", seq: ana.seq });
  await ana.hearSaid("marta", { type: "lower_hand", member: "me" });
  expect([tile("me")?.hand, ana.kept.hand]).toEqual([0, null]);
  expect(ana.said("state").at(-1)).toMatchObject({ hand: 0 });
});

test("media that the server lost is built anew under new contexts, and announced", async () => {
  await ana.loseAndResume(ana.joined({ resumed: true, media_kept: false }));
  expect(FakePeerConnection.made).toHaveLength(4);
  expect(ana.said("state").at(-1)).toMatchObject({ contexts: [{ context: 2 }, { context: 3 }] });
});

test("a lost worker: new connections at once, new contexts told on the way back into the group", async () => {
  await ana.hearSaid("marta", MARTA);
  const before = ana.said("state").length;
  ana.e2ee.options.onProblem("worker-lost");
  ana.e2ee.out();
  await settle();
  expect(FakePeerConnection.made).toHaveLength(4);
  expect([ana.said("state").length, ana.model.encryption.value.ready, tile("marta")?.name]).toEqual([
    before,
    false,
    "Marta",
  ]);
  await ana.see(TWO);
  expect(ana.said("state").at(-1)).toMatchObject({ to: null, contexts: [{ context: 2 }, { context: 3 }] });
});

test("messages that are missing after a loss are told, from the worker's own question and the server's answer", async () => {
  const caughtUp = (replayed_from: number) =>
    ana.hear({ type: "mls_caught_up", room: "room", applied: 5, seq: 60, replayed_from });
  const asks = (epoch: number | null, seen: number) =>
    ana.e2ee.tell({ type: "send", message: { type: "mls_catch_up", room: "room", epoch, applied: 5, seen } });
  asks(3, 20);
  await caughtUp(21);
  asks(null, 0);
  await caughtUp(50);
  await caughtUp(50);
  expect(ana.kinds()).not.toContain("messages-missed");
  asks(3, 20);
  await caughtUp(50);
  expect(ana.kinds().filter((kind) => kind === "messages-missed")).toHaveLength(1);
});

test("the one line about the connection: calm at first, plain after ten seconds, gone when it works", async () => {
  expect(ana.model.connection.value).toBe("fine");
  await vi.advanceTimersByTimeAsync(3000);
  expect(ana.model.connection.value).toBe("media-connecting");
  ana.socket.onSend((message) => message.type === "ping" && ana.socket.say({ type: "pong", n: message.n }));
  await vi.advanceTimersByTimeAsync(8000);
  expect(ana.model.connection.value).toBe("media-blocked");
  expect(ana.sent("media_blocked")).toHaveLength(1);
  FakePeerConnection.made[0]?.become("connected");
  await vi.advanceTimersByTimeAsync(400);
  expect(ana.model.connection.value).toBe("fine");
  ana.socket.close(1006);
  expect(ana.model.connection.value).toBe("reconnecting");
});

test("who speaks is marked from levels, and nobody who is muted", async () => {
  await ana.hearSaid("marta", MARTA);
  await ana.hear(offerOf("marta"));
  const [, subscriber] = FakePeerConnection.made;
  (subscriber as FakePeerConnection).stats = [{ type: "inbound-rtp", kind: "audio", mid: "0", audioLevel: 0.3 }];
  await vi.advanceTimersByTimeAsync(1000);
  expect(tile("marta")?.speaking).toBe(true);
  await ana.hearSaid("marta", { ...MARTA, microphone: false });
  expect(tile("marta")?.speaking).toBe(false);
});

test("a track is opened for a member of the group alone: before, and for whoever the server makes up, it waits", async () => {
  await ana.hear(offerOf("ben"));
  expect(ana.e2ee.opened).toEqual([]);
  await ana.see([...TWO, BEN], { kind: "joined", members: ["ben"] });
  expect(ana.e2ee.opened).toEqual([{ room: "room", member: "ben", track: "voice-of-ben" }]);
  const played = () => ana.played().length;
  expect(played()).toBe(1);
  await ana.see(TWO, { kind: "removed", members: ["ben"] });
  expect(played()).toBe(0); // a server that goes on sending is not heard
});

test("a facilitator's door: knocks are named, answered, and cleared by whoever was first", async () => {
  const marta = new Person("facilitator");
  const ben = person("ben", 1, "facilitator");
  await marta.facilitate([person("me", 0, "facilitator"), ben], [knock("early")]);
  await marta.hearSaid("ben", { ...MARTA, name: "Ben" });
  expect(marta.model.lastFacilitator.value).toBe(false);
  await marta.hear({ type: "knocked", knock: knock("late") }, { type: "knocked", knock: knock("forged", "junk") });
  expect(marta.model.knocks.value.map((one) => one.name)).toEqual(["early", "late", null]);
  expect(marta.announcements.filter((one) => one.kind === "knock")).toEqual([
    { urgency: "polite", kind: "knock", name: "late" },
    { urgency: "polite", kind: "knock", name: null },
  ]);
  marta.actions.admit("early");
  marta.actions.admit("forged");
  marta.actions.admit("nobody");
  marta.actions.admitAll();
  marta.actions.decline("late");
  expect(marta.e2ee.asked).toEqual(["admit early", "admit early late"]);
  expect(marta.sent("decline")).toEqual([{ type: "decline", knock: "late" }]);
  await marta.hear({ type: "knock_gone", knock: "early", outcome: "admitted", by: "me" });
  await marta.hear({ type: "knock_gone", knock: "late", outcome: "declined", by: "ben" });
  expect(marta.model.knocks.value[0]).toMatchObject({ id: "late", answered: { outcome: "declined", by: "Ben" } });
  expect(marta.kinds()).toContain("knock-answered");
  await vi.advanceTimersByTimeAsync(5000);
  expect(marta.model.knocks.value.map((one) => one.id)).toEqual(["forged"]);
  await marta.hear({ type: "mls_refused", room: "room", code: "full", about: "mls_commit" });
  expect(marta.announcements.at(-1)).toEqual({ urgency: "polite", kind: "request-refused", code: "meeting_full" });
  await marta.hear({ type: "member_connection", room: "room", member: "ben", connected: false });
  expect(marta.model.lastFacilitator.value).toBe(true);
  marta.actions.leave();
});

test("what facilitators do is signed or committed; only door and end are asked of the server", async () => {
  const marta = new Person("facilitator");
  await marta.facilitate([person("me", 0, "facilitator"), person("ana", 1)]);
  await marta.echo();
  marta.actions.mute("ana");
  marta.actions.muteEveryone();
  marta.actions.setLocked(true);
  marta.actions.remove("ana");
  marta.actions.setCoFacilitator("ana", true);
  marta.actions.setCoFacilitator("ana", false);
  await settle();
  expect(marta.said().slice(-3)).toMatchObject([
    { type: "mute", member: "ana", to: "ana" },
    { type: "mute", member: null, to: null },
    { type: "locked", locked: true, to: null },
  ]);
  expect(marta.sent("lock")).toEqual([{ type: "lock", locked: true }]);
  expect(marta.e2ee.asked).toEqual(["remove ana", "co-facilitator ana true", "co-facilitator ana false"]);
  marta.actions.leave();
});

test("the lock is told once, by the signed word or the server's, and shown", async () => {
  await ana.hearSaid("marta", MARTA);
  ana.announcements.length = 0;
  await ana.hearSaid("marta", { type: "locked", locked: true });
  await ana.hear({ type: "locked", locked: true, by: "marta" });
  expect(ana.announcements).toEqual([{ urgency: "polite", kind: "locked", name: "Marta" }]);
  expect(ana.model.encryption.value.locked).toBe(true);
  await ana.hear({ type: "locked", locked: false, by: "nobody known" });
  expect(ana.announcements.at(-1)).toEqual({ urgency: "polite", kind: "unlocked" });
});

test("a socket that comes back finds the same people at the door: nobody goes and comes again, nobody is told of anew", async () => {
  const marta = new Person("facilitator");
  await marta.facilitate(undefined, [knock("ana"), knock("chi")]);
  await settle();
  const seen: string[][] = [];
  const stop = marta.model.knocks.subscribe((views) => seen.push(views.map(({ id }) => id)));
  marta.announcements.length = 0;
  for (const media_kept of [true, false]) {
    const knocks = [knock("ana"), knock("chi")];
    await marta.loseAndResume(marta.joined({ role: "facilitator", resumed: true, media_kept, knocks }));
    await settle();
  }
  stop();
  expect(seen.length).toBeGreaterThan(1);
  for (const ids of seen) expect(ids).toEqual(["ana", "chi"]);
  expect(marta.kinds()).not.toContain("knock");
  marta.actions.leave();
});

test.each([
  ["after a restart", "facilitator", false, null, [{ type: "lock", locked: true }]],
  ["when the server kept it", "facilitator", true, null, []],
  ["when it was opened meanwhile", "facilitator", false, { group: "g", epoch: 1, seq: 9 }, []],
  ["by no participant", "participant", false, null, []],
] as const)("whether a locked door is locked again, %s: %s", async (_when, role, locked, mls, sent) => {
  const marta = new Person(role);
  await (role === "facilitator" ? marta.facilitate() : marta.comeIn());
  await marta.hear({ type: "locked", locked: true, by: "marta" });
  const rooms = [{ id: "room", members: [{ id: "me", role }], said_n: 0, mls }];
  await marta.loseAndResume(marta.joined({ role, resumed: true, locked, rooms }));
  await settle();
  expect(marta.sent("lock")).toEqual(sent);
  expect(marta.model.encryption.value.locked).toBe(locked);
  marta.actions.leave();
});

test("somebody made co-facilitator sees the door, and no longer when the role is withdrawn", async () => {
  const [marta, me] = TWO as [(typeof TWO)[0], (typeof TWO)[0]];
  await ana.see([marta, { ...me, role: "co_facilitator" }], { kind: "granted", members: ["me"] });
  await ana.hear({ type: "knocked", knock: knock("cem") });
  expect([tile("me")?.role, ana.model.knocks.value.map((one) => one.name)]).toEqual(["co-facilitator", ["cem"]]);
  ana.actions.admitAll();
  expect(ana.e2ee.asked).toEqual(["admit cem"]);
  await ana.see(TWO, { kind: "withdrawn", members: ["me"] });
  expect([tile("me")?.role, ana.model.knocks.value]).toEqual(["participant", []]);
});

const round = (more: Partial<CheckView>): { type: "check"; room: string; view: CheckView } => ({
  type: "check",
  room: "room",
  view: {
    round: "round-1",
    startedBy: "marta",
    state: "gathering",
    epoch: 1,
    emoji: null,
    digits: null,
    took: [],
    silent: [],
    at: null,
    marked: false,
    ...more,
  },
});

test("a check of the encryption: asked for, shown when it is done, and marked", async () => {
  ana.actions.markChecked();
  ana.actions.startCheck();
  ana.e2ee.tell(round({}));
  await settle();
  ana.actions.markChecked();
  const done = { state: "done", emoji: [0, 1, 2, 3, 4, 5, 6, 7], took: ["marta", "me"], at: 5 } as const;
  ana.e2ee.tell(round(done));
  ana.e2ee.tell(round({ ...done, marked: true }));
  await settle();
  ana.actions.markChecked();
  expect(ana.e2ee.asked).toEqual(["check room", "mark round-1"]);
  expect(ana.kinds().filter((kind) => kind === "check-done")).toHaveLength(1);
  expect(ana.model.encryption.value.check?.emoji).toHaveLength(8);
});

test("a check that failed reaches the page with those by whom it failed", async () => {
  await ana.hearSaid("marta", MARTA);
  ana.e2ee.tell(round({ state: "failed", silent: ["marta"] }));
  await settle();
  expect(ana.model.encryption.value.check).toMatchObject({ state: "failed", silent: ["Marta"] });
});

test("troubles and incidents are told with people's names", async () => {
  await ana.hearSaid("marta", MARTA);
  ana.e2ee.tell({ type: "troubles", room: "room", troubles: [{ kind: "facilitator-silent", members: ["marta"] }] });
  ana.e2ee.tell({ type: "incident", room: "room", incident: { kind: "forged-request", by: "marta" } });
  await settle();
  expect(ana.model.encryption.value.troubles).toEqual([{ kind: "facilitator-silent", names: ["Marta"] }]);
  expect(ana.announcements.slice(-2)).toEqual([
    { urgency: "polite", kind: "trouble", trouble: "facilitator-silent", names: ["Marta"] },
    { urgency: "polite", kind: "incident", incident: "forged-request", name: "Marta" },
  ]);
});
