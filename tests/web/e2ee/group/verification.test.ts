import { describe, expect, test } from "vitest";
import { toBase64url } from "../../../../web/client/base64url";
import { outcome } from "../../../../web/client/e2ee/group/verification";
import { EMOJI } from "../../../../web/client/emoji";
import { bytesFor } from "../mls/world";
import { deliver, type Line, room, types } from "./check_room";

/** Seconds, of docs/protocol.md, section 8: written down here, so that the code cannot move them unseen. */
const [STEP, GRACE] = [6, 3];
/** Rounds that may follow one start without another click. */
const RESTARTS = 3;

describe("a round", () => {
  test("shows everybody the same eight emoji and thirty digits", async () => {
    const devices = room(4);
    await devices[1]?.begin();
    const lines = await deliver(devices);
    expect(types(lines).sort()).toEqual([...Array(4).fill("commitment"), ...Array(4).fill("reveal"), "set"]);
    const [first, ...others] = devices.map(({ last }) => last);
    expect(first).toMatchObject({
      state: "done",
      startedBy: "ben",
      epoch: 5,
      took: ["ann", "ben", "cleo", "dan"],
      silent: [],
    });
    expect(first?.emoji?.length).toBe(8);
    for (const number of first?.emoji ?? []) expect(EMOJI[number]).toBeDefined();
    expect(first?.digits).toMatch(/^[0-9]{30}$/);
    for (const other of others) expect(other).toEqual(first);
    for (const { check } of devices) expect(check.deadline).toBeNull();
  });

  test("shows others each time", async () => {
    const devices = room(2);
    const seen = new Set<string>();
    for (let round = 0; round < 5; round++) {
      await devices[0]?.begin();
      await deliver(devices);
      seen.add(devices[1]?.last?.digits ?? "none");
    }
    expect(seen.size).toBe(5);
  });

  test("tells of its steps", async () => {
    const devices = room(2);
    await devices[0]?.begin();
    await deliver(devices);
    const states = devices[1]?.views.map(({ state, took }) => `${state} ${took.length}`);
    expect(states).toEqual(["gathering 1", "gathering 2", "revealing 2", "done 2"]);
    expect(devices[1]?.views.slice(0, -1).every(({ emoji, digits }) => emoji === null && digits === null)).toBe(true);
  });

  test("is shown, not doubled, by a second click on anybody's device", async () => {
    const devices = room(3);
    await devices[0]?.begin();
    await devices[0]?.begin();
    await devices[1]?.hear(devices[0]?.said[0] as Line);
    await devices[1]?.begin();
    const lines = await deliver(devices);
    expect(types(lines).filter((type) => type === "commitment").length).toBe(3);
    expect(devices[2]?.last?.state).toBe("done");
  });

  test("alone in the room compares nothing", async () => {
    const [alone] = room(1);
    await alone?.begin();
    expect(alone?.said).toEqual([]);
    expect(alone?.last).toMatchObject({ state: "failed", silent: [] });
    expect(alone?.check.deadline).toBeNull();
  });

  test("of two that start at once, the first in the room's order counts", async () => {
    const devices = room(3);
    await devices[0]?.begin();
    await devices[2]?.begin();
    // The server numbers Cleo's first.
    const line = devices[2]?.said.shift() as Line;
    for (const device of devices) await device.hear(line);
    await deliver(devices);
    const [first, ...others] = devices.map(({ last }) => last);
    expect(first).toMatchObject({ state: "done", startedBy: "cleo", took: ["ann", "ben", "cleo"] });
    for (const other of others) expect(other).toEqual(first);
  });

  test("matches what another implementation computes", async () => {
    // cryptography's HKDF(SHA256, 52, salt=None, info=...) on these inputs, taken apart as docs/protocol.md says.
    const nonces = [
      [1, bytesFor("nonce one", 32)],
      [700, bytesFor("nonce two", 32)],
    ] as const;
    expect(await outcome(bytesFor("authenticator", 32), toBase64url(bytesFor("round", 16)), nonces)).toEqual({
      emoji: [26, 46, 16, 6, 20, 51, 2, 56],
      digits: "036802188962320073723412736681",
    });
  });
});

