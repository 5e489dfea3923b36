/** Meetings of several workers: what people do, and what happens to their devices, sockets and server. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { toBase64url } from "../../../../web/client/base64url";
import { Committer } from "../../../../web/client/e2ee/group/committer";
import { UNSETTLED } from "../../../../web/client/e2ee/group/snapshots";
import { bytesFor, DAY, YEAR } from "../mls/world";
import { ROOM } from "./delivery";
import { type Somebody, START, World } from "./world";

afterEach(() => vi.unstubAllGlobals());

const quiet = (...people: Somebody[]) => expect(people.flatMap(({ incidents }) => incidents)).toEqual([]);
const kinds = ({ view }: Somebody) => view?.changes.map(({ kind }) => kind);
/** What was told of troubles, in order. */
const troubles = ({ told }: Somebody) =>
  told.flatMap((message) => (message.type === "troubles" ? [message.troubles.map(({ kind }) => kind).join()] : []));
const obstacles = (somebody: Somebody) =>
  somebody.told.flatMap((message) => (message.type === "obstacle" ? [message.obstacle] : []));

async function three() {
  const world = new World();
  const ana = await world.facilitator("ana");
  const [ben, chi] = [await world.participant("ben"), await world.participant("chi")];
  await world.meeting(ana, ben, chi);
  return { world, ana, ben, chi };
}

/** Two facilitators and two participants. */
async function four() {
  const world = new World();
  const [ana, fay] = [await world.facilitator("ana"), await world.facilitator("fay")];
  const [ben, chi] = [await world.participant("ben"), await world.participant("chi")];
  await world.meeting(ana, fay, ben, chi);
  return { world, ana, fay, ben, chi };
}

