import { expect, test } from "vitest";
import { Marks } from "../../../../web/client/e2ee/group/marks";
import { bytesFor } from "../mls/world";

test("stick to the person: a proven rejoin keeps them, and the old key does too", () => {
  const [before, after] = [bytesFor("before", 32), bytesFor("after", 32)];
  const marks = new Marks();
  marks.add([before]);
  expect(marks.moved([{ from: before, to: after }])).toBe(true);
  expect([marks.has(before), marks.has(after)]).toEqual([true, true]);
  expect(marks.keys).toEqual([before, after]);
});

test("are nobody's who comes in the place of somebody unchecked", () => {
  const marks = new Marks();
  marks.add([bytesFor("ben", 32)]);
  expect(marks.moved([{ from: bytesFor("x", 32), to: bytesFor("y", 32) }])).toBe(false);
  expect(marks.has(bytesFor("y", 32))).toBe(false);
});

test("are bounded, the oldest go", () => {
  const marks = new Marks();
  const key = (at: number) => Uint8Array.from({ length: 32 }, (_, byte) => (byte < 2 ? at >> (8 * byte) : 7));
  for (let at = 0; at < 1100; at++) marks.add([key(at)]);
  expect(marks.keys).toHaveLength(1024);
  expect([marks.has(key(0)), marks.has(key(1099))]).toEqual([false, true]);
});
