import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CALL_PROBE_MS } from "../../../web/client/connection";
import type { ErrorCode, ServerMessage } from "../../../web/client/protocol_types";
import { FakeManager, person } from "./fake_manager";
import { FakePeerConnection } from "./fakes";
import { CERTIFIED, GROUP, Person, setUp } from "./meeting_fixture";

beforeEach(setUp);
afterEach(() => vi.useRealTimers());

test("nothing is opened, asked or sent before the person acts", async () => {
  const ana = new Person();
  ana.session.begin();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([ana.screen, ana.sockets.length, ana.media.asked.length]).toEqual(["before", 0, 0]);
});

test("from the link to the call: proof and mark at the door, a knock, then the room", async () => {
  const ana = new Person();
  await ana.comeIn();
  const [join] = ana.sent("join");
  expect(join).toMatchObject({ role: "participant", signature: "signed nonce" });
  expect(join?.browser).toMatch(/^[A-Za-z0-9_-]{16}$/);
  expect(ana.e2ee.knocksMade).toEqual([{ member: "me", nonce: "nonce", name: "Ana", now: 1_700_000_000 }]);
  expect(ana.e2ee.joins).toHaveLength(1);
  expect(FakeManager.made).toHaveLength(1);
  expect(ana.screen).toBe("call");
  expect(ana.kinds()).toContain("admitted");
  expect(ana.model.members.value.map((one) => [one.id, one.name, one.self])).toEqual([
    ["marta", null, false],
    ["me", "Ana", true],
  ]);
  expect(ana.said("state")[0]).toMatchObject({ name: "Ana", microphone: true, camera: true, hand: 0, to: null });
});

test("the worker acts for the link, with what the server keeps and this tab's mark", async () => {
  const [ana, marta] = [new Person(), new Person("facilitator")];
  await ana.comeIn();
  const { identity } = ana.e2ee.options;
  expect(identity).toMatchObject({ group: GROUP, roleSeed: null, certificates: ["c1"], revocations: null });
  expect([identity.tab, identity.rootKey.length]).toEqual([ana.kept.tab, 32]);
  await marta.facilitate();
  expect(marta.e2ee.options.identity.roleSeed).toHaveLength(32);
});

test("media connects while the keys are on their way, and nothing is said before they are there", async () => {
  const ana = new Person();
  ana.session.begin();
  ana.actions.agree();
  ana.actions.askToJoin("Ana");
  await ana.greet();
  await ana.wait();
  await ana.hear(ana.joined());
  expect([ana.sent("publish").length, ana.sent("subscribe").length, ana.said()]).toEqual([1, 0, []]);
  expect(FakePeerConnection.made).toHaveLength(2);
  expect(ana.model.encryption.value.ready).toBe(false);
  await ana.see([person("me", 0)]);
  expect(ana.said("state")[0]).toMatchObject({ contexts: [{ kind: "audio" }, { kind: "video" }] });
  expect(ana.model.encryption.value.ready).toBe(true);
});

test("what the worker wants to be sent is sent, and what is the group's reaches it", async () => {
  const ana = new Person();
  await ana.comeIn();
  ana.e2ee.tell({ type: "send", message: { type: "mls_applied", room: "room", epoch: 3 } });
  expect(ana.sent("mls_applied")).toEqual([{ type: "mls_applied", room: "room", epoch: 3 }]);
  await ana.hear({ type: "mls_ready", room: "room", epoch: 3 }, { type: "pong", n: 1 });
  await ana.hear({ type: "mls_refused", room: "room", code: "stale", about: "say", n: 1 });
  expect(ana.e2ee.forwarded.map(({ type }) => type)).toEqual(["mls_ready", "mls_refused"]);
});

