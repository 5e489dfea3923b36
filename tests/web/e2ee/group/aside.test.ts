/** Nobody of the group is there when a facilitator comes: another one is founded, and the first who returns ends it. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { UNHELD_SECONDS } from "./delivery";
import { type Somebody, World } from "./world";

afterEach(() => vi.unstubAllGlobals());

const WAIT = UNHELD_SECONDS + 2;
const states = (one: Somebody) => [one.view?.state, ...one.people];

/** Ana led Ben and Chi, and all three were lost. */
async function allLost(seed = 1) {
  const world = new World(seed);
  const [ana, fay] = [await world.facilitator("ana"), await world.facilitator("fay")];
  const [ben, chi, dee] = [
    await world.participant("ben"),
    await world.participant("chi"),
    await world.participant("dee"),
  ];
  await world.meeting(ana, ben, chi);
  for (const one of [ana, ben, chi]) await world.cut(one);
  return { world, ana, ben, chi, dee, fay };
}

describe("a facilitator who comes by the link", () => {
  test("waits for those of the group, then founds another and opens the door", async () => {
    const { world, fay, dee } = await allLost();
    await world.arrive(fay);
    await world.wait(UNHELD_SECONDS - 2);
    expect(fay.people).toEqual([]);
    await world.wait(4);
    expect(states(fay)).toEqual(["in", "fay"]);
    await world.arrive(dee);
    await world.admit(fay, dee);
    await world.wait(2);
    expect(world.agreement(fay, dee).people.sort()).toEqual(["dee", "fay"]);
    expect(fay.incidents).toEqual([]);
  });

  test("founds nothing while somebody of the group is there", async () => {
    const { world, ben, fay } = await allLost();
    await world.arrive(fay);
    await world.wait(UNHELD_SECONDS - 2);
    await world.resume(ben);
    await world.wait(10);
    expect(world.agreement(ben, fay).people.sort()).toEqual(["ana", "ben", "chi", "fay"]);
    expect(fay.frames.epochs.length, "of one group alone").toBe(1);
  });

  test("and another one at the same moment end in one group", async () => {
    const { world, fay } = await allLost();
    const gil = await world.facilitator("gil");
    await world.arrive(fay, gil);
    await world.wait(WAIT + 2);
    expect(world.agreement(fay, gil).people.sort()).toEqual(["fay", "gil"]);
  });
});

