import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FrameWorker } from "../../../web/client/e2ee/frame_worker";
import type { ToWorker } from "../../../web/client/e2ee/worker_messages";

const scope = {
  postMessage: vi.fn(),
  onmessage: undefined as unknown as (event: { data: ToWorker }) => void,
  onrtctransform: undefined as unknown as (event: object) => void,
  onunhandledrejection: undefined as unknown as (event: { reason: unknown }) => void,
};
const frames = { receive: vi.fn(), attach: vi.fn(), forgetRoom: vi.fn() };
const group = { receive: vi.fn() };

beforeEach(async () => {
  vi.resetModules();
  for (const name of Object.keys(scope)) vi.stubGlobal(name, undefined);
  const { serve } = await import("../../../web/client/e2ee/worker_scope");
  serve(frames as unknown as FrameWorker, group);
  Object.assign(scope, {
    onmessage: Reflect.get(globalThis, "onmessage"),
    onrtctransform: Reflect.get(globalThis, "onrtctransform"),
    onunhandledrejection: Reflect.get(globalThis, "onunhandledrejection"),
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.clearAllMocks();
});

test("each message reaches the one whose business it is, in order", () => {
  const from = { room: "room", member: "ann", track: "camera", kind: "video" } as const;
  const ours: ToWorker[] = [
    { type: "sender", id: 1, room: "room", context: { context: 0, track: "camera", kind: "video" }, codec: "VP8" },
    { type: "receiver", id: 2, from },
    { type: "streams", id: 3, direction: "send", readable: new ReadableStream(), writable: new WritableStream() },
  ];
  const theirs: ToWorker[] = [
    { type: "offline" },
    { type: "leave" },
    { type: "forget-room", room: "room" },
    { type: "check", room: "room" },
  ];
  for (const data of [...ours, ...theirs]) scope.onmessage({ data });
  expect(frames.receive.mock.calls.map(([message]) => message)).toEqual(ours);
  expect(group.receive.mock.calls.map(([message]) => message)).toEqual(theirs);
  expect(frames.forgetRoom.mock.calls).toEqual([["room"]]);
});

test("transforms reach the frames with their options", () => {
  const transformer = { options: { direction: "send", id: 4 } };
  scope.onrtctransform({ transformer });
  expect(frames.attach.mock.calls).toEqual([[transformer.options, transformer]]);
});

test("what nobody handles becomes an error, which ends the worker", () => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  scope.onunhandledrejection({ reason: new Error("unforeseen") });
  expect(() => vi.runAllTimers()).toThrow("unforeseen");
});