describe("coming in", () => {
  test("a facilitator founds the group, and lets people in", async () => {
    const world = new World();
    const ana = await world.facilitator("ana");
    const [ben, chi] = [await world.participant("ben"), await world.participant("chi")];
    await world.arrive(ana);
    expect(ana.people).toEqual(["ana"]);
    expect(kinds(ana)).toEqual(["founded"]);
    await world.arrive(ben);
    await world.arrive(chi);
    expect(ana.tell("knock-read")).toMatchObject([{ name: "ben" }, { name: "chi" }]);
    await world.admit(ana, ben);
    await world.admit(ana, chi);
    await world.advance(1);
    expect(world.agreement(ana, ben, chi)).toMatchObject({ epoch: 2, people: ["ana", "ben", "chi"] });
    expect(ben.view?.people.map(({ role }) => role)).toEqual(["facilitator", "participant", "participant"]);
    expect(kinds(ben)).toEqual(["joined", "joined"]);
    expect(ben.view?.changes[0]).toMatchObject({ members: [ben.member], by: null });
    expect(chi.view?.changes).toMatchObject([{ kind: "joined", members: [chi.member], by: null }]);
    expect([ana, ben, chi].map(({ frames }) => frames.ready)).toEqual([2, 2, 2]);
    quiet(ana, ben, chi);
  });

  test("no key that seals frames is among what is told, to the page or through it to the server", async () => {
    const { ana, ben, chi } = await three();
    const plain = (_: string, value: unknown) => (value instanceof Uint8Array ? toBase64url(value) : value);
    const told = JSON.stringify([ana.told, ben.told, chi.told], plain);
    const keys = [ana, ben, chi].flatMap(({ frames }) => frames.epochs.map(({ baseKey }) => toBase64url(baseKey)));
    expect(new Set(keys).size).toBeGreaterThan(1);
    expect(keys.filter((key) => told.includes(key))).toEqual([]);
  });

  test("the first admission goes at once, those of the next 500 ms in one commit", async () => {
    const world = new World();
    const ana = await world.facilitator("ana");
    const others = await Promise.all(["ben", "chi", "dee", "eve"].map((name) => world.participant(name)));
    await world.arrive(ana, ...others);
    const [ben, ...rest] = others as [Somebody, ...Somebody[]];
    await world.admit(ana, ben);
    await world.settle();
    expect(ben.people).toEqual(["ana", "ben"]);
    for (const somebody of rest) {
      await world.admit(ana, somebody);
      await world.advance(0.1);
    }
    expect(ana.people).toHaveLength(2);
    await world.advance(0.2);
    expect(world.agreement(ana, ...others)).toMatchObject({ epoch: 2 });
    expect(kinds(ana)).toEqual(["founded", "joined", "joined"]);
  });

  test("two facilitators arrive at once: one group", async () => {
    for (let seed = 1; seed < 6; seed++) {
      const world = new World(seed);
      const [ana, fay] = [await world.facilitator("ana"), await world.facilitator("fay")];
      for (const one of [ana, fay]) {
        one.online = true;
        world.server.arrive(one.member, "facilitator");
      }
      await world.advance(20);
      world.agreement(ana, fay);
      expect(ana.people.sort()).toEqual(["ana", "fay"]);
      quiet(ana, fay);
    }
  });

  test("a facilitator who comes late is let in by whoever is there", async () => {
    const { world, ana, ben, chi } = await three();
    const fay = await world.facilitator("fay");
    await world.cut(ana);
    await world.arrive(fay);
    await world.advance(2);
    expect(world.agreement(ben, chi, fay).people).toEqual(["ana", "ben", "chi", "fay"]);
    expect(fay.view?.people.at(-1)).toMatchObject({ role: "facilitator", self: true, checked: true });
    quiet(ana, ben, chi, fay);
  });

  test("two facilitators let people in at once: both succeed", async () => {
    const world = new World(3);
    const [ana, fay] = [await world.facilitator("ana"), await world.facilitator("fay")];
    const others = await Promise.all(["ben", "chi", "dee"].map((name) => world.participant(name)));
    const [ben, chi, dee] = others as [Somebody, Somebody, Somebody];
    await world.arrive(ana, fay, ben, chi, dee);
    await world.admit(ana, ben, dee);
    await world.admit(fay, chi, dee);
    await world.advance(2);
    expect(world.agreement(ana, fay, ...others).people).toHaveLength(5);
    quiet(ana, fay, ...others);
  });

  test("a Welcome that was missed is asked for", async () => {
    const world = new World();
    const [ana, ben] = [await world.facilitator("ana"), await world.participant("ben")];
    await world.arrive(ana, ben);
    await world.cut(ben);
    await world.admit(ana, ben);
    await world.advance(1);
    expect(ben.people).toEqual([]);
    await ana.say("welcome");
    await world.settle();
    await world.resume(ben);
    await world.advance(1);
    expect(world.agreement(ana, ben).people).toEqual(["ana", "ben"]);
    expect(ben.chats).toEqual(["welcome"]);
  });

  test("a knock is made anew with each socket, and the last is let in", async () => {
    const world = new World();
    const [ana, ben] = [await world.facilitator("ana"), await world.participant("ben")];
    await world.arrive(ana, ben);
    for (let again = 0; again < 3; again++) {
      await world.cut(ben);
      await world.resume(ben);
      await world.settle();
    }
    await world.admit(ana, ben);
    await world.advance(1);
    expect(world.agreement(ana, ben).people).toEqual(["ana", "ben"]);
    quiet(ana, ben);
  });

  test.each(Array.from({ length: 12 }, (_, seed) => seed))(
    "who knocks anew at the moment of their admission is let in by that, order %i",
    async (seed) => {
      const world = new World(seed);
      const [ana, ben] = [await world.facilitator("ana"), await world.participant("ben")];
      await world.arrive(ana, ben);
      await world.cut(ben);
      await world.resume(ben);
      await world.admit(ana, ben);
      await world.advance(1);
      expect(world.agreement(ana, ben).people).toEqual(["ana", "ben"]);
      quiet(ana, ben);
    },
  );

  test("who knocks anew under another name at that moment has to be let in anew", async () => {
    let outside = 0;
    for (let seed = 0; seed < 12; seed++) {
      const world = new World(seed);
      const [ana, ben] = [await world.facilitator("ana"), await world.participant("ben")];
      await world.arrive(ana, ben);
      await world.cut(ben);
      Object.assign(ben, { name: "bea" });
      await world.resume(ben);
      await world.admit(ana, ben);
      await world.advance(1);
      if (!ben.people.length) outside++;
    }
    expect(outside, "where the new knock came before the commit").toBeGreaterThan(0);
  });

  test("a clock that is wrong by a day lets everybody in", async () => {
    for (const clockOff of [-DAY, DAY]) {
      const world = new World();
      const ana = await world.facilitator("ana", { clockOff });
      const ben = await world.participant("ben", { clockOff: -clockOff });
      await world.meeting(ana, ben);
      expect(world.agreement(ana, ben).people).toEqual(["ana", "ben"]);
      expect([...obstacles(ana), ...obstacles(ben)]).toEqual([]);
    }
  });

  test("a clock that is wrong by a year is named", async () => {
    for (const clockOff of [-YEAR, YEAR]) {
      const world = new World();
      const ana = await world.facilitator("ana", { clockOff });
      const ben = await world.participant("ben", { clockOff });
      await world.arrive(ana, ben);
      expect(obstacles(ana)).toEqual(["clock"]);
      expect(obstacles(ben)).toEqual(["clock"]);
    }
    const world = new World();
    const ben = await world.participant("ben");
    await ben.do({ type: "server", message: { type: "mls_refused", room: null, code: "clock", about: "knock" } });
    expect(obstacles(ben)).toEqual(["clock"]);
  });

  test("a facilitator's link without a good certificate is told so", async () => {
    const world = new World();
    const missing = await world.facilitator("missing", { certified: false });
    await world.certify("old", { notAfter: START - 5 * DAY });
    const old = await world.facilitator("old", { certified: false });
    await world.certify("gone");
    await world.revoke(1, bytesFor("gone", 8));
    const gone = await world.facilitator("gone", { certified: false });
    await world.certify("renewed", { notAfter: START - 5 * DAY, serial: bytesFor("first", 8) });
    const renewed = await world.facilitator("renewed");
    await world.arrive(missing, old, gone, renewed);
    await world.advance(10);
    expect([missing, old, gone, renewed].flatMap(obstacles)).toEqual([
      "certificate-missing",
      "certificate-expired",
      "certificate-revoked",
    ]);
    expect(renewed.people).toEqual(["renewed"]);
  });
});

