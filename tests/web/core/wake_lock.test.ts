import { beforeEach, expect, test, vi } from "vitest";
import { WakeLock } from "../../../web/client/wake_lock";

const locks: { released: boolean; release(): Promise<void> }[] = [];
const request = vi.fn(async () => {
  const lock = {
    released: false,
    release: async () => {
      lock.released = true;
    },
  };
  locks.push(lock);
  return lock;
});
const settle = () => new Promise((resolve) => setTimeout(resolve));

beforeEach(() => {
  locks.length = 0;
  request.mockClear();
  vi.stubGlobal("navigator", { wakeLock: { request } });
});

test("held in a call, renewed when the page is visible again, released after it", async () => {
  const lock = new WakeLock();
  lock.hold();
  await settle();
  await lock.renew();
  expect(request).toHaveBeenCalledTimes(1);
  await locks[0]?.release(); // the page was hidden
  await lock.renew();
  expect(request).toHaveBeenCalledTimes(2);
  lock.release();
  await lock.renew();
  expect([locks[1]?.released, request.mock.calls.length]).toEqual([true, 2]);
});

test("a call that ends while the lock is on its way keeps no screen awake", async () => {
  const lock = new WakeLock();
  lock.hold();
  lock.release();
  await settle();
  expect(locks.every((one) => one.released)).toBe(true);
});

test("a browser that has none, or refuses, harms nothing", async () => {
  request.mockRejectedValueOnce(new DOMException("", "NotAllowedError"));
  const lock = new WakeLock();
  lock.hold();
  await settle();
  vi.stubGlobal("navigator", {});
  await expect(lock.renew()).resolves.toBeUndefined();
});
