import { expect, test, vi } from "vitest";
import { type EncodedFrame, FrameWorker } from "../../../web/client/e2ee/frame_worker";
import type { FromWorker, TransformOptions } from "../../../web/client/e2ee/worker_messages";
import { type Bytes, encoded, keyFrame, opusFrame, salt } from "./frames";

const place = { meeting: "meeting", room: "room", member: "ann", leaf: 1 };
const from = { room: "room", member: "ann", leaf: 1 };
const video = { track: "camera", kind: "video" } as const;
const audio = { track: "microphone", kind: "audio" } as const;
const context = (number: number, more: typeof video | typeof audio) => ({
  context: number,
  epoch: 0,
  salt: salt(number),
  ...more,
});

function worker() {
  const told: FromWorker[] = [];
  let now = 0;
  const frames = new FrameWorker(
    (message) => told.push(message),
    () => now,
  );
  frames.receive({ type: "start", roomSecret: new Uint8Array(16) });
  const later = (seconds: number) => {
    now += seconds;
  };
  return { frames, told, later };
}

/** A transform's both sides; a sent `end` resolves when all before it has come out or was dropped. */
function pipe(frames: FrameWorker, options: TransformOptions) {
  const into = new TransformStream<EncodedFrame, EncodedFrame>();
  const out: Bytes[] = [];
  let ended: () => void;
  const end = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const writable = new WritableStream<EncodedFrame>({
    write: ({ data }) => void out.push(new Uint8Array(data)),
    close: () => ended(),
  });
  frames.attach(options, { readable: into.readable, writable });
  const writer = into.writable.getWriter();
  const push = (frame: Uint8Array) => writer.write(encoded(frame));
  const finish = async () => {
    await writer.close();
    await end;
    return out;
  };
  return { push, finish };
}

async function sealed(...list: [number, Bytes, typeof video | typeof audio][]): Promise<Bytes[]> {
  const { frames } = worker();
  const all: Bytes[] = [];
  for (const [id, frame, more] of list) {
    frames.receive({ type: "sender", id, place, context: context(id, more) });
    const sender = pipe(frames, { direction: "send", id });
    await sender.push(frame);
    all.push(...(await sender.finish()));
  }
  return all;
}

test("a transform that nobody announced lets nothing through, either way", async () => {
  for (const direction of ["send", "receive"] as const) {
    const { push, finish } = pipe(worker().frames, { direction, id: 1 });
    for (const frame of [keyFrame(1), opusFrame(1), new Uint8Array(0)]) await push(frame);
    expect(await finish()).toEqual([]);
  }
});

test("a sender's first frame waits for its key, and is not lost", async () => {
  expect(await sealed([1, keyFrame(1), video])).toHaveLength(1);
});

test("a member's tile tells the worst of their tracks, each change once", async () => {
  const [picture, sound] = (await sealed([1, keyFrame(1), video], [2, opusFrame(1), audio])) as [Bytes, Bytes];
  const { frames, told, later } = worker();
  frames.receive({ type: "receiver", id: 1, from: { ...from, ...video } });
  frames.receive({ type: "receiver", id: 2, from: { ...from, ...audio } });
  const [one, two] = [pipe(frames, { direction: "receive", id: 1 }), pipe(frames, { direction: "receive", id: 2 })];
  frames.receive({ type: "contexts", place, contexts: [context(1, video)] });
  await one.push(picture);
  await one.push(picture);
  await two.push(sound);
  later(0.5);
  frames.receive({ type: "contexts", place, contexts: [context(1, video), context(2, audio)] });
  const states = () => told.map(({ state }) => state);
  await vi.waitFor(() => expect(states()).toEqual(["encrypted", "waiting", "encrypted"]));
  expect(await two.finish()).toHaveLength(1);
  expect(await one.finish()).toHaveLength(1);
});

test("a track at fault that falls silent no longer counts", async () => {
  const [picture, ...sounds] = await sealed(
    [1, keyFrame(1), video],
    [2, opusFrame(1), audio],
    [3, opusFrame(2), audio],
  );
  const { frames, told, later } = worker();
  frames.receive({ type: "receiver", id: 1, from: { ...from, ...video } });
  frames.receive({ type: "receiver", id: 2, from: { ...from, ...audio } });
  frames.receive({ type: "contexts", place, contexts: [context(2, audio), context(3, audio)] });
  const [one, two] = [pipe(frames, { direction: "receive", id: 1 }), pipe(frames, { direction: "receive", id: 2 })];
  await one.push(picture as Bytes);
  await two.push(sounds[0] as Bytes);
  await vi.waitFor(() => expect(told.map(({ state }) => state)).toEqual(["waiting"]));
  later(4);
  await two.push(sounds[1] as Bytes);
  await two.finish();
  expect(told.map(({ state }) => state)).toEqual(["waiting", "encrypted"]);
});

test("an m-line whose member has left carries the next member's track", async () => {
  const [picture] = (await sealed([1, keyFrame(1), video])) as [Bytes];
  const { frames } = worker();
  frames.receive({ type: "receiver", id: 1, from: { ...from, member: "ben", leaf: 2, ...video } });
  const line = pipe(frames, { direction: "receive", id: 1 });
  await line.push(picture);
  frames.receive({ type: "forget-member", room: "room", member: "ben" });
  await line.push(picture);
  frames.receive({ type: "contexts", place, contexts: [context(1, video)] });
  frames.receive({ type: "receiver", id: 1, from: { ...from, ...video } });
  frames.receive({ type: "receiver", id: 1, from: { ...from, ...video } });
  await line.push(picture);
  expect(await line.finish()).toEqual([keyFrame(1)]);
});

test("a room that was left is silent, other rooms are not", async () => {
  const [picture] = (await sealed([1, keyFrame(1), video])) as [Bytes];
  const { frames } = worker();
  const elsewhere = { ...place, room: "backstage" };
  for (const [id, { room }] of [place, elsewhere].entries()) {
    frames.receive({ type: "receiver", id, from: { ...from, room, ...video } });
    frames.receive({ type: "contexts", place: { ...place, room }, contexts: [context(1, video)] });
  }
  frames.receive({ type: "sender", id: 7, place, context: context(7, video) });
  frames.receive({ type: "sender", id: 8, place: elsewhere, context: context(8, video) });
  frames.receive({ type: "forget-room", room: "room" });
  const results: number[] = [];
  for (const [direction, id] of [
    ["receive", 0],
    ["send", 7],
    ["send", 8],
  ] as const) {
    const { push, finish } = pipe(frames, { direction, id });
    await push(direction === "send" ? keyFrame(1) : picture);
    results.push((await finish()).length);
  }
  expect(results).toEqual([0, 0, 1]);
});

test("a stream that ends by an error ends quietly", async () => {
  const { frames } = worker();
  frames.receive({ type: "sender", id: 1, place, context: context(1, video) });
  const readable = new ReadableStream<EncodedFrame>({ start: (controller) => controller.error(new Error("gone")) });
  frames.attach({ direction: "send", id: 1 }, { readable, writable: new WritableStream() });
  await new Promise((resolve) => setTimeout(resolve));
});
