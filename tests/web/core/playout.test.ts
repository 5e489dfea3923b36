import { expect, test } from "vitest";
import type { Uplink } from "../../../web/client/e2ee/envelope";
import { Playout, playoutTarget } from "../../../web/client/playout";
import vectors from "../../vectors/playout.json";

test.each(vectors)("$uplink up, $loss lost down, round trip $round_trip s: $target s", (vector) => {
  const own = { loss: vector.loss, roundTrip: vector.round_trip };
  expect(playoutTarget(vector.uplink as Uplink, own)).toBeCloseTo(vector.target, 6);
});

test("longer at once, shorter after ten seconds and step by step", () => {
  const playout = new Playout();
  expect(playout.update(0, 0)).toBe(0);
  expect(playout.update(0.15, 1000)).toBe(0.15);
  expect(playout.update(0.25, 2000)).toBe(0.25);
  expect(playout.update(0, 11_000)).toBe(0.25);
  expect(playout.update(0, 12_000)).toBeCloseTo(0.225, 6);
  expect(playout.update(0.2, 13_000)).toBeCloseTo(0.2, 6);
  expect(playout.update(0.2, 14_000)).toBeCloseTo(0.2, 6);
  expect(playout.update(0.15, 15_000)).toBeCloseTo(0.2, 6);
});

test("it comes down to nothing, and no further", () => {
  const playout = new Playout();
  playout.update(0.5, 0);
  const later = Array.from({ length: 40 }, (_, second) => playout.update(0, 1000 * second));
  expect(later.at(-1)).toBe(0);
  expect(later.every((target, index) => index === 0 || target <= (later[index - 1] as number))).toBe(true);
});
