/** What people read of commits. */
import { beforeAll, describe, expect, test } from "vitest";
import { follow, type Held, meetingOf } from "../../../../web/client/e2ee/group/held";
import { History } from "../../../../web/client/e2ee/group/history";
import { addAndCommit, emptyCommit, removeAndCommit } from "../../../../web/client/e2ee/mls/adapter";
import { signWithLeaf } from "../../../../web/client/e2ee/mls/messages";
import { encodeStatements, leavingStatement, rejoinStatement } from "../../../../web/client/e2ee/mls/statements";
import { facilitator, type Member, meeting, NOW, PSK, someone } from "../mls/world";
import { at, held, idOf, link } from "./circle";

let members: [Member, Member, Member];
let [ana, ben]: [Held, Held] = [] as unknown as [Held, Held];
beforeAll(async () => {
  members = (await meeting(await facilitator("ana"), [await someone("ben"), await someone("chi")])) as typeof members;
  [ana, ben] = [await held(members[0]), await held(members[1])];
});

async function changeOf(commit: Uint8Array<ArrayBuffer>) {
  const followed = await follow(ben, commit, link, at(1));
  if (followed.outcome !== "applied") throw new Error(JSON.stringify(followed));
  return followed.change;
}

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

  test("tells who came, and who came back in their own place", async () => {
    const dee = await someone("dee");
    const { commit } = await addAndCommit(ana.group, [dee.own.message], await PSK, NOW);
    expect(await told(commit)).toEqual([["joined", idOf("dee")]]);
    const again = await someone("chi");
    const [, , { who }] = members;
    const statement = rejoinStatement(meetingOf(ana), who.key.publicKey, again.own.ref);
    const rejoins = [{ leaf: 2, ref: again.own.ref, signature: await who.rejoin.sign(statement) }];
    const authenticatedData = encodeStatements({ leavings: [], rejoins, grants: null });
    const options = { replaced: [2], authenticatedData };
    const back = await addAndCommit(ana.group, [again.own.message], await PSK, NOW, options);
    expect(await told(back.commit)).toEqual([["back", idOf("chi")]]);
  });
});
