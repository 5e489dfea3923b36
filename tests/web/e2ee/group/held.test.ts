/** Commits followed, refused and adopted. */
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  adopted,
  epochOf,
  follow,
  type Held,
  judged,
  judgedAnew,
  meetingOf,
} from "../../../../web/client/e2ee/group/held";
import { addAndCommit, removeAndCommit } from "../../../../web/client/e2ee/mls/adapter";
import { encodeStatements, rejoinStatement } from "../../../../web/client/e2ee/mls/statements";
import { facilitator, type Member, meeting, NOW, PSK, someone } from "../mls/world";
import { at, held, link, names } from "./circle";

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
  });

  test("is judged by the people as they are known now", async () => {
    expect((await judgedAnew(ben, link, at(0))).people).toEqual(ben.people);
    const later = await judgedAnew(ben, link, at(86_400 * 500));
    expect(later.people.map((person) => person.facilitator)).toEqual([false, false, false]);
  });
});