describe("going", () => {
  test("who is removed is out at once, and told by whom", async () => {
    const { world, ana, ben, chi } = await three();
    await ana.do({ type: "remove", member: ben.member });
    await world.advance(1);
    expect(world.agreement(ana, chi).people).toEqual(["ana", "chi"]);
    expect(ben.told).toContainEqual({ type: "removed", room: ROOM, by: ana.member });
    expect(ben.frames.suspended).toBe(true);
    expect(ben.people).toEqual([]);
    expect(chi.frames.epochs.at(-1)?.removal).toBe(true);
    expect(chi.view?.changes.at(-1)).toMatchObject({ kind: "removed", members: [ben.member], by: ana.member });
    expect(await world.store("ben").load("tab ben", "meeting-meeting")).toBeNull();
    const epochs = ben.frames.epochs.length;
    await ben.say("anybody?");
    await world.advance(400);
    expect(ben.frames.epochs).toHaveLength(epochs);
    expect([...ana.chats, ...chi.chats]).toEqual([]);
  });

  test("participants cannot remove anybody", async () => {
    const { world, ana, ben, chi } = await three();
    await ben.do({ type: "remove", member: chi.member });
    await ben.do({ type: "remove", member: ana.member });
    await ben.do({ type: "co-facilitator", member: ben.member, granted: true });
    await world.advance(1);
    expect(world.agreement(ana, ben, chi).people).toHaveLength(3);
  });

  test("who leaves has signed it: anybody takes the leaf away", async () => {
    const { world, ana, ben, chi } = await three();
    await world.cut(ana);
    await ben.do({ type: "leave" });
    expect(ben.told.at(-1)).toEqual({ type: "left" });
    await world.settle();
    await world.advance(2);
    expect(chi.people).toEqual(["ana", "chi"]);
    expect(chi.view?.changes.at(-1)).toMatchObject({ kind: "left", members: [ben.member], by: chi.member });
    await world.resume(ana);
    await world.advance(1);
    world.agreement(ana, chi);
    expect(await world.store("ben").load("tab ben", "meeting-meeting")).toBeNull();
    quiet(ana, ben, chi);
  });

  test("who is lost is taken out by a facilitator, and nobody reads that they were removed", async () => {
    const { world, ana, ben, chi } = await three();
    await world.cut(ben);
    world.server.end(ben.member, "lost");
    await world.advance(1);
    expect(world.agreement(ana, chi).people).toEqual(["ana", "chi"]);
    expect(kinds(chi)?.at(-1)).toBe("left");
  });

  test("somebody lost stays while nobody present may take them out", async () => {
    const { world, ana, ben, chi } = await three();
    await world.cut(ana);
    world.server.end(ben.member, "lost");
    await world.advance(5);
    expect(chi.people).toHaveLength(3);
    await world.resume(ana);
    await world.advance(1);
    expect(world.agreement(ana, chi).people).toEqual(["ana", "chi"]);
  });
});

