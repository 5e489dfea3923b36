import { describe, expect, test } from "vitest";
import { toBase64url } from "../../../../web/client/base64url";
import type { CheckMessage } from "../../../../web/client/e2ee/group/verification";
import { seeded } from "../../random";
import { bytesFor } from "../mls/world";
import { Device, deliver, hashFor, type Line, room, types } from "./check_room";

/** Seconds, of docs/protocol.md, section 8: written down here, so that the code cannot move them unseen. */
const [STEP, GRACE] = [6, 3];

describe("an attacker in the room", () => {
  const MAL = 2;
  /** A number or a hash, but not one that belongs to the other. */
  const hash = (name: string) => toBase64url(bytesFor(name, 32));
  const line = (message: CheckMessage, from = MAL): Line => ({ from, epoch: 5, message });

  /** Ann has started, Ben and Mal (whose lines are given by hand) have committed. */
  async function gathered(): Promise<{ devices: [Device, Device]; round: string }> {
    const [ann, ben] = room(3) as [Device, Device, Device];
    await ann.begin();
    const round = ann.last?.round as string;
    await deliver([ann, ben]);
    return { devices: [ann, ben], round };
  }

  async function tell(devices: readonly Device[], message: CheckMessage, from = MAL): Promise<Line[]> {
    for (const device of devices) await device.hear(line(message, from));
    return deliver(devices);
  }

  test("cannot see a number before having committed", async () => {
    const { devices, round } = await gathered();
    await tell(devices, { type: "check_set", round, leaves: [0, 1, 2] });
    await tell(devices, { type: "check_reveal", round, nonce: hash("early") });
    for (const { views, said } of devices) {
      expect(said).toEqual([]);
      expect(views.at(-1)?.state).toBe("gathering");
    }
    const lines = await tell(devices, { type: "check_commitment", round, hash: hash("mine") });
    expect(types(lines).sort()).toEqual(["reveal", "reveal", "set"]);
  });

  test("cannot have a number revealed by a set that somebody else than the starter says", async () => {
    const { devices, round } = await gathered();
    await tell(devices, { type: "check_commitment", round, hash: hash("mine") }, 9);
    const [, ben] = devices;
    await ben.hear(line({ type: "check_set", round, leaves: [0, 1] }, 1));
    await ben.hear(line({ type: "check_set", round, leaves: [0, 1] }, MAL));
    expect(ben.said).toEqual([]);
    expect(ben.last?.state).toBe("gathering");
  });

  test("is shown what the others are shown while playing by the rules", async () => {
    const { devices, round } = await gathered();
    const nonce = bytesFor("mal's", 32);
    await tell(devices, { type: "check_commitment", round, hash: await hashFor(round, MAL, nonce) });
    await tell(devices, { type: "check_reveal", round, nonce: toBase64url(nonce) });
    expect(devices[0].last).toMatchObject({ state: "done", took: ["ann", "ben", "cleo"] });
    expect(devices[1].last).toEqual(devices[0].last);
  });

  test("cannot change a commitment after the others have revealed", async () => {
    const { devices, round } = await gathered();
    const better = bytesFor("a better one", 32);
    await tell(devices, { type: "check_commitment", round, hash: await hashFor(round, MAL, bytesFor("mal's", 32)) });
    await tell(devices, { type: "check_commitment", round, hash: await hashFor(round, MAL, better) });
    await tell(devices, { type: "check_reveal", round, nonce: toBase64url(better) });
    for (const { last } of devices) expect(last).toMatchObject({ state: "failed", silent: ["cleo"], emoji: null });
  });

  test("cannot change a commitment even before", async () => {
    const [, ben] = room(3) as [Device, Device, Device];
    const round = toBase64url(bytesFor("round", 16));
    const better = bytesFor("a better one", 32);
    await ben.hear(line({ type: "check_commitment", round, hash: hash("mine") }));
    await ben.hear(line({ type: "check_commitment", round, hash: await hashFor(round, MAL, better) }));
    await ben.hear(line({ type: "check_set", round, leaves: [1, 2] }));
    await ben.hear(line({ type: "check_reveal", round, nonce: toBase64url(better) }));
    expect(ben.last).toMatchObject({ state: "failed", silent: ["cleo"] });
  });

  test("cannot use another's commitment as their own", async () => {
    const [, ben] = room(3) as [Device, Device, Device];
    const round = toBase64url(bytesFor("round", 16));
    const nonce = bytesFor("ann's", 32);
    const hers = await hashFor(round, 0, nonce);
    await ben.hear(line({ type: "check_commitment", round, hash: hers }, 0));
    await ben.hear(line({ type: "check_commitment", round, hash: hers }));
    await ben.hear(line({ type: "check_set", round, leaves: [0, 1, 2] }, 0));
    await ben.hear(line({ type: "check_reveal", round, nonce: toBase64url(nonce) }, 0));
    expect(ben.last?.state).toBe("revealing");
    await ben.hear(line({ type: "check_reveal", round, nonce: toBase64url(nonce) }));
    expect(ben.last).toMatchObject({ state: "failed", silent: ["cleo"] });
  });

  test("cannot reveal twice", async () => {
    const { devices, round } = await gathered();
    const nonce = bytesFor("mal's", 32);
    await tell(devices, { type: "check_commitment", round, hash: await hashFor(round, MAL, nonce) });
    await tell(devices, { type: "check_reveal", round, nonce: hash("wrong") });
    await tell(devices, { type: "check_reveal", round, nonce: toBase64url(nonce) });
    for (const { last } of devices) expect(last).toMatchObject({ state: "failed", silent: ["cleo"] });
  });

  test("cannot exchange a number that was found to fit", async () => {
    const { devices, round } = await gathered();
    const [ann, ben] = devices;
    const nonce = bytesFor("mal's", 32);
    for (const device of devices) {
      await device.hear(line({ type: "check_commitment", round, hash: await hashFor(round, MAL, nonce) }));
    }
    const said = ann.said.splice(0);
    for (const { message } of said) await ben.hear(line(message, 0));
    // Ben lacks Mal's number alone, Ann lacks both.
    const bens = ben.said.splice(0).filter(({ message }) => message.type === "check_reveal");
    for (const number of [nonce, bytesFor("a better one", 32)]) {
      await ann.hear(line({ type: "check_reveal", round, nonce: toBase64url(number) }));
    }
    for (const { message } of bens) await ann.hear(line(message, 1));
    await ben.hear(line({ type: "check_reveal", round, nonce: toBase64url(nonce) }));
    expect(ann.last).toMatchObject({ state: "done" });
    expect(ann.last).toEqual(ben.last);
  });

  test("cannot get a second number out of the same round", async () => {
    const { devices, round } = await gathered();
    await tell(devices, { type: "check_commitment", round, hash: hash("mine") });
    await tell(devices, { type: "check_set", round, leaves: [1, 2] }, 0);
    await tell(devices, { type: "check_commitment", round, hash: hash("mine") });
    const reveals = (await tell(devices, { type: "check_set", round, leaves: [0, 1, 2] }, 0)).filter(
      ({ message }) => message.type === "check_reveal",
    );
    expect(reveals).toEqual([]);
  });

  test("shows no result to whoever is left out: it could have been chosen", async () => {
    const [, ben] = room(3) as [Device, Device, Device];
    const round = toBase64url(bytesFor("round", 16));
    await ben.hear(line({ type: "check_commitment", round, hash: hash("one") }));
    await ben.hear(line({ type: "check_commitment", round, hash: hash("two") }, 0));
    await ben.hear(line({ type: "check_set", round, leaves: [0, 2] }));
    expect(ben.last).toMatchObject({ state: "failed", emoji: null, silent: ["ben"] });
    expect(types(ben.said)).toEqual(["commitment"]);
    await ben.hear(line({ type: "check_reveal", round, nonce: hash("chosen") }));
    await ben.hear(line({ type: "check_reveal", round, nonce: hash("chosen") }, 0));
    expect(ben.last?.state).toBe("failed");
  });

  test("is not followed into a set that makes no sense", async () => {
    for (const leaves of [[], [2], [1], [0, 1], [2, 1], [1, 2, 2], [1, 2, 7], [1, 1023, 2]]) {
      const [, ben] = room(3) as [Device, Device, Device];
      const round = toBase64url(bytesFor("round", 16));
      await ben.hear(line({ type: "check_commitment", round, hash: hash("one") }));
      await ben.hear(line({ type: "check_commitment", round, hash: hash("two") }, 0));
      ben.said.splice(0);
      await ben.hear(line({ type: "check_set", round, leaves }));
      expect(ben.said, JSON.stringify(leaves)).toEqual([]);
      expect(ben.last?.state).toBe("gathering");
    }
  });

  test("cannot break into a round that is under way by starting another", async () => {
    const { devices, round } = await gathered();
    const lines = await tell(devices, {
      type: "check_commitment",
      round: toBase64url(new Uint8Array(16)),
      hash: hash("mine"),
    });
    expect(lines).toEqual([]);
    expect(devices[1].last?.round).toBe(round);
  });

  test("cannot make everybody talk without end", async () => {
    const [, ben] = room(3) as [Device, Device, Device];
    let answers = 0;
    for (let at = 0; at < 100; at++) {
      const round = toBase64url(bytesFor(`round ${at}`, 16));
      await ben.hear(line({ type: "check_commitment", round, hash: hash("one") }), at * 0.1);
      // A set without Ben ends the round at once.
      await ben.hear(line({ type: "check_set", round, leaves: [0, 2] }), at * 0.1);
      answers += ben.said.splice(0).length;
    }
    expect(answers).toBe(8);
    // That keeps nobody else from starting one.
    await ben.hear(line({ type: "check_commitment", round: toBase64url(bytesFor("x", 16)), hash: hash("x") }, 0), 10);
    expect(ben.said.length).toBe(1);
  });

  test("is not heard from outside the group, nor with ids and numbers of another length", async () => {
    const [, ben] = room(3) as [Device, Device, Device];
    const round = toBase64url(bytesFor("round", 16));
    await ben.hear(line({ type: "check_commitment", round, hash: hash("one") }, 17));
    await ben.hear(line({ type: "check_commitment", round: "AAAA", hash: hash("one") }));
    await ben.hear(line({ type: "check_commitment", round, hash: "AAAA" }));
    await ben.hear(line({ type: "check_set", round, leaves: [1, 2] }));
    await ben.hear(line({ type: "check_reveal", round, nonce: hash("one") }));
    expect(ben.views).toEqual([]);
    expect(ben.said).toEqual([]);
  });

  test("with all the other leaves cannot choose what is shown", async () => {
    // Everything but Ben is Mal's: with the same numbers each time, Ben's own makes every result another one.
    const seen = new Set<string>();
    for (let seed = 1; seed <= 20; seed++) {
      const ben = new Device(1, 2, seeded(seed));
      const mal = new Device(0, 2, seeded(999));
      await mal.begin();
      await deliver([mal, ben]);
      expect(ben.last?.state).toBe("done");
      seen.add(JSON.stringify(ben.last?.emoji));
    }
    expect(seen.size).toBe(20);
  });
});

