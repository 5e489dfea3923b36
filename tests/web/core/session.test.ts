import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ErrorCode, ServerMessage } from "../../../web/client/protocol_types";
import { FakePeerConnection } from "./fakes";
import { member, Person, setUp } from "./meeting_fixture";

beforeEach(setUp);
afterEach(() => vi.useRealTimers());

test("nothing is opened, asked or sent before the person acts", async () => {
  const ana = new Person();
  ana.session.begin();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([ana.screen, ana.sockets.length, ana.media.asked.length]).toEqual(["before", 0, 0]);
});

test("from the link to the call: proof, sealed name and mark at the door, then the room", async () => {
  const ana = new Person();
  await ana.comeIn();
  const [join] = ana.sent("join");
  expect(join).toMatchObject({ role: "participant", signature: "signed nonce", sealed: "sealed-Ana" });
  expect(join?.browser).toMatch(/^[A-Za-z0-9_-]{16}$/);
  expect(ana.screen).toBe("call");
  expect(ana.kinds()).toContain("admitted");
  expect(ana.model.members.value.map((one) => [one.id, one.name, one.self])).toEqual([
    ["marta", null, false],
    ["me", "Ana", true],
  ]);
  expect(ana.said("state")[0]).toMatchObject({ name: "Ana", microphone: true, camera: true, hand: 0, to: null });
});

test("the contexts are announced before the publisher is offered", async () => {
  const ana = new Person();
  await ana.comeIn();
  const order = ana.socket.sent.map((message) => message.type);
  const [first] = ana.said("state");
  expect(first).toMatchObject({ contexts: [{ kind: "audio" }, { kind: "video" }] });
  expect(order.filter((type) => type === "publish")).toHaveLength(1);
});

test("a facilitator goes straight in, without a sealed name or a mark", async () => {
  const marta = new Person("facilitator");
  marta.session.begin();
  marta.actions.agree();
  marta.actions.askToJoin("Marta");
  await marta.greet();
  await marta.hear(marta.joined([member("me", 0, "facilitator")], { role: "facilitator" }));
  expect(marta.sent("join")[0]).not.toHaveProperty("sealed");
  expect(marta.sent("join")[0]).not.toHaveProperty("browser");
  expect([marta.screen, marta.model.lastFacilitator.value]).toEqual(["call", true]);
});

test.each(["", "  ", "x".repeat(41), "everyone", "a\u202eb"])("the name %j does not reach the door", (name) => {
  const ana = new Person();
  ana.session.begin();
  ana.actions.askToJoin(name);
  expect(ana.sockets).toHaveLength(0);
  expect(ana.actions.checkName(name)).not.toBeNull();
});

test.each([
  ["unknown_group", "unknown-group"],
  ["bad_proof", "foreign-link"],
  ["meeting_full", "meeting-full"],
  ["waiting_room_full", "waiting-room-full"],
  ["server_full", "server-full"],
  ["rate_limited", "too-busy"],
  ["bad_message", "version"],
] as [ErrorCode, string][])("refused with %s the person reads %s, and nothing stays open", async (code, problem) => {
  const ana = new Person();
  ana.session.begin();
  ana.actions.agree();
  ana.actions.askToJoin("Ana");
  await ana.greet();
  await ana.hear({ type: "error", code, about: "join" });
  await vi.advanceTimersByTimeAsync(30_000);
  expect([ana.screen, ana.media.live, ana.sockets.length]).toEqual([problem, [], 1]);
});

test("declined: kindly, with the time from which one may ask again, and asking again uses the same name", async () => {
  const ana = new Person();
  ana.session.begin();
  ana.actions.agree();
  ana.actions.askToJoin("Ana");
  await ana.greet();
  await ana.wait();
  await ana.hear({ type: "declined", retry_after: 60 });
  expect(ana.model.screen.value).toEqual({ name: "declined", retryAt: performance.now() + 60_000 });
  expect(ana.media.live).toEqual([]);
  ana.actions.rejoin();
  await ana.greet();
  await ana.hear({ type: "error", code: "wait_before_knocking", about: "join", retry_after: 20 });
  expect(ana.model.screen.value).toEqual({ name: "declined", retryAt: performance.now() + 20_000 });
});

