import { expect, test } from "vitest";
import { SpeakerDetector } from "../../../web/client/levels";
import { seeded } from "../random";

/** Feeds levels every 200 ms; returns the marked members after each look. */
function run(detector: SpeakerDetector, from: number, looks: number, levels: Record<string, number>): string[] {
  let marked: ReadonlySet<string> = new Set();
  for (let look = 0; look < looks; look++) marked = detector.update(new Map(Object.entries(levels)), from + look * 200);
  return [...marked].sort();
}

test("the mark appears after 300 ms of voice", () => {
  const detector = new SpeakerDetector();
  expect(run(detector, 0, 2, { ana: 0.2 })).toEqual([]);
  expect(run(detector, 400, 1, { ana: 0.2 })).toEqual(["ana"]);
});

test("a cough is not speech", () => {
  const detector = new SpeakerDetector();
  run(detector, 0, 2, { ana: 0.5 });
  expect(run(detector, 400, 5, { ana: 0 })).toEqual([]);
});

test("the mark stays 1.2 s after the last voice", () => {
  const detector = new SpeakerDetector();
  run(detector, 0, 5, { ana: 0.2 });
  expect(run(detector, 1000, 6, { ana: 0 })).toEqual(["ana"]);
  expect(run(detector, 2200, 1, { ana: 0 })).toEqual([]);
});

test("the noise of a room is no voice", () => {
  expect(run(new SpeakerDetector(), 0, 50, { ana: 0.01 })).toEqual([]);
});

test("at most three at once, the loudest", () => {
  const detector = new SpeakerDetector();
  expect(run(detector, 0, 10, { ana: 0.1, ben: 0.2, chi: 0.3, dan: 0.4 })).toEqual(["ben", "chi", "dan"]);
});

test("somebody who is marked keeps the mark against an equally loud newcomer", () => {
  const detector = new SpeakerDetector();
  run(detector, 0, 10, { ana: 0.2, ben: 0.2, chi: 0.2, dan: 0 });
  expect(run(detector, 2000, 10, { ana: 0.2, ben: 0.2, chi: 0.2, dan: 0.22 })).toEqual(["ana", "ben", "chi"]);
});

test("who is muted or gone loses the mark at once", () => {
  const detector = new SpeakerDetector();
  run(detector, 0, 10, { ana: 0.2 });
  expect(run(detector, 2000, 1, {})).toEqual([]);
});

test("never more than three, and the same set while nothing changes", () => {
  const random = seeded(3);
  const detector = new SpeakerDetector();
  let before = detector.update(new Map(), 0);
  for (let look = 1; look < 2000; look++) {
    const levels = new Map(Array.from({ length: 8 }, (_, i) => [`member-${i}`, Math.floor(random() * 100) / 400]));
    const now = detector.update(levels, look * 200);
    expect(now.size).toBeLessThanOrEqual(3);
    if (now !== before) expect([...now].sort()).not.toEqual([...before].sort());
    before = now;
  }
});