describe("coming back", () => {
  test("after a lost socket, with everything that was missed", async () => {
    const { world, ana, ben, chi } = await three();
    await world.cut(ben);
    const lost = await ben.say("said while away");
    await ana.say("one");
    const dee = await world.participant("dee");
    await world.arrive(dee);
    await world.admit(ana, dee);
    await world.advance(1);
    await chi.say("two");
    await world.settle();
    await world.resume(ben);
    await world.advance(1);
    expect(world.agreement(ana, ben, chi, dee).people).toHaveLength(4);
    expect(ben.chats).toEqual(["one", "two"]);
    expect(ana.chats).toEqual(["two", "said while away"]);
    expect(ben.tell("said")).toMatchObject([{ id: lost }]);
    quiet(ana, ben, chi, dee);
  });

  test("after a reload, by the rejoin key, and still checked", async () => {
    const { world, ana, ben, chi } = await three();
    await check(world, ana, [ana, ben, chi]);
    await world.reload(ben);
    await world.advance(2);
    expect(world.agreement(ana, ben, chi).people.sort()).toEqual(["ana", "ben", "chi"]);
    expect(ana.person(ben)?.checked).toBe(true);
    expect(ana.view?.changes.at(-1)).toMatchObject({ kind: "back", members: [ben.member] });
    expect(ana.frames.said.get(ben.member)).toEqual([]);
    expect(ana.frames.epochs.at(-1)?.removal).toBe(false);
    expect(kinds(ben)).toEqual(["back"]);
    quiet(ana, ben, chi);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])("when a second reload comes %i steps after the first", async (steps) => {
    for (const facilitator of [false, true]) {
      const { world, ana, ben, chi } = await three();
      await check(world, ana, [ana, ben, chi]);
      const somebody = facilitator ? ana : ben;
      for (let again = 0; again < 3; again++) {
        await world.reload(somebody);
        for (let step = 0; step < steps; step++) await world.step();
      }
      await world.advance(15);
      expect(world.agreement(ana, ben, chi).people.sort()).toEqual(["ana", "ben", "chi"]);
      expect(ana.person(ben)?.checked).toBe(true);
      quiet(ana, ben, chi);
    }
  });

  test("when the leaf has moved meanwhile, and nobody heard of it", async () => {
    for (let steps = 1; steps <= 24; steps++) {
      const { world, ana, ben, chi } = await three();
      const leaf = chi.person(chi)?.leaf;
      await ben.do({ type: "leave" });
      await world.advance(1);
      await world.reload(chi);
      for (let step = 0; step < steps; step++) await world.step();
      await world.reload(chi);
      await world.advance(20);
      expect(world.agreement(ana, chi).people.sort(), `${steps} steps`).toEqual(["ana", "chi"]);
      expect(chi.person(chi)?.leaf).not.toBe(leaf);
      quiet(ana, chi);
    }
  });

  test("marks of one's own device survive one's own reload", async () => {
    const { world, ana, ben, chi } = await three();
    await check(world, ana, [ana, ben, chi]);
    await world.reload(ana);
    await world.advance(2);
    world.agreement(ana, ben, chi);
    expect([ana.person(ben)?.checked, ana.person(chi)?.checked]).toEqual([true, true]);
    expect(ana.person(ana)?.role).toBe("facilitator");
  });

  test("a facilitator who is alone and reloads founds a new group", async () => {
    const world = new World();
    const ana = await world.facilitator("ana");
    await world.arrive(ana);
    const [before] = ana.frames.epochs;
    await world.reload(ana);
    await world.advance(2);
    expect(ana.people).toEqual(["ana"]);
    expect(ana.frames.epochs.at(-1)?.baseKey).not.toEqual(before?.baseKey);
    const ben = await world.participant("ben");
    await world.arrive(ben);
    await world.admit(ana, ben);
    await world.advance(1);
    world.agreement(ana, ben);
  });

  test("everybody reloads at once: the first facilitator founds anew", async () => {
    const { world, ana, fay } = await four();
    await world.reload(ana);
    await world.reload(fay);
    for (const one of world.everybody.slice(2)) await world.cut(one);
    for (const one of world.everybody.slice(2)) world.server.end(one.member, "lost");
    await world.advance(20);
    expect(world.agreement(ana, fay).people.sort()).toEqual(["ana", "fay"]);
  });

  test("a facilitator whose browser forgot everything is taken in by another", async () => {
    const { world, ana, fay, ben, chi } = await four();
    await world.store("fay").forget("tab fay");
    await world.reload(fay);
    await world.advance(2);
    expect(world.agreement(ana, fay, ben, chi).people.sort()).toEqual(["ana", "ben", "chi", "fay"]);
    quiet(ana, fay, ben, chi);
  });

  test("after too long a time, with what they knew", async () => {
    const { world, ana, ben, chi } = await three();
    await world.cut(ben);
    for (let round = 0; round < 3; round++) await world.advance(301);
    world.server.commits = [];
    await world.resume(ben);
    await world.advance(1);
    world.agreement(ana, ben, chi);
    expect(troubles(ben).slice(-2)).toEqual(["rejoining", ""]);
    expect(kinds(ben)?.at(-1)).toBe("back");
    quiet(ana, ben, chi);
  });
});

