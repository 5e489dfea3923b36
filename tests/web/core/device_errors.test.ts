import { expect, test } from "vitest";
import { refusal } from "../../../web/client/device_errors";

test.each([
  ["NotAllowedError", "Permission denied", "blocked"],
  ["NotAllowedError", "Permission denied by system", "blocked-system"],
  ["NotAllowedError", "Permission dismissed", "not-asked"],
  ["SecurityError", "", "blocked"],
  ["NotFoundError", "Requested device not found", "missing"],
  ["OverconstrainedError", "", "gone"],
  ["NotReadableError", "Could not start video source", "in-use"],
  ["AbortError", "Starting videoinput failed", "in-use"],
])("%s (%s) means %s", (name, message, state) => {
  expect(refusal(new DOMException(message, name))).toBe(state);
});

test("what is no error at all is a device that does not open", () => {
  expect(refusal("odd")).toBe("in-use");
});
