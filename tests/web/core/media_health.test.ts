import { expect, test } from "vitest";
import { MediaHealth } from "../../../web/client/media_health";

/** When the connection is built anew, if that is what helps. */
const rebuildAt = (health: MediaHealth, now: number) => {
  const remedy = health.remedy(now);
  return remedy?.do === "rebuild" ? remedy.at : null;
};
/** One that worked from 500 ms on. */
function working(): MediaHealth {
  const health = new MediaHealth(0);
  health.changed("connected", 500);
  return health;
}

test("a working connection is left alone", () => {
  const health = new MediaHealth(0);
  health.changed("connecting", 10);
  health.changed("connected", 200);
  expect(health.remedy(60_000)).toBeNull();
  expect(health.blocked(60_000)).toBe(false);
  expect(health.connected).toBe(true);
});

test("one that never worked is rebuilt at once, then with growing pauses", () => {
  const health = new MediaHealth(0);
  const pauses = [];
  let now = 0;
  for (let attempt = 0; attempt < 6; attempt++) {
    now += 100;
    health.changed("failed", now);
    const at = rebuildAt(health, now) ?? 0;
    pauses.push(at - now);
    now = at;
    health.rebuilt(now);
  }
  expect(pauses).toEqual([0, 1000, 2000, 4000, 8000, 8000]);
});

test("after ten good seconds the next failure is a first one again", () => {
  const health = new MediaHealth(0);
  health.changed("failed", 0);
  health.rebuilt(0);
  health.changed("connected", 500);
  expect(health.remedy(20_000)).toBeNull();
  health.changed("closed", 20_000);
  expect(rebuildAt(health, 20_000)).toBe(20_000);
});

test("a disconnection of what worked may heal for 0.3 s, then new paths are looked for; what failed does not wait", () => {
  const health = working();
  health.changed("disconnected", 5000);
  expect(health.remedy(5000)).toEqual({ do: "restart", at: 5300 });
  health.changed("connected", 5200);
  expect(health.remedy(9000)).toBeNull();
  health.changed("failed", 9000);
  expect(health.remedy(9000)).toEqual({ do: "restart", at: 9000 });
});

test("a restart that does not help within 5 s gives way to a new connection, however often its state changes", () => {
  const health = working();
  health.changed("disconnected", 5000);
  health.restarted(5300);
  health.changed("connecting", 5400);
  health.changed("failed", 8000);
  health.restarted(8100);
  expect(health.remedy(8100)).toEqual({ do: "rebuild", at: 10_300 });
  health.rebuilt(10_300);
  expect(health.remedy(10_300)).toEqual({ do: "rebuild", at: 25_300 });
});

test("a restart that nobody could be told of does not count", () => {
  const health = working();
  health.changed("disconnected", 5000);
  health.restarted(5300);
  health.heardAgain();
  health.restarted(11_000);
  expect(health.remedy(11_000)).toEqual({ do: "rebuild", at: 16_000 });
});

test("after a restart that helped, the next loss begins with a restart", () => {
  const health = working();
  health.changed("disconnected", 5000);
  health.restarted(5300);
  health.changed("connected", 6000);
  health.changed("disconnected", 7000);
  expect(health.remedy(7000)?.do).toBe("restart");
});

test("restarts for a reason from outside keep two seconds apart, and help only what worked once", () => {
  expect(new MediaHealth(0).mayRestart(0)).toBe(false);
  const health = working();
  expect(health.mayRestart(1000)).toBe(true);
  health.restarted(1000);
  expect([health.mayRestart(2999), health.mayRestart(3000)]).toEqual([false, true]);
  expect(health.remedy(3000)).toBeNull(); // it never stopped working
});

test("one that loses its way before it ever worked is given 2.5 s", () => {
  const health = new MediaHealth(0);
  health.changed("connecting", 0);
  health.changed("disconnected", 5000);
  expect(rebuildAt(health, 5000)).toBe(7500);
});

test("blocked after ten seconds without a connection, whatever was rebuilt meanwhile, and good again when it connects", () => {
  const health = new MediaHealth(0);
  health.changed("connecting", 0);
  expect(health.blocked(9_999)).toBe(false);
  health.rebuilt(5_000);
  expect(health.blocked(10_000)).toBe(true);
  health.changed("connected", 12_000);
  expect(health.blocked(12_000)).toBe(false);
  health.changed("failed", 20_000);
  expect(health.blocked(29_999)).toBe(false);
  expect(health.blocked(30_000)).toBe(true);
});

test("one that never gets anywhere is given up after 15 s from its start", () => {
  const health = new MediaHealth(0);
  health.changed("connecting", 100);
  expect(rebuildAt(health, 100)).toBe(15_000);
});