/** A whole round of the check, started by `starter`, and marked by her. */
async function check(world: World, starter: Somebody, people: Somebody[]): Promise<void> {
  await starter.do({ type: "check", room: ROOM });
  await world.advance(8);
  const views = people.map(({ told }) => told.filter((message) => message.type === "check").at(-1)?.view);
  expect(new Set(views.map((view) => String(view?.emoji))).size).toBe(1);
  expect(views[0]).toMatchObject({ state: "done", silent: [] });
  await starter.do({ type: "mark-checked", room: ROOM, round: views[0]?.round ?? "" });
  for (const one of people) expect(starter.person(one)?.checked).toBe(true);
}

describe("a restart of the server", () => {
  test("a facilitator registers the group again, and everybody goes on", async () => {
    const { world, ana, ben, chi } = await three();
    const { epoch } = world.agreement(ana, ben, chi);
    for (const one of [ana, ben, chi]) await world.cut(one);
    world.server.restart();
    for (const one of [ben, chi, ana]) await world.resume(one);
    await world.advance(3);
    expect(world.agreement(ana, ben, chi).epoch).toBe(epoch);
    await ben.say("still here");
    await ana.do({ type: "remove", member: chi.member });
    await world.advance(1);
    expect(ana.chats).toEqual(["still here"]);
    expect(world.agreement(ana, ben).people).toEqual(["ana", "ben"]);
    quiet(ana, ben, chi);
  });

  test("without facilitators somebody else registers it", async () => {
    const { world, ana, ben, chi } = await three();
    for (const one of [ana, ben, chi]) await world.cut(one);
    world.server.restart();
    for (const one of [ben, chi]) await world.resume(one);
    await world.advance(10);
    await ben.say("anybody?");
    await world.settle();
    expect(chi.chats).toEqual(["anybody?"]);
    await world.resume(ana);
    await world.advance(1);
    expect(world.agreement(ana, ben, chi).people).toHaveLength(3);
    expect(ana.chats).toEqual(["anybody?"]);
  });

  test("a facilitator who reloaded meanwhile waits for those who hold the group", async () => {
    const { world, ana, ben, chi } = await three();
    for (const one of [ana, ben, chi]) await world.cut(one);
    world.server.restart();
    ana.reload();
    for (const one of [ana, ben, chi]) await world.resume(one);
    await world.advance(15);
    expect(world.agreement(ana, ben, chi).people.sort()).toEqual(["ana", "ben", "chi"]);
    quiet(ana, ben, chi);
  });

  test("of two states the one that is further ahead is taken, and who is behind comes back", async () => {
    const { world, ana, fay, ben, chi } = await four();
    await world.cut(fay);
    await ana.do({ type: "co-facilitator", member: ben.member, granted: true });
    await world.advance(1);
    for (const one of [ana, ben, chi]) await world.cut(one);
    world.server.restart();
    for (const one of [fay, ben, chi, ana]) await world.resume(one);
    await world.advance(8);
    expect(world.agreement(ana, fay, ben, chi).people.sort()).toEqual(["ana", "ben", "chi", "fay"]);
    expect(fay.person(ben)?.role).toBe("co_facilitator");
    quiet(ana, fay, ben, chi);
  });

  test("what was on its way is said once", async () => {
    const { world, ana, ben, chi } = await three();
    await ben.say("one");
    await world.server.receive(ben.member, ben.outgoing.shift() as never, ben.nonce);
    await ben.say("two");
    for (const one of [ana, ben, chi]) await world.cut(one);
    world.server.restart();
    for (const one of [ana, ben, chi]) await world.resume(one);
    await world.advance(8);
    expect(ana.chats).toEqual(["one", "two"]);
    expect(ben.tell("said")).toMatchObject([{ id: 1 }, { id: 2 }]);
  });
});

