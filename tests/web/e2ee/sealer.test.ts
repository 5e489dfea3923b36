import { expect, test } from "vitest";
import { FrameCounter, Sealer } from "../../../web/client/e2ee/sealer";
import { decodeHeader, decryptFrame } from "../../../web/client/e2ee/sframe";
import { deltaFrame, frameKey, keyFrame, opusFrame } from "./frames";

test("without a key nothing comes out, whatever goes in", async () => {
  for (const kind of ["audio", "video"] as const) {
    const sealer = new Sealer(kind === "audio" ? "opus" : "VP8", new FrameCounter());
    for (const frame of [keyFrame(1), deltaFrame(1), opusFrame(1)]) expect(await sealer.seal(frame)).toBeNull();
  }
});

test("a video frame is whole behind its header, and only its header is readable", async () => {
  const sealer = new Sealer("VP8", new FrameCounter());
  sealer.install(9, frameKey(9));
  for (const [frame, clear] of [
    [keyFrame(0xab), 10],
    [deltaFrame(0xab), 1],
  ] as const) {
    const sealed = await sealer.seal(frame);
    if (!sealed) throw new Error("dropped");
    const header = decodeHeader(sealed.subarray(clear));
    expect(header?.kid).toBe(9n);
    expect(sealed.length).toBe(clear + (header?.length ?? 0) + frame.length + 16);
    expect(sealed.subarray(clear).filter((byte) => byte === 0xab).length).toBeLessThan(20);
    expect(
      header && (await decryptFrame(await frameKey(9), header, sealed.subarray(0, clear), sealed.subarray(clear))),
    ).toEqual(frame);
  }
});

test("sound has one size, whatever is said", async () => {
  const sealer = new Sealer("opus", new FrameCounter());
  sealer.install(9, frameKey(9));
  const sizes = new Set<number | undefined>();
  for (const length of [1, 35, 80, 110, 126]) sizes.add((await sealer.seal(opusFrame(5, length)))?.length);
  expect(sizes.size).toBe(1);
  expect((await sealer.seal(opusFrame(5, 127)))?.length).toBeGreaterThan(256);
  expect((await sealer.seal(opusFrame(5, 1275)))?.length).toBeGreaterThan(1277);
});

test("an empty frame stays empty", async () => {
  const sealer = new Sealer("opus", new FrameCounter());
  sealer.install(9, frameKey(9));
  expect(await sealer.seal(new Uint8Array(0))).toEqual(new Uint8Array(0));
});

test("counters rise without a gap, also when frames overlap, under the next key, and over all senders", async () => {
  const counter = new FrameCounter();
  const [sealer, other] = [new Sealer("opus", counter), new Sealer("opus", counter)];
  const counters = async (of: Sealer, count: number) => {
    const sealed = await Promise.all(Array.from({ length: count }, () => of.seal(opusFrame(1))));
    return sealed.map((frame) => frame && Number(decodeHeader(frame)?.ctr));
  };
  sealer.install(9, frameKey(9));
  other.install(9, frameKey(9));
  expect(await counters(sealer, 20)).toEqual([...Array(20).keys()]);
  sealer.install(10, frameKey(10));
  expect(await counters(sealer, 3)).toEqual([20, 21, 22]);
  expect(await counters(other, 2)).toEqual([23, 24]);
});

test("frames keep their counters' order while a key is still being derived", async () => {
  const sealer = new Sealer("opus", new FrameCounter());
  sealer.install(9, frameKey(9));
  const first = sealer.seal(opusFrame(1));
  sealer.install(10, frameKey(10));
  const second = sealer.seal(opusFrame(1));
  const headers = [await first, await second].map((frame) => frame && decodeHeader(frame));
  expect(headers.map((header) => header && [header.kid, header.ctr])).toEqual([
    [9n, 0n],
    [10n, 1n],
  ]);
});

test("what is no frame of its kind is not sent", async () => {
  const video = new Sealer("VP8", new FrameCounter());
  video.install(9, frameKey(9));
  expect(await video.seal(keyFrame(1).subarray(0, 5))).toBeNull();
  const audio = new Sealer("opus", new FrameCounter());
  audio.install(9, frameKey(9));
  expect(await audio.seal(opusFrame(1, 1276))).toBeNull();
});

test("stopped, nothing comes out, not even an empty frame, until the next key", async () => {
  const sealer = new Sealer("VP8", new FrameCounter());
  sealer.install(9, frameKey(9));
  sealer.stop();
  for (const frame of [deltaFrame(1), new Uint8Array(0)]) expect(await sealer.seal(frame)).toBeNull();
  sealer.install(9, frameKey(9));
  expect(await sealer.seal(deltaFrame(1))).not.toBeNull();
});
