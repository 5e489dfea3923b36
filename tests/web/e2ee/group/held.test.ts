/** Commits followed, refused and adopted; what people read of them; marks; and the way back. */
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { toBase64url } from "../../../../web/client/base64url";
import {
  adopted,
  epochOf,
  follow,
  type Held,
  judged,
  judgedAnew,
  meetingOf,
} from "../../../../web/client/e2ee/group/held";
import { History } from "../../../../web/client/e2ee/group/history";
import { Marks } from "../../../../web/client/e2ee/group/marks";
import { Snapshots, UNSETTLED } from "../../../../web/client/e2ee/group/snapshots";
import { addAndCommit, emptyCommit, removeAndCommit } from "../../../../web/client/e2ee/mls/adapter";
import { signWithLeaf } from "../../../../web/client/e2ee/mls/messages";
import {
  encodeStatements,
  leavingStatement,
  rejectionStatement,
  rejoinStatement,
} from "../../../../web/client/e2ee/mls/statements";
import { bytesFor, facilitator, type Member, meeting, NOW, PSK, someone } from "../mls/world";
import { at, held, idOf, link, names } from "./circle";

let members: [Member, Member, Member];
let [ana, ben, chi]: [Held, Held, Held] = [] as unknown as [Held, Held, Held];
beforeAll(async () => {
  members = (await meeting(await facilitator("ana"), [await someone("ben"), await someone("chi")])) as typeof members;
});
beforeEach(async () => {
  [ana, ben, chi] = (await Promise.all(members.map((member) => held(member)))) as [Held, Held, Held];
});

async function changeOf(commit: Uint8Array<ArrayBuffer>, before = ben) {
  const followed = await follow(before, commit, link, at(1));
  if (followed.outcome !== "applied") throw new Error(JSON.stringify(followed));
  return followed.change;
}

describe("a commit", () => {
  test("leads its sender and the others to one state", async () => {
    const dee = await someone("dee");
    const pending = await addAndCommit(ana.group, [dee.own.message], await PSK, NOW);
    const prepared = await judged(ana, pending, link, at(0));
    if (!prepared) throw new Error("refused");
    const mine = await adopted(ana, prepared, link, at(1));
    const theirs = await changeOf(pending.commit);
    expect(names(mine.after)).toEqual(names(theirs.after));
    expect(mine.added.map(({ leaf }) => leaf)).toEqual([3]);
    expect(mine.refs).toEqual([dee.own.ref]);
    expect([mine.path, theirs.path]).toEqual([false, false]);
    expect(epochOf(theirs.after)).toBe(epochOf(ben) + 1);
    await expect(adopted(mine.after, prepared, link, at(1))).rejects.toMatchObject({ kind: "epoch" });
  });

  test("that the policy refuses is put down to its signer, one that nobody signed to nobody", async () => {
    const { commit } = await removeAndCommit(chi.group, [0]);
    expect(await follow(ben, commit, link, at(1))).toMatchObject({
      outcome: "refused",
      by: { leaf: 2 },
      reason: "may-not-remove",
    });
    expect(await judged(chi, await removeAndCommit(chi.group, [0]), link, at(0))).toBeNull();
    const bent = commit.slice();
    bent[bent.length - 1] = (bent.at(-1) ?? 0) ^ 1;
    expect(await follow(ben, bent, link, at(1))).toMatchObject({ outcome: "refused", by: null });
    expect(await follow(ben, new Uint8Array(0), link, at(1))).toMatchObject({ by: null, reason: "malformed" });
  });

  test("that takes one's own leaf says by whom, and whether oneself came in its place", async () => {
    const { commit } = await removeAndCommit(ana.group, [1]);
    expect(await follow(ben, commit, link, at(1))).toMatchObject({
      outcome: "removed",
      by: { leaf: 0 },
      replaced: false,
    });
    const again = await someone("ben");
    const [, { who }] = members;
    const statement = rejoinStatement(meetingOf(ben), who.key.publicKey, again.own.ref);
    const rejoins = [{ leaf: 1, ref: again.own.ref, signature: await who.rejoin.sign(statement) }];
    const authenticatedData = encodeStatements({ leavings: [], rejoins, grants: null });
    const options = { replaced: [1], authenticatedData };
    const back = await addAndCommit(chi.group, [again.own.message], await PSK, NOW, options);
    expect(await follow(ben, back.commit, link, at(1))).toMatchObject({ outcome: "removed", replaced: true });
    const change = await changeOf(back.commit, ana);
    expect(change.rejoined).toEqual([{ from: who.key.publicKey, to: again.key.publicKey }]);
    const history = new History();
    history.committed(change, () => false, 1);
    expect(history.changes).toEqual([{ kind: "back", members: [idOf("ben")], by: idOf("chi"), at: 1 }]);
    const marks = new Marks();
    marks.add([who.key.publicKey]);
    expect(marks.moved(change.rejoined)).toBe(true);
    expect(marks.has(again.key.publicKey)).toBe(true);
    expect(marks.moved([{ from: bytesFor("x", 32), to: bytesFor("y", 32) }])).toBe(false);
  });

  test("is judged by the people as they are known now", async () => {
    expect((await judgedAnew(ben, link, at(0))).people).toEqual(ben.people);
    const later = await judgedAnew(ben, link, at(86_400 * 500));
    expect(later.people.map((person) => person.facilitator)).toEqual([false, false, false]);
  });
});

describe("the history", () => {
  const told = async (commit: Uint8Array<ArrayBuffer>, gone: string[] = []) => {
    const history = new History();
    history.committed(await changeOf(commit), (member) => gone.includes(member), 1);
    return history.changes.map(({ kind, members }) => [kind, ...members]);
  };

  test("tells a removal from a leaving, and from somebody lost", async () => {
    const { commit } = await removeAndCommit(ana.group, [2]);
    expect(await told(commit)).toEqual([["removed", idOf("chi")]]);
    expect(await told(commit, [idOf("chi")])).toEqual([["left", idOf("chi")]]);
    const [, , { who }] = members;
    const signature = await signWithLeaf(who.key, leavingStatement(meetingOf(ana), 2, who.key.publicKey));
    const authenticatedData = encodeStatements({ leavings: [{ leaf: 2, signature }], rejoins: [], grants: null });
    const signed = await removeAndCommit(ana.group, [2], { authenticatedData });
    expect(await told(signed.commit)).toEqual([["left", idOf("chi")]]);
    expect(await told((await emptyCommit(ana.group)).commit)).toEqual([["renewed", idOf("ana")]]);
  });

  test("keeps the last 32, and forgets what is void", () => {
    const history = new History();
    for (let epoch = 1; epoch <= 40; epoch++) {
      history.add(epoch, { kind: "renewed", members: [], by: null, at: epoch });
    }
    expect(history.changes.map(({ at }) => at)).toEqual(Array.from({ length: 32 }, (_, at) => at + 9));
    history.backTo(38);
    expect(history.changes.at(-1)?.at).toBe(38);
  });
});

test("marks are bounded", () => {
  const marks = new Marks();
  const key = (at: number) => Uint8Array.from({ length: 32 }, (_, byte) => (byte < 2 ? at >> (8 * byte) : 7));
  for (let at = 0; at < 1100; at++) marks.add([key(at)]);
  expect(marks.keys).toHaveLength(1024);
  expect([marks.has(key(0)), marks.has(key(1099))]).toEqual([false, true]);
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
});
