import { beforeEach, expect, test } from "vitest";
import { VoicePauses } from "../../../web/client/voice_pauses";
import { seeded } from "../random";

const SPEAKS = 0.1;
/** Between two looks, ms. */
const LOOK = 200;
let pauses: VoicePauses;
let now: number;
let levels: Map<string, number>;

beforeEach(() => {
  pauses = new VoicePauses(seeded(1));
  now = 0;
  levels = new Map([
    ["ana", 0],
    ["ben", 0],
    ["chi", 0],
  ]);
});

function run(ms: number): string[] {
  let paused: ReadonlySet<string> = new Set();
  for (const end = now + ms; now < end; now += LOOK) paused = pauses.update(levels, now);
  return [...paused].sort();
}

test("nobody is paused while the network carries all voices", () => {
  expect(run(60_000)).toEqual([]);
});

test("those who are silent are paused, one after another, and never one that speaks", () => {
  levels.set("chi", SPEAKS);
  pauses.tooMuch(true);
  expect(run(5_000)).toEqual([]); // nobody has been silent for 5 s
  expect(run(2_000)).toHaveLength(1);
  expect(run(2_000)).toEqual(["ana", "ben"]);
  for (let looks = 0; looks < 300; looks++) expect(run(LOOK)).not.toContain("chi");
});

test("the last open voice stays open, silent as it may be", () => {
  pauses.tooMuch(true);
  for (let looks = 0; looks < 300; looks++) expect(run(LOOK).length).toBeLessThan(3);
});

test("who is paused is listened to again after eight seconds, and stays if they speak", () => {
  levels = new Map([
    ["ana", 0],
    ["ben", SPEAKS],
  ]);
  pauses.tooMuch(true);
  expect(run(6_200)).toEqual(["ana"]);
  expect(run(7_600)).toEqual(["ana"]);
  expect(run(600)).toEqual([]);
  levels.set("ana", SPEAKS);
  expect(run(10_000)).toEqual([]);
});

test("when the network carries them again they come back, one after another", () => {
  levels.set("chi", SPEAKS);
  pauses.tooMuch(true);
  expect(run(8_200)).toEqual(["ana", "ben"]);
  pauses.tooMuch(false);
  expect(run(2_000)).toHaveLength(1);
  expect(run(2_000)).toEqual([]);
});

test("where most have to rest, most do: one comes back at a step and another rests, and nobody is left out", () => {
  levels = new Map(Array.from({ length: 12 }, (_, index) => [`voice ${index}`, index === 0 ? SPEAKS : 0]));
  pauses.tooMuch(true);
  run(40_000);
  const since = new Map<string, number>();
  const rested = new Set<string>();
  for (let looks = 0; looks < 300; looks++) {
    const paused = run(LOOK);
    // One of the eleven who are silent is listened to.
    expect(paused).toHaveLength(10);
    for (const one of since.keys()) if (!paused.includes(one)) since.delete(one);
    for (const one of paused) {
      if (!since.has(one)) since.set(one, now);
      rested.add(one);
      // A step of two seconds for each who rests.
      expect(now - (since.get(one) ?? now)).toBeLessThanOrEqual(20_000);
    }
  }
  expect([...rested].sort()).toEqual([...levels.keys()].filter((one) => one !== "voice 0").sort());
});

test("twelve voices where four fit: it takes three steps, and they come back one by one", () => {
  levels = new Map(Array.from({ length: 12 }, (_, index) => [`voice ${index}`, 0]));
  run(20_000);
  pauses.tooMuch(true);
  expect(run(2_000)).toHaveLength(4);
  expect(run(2_000)).toHaveLength(6);
  expect(run(2_000)).toHaveLength(8);
  pauses.tooMuch(false);
  expect(run(2_000)).toHaveLength(7);
  expect(run(2_000)).toHaveLength(6);
});

test("who mutes themself or leaves is not kept", () => {
  levels.set("chi", SPEAKS);
  pauses.tooMuch(true);
  expect(run(8_200)).toContain("ana");
  levels.delete("ana");
  expect(run(LOOK)).not.toContain("ana");
});

test("whatever is said, nobody is paused within five seconds of a word, or two of being listened to again", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seeded(seed);
    const one = new VoicePauses(random);
    const names = ["a", "b", "c", "d", "e"];
    const spoke = new Map<string, number>();
    const back = new Map<string, number>();
    let before: ReadonlySet<string> = new Set();
    one.tooMuch(true);
    for (let at = 0; at < 60_000; at += LOOK) {
      const heard = new Map(names.map((name) => [name, !before.has(name) && random() < 0.02 ? SPEAKS : 0]));
      for (const [name, level] of heard) if (level > 0) spoke.set(name, at);
      const after = one.update(heard, at);
      const returned = [...before].filter((name) => !after.has(name));
      expect(returned.length).toBeLessThanOrEqual(1);
      for (const name of returned) back.set(name, at);
      for (const name of after) {
        if (before.has(name)) continue;
        expect(at - (spoke.get(name) ?? -5_000)).toBeGreaterThanOrEqual(5_000);
        expect(at - (back.get(name) ?? -2_000)).toBeGreaterThanOrEqual(2_000);
      }
      expect(after.size).toBeLessThan(names.length);
      before = after;
    }
  }
});

test("who is paused first tells only that they are silent, and when, nothing of the moment they fell silent", () => {
  const first = new Map<string, number>();
  for (let seed = 1; seed <= 300; seed++) {
    const one = new VoicePauses(seeded(seed * 7919));
    one.tooMuch(true);
    for (let at = 0; ; at += LOOK) {
      // Ana falls silent at once, Ben after 4 s, Chi talks for 12 s; nothing is too much before 10 s.
      one.tooMuch(at >= 10_000);
      const talks = (until: number) => (at < until ? SPEAKS : 0);
      const paused = one.update(
        new Map([
          ["ana", 0],
          ["ben", talks(4_000)],
          ["chi", talks(12_000)],
        ]),
        at,
      );
      const [chosen] = paused;
      if (chosen === undefined) continue;
      first.set(chosen, (first.get(chosen) ?? 0) + 1);
      expect(at % 2_000).toBe(0);
      break;
    }
  }
  // Ana has been silent for longer than Ben; either comes first in about half of the meetings.
  expect([...first.keys()].sort()).toEqual(["ana", "ben"]);
  for (const times of first.values()) expect(times).toBeGreaterThan(110);
});