test("waiting says whether a facilitator is here, and can be stopped", async () => {
  const ana = new Person();
  ana.session.begin();
  ana.actions.agree();
  ana.actions.askToJoin("Ana");
  await ana.greet();
  await ana.wait();
  await ana.hear({ type: "door", facilitator_present: false });
  expect(ana.model.screen.value).toEqual({ name: "waiting", facilitatorPresent: false, reconnecting: false });
  ana.actions.stopWaiting();
  expect(ana.sent("leave")).toHaveLength(1);
  expect([ana.screen, ana.kept.token]).toEqual(["before", null]);
});

test("a waiting person keeps the place over a lost network, and a restarted server learns the name again", async () => {
  const ana = new Person();
  ana.session.begin();
  ana.actions.agree();
  ana.actions.askToJoin("Ana");
  await ana.greet();
  await ana.wait();
  ana.socket.close(1006);
  expect(ana.model.screen.value).toMatchObject({ name: "waiting", reconnecting: true });
  await vi.advanceTimersByTimeAsync(1);
  await ana.greet();
  expect(ana.sent("resume")[0]).toMatchObject({ token: "waiting-token-0001", sealed: "sealed-Ana" });
  await ana.wait();
  expect(ana.model.screen.value).toMatchObject({ name: "waiting", reconnecting: false });
});

test("after a reload the session goes on, and what was off is not even asked for", async () => {
  const ana = new Person();
  await ana.comeIn();
  ana.actions.setMicrophone(false);
  ana.actions.setCamera(false);
  ana.session.hide();
  const again = new Person("participant", ana.tabStorage);
  again.session.begin();
  await again.greet();
  expect(again.sent("resume")[0]).toEqual({
    type: "resume",
    group: "AAECAwQFBgcICQoLDA0ODw",
    token: "joined-token-0001",
    sealed: "sealed-Ana",
  });
  await again.hear(again.joined([member("marta", 0, "facilitator"), member("me", 1)], { resumed: true }));
  expect(again.screen).toBe("call");
  expect(again.media.asked).toEqual([]);
  expect(again.said("state")[0]).toMatchObject({ name: "Ana", microphone: false, camera: false });
});

test("after a reload what was open opens again by itself", async () => {
  const ana = new Person();
  await ana.comeIn();
  ana.actions.setCamera(false);
  ana.session.hide();
  const again = new Person("participant", ana.tabStorage);
  again.session.begin();
  await again.greet();
  await again.hear(again.joined([member("me", 1)], { resumed: true }));
  expect(again.media.live.map((track) => track.kind)).toEqual(["audio"]);
});

test("a reload after a facilitator's mute stays muted", async () => {
  const ana = new Person();
  await ana.comeIn();
  await ana.hear({ type: "muted", by: "marta" });
  expect(ana.kept.microphone).toBe(false);
});

test("whatever was pressed: a reload is never more open than the last state seen", async () => {
  const { seeded } = await import("../random");
  for (let seed = 1; seed <= 40; seed++) {
    const random = seeded(seed);
    const ana = new Person();
    await ana.comeIn();
    for (let step = 0; step < 12; step++) {
      const pick = Math.floor(random() * 7);
      if (pick === 0) ana.actions.setMicrophone(random() < 0.5);
      else if (pick === 1) ana.actions.setCamera(random() < 0.5);
      else if (pick === 2) ana.media.live[0]?.unplug();
      else if (pick === 3) await ana.hear({ type: "muted", by: "marta" });
      else if (pick === 4) ana.actions.continueWithoutDevices();
      else if (pick === 5) ana.actions.retryDevice(random() < 0.5 ? "microphone" : "camera");
      else await vi.advanceTimersByTimeAsync(random() * 500);
    }
    await vi.advanceTimersByTimeAsync(1);
    const seen = [ana.model.devices.microphone.value.state, ana.model.devices.camera.value.state];
    ana.session.hide();
    const again = new Person("participant", ana.tabStorage);
    again.session.begin();
    await again.greet();
    await again.hear(again.joined([member("me", 1)], { resumed: true }));
    const open = [again.model.devices.microphone.value.state, again.model.devices.camera.value.state];
    for (const [index, state] of open.entries()) if (state === "on") expect(seen[index]).toBe("on");
  }
});

