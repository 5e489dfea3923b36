import { expect, test } from "vitest";
import { OwnLevel } from "../../../web/client/own_level";

test("the meter rises at once and falls slowly", () => {
  const own = new OwnLevel();
  own.update({ rms: 0.1, peak: 0.2 }, 0);
  expect(own.level).toBeCloseTo(2 / 3, 2);
  own.update({ rms: 0, peak: 0 }, 100);
  expect(own.level).toBeGreaterThan(0.4);
  own.update({ rms: 1, peak: 1 }, 200);
  expect(own.level).toBe(1);
});

test("five seconds of nothing are noticed, and the first sound ends it", () => {
  const own = new OwnLevel();
  for (let now = 0; now < 5000; now += 100) own.update({ rms: 0, peak: 0 }, now);
  expect(own.silent).toBe(false);
  own.update({ rms: 0, peak: 0 }, 5000);
  expect(own.silent).toBe(true);
  own.update({ rms: 1e-3, peak: 2e-3 }, 5100);
  expect(own.silent).toBe(false);
});

test("a quiet room is not nothing", () => {
  const own = new OwnLevel();
  for (let now = 0; now < 20_000; now += 100) own.update({ rms: 3e-4, peak: 1e-3 }, now);
  expect(own.silent).toBe(false);
});

test("a muted microphone is neither loud nor silent", () => {
  const own = new OwnLevel();
  for (let now = 0; now < 8000; now += 100) own.update({ rms: 0, peak: 0 }, now);
  own.update(null, 8000);
  expect([own.level, own.silent]).toEqual([0, false]);
});
