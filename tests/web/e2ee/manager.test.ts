import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type EncodedFrame, type FramePipe, FrameWorker } from "../../../web/client/e2ee/frame_worker";
import { E2eeManager, type KeyState } from "../../../web/client/e2ee/manager";
import type { ToWorker, TransformOptions } from "../../../web/client/e2ee/worker_messages";
import { type Bytes, deltaFrame, encoded, keyFrame, opusFrame } from "./frames";
import { settled } from "./settled";

/** A dedicated worker in the test's own thread: messages arrive later and as copies, as they would. */
class FakeWorker {
  static all: FakeWorker[] = [];
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: (() => void) | null = null;
  dead = false;
  readonly received: ToWorker[] = [];
  readonly frames = new FrameWorker(
    (data) => void this.#later(() => this.onmessage?.({ data })),
    () => clock,
  );
  constructor() {
    FakeWorker.all.push(this);
  }
  postMessage(message: ToWorker) {
    const copy = message.type === "streams" ? message : structuredClone(message);
    this.received.push(copy);
    void this.#later(() => this.frames.receive(copy));
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
  transforms = 0;
  keyFramesAsked = 0;
  readonly #writer = this.#in.writable.getWriter();
  readonly #writable = new WritableStream<EncodedFrame>({
    write: ({ data }) => void this.out.push(new Uint8Array(data)),
  });
  set transform(transform: FakeScriptTransform) {
    this.transforms++;
    transform.worker.attach(transform.options, {
      readable: this.#in.readable,
      writable: this.#writable,
      sendKeyFrameRequest: async () => {
        this.keyFramesAsked++;
      },
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

let clock = 0;
/** Milliseconds of performance.now(). */
let wall = 0;
/** The worker dies, long after its start. */
function lose(worker: FakeWorker) {
  wall += 60_000;
  worker.onerror?.();
}

const ann = { meeting: "meeting-1", room: "room-0001", member: "ann-member", leaf: 1 };
const ben = { ...ann, member: "ben-member", leaf: 2 };
const camera = { track: "camera-1", kind: "video" } as const;
const microphone = { track: "microph1", kind: "audio" } as const;

interface Page {
  manager: E2eeManager;
  states: [string, string, KeyState][];
  problems: string[];
  worker(): FakeWorker;
}

function page(roomSecret = new Uint8Array(16).fill(7)): Page {
  const first = FakeWorker.all.length;
  const states: Page["states"] = [];
  const problems: string[] = [];
  const manager = new E2eeManager({
    workerUrl: "worker.js",
    roomSecret,
    onKeyState: (...state) => states.push(state),
    onProblem: (what) => problems.push(what),
  });
  return { manager, states, problems, worker: () => FakeWorker.all.slice(first).at(-1) as FakeWorker };
}

async function entered(place = ann, roomSecret?: Uint8Array<ArrayBuffer>): Promise<Page> {
  const opened = page(roomSecret);
  await opened.manager.enterRoom(place);
  return opened;
}

beforeEach(() => {
  clock = 0;
  FakeWorker.all = [];
  vi.spyOn(performance, "now").mockImplementation(() => wall);
  vi.stubGlobal("Worker", FakeWorker);
  vi.stubGlobal("RTCRtpScriptTransform", FakeScriptTransform);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("from Ann's camera to Ben's screen", () => {
  async function connected(benSecret?: Uint8Array<ArrayBuffer>) {
    const [a, b] = [await entered(ann), await entered(ben, benSecret)];
    const [out, into] = [new FakeEnd(), new FakeEnd()];
    const context = a.manager.protectSender(ann.room, out.asSender(), camera);
    b.manager.openReceiver(ann.room, into.asReceiver(), { member: ann.member, leaf: ann.leaf, ...camera });
    const forward = async (frame: Uint8Array) => {
      await out.push(frame);
      for (const sealed of out.out.splice(0)) await into.push(sealed);
    };
    return { a, b, out, into, context, forward };
  }

  test("with the key, the same frames", async () => {
    const { b, into, context, forward } = await connected();
    b.manager.setContexts(ann.room, ann.member, ann.leaf, [context]);
    await forward(keyFrame(1));
    await forward(deltaFrame(2));
    expect(into.out).toEqual([keyFrame(1), deltaFrame(2)]);
    expect(b.states).toEqual([[ann.room, ann.member, "encrypted"]]);
  });

  test("the key comes later: waiting, then all of them", async () => {
    const { b, into, context, forward } = await connected();
    await forward(keyFrame(1));
    await forward(deltaFrame(2));
    expect(into.out).toEqual([]);
    b.manager.setContexts(ann.room, ann.member, ann.leaf, [context]);
    await settled();
    expect(into.out).toEqual([keyFrame(1), deltaFrame(2)]);
    expect(b.states.map(([, , state]) => state)).toEqual(["waiting", "encrypted"]);
  });

  test("the key comes too late: a new key frame is asked for", async () => {
    const { b, into, context, forward } = await connected();
    await forward(keyFrame(1));
    clock = 3;
    b.manager.setContexts(ann.room, ann.member, ann.leaf, [context]);
    await forward(deltaFrame(2));
    expect(into.keyFramesAsked).toBe(1);
  });

  test("with another room secret, nothing, and the tile says so", async () => {
    const { b, into, context, forward } = await connected(new Uint8Array(16).fill(8));
    b.manager.setContexts(ann.room, ann.member, ann.leaf, [context]);
    for (clock = 0; clock < 4; clock++) await forward(keyFrame(1));
    expect(into.out).toEqual([]);
    expect(b.states).toEqual([[ann.room, ann.member, "problem"]]);
  });

  test("a member who was forgotten shows nothing any more", async () => {
    const { b, into, context, forward } = await connected();
    b.manager.setContexts(ann.room, ann.member, ann.leaf, [context]);
    await forward(keyFrame(1));
    b.manager.forgetMember(ann.room, ann.member);
    await forward(keyFrame(2));
    expect(into.out).toEqual([keyFrame(1)]);
  });

  test("one's own sender is silent once the room was left, and after entering again has a new context", async () => {
    const { a, out, context } = await connected();
    a.manager.leaveRoom(ann.room);
    await a.manager.enterRoom(ann);
    const next = new FakeEnd();
    const again = a.manager.protectSender(ann.room, next.asSender(), camera);
    await out.push(keyFrame(1));
    await next.push(keyFrame(1));
    expect(out.out).toEqual([]);
    expect(next.out).toHaveLength(1);
    expect([again.context, again.epoch]).not.toEqual([context.context, context.epoch]);
  });

  test("an m-line that carries another track opens that one, with one transform", async () => {
    const { a, b, into, context } = await connected();
    const sound = new FakeEnd();
    const second = a.manager.protectSender(ann.room, sound.asSender(), { track: "camera-2", kind: "video" });
    b.manager.setContexts(ann.room, ann.member, ann.leaf, [context, second]);
    await sound.push(keyFrame(5));
    const [sealed] = sound.out as [Bytes];
    await into.push(sealed);
    expect(into.out).toEqual([]);
    b.manager.openReceiver(ann.room, into.asReceiver(), {
      member: ann.member,
      leaf: 1,
      kind: "video",
      track: "camera-2",
    });
    await settled();
    await into.push(sealed);
    expect(into.out).toEqual([keyFrame(5)]);
    expect(into.transforms).toBe(1);
  });

  test("Chromium's older interface feeds the same worker", async () => {
    vi.stubGlobal("RTCRtpScriptTransform", undefined);
    class OldEnd extends FakeEnd {
      createEncodedStreams() {
        return this.streams();
      }
    }
    const [a, b] = [await entered(ann), await entered(ben)];
    const [out, into] = [new OldEnd(), new OldEnd()];
    const context = a.manager.protectSender(ann.room, out.asSender(), microphone);
    a.manager.protectSender(ann.room, out.asSender(), microphone);
    b.manager.openReceiver(ann.room, into.asReceiver(), { member: ann.member, leaf: ann.leaf, ...microphone });
    b.manager.setContexts(ann.room, ann.member, ann.leaf, [context]);
    await out.push(opusFrame(1));
    expect(out.out).toHaveLength(1);
    expect(out.transforms).toBe(1);
  });
});

test("a leaf that no KID holds is refused before the worker hears of it", async () => {
  const { manager, worker } = await entered({ ...ann, leaf: 1024 });
  expect(() => manager.protectSender(ann.room, new FakeEnd().asSender(), camera)).toThrow(RangeError);
  const context = { context: 0, epoch: 0, salt: "A".repeat(22), ...camera };
  expect(() => manager.setContexts(ann.room, ben.member, -1, [context])).toThrow(RangeError);
  expect(worker().received.map(({ type }) => type)).toEqual(["start"]);
});

test("nothing leaves a sender of a room that was not entered", async () => {
  const { manager } = page();
  expect(() => manager.protectSender(ann.room, new FakeEnd().asSender(), camera)).toThrow();
  await expect(async () => manager.seal(ann.room, { type: "resend" })).rejects.toThrow();
});

describe("no key and nonce twice", () => {
  /** Every encryption with AES-GCM that happens, as raw key and nonce. */
  function recorder() {
    const raw = new WeakMap<CryptoKey, string>();
    const used: string[] = [];
    const { importKey, encrypt } = crypto.subtle;
    vi.spyOn(crypto.subtle, "importKey").mockImplementation((async (...args: Parameters<typeof importKey>) => {
      const key = await importKey.apply(crypto.subtle, args);
      if (args[2] === "AES-GCM") raw.set(key, String(args[1]));
      return key;
    }) as typeof importKey);
    vi.spyOn(crypto.subtle, "encrypt").mockImplementation((async (...args: Parameters<typeof encrypt>) => {
      const key = raw.get(args[1]);
      if (key === undefined) throw new Error("a key that was not seen");
      used.push(`${key} / ${(args[0] as AesGcmParams).iv}`);
      return encrypt.apply(crypto.subtle, args);
    }) as typeof encrypt);
    return used;
  }
  test("over reloads, reconnects, restarted workers and changed keys, with the same ids handed out each time", async () => {
    const used = recorder();
    let sent = 0;
    const send = async (end: FakeEnd) => {
      for (let count = 0; count < 3; count++) await end.push(keyFrame(count));
      sent += end.out.length;
    };
    for (let reload = 0; reload < 4; reload++) {
      const { manager, worker, problems } = await entered(ann);
      for (let reconnect = 0; reconnect < 3; reconnect++) {
        const [one, two] = [new FakeEnd(), new FakeEnd()];
        manager.protectSender(ann.room, one.asSender(), camera);
        manager.protectSender(ann.room, two.asSender(), camera);
        await send(one);
        await send(two);
        manager.protectSender(ann.room, one.asSender(), camera);
        await send(one);
        lose(worker());
        await settled();
        const three = new FakeEnd();
        manager.protectSender(ann.room, three.asSender(), camera);
        await send(three);
        manager.leaveRoom(ann.room);
        await manager.enterRoom(ann);
        await manager.seal(ann.room, { type: "resend" });
      }
      expect(problems).toHaveLength(3);
      manager.close();
    }
    expect(sent).toBeGreaterThan(100);
    expect(used.length).toBeGreaterThan(100);
    expect(new Set(used).size).toBe(used.length);
  });

  test("contexts: none twice on a page, over rooms and for as long as there are any", async () => {
    const { manager } = await entered(ann);
    await manager.enterRoom({ ...ann, room: "room-0002" });
    const seen = new Set<string>();
    let count = 0;
    const next = () => {
      const room = count++ % 2 ? ann.room : "room-0002";
      const { context, epoch, salt } = manager.protectSender(room, new FakeEnd().asSender(), camera);
      expect(context).toBeLessThan(256);
      seen.add(`${context} ${epoch}`);
      seen.add(salt);
    };
    for (let times = 0; times < 1000; times++) next();
    expect(seen.size).toBe(2 * count);
  });
});

describe("when the worker is lost", () => {
  test("a new one stands ready with the announced keys; old senders and receivers let nothing through", async () => {
    const [a, b] = [await entered(ann), await entered(ben)];
    const [oldOut, oldInto] = [new FakeEnd(), new FakeEnd()];
    const context = a.manager.protectSender(ann.room, oldOut.asSender(), camera);
    const from = { member: ann.member, leaf: ann.leaf, ...camera };
    b.manager.setContexts(ann.room, ann.member, ann.leaf, [context]);
    b.manager.openReceiver(ann.room, oldInto.asReceiver(), from);
    await oldOut.push(keyFrame(1));
    const before = b.worker();
    lose(before);
    lose(before);
    await settled();
    expect(b.problems).toEqual(["worker-lost"]);
    expect(before.dead).toBe(true);
    b.manager.openReceiver(ann.room, oldInto.asReceiver(), from);
    expect(oldInto.transforms).toBe(1);
    const into = new FakeEnd();
    b.manager.openReceiver(ann.room, into.asReceiver(), from);
    for (const sealed of oldOut.out) await into.push(sealed);
    expect(into.out).toEqual([keyFrame(1)]);
  });

  test("one that dies at once, or cannot be loaded, is not started again and again", async () => {
    const { worker, problems } = await entered();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      for (let times = 1; times < 4; times++) {
        worker().onerror?.();
        expect(FakeWorker.all).toHaveLength(times);
        wall += 5_000;
        vi.advanceTimersByTime(5_000);
        expect(FakeWorker.all).toHaveLength(times + 1);
        expect(problems).toHaveLength(times);
      }
    } finally {
      vi.useRealTimers();
    }
  });

  test("closing ends the wait for a new one", async () => {
    const { manager, worker } = await entered();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      worker().onerror?.();
      manager.close();
      vi.advanceTimersByTime(60_000);
      expect(FakeWorker.all).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });

  test("after closing there is none", async () => {
    const { manager, worker, problems } = await entered();
    manager.close();
    lose(worker());
    expect(problems).toEqual([]);
    expect(FakeWorker.all).toHaveLength(1);
  });
});

describe("envelopes", () => {
  test("come out at the other member in order, once, and at the receiver only", async () => {
    const [a, b] = [await entered(ann), await entered(ben)];
    const bodies = await Promise.all([
      a.manager.seal(ann.room, { type: "chat", text: "x".repeat(4000) }),
      a.manager.seal(ann.room, { type: "resend" }, ben.member),
      a.manager.seal(ann.room, { type: "chat", text: "b" }),
    ]);
    const said = bodies.map((body, at) => ({ sender: ann.member, body, to: at === 1 ? ben.member : undefined }));
    const opened = [];
    for (const one of [...said, ...said]) opened.push(await b.manager.open(ann.room, one));
    expect(opened.map((envelope) => envelope && [envelope.type, envelope.n])).toEqual([
      ["chat", 1],
      ["resend", 2],
      ["chat", 3],
      null,
      null,
      null,
    ]);
    expect(await a.manager.open(ann.room, said[0] as (typeof said)[0])).toMatchObject({ from: ann.member });
  });

  test("promises resolve in the order of the calls", async () => {
    const { manager } = await entered();
    const order: number[] = [];
    const texts = ["x".repeat(4000), "a", "y".repeat(3000), "b"];
    await Promise.all(
      texts.map((text, at) => manager.seal(ann.room, { type: "chat", text }).then(() => order.push(at))),
    );
    expect(order).toEqual([0, 1, 2, 3]);
  });

  test("one that is too long is refused, and the next one goes", async () => {
    const { manager } = await entered();
    await expect(manager.seal(ann.room, { type: "chat", text: "\u0000".repeat(4000) })).rejects.toThrow(RangeError);
    await expect(manager.seal(ann.room, { type: "chat", text: "a" })).resolves.toBeTypeOf("string");
  });

  test("entering the same place again keeps what was had", async () => {
    const [a, b] = [await entered(ann), await entered(ben)];
    const body = await a.manager.seal(ann.room, { type: "resend" });
    expect(await b.manager.open(ann.room, { sender: ann.member, body })).not.toBeNull();
    await b.manager.enterRoom(ben);
    expect(await b.manager.open(ann.room, { sender: ann.member, body })).toBeNull();
  });
});
