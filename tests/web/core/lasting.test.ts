import { expect, test } from "vitest";
import { Lasting } from "../../../web/client/lasting";

test("told once when it has lasted, and once when it has been over for long enough", () => {
  const lasting = new Lasting({ begun: 3000, ended: 5000 });
  expect(lasting.update(false, 0)).toBeNull();
  expect([1000, 3900, 4000, 5000].map((now) => lasting.update(true, now))).toEqual([null, null, true, null]);
  expect([6000, 10_900, 11_000, 20_000].map((now) => lasting.update(false, now))).toEqual([null, null, false, null]);
});

test("what is over before that is not worth a word", () => {
  const lasting = new Lasting({ begun: 3000, ended: 3000 });
  for (let now = 0; now < 60_000; now += 1000) expect(lasting.update(now % 4000 < 2000, now)).toBeNull();
});

test("what need not last is told at once", () => {
  expect(new Lasting({ begun: 0, ended: 9000 }).update(true, 7)).toBe(true);
});
