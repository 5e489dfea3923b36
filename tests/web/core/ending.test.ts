import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { contradicted, Ending } from "../../../web/client/ending";
import type { RoomMember } from "../../../web/client/room";

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

const member = (id: string, role: RoomMember["role"], connected = true) => ({ id, role, connected }) as RoomMember;
const [ana, marta] = [member("ana", "participant"), member("marta", "facilitator")];

test.each([
  ["empty", [ana], [], false],
  ["empty", [ana, member("ben", "participant", false)], [], true],
  ["no_facilitator", [ana], [], false],
  ["no_facilitator", [ana, member("ben", "co_facilitator")], [], false],
  ["no_facilitator", [ana, marta], [], true],
  ["no_facilitator", [ana, member("marta", "facilitator", false)], [], false],
  ["no_facilitator", [ana, marta], ["marta"], false],
  ["no_facilitator", [ana, marta, member("ben", "facilitator")], ["marta"], true],
] as const)("the server says %s of %j while %j are silent: contradicted is %s", (reason, members, silent, is) => {
  const troubles = silent.length ? [{ kind: "facilitator-silent" as const, members: [...silent] }] : [];
  expect(contradicted(reason, { ready: true, members: [...members] }, troubles)).toBe(is);
  // Who is out of the group knows nothing better.
  expect(contradicted(reason, { ready: false, members: [...members] }, troubles)).toBe(false);
});