describe("who comes back later", () => {
  test("with their keys, to the group that they know, and the facilitator is in it", async () => {
    const { world, ana, ben, chi, fay } = await allLost();
    await world.arrive(fay);
    await world.wait(WAIT);
    const key = ben.frames.epochs.at(-1)?.baseKey;
    await world.resume(ben);
    await world.wait(2);
    expect(ben.frames.epochs.at(-2)?.baseKey, "never out of it").toEqual(key);
    for (const one of [chi, ana]) await world.resume(one);
    await world.wait(2);
    expect(world.agreement(ana, ben, chi, fay).people.sort()).toEqual(["ana", "ben", "chi", "fay"]);
    await fay.say("here again");
    await world.settle();
    expect([ana, ben, chi].map(({ chats }) => chats)).toEqual([["here again"], ["here again"], ["here again"]]);
    for (const one of [ana, ben, chi, fay]) expect(one.incidents).toEqual([]);
  });

  test("between the word to found and the founding: theirs stays", async () => {
    const { world, ben, fay } = await allLost();
    await world.arrive(fay);
    await world.wait(UNHELD_SECONDS - 1);
    world.server.tamper = (_, message) => {
      if (message.type === "mls_abandoned") void world.resume(ben);
      return message;
    };
    await world.wait(8); // a KeyPackage that was replaced meanwhile is offered again after 5 s
    expect(world.agreement(ben, fay).people.sort()).toEqual(["ana", "ben", "chi", "fay"]);
  });

  test.each([1, 2, 3, 4, 5])(
    "while the word to found is on its way: the facilitator is in theirs (%i)",
    async (seed) => {
      const { world, ben, fay } = await allLost(seed);
      await world.arrive(fay);
      await world.wait(UNHELD_SECONDS - 1);
      let told = 0;
      world.server.tamper = (_, message) => {
        if (message.type === "mls_abandoned" && ++told === 1) {
          world.frozen.add(fay); // on a slow line, and Ben on a fast one
          void world.resume(ben);
        }
        return message;
      };
      await world.wait(2);
      expect(told).toBe(1);
      expect(fay.inbox.map(({ type }) => type)).toContain("mls_welcomed");
      world.frozen.delete(fay);
      await world.wait(1);
      expect(world.agreement(ben, fay).people.sort()).toEqual(["ana", "ben", "chi", "fay"]);
      await world.wait(8);
      expect(world.agreement(ben, fay).people.sort()).toEqual(["ana", "ben", "chi", "fay"]);
      expect(fay.frames.epochs.length, "of one group alone").toBe(1);
      expect([...ben.incidents, ...fay.incidents]).toEqual([]);
    },
  );

  test("while the word to found is on its way, and the socket is lost: by the Welcome that was kept", async () => {
    const { world, ben, fay } = await allLost();
    await world.arrive(fay);
    await world.wait(UNHELD_SECONDS - 1);
    let told = 0;
    world.server.tamper = (member, message) => {
      if (message.type === "mls_abandoned" && ++told === 1) void world.resume(ben);
      return member === fay.member && message.type !== "mls_abandoned" ? null : message;
    };
    await world.wait(2);
    expect(fay.people).toEqual([]);
    world.server.tamper = (_, message) => message;
    await world.cut(fay);
    await world.resume(fay);
    await world.wait(6);
    expect(world.agreement(ben, fay).people.sort()).toEqual(["ana", "ben", "chi", "fay"]);
  });

  test("both facilitators who founded by turns come into it", async () => {
    const { world, chi, fay } = await allLost();
    const gil = await world.facilitator("gil");
    await world.arrive(fay);
    await world.wait(WAIT);
    await world.arrive(gil);
    await world.wait(2);
    expect(world.agreement(fay, gil).people.sort()).toEqual(["fay", "gil"]);
    await world.resume(chi);
    await world.wait(6);
    expect(world.agreement(chi, fay, gil).people.sort()).toEqual(["ana", "ben", "chi", "fay", "gil"]);
  });

  test("without keys knocks; when somebody brings the group back, they are in by their proof", async () => {
    const { world, ben, chi, fay } = await allLost();
    await world.arrive(fay);
    await world.wait(WAIT);
    await world.reload(ben);
    await world.wait(2);
    expect(ben.people).toEqual([]);
    expect(fay.tell("knock-read")).toMatchObject([{ knock: ben.member, name: "ben" }]);
    await world.resume(chi);
    await world.wait(8);
    expect(world.agreement(ben, chi, fay).people.sort()).toEqual(["ana", "ben", "chi", "fay"]);
  });

  test("after somebody was let in knocks, and is let in by a click", async () => {
    const { world, ben, dee, fay } = await allLost();
    await world.arrive(fay, dee);
    await world.wait(WAIT);
    await world.admit(fay, dee);
    await world.wait(2);
    await world.resume(ben);
    await world.wait(2);
    expect(world.agreement(fay, dee).people.sort()).toEqual(["dee", "fay"]);
    await world.admit(fay, ben);
    await world.wait(2);
    expect(world.agreement(fay, dee, ben).people.sort()).toEqual(["ben", "dee", "fay"]);
  });
});

