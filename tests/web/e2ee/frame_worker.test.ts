import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { EpochKeys } from "../../../web/client/e2ee/epoch_keys";
import { type EncodedFrame, FrameWorker } from "../../../web/client/e2ee/frame_worker";
import { epochOf, leafOf } from "../../../web/client/e2ee/kid";
import { decodeHeader } from "../../../web/client/e2ee/sframe";
import type { FromWorker, TransformOptions } from "../../../web/client/e2ee/worker_messages";
import { seeded } from "../random";
import { type Bytes, deltaFrame, encoded, epochKeys, keyFrame, opusFrame } from "./frames";
import { settled } from "./settled";

const camera = { context: 1, track: "camera", kind: "video" } as const;
const microphone = { context: 2, track: "microphone", kind: "audio" } as const;
const from = { room: "room", member: "ann" };

/** Seconds, everybody's. */
let now = 0;

beforeEach(() => {
  now = 0;
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

async function later(seconds: number) {
  now += seconds;
  vi.advanceTimersByTime(Math.ceil(seconds * 1000));
  await settled();
}

/** Ann's worker, or with `leaf` 2 Ben's. */
function worker(leaf = 1) {
  const told: FromWorker[] = [];
  const disagreed: [string, boolean][] = [];
  const frames = new FrameWorker({
    tell: (message) => told.push(message),
    now: () => now,
    onDisagree: (...what) => disagreed.push(what),
  });
  const states = () => told.map((message) => (message.type === "key-state" ? message.state : message.type));
  const begin = (epoch: number, more: Partial<EpochKeys> & { fill?: number } = {}) =>
    frames.epochBegan(epochKeys(epoch, { leaf, ...more }));
  return { frames, told, states, disagreed, begin };
}

/** A transform's both sides. */
function pipe(frames: FrameWorker, options: TransformOptions) {
  const into = new TransformStream<EncodedFrame, EncodedFrame>();
  const out: Bytes[] = [];
  const asked = { sender: 0, encoder: 0 };
  const writable = new WritableStream<EncodedFrame>({ write: ({ data }) => void out.push(new Uint8Array(data)) });
  frames.attach(options, {
    readable: into.readable,
    writable,
    sendKeyFrameRequest: async () => void asked.sender++,
    generateKeyFrame: async () => void asked.encoder++,
  });
  const writer = into.writable.getWriter();
  const push = async (frame: Uint8Array) => {
    void writer.write(encoded(frame)).catch(() => undefined);
    await settled();
    return out.splice(0);
  };
  return { push, asked, end: () => writer.close() };
}

/** A sender of Ann's in `frames`, with its transform. */
function sender(frames: FrameWorker, id: number, context: typeof camera | typeof microphone = camera, room = "room") {
  frames.receive({ type: "sender", id, room, context, codec: context.kind === "audio" ? "opus" : "VP8" });
  return pipe(frames, { direction: "send", id });
}

function receiver(
  frames: FrameWorker,
  id: number,
  { track, kind }: { track: string; kind: "audio" | "video" } = camera,
) {
  frames.receive({ type: "receiver", id, from: { ...from, track, kind } });
  return pipe(frames, { direction: "receive", id });
}

/** The epoch's low bits and the leaf of a video delta frame on the wire. */
function kidIn(frame: Bytes | undefined): [number, number] | null {
  const header = frame && decodeHeader(frame.subarray(1));
  return header ? [epochOf(Number(header.kid)), leafOf(Number(header.kid))] : null;
}

test("a transform that nobody announced lets nothing through, either way", async () => {
  const { frames, begin } = worker();
  begin(1);
  for (const [id, direction] of (["send", "receive"] as const).entries()) {
    const { push } = pipe(frames, { direction, id });
    for (const frame of [keyFrame(1), opusFrame(1), new Uint8Array(0)]) expect(await push(frame)).toEqual([]);
  }
});

test("nothing is sent before the first epoch, everything from it on, and the encoder is asked for a key frame", async () => {
  const { frames, begin } = worker();
  const { push, asked } = sender(frames, 1);
  for (const frame of [keyFrame(1), deltaFrame(2), new Uint8Array(0)]) expect(await push(frame)).toEqual([]);
  begin(1);
  expect(asked.encoder).toBe(0);
  expect(await push(deltaFrame(3))).toHaveLength(1);
  expect(await push(deltaFrame(4))).toHaveLength(1);
  expect(asked.encoder).toBe(1);
});

test("sound and a key frame that comes by itself need none", async () => {
  const { frames, begin } = worker();
  const [picture, sound] = [sender(frames, 1), sender(frames, 2, microphone)];
  await picture.push(deltaFrame(1));
  await sound.push(opusFrame(1));
  begin(1);
  expect(await picture.push(keyFrame(2))).toHaveLength(1);
  expect(await sound.push(opusFrame(2))).toHaveLength(1);
  expect([picture.asked.encoder, sound.asked.encoder]).toEqual([0, 0]);
});

describe("own senders", () => {
  test("change when everybody is ready, or after a second, under the own leaf of that epoch", async () => {
    const { frames, begin } = worker();
    const { push } = sender(frames, 1);
    const kid = async () => kidIn((await push(deltaFrame(1)))[0]);
    begin(1);
    expect(await kid()).toEqual([1, 1]);
    begin(2, { leaf: 9 });
    expect(await kid()).toEqual([1, 1]);
    frames.everybodyReady("room", 2);
    expect(await kid()).toEqual([2, 9]);
    begin(3);
    await later(0.99);
    expect(await kid()).toEqual([2, 9]);
    await later(0.02);
    expect(await kid()).toEqual([3, 1]);
    begin(260, { removal: true });
    expect(await kid()).toEqual([4, 1]);
  });

  test("change on time although the browser holds timers back", async () => {
    const { frames, begin } = worker();
    const { push } = sender(frames, 1);
    begin(1);
    begin(2);
    now = 1;
    expect(kidIn((await push(deltaFrame(1)))[0])).toEqual([2, 1]);
  });

  test("that begin later use the key of now, those of other rooms their own", async () => {
    const { frames, begin } = worker();
    begin(1);
    begin(50, { room: "backstage", leaf: 3 });
    frames.everybodyReady("nowhere", 3);
    expect(kidIn((await sender(frames, 1).push(deltaFrame(1)))[0])).toEqual([1, 1]);
    expect(kidIn((await sender(frames, 2, camera, "backstage").push(deltaFrame(1)))[0])).toEqual([50, 3]);
  });

  test("send nothing while out of the group, and what was received stays readable", async () => {
    const [a, b] = [worker(1), worker(2)];
    const [mine, theirs] = [sender(a.frames, 1), sender(b.frames, 1)];
    const into = receiver(a.frames, 2);
    a.frames.receive({
      type: "receiver",
      id: 2,
      from: { room: "room", member: "ben", track: "camera", kind: "video" },
    });
    a.begin(1);
    b.begin(1);
    a.frames.contexts("room", "ben", [camera]);
    a.frames.suspend("room");
    expect(await mine.push(keyFrame(1))).toEqual([]);
    for (const sealed of await theirs.push(keyFrame(2))) expect(await into.push(sealed)).toEqual([keyFrame(2)]);
    await later(5);
    expect(await mine.push(keyFrame(1))).toEqual([]);
    a.begin(4, { leaf: 7 });
    expect(kidIn((await mine.push(deltaFrame(1)))[0])).toEqual([4, 7]);
    expect(mine.asked.encoder).toBe(1);
  });

  test("of a room that was left are silent, those of other rooms are not", async () => {
    const { frames, begin } = worker();
    begin(1);
    begin(1, { room: "backstage" });
    const [one, two] = [sender(frames, 1), sender(frames, 2, camera, "backstage")];
    const into = receiver(frames, 3);
    frames.forgetRoom("room");
    frames.forgetRoom("never entered");
    expect(await one.push(keyFrame(1))).toEqual([]);
    expect(await into.push(new Uint8Array(0))).toEqual([]);
    expect(await two.push(keyFrame(1))).toHaveLength(1);
  });
});

describe("keys that others have", () => {
  /** Ann sees Ben's newer frames, ten a second. */
  async function seeing(seconds: number, a: ReturnType<typeof worker>, push: (frame: Bytes) => Promise<Bytes[]>) {
    const b = worker(2);
    b.begin(2);
    const theirs = sender(b.frames, 1);
    for (let count = 0; count < seconds * 10; count++) {
      await later(0.1);
      for (const sealed of await theirs.push(deltaFrame(count))) await push(sealed);
    }
    return a;
  }
  function ann() {
    const a = worker();
    a.begin(1);
    const mine = sender(a.frames, 1);
    const into = receiver(a.frames, 2);
    const open = (member: string) =>
      a.frames.receive({ type: "receiver", id: 2, from: { room: "room", member, track: "camera", kind: "video" } });
    open("ben");
    return { a, mine, into, open };
  }

  test("stop the senders after two seconds, until the commit comes", async () => {
    const { a, mine, into } = ann();
    await seeing(1.9, a, into.push);
    expect(await mine.push(keyFrame(1))).toHaveLength(1);
    expect(a.disagreed).toEqual([]);
    await seeing(0.5, a, into.push);
    expect(await mine.push(keyFrame(1))).toEqual([]);
    expect(a.disagreed).toEqual([["room", true]]);
    a.begin(2);
    expect(a.disagreed).toEqual([
      ["room", true],
      ["room", false],
    ]);
    expect(await mine.push(deltaFrame(1))).toHaveLength(1);
    expect(mine.asked.encoder).toBe(1);
  });

  test("or until nobody was heard to use them for a while", async () => {
    const { a, mine, into } = ann();
    await seeing(2.5, a, into.push);
    expect(a.disagreed).toEqual([["room", true]]);
    await later(4.8);
    expect(await mine.push(keyFrame(1))).toEqual([]);
    await later(0.3);
    expect(a.disagreed).toEqual([
      ["room", true],
      ["room", false],
    ]);
    expect(await mine.push(keyFrame(1))).toHaveLength(1);
  });

  test("do not stop the senders for frames of a member who is not in the room", async () => {
    const { a, mine, into, open } = ann();
    open("mallory");
    await seeing(3, a, into.push);
    expect(a.disagreed).toEqual([]);
    expect(await mine.push(keyFrame(1))).toHaveLength(1);
  });

  test("are no news to who is out of the group", async () => {
    const { a, into } = ann();
    await seeing(2.5, a, into.push);
    a.frames.suspend("room");
    expect(a.disagreed).toEqual([
      ["room", true],
      ["room", false],
    ]);
    await seeing(3, a, into.push);
    expect(a.disagreed).toHaveLength(2);
  });
});

describe("what the tile says", () => {
  /** What Ann sends of these, under epoch 1. */
  async function sealed(...list: [Bytes, typeof camera | typeof microphone][]): Promise<Bytes[]> {
    const { frames, begin } = worker();
    begin(1);
    const ends = new Map<object, ReturnType<typeof pipe>>();
    const all: Bytes[] = [];
    for (const [frame, context] of list) {
      const end = ends.get(context) ?? sender(frames, context.context, context);
      ends.set(context, end);
      all.push(...(await end.push(frame)));
    }
    return all;
  }

  test("is the worst of a member's tracks, each change once", async () => {
    const [picture, sound] = (await sealed([keyFrame(1), camera], [opusFrame(1), microphone])) as [Bytes, Bytes];
    const { frames, states, begin } = worker(2);
    const [one, two] = [receiver(frames, 1), receiver(frames, 2, microphone)];
    begin(1);
    frames.contexts("room", "ann", [camera]);
    expect(await one.push(picture)).toHaveLength(1);
    expect(await one.push(picture)).toEqual([]);
    expect(await two.push(sound)).toEqual([]);
    now = 0.5;
    frames.contexts("room", "ann", [camera, microphone]);
    await settled();
    expect(states()).toEqual(["encrypted", "waiting", "encrypted"]);
  });

  test("leaves out a track at fault that fell silent", async () => {
    const [picture, ...sounds] = (await sealed(
      [keyFrame(1), camera],
      [opusFrame(1), microphone],
      [opusFrame(2), microphone],
    )) as [Bytes, Bytes, Bytes];
    const { frames, states, begin } = worker(2);
    const [one, two] = [receiver(frames, 1), receiver(frames, 2, microphone)];
    begin(1);
    frames.contexts("room", "ann", [microphone]);
    await one.push(picture);
    await two.push(sounds[0] as Bytes);
    expect(states()).toEqual(["waiting"]);
    now = 4;
    expect(await two.push(sounds[1] as Bytes)).toEqual([opusFrame(2)]);
    expect(states()).toEqual(["waiting", "encrypted"]);
  });

  test("is told again of a member who left and came back", async () => {
    const [first, second] = (await sealed([keyFrame(1), camera], [keyFrame(2), camera])) as [Bytes, Bytes];
    const { frames, states, begin } = worker(2);
    const into = receiver(frames, 1);
    begin(1);
    frames.contexts("room", "ann", [camera]);
    await into.push(first);
    begin(2, { leaves: [{ leaf: 2, member: "ben" }] });
    begin(3);
    await into.push(second);
    expect(states()).toEqual(["encrypted", "encrypted"]);
  });
});

describe("Ann's frames at Ben", () => {
  function both() {
    const [a, b] = [worker(1), worker(2)];
    const out = sender(a.frames, 1);
    const into = receiver(b.frames, 1);
    b.frames.contexts("room", "ann", [camera]);
    const forward = async (frame: Uint8Array) => {
      const opened: Bytes[] = [];
      for (const sealed of await out.push(frame)) opened.push(...(await into.push(sealed)));
      return opened;
    };
    return { a, b, out, into, forward };
  }

  test("come through one change of keys after another without a gap, whoever is told first", async () => {
    const { a, b, into, forward } = both();
    let got = 0;
    const opened = async (frame: Uint8Array) => {
      got += (await forward(frame)).length;
    };
    a.begin(1);
    b.begin(1);
    for (let epoch = 2; epoch < 12; epoch++) {
      const [first, second] = epoch % 2 ? [a, b] : [b, a];
      first.begin(epoch);
      await opened(deltaFrame(1));
      await later(0.5);
      second.begin(epoch);
      await opened(deltaFrame(2));
      await later(1);
      await opened(deltaFrame(3));
    }
    expect(got).toBe(30);
    expect(into.asked.sender).toBe(0);
  });

  test("wait for Ben's keys up to a second, and then for a key frame", async () => {
    const { a, b, into, forward } = both();
    a.begin(1);
    b.begin(1);
    a.begin(2, { removal: true });
    expect(await forward(keyFrame(1))).toEqual([]);
    now = 0.4;
    b.begin(2, { removal: true });
    await settled();
    expect(await forward(deltaFrame(2))).toEqual([keyFrame(1), deltaFrame(2)]);
    expect(into.asked.sender).toBe(0);
    a.begin(3, { removal: true });
    await forward(deltaFrame(3));
    now = 2;
    b.begin(3, { removal: true });
    expect(await forward(deltaFrame(4))).toEqual([deltaFrame(4)]);
    expect(into.asked.sender).toBe(1);
  });

  test("open two seconds after a removal no more, if under the keys before it", async () => {
    const { a, b, out, into } = both();
    a.begin(1);
    b.begin(1);
    const sealed = (await Promise.all([out.push(keyFrame(1)), out.push(keyFrame(2))])).flat();
    b.begin(2, { removal: true });
    await later(1.9);
    expect(await into.push(sealed[0] as Bytes)).toHaveLength(1);
    await later(0.2);
    expect(await into.push(sealed[1] as Bytes)).toEqual([]);
  });

  test("are for the m-line whose member, track and kind they are, and no other", async () => {
    const { a, b, out, into } = both();
    a.begin(1);
    b.begin(1);
    b.frames.contexts("room", "ben", [camera]);
    b.frames.contexts("room", "ann", [camera, microphone, { context: 5, track: "screen", kind: "video" }]);
    const [sealed] = (await out.push(keyFrame(1))) as [Bytes];
    for (const other of [{ member: "ben" }, { track: "screen" }, { track: "microphone", kind: "audio" as const }]) {
      b.frames.receive({ type: "receiver", id: 1, from: { ...from, ...camera, ...other } });
      expect(await into.push(sealed)).toEqual([]);
    }
    b.frames.receive({ type: "receiver", id: 1, from: { ...from, track: "camera", kind: "video" } });
    expect(await into.push(sealed)).toEqual([keyFrame(1)]);
  });
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

  test("whatever the group does, and however contexts are given out", async () => {
    const used = recorder();
    for (let seed = 1; seed <= 3; seed++) {
      const random = seeded(seed);
      const pick = (count: number) => Math.floor(random() * count);
      const { frames, begin } = worker();
      // Keys of another run of the loop are others: base keys differ by their seed.
      const fill = (epoch: number) => seed * 20 + epoch;
      let ends = [sender(frames, 0), sender(frames, 1, microphone)];
      begin(1, { fill: fill(1) });
      for (let step = 0; step < 120; step++) {
        const what = pick(9);
        const epoch = 1 + pick(4); // back and forth, as if every other one turned out void
        if (what === 0) begin(epoch, { fill: fill(epoch), removal: pick(2) === 0 });
        else if (what === 1) frames.everybodyReady("room", epoch);
        else if (what === 2) await later(random() * 2);
        else if (what === 3) frames.suspend("room");
        else if (what === 4) begin(epoch, { fill: fill(epoch), leaf: 1 + pick(2) });
        else if (what === 5) {
          // The same context for another sender, as a page with an error might do.
          ends = [...ends, sender(frames, step + 2, pick(2) ? camera : microphone)].slice(-4);
        } else for (const { push } of ends) await push(pick(2) ? keyFrame(step) : deltaFrame(step));
      }
    }
    expect(used.length).toBeGreaterThan(150);
    expect(new Set(used).size).toBe(used.length);
  });

  test("the check above can fail: two workers with one state would repeat one", async () => {
    const used = recorder();
    for (let times = 0; times < 2; times++) {
      const { frames, begin } = worker();
      begin(1);
      await sender(frames, 1).push(keyFrame(1));
    }
    expect(used).toHaveLength(2);
    expect(new Set(used).size).toBe(1);
  });
});

test("a stream that ends, also by an error, ends quietly, and its number is free", async () => {
  const { frames, begin } = worker();
  begin(1);
  const first = sender(frames, 1);
  await first.push(keyFrame(1));
  await first.end();
  const readable = new ReadableStream<EncodedFrame>({ start: (controller) => controller.error(new Error("gone")) });
  frames.attach({ direction: "send", id: 2 }, { readable, writable: new WritableStream() });
  await settled();
  begin(2, { removal: true });
  expect(await pipe(frames, { direction: "send", id: 1 }).push(keyFrame(1))).toEqual([]);
});
