import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakePeerConnection } from "./fakes";
import { member, Person, settle, setUp } from "./meeting_fixture";

const PRESENT = [member("marta", 0, "facilitator"), member("me", 1)];
const MARTA = { type: "state", name: "Marta", microphone: true, camera: true, hand: 0, contexts: [] };

let ana: Person;

beforeEach(async () => {
  setUp();
  ana = new Person();
  await ana.comeIn();
});
afterEach(() => {
  ana.actions.leave();
  vi.useRealTimers();
});

const tile = (id: string) => ana.model.members.value.find((one) => one.id === id);

test("a member's state fills the tile and hands over the keys", async () => {
  expect(tile("marta")).toMatchObject({ name: null, keys: "waiting" });
  await ana.hearSaid("marta", { ...MARTA, camera: false });
  expect(tile("marta")).toMatchObject({ name: "Marta", muted: false, cameraOff: true, keys: "encrypted" });
  expect(ana.e2ee.contexts).toHaveProperty("marta");
});

test("tiles of members who did not change stay the same objects", async () => {
  await ana.hearSaid("marta", MARTA);
  const before = tile("marta");
  await ana.hear({ type: "member_joined", room: "room", seq: ++ana.seq, member: member("ben", 2) });
  expect(tile("marta")).toBe(before);
  expect(tile("ben")).toBeDefined();
});

test("what cannot be opened, comes twice or is of another room changes nothing", async () => {
  await ana.hear({ type: "said", room: "room", seq: ++ana.seq, sender: "marta", n: 1, body: "junk" });
  await ana.hear({ type: "said", room: "other", seq: 99, sender: "marta", n: 1, body: JSON.stringify(MARTA) });
  expect(tile("marta")?.name).toBeNull();
  await ana.hearSaid("marta", { type: "chat", text: "once" });
  await ana.hear({
    type: "said",
    room: "room",
    seq: ana.seq,
    sender: "marta",
    n: 9,
    body: '{"type":"chat","text":"twice"}',
  });
  expect(ana.model.chat.value.map((message) => message.text)).toEqual(["once"]);
});

