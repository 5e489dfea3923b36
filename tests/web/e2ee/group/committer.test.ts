import { beforeAll, describe, expect, test } from "vitest";
import { toBase64url } from "../../../../web/client/base64url";
import type { Built } from "../../../../web/client/e2ee/group/builder";
import { Committer } from "../../../../web/client/e2ee/group/committer";
import { adopted, type Held, memberOf, roleOf } from "../../../../web/client/e2ee/group/held";
import { groupId, ownLeaf } from "../../../../web/client/e2ee/mls/adapter";
import { signWithLeaf } from "../../../../web/client/e2ee/mls/messages";
import { leavingStatement, rejoinStatement } from "../../../../web/client/e2ee/mls/statements";
import type { MlsOfferedMessage } from "../../../../web/client/protocol_types";
import { facilitator, type Member, meeting, type Someone, someone } from "../mls/world";
import { at, held, idOf, link, names } from "./circle";

/** Seconds, as protocol and people were promised: written down here, so that the code cannot move them unseen. */
const [ADMISSIONS, RANK, RENEWAL] = [0.5, 0.3, 300];

let ana: Member;
let ben: Member;
let chi: Member;
let views: Held[];
beforeAll(async () => {
  const others = [await someone("ben"), await someone("chi")];
  [ana, ben, chi] = (await meeting(await facilitator("ana"), others)) as [Member, Member, Member];
  views = await Promise.all([held(ana), held(ben), held(chi)]);
});
const of = (member: Member): Held => views[[ana, ben, chi].indexOf(member)] as Held;

/** When this member commits something first, and what. */
async function first(committer: Committer, member: Member): Promise<{ after: number; built: Built | null }> {
  await committer.assess(of(member), at(0));
  const after = committer.deadline;
  if (!Number.isFinite(after)) return { after, built: null };
  const { send } = await committer.next(of(member), member.who.key, at(after));
  return { after, built: send };
}

const leavingOf = async ({ who, group }: Member) =>
  toBase64url(await signWithLeaf(who.key, leavingStatement(groupId(group), ownLeaf(group), who.key.publicKey)));
const gone = async (member: Member, signed = true) => ({
  member: idOf(member.who.name),
  reason: "left" as const,
  leaving: signed ? await leavingOf(member) : null,
});
const admit = (committer: Committer, who: Someone, now = 0) => committer.admit(idOf(who.name), who.own.message, now);

async function offer(member: Member, again: Someone): Promise<MlsOfferedMessage> {
  const statement = rejoinStatement(groupId(member.group), member.who.key.publicKey, again.own.ref);
  const rejoin = toBase64url(await member.who.rejoin.sign(statement));
  const key_package = toBase64url(again.own.message);
  return {
    type: "mls_offered",
    room: "room-room",
    member: idOf(member.who.name),
    key_package,
    rejoin,
  };
}

describe("by rank", () => {
  test("the first commits a signed leaving at once, each next one 300 ms later", async () => {
    const dues = [];
    for (const member of [ana, ben]) {
      const committer = new Committer(link);
      committer.gone(await gone(chi), 0);
      const { after, built } = await first(committer, member);
      dues.push(after);
      expect(built?.prepared.view.proposals).toEqual([{ type: "remove", leaf: 2 }]);
    }
    expect(dues).toEqual([0, RANK]);
  });

  test("those who are away, gone or without a state are passed over", async () => {
    for (const hint of [
      (committer: Committer) => committer.connection(idOf("ana"), false),
      (committer: Committer) => committer.gone({ member: idOf("ana"), reason: "lost" }, 0),
    ]) {
      const committer = new Committer(link);
      committer.gone(await gone(chi), 0);
      hint(committer);
      expect((await first(committer, ben)).after).toBe(0);
    }
    const committer = new Committer(link);
    committer.connection(idOf("ana"), false);
    committer.connection(idOf("ana"), true);
    committer.gone(await gone(chi), 0);
    expect((await first(committer, ben)).after).toBe(RANK);
  });

  test("who is gone without a signature is a facilitator's to remove, and nobody's whose leaving is forged", async () => {
    for (const leaving of [null, await leavingOf(ben), "junk"]) {
      const note = { ...(await gone(chi, false)), leaving };
      const [hers, his] = [new Committer(link), new Committer(link)];
      hers.gone(note, 0);
      his.gone(note, 0);
      expect((await first(hers, ana)).built?.prepared.view.proposals).toEqual([{ type: "remove", leaf: 2 }]);
      expect((await first(his, ben)).built).toBeNull();
    }
  });

  test("a proven rejoin is anybody's, and nobody's without the proof", async () => {
    const again = await someone("chi");
    const good = await offer(chi, again);
    const committer = new Committer(link);
    committer.offered(good, 0);
    const { after, built } = await first(committer, ben);
    expect(after).toBe(RANK);
    expect(built?.prepared.view.proposals.map(({ type }) => type)).toEqual(["remove", "add", "psk"]);
    expect(built?.prepared.verdict.rejoined).toHaveLength(1);
    const thief = await someone("chi", { rejoinSeed: new Uint8Array(32).fill(9) });
    for (const bad of [
      { ...good, rejoin: null },
      { ...good, rejoin: toBase64url(new Uint8Array(64)) },
      { ...good, member: idOf("ben") },
      { ...good, key_package: "AAAA" },
      { ...good, key_package: "!" },
      await offer(chi, thief),
      await offer({ ...chi, who: { ...chi.who, rejoin: thief.rejoin } }, again),
    ]) {
      for (const member of [ana, ben]) {
        const refusing = new Committer(link);
        refusing.offered(bad, 0);
        expect((await first(refusing, member)).built?.prepared.view.proposals ?? []).toEqual([]);
      }
    }
  });

  test("a facilitator who comes late is anybody's, a participant without a knock nobody's", async () => {
    const fay = await facilitator("fay");
    const late = { type: "mls_offered" as const, room: "room-room", key_package: toBase64url(fay.own.message) };
    const committer = new Committer(link);
    committer.offered({ ...late, member: idOf("fay") }, 0);
    const { after, built } = await first(committer, chi);
    expect(after).toBe(2 * RANK);
    expect(built?.prepared.view.proposals.map(({ type }) => type)).toEqual(["add", "psk"]);
    const ghost = await someone("ghost");
    const other = new Committer(link);
    const key_package = toBase64url(ghost.own.message);
    other.offered({ ...late, member: idOf("ghost"), key_package }, 0);
    expect((await first(other, ben)).built).toBeNull();
  });

  test("keys are renewed by facilitators alone, after five minutes", async () => {
    const hers = await first(new Committer(link), ana);
    expect(hers.after).toBe(RENEWAL);
    expect(hers.built?.prepared.view).toMatchObject({ proposals: [], path: {} });
    expect((await first(new Committer(link), ben)).built).toBeNull();
  });
});

