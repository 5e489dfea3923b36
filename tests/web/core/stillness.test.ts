import { expect, test } from "vitest";
import { STILL_MS, Stillness } from "../../../web/client/stillness";

test("what never came does not stop", () => {
  const stillness = new Stillness();
  for (let now = 0; now < 10 * STILL_MS; now += 200) expect(stillness.update(0, now)).toBe(false);
});

test("told once each time that all stops, and not while anything comes", () => {
  const stillness = new Stillness();
  const told: number[] = [];
  let packets = 0;
  for (let now = 0; now < 30_000; now += 200) {
    const comes = now < 5_000 || (now >= 12_000 && now < 20_000);
    if (comes) packets += 10;
    if (stillness.update(packets, now)) told.push(now);
  }
  expect(told).toEqual([4_800 + STILL_MS, 19_800 + STILL_MS]);
});

test("a pause that is shorter, and a connection built anew that counts from the beginning, are nothing", () => {
  const stillness = new Stillness();
  expect(stillness.update(50, 0)).toBe(false);
  expect(stillness.update(50, STILL_MS - 1)).toBe(false);
  expect(stillness.update(3, STILL_MS)).toBe(false);
  expect(stillness.update(3, 2 * STILL_MS - 1)).toBe(false);
  expect(stillness.update(3, 2 * STILL_MS)).toBe(true);
});
