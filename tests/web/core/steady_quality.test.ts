import { beforeEach, expect, test } from "vitest";
import type { Quality } from "../../../web/client/model";
import { SteadyQuality } from "../../../web/client/steady_quality";
import { seeded } from "../random";

let news: SteadyQuality;
beforeEach(() => {
  news = new SteadyQuality();
});

/** One look a second. */
function last(from: number, qualities: Quality[]): string {
  return qualities.map((quality, second) => news.update(quality, from + 1000 * second)).at(-1) ?? "";
}

test("a single burst is not said, what lasts three seconds is", () => {
  expect(last(0, ["good", "poor", "poor", "good", "poor", "poor", "poor"])).toBe("good");
  expect(last(10_000, ["poor", "poor", "poor", "poor"])).toBe("poor");
});

test("getting worse further goes on counting, and the newest is said", () => {
  expect(last(0, ["fair", "fair", "poor", "poor"])).toBe("poor");
});

test("better is said only after eight seconds", () => {
  last(0, ["fair", "fair", "fair", "fair"]);
  expect(last(20_000, Array(8).fill("good"))).toBe("fair");
  expect(last(28_000, ["good"])).toBe("good");
});

test("nothing sent is neither good nor bad", () => {
  last(0, ["poor", "poor", "poor", "poor"]);
  expect(last(20_000, Array(30).fill("none"))).toBe("poor");
});

test("never two changes within ten seconds, whatever is measured", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = seeded(seed);
    const one = new SteadyQuality();
    let said = "good";
    let at = Number.NEGATIVE_INFINITY;
    let quality: Quality = "good";
    for (let now = 0; now < 300_000; now += 1000) {
      if (random() < 0.2) quality = (["good", "fair", "poor", "none"] as const)[Math.floor(random() * 4)] ?? "good";
      const next = one.update(quality, now);
      if (next === said) continue;
      expect(now - at).toBeGreaterThanOrEqual(10_000);
      [said, at] = [next, now];
    }
  }
});
