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
import { Sealer } from "../../../web/client/e2ee/sealer";
import { encryptFrame, type SFrameKey } from "../../../web/client/e2ee/sframe";
import { type Bytes, deltaFrame, encoded, frameKey, keyFrame, opusFrame, salt } from "./frames";

const place = { meeting: "meeting", room: "room", member: "ann", leaf: 5 };
const kid = kidOf(1, place.leaf, 0);

function receiver(kind: "audio" | "video") {
  const from: From = { room: "room", member: "ann", leaf: place.leaf, track: "track", kind };
  const ring = new KeyRing<Promise<SFrameKey>>((_, announced) => frameKey(announced.kid));
  const passed: Bytes[] = [];
  const states: KeyState[] = [];
  let asked = 0;
  const opener = new Opener<{ data: ArrayBuffer }>(from, ring, {
    pass: ({ data }) => passed.push(new Uint8Array(data)),
    onState: (state) => states.push(state),
    askForKeyFrame: () => {
      asked++;
    },
  });
  const announce = (more: object = {}, now = 0) =>
    ring.announce(place, [{ kid, track: "track", kind, salt: salt(1), ...more }], now);
  const take = (bytes: Uint8Array | null, now = 0) => {
    if (!bytes) throw new Error("the sender dropped it");
    return opener.take(encoded(bytes), now);
  };
  return { from, ring, passed, states, opener, announce, take, asked: () => asked };
}

function sender(kind: "audio" | "video", senderKid = kid, key = frameKey(senderKid)) {
  const sealer = new Sealer(kind);
  sealer.install(senderKid, key);
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
    await take(await sender("video", kid, frameKey(kid, 2)).seal(keyFrame(1)));
    expect(passed).toEqual([]);
  });

  test("a frame of another leaf, even with its key in the ring", async () => {
    const { announce, take, passed } = receiver("video");
    const foreign = kidOf(1, place.leaf + 1, 0);
    announce({ kid: foreign });
    await take(await sender("video", foreign).seal(keyFrame(1)));
    expect(passed).toEqual([]);
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
    await take(await encryptFrame(await frameKey(kid), BigInt(kid), 0n, new Uint8Array(0), opusFrame(1)));
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

describe("frames that come before their key", () => {
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

  test("keep their order behind a key that is still missing", async () => {
    const { ring, take, passed, opener } = receiver("audio");
    const [one, two] = [sender("audio", kid), sender("audio", kidOf(2, place.leaf, 0))];
    const listed = (context: number) => ({
      kid: kidOf(context, place.leaf, 0),
      track: "track",
      kind: "audio" as const,
      salt: salt(1),
    });
    await take(await one.seal(opusFrame(1)));
    await take(await two.seal(opusFrame(2)));
    ring.announce(place, [listed(2)], 0);
    await opener.retry(0.1);
    expect(passed).toEqual([]);
    ring.announce(place, [listed(1), listed(2)], 0.2);
    await opener.retry(0.2);
    expect(passed).toEqual([opusFrame(1), opusFrame(2)]);
  });
});

test("frames of the old key still open while it is kept, those of the new one at once", async () => {
  const { ring, announce, take, passed } = receiver("audio");
  announce();
  const [before, after] = [sender("audio"), sender("audio", kidOf(2, place.leaf, 0))];
  ring.announce(place, [{ kid: kidOf(2, place.leaf, 0), track: "track", kind: "audio", salt: salt(2) }], 10);
  await take(await before.seal(opusFrame(1)), 11);
  await take(await after.seal(opusFrame(2)), 11);
  await take(await before.seal(opusFrame(3)), 30);
  expect(passed).toEqual([opusFrame(1), opusFrame(2)]);
});

test("a reloaded page begins its KIDs again, under another salt", async () => {
  const { from, passed } = receiver("audio");
  const ring = new KeyRing<Promise<SFrameKey>>((_, announced) =>
    frameKey(announced.kid, announced.salt === salt(1) ? 1 : 2),
  );
  const opener = new Opener<{ data: ArrayBuffer }>(from, ring, {
    pass: ({ data }) => passed.push(new Uint8Array(data)),
    onState: () => undefined,
    askForKeyFrame: () => undefined,
  });
  for (const fill of [1, 2]) {
    ring.announce(place, [{ kid, track: "track", kind: "audio", salt: salt(fill) }], fill);
    const sealed = await sender("audio", kid, frameKey(kid, fill)).seal(opusFrame(fill));
    await opener.take(encoded(sealed as Bytes), fill);
  }
  expect(passed).toEqual([opusFrame(1), opusFrame(2)]);
});

describe("what the tile says", () => {
  test("a problem, when frames have not opened for a while, and no more when they do", async () => {
    const { announce, take, states } = receiver("audio");
    announce();
    const [good, bad] = [sender("audio"), sender("audio", kid, frameKey(kid, 2))];
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
    const [good, bad] = [sender("audio"), sender("audio", kid, frameKey(kid, 2))];
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
    const next = sender("audio", kidOf(2, place.leaf, 0));
    await take(await next.seal(opusFrame(1)), 1);
    expect(states).toEqual(["encrypted"]);
    await take(await next.seal(opusFrame(1)), 1 + HOLD_SECONDS);
    expect(states).toEqual(["encrypted", "waiting"]);
  });
});
