import { describe, expect, test } from "vitest";
import type { EpochKeys } from "../../../web/client/e2ee/epoch_keys";
import { SendingEpoch, SWITCH_SECONDS } from "../../../web/client/e2ee/sending_epoch";
import { seeded } from "../random";
import { epochKeys } from "./frames";

function began(...epochs: number[]) {
  const sending = new SendingEpoch();
  for (const epoch of epochs) sending.began(epochKeys(epoch), 0);
  return sending;
}

describe("senders change", () => {
  test("at once to their first epoch", () => {
    const sending = new SendingEpoch();
    expect(sending.current).toBeNull();
    sending.began(epochKeys(7), 0);
    expect(sending.current?.epoch).toBe(7);
    expect(sending.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  test("when everybody is ready", () => {
    const sending = began(7, 8);
    expect(sending.current?.epoch).toBe(7);
    sending.ready(8);
    expect(sending.current?.epoch).toBe(8);
    sending.tick(100);
    expect(sending.current?.epoch).toBe(8);
  });

  test("after a second, whoever is not", () => {
    const sending = began(7, 8);
    expect(sending.deadline).toBe(SWITCH_SECONDS);
    sending.tick(SWITCH_SECONDS - 0.01);
    expect(sending.current?.epoch).toBe(7);
    sending.tick(SWITCH_SECONDS);
    expect(sending.current?.epoch).toBe(8);
  });

  test("at once when somebody is removed", () => {
    const sending = began(7, 8);
    sending.began(epochKeys(9, { removal: true }), 0);
    expect(sending.current?.epoch).toBe(9);
    expect(sending.deadline).toBe(Number.POSITIVE_INFINITY);
    sending.ready(8);
    expect(sending.current?.epoch).toBe(9);
  });

  test("to the newest that is due, and never back", () => {
    const sending = began(7);
    sending.began(epochKeys(8), 0);
    sending.began(epochKeys(9), 0.3);
    sending.began(epochKeys(10), 0.9);
    sending.ready(9);
    expect(sending.current?.epoch).toBe(9);
    sending.ready(8);
    sending.tick(1);
    expect(sending.current?.epoch).toBe(9);
    sending.tick(2);
    expect(sending.current?.epoch).toBe(10);
  });

  test("at once back to an epoch whose successor is void, and to the one that takes its place", () => {
    const sending = began(7, 8);
    sending.tick(1);
    sending.began(epochKeys(7), 2);
    expect(sending.current?.epoch).toBe(7);
    sending.began(epochKeys(8, { fill: 99 }), 2.1);
    sending.ready(8);
    expect(sending.current?.baseKey[0]).toBe(99);
  });

  test("also when the void one was not used yet", () => {
    const sending = began(7, 8);
    sending.began(epochKeys(8, { fill: 99 }), 0.5);
    expect(sending.current?.baseKey[0]).toBe(99);
    sending.tick(10);
    expect(sending.current?.baseKey[0]).toBe(99);
  });

  test("to nothing while out of the group, and at once to the next group's epoch", () => {
    const sending = began(7, 8);
    sending.suspend();
    expect(sending.current).toBeNull();
    sending.tick(10);
    sending.ready(8);
    expect(sending.current).toBeNull();
    sending.began(epochKeys(1), 11);
    expect(sending.current?.epoch).toBe(1);
  });

  test("however fast epochs follow each other", () => {
    const sending = began(0);
    for (let epoch = 1; epoch <= 200; epoch++) {
      sending.began(epochKeys(epoch), epoch / 100);
      sending.tick(epoch / 100);
    }
    expect(sending.current?.epoch).toBeGreaterThan(180);
    sending.tick(10);
    expect(sending.current?.epoch).toBe(200);
  });
});

test("in any order of events the epoch only rises, and is used in time", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seeded(seed);
    const sending = new SendingEpoch();
    const all: { keys: EpochKeys; at: number }[] = [];
    let now = 0;
    let last = -1;
    for (let step = 0; step < 60; step++) {
      now += random() * 0.5;
      const what = random();
      if (what < 0.5) {
        const keys = epochKeys(all.length, { removal: random() < 0.2 });
        all.push({ keys, at: now });
        sending.began(keys, now);
      } else if (what < 0.7) sending.ready(Math.floor(random() * (all.length + 1)));
      sending.tick(now);
      const current = sending.current?.epoch ?? -1;
      expect(current).toBeGreaterThanOrEqual(last);
      last = current;
      const must = all.filter(({ keys, at }) => keys.removal || at + SWITCH_SECONDS <= now).at(-1)?.keys.epoch ?? -1;
      expect(current).toBeGreaterThanOrEqual(must);
      expect(current).toBeLessThan(all.length);
    }
  }
});