describe("co-facilitators", () => {
  test("are made and unmade at an epoch, and may let people in and remove participants", async () => {
    const { world, ana, ben, chi } = await three();
    await ana.do({ type: "co-facilitator", member: ben.member, granted: true });
    await world.advance(1);
    expect(chi.person(ben)?.role).toBe("co_facilitator");
    expect(chi.view?.changes.at(-1)).toMatchObject({ kind: "granted", members: [ben.member], by: ana.member });
    expect(world.server.sessions.get(ben.member)?.role).toBe("co_facilitator");
    const dee = await world.participant("dee");
    await world.arrive(dee);
    await world.admit(ben, dee);
    await world.advance(1);
    expect(dee.person(ben)?.role).toBe("co_facilitator");
    await ben.do({ type: "remove", member: ana.member });
    await ben.do({ type: "remove", member: chi.member });
    await world.advance(1);
    expect(world.agreement(ana, ben, dee).people).toEqual(["ana", "ben", "dee"]);
    await ana.do({ type: "co-facilitator", member: ben.member, granted: false });
    await world.advance(1);
    expect(dee.person(ben)?.role).toBe("participant");
    expect(dee.view?.changes.at(-1)).toMatchObject({ kind: "withdrawn", members: [ben.member] });
    await ben.do({ type: "remove", member: dee.member });
    await world.advance(1);
    expect(world.agreement(ana, ben, dee).people).toHaveLength(3);
    quiet(ana, ben, chi, dee);
  });

  test("keep the role over a reload, and those who come later know it", async () => {
    const { world, ana, ben, chi } = await three();
    await ana.do({ type: "co-facilitator", member: ben.member, granted: true });
    await world.advance(1);
    await world.reload(ben);
    await world.advance(2);
    expect(ben.person(ben)?.role).toBe("co_facilitator");
    const dee = await world.participant("dee");
    await world.arrive(dee);
    await world.admit(ben, dee);
    await world.advance(1);
    expect(world.agreement(ana, ben, chi, dee).people).toHaveLength(4);
    expect(dee.person(ben)?.role).toBe("co_facilitator");
    quiet(ana, ben, chi, dee);
  });

  test("who is removed does not stay one", async () => {
    const { world, ana, ben, chi } = await three();
    await ana.do({ type: "co-facilitator", member: ben.member, granted: true });
    await ana.do({ type: "co-facilitator", member: chi.member, granted: true });
    await world.advance(1);
    await ana.do({ type: "remove", member: ben.member });
    await ana.do({ type: "co-facilitator", member: chi.member, granted: false });
    await world.advance(1);
    expect(world.agreement(ana, chi).people).toEqual(["ana", "chi"]);
    expect(ana.person(chi)?.role).toBe("participant");
  });
});

