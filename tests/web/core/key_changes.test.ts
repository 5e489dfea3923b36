import { expect, test } from "vitest";
import type { KeyChange } from "../../../web/client/e2ee/worker_messages";
import { newChanges } from "../../../web/client/key_changes";

const change = (at: number): KeyChange => ({ kind: "joined", members: [`member-${at}`], by: null, at });
const [one, two, three] = [change(1), change(2), change(3)];

test("only what came after the last known one is new", () => {
  expect(newChanges([], [one, two])).toEqual([one, two]);
  expect(newChanges([one, two], [one, two])).toEqual([]);
  expect(newChanges([one, two], [{ ...one }, { ...two }, three])).toEqual([three]);
});

test("a list that forgot its beginning, or began anew, is followed", () => {
  expect(newChanges([one, two], [two, three])).toEqual([three]);
  expect(newChanges([one, two], [three])).toEqual([three]);
  expect(newChanges([one, two], [])).toEqual([]);
});
