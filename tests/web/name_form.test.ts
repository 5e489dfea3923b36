import { expect, test } from "vitest";
import { cleanName, formProblem } from "../../web/client/name_form";

test.each([
  ["Ann", null],
  [" Zoe\u0308 ", null],
  ["everyone", null],
  ["", "empty"],
  ["\u3164", "empty"],
  ["x".repeat(41), "too-long"],
  [`e${"\u0301".repeat(1000)}`, "too-long"],
  ["\u202enna", "characters"],
  ["Ann\ue000", "characters"],
])("%j: %s", (name, problem) => {
  expect(formProblem(name)).toBe(problem);
  expect(formProblem(cleanName(name))).toBe(problem);
});
