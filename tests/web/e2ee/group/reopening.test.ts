/** Commits that do not hold, and devices that die around one. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { type Bytes, fromBase64url, toBase64url } from "../../../../web/client/base64url";
import {
  addAndCommit,
  adopt,
  type Group,
  removeAndCommit,
  roomPsk,
  roster,
} from "../../../../web/client/e2ee/mls/adapter";
import { decodeCredential } from "../../../../web/client/e2ee/mls/credentials";
import { readKeyPackage } from "../../../../web/client/e2ee/mls/messages";
import { encodeStatements } from "../../../../web/client/e2ee/mls/statements";
import { bytesFor } from "../mls/world";
import { type Rogue, rogue, send } from "./rogue";
import { GROUP_ID, ROOM_SECRET, START, World } from "./world";

afterEach(() => vi.unstubAllGlobals());

/** Dee's socket is lost for good, and nobody but Ana may take her out: Mal tries it all the same. */
async function withRogue() {
  const world = new World();
  const ana = await world.facilitator("ana");
  const names = ["ben", "chi", "dee"] as const;
  const [ben, chi, dee] = await Promise.all(names.map((name) => world.participant(name)));
  const mal = await rogue(world, "mal");
  if (!ben || !chi || !dee) throw new Error("nobody");
  await world.meeting(ana, ben, chi, dee, mal);
  await world.cut(dee);
  const leaf = ana.person(dee)?.leaf ?? -1;
  const attack = async () => {
    world.server.end(dee.member, "lost");
    send(mal, await removeAndCommit(mal.group as Group, [leaf]));
  };
  return { world, ana, ben, chi, mal, attack };
}

describe("a commit that breaks the rules", () => {
  test("changes nobody's keys, is put down to its sender, who is taken out", async () => {
    const { world, ana, ben, chi, mal, attack } = await withRogue();
    world.frozen.add(ana);
    await attack();
    await world.advance(0.2);
    world.frozen.delete(ana);
    await world.advance(3);
    expect(world.agreement(ana, ben, chi).people.sort()).toEqual(["ana", "ben", "chi"]);
    for (const one of [ana, ben, chi]) {
      expect(one.incidents).toEqual([{ kind: "forged-commit", by: mal.member, reason: "may-not-remove" }]);
    }
    await ben.say("all here?");
    await world.settle();
    expect([...ana.chats, ...chi.chats]).toEqual(["all here?", "all here?"]);
  });

  test("without a facilitator present the others take it back", async () => {
    const { world, ana, ben, chi, attack } = await withRogue();
    await world.cut(ana);
    await attack();
    await world.advance(3);
    expect([ben.people.length, chi.people.length]).toEqual([5, 5]);
    await world.resume(ana);
    await world.advance(3);
    expect(world.agreement(ana, ben, chi).people.sort()).toEqual(["ana", "ben", "chi"]);
  });
});

/** Mal is the first to put Ben's offer into a commit, with a Welcome that nobody can open. */
async function spoil(mal: Rogue): Promise<void> {
  const secret = await roomPsk(ROOM_SECRET, GROUP_ID);
  const { receive } = mal.worker;
  let spoilt = false;
  mal.worker.receive = async (message) => {
    if (message.type !== "server" || message.message.type !== "mls_offered" || spoilt) return receive(message);
    spoilt = true;
    const { key_package, rejoin } = message.message;
    const add = fromBase64url(key_package);
    const { member } = message.message;
    const leaves = roster(mal.group as Group);
    const leaf = leaves.find(({ identity }) => toBase64url(decodeCredential(identity).member) === member)?.leaf ?? -1;
    const { ref } = await readKeyPackage(add);
    const rejoins = [{ leaf, ref, signature: fromBase64url(rejoin ?? "") }];
    const authenticatedData = encodeStatements({ leavings: [], rejoins, grants: null });
    const options = { replaced: [leaf], authenticatedData };
    const pending = await addAndCommit(mal.group as Group, [add], secret, START, options);
    const welcome = pending.welcome?.slice() as Bytes;
    welcome[welcome.length - 1] = (welcome.at(-1) as number) ^ 1;
    mal.group = adopt(mal.group as Group, pending);
    send(mal, { ...pending, welcome });
  };
}

/** Fay is revoked for Ana alone, who refuses what Ben takes for good. */
async function split({ helper = false } = {}) {
  const world = new World();
  const [ana, fay] = [await world.facilitator("ana"), await world.facilitator("fay")];
  const [ben, chi] = [await world.participant("ben"), await world.participant("chi")];
  await world.meeting(ana, fay, ben, chi);
  if (helper) await ana.do({ type: "co-facilitator", member: ben.member, granted: true });
  await world.advance(1);
  world.server.tamper = (_, message) => (message.type === "said" && message.sender === ana.member ? null : message);
  const list = await world.revoke(1, bytesFor("fay", 8));
  await ana.do({ type: "group-changed", certificates: world.certificates, revocations: list });
  await world.settle();
  return { world, ana, fay, ben, chi };
}

