import { expect, test } from "vitest";
import { problemOf, worthSaying } from "../../../web/client/refusals";

test("a proof that is not taken tells of a withdrawn link, of one that nobody signed, or of links that were changed", () => {
  expect(problemOf("bad_proof", "facilitator", true)).toBe("certificate-revoked");
  expect(problemOf("bad_proof", "facilitator", false)).toBe("certificate-missing");
  expect(problemOf("bad_proof", "participant", false)).toBe("links-changed");
  expect(problemOf("bad_proof", "organiser", false)).toBe("foreign-link");
  expect(problemOf("meeting_locked", "facilitator", true)).toBe("meeting-locked");
  expect(problemOf("internal", "participant", false)).toBeUndefined();
});

test("a facilitator hears of what was not done, and not of what somebody else did first", () => {
  expect(worthSaying({ type: "error", code: "not_permitted", about: "lock" })).toBe(true);
  expect(worthSaying({ type: "error", code: "no_such_knock", about: "decline" })).toBe(false);
  expect(worthSaying({ type: "error", code: "rate_limited", about: "say" })).toBe(false);
  expect(worthSaying({ type: "error", code: "internal" })).toBe(false);
});
