import { beforeEach, expect, test } from "vitest";
import { VoicePauses } from "../../../web/client/voice_pauses";
import { seeded } from "../random";

const SPEAKS = 0.1;
let pauses: VoicePauses;
let now: number;
let levels: Map<string, number>;

beforeEach(() => {
  pauses = new VoicePauses();
  now = 0;
  levels = new Map([
    ["ana", 0],
    ["ben", 0],
    ["chi", 0],
  ]);
});

function run(ms: number): string[] {
  let paused: ReadonlySet<string> = new Set();
  for (const end = now + ms; now < end; now += 200) paused = pauses.update(levels, now);
  return [...paused];
}

test("nobody is paused while the network carries all voices", () => {
  expect(run(60_000)).toEqual([]);
});

test("those silent longest are paused, one after another, and never one that speaks", () => {
  run(200);
  levels.set("ben", SPEAKS);
  run(2000);
  levels.set("ben", 0);
  levels.set("chi", SPEAKS);
  pauses.tooMuch(true);
  expect(run(3200)).toEqual(["ana"]); // 5 s after it came
  expect(run(1800)).toEqual(["ana", "ben"]);
  expect(run(3000)).not.toContain("chi");
});

test("the last open voice stays open, silent as it may be", () => {
  pauses.tooMuch(true);
  for (let step = 0; step < 100; step++) expect(run(200).length).toBeLessThan(3);
});

test("who is paused is listened to again after eight seconds, and stays if they speak", () => {
  levels = new Map([
    ["ana", 0],
    ["ben", SPEAKS],
  ]);
  pauses.tooMuch(true);
  expect(run(5400)).toEqual(["ana"]);
  expect(run(7600)).toEqual(["ana"]);
  expect(run(600)).toEqual([]);
  levels.set("ana", SPEAKS);
  expect(run(10_000)).toEqual([]);
});

test("when the network carries them again they come back, one after another", () => {
  levels.set("chi", SPEAKS);
  pauses.tooMuch(true);
  expect(run(8000)).toEqual(["ana", "ben"]);
  pauses.tooMuch(false);
  // Ana was paused at 5 s: the first step is for her, the next, two seconds later, for Ben.
  expect(run(1200)).toEqual(["ben"]);
  expect(run(2200)).toEqual([]);
});

test("who mutes themself or leaves is not kept", () => {
  levels.set("chi", SPEAKS);
  pauses.tooMuch(true);
  run(6000);
  levels.delete("ana");
  expect(run(200)).not.toContain("ana");
});

test("whatever is said, nobody is paused within five seconds of a word", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seeded(seed);
    const one = new VoicePauses();
    const names = ["a", "b", "c", "d", "e"];
    const spoke = new Map<string, number>();
    let before: ReadonlySet<string> = new Set();
    one.tooMuch(true);
    for (let at = 0; at < 60_000; at += 200) {
      const heard = new Map(names.map((name) => [name, !before.has(name) && random() < 0.02 ? SPEAKS : 0]));
      for (const [name, level] of heard) if (level > 0) spoke.set(name, at);
      const after = one.update(heard, at);
      for (const name of after)
        if (!before.has(name)) expect(at - (spoke.get(name) ?? -5000)).toBeGreaterThanOrEqual(2000);
      expect(after.size).toBeLessThan(names.length);
      before = after;
    }
  }
});
