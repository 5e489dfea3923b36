import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Looks, type LooksOptions } from "../../../web/client/looks";

type Counts = Parameters<LooksOptions["media"]["levels"]>[0];

let done: string[];
let online: boolean;
let packets: number;
let levels: (counts: Counts) => Promise<Map<string, number>>;
let look: () => Promise<void>;
let looks: Looks;

beforeEach(() => {
  vi.useFakeTimers();
  [done, online, packets] = [[], true, 0];
  levels = async () => new Map([["marta", 0.5]]);
  look = async () => undefined;
  const options = {
    room: { trackOf: (member: string) => `${member}s-screen-sound` },
    media: {
      tick: () => done.push("connections"),
      levels: (counts: Counts) => levels(counts),
      get arrived() {
        return packets;
      },
    },
    waiting: { tick: () => done.push("door") },
    view: {
      heard: (heard: ReadonlyMap<string, number>) => done.push(`heard ${[...heard.keys()]}`),
      draw: () => done.push("drawn"),
    },
    network: {
      look: () => {
        done.push("network");
        return look();
      },
    },
    online: () => online,
    still: () => done.push("still"),
  };
  looks = new Looks(options as unknown as LooksOptions);
  looks.start();
});
afterEach(() => {
  looks.stop();
  vi.useRealTimers();
});

test("five times a second everything is looked at, and then drawn", async () => {
  await vi.advanceTimersByTimeAsync(200);
  expect(done).toEqual(["connections", "door", "heard marta", "network", "drawn"]);
  await vi.advanceTimersByTimeAsync(800);
  expect(done.filter((one) => one === "drawn")).toHaveLength(5);
});

test("connections rest while there is no socket to mend them by", async () => {
  online = false;
  await vi.advanceTimersByTimeAsync(200);
  expect(done).toEqual(["door", "heard marta", "network", "drawn"]);
});

test("when all that came stops coming, somebody is told, once", async () => {
  packets = 100;
  await vi.advanceTimersByTimeAsync(200);
  expect(done).not.toContain("still");
  await vi.advanceTimersByTimeAsync(5000);
  expect(done.filter((one) => one === "still")).toHaveLength(1);
});

test("a browser that gives no figures costs no look", async () => {
  levels = () => Promise.reject(new Error("no statistics"));
  look = () => Promise.reject(new Error("no statistics"));
  await vi.advanceTimersByTimeAsync(400);
  expect(done.filter((one) => one === "heard " || one === "drawn")).toHaveLength(4);
});

test("what a shared screen plays is nobody's voice", async () => {
  const counted: boolean[] = [];
  levels = async (counts) => {
    const voice = { member: "marta", kind: "audio" } as const;
    for (const id of ["martas-screen-sound", "martas-voice"]) counted.push(counts?.({ ...voice, id } as never) ?? true);
    return new Map();
  };
  await vi.advanceTimersByTimeAsync(200);
  expect(counted).toEqual([false, true]);
});

test("nothing is shown of a look that the end of the call overtakes", async () => {
  let answer: (levels: Map<string, number>) => void = () => undefined;
  levels = () => new Promise((resolve) => (answer = resolve));
  await vi.advanceTimersByTimeAsync(200);
  looks.stop();
  answer(new Map([["marta", 1]]));
  await vi.advanceTimersByTimeAsync(1000);
  expect(done).toEqual(["connections", "door"]);
});
