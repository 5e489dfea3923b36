import { expect, test } from "vitest";
import { HandClock } from "../../../web/client/ui/hand_times";
import { member } from "./fake_model";

test("counts from when this page saw the hand go up, and starts anew when it goes up again", () => {
  const clock = new HandClock();
  const down = [member(1, "Ana"), member(2, "Ben")];
  const up = [member(1, "Ana"), member(2, "Ben", { hand: 1 })];
  expect([...clock.update(down, { now: 0 })]).toEqual([]);
  const first = clock.update(up, { now: 10 });
  expect([...first]).toEqual([["member-2", 10]]);
  expect(clock.update([member(1, "Ana", { speaking: true }), ...up.slice(1)], { now: 20 })).toBe(first);
  expect([...clock.update(down, { now: 30 })]).toEqual([]);
  expect([...clock.update(up, { now: 40 })]).toEqual([["member-2", 40]]);
});

test("says nothing of hands that were up before one came in, nor of newcomers whose state has just arrived", () => {
  const clock = new HandClock();
  expect([...clock.update([member(1, "Ana", { hand: 1 }), member(2, null)], { now: 0 })]).toEqual([["member-1", null]]);
  const both = [member(1, "Ana", { hand: 1 }), member(2, "Ben", { hand: 2 })];
  expect([...clock.update(both, { now: 5 })]).toEqual([
    ["member-1", null],
    ["member-2", null],
  ]);
});