describe("in whatever order messages arrive", () => {
  /** Each device takes what is for it in an order of its own, ticks in between, and some lines never come. */
  async function storm(seed: number, count: number, loss: number, starters: number): Promise<Device[]> {
    const random = seeded(seed);
    const devices = room(count, seed);
    const waiting: Line[][] = devices.map(() => []);
    let now = 0;
    for (const device of devices.slice(0, starters)) await device.begin(now);
    if (starters === 1) {
      // The round's first word is the first: what else may be exchanged.
      const line = devices[0]?.said.shift() as Line;
      for (const device of devices) await device.hear(line, now);
    }
    for (let step = 0; step < 600; step++) {
      for (const { said } of devices) {
        for (const line of said.splice(0)) for (const queue of waiting) if (random() >= loss) queue.push(line);
      }
      const at = Math.floor(random() * count);
      const [line] = waiting[at]?.splice(Math.floor(random() * (waiting[at]?.length ?? 0)), 1) ?? [];
      if (line) await devices[at]?.hear(line, now);
      now += random() * 0.02;
      for (const device of devices) if ((device.check.deadline ?? Infinity) <= now) await device.tick(now);
    }
    for (let step = 0; step < 4; step++) {
      now += STEP + GRACE;
      for (const device of devices) await device.tick(now);
    }
    return devices;
  }

  function agree(devices: readonly Device[]): number {
    const results = new Map<string, string>();
    let shown = 0;
    for (const { views } of devices) {
      for (const { round, state, emoji, digits, took } of views) {
        if (state !== "done") {
          expect([emoji, digits]).toEqual([null, null]);
          continue;
        }
        shown++;
        const result = JSON.stringify([emoji, digits, took]);
        expect(results.get(round) ?? result).toBe(result);
        results.set(round, result);
      }
    }
    return shown;
  }

  test("all who show a result of a round show the same", async () => {
    let shown = 0;
    for (let seed = 1; seed <= 40; seed++) shown += agree(await storm(seed, 2 + (seed % 4), 0, 1));
    // Everything arrives: nobody is left without.
    expect(shown).toBe([...Array(40).keys()].reduce((sum, at) => sum + 2 + ((at + 1) % 4), 0));
  });

  test("also with losses, and with several starts", async () => {
    let shown = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const devices = await storm(seed, 2 + (seed % 4), seed % 3 ? 0.03 : 0, 1 + (seed % 2));
      shown += agree(devices);
      for (const device of devices) {
        expect(device.check.deadline).toBeNull();
        expect(device.last?.state ?? "failed").toMatch(/^(done|failed)$/);
      }
    }
    expect(shown).toBeGreaterThan(20);
  });

  test("each reveals once in a round, and only with all commitments at hand", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seeded(seed);
      const ben = new Device(1, 4, seeded(seed + 50));
      const round = toBase64url(bytesFor("round", 16));
      const message = (): CheckMessage => {
        const text = toBase64url(bytesFor(`${Math.floor(random() * 3)}`, 32));
        const dice = random();
        if (dice < 0.6) return { type: "check_commitment", round, hash: text };
        if (dice < 0.8) return { type: "check_set", round, leaves: [0, 1, 2, 3].filter(() => random() < 0.7) };
        return { type: "check_reveal", round, nonce: text };
      };
      const committed = new Set<number>();
      let set: number[] | null = null;
      let starter: number | null = null;
      let reveals = 0;
      for (let step = 0; step < 60; step++) {
        const from = Math.floor(random() * 4);
        const said = message();
        const open = ben.last?.state !== "failed" && from !== 1;
        if (open && said.type === "check_commitment") {
          starter ??= from;
          committed.add(from);
        }
        if (open && said.type === "check_set" && from === starter) {
          const sound = said.leaves.length > 1 && said.leaves.includes(starter);
          if (sound) set ??= said.leaves;
        }
        await ben.hear({ from, epoch: 5, message: said });
        for (const { message: answer } of ben.said.splice(0)) {
          if (answer.type !== "check_reveal") continue;
          reveals++;
          expect(set).toContain(1);
          for (const leaf of set ?? []) expect(leaf === 1 || committed.has(leaf)).toBe(true);
        }
      }
      expect(reveals).toBeLessThanOrEqual(1);
    }
  });
});
