import { describe, expect, test } from "vitest";
import { KeyRing } from "../../../web/client/e2ee/key_ring";
import { kidOf } from "../../../web/client/e2ee/kid";
import {
  type From,
  HELD_FRAMES,
  HOLD_SECONDS,
  type KeyState,
  Opener,
  PROBLEM_SECONDS,
} from "../../../web/client/e2ee/opener";
import { FrameCounter, Sealer } from "../../../web/client/e2ee/sealer";
import { encryptFrame, type SFrameKey } from "../../../web/client/e2ee/sframe";
import { type Bytes, deltaFrame, encoded, epochKeys, frameKey, keyFrame, opusFrame } from "./frames";

/** Ann's leaf and the epoch that the receiver is in, unless a test says otherwise. */
const [leaf, epoch] = [1, 7];
const context = 3;
const kid = kidOf(context, leaf, epoch);

function receiver(kind: "audio" | "video") {
  const from: From = { room: "room", member: "ann", track: "track", kind };
  const ring = new KeyRing<Promise<SFrameKey>>((base, kid) => frameKey(kid, base[0]));
  const passed: Bytes[] = [];
  const states: KeyState[] = [];
  const newer: number[] = [];
  let asked = 0;
  const opener = new Opener<{ data: ArrayBuffer }>(from, ring, {
    pass: ({ data }) => passed.push(new Uint8Array(data)),
    onState: (state) => states.push(state),
    askForKeyFrame: () => {
      asked++;
    },
    onNewerEpoch: (low) => newer.push(low),
  });
  const begin = (of = epoch, now = 0, more: object = {}) => ring.begin(epochKeys(of, more), now);
  const announce = (more: object = {}, now = 0) =>
    ring.announce("room", "ann", [{ context, track: "track", kind, ...more }], now);
  begin();
  const take = (bytes: Uint8Array | null, now = 0) => {
    if (!bytes) throw new Error("the sender dropped it");
    return opener.take(encoded(bytes), now);
  };
  return { ring, passed, states, newer, opener, begin, announce, take, asked: () => asked };
}

function sender(kind: "audio" | "video", of = epoch, { context: number = context, leaf: at = leaf, fill = of } = {}) {
  const sealer = new Sealer(kind === "audio" ? "opus" : "VP8", new FrameCounter());
  const kid = kidOf(number, at, of);
  sealer.install(kid, frameKey(kid, fill));
  return sealer;
}

test.each([
  ["video", [keyFrame(1), deltaFrame(2), deltaFrame(3)]],
  ["audio", [opusFrame(1), opusFrame(2, 200)]],
] as const)("%s comes out as it went in", async (kind, frames) => {
  const { announce, take, passed, states } = receiver(kind);
  announce();
  const sealer = sender(kind);
  for (const frame of frames) await take(await sealer.seal(frame));
  expect(passed).toEqual(frames);
  expect(states).toEqual(["encrypted"]);
});

test("an empty frame passes empty", async () => {
  const { take, passed } = receiver("audio");
  await take(new Uint8Array(0));
  expect(passed).toEqual([new Uint8Array(0)]);
});

