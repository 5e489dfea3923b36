import { describe, expect, test } from "vitest";
import { fromBase64url } from "../../../../web/client/base64url";
import { rosterHash, Watch, type Watched } from "../../../../web/client/e2ee/group/watch";
import { seeded } from "../../random";
import { bytesFor, hex } from "../mls/world";

/** Seconds, of docs/protocol.md, section 8: written down here, so that the code cannot move them unseen. */
const [HEARTBEAT, SILENCE, GRACE] = [5, 15, 8];

type Who = Watched["people"][number];
const self = (role: Who["role"]): Who => ({ member: "self", role, self: true });
const other = (member: string, role: Who["role"] = "facilitator"): Who => ({ member, role, self: false });

function group(epoch: number, ...people: Who[]): Watched {
  return { epoch, roster: `roster ${epoch}`, people };
}

/** Ticks a watch as its timer would, until `end`. Returns what was said, with when. */
function run(watch: Watch, end: number): number[] {
  const said: number[] = [];
  for (let due = watch.deadline; due !== null && due <= end; due = watch.deadline) {
    watch.tick(due);
    for (const { message } of watch.effects()) {
      expect(message.type).toBe("heartbeat");
      said.push(due);
    }
  }
  return said;
}

const kinds = (watch: Watch, now: number) => watch.troubles(now).map(({ kind }) => kind);

test("the roster's hash is SHA-256 of leaves and keys, by rising leaf", async () => {
  const one = { leaf: 1, key: bytesFor("one", 32) };
  const nine = { leaf: 9, key: bytesFor("nine", 32) };
  const hash = await rosterHash([nine, one]);
  expect(hash).toBe(await rosterHash([one, nine]));
  expect(hash).not.toBe(await rosterHash([{ ...one, leaf: 2 }, nine]));
  // hashlib.sha256(bytes.fromhex("00000001") + one + bytes.fromhex("00000009") + nine)
  expect(hex(fromBase64url(hash))).toBe("d65ab913ef406c2da91ccadd3706d99ca42a7cd0dfe16b8354f444d3628481bb");
});

describe("saying", () => {
  test("a facilitator says a heartbeat at once, then every five seconds", () => {
    const watch = new Watch();
    watch.people(group(3, self("facilitator")), 100);
    expect(watch.effects()).toEqual([{ do: "say", message: { type: "heartbeat", epoch: 3, roster: "roster 3" } }]);
    expect(run(watch, 100 + 3 * HEARTBEAT)).toEqual([105, 110, 115]);
  });

  test("and at once in a new epoch", () => {
    const watch = new Watch();
    watch.people(group(3, self("facilitator")), 100);
    watch.people(group(4, self("facilitator"), other("ann", "participant")), 101);
    expect(watch.effects().map(({ message }) => message.epoch)).toEqual([4]);
    watch.people(group(4, self("facilitator"), other("ann", "co_facilitator")), 102);
    expect(watch.effects()).toEqual([]);
    expect(watch.deadline).toBe(101 + HEARTBEAT);
  });

  test("nobody else says any, nor a facilitator whose role is gone", () => {
    for (const role of ["participant", "co_facilitator"] as const) {
      const watch = new Watch();
      watch.people(group(3, self("facilitator")), 0);
      watch.effects();
      watch.people(group(4, self(role)), 1);
      expect(watch.deadline).toBeNull();
      watch.tick(100);
      expect(watch.effects()).toEqual([]);
    }
  });

  test("while nobody takes them, heartbeats do not pile up", () => {
    const watch = new Watch();
    watch.people(group(3, self("facilitator")), 0);
    for (let now = 1; now < 600; now++) watch.tick(now);
    expect(watch.effects().length).toBe(1);
  });

  test("what a slow timer missed is not made up for", () => {
    const watch = new Watch();
    watch.people(group(3, self("facilitator")), 0);
    watch.effects();
    watch.tick(31);
    expect(watch.effects().length).toBe(1);
    expect(watch.deadline).toBe(31 + HEARTBEAT);
  });
});