describe("what a person asks for", () => {
  test("goes at once; the next admissions wait half a second", async () => {
    const committer = new Committer(link);
    const [dee, eve] = [await someone("dee"), await someone("eve")];
    admit(committer, dee);
    const { built } = await first(committer, ana);
    if (!built) throw new Error("nothing to send");
    expect(committer.flight).toBe(built);
    admit(committer, eve, 0.2);
    const change = await adopted(of(ana), built.prepared, link, at(0.2));
    await committer.applied(change, at(0.2));
    expect(names(change.after)).toContain(idOf("dee"));
    expect(committer.deadline).toBe(ADMISSIONS);
    const { send } = await committer.next(change.after, ana.who.key, at(ADMISSIONS));
    expect(send?.items).toHaveLength(1);
  });

  test("goes nowhere for those who may not", async () => {
    const committer = new Committer(link);
    admit(committer, await someone("dee"));
    committer.remove(idOf("chi"), 0);
    committer.remove(idOf("ana"), 0);
    committer.grant(idOf("ben"), true, 0);
    expect((await first(committer, ben)).built).toBeNull();
    const own = new Committer(link);
    own.remove(idOf("ana"), 0);
    own.grant(idOf("ana"), true, 0);
    own.remove(idOf("nobody"), 0);
    expect((await first(own, ana)).after).toBe(RENEWAL);
  });

  test("may come with everything else in one commit", async () => {
    const committer = new Committer(link);
    admit(committer, await someone("dee"));
    committer.remove(idOf("chi"), 0);
    committer.grant(idOf("ben"), true, 0);
    const { built } = await first(committer, ana);
    expect(built?.coFacilitators).toEqual([idOf("ben")]);
    if (!built) throw new Error("nothing to send");
    const { after } = await adopted(of(ana), built.prepared, link, at(0));
    expect(names(after)).toEqual([idOf("ana"), idOf("ben"), idOf("dee")]);
    expect(after.people.map((person) => roleOf(after, person))).toEqual([
      "facilitator",
      "co_facilitator",
      "participant",
    ]);
  });

  test("does not stand in the way of others when it cannot be done", async () => {
    const committer = new Committer(link);
    const twin = await someone("dee", { rejoinSeed: ben.who.rejoin.publicKey });
    Object.assign(twin, { own: { ...twin.own, message: twin.own.message.slice(0, -3) } });
    admit(committer, twin);
    admit(committer, await someone("eve"));
    await committer.assess(of(ana), at(0));
    const { send, refused } = await committer.next(of(ana), ana.who.key, at(0));
    expect(refused).toEqual([`admit ${idOf("dee")}`]);
    expect(send?.items.map(({ wish }) => wish)).toEqual([`admit ${idOf("eve")}`]);
  });
});

