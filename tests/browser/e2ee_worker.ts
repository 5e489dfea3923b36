/**
 * The worker of e2ee_page.ts: the real frames, and in the group's place whatever the page says the group hands to them.
 * It counts what passes, lets single frames leave unencrypted if told to, and measures.
 */
import type { FrameKeys } from "../../web/client/e2ee/epoch_keys";
import { type EncodedFrame, type FramePipe, FrameWorker } from "../../web/client/e2ee/frame_worker";
import type { TransformOptions } from "../../web/client/e2ee/worker_messages";
import { monotonic, serve, tellPage } from "../../web/client/e2ee/worker_scope";

/** What the page may ask for beyond ToWorker. */
export type TestCall =
  | { type: "call"; name: keyof FrameKeys; args: unknown[] }
  | { type: "leak"; every: number }
  | { type: "count" }
  | { type: "measure"; count: number };

export type TestReport =
  | { type: "counted"; taken: number; passed: number; leaked: number; keyFramesAsked: number }
  | { type: "disagree"; room: string; disagree: boolean }
  /** Microseconds for each frame, by its bytes. */
  | { type: "measured"; seal: Record<number, number>; open: Record<number, number> };

const counts = { taken: 0, passed: 0, leaked: 0, keyFramesAsked: 0 };
let leakEvery = 0;

const report = (message: TestReport) => tellPage(message as never);

class CountingFrames extends FrameWorker {
  override attach(options: TransformOptions, pipe: FramePipe): void {
    const out = pipe.writable.getWriter();
    const readable = pipe.readable.pipeThrough(
      new TransformStream<EncodedFrame, EncodedFrame>({
        transform(frame, passOn) {
          counts.taken++;
          const leaks = options.direction === "send" && leakEvery > 0 && counts.taken % leakEvery === 0;
          if (!leaks || frame.data.byteLength === 0) return passOn.enqueue(frame);
          counts.leaked++;
          void out.write(frame);
        },
      }),
    );
    const writable = new WritableStream<EncodedFrame>({
      write: (frame) => {
        counts.passed++;
        return out.write(frame);
      },
    });
    const sendKeyFrameRequest = async () => {
      counts.keyFramesAsked++;
      await pipe.sendKeyFrameRequest?.();
    };
    const generateKeyFrame = async () => void (await pipe.generateKeyFrame?.());
    super.attach(options, { readable, writable, sendKeyFrameRequest, generateKeyFrame });
  }
}

const frames = new CountingFrames({
  tell: tellPage,
  now: monotonic,
  onDisagree: (room, disagree) => report({ type: "disagree", room, disagree }),
});

serve(frames, {
  receive(message) {
    const call = message as unknown as TestCall;
    if (call.type === "call") (frames[call.name] as (...args: unknown[]) => void)(...call.args);
    else if (call.type === "leak") leakEvery = call.every;
    else if (call.type === "count") report({ type: "counted", ...counts });
    else if (call.type === "measure") void measure(call.count).then(report);
  },
});

/** Frames through a whole transform, streams included, as the browser drives it: one after another. */
async function run(of: FrameWorker, options: TransformOptions, list: EncodedFrame[]) {
  const out: EncodedFrame[] = [];
  const into = new TransformStream<EncodedFrame, EncodedFrame>();
  const ended = new Promise<void>((resolve) => {
    const writable = new WritableStream<EncodedFrame>({ write: (frame) => void out.push(frame), close: resolve });
    of.attach(options, { readable: into.readable, writable });
  });
  const writer = into.writable.getWriter();
  const start = performance.now();
  for (const frame of list) await writer.write(frame);
  await writer.close();
  await ended;
  return { out, microseconds: ((performance.now() - start) * 1000) / list.length };
}

/** The bytes of a voice's frame, of a small picture's and of a large one's. */
const SIZES = [
  { bytes: 120, kind: "audio" },
  { bytes: 1_000, kind: "video" },
  { bytes: 20_000, kind: "video" },
] as const;

async function measure(count: number): Promise<TestReport> {
  const options = { tell: () => undefined, now: monotonic, onDisagree: () => undefined };
  const [ann, ben] = [new FrameWorker(options), new FrameWorker(options)];
  const leaves = [
    { leaf: 0, member: "ann" },
    { leaf: 1, member: "ben" },
  ];
  const seal: Record<number, number> = {};
  const open: Record<number, number> = {};
  for (const [at, of] of [ann, ben].entries()) {
    of.epochBegan({ room: "r", epoch: 1, baseKey: new Uint8Array(16), leaf: at, leaves, removal: false });
  }
  for (const [id, { bytes, kind }] of SIZES.entries()) {
    const context = { context: id + 1, track: `track-${id}`, kind };
    ann.receive({ type: "sender", id, room: "r", context, codec: kind === "audio" ? "opus" : "VP8" });
    ben.contexts("r", "ann", [context]);
    ben.receive({ type: "receiver", id, from: { room: "r", member: "ann", track: context.track, kind } });
    const plain = Array.from({ length: count }, () => ({ data: new Uint8Array(bytes).fill(0x31).buffer }));
    const sealed = await run(ann, { direction: "send", id }, plain);
    const opened = await run(ben, { direction: "receive", id }, sealed.out);
    if (opened.out.length !== count) throw new Error(`${opened.out.length} of ${count} frames came through`);
    seal[bytes] = sealed.microseconds;
    open[bytes] = opened.microseconds;
  }
  return { type: "measured", seal, open };
}
