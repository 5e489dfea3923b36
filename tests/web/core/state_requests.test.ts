import { beforeEach, expect, test } from "vitest";
import { type Standing, StateRequests } from "../../../web/client/state_requests";

const FREE: Standing = { unnumbered: false, connected: () => true };
let requests: StateRequests;
beforeEach(() => {
  requests = new StateRequests();
});

test("nobody is owed anything at first", () => {
  expect(requests.deadline(FREE)).toBe(Number.POSITIVE_INFINITY);
  expect(requests.due(FREE, 1e9)).toEqual({ tell: [], ask: [] });
});

test("those who come together are told after a moment, each alone, and many of them at once", () => {
  requests.owe("ana", 100);
  requests.owe("ben", 110);
  expect(requests.deadline(FREE)).toBe(120);
  expect(requests.due(FREE, 119).tell).toEqual([]);
  expect(requests.due(FREE, 120).tell).toEqual(["ana", "ben"]);
  expect(requests.due(FREE, 1000).tell).toEqual([]);
  for (const id of ["ana", "ben", "chi", "dee"]) requests.owe(id, 2000);
  requests.forget("dee");
  expect(requests.due(FREE, 2020).tell).toEqual(["ana", "ben", "chi"]);
  for (const id of ["ana", "ben", "chi", "dee"]) requests.owe(id, 3000);
  expect(requests.due(FREE, 3020).tell).toEqual([null]);
});

test("who left before they were told leaves nothing due", () => {
  requests.owe("ana", 0);
  requests.forget("ana");
  expect([requests.deadline(FREE), requests.due(FREE, 100).tell]).toEqual([Number.POSITIVE_INFINITY, []]);
  requests.owe("ben", 5000);
  expect(requests.deadline(FREE)).toBe(5020);
});

test("one's own state waits for its numbers", () => {
  requests.owe("ana", 0);
  const unnumbered = { ...FREE, unnumbered: true };
  expect([requests.deadline(unnumbered), requests.due(unnumbered, 5000).tell]).toEqual([Number.POSITIVE_INFINITY, []]);
  expect(requests.due(FREE, 5000).tell).toEqual(["ana"]);
});

test("whoever asks is answered every two seconds at most", () => {
  const answers = [0, 500, 1999, 2000, 4100].map((now) => {
    requests.asked("ana", now);
    return requests.due(FREE, now + 20).tell.length;
  });
  expect(answers).toEqual([1, 0, 0, 1, 1]);
});

test("a state that does not come is asked for every two seconds, five times, and only of who has a socket", () => {
  requests.await("ana", 0);
  const away = { ...FREE, connected: () => false };
  expect([requests.deadline(away), requests.due(away, 9000).ask]).toEqual([Number.POSITIVE_INFINITY, []]);
  const asked: number[] = [];
  for (let now = 0; now < 60_000; now += 500) if (requests.due(FREE, now).ask.length > 0) asked.push(now);
  expect(asked).toEqual([2000, 4000, 6000, 8000, 10_000]);
  requests.await("ana", 60_000);
  expect(requests.deadline(FREE)).toBe(62_000);
  requests.heard("ana");
  expect(requests.due(FREE, 70_000).ask).toEqual([]);
});