describe("what must never come out", () => {
  test.each(["audio", "video"] as const)("plain %s, with a key known or not", async (kind) => {
    const { announce, take, passed } = receiver(kind);
    const plain = [keyFrame(1), deltaFrame(2), opusFrame(0xf8), new Uint8Array(1), new Uint8Array(5000)];
    for (const frame of plain) await take(frame);
    announce();
    for (const frame of plain) await take(frame);
    expect(passed).toEqual([]);
  });

  test("a frame under another key", async () => {
    const { announce, take, passed } = receiver("video");
    announce();
    await take(await sender("video", epoch, { fill: 2 }).seal(keyFrame(1)));
    expect(passed).toEqual([]);
  });

  test("a frame of another leaf, even with its key in the ring", async () => {
    const { announce, ring, take, passed } = receiver("video");
    announce();
    ring.announce("room", "ben", [{ context, track: "track", kind: "video" }], 0);
    await take(await sender("video", epoch, { leaf: 2 }).seal(keyFrame(1)));
    await take(await sender("video", epoch, { leaf: 3 }).seal(keyFrame(1)));
    expect(passed).toEqual([]);
  });

  test("a frame of a leaf that was the member's in another epoch", async () => {
    const { announce, begin, take, passed } = receiver("video");
    announce();
    begin(epoch + 1, 1, { leaves: [{ leaf: 5, member: "ann" }] });
    await take(await sender("video", epoch + 1).seal(keyFrame(1)), 1);
    expect(passed).toEqual([]);
    await take(await sender("video", epoch + 1, { leaf: 5 }).seal(keyFrame(2)), 1);
    expect(passed).toEqual([keyFrame(2)]);
  });

  test("a frame whose KID has more bits than there are", async () => {
    const { announce, take, passed, states } = receiver("audio");
    announce();
    for (const wide of [2 ** 26 + kid, 2 ** 40 + kid]) {
      const sealer = new Sealer("opus", new FrameCounter());
      sealer.install(wide, frameKey(wide, epoch));
      await take(await sealer.seal(opusFrame(1)));
    }
    expect(passed).toEqual([]);
    expect(states).toEqual([]);
  });

  test("a frame of another kind or track of the same member", async () => {
    for (const more of [{ kind: "audio" }, { track: "another" }]) {
      const { announce, take, passed } = receiver("video");
      announce(more);
      await take(await sender("video").seal(keyFrame(1)));
      expect(passed).toEqual([]);
    }
  });

  test("a frame for the second time", async () => {
    const { announce, take, passed } = receiver("audio");
    announce();
    const sealed = await sender("audio").seal(opusFrame(1));
    await take(sealed);
    await take(sealed);
    expect(passed).toHaveLength(1);
  });

  test("a frame whose codec header was changed", async () => {
    const { announce, take, passed } = receiver("video");
    announce();
    const sealed = await sender("video").seal(keyFrame(1));
    if (sealed) sealed[6] = 0x41; // the width
    await take(sealed);
    expect(passed).toEqual([]);
  });

  test("sound that is not padded as it should be", async () => {
    const { announce, take, passed } = receiver("audio");
    announce();
    await take(await encryptFrame(await frameKey(kid, epoch), BigInt(kid), 0n, new Uint8Array(0), opusFrame(1)));
    expect(passed).toEqual([]);
  });

  test("anything after closing", async () => {
    const { announce, take, passed, opener } = receiver("audio");
    announce();
    opener.close();
    await take(await sender("audio").seal(opusFrame(1)));
    await take(new Uint8Array(0));
    expect(passed).toEqual([]);
  });

  test("every single-bit change of a frame", async () => {
    const { announce, take, passed } = receiver("audio");
    announce();
    const sealed = await sender("audio").seal(opusFrame(1, 3));
    if (!sealed) throw new Error("dropped");
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = sealed.slice();
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      await take(changed);
    }
    expect(passed).toEqual([]);
  });
});

describe("frames of an epoch", () => {
  test("that has not begun here wait, are told of, and open when it has", async () => {
    const { announce, begin, take, passed, newer, opener } = receiver("video");
    announce();
    const sealer = sender("video", epoch + 1);
    await take(await sealer.seal(keyFrame(1)), 0.1);
    expect(newer).toEqual([epoch + 1]);
    begin(epoch + 1, 0.5);
    await opener.retry(0.5);
    await take(await sealer.seal(deltaFrame(2)), 0.6);
    expect(passed).toEqual([keyFrame(1), deltaFrame(2)]);
  });

  test("are told of one by one, while they wait", async () => {
    const { announce, take, newer } = receiver("audio");
    announce();
    const sealer = sender("audio", epoch + 2);
    for (let now = 0; now < 3; now += 0.1) await take(await sealer.seal(opusFrame(1)), now);
    expect(newer.length).toBeGreaterThanOrEqual(30);
    expect(new Set(newer)).toEqual(new Set([epoch + 2]));
  });

  test("before one's own first are dropped at once, and a key frame is asked for after them", async () => {
    const { announce, take, passed, states, asked } = receiver("video");
    announce();
    const before = sender("video", epoch - 1);
    await take(await before.seal(keyFrame(1)), 0);
    await take(await before.seal(deltaFrame(2)), 0.1);
    await take(await sender("video").seal(deltaFrame(3)), 0.2);
    expect(passed).toEqual([deltaFrame(3)]);
    expect(asked()).toBe(1);
    expect(states).toEqual(["waiting", "encrypted"]);
  });

  test("whose keys are gone are dropped, and are no problem but a wait", async () => {
    const { announce, begin, take, passed, states } = receiver("audio");
    announce();
    const before = sender("audio");
    await take(await before.seal(opusFrame(1)), 0);
    begin(epoch + 1, 1, { removal: true });
    await take(await before.seal(opusFrame(2)), 2.9);
    for (let now = 3; now < 3 + PROBLEM_SECONDS + 0.2; now += 0.1) await take(await before.seal(opusFrame(3)), now);
    expect(passed).toEqual([opusFrame(1), opusFrame(2)]);
    expect(states).toEqual(["encrypted", "waiting"]);
  });
});