test("media that stop are a question to the socket: one that does not answer is replaced, one that does stays", async () => {
  const ana = new Person();
  await ana.comeIn();
  for (const one of FakePeerConnection.made) one.become("connected");
  const [sockets, pings] = [ana.sockets.length, ana.sent("ping").length];
  FakePeerConnection.made[0]?.become("disconnected");
  expect(ana.sent("ping")).toHaveLength(pings + 1);
  await vi.advanceTimersByTimeAsync(CALL_PROBE_MS + 1);
  expect(ana.sockets).toHaveLength(sockets + 1);

  const ben = new Person();
  FakePeerConnection.made.length = 0;
  await ben.comeIn();
  ben.socket.onSend((message) => message.type === "ping" && ben.socket.say({ type: "pong", n: message.n }));
  for (const one of FakePeerConnection.made) one.become("connected");
  FakePeerConnection.made[0]?.become("disconnected");
  await vi.advanceTimersByTimeAsync(CALL_PROBE_MS + 1);
  expect(ben.sockets).toHaveLength(1);
});

test("a facilitator goes straight in, without a mark and without a knock", async () => {
  const marta = new Person("facilitator");
  await marta.facilitate();
  expect(marta.sent("join")[0]).not.toHaveProperty("browser");
  expect([marta.screen, marta.model.lastFacilitator.value, marta.e2ee.knocksMade]).toEqual(["call", true, []]);
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
  ["bad_proof", "links-changed"],
  ["meeting_full", "meeting-full"],
  ["waiting_room_full", "waiting-room-full"],
  ["meeting_locked", "meeting-locked"],
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

test.each([
  ["that the link was withdrawn", [CERTIFIED.encoded], "certificate-revoked"],
  ["that nobody signed for it", ["junk"], "certificate-missing"],
])("a facilitator whose proof the group does not take reads %s", async (_what, certificates, problem) => {
  const marta = new Person("facilitator");
  marta.group = { ...marta.firstGroup, certificates };
  marta.session.begin();
  marta.actions.askToJoin("Marta");
  await marta.greet();
  await marta.hear({ type: "error", code: "bad_proof", about: "join" });
  expect(marta.screen).toBe(problem);
});

test.each([
  ["a facilitator", "facilitator", "certificate-revoked"],
  ["a participant, who has no such link", "participant", "left cut-off"],
] as const)("put out for a withdrawn link: %s", async (_who, role, screen) => {
  const marta = new Person(role);
  await (role === "facilitator" ? marta.facilitate() : marta.comeIn());
  await marta.hear({ type: "removed", reason: "revoked" });
  await vi.advanceTimersByTimeAsync(1_000);
  expect([marta.screen, marta.media.live, marta.kept.token]).toEqual([screen, [], null]);
});

test("a facilitator whose link was withdrawn while the socket was lost reads so", async () => {
  const marta = new Person("facilitator");
  await marta.facilitate();
  marta.socket.close(1006);
  await vi.advanceTimersByTimeAsync(1);
  await marta.greet();
  await marta.hear({ type: "error", code: "bad_proof", about: "resume" });
  expect([marta.screen, marta.media.live, marta.kept.token]).toEqual(["certificate-revoked", [], null]);
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
  await vi.advanceTimersByTimeAsync(0);
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

test("a waiting person keeps the place over a lost network, and knocks anew over the new challenge", async () => {
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
  expect(ana.sent("resume")[0]).toMatchObject({ token: "waiting-token-0001" });
  expect(ana.e2ee.asked).toEqual(["offline"]);
  await ana.wait();
  expect([FakeManager.made.length, ana.e2ee.knocksMade.length]).toEqual([1, 2]);
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
  });
  await again.hear(again.joined({ resumed: true }));
  await again.see([person("me", 0)]);
  expect(again.e2ee.options.identity.tab).toBe(ana.e2ee.options.identity.tab);
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
  await again.hear(again.joined({ resumed: true }));
  expect(again.media.live.map((track) => track.kind)).toEqual(["audio"]);
});

test("a reload after a facilitator's mute stays muted", async () => {
  const ana = new Person();
  await ana.comeIn();
  await ana.hearSaid("marta", { type: "mute", member: "me" });
  expect(ana.kept.microphone).toBe(false);
});

test("whatever was pressed: a reload is never more open than the last state seen", async () => {
  const { seeded } = await import("../random");
  for (let seed = 1; seed <= 40; seed++) {
    const random = seeded(seed);
    const ana = new Person();
    await ana.comeIn();
    for (let step = 0; step < 12; step++) {
      const pick = Math.floor(random() * 13);
      if (pick === 0) ana.actions.setMicrophone(random() < 0.5);
      else if (pick === 1) ana.actions.setCamera(random() < 0.5);
      else if (pick === 2) ana.media.live[0]?.unplug();
      else if (pick === 3) await ana.hearSaid("marta", { type: "mute", member: "me" });
      else if (pick === 4) ana.actions.continueWithoutDevices();
      else if (pick === 5) ana.actions.retryDevice(random() < 0.5 ? "microphone" : "camera");
      else if (pick === 6) ana.actions.setNetwork({ audioOnly: random() < 0.5, dataSaver: random() < 0.5 });
      else if (pick === 7) ana.session.networkChanged();
      else if (pick === 8) FakePeerConnection.made.at(-1)?.become(random() < 0.5 ? "disconnected" : "failed");
      else if (pick === 9) FakePeerConnection.made.at(-2)?.become("connected");
      else if (pick === 10) void ana.actions.shareScreen();
      else if (pick === 11) await ana.loseAndResume(ana.joined({ resumed: true, media_kept: random() < 0.5 }));
      else await vi.advanceTimersByTimeAsync(random() * 500);
    }
    await vi.advanceTimersByTimeAsync(1);
    const seen = [ana.model.devices.microphone.value.state, ana.model.devices.camera.value.state];
    ana.session.hide();
    const again = new Person("participant", ana.tabStorage);
    again.session.begin();
    await again.greet();
    await again.hear(again.joined({ resumed: true }));
    const open = [again.model.devices.microphone.value.state, again.model.devices.camera.value.state];
    for (const [index, state] of open.entries()) if (state === "on") expect(seen[index]).toBe("on");
    expect(again.displays.opened).toEqual([]); // a screen is never shared again by the page
    expect(ana.displays.opened.every(({ readyState }) => readyState === "ended")).toBe(true);
  }
});

test("whatever happens to the network: nothing opens by it, and sounds and words stay few", async () => {
  const { seeded } = await import("../random");
  for (let seed = 1; seed <= 30; seed++) {
    const random = seeded(seed);
    const ana = new Person();
    await ana.comeIn();
    ana.actions.setMicrophone(false);
    await vi.advanceTimersByTimeAsync(10);
    ana.announcements.length = 0;
    const asked = ana.media.asked.length;
    let losses = 0;
    for (let step = 0; step < 15; step++) {
      const pick = Math.floor(random() * 5);
      const { socket } = ana;
      socket.onSend((message) => message.type === "ping" && socket.say({ type: "pong", n: message.n }));
      const one = FakePeerConnection.made.at(random() < 0.5 ? -1 : -2);
      if (pick === 0) ana.session.networkChanged();
      else if (pick === 1) one?.become(random() < 0.5 ? "disconnected" : "failed");
      else if (pick === 2) one?.become("connected");
      else if (pick === 3) {
        losses += 1;
        ana.socket.close(1006);
        await vi.advanceTimersByTimeAsync(8_000); // by then it tries again, however often it was lost before
        await ana.greet();
        await ana.hear(ana.joined({ resumed: true, media_kept: random() < 0.5 }));
      } else await vi.advanceTimersByTimeAsync(random() * 4000);
      expect(ana.model.devices.microphone.value.state).toBe("off");
    }
    expect([ana.media.asked.length, ana.screen]).toEqual([asked, "call"]);
    const told = ana.kinds().filter((kind) => kind !== "connection-lost" && kind !== "connection-back");
    expect([told, ana.announcements.length]).toEqual([[], 2 * losses]);
    ana.actions.leave();
    await vi.advanceTimersByTimeAsync(1);
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
  [{ type: "removed", reason: "faulty" }, "left faulty"],
  [{ type: "taken_over" }, "left taken-over"],
  [{ type: "ended", reason: "no_facilitator" }, "left ended-unsigned"],
  [{ type: "ended", reason: "empty" }, "left ended-unsigned"],
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

test("an end by itself is called so where nothing speaks against it", async () => {
  const end = async (reason: "empty" | "no_facilitator", prepare: (ana: Person) => Promise<void> | void) => {
    const ana = new Person();
    await ana.comeIn();
    await prepare(ana);
    await vi.advanceTimersByTimeAsync(0);
    await ana.hear({ type: "ended", reason });
    return ana.screen;
  };
  const silent = [{ kind: "facilitator-silent", members: ["marta"] }] as const;
  expect(await end("empty", (ana) => ana.see([person("me", 1)]))).toBe("left empty");
  expect(await end("empty", (ana) => ana.e2ee.out())).toBe("left empty");
  for (const prepare of [
    (ana: Person) => ana.see([person("me", 1), person("ben", 2, "co_facilitator")]),
    (ana: Person) => ana.hear({ type: "member_connection", room: "room", member: "marta", connected: false }),
    (ana: Person) => ana.e2ee.tell({ type: "troubles", room: "room", troubles: silent }),
    (ana: Person) => ana.e2ee.out(),
  ]) {
    expect(await end("no_facilitator", prepare)).toBe("left no-facilitator");
  }
});

test("the end of a meeting that one waits for needs no signature, and so the way out of the other tab", async () => {
  for (const [message, screen] of [
    [{ type: "ended", reason: "facilitator" }, "left ended"],
    [{ type: "removed" }, "left removed"],
  ] as const) {
    const ana = new Person();
    ana.session.begin();
    ana.actions.agree();
    ana.actions.askToJoin("Ana");
    await ana.greet();
    await ana.wait();
    await ana.hear(message);
    expect([ana.screen, ana.media.live, ana.kept.token]).toEqual([screen, [], null]);
  }
});

test("a link older than the group's says so before anything is asked, and again at the door", async () => {
  const late = new Person("participant", undefined, true);
  late.session.begin();
  expect([late.screen, late.sockets.length]).toEqual(["links-changed", 0]);
  for (const role of ["participant", "facilitator"] as const) {
    const ana = new Person(role);
    ana.session.begin();
    ana.group = { ...ana.firstGroup, profile: "under another secret" };
    ana.actions.agree();
    ana.actions.askToJoin("Ana");
    await ana.greet();
    expect([ana.screen, ana.sent("join"), ana.media.live]).toEqual(["links-changed", [], []]);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(ana.sockets).toHaveLength(1);
  }
});

test("links that are changed: who waits goes, who is in stays and comes back, and facilitators read what it means", async () => {
  const changed = async (ana: Person) => {
    ana.group = { ...ana.firstGroup, profile: "under another secret" };
    await ana.hear({ type: "group_changed" });
  };
  const ana = new Person();
  ana.session.begin();
  ana.actions.agree();
  ana.actions.askToJoin("Ana");
  await ana.greet();
  await ana.wait();
  await changed(ana);
  expect([ana.screen, ana.sent("leave").length, ana.media.live]).toEqual(["links-changed", 1, []]);

  const ben = new Person();
  await ben.comeIn();
  await changed(ben);
  expect([ben.screen, ben.kinds().includes("links-changed")]).toEqual(["call", false]);
  const again = new Person("participant", ben.tabStorage, true);
  again.session.begin();
  await again.greet();
  await again.hear(again.joined({ resumed: true }));
  expect(again.screen).toBe("call");

  const marta = new Person("facilitator");
  await marta.facilitate();
  await changed(marta);
  expect([marta.screen, marta.kinds().includes("links-changed")]).toEqual(["call", true]);
});

test.each([
  ["taken_over", []],
  ["ended", ["leave"]],
] as const)("%s: the key to come back with is left to the other tab, or deleted", async (type, asked) => {
  const ana = new Person();
  await ana.comeIn();
  await ana.hear(type === "ended" ? { type, reason: "empty" } : { type });
  expect([ana.e2ee.asked, ana.e2ee.closed, ana.sent("leave")]).toEqual([asked, true, []]);
});

test("a page that goes away keeps the key, for a reload", async () => {
  const ana = new Person();
  await ana.comeIn();
  ana.session.hide();
  expect([ana.e2ee.asked, ana.e2ee.closed]).toEqual([[], true]);
});

test("removed: proved by the commit, which comes first or a moment behind; never so by the server alone", async () => {
  const by = { type: "removed", room: "room", by: "marta" } as const;
  const [ana, ben, chi, dan] = [new Person(), new Person(), new Person(), new Person()];
  const came: [Person, FakeManager][] = [];
  for (const one of [ana, ben, chi, dan]) {
    await one.comeIn();
    came.push([one, one.e2ee]);
  }
  const worker = (one: Person) => came.find(([person]) => person === one)?.[1] as FakeManager;
  worker(ana).tell(by);
  expect(ana.screen).toBe("left removed");
  await ben.hear({ type: "removed" });
  expect([ben.screen, ben.media.live]).toEqual(["call", []]);
  worker(ben).tell(by);
  expect(ben.screen).toBe("left removed");
  await chi.hear({ type: "removed" });
  await vi.advanceTimersByTimeAsync(1_000);
  expect([chi.screen, chi.sockets.length, chi.kept.token]).toEqual(["left cut-off", 1, null]);
  worker(dan).tell({ ...by, room: "another" });
  expect(dan.screen).toBe("call");
});

test("ended: by a facilitator's signed word, or the page says that there was none", async () => {
  const [ana, ben, chi] = [new Person(), new Person(), new Person()];
  await ana.comeIn();
  await ana.hearSaid("marta", { type: "end" });
  expect(ana.screen).toBe("call");
  await ana.hear({ type: "ended", reason: "facilitator" });
  expect(ana.screen).toBe("left ended");
  await ben.comeIn();
  await ben.hear({ type: "ended", reason: "facilitator" });
  expect([ben.screen, ben.media.live]).toEqual(["call", []]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(ben.screen).toBe("left ended-unsigned");
  await chi.comeIn();
  await chi.hearSaid("marta", { type: "end" });
  await vi.advanceTimersByTimeAsync(3_000);
  expect(chi.screen).toBe("left ended"); // a server that keeps the end to itself holds nobody
});

test("a facilitator ends the meeting by a signed word and then by the server", async () => {
  const marta = new Person("facilitator");
  await marta.facilitate();
  await marta.echo();
  marta.actions.endMeeting();
  expect([marta.said("end").length, marta.sent("end_meeting").length]).toEqual([1, 0]);
  await marta.echo();
  expect(marta.sent("end_meeting")).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(600);
  expect([marta.screen, marta.sent("end_meeting").length]).toEqual(["call", 1]);
  await marta.hear({ type: "ended", reason: "facilitator" });
  expect(marta.screen).toBe("left ended");
});

test("a word that does not get through holds up no end", async () => {
  const marta = new Person("facilitator");
  await marta.facilitate();
  marta.actions.endMeeting();
  await vi.advanceTimersByTimeAsync(400);
  expect(marta.sent("end_meeting")).toEqual([]);
  await vi.advanceTimersByTimeAsync(200);
  expect(marta.sent("end_meeting")).toHaveLength(1);
});

test.each([
  ["clock", "participant"],
  ["certificate-missing", "facilitator"],
  ["certificate-expired", "facilitator"],
  ["certificate-revoked", "facilitator"],
] as const)("%s keeps a %s out, and takes the place back", async (obstacle, role) => {
  const ana = new Person(role);
  ana.session.begin();
  ana.actions.agree();
  ana.actions.askToJoin("Ana");
  await ana.greet();
  await (role === "participant" ? ana.wait() : ana.hear(ana.joined({ role })));
  ana.e2ee.tell({ type: "obstacle", obstacle });
  await vi.advanceTimersByTimeAsync(0);
  expect([ana.screen, ana.sent("leave").length, ana.media.live]).toEqual([obstacle, 1, []]);
  expect([ana.kept.token, ana.e2ee.closed]).toEqual([null, true]);
});

test("a knock for which there is no place says so; other refusals are the worker's business", async () => {
  const ana = new Person();
  ana.session.begin();
  ana.actions.askToJoin("Ana");
  await ana.greet();
  await ana.wait();
  await ana.hear({ type: "mls_refused", room: null, code: "clock", about: "knock" });
  expect([ana.screen, ana.e2ee.forwarded.length]).toEqual(["waiting", 1]);
  await ana.hear({ type: "mls_refused", room: null, code: "full", about: "knock" });
  expect(ana.screen).toBe("meeting-full");
});

test("certificates that changed are read again; another root key's are not", async () => {
  const ana = new Person();
  await ana.comeIn();
  const asked = () => ana.e2ee.asked.filter((one) => one.startsWith("group"));
  ana.group = { root_key: "another", profile: "p", certificates: ["forged"], revocations: null };
  await ana.hear({ type: "group_changed" });
  ana.group = "unreachable";
  await ana.hear({ type: "group_changed" });
  expect(asked()).toEqual([]);
  ana.group = { ...ana.firstGroup, certificates: ["c1", "c2"], revocations: "r1" };
  await ana.hear({ type: "group_changed" });
  expect(asked()).toEqual(["group c1 c2 r1"]);
  ana.actions.leave();
  await vi.advanceTimersByTimeAsync(1);
  ana.group = { ...ana.firstGroup, certificates: ["c3"] };
  ana.actions.rejoin();
  await vi.advanceTimersByTimeAsync(1);
  await ana.greet();
  await ana.wait();
  expect(asked()).toEqual(["group c3 null"]);
});

test("leaving says so; a reload afterwards restores nothing; rejoining knocks, as open as before", async () => {
  const ana = new Person();
  await ana.comeIn();
  ana.actions.setCamera(false);
  ana.actions.leave();
  expect(ana.media.live).toEqual([]);
  await vi.advanceTimersByTimeAsync(0);
  expect(ana.sent("leave")).toEqual([{ type: "leave", leaving: "signed" }]);
  expect([ana.screen, ana.media.live, ana.kept.token]).toEqual(["left left", [], null]);
  const reloaded = new Person("participant", ana.tabStorage);
  reloaded.session.begin();
  expect([reloaded.screen, reloaded.sockets.length]).toEqual(["before", 0]);
  ana.actions.rejoin();
  await vi.advanceTimersByTimeAsync(0);
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
  await ana.hearSaid("marta", { type: "mute", member: "me" });
  await ana.hearSaid("marta", { type: "mute", member: null });
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
  await ana.hearSaid("marta", { type: "mute", member: null });
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
  await ana.hear(ana.joined());
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
  await ana.loseAndResume(ana.joined({ resumed: true, media_kept: true }));
  expect(ana.announcements).toEqual([
    { urgency: "assertive", kind: "connection-lost", microphoneOn: true },
    { urgency: "assertive", kind: "connection-back", microphoneOn: true },
  ]);
  expect(ana.sent("resume")[0]).toMatchObject({ token: "fresh-token-00001" });
  expect([FakeManager.made.length, ana.e2ee.asked, ana.e2ee.joins.length]).toEqual([1, ["offline"], 2]);
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
  await vi.waitFor(() => expect(olu.screen).toBe("organiser"));
  expect(olu.model.screen.value).toMatchObject({ meetingRunning: true, deleted: false, facilitators: [] });
  olu.actions.deleteGroup();
  expect(olu.sent("delete_group")).toHaveLength(1);
  await olu.hear({ type: "ended", reason: "deleted" });
  expect(olu.model.screen.value).toMatchObject({ meetingRunning: false, deleted: true, facilitators: [] });
  expect(olu.media.asked).toEqual([]);
});

test.each([
  ["waiting", { type: "waiting", token: "waiting-token-0002", member: "me", now: 0, facilitator_present: true }],
  ["left cut-off", { type: "declined", retry_after: 60 }],
] as [string, ServerMessage][])(
  "no call goes on behind the %s page, whatever the server does",
  async (screen, message) => {
    const ana = new Person();
    await ana.comeIn();
    const { e2ee } = ana;
    await ana.hear(message);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ana.screen).toBe(screen);
    expect(FakePeerConnection.made.map((one) => one.connectionState)).toEqual(["closed", "closed"]);
    expect([ana.model.members.value, ana.model.encryption.value.ready, e2ee.closed]).toEqual([[], false, true]);
  },
);

test("the organiser's page is nobody else's", async () => {
  const ana = new Person();
  await ana.comeIn();
  await ana.hear({ type: "organiser_ready", meeting_running: true });
  expect([ana.screen, ana.sent("update_group")]).toEqual(["call", []]);
});

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
    await ana.hear(ana.joined({ resumed: true }));
    expect(ana.kinds()).toContain("connection-back");
  },
);
