import { expect, test } from "vitest";
import { Settling } from "../../../web/client/settling";

test("settled after seven seconds in which it was wanted all the time", () => {
  const settling = new Settling();
  expect(settling.settled("a", 0)).toBe(false);
  settling.update(new Set(["a", "b"]), 0);
  settling.update(new Set(["a"]), 3000);
  settling.update(new Set(["a", "b"]), 4000);
  expect([settling.settled("a", 6999), settling.settled("a", 7000)]).toEqual([false, true]);
  expect([settling.settled("b", 10_999), settling.settled("b", 11_000)]).toEqual([false, true]);
});