test("a page that is opened on an old token begins anew, without a word about it", async () => {
  const ana = new Person();
  await ana.comeIn();
  ana.session.hide();
  const later = new Person("participant", ana.tabStorage);
  later.session.begin();
  await later.greet();
  await later.hear({ type: "error", code: "session_expired", about: "resume" });
  expect([later.screen, later.model.ownName.value, later.kept.token]).toEqual(["before", "Ana", null]);
  expect(later.media.asked).toEqual([]);
});

test("a session that expired while the page was open says so", async () => {
  const ana = new Person();
  await ana.comeIn();
  ana.socket.close(1006);
  await vi.advanceTimersByTimeAsync(1);
  await ana.greet();
  await ana.hear({ type: "error", code: "session_expired", about: "resume" });
  expect([ana.screen, ana.media.live]).toEqual(["left expired", []]);
});

test("two minutes without a server end it the same way", async () => {
  const ana = new Person();
  await ana.comeIn();
  ana.socket.close(1006);
  for (let i = 0; i < 200 && ana.screen === "call"; i++) {
    await vi.advanceTimersByTimeAsync(1000);
    ana.socket.close(1006);
  }
  expect([ana.screen, ana.media.live]).toEqual(["left expired", []]);
});

test.each([
  [{ type: "removed" }, "left removed"],
  [{ type: "taken_over" }, "left taken-over"],
  [{ type: "ended", reason: "facilitator" }, "left ended"],
  [{ type: "ended", reason: "empty" }, "left empty"],
  [{ type: "ended", reason: "deleted" }, "left deleted"],
] as const)("%j: devices stop, connections close, nothing of the meeting stays", async (message, screen) => {
  const ana = new Person();
  await ana.comeIn();
  await ana.hearSaid("marta", { type: "chat", text: "hello" });
  await ana.hear(message);
  expect(ana.screen).toBe(screen);
  expect(ana.media.live).toEqual([]);
  expect(FakePeerConnection.made.map((one) => one.connectionState)).toEqual(["closed", "closed"]);
  expect(ana.e2ee.closed).toBe(true);
  expect([ana.model.members.value, ana.model.chat.value, ana.model.knocks.value, ana.model.unread.value]).toEqual([
    [],
    [],
    [],
    0,
  ]);
  expect(ana.kept).toMatchObject({ token: null, hand: null, name: "Ana" });
  await vi.advanceTimersByTimeAsync(130_000);
  expect(ana.sockets).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});

test("leaving says so; a reload afterwards restores nothing; rejoining knocks, as open as before", async () => {
  const ana = new Person();
  await ana.comeIn();
  ana.actions.setCamera(false);
  ana.actions.leave();
  expect(ana.sent("leave")).toHaveLength(1);
  expect([ana.screen, ana.media.live, ana.kept.token]).toEqual(["left left", [], null]);
  const reloaded = new Person("participant", ana.tabStorage);
  reloaded.session.begin();
  expect([reloaded.screen, reloaded.sockets.length]).toEqual(["before", 0]);
  ana.actions.rejoin();
  await ana.greet();
  expect(ana.sent("join")).toHaveLength(2);
  await ana.wait();
  expect(ana.screen).toBe("waiting");
  expect(ana.media.live.map((track) => track.kind)).toEqual(["audio"]);
});

test("a soft mute closes the microphone and is told once; its owner opens it again", async () => {
  const ana = new Person();
  await ana.comeIn();
  ana.announcements.length = 0;
  await ana.hear({ type: "muted", by: "marta" });
  await ana.hear({ type: "muted", by: "marta", everyone: true });
  expect(ana.kinds()).toEqual(["muted-by"]);
  expect(ana.model.devices.microphone.value.state).toBe("off");
  expect(ana.said("state").at(-1)).toMatchObject({ microphone: false });
  ana.actions.setMicrophone(true);
  await vi.advanceTimersByTimeAsync(1);
  expect(ana.said("state").at(-1)).toMatchObject({ microphone: true });
  expect(ana.kinds()).toEqual(["muted-by", "mic-on"]);
});

test("a microphone that is just being opened closes at a soft mute too", async () => {
  const ana = new Person();
  await ana.comeIn();
  ana.actions.setMicrophone(false);
  ana.devices.choose("microphone", "other");
  ana.media.answers.audio = () => new Promise(() => undefined);
  ana.actions.setMicrophone(true);
  await ana.hear({ type: "muted", by: "marta", everyone: true });
  expect(ana.model.devices.microphone.value.state).toBe("off");
});