describe("listening", () => {
  test("a facilitator who was heard is no trouble; fifteen seconds without are", () => {
    const watch = new Watch();
    watch.people(group(3, self("participant"), other("ben")), 0);
    watch.heard("ben", 3, "roster 3", 4);
    expect(watch.troubles(4)).toEqual([]);
    run(watch, 4 + SILENCE - 0.1);
    expect(watch.troubles(4 + SILENCE - 0.1)).toEqual([]);
    expect(watch.deadline).toBe(4 + SILENCE);
    run(watch, 4 + SILENCE);
    expect(watch.troubles(4 + SILENCE)).toEqual([
      { kind: "facilitator-silent", members: ["ben"] },
      { kind: "no-facilitator", members: [] },
    ]);
    expect(watch.deadline).toBeNull();
    watch.heard("ben", 3, "roster 3", 30);
    expect(watch.troubles(30)).toEqual([]);
    expect(watch.deadline).toBe(30 + SILENCE);
  });

  test("somebody who never says a word is named fifteen seconds after they came", () => {
    const watch = new Watch();
    watch.people(group(3, self("facilitator")), 0);
    watch.people(group(4, self("facilitator"), other("ben")), 10);
    run(watch, 10 + SILENCE);
    expect(watch.troubles(10 + SILENCE - 1)).toEqual([]);
    expect(watch.troubles(10 + SILENCE)).toEqual([{ kind: "facilitator-silent", members: ["ben"] }]);
  });

  test("changes of the group give a silent facilitator no more time", () => {
    const watch = new Watch();
    for (let epoch = 1; epoch <= SILENCE; epoch++) {
      watch.people(group(epoch, self("participant"), other("ben")), epoch);
    }
    expect(kinds(watch, 1 + SILENCE)).toEqual(["facilitator-silent", "no-facilitator"]);
  });

  test("only a facilitator's heartbeat of this epoch counts", () => {
    const watch = new Watch();
    watch.people(group(4, self("participant"), other("ben"), other("ann", "participant")), 0);
    watch.heard("ben", 3, "roster 3", 10);
    watch.heard("ben", 5, "roster 5", 10);
    watch.heard("ann", 4, "roster 4", 10);
    watch.heard("nobody", 4, "roster 4", 10);
    run(watch, SILENCE);
    expect(watch.troubles(SILENCE)).toEqual([
      { kind: "facilitator-silent", members: ["ben"] },
      { kind: "no-facilitator", members: [] },
    ]);
  });

  test("one of two is named, and while the other speaks there is a facilitator", () => {
    const watch = new Watch();
    watch.people(group(4, self("participant"), other("ben"), other("cleo")), 0);
    watch.heard("cleo", 4, "roster 4", 10);
    expect(watch.troubles(SILENCE)).toEqual([{ kind: "facilitator-silent", members: ["ben"] }]);
  });

  test("whoever is gone is not silent", () => {
    const watch = new Watch();
    watch.people(group(4, self("participant"), other("ben"), other("cleo")), 0);
    watch.heard("cleo", 4, "roster 4", 10);
    watch.people(group(5, self("participant"), other("cleo")), 16);
    expect(watch.troubles(16)).toEqual([]);
  });

  test("without facilitators it is said that the meeting will end, and which co-facilitators let people in", () => {
    const watch = new Watch();
    expect(watch.troubles(0)).toEqual([]);
    watch.people(group(4, self("participant"), other("ann", "co_facilitator")), 0);
    expect(watch.troubles(0)).toEqual([{ kind: "no-facilitator", members: ["ann"] }]);
    watch.people(group(5, self("participant")), 1);
    expect(watch.troubles(1)).toEqual([{ kind: "no-facilitator", members: [] }]);
    watch.people(group(6, self("co_facilitator")), 2);
    expect(kinds(watch, 2)).toEqual(["no-facilitator"]);
    watch.people(group(7, self("facilitator")), 3);
    expect(kinds(watch, 3)).toEqual([]);
  });

  test("a facilitator who sees other people in the same epoch is a sign of split keys, until they agree", () => {
    const watch = new Watch();
    watch.people(group(4, self("participant"), other("ben")), 0);
    watch.heard("ben", 4, "roster of another half", 1);
    expect(kinds(watch, 1)).toEqual(["keys-disagree"]);
    watch.people(group(5, self("participant"), other("ben")), 2);
    expect(kinds(watch, 2)).toEqual(["keys-disagree"]);
    watch.heard("ben", 5, "roster 5", 3);
    expect(kinds(watch, 3)).toEqual([]);
  });

  test("a socket that is back after a loss gives people time for the next heartbeat, once", () => {
    const watch = new Watch();
    watch.people(group(4, self("participant"), other("ben")), 0);
    watch.heard("ben", 4, "roster 4", 1);
    watch.back(100);
    expect(kinds(watch, 100)).toEqual([]);
    expect(watch.deadline).toBe(100 + GRACE);
    watch.back(100 + GRACE - 1);
    watch.people(group(5, self("participant"), other("ben")), 100 + GRACE - 1);
    expect(kinds(watch, 100 + GRACE)).toContain("facilitator-silent");
    watch.back(200);
    expect(kinds(watch, 200)).toContain("facilitator-silent");
    watch.heard("ben", 5, "roster 5", 201);
    watch.back(300);
    expect(kinds(watch, 300)).toEqual([]);
  });

  test("a socket that was lost shortly takes no time away", () => {
    const watch = new Watch();
    watch.people(group(4, self("participant"), other("ben")), 0);
    watch.back(1);
    expect(watch.deadline).toBe(SILENCE);
  });

  test("a timer that did not run excuses nobody", () => {
    const watch = new Watch();
    watch.people(group(4, self("participant"), other("ben")), 0);
    watch.tick(600);
    expect(kinds(watch, 600)).toContain("facilitator-silent");
  });
});

test("whatever happens: after fifteen seconds without a heartbeat of the epoch one is named, and not before", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seeded(seed);
    const watch = new Watch();
    let epoch = 1;
    let now = 0;
    let last = 0;
    watch.people(group(epoch, self("facilitator"), other("ben")), now);
    for (let step = 0; step < 60; step++) {
      const next = now + random() * 6;
      run(watch, next);
      now = next;
      const dice = random();
      if (dice < 0.3) {
        watch.heard("ben", epoch, `roster ${epoch}`, now);
        last = now;
      } else if (dice < 0.5) watch.heard("ben", epoch - 1, "old", now);
      else if (dice < 0.7) watch.people(group(++epoch, self("facilitator"), other("ben")), now);
      expect(watch.troubles(now).length).toBe(now - last >= SILENCE ? 1 : 0);
    }
  }
});
