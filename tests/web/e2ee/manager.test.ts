import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type EncodedFrame, type FramePipe, FrameWorker } from "../../../web/client/e2ee/frame_worker";
import { E2eeManager, type GroupReport, type KeyState } from "../../../web/client/e2ee/manager";
import type {
  FromWorker,
  GroupView,
  Identity,
  ToWorker,
  TransformOptions,
} from "../../../web/client/e2ee/worker_messages";
import type { JoinedMessage, Knock } from "../../../web/client/protocol_types";
import { type Bytes, encoded, epochKeys, keyFrame, opusFrame } from "./frames";
import { settled } from "./settled";

/** A dedicated worker in the test's own thread: messages arrive later and as copies, as they would. */
class FakeWorker {
  static all: FakeWorker[] = [];
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: (() => void) | null = null;
  dead = false;
  readonly received: ToWorker[] = [];
  readonly frames = new FrameWorker({ tell: (data) => this.tell(data), now: () => 0, onDisagree: () => undefined });
  constructor(readonly url: string) {
    FakeWorker.all.push(this);
  }
  postMessage(message: ToWorker) {
    const copy = message.type === "streams" ? message : structuredClone(message);
    if (this.dead) return;
    this.received.push(copy);
    if (copy.type !== "sender" && copy.type !== "receiver" && copy.type !== "streams") return;
    void this.#later(() => this.frames.receive(copy));
  }
  tell(data: FromWorker) {
    void this.#later(() => this.onmessage?.({ data }));
  }
  attach(options: TransformOptions, pipe: FramePipe) {
    void this.#later(() => this.frames.attach(options, pipe));
  }
  terminate() {
    this.dead = true;
  }
  async #later(work: () => void) {
    await Promise.resolve();
    if (!this.dead) work();
  }
}

/** One end of a connection, with the encoded frames on both sides of its transform at hand. */
class FakeEnd {
  readonly #in = new TransformStream<EncodedFrame, EncodedFrame>();
  readonly out: Bytes[] = [];
  /** As RTCRtpSender has it. */
  readonly transport = { state: "connected" };
  transforms = 0;
  readonly #writer = this.#in.writable.getWriter();
  readonly #writable = new WritableStream<EncodedFrame>({
    write: ({ data }) => void this.out.push(new Uint8Array(data)),
  });
  set transform(transform: FakeScriptTransform) {
    this.transforms++;
    transform.worker.attach(transform.options, {
      readable: this.#in.readable,
      writable: this.#writable,
    });
  }
  streams() {
    this.transforms++;
    return { readable: this.#in.readable, writable: this.#writable };
  }
  /** Resolves when the transform has taken the frame. */
  async push(frame: Uint8Array) {
    await this.#writer.write(encoded(frame));
    await settled();
  }
  asSender() {
    return this as unknown as RTCRtpSender;
  }
  asReceiver() {
    return this as unknown as RTCRtpReceiver;
  }
}

class FakeScriptTransform {
  constructor(
    readonly worker: FakeWorker,
    readonly options: TransformOptions,
  ) {}
}

/** Milliseconds of performance.now(). */
let wall = 0;
/** The worker dies, long after its start. */
function lose(worker: FakeWorker) {
  wall += 60_000;
  worker.onerror?.();
}

const room = "room";
const camera = { track: "camera", kind: "video" } as const;
const microphone = { track: "microphone", kind: "audio" } as const;
const identity: Identity = {
  group: "A".repeat(22),
  roomSecret: new Uint8Array(16),
  rootKey: new Uint8Array(32),
  roleSeed: null,
  certificates: ["one"],
  revocations: null,
  tab: "tab-id-1",
};
const joined: JoinedMessage = {
  type: "joined",
  token: "T".repeat(16),
  meeting: "meeting-1",
  member: "ann-member",
  role: "participant",
  now: 1_800_000_000,
  rooms: [{ id: room, members: [], said_n: 4, mls: { group: "G".repeat(22), epoch: 3, seq: 9 } }],
};
const knockData = { member: "ann-member", nonce: "nonce", name: "Ann", now: 1_800_000_000 };
const knockOf = (id: string): Knock => ({ id, sealed: "s", key_package: "k", nonce: "n", waiting_seconds: 0 });
const chat = { type: "chat", text: "Hello" } as const;