test("continuing without devices closes them and stays; the camera can be turned on later", async () => {
  const ana = new Person();
  ana.session.begin();
  ana.actions.agree();
  await vi.advanceTimersByTimeAsync(1);
  ana.actions.continueWithoutDevices();
  expect([ana.screen, ana.kept.microphone, ana.kept.camera]).toEqual(["before", false, false]);
  ana.actions.askToJoin("Ana");
  await ana.greet();
  await ana.hear(ana.joined([member("me", 1)]));
  const asked = ana.media.asked.length;
  ana.actions.setCamera(true);
  await vi.advanceTimersByTimeAsync(1);
  expect([ana.media.asked.length, ana.model.devices.camera.value.state]).toEqual([asked + 1, "on"]);
});

test("the token is renewed by a pong, and connection loss is told with the microphone's state", async () => {
  const ana = new Person();
  await ana.comeIn();
  await ana.hear({ type: "pong", n: 1, token: "fresh-token-00001" });
  expect(ana.kept.token).toBe("fresh-token-00001");
  ana.announcements.length = 0;
  await ana.loseAndResume(
    ana.joined([member("marta", 0, "facilitator"), member("me", 1)], { resumed: true, media_kept: true }),
  );
  expect(ana.announcements).toEqual([
    { urgency: "assertive", kind: "connection-lost", microphoneOn: true },
    { urgency: "assertive", kind: "connection-back", microphoneOn: true },
  ]);
  expect(ana.sent("resume")[0]).toMatchObject({ token: "fresh-token-00001", seen: { room: 0 } });
  expect(FakePeerConnection.made).toHaveLength(4); // never connected, so built anew
});

test("links are copied for those who hold them", async () => {
  const ana = new Person();
  expect(await ana.actions.copyLink("participant")).toBe(true);
  expect(await ana.actions.copyLink("facilitator")).toBe(false);
  expect(await ana.actions.copyLink("this")).toBe(true);
  expect(ana.copied).toEqual(["https://meet.example.org/participant", "https://meet.example.org/own"]);
});

test("the organiser proves the key, sees the page, and deletes the group", async () => {
  const olu = new Person("organiser");
  olu.session.begin();
  await olu.greet();
  expect(olu.sent("join")[0]).toMatchObject({ role: "organiser", signature: "signed nonce" });
  await olu.hear({ type: "organiser_ready", meeting_running: true });
  expect(olu.model.screen.value).toEqual({ name: "organiser", meetingRunning: true, deleted: false });
  olu.actions.deleteGroup();
  expect(olu.sent("delete_group")).toHaveLength(1);
  await olu.hear({ type: "ended", reason: "deleted" });
  expect(olu.model.screen.value).toEqual({ name: "organiser", meetingRunning: false, deleted: true });
  expect(olu.media.asked).toEqual([]);
});

test.each([
  ["waiting", { type: "waiting", token: "waiting-token-0002", facilitator_present: true }],
  ["declined", { type: "declined", retry_after: 60 }],
  ["organiser", { type: "organiser_ready", meeting_running: true }],
] as [string, ServerMessage][])(
  "no call goes on behind the %s page, whatever the server does",
  async (screen, message) => {
    const ana = new Person();
    await ana.comeIn();
    await ana.hear(message);
    expect(ana.screen).toBe(screen);
    expect(FakePeerConnection.made.map((one) => one.connectionState)).toEqual(["closed", "closed"]);
    expect([ana.model.members.value, ana.e2ee.closed]).toEqual([[], true]);
  },
);

test.each(["rate_limited", "server_full"] as ErrorCode[])(
  "%s does not end a session that is being taken up again",
  async (code) => {
    const ana = new Person();
    await ana.comeIn();
    ana.socket.close(1006);
    await vi.advanceTimersByTimeAsync(1);
    await ana.greet();
    await ana.hear({ type: "error", code, about: "resume" });
    ana.socket.close(4003);
    await vi.advanceTimersByTimeAsync(5_000);
    expect([ana.screen, ana.sockets.length > 2]).toEqual(["call", true]);
    await ana.greet();
    await ana.hear(ana.joined([member("marta", 0, "facilitator"), member("me", 1)], { resumed: true }));
    expect(ana.kinds()).toContain("connection-back");
  },
);