describe("frames that come before their context", () => {
  test("wait, and go first when it is there", async () => {
    const { announce, take, passed, states, opener, asked } = receiver("video");
    const sealer = sender("video");
    await take(await sealer.seal(keyFrame(1)), 0);
    await take(await sealer.seal(deltaFrame(2)), 0.3);
    expect(states).toEqual(["waiting"]);
    announce();
    await opener.retry(0.4);
    await take(await sealer.seal(deltaFrame(3)), 0.5);
    expect(passed).toEqual([keyFrame(1), deltaFrame(2), deltaFrame(3)]);
    expect(states).toEqual(["waiting", "encrypted"]);
    expect(asked()).toBe(0);
  });

  test("are too old after a second, and a key frame is asked for once", async () => {
    const { announce, take, passed, opener, asked } = receiver("video");
    const sealer = sender("video");
    await take(await sealer.seal(keyFrame(1)), 0);
    await take(await sealer.seal(deltaFrame(2)), 0.8);
    announce();
    await opener.retry(HOLD_SECONDS + 0.1);
    await take(await sealer.seal(deltaFrame(3)), 1.2);
    expect(passed).toEqual([deltaFrame(2), deltaFrame(3)]);
    expect(asked()).toBe(1);
  });

  test("no key frame is asked for when one comes by itself, nor for sound", async () => {
    for (const [kind, frame] of [
      ["video", keyFrame(1)],
      ["audio", opusFrame(1)],
    ] as const) {
      const { announce, take, asked } = receiver(kind);
      const sealer = sender(kind);
      await take(await sealer.seal(frame), 0);
      announce();
      await take(await sealer.seal(frame), 2);
      expect(asked()).toBe(0);
    }
  });

  test("a key frame is asked for, too, after frames that did not open", async () => {
    const { announce, take, asked } = receiver("video");
    announce();
    const sealer = sender("video");
    await take(await sealer.seal(keyFrame(1)));
    await take(keyFrame(2));
    await take(await sealer.seal(deltaFrame(3)));
    await take(await sealer.seal(deltaFrame(4)));
    expect(asked()).toBe(1);
  });

  test("are bounded, and what was dropped is asked for again", async () => {
    const { announce, take, passed, opener, asked } = receiver("video");
    const sealer = sender("video");
    for (let count = 0; count < HELD_FRAMES + 40; count++)
      await take(await sealer.seal(deltaFrame(count)), 0.001 * count);
    announce();
    await opener.retry(0.2);
    expect(passed).toHaveLength(HELD_FRAMES);
    expect(asked()).toBe(1);
  });

  test("of a large picture are bounded in bytes", async () => {
    const { announce, take, passed, opener } = receiver("video");
    const sealer = sender("video");
    for (let count = 0; count < 10; count++) await take(await sealer.seal(deltaFrame(count, 500_000)), 0);
    announce();
    await opener.retry(0.2);
    expect(passed).toHaveLength(3);
  });

  test("keep their order behind one that is still missing", async () => {
    const { ring, take, passed, opener } = receiver("audio");
    const [one, two] = [sender("audio"), sender("audio", epoch, { context: 4 })];
    const listed = (number: number) => ({ context: number, track: "track", kind: "audio" as const });
    await take(await one.seal(opusFrame(1)));
    await take(await two.seal(opusFrame(2)));
    ring.announce("room", "ann", [listed(4)], 0);
    await opener.retry(0.1);
    expect(passed).toEqual([]);
    ring.announce("room", "ann", [listed(3), listed(4)], 0.2);
    await opener.retry(0.2);
    expect(passed).toEqual([opusFrame(1), opusFrame(2)]);
  });
});

test("frames of the key before still open while it is kept, those of the new one at once", async () => {
  const { announce, begin, take, passed } = receiver("audio");
  announce();
  const [before, after] = [sender("audio"), sender("audio", epoch + 1)];
  begin(epoch + 1, 10);
  await take(await before.seal(opusFrame(1)), 11);
  await take(await after.seal(opusFrame(2)), 11);
  await take(await before.seal(opusFrame(3)), 30);
  expect(passed).toEqual([opusFrame(1), opusFrame(2)]);
});

