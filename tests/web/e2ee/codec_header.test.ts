import { expect, test } from "vitest";
import { codecHeader, codecHeaderLength, isDelta } from "../../../web/client/e2ee/codec_header";

const key = Uint8Array.of(0x50, 0x21, 0x03, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00, 0xaa);

test("a VP8 key frame shows its size and nothing else", () => {
  const header = codecHeader("VP8", key);
  expect(header).toEqual(Uint8Array.of(0x10, 0x00, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00));
  expect(codecHeaderLength("video", header as Uint8Array)).toBe(10);
});

test("a VP8 delta frame shows that it is one", () => {
  const header = codecHeader("VP8", Uint8Array.of(0x51, 1, 2, 3));
  expect(header).toEqual(Uint8Array.of(0x11));
  expect(codecHeaderLength("video", header as Uint8Array)).toBe(1);
});

test("Opus shows nothing", () => {
  expect(codecHeader("opus", Uint8Array.of(0xf8, 1))).toEqual(new Uint8Array(0));
  expect(codecHeaderLength("audio", Uint8Array.of(0x10))).toBe(0);
});

test("what is no VP8 frame gets no header", () => {
  expect(codecHeader("VP8", new Uint8Array(0))).toBeNull();
  expect(codecHeader("VP8", key.subarray(0, 9))).toBeNull();
});

test("VP9 shows nothing: the first bit tells its SFrame header from a VP8 header", () => {
  expect(codecHeader("VP9", Uint8Array.of(0x82, 0x49, 0x83))).toEqual(new Uint8Array(0));
  for (const first of [0x80, 0xb0, 0xff]) expect(codecHeaderLength("video", Uint8Array.of(first))).toBe(0);
  for (const first of [0x10, 0x11]) expect(codecHeaderLength("video", Uint8Array.of(first))).not.toBe(0);
});

test.each([
  ["VP8", 0x50, false],
  ["VP8", 0x51, true],
  ["VP9", 0x82, false],
  ["VP9", 0x86, true],
  ["opus", 0xff, false],
] as const)("%s %i needs an earlier frame: %s", (codec, first, delta) => {
  expect(isDelta(codec, Uint8Array.of(first))).toBe(delta);
});
