import { expect, test } from "vitest";
import { MediaHealth } from "../../../web/client/media_health";

const NEVER = Number.POSITIVE_INFINITY;

test("a working connection is left alone", () => {
  const health = new MediaHealth(0);
  health.changed("connecting", 10);
  health.changed("connected", 200);
  expect(health.rebuildAt(60_000)).toBe(NEVER);
  expect(health.blocked(60_000)).toBe(false);
  expect(health.connected).toBe(true);
});

test("a failed one is rebuilt at once, then with growing pauses", () => {
  const health = new MediaHealth(0);
  const pauses = [];
  let now = 0;
  for (let attempt = 0; attempt < 6; attempt++) {
    now += 100;
    health.changed("failed", now);
    pauses.push(health.rebuildAt(now) - now);
    now = health.rebuildAt(now);
    health.rebuilt(now);
  }
  expect(pauses).toEqual([0, 1000, 2000, 4000, 8000, 8000]);
});

test("after ten good seconds the next failure is a first one again", () => {
  const health = new MediaHealth(0);
  health.changed("failed", 0);
  health.rebuilt(0);
  health.changed("connected", 500);
  expect(health.rebuildAt(20_000)).toBe(NEVER);
  health.changed("failed", 20_000);
  expect(health.rebuildAt(20_000)).toBe(20_000);
});

test("a disconnection may heal for 2.5 s", () => {
  const health = new MediaHealth(0);
  health.changed("connected", 0);
  health.changed("disconnected", 5000);
  expect(health.rebuildAt(5000)).toBe(7500);
  health.changed("connected", 6000);
  expect(health.rebuildAt(9000)).toBe(NEVER);
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
  expect(health.rebuildAt(100)).toBe(15_000);
});