describe("an epoch that is reopened", () => {
  test("is gone back to by those who had gone on, on a certificate holder's signed word", async () => {
    const { world, ana, fay, ben, chi } = await split();
    const before = ben.view?.epoch;
    await fay.do({ type: "remove", member: chi.member });
    await world.advance(0.1);
    expect(ana.incidents).toEqual([{ kind: "forged-commit", by: fay.member, reason: "may-not-remove" }]);
    expect(ben.tell("group").map((message) => message.type === "group" && message.view.epoch)).toContain(
      (before ?? 0) + 1,
    );
    await world.advance(3);
    expect(world.agreement(ana, ben).people).toEqual(["ana", "ben"]);
    expect(ben.view?.changes.some(({ by }) => by === fay.member)).toBe(false);
    expect(ben.view?.changes.some(({ kind }) => kind === "back")).toBe(false);
    // The same epoch again, with the same keys, and then another one after it.
    const epochs = ben.frames.epochs.slice(-5);
    expect(epochs.map(({ epoch }) => epoch - (before ?? 0))).toEqual([0, 1, 0, 1, 2]);
    expect(epochs[2]?.baseKey).toEqual(epochs[0]?.baseKey);
    expect(epochs[3]?.baseKey).not.toEqual(epochs[1]?.baseKey);
    expect(ben.incidents).toEqual([]);
  });

  test("sends those to the door again who were let in on top of the void commit", async () => {
    const { world, ana, fay, ben, chi } = await split({ helper: true });
    const dee = await world.participant("dee");
    await world.arrive(dee);
    world.frozen.add(ana);
    await fay.do({ type: "remove", member: chi.member });
    await world.advance(0.1);
    await world.admit(ben, dee);
    await world.advance(0.1);
    expect([...dee.people].sort()).toEqual(["ana", "ben", "dee", "fay"]);
    world.frozen.delete(ana);
    await world.advance(1);
    await world.admit(ben, dee);
    await world.advance(5);
    expect(world.agreement(ana, ben, dee).people.sort()).toEqual(["ana", "ben", "dee"]);
  });

  test("knows of a revocation that was heard after it", async () => {
    const { world, ana, fay, ben, chi } = await split();
    world.frozen.add(ana);
    await fay.do({ type: "remove", member: chi.member });
    await world.advance(0.1);
    await ben.do({ type: "group-changed", certificates: world.certificates, revocations: world.revocations });
    expect(ben.person(fay)?.role).toBe("participant");
    const told = ben.tell("group").length;
    world.frozen.delete(ana);
    await world.advance(3);
    expect(world.agreement(ana, ben).people).toEqual(["ana", "ben"]);
    const roles = ben
      .tell("group")
      .slice(told)
      .flatMap((message) => (message.type === "group" ? message.view.people : []))
      .filter(({ member }) => member === fay.member)
      .map(({ role }) => role);
    expect(roles.length).toBeGreaterThan(0);
    expect(roles).not.toContain("facilitator");
  });

  test("is not gone back to on the server's word alone", async () => {
    const { world, ana, fay, ben, chi } = await split();
    const { epoch } = world.agreement(ana, ben, chi);
    const inner = world.server.tamper;
    world.server.tamper = (member, message) => {
      if (message.type !== "mls_reopened") return inner(member, message);
      return { ...message, reports: message.reports.map(({ member }) => ({ member, statement: "AAAA" })) };
    };
    await fay.do({ type: "remove", member: chi.member });
    await world.advance(5);
    expect(ben.view?.changes.some(({ kind, members }) => kind === "back" && members.includes(ben.member))).toBe(true);
    const epochs = ben.frames.epochs.map(({ epoch }) => epoch);
    expect(epochs.slice(epochs.indexOf(epoch + 1))).not.toContain(epoch);
    world.agreement(ana, ben);
  });
});

test("a Welcome that a participant spoilt keeps nobody out for good", async () => {
  const { world, ana, ben, chi, mal } = await withRogue();
  await spoil(mal);
  world.frozen.add(ana).add(chi);
  await world.reload(ben);
  await world.advance(0.1);
  expect(ben.incidents).toEqual([{ kind: "forged-commit", by: null, reason: "invalid" }]);
  expect(ben.people).toEqual([]);
  world.frozen.clear();
  await world.advance(10);
  expect(world.agreement(ana, ben, chi).people).toContain("ben");
  expect(ben.view?.changes.at(-1)?.kind).toBe("back");
});

describe("a device that dies around its commit", () => {
  test.each([0, 1, 2, 3, 4, 5, 6])("after %i steps strands nobody", async (steps) => {
    const world = new World(steps + 10);
    const [ana, fay] = [await world.facilitator("ana"), await world.facilitator("fay")];
    const [ben, chi] = [await world.participant("ben"), await world.participant("chi")];
    await world.meeting(ana, fay, ben);
    await world.arrive(chi);
    await world.admit(ana, chi);
    for (let step = 0; step < steps; step++) await world.step();
    await world.reload(ana);
    await world.advance(5);
    if (!chi.people.length) await world.admit(fay, chi);
    await world.advance(5);
    expect(world.agreement(ana, fay, ben, chi).people.sort()).toEqual(["ana", "ben", "chi", "fay"]);
    expect([ana, fay, ben, chi].flatMap(({ incidents }) => incidents)).toEqual([]);
  });

  test.each([0, 1, 2, 3, 4, 5, 6])("losing its socket after %i steps, the commit counts once", async (steps) => {
    const world = new World(steps + 20);
    const ana = await world.facilitator("ana");
    const [ben, chi] = [await world.participant("ben"), await world.participant("chi")];
    await world.meeting(ana, ben);
    await world.arrive(chi);
    await world.admit(ana, chi);
    for (let step = 0; step < steps; step++) await world.step();
    await world.cut(ana);
    await world.advance(1);
    await world.resume(ana);
    await world.advance(5);
    expect(world.agreement(ana, ben, chi).people).toEqual(["ana", "ben", "chi"]);
  });
});

test("the rogue of these tests holds the group's keys", async () => {
  const { world, ana, mal } = await withRogue();
  const group = (mal as Rogue).group as Group;
  expect(roster(group).map(({ leaf }) => leaf)).toEqual(ana.view?.people.map(({ leaf }) => leaf));
  expect(world.server.leaves.size).toBe(5);
});