let pages = 0;

function page() {
  const workerUrl = `worker-${pages++}.js`;
  const reports: GroupReport[] = [];
  const states: [string, string, KeyState][] = [];
  const problems: string[] = [];
  const manager = new E2eeManager({
    workerUrl,
    identity,
    on: (report) => reports.push(report),
    onKeyState: (...state) => states.push(state),
    onProblem: (what) => problems.push(what),
  });
  const worker = () => FakeWorker.all.filter(({ url }) => url === workerUrl).at(-1) as FakeWorker;
  const epoch = async (number: number) => {
    const view: GroupView = { room, state: "in", epoch: number, people: [], changes: [] };
    worker().tell({ type: "group", view });
    await settled();
  };
  return { manager, reports, states, problems, worker, epoch };
}

beforeEach(() => {
  wall = 0;
  FakeWorker.all = [];
  vi.spyOn(performance, "now").mockImplementation(() => wall);
  vi.stubGlobal("Worker", FakeWorker);
  vi.stubGlobal("RTCRtpScriptTransform", FakeScriptTransform);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("frames", () => {
  function connected() {
    const [a, b] = [page(), page()];
    const [out, into] = [new FakeEnd(), new FakeEnd()];
    const context = a.manager.protectSender(room, out.asSender(), camera, "VP8");
    b.manager.openReceiver(room, into.asReceiver(), { member: "ann", ...camera });
    a.worker().frames.epochBegan(epochKeys(1));
    b.worker().frames.epochBegan(epochKeys(1, { leaf: 2 }));
    b.worker().frames.contexts(room, "ann", [context]);
    return { a, b, out, into, context };
  }

  test("come from Ann's camera to Ben's screen, and her tile says so", async () => {
    const { b, out, into } = connected();
    await settled();
    await out.push(keyFrame(1));
    for (const sealed of out.out) await into.push(sealed);
    expect(into.out).toEqual([keyFrame(1)]);
    expect(b.states).toEqual([[room, "ann", "encrypted"]]);
    expect(b.reports).toEqual([]);
  });

  test("of another track pass the same m-line once it carries that, by one transform", async () => {
    const { a, b, into } = connected();
    const second = new FakeEnd();
    const context = a.manager.protectSender(room, second.asSender(), { track: "screen", kind: "video" }, "VP8");
    b.worker().frames.contexts(room, "ann", [context]);
    await settled();
    await second.push(keyFrame(5));
    const [sealed] = second.out as [Bytes];
    await into.push(sealed);
    expect(into.out).toEqual([]);
    b.manager.openReceiver(room, into.asReceiver(), { member: "ann", track: "screen", kind: "video" });
    await settled();
    await into.push(sealed);
    expect(into.out).toEqual([keyFrame(5)]);
    expect(into.transforms).toBe(1);
  });

  test("pass nobody's receiver before it is known whose it is", async () => {
    const { b } = connected();
    const guarded = new FakeEnd();
    b.manager.guardReceiver(guarded.asReceiver());
    b.manager.guardReceiver(guarded.asReceiver());
    for (const frame of [keyFrame(1), opusFrame(1), new Uint8Array(0)]) await guarded.push(frame);
    expect([guarded.transforms, guarded.out]).toEqual([1, []]);
  });

  test("go by Chromium's older interface to the same worker", async () => {
    vi.stubGlobal("RTCRtpScriptTransform", undefined);
    class OldEnd extends FakeEnd {
      createEncodedStreams() {
        return this.streams();
      }
    }
    const { manager, worker } = page();
    const out = new OldEnd();
    manager.protectSender(room, out.asSender(), microphone, "opus");
    manager.protectSender(room, out.asSender(), microphone, "opus");
    worker().frames.epochBegan(epochKeys(1));
    await settled();
    await out.push(opusFrame(1));
    expect([out.transforms, out.out.length]).toEqual([1, 1]);
  });
});

describe("contexts", () => {
  test("none twice within an epoch, and an error when there is no other", async () => {
    const { manager, epoch } = page();
    await epoch(7);
    const give = () => manager.protectSender(room, new FakeEnd().asSender(), camera, "VP8");
    const given = new Set(Array.from({ length: 255 }, () => give().context));
    expect(given.size).toBe(255);
    await epoch(7);
    expect(give).toThrow(RangeError);
    expect(manager.protectSender("another room", new FakeEnd().asSender(), camera, "VP8").context).toBeLessThan(256);
  });

  test("again in the next epoch, when their connection is closed", async () => {
    const { manager, epoch } = page();
    await epoch(7);
    const ends = Array.from({ length: 255 }, () => new FakeEnd());
    for (const end of ends) manager.protectSender(room, end.asSender(), camera, "VP8");
    for (const end of ends.slice(1)) end.transport.state = "closed";
    await epoch(8);
    const given = Array.from({ length: 254 }, () =>
      manager.protectSender(room, new FakeEnd().asSender(), camera, "VP8"),
    );
    expect(given.map(({ context }) => context)).not.toContain(1);
    expect(new Set(given.map(({ context }) => context)).size).toBe(254);
  });

  test("a sender that is protected again has another one", async () => {
    const { manager, worker } = page();
    const out = new FakeEnd();
    const [first, second] = [1, 2].map(() => manager.protectSender(room, out.asSender(), camera, "VP8"));
    expect(first?.context).not.toBe(second?.context);
    const told = worker().received.filter((message) => message.type === "sender");
    expect(told.map(({ id }) => id)).toEqual([1, 1]);
    expect(told.at(-1)?.context).toEqual({ ...second });
  });
});

test("what the page asks for reaches the worker, in order", () => {
  const { manager, worker } = page();
  manager.makeKnock(knockData);
  manager.joined(joined);
  manager.server({ type: "mls_ready", room, epoch: 3 });
  manager.admit(["knock-1"]);
  manager.remove("ben-member");
  manager.coFacilitator("ben-member", true);
  manager.say(room, 1, chat);
  manager.say(room, 2, chat, { to: "ben-member", slot: "state" });
  manager.withdraw(room, 2);
  manager.check(room);
  manager.markChecked(room, "round");
  manager.groupChanged(["two"], "list");
  manager.offline();
  manager.leaveRoom(room);
  expect(worker().received).toEqual([
    { type: "start", identity },
    { type: "make-knock", ...knockData },
    { type: "joined", message: joined },
    { type: "server", message: { type: "mls_ready", room, epoch: 3 } },
    { type: "admit", knocks: ["knock-1"] },
    { type: "remove", member: "ben-member" },
    { type: "co-facilitator", member: "ben-member", granted: true },
    { type: "say", room, id: 1, message: chat, to: null, slot: null },
    { type: "say", room, id: 2, message: chat, to: "ben-member", slot: "state" },
    { type: "withdraw", room, id: 2 },
    { type: "check", room },
    { type: "mark-checked", room, round: "round" },
    { type: "group-changed", certificates: ["two"], revocations: "list" },
    { type: "offline" },
    { type: "forget-room", room },
  ]);
});

test("a knock's name comes to everybody who asked, and null for one that is not genuine", async () => {
  const { manager, worker } = page();
  const names = [manager.readKnock(knockOf("knock-1")), manager.readKnock(knockOf("knock-1"))];
  const other = manager.readKnock(knockOf("knock-2"));
  worker().tell({ type: "knock-read", knock: "knock-2", name: null });
  worker().tell({ type: "knock-read", knock: "knock-1", name: "Ben" });
  expect(await Promise.all([...names, other])).toEqual(["Ben", "Ben", null]);
});

describe("leaving", () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));

  test("is done when the worker has signed it", async () => {
    const { manager, worker, reports } = page();
    const left = manager.leave();
    worker().tell({ type: "send", message: { type: "leave", leaving: "S".repeat(86) } });
    worker().tell({ type: "left" });
    await left;
    vi.advanceTimersByTime(10_000);
    expect(reports).toEqual([{ type: "send", message: { type: "leave", leaving: "S".repeat(86) } }, { type: "left" }]);
  });

  test("goes without a signature when the worker does not answer within a second", async () => {
    const { manager, reports } = page();
    const left = manager.leave();
    vi.advanceTimersByTime(999);
    expect(reports).toEqual([]);
    vi.advanceTimersByTime(1);
    await left;
    expect(reports).toEqual([{ type: "send", message: { type: "leave" } }]);
  });

  test("is asked of the server once, if the worker is slow to end it", async () => {
    const { manager, worker, reports } = page();
    const left = manager.leave();
    worker().tell({ type: "send", message: { type: "leave" } });
    await settled();
    vi.advanceTimersByTime(1000);
    await left;
    expect(reports).toEqual([{ type: "send", message: { type: "leave" } }]);
  });

  test("is over with the manager", async () => {
    const { manager, reports } = page();
    const left = manager.leave();
    manager.close();
    await left;
    vi.advanceTimersByTime(10_000);
    expect(reports).toEqual([]);
  });
});

