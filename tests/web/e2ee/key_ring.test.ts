import { describe, expect, test } from "vitest";
import {
  CONTEXTS_PER_MEMBER,
  EPOCHS_HELD,
  KeyRing,
  OLD_CONTEXT_SECONDS,
  OLD_KEY_SECONDS,
  REMOVED_KEY_SECONDS,
} from "../../../web/client/e2ee/key_ring";
import { kidOf } from "../../../web/client/e2ee/kid";
import { seeded } from "../random";
import { baseKey } from "./frames";

const everybody = [
  { leaf: 1, member: "ann" },
  { leaf: 2, member: "ben" },
];
const microphone = { context: 3, track: "mic", kind: "audio" } as const;
const camera = { context: 4, track: "cam", kind: "video" } as const;

function ring() {
  const derived: string[] = [];
  const keys = new KeyRing((base: Uint8Array, kid: number) => {
    derived.push(`${base[0]}/${kid}`);
    return `${base[0]}/${kid}`;
  });
  const begin = (epoch: number, now: number, more: object = {}) =>
    keys.begin({ room: "r", epoch, baseKey: baseKey(epoch), leaves: everybody, removal: false, ...more }, now);
  const look = (epoch: number, now: number, more: object = {}, context = 3, leaf = 1) =>
    keys.lookup({ room: "r", member: "ann", track: "mic", kind: "audio", ...more }, kidOf(context, leaf, epoch), now);
  const found = (...of: Parameters<typeof look>) => {
    const result = look(...of);
    return typeof result === "string" ? result : result.map(({ key }) => key);
  };
  return { keys, derived, begin, look, found };
}

describe("a key is found", () => {
  test("by epoch, leaf and announced context together", () => {
    const { keys, begin, found } = ring();
    begin(5, 0);
    keys.announce("r", "ann", [microphone, camera], 0);
    keys.announce("r", "ben", [microphone], 0);
    expect(found(5, 0)).toEqual([`5/${kidOf(3, 1, 5)}`]);
    expect(found(5, 0, { member: "ben" }, 3, 2)).toEqual([`5/${kidOf(3, 2, 5)}`]);
    expect(found(5, 0, { track: "cam", kind: "video" }, 4)).toEqual([`5/${kidOf(4, 1, 5)}`]);
  });

  test("never for another member, leaf, track or kind, nor for a leaf that is not there", () => {
    const { keys, begin, found } = ring();
    begin(5, 0);
    for (const member of ["ann", "ben", "cem"]) keys.announce("r", member, [microphone, camera], 0);
    expect(found(5, 0, { member: "ben" })).toBe("foreign");
    expect(found(5, 0, {}, 3, 2)).toBe("foreign");
    expect(found(5, 0, {}, 3, 9)).toBe("foreign");
    expect(found(5, 0, { member: "cem" }, 3, 9)).toBe("foreign");
    expect(found(5, 0, { track: "cam" })).toBe("foreign");
    expect(found(5, 0, { kind: "video" })).toBe("foreign");
    expect(found(5, 0, {}, 4)).toBe("foreign");
  });

  test("in its own room only", () => {
    const { keys, begin, found } = ring();
    begin(5, 0);
    begin(6, 0, { room: "other" });
    keys.announce("r", "ann", [microphone], 0);
    keys.announce("other", "ann", [microphone], 0);
    expect(found(5, 0)).toHaveLength(1);
    expect(found(5, 0, { room: "other" })).toBe("old");
    keys.forgetRoom("r");
    expect(found(5, 0)).toBe("newer");
    expect(found(6, 0, { room: "other" })).toHaveLength(1);
  });

  test("under the leaf that its member had in that epoch", () => {
    const { keys, begin, found } = ring();
    begin(5, 0);
    begin(6, 1, {
      leaves: [
        { leaf: 1, member: "ben" },
        { leaf: 2, member: "ann" },
      ],
    });
    keys.announce("r", "ann", [microphone], 1);
    expect(found(5, 1, {}, 3, 1)).toHaveLength(1);
    expect(found(5, 1, {}, 3, 2)).toBe("foreign");
    expect(found(6, 1, {}, 3, 2)).toHaveLength(1);
    expect(found(6, 1, {}, 3, 1)).toBe("foreign");
  });

  test("and derived once, when it is wanted first", () => {
    const { keys, begin, found, derived } = ring();
    begin(5, 0);
    keys.announce("r", "ann", [microphone, camera], 0);
    expect(derived).toEqual([]);
    for (let times = 0; times < 3; times++) found(5, 0);
    expect(derived).toHaveLength(1);
  });
});