describe("silence", () => {
  test("after six seconds those who answered go on, and the others are named", async () => {
    const devices = room(4);
    const present = devices.slice(0, 3);
    await devices[0]?.begin(100);
    await deliver(present, 100.1);
    expect(devices[0]?.last?.state).toBe("gathering");
    expect(devices[0]?.check.deadline).toBe(100 + STEP);
    await devices[0]?.tick(100 + STEP);
    await deliver(present, 100 + STEP);
    for (const { last } of present) {
      expect(last).toMatchObject({ state: "done", took: ["ann", "ben", "cleo"], silent: ["dan"] });
    }
  });

  test("when nobody answers the round fails and names them", async () => {
    const [ann] = room(3);
    await ann?.begin(100);
    await ann?.tick(100 + STEP - 0.1);
    expect(ann?.last?.state).toBe("gathering");
    await ann?.tick(100 + STEP);
    expect(ann?.last).toMatchObject({ state: "failed", took: [], silent: ["ben", "cleo"], emoji: null });
    expect(types(ann?.said ?? [])).toEqual(["commitment"]);
  });

  test("a starter who vanishes is named by everybody, and the next round works", async () => {
    const devices = room(3);
    await devices[0]?.begin(0);
    await deliver(devices, 0, ({ message }) => message.type !== "check_set");
    const rest = devices.slice(1);
    for (const device of rest) {
      expect(device.check.deadline).toBe(STEP + GRACE);
      await device.tick(STEP + GRACE);
      expect(device.last).toMatchObject({ state: "failed", silent: ["ann"], emoji: null });
      expect(types(device.said)).toEqual([]);
    }
    await devices[1]?.begin(20);
    await deliver(rest, 20);
    await devices[1]?.tick(20 + STEP);
    await deliver(rest, 20 + STEP);
    expect(devices[2]?.last).toMatchObject({ state: "done", took: ["ben", "cleo"], silent: ["ann"] });
  });

  test("who commits and does not reveal fails the round and is named", async () => {
    const devices = room(3);
    await devices[0]?.begin(0);
    await deliver(devices, 0, ({ from, message }) => !(from === 2 && message.type === "check_reveal"));
    for (const device of devices.slice(0, 2)) {
      expect(device.last?.state).toBe("revealing");
      await device.tick(STEP);
      expect(device.last).toMatchObject({ state: "failed", took: [], silent: ["cleo"], emoji: null, digits: null });
    }
  });

  test("a number that comes after the round failed shows nothing any more", async () => {
    const devices = room(2);
    const late: Line[] = [];
    await devices[0]?.begin(0);
    await deliver(devices, 0, (line) => {
      if (line.from !== 1 || line.message.type !== "check_reveal") return true;
      late.push(line);
      return false;
    });
    await devices[0]?.tick(STEP);
    const views = devices[0]?.views.length;
    await devices[0]?.hear(late[0] as Line, STEP + 1);
    expect(devices[0]?.views.length).toBe(views);
    expect(devices[0]?.last?.state).toBe("failed");
  });
});

describe("a change of the epoch", () => {
  const later = { epoch: 6, authenticator: bytesFor("authenticator 6", 32) };

  test("ends the round; its starter begins another, and everybody sees that one's result", async () => {
    const devices = room(3);
    await devices[0]?.begin();
    await deliver(devices, 0, ({ message }) => message.type === "check_commitment");
    const before = devices[1]?.last?.round;
    for (const device of devices) await device.move(later);
    for (const device of devices.slice(1)) expect(device.last?.state).not.toBe("failed");
    await deliver(devices);
    const [first, ...others] = devices.map(({ last }) => last);
    expect(first).toMatchObject({ state: "done", startedBy: "ann", epoch: 6 });
    expect(first?.round).not.toBe(before);
    for (const other of others) expect(other).toEqual(first);
  });

  test("is followed three times at most", async () => {
    const devices = room(2);
    await devices[0]?.begin();
    for (let epoch = 6; epoch <= 5 + RESTARTS + 1; epoch++) {
      await deliver(devices, 0, ({ message }) => message.type === "check_commitment");
      expect(devices[0]?.last?.state).not.toBe("failed");
      for (const device of devices) await device.move({ epoch, authenticator: bytesFor(`${epoch}`, 32) });
    }
    expect(devices[0]?.last).toMatchObject({ state: "failed", silent: [] });
    expect(await deliver(devices)).toEqual([]);
    await devices[1]?.tick(STEP);
    expect(devices[1]?.last).toMatchObject({ state: "failed", silent: ["ann"] });
    await devices[0]?.begin(100);
    await deliver(devices, 100);
    expect(devices[1]?.last?.state).toBe("done");
  });

  test("does not wait for a starter who is gone", async () => {
    const devices = room(3);
    await devices[0]?.begin();
    await deliver(devices, 0, ({ message }) => message.type === "check_commitment");
    const members = new Map([
      [1, "ben"],
      [2, "cleo"],
    ]);
    for (const device of devices.slice(1)) {
      await device.move({ ...later, members });
      expect(device.last).toMatchObject({ state: "failed", silent: ["ann"] });
      expect(device.check.deadline).toBeNull();
    }
  });

  test("does not touch a result", async () => {
    const devices = room(2);
    await devices[0]?.begin();
    await deliver(devices);
    for (const device of devices) {
      const views = device.views.length;
      await device.move(later);
      expect(device.views.length).toBe(views);
    }
  });

  test("a word of the round before, sealed anew by mistake, begins nothing", async () => {
    const devices = room(2);
    await devices[0]?.begin();
    const [word] = await deliver(devices);
    for (const device of devices) await device.move(later);
    await devices[1]?.hear({ ...(word as Line), epoch: 6 });
    expect(devices[1]?.said).toEqual([]);
  });

  test("two halves of a split group see different emoji", async () => {
    // The same people to look at, other keys: what a server in the middle would have to make.
    const one = room(2);
    const two = room(2);
    for (const device of two) await device.move({ authenticator: bytesFor("another", 32) });
    for (const half of [one, two]) {
      await half[0]?.begin();
      await deliver(half);
    }
    expect(one[0]?.last).toMatchObject({ state: "done", round: two[0]?.last?.round });
    expect(one[0]?.last?.emoji).not.toEqual(two[0]?.last?.emoji);
    expect(one[0]?.last?.digits).not.toEqual(two[0]?.last?.digits);
  });
});