test("of two epochs with the same low bits the one whose key fits opens", async () => {
  const { announce, begin, take, passed } = receiver("audio");
  announce();
  begin(epoch, 1, { fill: 99 });
  await take(await sender("audio").seal(opusFrame(1)), 2);
  await take(await sender("audio", epoch, { fill: 99 }).seal(opusFrame(2)), 2);
  await take(await sender("audio", epoch, { fill: 98 }).seal(opusFrame(3)), 2);
  expect(passed).toEqual([opusFrame(1), opusFrame(2)]);
});

describe("what the tile says", () => {
  test("a problem, when frames have not opened for a while, and no more when they do", async () => {
    const { announce, take, states } = receiver("audio");
    announce();
    const [good, bad] = [sender("audio"), sender("audio", epoch, { fill: 2 })];
    await bad.seal(opusFrame(0));
    await take(await good.seal(opusFrame(1)), 0);
    await take(await bad.seal(opusFrame(1)), 1);
    await take(await bad.seal(opusFrame(1)), 1 + PROBLEM_SECONDS - 0.1);
    expect(states).toEqual(["encrypted"]);
    await take(await bad.seal(opusFrame(1)), 1 + PROBLEM_SECONDS);
    expect(states).toEqual(["encrypted", "problem"]);
    await take(await good.seal(opusFrame(1)), 4);
    expect(states).toEqual(["encrypted", "problem", "encrypted"]);
  });

  test("no problem for stray frames between good ones", async () => {
    const { announce, take, states } = receiver("audio");
    announce();
    const [good, bad] = [sender("audio"), sender("audio", epoch, { fill: 2 })];
    await bad.seal(opusFrame(0));
    for (let now = 0; now < 10; now += 0.5) {
      await take(await good.seal(opusFrame(1)), now);
      await take(await bad.seal(opusFrame(1)), now + 0.1);
    }
    expect(states).toEqual(["encrypted"]);
  });

  test("waiting again, when a new key does not come within the time that frames wait", async () => {
    const { announce, take, states } = receiver("audio");
    announce();
    await take(await sender("audio").seal(opusFrame(1)), 0);
    const next = sender("audio", epoch, { context: 4 });
    await take(await next.seal(opusFrame(1)), 1);
    expect(states).toEqual(["encrypted"]);
    await take(await next.seal(opusFrame(1)), 1 + HOLD_SECONDS);
    expect(states).toEqual(["encrypted", "waiting"]);
  });
});

describe("VP9", () => {
  const vp9 = (first: number) => {
    const frame = new Uint8Array(120).fill(5);
    frame[0] = first;
    return frame;
  };
  const [keyed, delta] = [vp9(0x82), vp9(0x86)];
  const seal = async (frame: Bytes, { fill = epoch } = {}) => {
    const sealer = new Sealer("VP9", new FrameCounter());
    sealer.install(kid, frameKey(kid, fill));
    return sealer.seal(frame);
  };

  test("a frame with nothing in clear opens as a picture", async () => {
    const { announce, take, passed } = receiver("video");
    announce();
    const sealed = await seal(keyed);
    expect((sealed?.[0] ?? 0) & 0x80).toBe(0x80);
    await take(sealed);
    expect(passed).toEqual([keyed]);
  });

  test("a key frame is asked for behind a gap, and not when the next frame is one", async () => {
    const { announce, take, asked } = receiver("video");
    announce();
    await take(await seal(delta, { fill: 99 }));
    await take(await seal(keyed));
    expect(asked()).toBe(0);
    await take(await seal(delta, { fill: 99 }));
    const later = new Sealer("VP9", new FrameCounter());
    later.install(kid, frameKey(kid, epoch));
    await later.seal(delta); // a number that was used
    await take(await later.seal(delta));
    expect(asked()).toBe(1);
  });

  test("a VP8 frame does not open as anything when its clear header is cut off or set before a VP9 frame", async () => {
    const { announce, take, passed } = receiver("video");
    announce();
    const whole = await sender("video").seal(deltaFrame(1));
    await take((whole as Bytes).slice(1));
    await take(Uint8Array.of(0x11, ...((await seal(keyed)) as Bytes)));
    expect(passed).toEqual([]);
  });
});