describe("epochs", () => {
  test("that did not begin here are newer, those before one's own first are old", () => {
    const { keys, begin, found } = ring();
    expect(found(5, 0)).toBe("newer");
    begin(300, 0);
    keys.announce("r", "ann", [microphone], 0);
    expect(found(300, 0)).toHaveLength(1);
    expect([301, 427].map((epoch) => found(epoch, 0))).toEqual(["newer", "newer"]);
    expect([299, 173].map((epoch) => found(epoch, 0))).toEqual(["old", "old"]);
  });

  test.each([
    [false, OLD_KEY_SECONDS],
    [true, REMOVED_KEY_SECONDS],
  ])("that are over go after a while (removal: %s)", (removal, seconds) => {
    const { keys, begin, found } = ring();
    begin(5, 0);
    keys.announce("r", "ann", [microphone], 0);
    begin(6, 100, { removal });
    expect(found(5, 100 + seconds - 0.1)).toHaveLength(1);
    expect(keys.deadline).toBe(100 + seconds);
    expect(found(5, 100 + seconds)).toBe("old");
    keys.drop(100 + seconds);
    expect(keys.deadline).toBe(Number.POSITIVE_INFINITY);
    expect(found(6, 1e6)).toHaveLength(1);
  });

  test("of before go sooner when somebody is removed, and no later by what follows", () => {
    const { keys, begin, found } = ring();
    begin(4, 0);
    begin(5, 99);
    keys.announce("r", "ann", [microphone], 99);
    begin(6, 100, { removal: true });
    begin(7, 101);
    for (const epoch of [4, 5]) expect(found(epoch, 100 + REMOVED_KEY_SECONDS)).toBe("old");
    expect(found(6, 101 + OLD_KEY_SECONDS - 0.1)).toHaveLength(1);
    expect(found(6, 101 + OLD_KEY_SECONDS)).toBe("old");
  });

  test("that share their low bits are tried both, the newer one first", () => {
    const { keys, begin, found } = ring();
    begin(5, 0);
    keys.announce("r", "ann", [microphone], 0);
    begin(6, 0, { baseKey: baseKey(60) });
    begin(6, 1, { baseKey: baseKey(61) });
    expect(found(6, 1)).toEqual([`61/${kidOf(3, 1, 6)}`, `60/${kidOf(3, 1, 6)}`]);
  });

  test("of another group begin at any number", () => {
    const { keys, begin, found } = ring();
    begin(200, 0);
    keys.announce("r", "ann", [microphone], 0);
    begin(1, 1);
    expect([1, 200].map((epoch) => typeof found(epoch, 2))).toEqual(["object", "object"]);
    expect(found(2, 2)).toBe("newer");
  });

  test("are held in a bounded number, the current one among them", () => {
    const { keys, begin, found } = ring();
    for (let epoch = 0; epoch < 100; epoch++) begin(epoch, epoch / 1000);
    keys.announce("r", "ann", [microphone], 0.1);
    const held = Array.from({ length: 100 }, (_, epoch) => found(epoch, 0.1)).filter((it) => typeof it !== "string");
    expect(held).toHaveLength(EPOCHS_HELD);
    expect(found(99, 0.1)).toHaveLength(1);
  });
});

describe("contexts", () => {
  test("that are not announced yet are waited for", () => {
    const { keys, begin, found } = ring();
    begin(5, 0);
    expect(found(5, 0)).toBe("unannounced");
    keys.announce("r", "ann", [camera], 0);
    expect(found(5, 0)).toBe("unannounced");
  });

  test("that are listed no longer stay a little, and being listed again does not postpone that of others", () => {
    const { keys, begin, found } = ring();
    begin(5, 0);
    keys.announce("r", "ann", [microphone], 0);
    keys.announce("r", "ann", [camera], 1);
    keys.announce("r", "ann", [camera], 9);
    expect(found(5, 1 + OLD_CONTEXT_SECONDS - 0.1)).toHaveLength(1);
    expect(found(5, 1 + OLD_CONTEXT_SECONDS)).toBe("unannounced");
    expect(found(5, 1e6, { track: "cam", kind: "video" }, 4)).toHaveLength(1);
  });

  test("that were withdrawn are waited for when another track uses their number, those that were not are not", () => {
    const { keys, begin, found } = ring();
    begin(5, 0);
    keys.announce("r", "ann", [microphone], 0);
    expect(found(5, 0, { track: "new" })).toBe("foreign");
    keys.announce("r", "ann", [], 1);
    begin(6, 1);
    expect(found(6, 1, { track: "new" })).toBe("unannounced");
    keys.announce("r", "ann", [{ ...microphone, track: "new" }], 2);
    expect(found(6, 2, { track: "new" })).toHaveLength(1);
  });

  test("carry over to the next epoch", () => {
    const { keys, begin, found } = ring();
    begin(5, 0);
    keys.announce("r", "ann", [microphone], 0);
    begin(6, 1);
    expect(found(6, 1)).toHaveLength(1);
  });

  test("of somebody who is in no epoch any more are forgotten", () => {
    const { keys, begin, found } = ring();
    begin(5, 0);
    keys.announce("r", "ann", [microphone], 0);
    begin(6, 1, { leaves: [everybody[1]], removal: true });
    begin(7, 20, { leaves: [everybody[1]] });
    begin(8, 21);
    expect(found(8, 21)).toBe("unannounced");
  });

  test("cannot turn a voice into a picture within an epoch, and may mean another track in the next", () => {
    const { keys, begin, found } = ring();
    begin(5, 0);
    keys.announce("r", "ann", [microphone], 0);
    expect(found(5, 0)).toHaveLength(1);
    keys.announce("r", "ann", [{ ...camera, context: 3 }], 1);
    expect(found(5, 1, { track: "cam", kind: "video" })).toBe("foreign");
    expect(found(5, 1)).toBe("foreign");
    begin(6, 2);
    expect(found(6, 2, { track: "cam", kind: "video" })).toHaveLength(1);
  });

  test("however many are announced, few are kept, the listed ones first", () => {
    const { keys, begin, found } = ring();
    begin(5, 0);
    const list = (from: number) => Array.from({ length: 10 }, (_, at) => ({ ...microphone, context: from + at }));
    for (let round = 0; round < 24; round++) keys.announce("r", "ann", list(round * 10), 0);
    const kept = Array.from({ length: 250 }, (_, context) => found(5, 0, {}, context)).map(
      (it) => typeof it !== "string",
    );
    expect(kept.filter(Boolean)).toHaveLength(CONTEXTS_PER_MEMBER);
    expect(kept.slice(230, 240)).toEqual(Array(10).fill(true));
  });
});