test("a newcomer gets one's state alone, soon", async () => {
  await ana.hear({ type: "member_joined", room: "room", seq: ++ana.seq, member: member("ben", 2) });
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

test("what the room did not take before a loss is said again, the very same, and nothing else", async () => {
  await ana.echo();
  ana.actions.sendChat("first");
  await settle();
  ana.actions.sendChat("second");
  await settle();
  const [first, second] = ana.said("chat").map((message) => message.n);
  const bodies = ana.sent("say").map((message) => message.body);
  await ana.loseAndResume(ana.joined(PRESENT, { resumed: true, media_kept: true, room: { said_n: first as number } }));
  const again = ana.sent("say").filter((message) => message.n === second);
  expect(again.map((message) => message.body)).toEqual([bodies.at(-1), bodies.at(-1)]);
  expect(ana.said("chat").map((message) => message.n)).toEqual([second]);
  expect(ana.model.chat.value.map((one) => [one.text, one.state])).toEqual([
    ["first", "sent"],
    ["second", "sending"],
  ]);
});

test("written without a network it is given back after twelve seconds, and sent when asked again", async () => {
  await ana.echo();
  ana.socket.close(1006);
  ana.actions.sendChat("into the void");
  await vi.advanceTimersByTimeAsync(11_900);
  expect(ana.model.chat.value[0]?.state).toBe("sending");
  await vi.advanceTimersByTimeAsync(200);
  expect(ana.model.chat.value[0]?.state).toBe("not-sent");
  await vi.advanceTimersByTimeAsync(500);
  await ana.greet();
  await ana.hear(ana.joined(PRESENT, { resumed: true, room: { said_n: 1 } }));
  expect(ana.said("chat")).toEqual([]);
  ana.actions.resendChat(ana.model.chat.value[0]?.key ?? "");
  await settle();
  expect(ana.said("chat")).toHaveLength(1);
  expect(ana.model.chat.value[0]?.state).toBe("sending");
});

test("a refused message is given back; a refused state is said again later", async () => {
  ana.actions.sendChat("too fast");
  await settle();
  const n = ana.said("chat")[0]?.n as number;
  await ana.hear({ type: "error", code: "rate_limited", about: "say", n, retry_after: 2 });
  expect(ana.model.chat.value[0]?.state).toBe("not-sent");
  const states = ana.said("state").length;
  await ana.hear({
    type: "error",
    code: "rate_limited",
    about: "say",
    n: ana.said("state")[0]?.n as number,
    retry_after: 2,
  });
  await vi.advanceTimersByTimeAsync(1900);
  expect(ana.said("state")).toHaveLength(states);
  await vi.advanceTimersByTimeAsync(200);
  expect(ana.said("state")).toHaveLength(states + 1);
});

test("a hand goes up with null, gets its number from the echo, and is kept over a reload", async () => {
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
  await ana.loseAndResume(ana.joined(PRESENT, { resumed: true, media_kept: false }));
  expect(FakePeerConnection.made).toHaveLength(4);
  expect(ana.said("state").at(-1)).toMatchObject({ contexts: [{ context: 2 }, { context: 3 }] });
});

test("a lost worker leads to new connections and newly announced contexts", async () => {
  ana.e2ee.events.onProblem("worker-lost");
  await settle();
  expect(FakePeerConnection.made).toHaveLength(4);
  expect(ana.said("state").at(-1)).toMatchObject({ contexts: [{ context: 2 }, { context: 3 }] });
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
  const track = { mid: "0", member: "marta", track: "voice-of-marta", kind: "audio" } as const;
  await ana.hear({ type: "subscribe_offer", room: "room", generation: 1, sdp: "m=audio 0", tracks: [track] });
  const [, subscriber] = FakePeerConnection.made;
  (subscriber as FakePeerConnection).stats = [{ type: "inbound-rtp", kind: "audio", mid: "0", audioLevel: 0.3 }];
  await vi.advanceTimersByTimeAsync(1000);
  expect(tile("marta")?.speaking).toBe(true);
  await ana.hearSaid("marta", { ...MARTA, microphone: false });
  expect(tile("marta")?.speaking).toBe(false);
});

test("a facilitator's door: knocks are named, answered, and cleared by whoever was first", async () => {
  const marta = new Person("facilitator");
  marta.session.begin();
  marta.actions.agree();
  marta.actions.askToJoin("Marta");
  await marta.greet();
  const knock = (id: string) => ({ id, sealed: `sealed-${id}`, waiting_seconds: 0 });
  const members = [member("me", 0, "facilitator"), member("ben", 1, "facilitator")];
  await marta.hear(marta.joined(members, { role: "facilitator", knocks: [knock("early")] }));
  await marta.hearSaid("ben", { ...MARTA, name: "Ben" });
  expect(marta.model.lastFacilitator.value).toBe(false);
  await marta.hear({ type: "knocked", knock: knock("late") });
  expect(marta.model.knocks.value.map((one) => one.name)).toEqual(["early", "late"]);
  expect(marta.announcements.filter((one) => one.kind === "knock")).toEqual([
    { urgency: "polite", kind: "knock", name: "late" },
  ]);
  marta.actions.admit("early");
  marta.actions.admitAll();
  marta.actions.decline("late");
  expect(marta.sent("admit").map((message) => message.knocks)).toEqual([["early"], ["early", "late"]]);
  await marta.hear({ type: "knock_gone", knock: "early", outcome: "admitted", by: "me" });
  await marta.hear({ type: "knock_gone", knock: "late", outcome: "declined", by: "ben" });
  expect(marta.model.knocks.value).toMatchObject([{ id: "late", answered: { outcome: "declined", by: "Ben" } }]);
  expect(marta.kinds()).toContain("knock-answered");
  await vi.advanceTimersByTimeAsync(5000);
  expect(marta.model.knocks.value).toEqual([]);
  for (const act of ["mute", "remove"] as const) marta.actions[act]("ana");
  marta.actions.muteEveryone();
  marta.actions.endMeeting();
  expect(marta.socket.sent.slice(-4).map((message) => message.type)).toEqual([
    "mute",
    "remove",
    "mute_everyone",
    "end_meeting",
  ]);
  await marta.hear({ type: "error", code: "meeting_full", about: "admit" });
  expect(marta.announcements.at(-1)).toEqual({ urgency: "polite", kind: "request-refused", code: "meeting_full" });
  await marta.hear({ type: "member_lost", room: "room", seq: ++marta.seq, member: "ben" });
  expect(marta.model.lastFacilitator.value).toBe(true);
  marta.actions.leave();
});

test("what was said to somebody else is not taken in", async () => {
  const ana = new Person();
  await ana.comeIn();
  await ana.hearSaid("marta", { type: "chat", text: "for Ben alone" }, "ben");
  await ana.hearSaid("marta", { type: "chat", text: "for Ana" }, "me");
  expect(ana.model.chat.value.map((message) => message.text)).toEqual(["for Ana"]);
});
