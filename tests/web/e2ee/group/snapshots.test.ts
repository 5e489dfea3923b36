/** The way back from a commit that turned out void. */
import { beforeAll, describe, expect, test } from "vitest";
import { toBase64url } from "../../../../web/client/base64url";
import { type Held, meetingOf } from "../../../../web/client/e2ee/group/held";
import { Snapshots, UNSETTLED } from "../../../../web/client/e2ee/group/snapshots";
import { signWithLeaf } from "../../../../web/client/e2ee/mls/messages";
import { rejectionStatement } from "../../../../web/client/e2ee/mls/statements";
import { bytesFor, facilitator, type Member, meeting, someone } from "../mls/world";
import { held, idOf } from "./circle";

let members: [Member, Member, Member];
let [ana, ben]: [Held, Held] = [] as unknown as [Held, Held];
beforeAll(async () => {
  members = (await meeting(await facilitator("ana"), [await someone("ben"), await someone("chi")])) as typeof members;
  [ana, ben] = [await held(members[0]), await held(members[1])];
});

describe("an earlier state", () => {
  const hash = bytesFor("hash", 32);
  const report = async (by: Member, seq = 7, name = by.who.name) => ({
    member: idOf(name),
    statement: toBase64url(await signWithLeaf(by.who.key, rejectionStatement(meetingOf(ana), seq, hash))),
  });
  const kept = () => {
    const snapshots = new Snapshots();
    snapshots.add({ held: ben, applied: 6, seq: 7, hash, at: 100 });
    return snapshots;
  };

  test("is gone back to on a certificate holder's signature alone", async () => {
    const [host, other] = members;
    expect((await kept().backTo(7, 6, [await report(host)]))?.held).toBe(ben);
    for (const reports of [
      [],
      [await report(other)],
      [await report(host, 8)],
      [await report(other, 7, "ana")],
      [{ member: idOf("ana"), statement: "junk" }],
    ]) {
      expect(await kept().backTo(7, 6, reports)).toBeNull();
    }
    expect(await kept().backTo(7, 5, [await report(host)])).toBeNull();
    expect(await kept().backTo(8, 6, [await report(host)])).toBeNull();
  });

  test("is kept for as long as the server may reopen it", async () => {
    const snapshots = kept();
    expect(snapshots.deadline).toBe(100 + UNSETTLED);
    snapshots.tick(100 + UNSETTLED);
    expect(snapshots.deadline).toBe(Number.POSITIVE_INFINITY);
    expect(await snapshots.backTo(7, 6, [await report(members[0])])).toBeNull();
  });

  test("takes those after it along, and what was gone back from stays void", async () => {
    const snapshots = kept();
    const next = bytesFor("next", 32);
    snapshots.add({ held: ana, applied: 7, seq: 8, hash: next, at: 101 });
    expect(snapshots.states).toEqual([ben, ana]);
    await snapshots.backTo(7, 6, [await report(members[0])]);
    expect(snapshots.states).toEqual([]);
    expect([hash, next, bytesFor("other", 32)].map((one) => snapshots.isVoid(one))).toEqual([true, true, false]);
  });

  test("is judged anew with the rest, and goes with it", async () => {
    const snapshots = kept();
    await snapshots.judgeAnew(async () => ana);
    expect(snapshots.states).toEqual([ana]);
    snapshots.clear();
    expect([snapshots.states, snapshots.deadline]).toEqual([[], Number.POSITIVE_INFINITY]);
  });
});
