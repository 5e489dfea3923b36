/** The times in which the client comes back from another network, which the simulation reads too (tests/sim/staying.py). */
import { afterEach, expect, test, vi } from "vitest";
import { CALL_PROBE_MS } from "../../../web/client/connection";
import { Looks, type LooksOptions } from "../../../web/client/looks";
import { MediaHealth } from "../../../web/client/media_health";
import { reconnectDelay } from "../../../web/client/reconnect_policy";
import { STILL_MS } from "../../../web/client/stillness";
import vector from "../../vectors/staying.json";

afterEach(() => vi.useRealTimers());

test("what came has stopped, and the socket is asked", () => {
  expect(STILL_MS).toBe(vector.still_ms);
  expect(CALL_PROBE_MS).toBe(vector.socket_probe_ms);
  expect(reconnectDelay(0, 0.5)).toBe(0);
});

test("looks come as often as said", async () => {
  vi.useFakeTimers();
  const tick = vi.fn();
  const looks = new Looks({
    room: { trackOf: () => null },
    media: { tick, levels: () => Promise.resolve(new Map()), arrived: 0 },
    waiting: { tick: () => undefined },
    view: { heard: () => undefined, draw: () => undefined },
    network: { look: () => Promise.resolve() },
    online: () => true,
    still: () => undefined,
  } as unknown as LooksOptions);
  looks.start();
  await vi.advanceTimersByTimeAsync(10 * vector.look_ms);
  looks.stop();
  expect(tick).toHaveBeenCalledTimes(10);
});

test("a connection is restarted, not more often than said, and built anew if that does not help", () => {
  const health = new MediaHealth(0);
  health.changed("connected", 100);
  health.changed("disconnected", 5_000);
  expect(health.remedy(5_000)).toEqual({ do: "restart", at: 5_000 + vector.disconnected_ms });
  health.restarted(6_000);
  expect(health.remedy(6_000)).toEqual({ do: "rebuild", at: 6_000 + vector.restart_ms });
  expect(health.mayRestart(6_000 + vector.restart_pause_ms - 1)).toBe(false);
  expect(health.mayRestart(6_000 + vector.restart_pause_ms)).toBe(true);
});
