import { expect, test } from "vitest";
import { Sealer } from "../../../web/client/e2ee/sealer";
import { decodeHeader, decryptFrame } from "../../../web/client/e2ee/sframe";
import { deltaFrame, frameKey, keyFrame, opusFrame } from "./frames";

test("without a key nothing comes out, whatever goes in", async () => {
  for (const kind of ["audio", "video"] as const) {
    const sealer = new Sealer(kind);
    for (const frame of [keyFrame(1), deltaFrame(1), opusFrame(1)]) expect(await sealer.seal(frame)).toBeNull();
  }
});

test("a video frame is whole behind its header, and only its header is readable", async () => {
  const sealer = new Sealer("video");
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
  const sealer = new Sealer("audio");
  sealer.install(9, frameKey(9));
  const sizes = new Set<number | undefined>();
  for (const length of [1, 35, 80, 110, 126]) sizes.add((await sealer.seal(opusFrame(5, length)))?.length);
  expect(sizes.size).toBe(1);
  expect((await sealer.seal(opusFrame(5, 127)))?.length).toBeGreaterThan(256);
  expect((await sealer.seal(opusFrame(5, 1275)))?.length).toBeGreaterThan(1277);
});

test("an empty frame stays empty", async () => {
  const sealer = new Sealer("audio");
  sealer.install(9, frameKey(9));
  expect(await sealer.seal(new Uint8Array(0))).toEqual(new Uint8Array(0));
});

test("counters count from 0 without a gap, also when frames overlap, and again under the next key", async () => {
  const sealer = new Sealer("audio");
  const counters = async (count: number) => {
    const sealed = await Promise.all(Array.from({ length: count }, () => sealer.seal(opusFrame(1))));
    return sealed.map((frame) => frame && Number(decodeHeader(frame)?.ctr));
  };
  sealer.install(9, frameKey(9));
  expect(await counters(20)).toEqual([...Array(20).keys()]);
  sealer.install(10, frameKey(10));
  expect(await counters(3)).toEqual([0, 1, 2]);
});

test("what is no frame of its kind is not sent", async () => {
  const video = new Sealer("video");
  video.install(9, frameKey(9));
  expect(await video.seal(keyFrame(1).subarray(0, 5))).toBeNull();
  const audio = new Sealer("audio");
  audio.install(9, frameKey(9));
  expect(await audio.seal(opusFrame(1, 1276))).toBeNull();
});

test("after closing nothing comes out", async () => {
  const sealer = new Sealer("video");
  sealer.install(9, frameKey(9));
  sealer.close();
  expect(await sealer.seal(deltaFrame(1))).toBeNull();
});
