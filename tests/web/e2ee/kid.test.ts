import { expect, test } from "vitest";
import { CONTEXTS, EPOCHS, kidOf, LEAVES, leafOf } from "../../../web/client/e2ee/kid";

test("a KID holds context, leaf and epoch", () => {
  expect(kidOf(3, 4, 1)).toBe((3 << 18) | (4 << 8) | 1);
  expect(leafOf(kidOf(255, 1023, 255))).toBe(1023);
  expect(kidOf(255, 1023, 255)).toBe(2 ** 26 - 1);
  for (const [context, leaf, epoch] of [
    [CONTEXTS, 0, 0],
    [0, LEAVES, 0],
    [0, 0, EPOCHS],
    [-1, 0, 0],
    [0.5, 0, 0],
  ] as const) {
    expect(() => kidOf(context, leaf, epoch)).toThrow(RangeError);
  }
});
