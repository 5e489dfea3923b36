import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Ending } from "../../../web/client/ending";

let finished: string[];
let ending: Ending;

beforeEach(() => {
  vi.useFakeTimers();
  finished = [];
  ending = new Ending((reason) => {
    finished.push(reason);
    ending.forget();
  });
});
afterEach(() => vi.useRealTimers());

test("an end that a facilitator signed is one, whichever word comes first", async () => {
  ending.signed();
  ending.serverSays("ended");
  ending.serverSays("ended");
  ending.signed();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(finished).toEqual(["ended", "ended"]);
});

test("without a signature the page says so", async () => {
  ending.serverSays("ended");
  await vi.advanceTimersByTimeAsync(900);
  expect(finished).toEqual([]);
  await vi.advanceTimersByTimeAsync(200);
  expect(finished).toEqual(["ended-unsigned"]);
  ending.serverSays("removed");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(finished).toEqual(["ended-unsigned", "cut-off"]);
});

test("an end signed by a facilitator needs no server", async () => {
  ending.signed();
  await vi.advanceTimersByTimeAsync(2_900);
  expect(finished).toEqual([]);
  await vi.advanceTimersByTimeAsync(200);
  expect(finished).toEqual(["ended"]);
});

test("who asked for the end goes on until it is there", async () => {
  ending.asked();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(finished).toEqual([]);
  ending.serverSays("ended");
  expect(finished).toEqual(["ended"]);
});

test("a signed end says nothing about a removal, and nothing about the next meeting", async () => {
  ending.serverSays("removed");
  ending.signed();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(finished).toEqual(["cut-off"]);
  ending.signed();
  ending.forget();
  ending.serverSays("ended");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(finished).toEqual(["cut-off", "ended-unsigned"]);
});