describe("who was let in while their phone was locked", () => {
  async function welcomeMissed() {
    const world = new World();
    const [ana, fay] = [await world.facilitator("ana"), await world.facilitator("fay")];
    const [ben, dee] = [await world.participant("ben"), await world.participant("dee")];
    await world.meeting(ana, ben);
    await world.arrive(dee);
    await world.cut(dee);
    await world.admit(ana, dee);
    await world.wait(1);
    for (const one of [ana, ben]) await world.cut(one);
    await world.arrive(fay);
    await world.wait(WAIT);
    expect(states(fay)).toEqual(["in", "fay"]);
    return { world, ana, ben, dee, fay };
  }

  test("is in by the Welcome that was kept, and brings the group back", async () => {
    const { world, ben, dee, fay } = await welcomeMissed();
    await world.resume(dee);
    await world.wait(8);
    expect(world.agreement(dee, fay).people.sort()).toEqual(["ana", "ben", "dee", "fay"]);
    await world.resume(ben);
    await world.wait(2);
    expect(world.agreement(ben, dee, fay).people.sort()).toEqual(["ana", "ben", "dee", "fay"]);
  });
});

describe("whose state leads to nothing any more", () => {
  test("knocks and is let in by a click", async () => {
    const { world, ana, ben, chi, dee, fay } = await allLost();
    await world.resume(ana);
    await world.resume(chi);
    await world.arrive(dee);
    await world.admit(ana, dee);
    await world.wait(1);
    for (const one of [ana, chi, dee]) await world.cut(one);
    world.server.commits = []; // longer ago than the log goes back
    await world.arrive(fay);
    await world.wait(WAIT);
    await world.resume(ben);
    await world.wait(2);
    expect(fay.tell("knock-read")).toMatchObject([{ knock: ben.member, name: "ben" }]);
    await world.admit(fay, ben);
    await world.wait(2);
    expect(world.agreement(ben, fay).people.sort()).toEqual(["ben", "fay"]);
  });

  test("and a facilitator is in the new group by certificate", async () => {
    const { world, ana, chi, fay } = await allLost();
    const gil = await world.facilitator("gil");
    await world.resume(ana);
    await world.resume(chi);
    await world.arrive(gil);
    await world.wait(1);
    await world.cut(gil);
    await ana.do({ type: "remove", member: chi.member });
    await world.wait(1);
    await world.cut(ana);
    world.server.commits = [];
    await world.arrive(fay);
    await world.wait(WAIT);
    await world.resume(gil);
    await world.wait(2);
    expect(world.agreement(fay, gil).people.sort()).toEqual(["fay", "gil"]);
  });
});

describe("a facilitator who reloads while all the others are away", () => {
  async function reloaded() {
    const { world, ana, ben, chi } = await allLost();
    await world.reload(ana);
    await world.wait(WAIT);
    expect(states(ana)).toEqual(["in", "ana"]);
    return { world, ana, ben, chi };
  }

  test("has the keys again, and their old place when somebody comes back", async () => {
    const { world, ana, ben } = await reloaded();
    await world.resume(ben);
    await world.wait(8);
    expect(world.agreement(ana, ben).people.sort()).toEqual(["ana", "ben", "chi"]);
    await world.reload(ana);
    await world.wait(8);
    expect(world.agreement(ana, ben).people.sort()).toEqual(["ana", "ben", "chi"]);
  });

  test("has their old place when somebody comes back while the word to found is on its way", async () => {
    const { world, ana, ben } = await allLost();
    await world.reload(ana);
    await world.wait(UNHELD_SECONDS - 1);
    let told = 0;
    world.server.tamper = (_, message) => {
      if (message.type === "mls_abandoned" && ++told === 1) {
        world.frozen.add(ana);
        void world.resume(ben);
      }
      return message;
    };
    await world.wait(2);
    expect(told).toBe(1);
    world.frozen.delete(ana);
    await world.wait(8);
    expect(world.agreement(ana, ben).people.sort()).toEqual(["ana", "ben", "chi"]);
  });

  test("and reloads again strands nobody: who comes back then knocks", async () => {
    const { world, ana, ben } = await reloaded();
    await world.reload(ana);
    await world.wait(6);
    expect(states(ana)).toEqual(["in", "ana"]);
    await world.resume(ben);
    await world.wait(2);
    await world.admit(ana, ben);
    await world.wait(2);
    expect(world.agreement(ana, ben).people.sort()).toEqual(["ana", "ben"]);
  });
});