describe("a commit on its way", () => {
  async function sent(names = ["dee", "eve"]) {
    const committer = new Committer(link);
    for (const name of names) admit(committer, await someone(name));
    const { built } = await first(committer, ana);
    if (!built) throw new Error("nothing to send");
    return { committer, built };
  }

  test("is sent again without an answer, and at once when the socket is back", async () => {
    const { committer, built } = await sent();
    expect((await committer.next(of(ana), ana.who.key, at(2.9))).send).toBeNull();
    expect((await committer.next(of(ana), ana.who.key, at(3))).send).toBe(built);
    committer.repeat();
    expect((await committer.next(of(ana), ana.who.key, at(3))).send).toBe(built);
  });

  test("is known again by its bytes, on the state that it was made on", async () => {
    const { committer, built } = await sent();
    const { commit } = built.prepared.pending;
    committer.out();
    expect(committer.own(of(ana), commit)).toBe(built.prepared);
    expect(committer.own(of(ana), commit.slice(1))).toBeNull();
    const { after } = await adopted(of(ana), built.prepared, link, at(0));
    expect(committer.own(after, commit)).toBeNull();
  });

  test("that the server refuses is tried again in parts, and given up at last", async () => {
    const { committer, built } = await sent();
    expect(built.items).toHaveLength(2);
    for (const name of ["dee", "eve"]) {
      committer.refused("unknown_key_package", 1);
      const { send } = await committer.next(of(ana), ana.who.key, at(1));
      expect(send?.items.map(({ wish }) => wish)).toEqual([`admit ${idOf(name)}`]);
    }
    committer.refused("unknown_key_package", 1);
    expect((await committer.next(of(ana), ana.who.key, at(1))).send).toBeNull();
  });

  test("that the server refuses is made anew for who knocked once more, and for nobody else", async () => {
    const committer = new Committer(link);
    const [before, after] = [(await someone("dee")).own.message, (await someone("dee")).own.message];
    committer.knockedAnew(idOf("dee"), before, after, 0);
    await committer.assess(of(ana), at(0));
    expect((await committer.next(of(ana), ana.who.key, at(0))).send).toBeNull();
    committer.admit(idOf("dee"), before, 0);
    await committer.assess(of(ana), at(0));
    await committer.next(of(ana), ana.who.key, at(0));
    committer.knockedAnew(idOf("dee"), before, after, 0);
    committer.refused("unknown_key_package", 1);
    await committer.assess(of(ana), at(1));
    const { send } = await committer.next(of(ana), ana.who.key, at(1));
    expect(send?.items.map(({ add }) => add)).toEqual([after]);
    committer.refused("unknown_key_package", 1);
    await committer.assess(of(ana), at(2));
    expect((await committer.next(of(ana), ana.who.key, at(2))).send).toBeNull();
  });

  test("lets nobody in by a knock that came after one under another name", async () => {
    const committer = new Committer(link);
    const [pressed, renamed, again] = await Promise.all([1, 2, 3].map(async () => (await someone("dee")).own.message));
    if (!pressed || !renamed || !again) throw new Error("three knocks");
    committer.admit(idOf("dee"), pressed, 0);
    await committer.assess(of(ana), at(0));
    await committer.next(of(ana), ana.who.key, at(0));
    // The knock under another name is not told of; the next one, under that name, follows it and not the pressed one.
    committer.knockedAnew(idOf("dee"), renamed, again, 0);
    committer.refused("unknown_key_package", 1);
    await committer.assess(of(ana), at(1));
    expect((await committer.next(of(ana), ana.who.key, at(1))).send).toBeNull();
  });

  test("waits when the server is busy", async () => {
    const { committer } = await sent();
    committer.refused("busy", 1);
    expect((await committer.next(of(ana), ana.who.key, at(2))).send).toBeNull();
    expect((await committer.next(of(ana), ana.who.key, at(3))).send?.items).toHaveLength(2);
  });
});

test("wishes are bounded", async () => {
  const committer = new Committer(link);
  for (let at = 0; at < 600; at++) committer.remove(`member-${at}`, 0);
  committer.remove(idOf("chi"), 0);
  expect((await first(committer, ana)).built?.items.some(({ remove }) => remove === 2) ?? false).toBe(false);
  expect(of(ana).people.map(memberOf)).toContain(idOf("chi"));
});

test("one's own commit is known while the state that it was made on may come again, and then forgotten", async () => {
  const committer = new Committer(link);
  committer.gone(await gone(chi), 0);
  const { built } = await first(committer, ana);
  const commit = built?.prepared.pending.commit as Uint8Array<ArrayBuffer>;
  expect(committer.own(of(ana), commit)).not.toBeNull();
  const other = await held(await meeting(await facilitator("other"), []).then(([alone]) => alone as Member));
  committer.keepOn([other, of(ana)]);
  expect(committer.own(of(ana), commit)).not.toBeNull();
  committer.keepOn([other]);
  expect(committer.own(of(ana), commit)).toBeNull();
});
