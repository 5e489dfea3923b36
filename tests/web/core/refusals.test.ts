import { expect, test } from "vitest";
import { problemOf, worthSaying } from "../../../web/client/refusals";

test("a proof that is not taken tells a facilitator of a withdrawn link, a participant of links that were changed", () => {
  expect(problemOf("bad_proof", "facilitator")).toBe("certificate-revoked");
  expect(problemOf("bad_proof", "participant")).toBe("links-changed");
  expect(problemOf("bad_proof", "organiser")).toBe("foreign-link");
  expect(problemOf("meeting_locked", "facilitator")).toBe("meeting-locked");
  expect(problemOf("internal", "participant")).toBeUndefined();
});

test("a facilitator hears of what was not done, and not of what somebody else did first", () => {
  expect(worthSaying({ type: "error", code: "not_permitted", about: "lock" })).toBe(true);
  expect(worthSaying({ type: "error", code: "no_such_knock", about: "decline" })).toBe(false);
  expect(worthSaying({ type: "error", code: "rate_limited", about: "say" })).toBe(false);
  expect(worthSaying({ type: "error", code: "internal" })).toBe(false);
});
