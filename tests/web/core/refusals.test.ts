import { expect, test } from "vitest";
import { worthSaying } from "../../../web/client/refusals";

test("a facilitator hears of what was not done, and not of what somebody else did first", () => {
  expect(worthSaying({ type: "error", code: "not_permitted", about: "lock" })).toBe(true);
  expect(worthSaying({ type: "error", code: "no_such_knock", about: "decline" })).toBe(false);
  expect(worthSaying({ type: "error", code: "rate_limited", about: "say" })).toBe(false);
  expect(worthSaying({ type: "error", code: "internal" })).toBe(false);
});
