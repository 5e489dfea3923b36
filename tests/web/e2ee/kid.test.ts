import { expect, test } from "vitest";
import { CONTEXTS, contextOf, epochOf, isAhead, KIDS, kidOf, LEAVES, leafOf } from "../../../web/client/e2ee/kid";

test("a KID holds context, leaf and the epoch's low bits", () => {
  expect(kidOf(3, 4, 1)).toBe((3 << 18) | (4 << 8) | 1);
  expect(kidOf(3, 4, 256 * 7 + 1)).toBe(kidOf(3, 4, 1));
  const last = kidOf(255, 1023, 255);
  expect(last).toBe(KIDS - 1);
  expect([contextOf(last), leafOf(last), epochOf(last)]).toEqual([255, 1023, 255]);
  const some = kidOf(7, 300, 1000);
  expect([contextOf(some), leafOf(some), epochOf(some)]).toEqual([7, 300, 1000 % 256]);
});

test("what does not fit is refused", () => {
  for (const [context, leaf, epoch] of [
    [CONTEXTS, 0, 0],
    [0, LEAVES, 0],
    [0, -1, 0],
    [0, 0, -1],
    [-1, 0, 0],
    [0.5, 0, 0],
    [0, 0, 0.5],
  ] as const) {
    expect(() => kidOf(context, leaf, epoch)).toThrow(RangeError);
  }
});

test("an epoch is ahead by 1 to 127, over the end of its bits too", () => {
  expect([0, 1, 127, 128, 255].map((distance) => isAhead((1000 + distance) % 256, 1000))).toEqual([
    false,
    true,
    true,
    false,
    false,
  ]);
  expect(isAhead(0, 255)).toBe(true);
  expect(isAhead(255, 256)).toBe(false);
});