describe("a frame that was had is not fresh again", () => {
  const taken = (fresh: ReturnType<typeof ring>, epoch: number, now: number) => {
    const keys = fresh.look(epoch, now);
    if (typeof keys === "string" || !keys[0]) throw new Error(`not found: ${keys}`);
    const { window } = keys[0];
    const was = !window.isFresh(7);
    if (!was) window.take(7);
    return was;
  };

  test("by leaving, coming back and announcing anew in the same epoch", () => {
    const fresh = ring();
    fresh.begin(5, 0);
    fresh.keys.announce("r", "ann", [microphone], 0);
    expect(taken(fresh, 5, 0)).toBe(false);
    fresh.keys.announce("r", "ann", [], 0);
    fresh.keys.announce("r", "ann", [microphone], 1);
    expect(taken(fresh, 5, 1)).toBe(true);
    fresh.begin(5, 2);
    expect(taken(fresh, 5, 2)).toBe(true);
  });

  test("by way of an epoch that turned out void", () => {
    const fresh = ring();
    fresh.begin(5, 0);
    fresh.keys.announce("r", "ann", [microphone], 0);
    expect(taken(fresh, 5, 0)).toBe(false);
    fresh.begin(6, 1, { removal: true });
    fresh.begin(5, 2);
    expect(taken(fresh, 5, 100)).toBe(true);
  });

  test("by any order of epochs, announcements and time, as long as the epoch is held", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = seeded(seed);
      const pick = (count: number) => Math.floor(random() * count);
      const { keys, begin } = ring();
      const taken = new Map<string, Set<number>>();
      const heldUntil = new Map<number, number>();
      let now = 0;
      let checks = 0;
      for (let step = 0; step < 300; step++) {
        now += random();
        for (const [epoch, until] of heldUntil) {
          if (until > now) continue;
          heldUntil.delete(epoch);
          for (const key of taken.keys()) if (key.startsWith(`${epoch}/`)) taken.delete(key);
        }
        const what = pick(6);
        if (what === 0) {
          const [epoch, removal] = [pick(4), pick(3) === 0];
          begin(epoch, now, { removal });
          const until = now + (removal ? REMOVED_KEY_SECONDS : OLD_KEY_SECONDS);
          for (const [other, before] of heldUntil) heldUntil.set(other, Math.min(before, until));
          heldUntil.set(epoch, Number.POSITIVE_INFINITY);
        } else if (what === 1) {
          keys.announce("r", "ann", [microphone, camera].slice(pick(3)), now);
        } else {
          const { context, track, kind } = pick(2) ? microphone : camera;
          const found = keys.lookup({ room: "r", member: "ann", track, kind }, kidOf(context, 1, pick(4)), now);
          if (typeof found === "string") continue;
          for (const { window, key } of found) {
            const ctr = pick(20);
            const before = taken.get(key) ?? new Set();
            taken.set(key, before);
            expect(window.isFresh(ctr), `${key} ${ctr}`).toBe(!before.has(ctr));
            if (window.isFresh(ctr)) window.take(ctr);
            before.add(ctr);
            checks++;
          }
        }
      }
      expect(checks).toBeGreaterThan(30);
    }
  });
});
