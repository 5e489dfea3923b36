import { expect, test } from "vitest";
import { REPLAY_WINDOW, ReplayWindow } from "../../../web/client/e2ee/replay_window";
import { seeded } from "../random";

test("each counter is taken once", () => {
  const window = new ReplayWindow();
  for (const ctr of [0, 1, 5, 3, 2, 4]) {
    expect(window.isFresh(ctr)).toBe(true);
    window.take(ctr);
    expect(window.isFresh(ctr)).toBe(false);
  }
});

test("asking changes nothing", () => {
  const window = new ReplayWindow();
  expect(window.isFresh(2 ** 40)).toBe(true);
  expect(window.isFresh(0)).toBe(true);
});

test("what lies a whole window behind is too old", () => {
  const window = new ReplayWindow();
  window.take(REPLAY_WINDOW + 9);
  expect(window.isFresh(9)).toBe(false);
  expect(window.isFresh(10)).toBe(true);
});

test("against a set of everything seen, in random order with jumps", () => {
  const random = seeded(3);
  for (let round = 0; round < 20; round++) {
    const window = new ReplayWindow();
    const seen = new Set<number>();
    let highest = -1;
    for (let step = 0; step < 3000; step++) {
      const jump = random() < 0.01 ? 5000 : 40;
      const ctr = Math.max(0, Math.floor(highest + (random() - 0.6) * (random() < 0.05 ? 2500 : jump)));
      const fresh = !seen.has(ctr) && ctr > highest - REPLAY_WINDOW;
      expect(window.isFresh(ctr)).toBe(fresh);
      if (!fresh) continue;
      window.take(ctr);
      seen.add(ctr);
      highest = Math.max(highest, ctr);
    }
  }
});