describe("when the worker is lost", () => {
  test("the new one is told who one is, what the group keeps now, and to come back", async () => {
    const { manager, worker, problems } = page();
    manager.joined(joined);
    manager.groupChanged(["two"], "list");
    const state = { group: "H".repeat(22), epoch: 0, seq: 12 };
    const gone = { member: "ben-member", reason: "lost" } as const;
    manager.server({ type: "mls_registered", room, state });
    manager.server({ type: "member_gone", room, gone: { ...gone, reason: "left" } });
    manager.server({ type: "member_gone", room, gone });
    manager.server({ type: "member_gone", room: "elsewhere", gone });
    const before = worker();
    wall = 30_000;
    lose(before);
    lose(before);
    expect(problems).toEqual(["worker-lost"]);
    expect(before.dead).toBe(true);
    expect(worker().received).toEqual([
      { type: "start", identity: { ...identity, certificates: ["two"], revocations: "list" } },
      {
        type: "joined",
        message: {
          ...joined,
          resumed: true,
          now: joined.now + 90,
          rooms: [{ ...joined.rooms[0], mls: state, gone: [gone] }],
        },
      },
    ]);
  });

  test("its count of what was said goes on after the last that left", async () => {
    const { manager, worker } = page();
    manager.joined(joined);
    worker().tell({ type: "send", message: { type: "say", room, n: 7, body: "b" } });
    await settled();
    const counts = () =>
      worker().received.flatMap((message) => (message.type === "joined" ? [message.message.rooms[0]?.said_n] : []));
    lose(worker());
    expect(counts()).toEqual([7]);
    manager.joined({ ...joined, resumed: true });
    lose(worker());
    expect(counts()).toEqual([7]);
  });

  test("what was waiting to be said comes back, what was settled does not", async () => {
    const { manager, worker, reports } = page();
    for (const id of [1, 2, 3]) manager.say(room, id, chat);
    worker().tell({ type: "said", room, id: 1, seq: 5 });
    worker().tell({ type: "unsaid", room, id: 2 });
    await settled();
    reports.splice(0);
    lose(worker());
    expect(reports).toEqual([{ type: "unsaid", room, id: 3 }]);
    lose(worker());
    expect(reports).toHaveLength(1);
  });

  test("at the door it knocks anew, and knocks that were read are read again", async () => {
    const { manager, worker } = page();
    manager.makeKnock(knockData);
    const name = manager.readKnock(knockOf("knock-1"));
    void manager.readKnock(knockOf("knock-2"));
    void manager.readKnock({ ...knockOf("knock-1"), nonce: "newer" });
    lose(worker());
    expect(worker().received.slice(1)).toEqual([
      { type: "read-knock", knock: knockOf("knock-2") },
      { type: "read-knock", knock: { ...knockOf("knock-1"), nonce: "newer" } },
      { type: "make-knock", ...knockData, now: knockData.now + 60 },
    ]);
    worker().tell({ type: "knock-read", knock: "knock-1", name: "Ben" });
    expect(await name).toBe("Ben");
  });

  test.each([
    ["the socket is lost, too", (of: ReturnType<typeof page>) => of.manager.offline()],
    ["one was removed", (of: ReturnType<typeof page>) => of.worker().tell({ type: "removed", room, by: "ben-member" })],
    ["one has left", (of: ReturnType<typeof page>) => void of.manager.leave()],
  ])("it is not told to come back when %s", async (_, end) => {
    const opened = page();
    opened.manager.joined(joined);
    end(opened);
    await settled();
    lose(opened.worker());
    expect(opened.worker().received.map(({ type }) => type)).toEqual(["start"]);
    opened.manager.close();
  });

  test("old senders and receivers let nothing through, new ones of the same epoch get other contexts", async () => {
    const { manager, worker } = page();
    const [oldOut, oldInto] = [new FakeEnd(), new FakeEnd()];
    const before = manager.protectSender(room, oldOut.asSender(), camera, "VP8");
    manager.openReceiver(room, oldInto.asReceiver(), { member: "ann", ...camera });
    await settled();
    lose(worker());
    manager.openReceiver(room, oldInto.asReceiver(), { member: "ann", ...camera });
    expect(oldInto.transforms).toBe(1);
    worker().frames.epochBegan(epochKeys(1));
    const out = new FakeEnd();
    expect(manager.protectSender(room, out.asSender(), camera, "VP8").context).not.toBe(before.context);
    await settled();
    for (const end of [oldOut, out]) await end.push(keyFrame(1));
    expect([oldOut.out.length, out.out.length]).toEqual([0, 1]);
  });

  test("one that dies at once, or cannot be loaded, is not started again and again", () => {
    const { worker, problems } = page();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    for (let times = 1; times < 4; times++) {
      worker().onerror?.();
      expect(FakeWorker.all).toHaveLength(times);
      wall += 5_000;
      vi.advanceTimersByTime(5_000);
      expect(FakeWorker.all).toHaveLength(times + 1);
      expect(problems).toHaveLength(times);
    }
  });

  test("what came while there was none is told to the next one", () => {
    const { manager, worker, reports } = page();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    worker().onerror?.();
    manager.joined(joined);
    manager.say(room, 1, chat);
    vi.advanceTimersByTime(5_000);
    expect(worker().received.map(({ type }) => type)).toEqual(["start", "joined"]);
    expect(reports).toEqual([{ type: "unsaid", room, id: 1 }]);
  });

  test("closing ends the wait for a new one, and after it there is none", () => {
    const { manager, worker, problems } = page();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    worker().onerror?.();
    manager.close();
    vi.advanceTimersByTime(60_000);
    const closed = page();
    closed.manager.close();
    lose(closed.worker());
    expect([...problems, ...closed.problems]).toEqual([]);
    expect(FakeWorker.all).toHaveLength(2);
  });
});

test("few of many knocks are kept for a new worker, the newest ones", () => {
  const { manager, worker } = page();
  for (let count = 0; count < 300; count++) void manager.readKnock(knockOf(`knock-${count}`));
  lose(worker());
  const read = worker().received.flatMap((message) => (message.type === "read-knock" ? [message.knock.id] : []));
  expect([read.length, read.at(-1)]).toEqual([256, "knock-299"]);
});
