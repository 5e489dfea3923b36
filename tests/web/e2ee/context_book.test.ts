import { describe, expect, test } from "vitest";
import { ContextBook } from "../../../web/client/e2ee/context_book";
import { seeded } from "../random";

class Sender {
  ended = false;
}
const book = () => new ContextBook<Sender>((sender) => sender.ended);

test("none is given out twice within an epoch, also when its sender has ended", () => {
  const contexts = book();
  contexts.epochIs(1);
  const given = new Set<number>();
  for (let count = 0; count < 255; count++) {
    const sender = new Sender();
    given.add(contexts.give(sender));
    sender.ended = true;
    contexts.epochIs(1);
  }
  expect(given.size).toBe(255);
  expect(Math.min(...given)).toBe(1); // so that no SFrame header looks like a VP8 header
  expect(Math.max(...given)).toBe(255);
  expect(() => contexts.give(new Sender())).toThrow(RangeError);
});

describe("in another epoch", () => {
  test("those whose senders have ended, or have another one, are free again", () => {
    const contexts = book();
    contexts.epochIs(1);
    const senders = Array.from({ length: 254 }, () => new Sender());
    for (const sender of senders) contexts.give(sender);
    const [lasting, ...others] = senders as [Sender, ...Sender[]];
    const renewed = contexts.give(lasting);
    for (const sender of others) sender.ended = true;
    contexts.epochIs(2);
    const next = new Set(Array.from({ length: 254 }, () => contexts.give(new Sender())));
    expect(next.size).toBe(254);
    expect(next.has(renewed)).toBe(false);
    expect(() => contexts.give(new Sender())).toThrow(RangeError);
  });

  test("what became free is given out as late as possible", () => {
    const contexts = book();
    contexts.epochIs(1);
    const sender = new Sender();
    const first = contexts.give(sender);
    sender.ended = true;
    contexts.epochIs(2);
    const rest = Array.from({ length: 254 }, () => contexts.give(new Sender()));
    expect(rest).not.toContain(first);
    expect(contexts.give(new Sender())).toBe(first);
  });
});

test("no two living senders ever share one, whatever happens", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seeded(seed);
    const contexts = book();
    const living = new Map<Sender, number>();
    const ofEpoch = new Set<number>();
    for (let step = 0, epoch = 0; step < 2000; step++) {
      const what = random();
      const some = [...living.keys()][Math.floor(random() * living.size)];
      if (what < 0.01) {
        contexts.epochIs(++epoch);
        ofEpoch.clear();
      } else if (what < 0.5 && some) {
        some.ended = true;
        living.delete(some);
      } else {
        const sender = what < 0.6 && some ? some : new Sender();
        let context: number;
        try {
          context = contexts.give(sender);
        } catch {
          continue;
        }
        expect(ofEpoch.has(context)).toBe(false);
        ofEpoch.add(context);
        living.delete(sender);
        expect([...living.values()]).not.toContain(context);
        living.set(sender, context);
      }
    }
  }
});
