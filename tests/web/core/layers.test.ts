import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cameraPlan, canSendVp9, isVp9, SCREEN_CAPTURE, thisDevice } from "../../../web/client/layers";
import { fakeMediaGlobals } from "./fakes";

beforeEach(fakeMediaGlobals);
afterEach(() => vi.unstubAllGlobals());

test.each([
  ["a computer", { cores: 2, coarsePointer: false }, 720, ["q", "h", "f"], [4, 2, 1]],
  ["a good phone", { cores: 8, coarsePointer: true }, 720, ["q", "h", "f"], [4, 2, 1]],
  ["an old phone", { cores: 4, coarsePointer: true }, 360, ["q", "h"], [2, 1]],
  ["a phone that does not tell", { cores: undefined, coarsePointer: true }, 360, ["q", "h"], [2, 1]],
] as const)("%s captures and sends what it can encode", (_what, device, height, rids, scales) => {
  const { capture, encodings } = cameraPlan(device);
  expect(capture).toMatchObject({ height: { ideal: height }, frameRate: { ideal: 24, max: 30 } });
  expect(encodings.map(({ rid }) => rid)).toEqual(rids);
  expect(encodings.map(({ scaleResolutionDownBy }) => scaleResolutionDownBy)).toEqual(scales);
  const rates = encodings.map(({ maxBitrate }) => maxBitrate ?? 0);
  expect(rates).toEqual([...rates].sort((a, b) => a - b));
  expect(new Set(encodings.map((one) => (one as { scalabilityMode?: string }).scalabilityMode))).toEqual(
    new Set(["L1T3"]),
  );
});

test("VP9 is sent by Chromium's engine alone, and only where it is there", () => {
  expect(canSendVp9()).toBe(false);
  vi.stubGlobal("navigator", { userAgentData: {} });
  expect(canSendVp9()).toBe(true);
  vi.stubGlobal("RTCRtpSender", { getCapabilities: () => null });
  expect(canSendVp9()).toBe(false);
});

test("of VP9 the profile that every decoder knows", () => {
  const codec = (mimeType: string, sdpFmtpLine?: string) =>
    ({ mimeType, clockRate: 90_000, ...(sdpFmtpLine ? { sdpFmtpLine } : {}) }) as RTCRtpCodec;
  expect(isVp9(codec("video/VP9", "profile-id=0"))).toBe(true);
  expect(isVp9(codec("video/VP9"))).toBe(true);
  expect(isVp9(codec("video/VP9", "profile-id=2"))).toBe(false);
  expect(isVp9(codec("video/VP8"))).toBe(false);
});

test("what the device tells, and what one without a window does", () => {
  vi.stubGlobal("matchMedia", undefined);
  vi.stubGlobal("navigator", undefined);
  expect(thisDevice()).toEqual({ cores: undefined, coarsePointer: false });
  vi.stubGlobal("matchMedia", (query: string) => ({ matches: query === "(pointer: coarse)" }));
  vi.stubGlobal("navigator", { hardwareConcurrency: 4 });
  expect(thisDevice()).toEqual({ cores: 4, coarsePointer: true });
});

test("what plays the meeting's own voices is not offered to be shared", () => {
  expect(SCREEN_CAPTURE).toMatchObject({ systemAudio: "exclude", selfBrowserSurface: "exclude" });
});
