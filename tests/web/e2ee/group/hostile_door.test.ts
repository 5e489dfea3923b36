/** What a malicious server tries at the door: Welcomes, knocks, offers and people who are said to be gone. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Bytes, fromBase64url, toBase64url } from "../../../../web/client/base64url";
import { makeKnock } from "../../../../web/client/e2ee/group/knock";
import { addAndCommit, createGroup, type Pending, removeAndCommit } from "../../../../web/client/e2ee/mls/adapter";
import {
  type Certificate,
  encodeRevocations,
  issueCertificate,
  issueRevocations,
} from "../../../../web/client/e2ee/mls/credentials";
import { decodeKeyPackage, signWithLeaf } from "../../../../web/client/e2ee/mls/messages";
import { leavingStatement, rejoinStatement } from "../../../../web/client/e2ee/mls/statements";
import { signingKey } from "../../../../web/client/ed25519";
import type { Knock } from "../../../../web/client/protocol_types";
import {
  bytesFor,
  certificate,
  DAY,
  facilitator,
  founding,
  GROUP,
  MEETING,
  NOW,
  root,
  type Someone,
  someone,
} from "../mls/world";
import { handmade, idOf, LINK_GROUP, pass, psk, ROOM, SECRET, Stage, Victim } from "./stage";

/** Seconds, of docs/protocol.md, section 8: written down here, so that the code cannot move them unseen. */
const RANK = 0.3;

