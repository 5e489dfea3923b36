/** What a malicious server and members who help it try with the group's keys, and what people are told. */
import { createGroupInfoWithExternalPubAndRatchetTree, joinGroupExternal } from "ts-mls";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Bytes } from "../../../../web/client/base64url";
import { addAndCommit, emptyCommit, removeAndCommit } from "../../../../web/client/e2ee/mls/adapter";
import { encode, signWithLeaf } from "../../../../web/client/e2ee/mls/messages";
import { encodeStatements, leavingStatement, rejoinStatement } from "../../../../web/client/e2ee/mls/statements";
import { suite } from "../../../../web/client/e2ee/mls/suite";
import { bytesFor, MEETING, NOW, someone } from "../mls/world";
import { handmade, idOf, psk, Stage, Victim } from "./stage";

beforeAll(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterAll(() => void vi.useRealTimers());

/** Fay and Fin facilitate, Ben and Mal take part; Vic is the victim. */
let stage: Stage;
let vic: Victim;
beforeEach(async () => {
  stage = await Stage.of(["fay", "fin"], ["ben", "mal"]);
  vic = await Victim.open("vic");
  await stage.admit(vic, "fay");
});

test("as it should be: everybody in the tree is shown, and a facilitator's commits are followed", async () => {
  expect(vic.people.sort()).toEqual(["fay", "fin", "ben", "mal", "vic"].map(idOf).sort());
  await stage.add("fay", [await someone("zoe")]);
  expect(vic.people).toContain(idOf("zoe"));
  expect(vic.frames.epochs.length).toBe(2);
  expect(vic.incidents).toEqual([]);
});

/** The commit changes nothing for Vic, who is told by whom it was. */
async function refused(by: string, commit: Bytes, told: { by: string | null; reason?: string }): Promise<void> {
  const before = vic.view;
  const { length } = vic.frames.epochs;
  await stage.forge(vic, by, commit);
  const name = told.by && idOf(told.by);
  expect(vic.incidents).toEqual([{ kind: "forged-commit", by: name, reason: told.reason ?? expect.any(String) }]);
  expect(vic.frames.epochs.length).toBe(length);
  expect(vic.view).toEqual(before);
  expect(vic.sent("mls_reject").length).toBe(1);
}

describe("a ghost", () => {
  test("who commits themselves in from outside", async () => {
    const cs = await suite();
    const info = await createGroupInfoWithExternalPubAndRatchetTree(stage.actor("mal").group.mls, [], cs);
    const ghost = await someone("ghost");
    const { publicMessage } = await joinGroupExternal(info, ghost.own.keyPackage, ghost.own.secrets, false, cs);
    await refused("mal", encode({ version: "mls10", wireformat: "mls_public_message", publicMessage }), { by: null });
  });

  test("whom a participant lets in, link and all", async () => {
    const ghost = await someone("ghost");
    const { commit } = await addAndCommit(stage.actor("mal").group, [ghost.own.message], await psk, NOW);
    await refused("mal", commit, { by: "mal", reason: "may-not-add" });
  });

  test("whom a participant lets in under a facilitator's name", async () => {
    const ghost = await someone("ghost");
    const { commit } = await addAndCommit(stage.actor("mal").group, [ghost.own.message], await psk, NOW);
    await refused("fay", commit, { by: "mal", reason: "may-not-add" });
  });

  test("whom a facilitator lets in without the link's key", async () => {
    const ghost = await someone("ghost");
    const proposal = { proposalType: "add" as const, add: { keyPackage: ghost.own.keyPackage } };
    await refused("fay", (await handmade(stage.actor("fay"), [proposal])).commit, { by: "fay", reason: "psk" });
  });

  test("under the id of somebody who is there", async () => {
    const twin = await someone("twin", { member: bytesFor("member ben", 16) });
    const { commit } = await addAndCommit(stage.actor("fay").group, [twin.own.message], await psk, NOW);
    await refused("fay", commit, { by: "fay", reason: "taken" });
  });

  test("with the rejoin key of somebody who is there, to inherit their marks", async () => {
    const twin = await someone("twin", { rejoinSeed: bytesFor("rejoin ben", 32) });
    const { commit } = await addAndCommit(stage.actor("fay").group, [twin.own.message], await psk, NOW);
    await refused("fay", commit, { by: "fay", reason: "taken" });
  });

  test("in the place of somebody who did not ask to come back", async () => {
    const [ghost, ben] = [await someone("ben"), stage.actor("ben").who];
    const leaf = stage.leaf("ben");
    const statement = rejoinStatement(MEETING, ben.key.publicKey, ghost.own.ref);
    const signature = await stage.actor("mal").who.rejoin.sign(statement);
    const authenticatedData = encodeStatements({
      leavings: [],
      rejoins: [{ leaf, ref: ghost.own.ref, signature }],
      grants: null,
    });
    const options = { authenticatedData, replaced: [leaf] };
    const { commit } = await addAndCommit(stage.actor("mal").group, [ghost.own.message], await psk, NOW, options);
    await refused("mal", commit, { by: "mal", reason: "bad-rejoin" });
  });

  test("who uses a proof of coming back that was used before", async () => {
    const ben = stage.actor("ben").who;
    const leaf = stage.leaf("ben");
    const again = await someone("ben");
    const proof = async () => {
      const statement = rejoinStatement(MEETING, ben.key.publicKey, again.own.ref);
      return encodeStatements({
        leavings: [],
        rejoins: [{ leaf, ref: again.own.ref, signature: await ben.rejoin.sign(statement) }],
        grants: null,
      });
    };
    await stage.add("mal", [again], { authenticatedData: await proof(), replaced: [leaf] });
    expect(vic.people).toContain(idOf("ben"));
    expect(vic.incidents).toEqual([]);
    const options = { authenticatedData: await proof(), replaced: [stage.leaf("ben")] };
    const { group } = stage.actor("mal");
    const second = await someone("ben");
    const { commit } = await addAndCommit(group, [second.own.message], await psk, NOW, options);
    await refused("mal", commit, { by: "mal" });
  });
});

describe("a participant's commit", () => {
  test("cannot take anybody out", async () => {
    const { commit } = await removeAndCommit(stage.actor("mal").group, [stage.leaf("ben")]);
    await refused("mal", commit, { by: "mal", reason: "may-not-remove" });
  });

  test("cannot take the victim out, who hears of no removal", async () => {
    const leaf = vic.view?.people.find(({ self }) => self)?.leaf as number;
    const { commit } = await removeAndCommit(stage.actor("mal").group, [leaf]);
    await refused("mal", commit, { by: "mal", reason: "may-not-remove" });
    expect(vic.told("removed")).toEqual([]);
  });

  test("cannot take somebody out by a leaving that another one signed", async () => {
    const [leaf, ben] = [stage.leaf("ben"), stage.actor("ben").who];
    const statement = leavingStatement(MEETING, leaf, ben.key.publicKey);
    const signature = await signWithLeaf(stage.actor("mal").who.key, statement);
    const authenticatedData = encodeStatements({ leavings: [{ leaf, signature }], rejoins: [], grants: null });
    const { commit } = await removeAndCommit(stage.actor("mal").group, [leaf], { authenticatedData });
    await refused("mal", commit, { by: "mal", reason: "bad-leaving" });
  });

  test("cannot change the keys for no cause", async () => {
    const { commit } = await emptyCommit(stage.actor("mal").group);
    await refused("mal", commit, { by: "mal", reason: "path-update" });
  });

  test("cannot end the group for another one, whoever signs it", async () => {
    const reinit = {
      proposalType: "reinit" as const,
      reinit: {
        groupId: bytesFor("another", 16),
        version: "mls10" as const,
        cipherSuite: "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519" as const,
        extensions: [],
      },
    };
    const { commit } = await handmade(stage.actor("fay"), [reinit]);
    await refused("fay", commit, { by: "fay", reason: "foreign-proposal" });
  });
});

describe("the order", () => {
  test("a commit that is heard again changes nothing", async () => {
    const pending = await emptyCommit(stage.actor("fay").group);
    await stage.order("fay", pending);
    expect(vic.view?.epoch).toBe(stage.epoch);
    await refused("fay", pending.commit, { by: null, reason: "epoch" });
  });

  test("a commit with a gap before it is not applied: the gap is asked for", async () => {
    const kept = await emptyCommit(stage.actor("fay").group);
    const before = vic.view?.epoch;
    await stage.order("fay", kept, [vic]);
    await stage.order("fay", await emptyCommit(stage.actor("fay").group));
    expect(vic.view?.epoch).toBe(before);
    expect(vic.sent("mls_catch_up").at(-1)).toMatchObject({ epoch: before });
    expect(vic.incidents).toEqual([]);
  });

  test("a changed bit is noticed", async () => {
    const { commit } = await emptyCommit(stage.actor("fay").group);
    commit[commit.length - 1] = (commit.at(-1) as number) ^ 1;
    await refused("fay", commit, { by: null });
  });

  test("junk is refused", async () => {
    await refused("fay", bytesFor("junk", 300), { by: null, reason: "malformed" });
  });
});

test("a removal is told only when a facilitator signed it, and by whom", async () => {
  const leaf = vic.view?.people.find(({ self }) => self)?.leaf as number;
  await stage.order("fin", await removeAndCommit(stage.actor("fin").group, [leaf]));
  expect(vic.told("removed")).toEqual([{ type: "removed", room: "room-id-1", by: idOf("fin") }]);
  expect(vic.frames.suspended).toBeGreaterThan(0);
});
