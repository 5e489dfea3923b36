import { expect, test } from "vitest";
import { reconnectDelay } from "../../../web/client/reconnect_policy";

test("the delays grow to seven seconds and stay there", () => {
  expect([0, 1, 2, 3, 4, 5, 6, 40].map((attempt) => reconnectDelay(attempt, 0))).toEqual([
    0, 300, 1200, 2700, 4800, 7000, 7000, 7000,
  ]);
});

test("later attempts are spread over a second, the first two are not", () => {
  expect(reconnectDelay(0, 0.9)).toBe(0);
  expect(reconnectDelay(1, 0.9)).toBe(300);
  expect(reconnectDelay(2, 0.5)).toBe(1700);
  expect(reconnectDelay(9, 1)).toBe(8000);
});