beforeAll(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterAll(() => void vi.useRealTimers());

async function revocations(...names: string[]): Promise<string> {
  const serials = names.map((name) => bytesFor(name, 8));
  const list = await issueRevocations(await root, { group: GROUP, version: 1, date: Math.floor(NOW), serials });
  return toBase64url(encodeRevocations(list));
}

describe("a Welcome", () => {
  /** Vic stands before the door and is handed `pending`'s Welcome. */
  async function refused(
    make: (stage: Stage, keyPackage: Bytes) => Promise<{ by: string; pending: Pending }>,
    reason: string,
    options: { revocations?: string } = {},
  ): Promise<void> {
    const stage = await Stage.of(["fay"], ["mal"]);
    const vic = await Victim.open("vic", options);
    const { by, pending } = await make(stage, await stage.knock(vic));
    await stage.welcome(vic, by, pending);
    expect(vic.incidents).toEqual([{ kind: "forged-commit", by: null, reason }]);
    expect(vic.view).toBeUndefined();
    expect(vic.frames.epochs).toEqual([]);
    expect(vic.sent("mls_applied")).toEqual([]);
  }

  test("by a facilitator lets people in", async () => {
    const stage = await Stage.of(["fay"], ["mal"]);
    const vic = await Victim.open("vic");
    await stage.admit(vic, "fay");
    expect(vic.view).toMatchObject({ state: "in" });
    expect(vic.incidents).toEqual([]);
  });

  test("by a participant does not", async () => {
    await refused(async (stage, keyPackage) => {
      return { by: "mal", pending: await addAndCommit(stage.actor("mal").group, [keyPackage], await psk, NOW) };
    }, "may-not-add");
  });

  test("by a facilitator who lacks the link's secret does not", async () => {
    await refused(async (stage, keyPackage) => {
      const wrong = bytesFor("another secret", 32);
      return { by: "fay", pending: await addAndCommit(stage.actor("fay").group, [keyPackage], wrong, NOW) };
    }, "psk");
  });

  test("made without any secret does not", async () => {
    await refused(async (stage, keyPackage) => {
      const proposal = { proposalType: "add" as const, add: { keyPackage: decodeKeyPackage(keyPackage) } };
      return { by: "fay", pending: await handmade(stage.actor("fay"), [proposal]) };
    }, "psk");
  });

  test("for somebody else opens nothing", async () => {
    const stage = await Stage.of(["fay"], ["mal"]);
    const vic = await Victim.open("vic");
    await stage.knock(vic);
    const pending = await addAndCommit(stage.actor("fay").group, [(await someone("zoe")).own.message], await psk, NOW);
    await stage.welcome(vic, "fay", pending);
    expect(vic.view).toBeUndefined();
    expect(vic.frames.epochs).toEqual([]);
  });

  test("by somebody whom another root made a facilitator does not", async () => {
    await refused(async (_stage, keyPackage) => {
      const foreign = await signingKey(bytesFor("another root", 32));
      const role = await signingKey(bytesFor("role eve", 32));
      const fields = { group: GROUP, roleKey: role.publicKey, notBefore: 0, notAfter: 4e9, serial: bytesFor("eve", 8) };
      const eve = await facilitator("eve", { certificate: await issueCertificate(foreign, fields) });
      const group = await createGroup(MEETING, eve.own, await founding(eve), async () => true);
      return { by: "eve", pending: await addAndCommit(group, [keyPackage], await psk, NOW) };
    }, "invalid");
  });

  test("by a facilitator of another group does not", async () => {
    await refused(async (_stage, keyPackage) => {
      const other = await certificate("eve", { group: bytesFor("another group", 16) });
      const eve = await facilitator("eve", { certificate: other });
      const group = await createGroup(MEETING, eve.own, await founding(eve), async () => true);
      return { by: "eve", pending: await addAndCommit(group, [keyPackage], await psk, NOW) };
    }, "invalid");
  });

  test("by a facilitator whose leaf was signed for another meeting does not", async () => {
    await refused(async (_stage, keyPackage) => {
      const eve = await facilitator("eve", { meeting: bytesFor("another meeting", 16) });
      const group = await createGroup(MEETING, eve.own, await founding(eve), async () => true);
      return { by: "eve", pending: await addAndCommit(group, [keyPackage], await psk, NOW) };
    }, "invalid");
  });

  test("of another meeting of the same group does not", async () => {
    await refused(async (_stage, keyPackage) => {
      const eve = await facilitator("eve", { meeting: bytesFor("another meeting", 16) });
      const id = bytesFor("another meeting", 16);
      const group = await createGroup(id, eve.own, await founding(eve, id), async () => true);
      return { by: "eve", pending: await addAndCommit(group, [keyPackage], await psk, NOW) };
    }, "invalid");
  });

  test("by a facilitator whose certificate has expired does not", async () => {
    await refused(async (_stage, keyPackage) => {
      const old = await certificate("eve", { notBefore: 0, notAfter: Math.floor(NOW) - 3 * DAY });
      const eve = await facilitator("eve", { certificate: old });
      const group = await createGroup(MEETING, eve.own, await founding(eve), async () => true);
      return { by: "eve", pending: await addAndCommit(group, [keyPackage], await psk, NOW) };
    }, "may-not-add");
  });

  test("by a facilitator who was revoked does not", async () => {
    const make = async (stage: Stage, keyPackage: Bytes) => {
      return { by: "fay", pending: await addAndCommit(stage.actor("fay").group, [keyPackage], await psk, NOW) };
    };
    await refused(make, "may-not-add", { revocations: await revocations("fay") });
  });

  test("into a room where two answer to one id does not", async () => {
    await refused(async (stage, keyPackage) => {
      await stage.add("fay", [await someone("twin", { member: bytesFor("member mal", 16) })]);
      return { by: "fay", pending: await addAndCommit(stage.actor("fay").group, [keyPackage], await psk, NOW) };
    }, "taken");
  });
});

describe("a knock", () => {
  const nonceFor = (name: string) => toBase64url(bytesFor(`nonce ${name}`, 32));

  async function knock(who: Someone): Promise<Knock> {
    const nonce = nonceFor(who.name);
    const secrets = { roomSecret: SECRET, group: LINK_GROUP, ref: who.own.ref, leafKey: who.key };
    return {
      id: toBase64url(who.credential.member),
      sealed: await makeKnock({ ...secrets, name: who.name, nonce }),
      key_package: toBase64url(who.own.message),
      nonce,
      waiting_seconds: 0,
    };
  }

  async function facilitating(): Promise<{ stage: Stage; vic: Victim }> {
    const stage = await Stage.of(["fay"], ["ben"]);
    const vic = await Victim.open("vic", { facilitator: true });
    await stage.admit(vic, "fay", "facilitator");
    expect(vic.view).toMatchObject({ state: "in" });
    return { stage, vic };
  }

  test("that is genuine lets in whom it names, and nobody else", async () => {
    const { stage, vic } = await facilitating();
    const ann = await someone("ann");
    const given = await knock(ann);
    await vic.receive({ type: "read-knock", knock: given });
    expect(vic.told("knock-read")).toEqual([{ type: "knock-read", knock: given.id, name: "ann" }]);
    await vic.receive({ type: "admit", knocks: [given.id] });
    await stage.echo(vic);
    expect(vic.people).toContain(idOf("ann"));
    expect(vic.view?.changes.at(-1)).toMatchObject({ kind: "joined", members: [idOf("ann")], by: idOf("vic") });
  });

  test("with another's KeyPackage shows no name, and admitting it does nothing", async () => {
    const { vic } = await facilitating();
    const [ann, mal] = await Promise.all([knock(await someone("ann")), knock(await someone("mal"))]);
    for (const forged of [
      { ...ann, key_package: mal.key_package },
      { ...ann, sealed: mal.sealed },
      { ...mal, id: ann.id },
      { ...ann, nonce: mal.nonce },
    ]) {
      await vic.receive({ type: "read-knock", knock: forged });
      await vic.receive({ type: "admit", knocks: [forged.id] });
    }
    await pass(2, vic);
    expect(vic.told("knock-read").map(({ name }) => name)).toEqual([null, null, null, null]);
    // The same four times at once: people are told once.
    expect(vic.incidents).toEqual([{ kind: "forged-knock" }]);
    expect(vic.sent("mls_commit")).toEqual([]);
  });

  test("under the id of somebody who is there lets nobody in", async () => {
    const { vic } = await facilitating();
    const twin = await knock(await someone("twin", { member: bytesFor("member ben", 16) }));
    await vic.receive({ type: "read-knock", knock: twin });
    await vic.receive({ type: "admit", knocks: [twin.id] });
    await pass(2, vic);
    expect(vic.sent("mls_commit")).toEqual([]);
    expect(vic.people.filter((member) => member === idOf("ben")).length).toBe(1);
  });

  test("of somebody who was let in and removed does not let them in again", async () => {
    const { stage, vic } = await facilitating();
    const ann = await someone("ann");
    const given = await knock(ann);
    await stage.add("fay", [ann]);
    await stage.order("fay", await removeAndCommit(stage.actor("fay").group, [stage.leaf("ann")]));
    await vic.receive({ type: "read-knock", knock: given });
    expect(vic.told("knock-read").at(-1)).toMatchObject({ name: null });
    expect(vic.incidents).toEqual([{ kind: "forged-knock" }]);
  });
});

describe("whose turn it is", () => {
  /** How many turns Vic, the third facilitator, leaves to others before taking somebody out who is gone. */
  async function turn(...connections: [name: string, connected: boolean][]): Promise<number> {
    const stage = await Stage.of(["fay", "fin"], ["ben"]);
    const vic = await Victim.open("vic", { facilitator: true });
    await stage.admit(vic, "fay", "facilitator");
    for (const [name, connected] of connections) {
      await vic.hear({ type: "member_connection", room: ROOM, member: idOf(name), connected });
    }
    await vic.hear({ type: "member_gone", room: ROOM, gone: { member: idOf("ben"), reason: "lost" } });
    for (let turns = 0; turns < 5; turns++) {
      if (vic.sent("mls_commit").length) return turns;
      await pass(RANK + 0.01, vic);
    }
    throw new Error("never");
  }

  test("depends on who is connected, as the server says", async () => {
    expect(await turn()).toBe(2);
    expect(await turn(["fay", false])).toBe(1);
    expect(await turn(["fay", false], ["fin", false])).toBe(0);
    expect(await turn(["fay", false], ["fin", false], ["fay", true])).toBe(1);
  });
});

describe("somebody who is said to come back, or to be a facilitator", () => {
  /** Vic is a participant, and as such the one who commits what is anybody's: nobody else is connected. */
  async function waiting(): Promise<{ stage: Stage; vic: Victim }> {
    const stage = await Stage.of(["fay"], ["ben"]);
    const vic = await Victim.open("vic");
    await stage.admit(vic, "fay");
    for (const name of ["fay", "ben"]) {
      await vic.hear({ type: "member_connection", room: ROOM, member: idOf(name), connected: false });
    }
    return { stage, vic };
  }

  async function offered(vic: Victim, who: Someone, signature: Bytes | null): Promise<void> {
    const rejoin = signature && toBase64url(signature);
    const key_package = toBase64url(who.own.message);
    const member = toBase64url(who.credential.member);
    await vic.hear({ type: "mls_offered", room: ROOM, member, key_package, rejoin });
    await pass(3, vic);
  }

  async function proof(stage: Stage, next: Someone, by: Someone = stage.actor("ben").who, meeting = MEETING) {
    const statement = rejoinStatement(meeting, stage.actor("ben").who.key.publicKey, next.own.ref);
    return by.rejoin.sign(statement);
  }

  test("comes back by a good proof", async () => {
    const { stage, vic } = await waiting();
    const again = await someone("ben");
    await offered(vic, again, await proof(stage, again));
    await stage.echo(vic);
    expect(vic.view?.changes.at(-1)).toMatchObject({ kind: "back", members: [idOf("ben")] });
  });

  test("does not come back by a forged, foreign or missing one", async () => {
    const { stage, vic } = await waiting();
    const [again, other, mal] = [await someone("ben"), await someone("ben"), await someone("mal")];
    await offered(vic, again, await proof(stage, again, mal));
    await offered(vic, again, await proof(stage, other));
    await offered(vic, again, await proof(stage, again, stage.actor("ben").who, bytesFor("another meeting", 16)));
    // For the place of somebody else.
    const elsewhere = rejoinStatement(MEETING, stage.actor("fay").who.key.publicKey, again.own.ref);
    await offered(vic, again, await stage.actor("ben").who.rejoin.sign(elsewhere));
    await offered(vic, again, null);
    // Ben's own proof, for a KeyPackage that names another rejoin key.
    const thief = await someone("ben", { rejoinSeed: bytesFor("rejoin mal", 32) });
    await offered(vic, thief, await proof(stage, thief));
    // Somebody who never was there.
    await offered(vic, mal, await proof(stage, mal, mal));
    expect(vic.sent("mls_commit")).toEqual([]);
    expect(vic.people.length).toBe(3);
  });

  test("comes in by a facilitator's certificate", async () => {
    const { stage, vic } = await waiting();
    await offered(vic, await facilitator("late"), null);
    await stage.echo(vic);
    expect(vic.view?.people.find(({ member }) => member === idOf("late"))).toMatchObject({ role: "facilitator" });
  });

  test("does not put anybody else out by coming in under their id", async () => {
    const stage = await Stage.of(["fay"], ["ben"]);
    const vic = await Victim.open("vic", { facilitator: true });
    await stage.admit(vic, "fay", "facilitator");
    const late = await facilitator("late");
    const key_package = toBase64url(late.own.message);
    await vic.hear({ type: "mls_offered", room: ROOM, member: idOf("ben"), key_package });
    await pass(3, vic);
    expect(vic.sent("mls_commit")).toEqual([]);
  });

  test("does not come in by a certificate of another root or group, an expired or revoked one, or one for another meeting", async () => {
    const { stage, vic } = await waiting();
    await stage.say("fay", { type: "revocations", list: await revocations("gone") });
    const role = async (name: string) => (await signingKey(bytesFor(`role ${name}`, 32))).publicKey;
    const foreign = await issueCertificate(await signingKey(bytesFor("another root", 32)), {
      group: GROUP,
      roleKey: await role("eve"),
      notBefore: 0,
      notAfter: 4e9,
      serial: bytesFor("eve", 8),
    });
    const forged: Certificate = { ...(await certificate("eve")), notAfter: 4e9 };
    const impostors = [
      await facilitator("eve", { certificate: foreign }),
      await facilitator("eve", { certificate: forged }),
      await facilitator("eve", { certificate: await certificate("eve", { group: bytesFor("another group", 16) }) }),
      await facilitator("eve", { certificate: await certificate("eve", { notAfter: Math.floor(NOW) - 3 * DAY }) }),
      await facilitator("eve", { meeting: bytesFor("another meeting", 16) }),
      // Somebody else's certificate, under one's own role key.
      await facilitator("eve", { certificate: await certificate("fay") }),
      await facilitator("gone"),
    ];
    for (const impostor of impostors) await offered(vic, impostor, null);
    expect(vic.sent("mls_commit")).toEqual([]);
  });
});

describe("somebody who is said to be gone", () => {
  async function gone(leaving: (stage: Stage) => Promise<Bytes | null>): Promise<Victim> {
    const stage = await Stage.of(["fay"], ["ben"]);
    const vic = await Victim.open("vic");
    await stage.admit(vic, "fay");
    await vic.hear({ type: "member_connection", room: ROOM, member: idOf("fay"), connected: false });
    const signature = await leaving(stage);
    const said = { member: idOf("ben"), reason: "left" as const, leaving: signature && toBase64url(signature) };
    await vic.hear({ type: "member_gone", room: ROOM, gone: said });
    await pass(3, vic);
    return vic;
  }

  const signed = async (stage: Stage, by: string, meeting = MEETING): Promise<Bytes> => {
    const statement = leavingStatement(meeting, stage.leaf("ben"), stage.actor("ben").who.key.publicKey);
    return signWithLeaf(stage.actor(by).who.key, statement);
  };

  test("is taken out by anybody if they signed it", async () => {
    const vic = await gone((stage) => signed(stage, "ben"));
    expect(vic.sent("mls_commit").length).toBeGreaterThan(0);
  });

  test("is not, by participants, on the server's word or another's signature", async () => {
    for (const leaving of [
      async () => null,
      (stage: Stage) => signed(stage, "fay"),
      (stage: Stage) => signed(stage, "ben", bytesFor("another meeting", 16)),
      async () => bytesFor("no signature", 64),
    ]) {
      const vic = await gone(leaving);
      expect(vic.sent("mls_commit")).toEqual([]);
      expect(vic.people).toContain(idOf("ben"));
    }
  });
});

test("a facilitator's commit that was not echoed changes nothing", async () => {
  const stage = await Stage.of(["fay"]);
  const vic = await Victim.open("vic", { facilitator: true });
  await stage.admit(vic, "fay", "facilitator");
  await vic.receive({ type: "remove", member: idOf("fay") });
  const [sent] = vic.sent("mls_commit");
  expect(fromBase64url(sent?.commit ?? "").length).toBeGreaterThan(100);
  expect(vic.people).toContain(idOf("fay"));
  await stage.echo(vic);
  expect(vic.people).toEqual([idOf("vic")]);
});