describe("revocations", () => {
  test("end a facilitator's role in the meeting, for newcomers too", async () => {
    const { world, ana, fay, ben, chi } = await four();
    const list = await world.revoke(1, bytesFor("fay", 8));
    await ana.do({ type: "group-changed", certificates: world.certificates, revocations: list });
    await world.advance(1);
    for (const one of [ana, fay, ben, chi]) expect(one.person(fay)?.role).toBe("participant");
    await fay.do({ type: "remove", member: ben.member });
    await world.advance(1);
    expect(world.agreement(ana, fay, ben, chi).people).toHaveLength(4);
    world.revocations = null;
    const dee = await world.participant("dee");
    await world.arrive(dee);
    await world.admit(ana, dee);
    await world.advance(1);
    expect(dee.person(fay)?.role).toBe("participant");
    quiet(ana, fay, ben, chi, dee);
  });

  test("of the founder leave the meeting open: to newcomers, and to who reloads", async () => {
    const { world, ana, fay, ben, chi } = await four();
    const list = await world.revoke(1, bytesFor("ana", 8));
    await fay.do({ type: "group-changed", certificates: world.certificates, revocations: list });
    await world.advance(1);
    expect(ben.person(ana)?.role).toBe("participant");
    const dee = await world.participant("dee");
    await world.arrive(dee);
    await world.admit(fay, dee);
    await world.reload(ben);
    await world.advance(2);
    expect(world.agreement(fay, ben, chi, dee).people).toContain("dee");
    expect(dee.person(ana)?.role).toBe("participant");
    quiet(ana, fay, ben, chi, dee);
  });

  test("an older list changes nothing", async () => {
    const { world, ana, fay, ben } = await four();
    const list = await world.revoke(2, bytesFor("fay", 8));
    const older = await world.revoke(1);
    await ana.do({ type: "group-changed", certificates: world.certificates, revocations: list });
    await world.advance(1);
    await ben.do({ type: "group-changed", certificates: world.certificates, revocations: older });
    await ben.do({ type: "group-changed", certificates: ["junk", "AAAA"], revocations: "AAAA" });
    await world.advance(1);
    expect(ben.person(fay)?.role).toBe("participant");
  });

  test("what a revoked facilitator granted is granted anew in seconds: whoever a co-facilitator lets in believes it", async () => {
    const { world, ana, fay, ben, chi } = await four();
    await fay.do({ type: "co-facilitator", member: ben.member, granted: true });
    await world.advance(1);
    const list = await world.revoke(1, bytesFor("fay", 8));
    await ana.do({ type: "group-changed", certificates: world.certificates, revocations: list });
    await world.advance(1);
    const dee = await world.participant("dee");
    await world.arrive(dee);
    await world.admit(ben, dee);
    await world.advance(5);
    expect(world.agreement(ana, fay, ben, chi, dee).people).toHaveLength(5);
    expect(dee.person(ben)?.role).toBe("co_facilitator");
    quiet(ana, fay, ben, chi, dee);
  });

  test("what a revoked facilitator granted is granted anew with the next admission", async () => {
    const { world, ana, fay, ben, chi } = await four();
    await fay.do({ type: "co-facilitator", member: ben.member, granted: true });
    await world.advance(1);
    const list = await world.revoke(1, bytesFor("fay", 8));
    await ana.do({ type: "group-changed", certificates: world.certificates, revocations: list });
    await world.advance(1);
    const dee = await world.participant("dee");
    await world.arrive(dee);
    await world.admit(ana, dee);
    await world.advance(1);
    expect(world.agreement(ana, fay, ben, chi, dee).people).toHaveLength(5);
    expect(dee.person(ben)?.role).toBe("co_facilitator");
    quiet(ana, fay, ben, chi, dee);
  });
});

describe("keys", () => {
  test("are renewed every five minutes, by one facilitator", async () => {
    const { world, ana, fay, ben, chi } = await four();
    const { epoch } = world.agreement(ana, fay, ben, chi);
    await world.advance(605);
    expect(world.agreement(ana, fay, ben, chi).epoch).toBe(epoch + 2);
    expect(kinds(ben)?.slice(-2)).toEqual(["renewed", "renewed"]);
    await world.cut(ana);
    await world.advance(330);
    expect(world.agreement(fay, ben, chi).epoch).toBe(epoch + 3);
    quiet(ana, fay, ben, chi);
  });

  test("of an epoch that was left, by one's own commit too, are not kept longer than one may go back to it", async () => {
    const keep = vi.spyOn(Committer.prototype, "keepOn");
    const { world, ana, chi } = await four();
    await ana.do({ type: "remove", member: chi.member });
    await world.advance(UNSETTLED + 1);
    expect(Math.max(...keep.mock.calls.map(([states]) => states.length))).toBeGreaterThan(1);
    expect(keep.mock.lastCall?.[0].length).toBe(1);
    keep.mockClear();
    await ana.do({ type: "server", message: { type: "mls_must_rejoin", room: ROOM, reason: "behind" } });
    expect(keep.mock.lastCall?.[0]).toEqual([]);
    keep.mockRestore();
  });
});
