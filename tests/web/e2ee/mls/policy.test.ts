import { beforeAll, describe, expect, test } from "vitest";
import type { Bytes } from "../../../../web/client/base64url";
import { LEAVES } from "../../../../web/client/e2ee/kid";
import { certifiedCredential, encodeCredential, issueRevocations } from "../../../../web/client/e2ee/mls/credentials";
import { compare } from "../../../../web/client/e2ee/mls/fields";
import { type CommitView, type ProposalView, signWithLeaf } from "../../../../web/client/e2ee/mls/messages";
import {
  isCoFacilitator,
  judgeCommit,
  judgeWelcome,
  type Person,
  people,
  type Situation,
  type Verdict,
} from "../../../../web/client/e2ee/mls/policy";
import {
  encodeGrants,
  encodeStatements,
  type Grants,
  grantsStatement,
  leavingStatement,
  rejoinStatement,
  type Statements,
} from "../../../../web/client/e2ee/mls/statements";
import { signingKey } from "../../../../web/client/ed25519";
import { seeded } from "../../random";
import {
  bytesFor,
  certificate,
  facilitator,
  founding,
  GROUP,
  MEETING,
  NOW,
  root,
  type Someone,
  someone,
  trust,
  YEAR,
} from "./world";

const EPOCH = 7n;
const OTHER_MEETING = bytesFor("other meeting", 16);

/** In the room: facilitators at leaves 0 and 1, co-facilitators at 2 and 3, participants at 4 and 5. */
const NAMES = ["ana", "finn", "cora", "cem", "ben", "pia"] as const;
type Name = (typeof NAMES)[number];
const leafOf = (name: Name) => NAMES.indexOf(name);
let room: Record<Name, Someone>;
let ghost: Someone;
let late: Someone;
/** Ben, come back with a fresh leaf key. */
let again: Someone;
let before: Situation;

const entry = (who: Someone, leaf: number) => ({
  leaf,
  key: who.key.publicKey,
  identity: encodeCredential(who.credential),
});

async function granted(by: Someone, to: Someone[], epoch = Number(EPOCH) + 1): Promise<Grants> {
  const keys = to.map(({ credential }) => credential.rejoinKey).sort(compare);
  const signature = await signWithLeaf(by.key, grantsStatement(MEETING, epoch, keys));
  return { epoch, keys, issuer: by.credential, issuerKey: by.key.publicKey, signature };
}

beforeAll(async () => {
  const [ana, finn] = [await facilitator("ana"), await facilitator("finn")];
  const [cora, cem, ben, pia] = await Promise.all(["cora", "cem", "ben", "pia"].map((name) => someone(name)));
  if (!cora || !cem || !ben || !pia) throw new Error("nobody");
  room = { ana, finn, cora, cem, ben, pia };
  [ghost, late, again] = [await someone("ghost"), await facilitator("late"), await someone("ben")];
  const against = await trust();
  const roster = NAMES.map((name, leaf) => entry(room[name], leaf));
  before = {
    people: await people(roster, against, NOW),
    grants: await granted(ana, [cora, cem], 2),
    trust: against,
    now: NOW,
  };
});

const psk: ProposalView = { type: "psk", room: true };
const add = (who: Someone): ProposalView => {
  const { key, identity } = entry(who, 0);
  return { type: "add", ref: who.own.ref, key, identity };
};
const remove = (name: Name): ProposalView => ({ type: "remove", leaf: leafOf(name) });

const leaving = async (name: Name, by: Someone = room[name], meeting = MEETING) => {
  const leaf = leafOf(name);
  const statement = leavingStatement(meeting, leaf, room[name].key.publicKey);
  return { leaf, signature: await signWithLeaf(by.key, statement) };
};

const rejoin = async (
  name: Name,
  next: Someone,
  { by = room[name], meeting = MEETING, oldKey }: RejoinChanges = {},
) => {
  const leaf = leafOf(name);
  const statement = rejoinStatement(meeting, oldKey ?? room[name].key.publicKey, next.own.ref);
  return { leaf, ref: next.own.ref, signature: await by.rejoin.sign(statement) };
};
interface RejoinChanges {
  by?: Someone;
  meeting?: Bytes;
  oldKey?: Bytes;
}

/** A path where MLS demands one, and the sender's own leaf in it. */
function commit(
  sender: Name | null,
  proposals: ProposalView[],
  statements: Partial<Statements> = {},
  changes: Partial<CommitView> = {},
): CommitView {
  const needsPath = !proposals.length || proposals.some(({ type }) => type === "remove");
  const own = sender && entry(room[sender], 0);
  return {
    epoch: EPOCH,
    sender: sender && leafOf(sender),
    proposals,
    path: needsPath && own ? { key: own.key, identity: own.identity } : null,
    authenticatedData: encodeStatements({ leavings: [], rejoins: [], grants: null, ...statements }),
    ...changes,
  };
}

const outcome = (verdict: Verdict) => (verdict.accepted ? "accepted" : verdict.reason);
const judged = async (said: CommitView, changes: Partial<Situation> = {}) =>
  outcome(await judgeCommit(said, { ...before, ...changes }));

interface Case {
  what: string;
  said: () => CommitView | Promise<CommitView>;
  is: string;
}

async function expectCase({ said, is }: Case): Promise<void> {
  expect(await judged(await said())).toBe(is);
}

describe("a certificate holder", () => {
  test.each<Case>([
    { what: "admits", said: () => commit("ana", [add(ghost), psk]), is: "accepted" },
    { what: "removes a participant", said: () => commit("ana", [remove("ben")]), is: "accepted" },
    { what: "removes another", said: () => commit("ana", [remove("finn"), remove("cora")]), is: "accepted" },
    { what: "renews the keys", said: () => commit("ana", []), is: "accepted" },
    { what: "admits and removes at once", said: () => commit("ana", [remove("ben"), add(ghost), psk]), is: "accepted" },
    {
      what: "grants",
      said: async () => commit("ana", [], { grants: await granted(room.ana, [room.ben]) }),
      is: "accepted",
    },
    {
      what: "withdraws all grants",
      said: async () => commit("finn", [], { grants: await granted(room.finn, []) }),
      is: "accepted",
    },
    {
      what: "grants to whom it admits",
      said: async () => commit("ana", [add(ghost), psk], { grants: await granted(room.ana, [ghost]) }),
      is: "accepted",
    },
    { what: "admits without the link's secret", said: () => commit("ana", [add(ghost)]), is: "psk" },
    { what: "uses the secret twice", said: () => commit("ana", [add(ghost), psk, psk]), is: "psk" },
    { what: "uses another secret", said: () => commit("ana", [add(ghost), { type: "psk", room: false }]), is: "psk" },
    { what: "uses a secret for nothing", said: () => commit("ana", [psk]), is: "psk" },
    { what: "removes itself", said: () => commit("ana", [remove("ana")]), is: "self-removal" },
    { what: "removes one twice", said: () => commit("ana", [remove("ben"), remove("ben")]), is: "twice" },
    { what: "removes nobody", said: () => commit("ana", [{ type: "remove", leaf: 99 }]), is: "unknown-leaf" },
    {
      what: "removes without a path",
      said: () => commit("ana", [remove("ben")], {}, { path: null }),
      is: "path-missing",
    },
    { what: "renews without a path", said: () => commit("ana", [], {}, { path: null }), is: "path-missing" },
    {
      what: "changes its leaf key",
      said: () => commit("ana", [], {}, { path: add(ghost) as never }),
      is: "changed-identity",
    },
    {
      what: "changes its credential",
      said: () => {
        const { key } = entry(room.ana, 0);
        return commit("ana", [], {}, { path: { key, identity: entry(ghost, 0).identity } });
      },
      is: "changed-identity",
    },
    { what: "proposes something foreign", said: () => commit("ana", [{ type: "other" }]), is: "foreign-proposal" },
    {
      what: "proposes something foreign beside",
      said: () => commit("ana", [add(ghost), psk, { type: "other" }]),
      is: "foreign-proposal",
    },
  ])("$what: $is", expectCase);
});

describe("a grant", () => {
  test.each<Case>([
    {
      what: "by a participant, signed by a facilitator",
      said: async () =>
        commit("ben", [remove("pia")], {
          leavings: [await leaving("pia")],
          grants: await granted(room.ana, [room.ben]),
        }),
      is: "may-not-grant",
    },
    {
      what: "by a co-facilitator",
      said: async () => commit("cora", [add(ghost), psk], { grants: await granted(room.cora, [room.ben]) }),
      is: "may-not-grant",
    },
    {
      what: "signed by another facilitator",
      said: async () => commit("ana", [], { grants: await granted(room.finn, [room.ben]) }),
      is: "bad-grants",
    },
    {
      what: "of an earlier epoch, again",
      said: async () => commit("ana", [], { grants: await granted(room.ana, [room.ben], Number(EPOCH)) }),
      is: "bad-grants",
    },
    {
      what: "to somebody who is not there",
      said: async () => commit("ana", [], { grants: await granted(room.ana, [ghost]) }),
      is: "bad-grants",
    },
    {
      what: "to a facilitator",
      said: async () => commit("ana", [], { grants: await granted(room.ana, [room.finn]) }),
      is: "bad-grants",
    },
    {
      what: "to somebody who is removed",
      said: async () => commit("ana", [remove("ben")], { grants: await granted(room.ana, [room.ben]) }),
      is: "bad-grants",
    },
  ])("$what: $is", expectCase);

  test("counts from the next epoch, and stays until the next list", async () => {
    const grants = await granted(room.ana, [room.ben]);
    const verdict = await judgeCommit(commit("ana", [], { grants }), before);
    expect(verdict).toEqual({ accepted: true, grants, rejoined: [] });
    const [, , cora, , ben] = before.people as Person[];
    expect([isCoFacilitator(cora as Person, grants), isCoFacilitator(ben as Person, grants)]).toEqual([false, true]);
    expect(await judgeCommit(commit("ana", []), { ...before, grants })).toMatchObject({ grants });
    expect(await judged(commit("cora", [add(ghost), psk]), { grants })).toBe("may-not-add");
    expect(await judged(commit("ben", [add(ghost), psk]), { grants })).toBe("accepted");
  });

  test("does not come back with a key that was removed", async () => {
    const cora = await someone("cora");
    const without = { people: before.people.filter(({ leaf }) => leaf !== leafOf("cora")) };
    expect(await judged(commit("ana", [add(cora), psk]), without)).toBe("taken");
    const renewed = { grants: await granted(room.ana, [room.cem, cora]) };
    expect(await judged(commit("ana", [add(cora), psk], renewed), without)).toBe("accepted");
  });
});

describe("a co-facilitator", () => {
  test.each<Case>([
    { what: "admits", said: () => commit("cora", [add(ghost), psk]), is: "accepted" },
    { what: "removes a participant", said: () => commit("cora", [remove("ben")]), is: "accepted" },
    { what: "removes a facilitator", said: () => commit("cora", [remove("ana")]), is: "may-not-remove" },
    { what: "removes a co-facilitator", said: () => commit("cora", [remove("cem")]), is: "may-not-remove" },
    {
      what: "removes a facilitator who leaves",
      said: async () => commit("cora", [remove("ana")], { leavings: [await leaving("ana")] }),
      is: "accepted",
    },
    { what: "renews the keys", said: () => commit("cora", []), is: "path-update" },
    { what: "admits without the link's secret", said: () => commit("cora", [add(ghost)]), is: "psk" },
  ])("$what: $is", expectCase);
});

describe("a participant", () => {
  const benAgain = async (changes: RejoinChanges = {}, next = again) =>
    commit("pia", [remove("ben"), add(next), psk], { rejoins: [await rejoin("ben", next, changes)] });

  test.each<Case>([
    { what: "adds a ghost", said: () => commit("ben", [add(ghost), psk]), is: "may-not-add" },
    { what: "removes another", said: () => commit("ben", [remove("pia")]), is: "may-not-remove" },
    { what: "removes a facilitator", said: () => commit("ben", [remove("ana")]), is: "may-not-remove" },
    { what: "renews the keys", said: () => commit("ben", []), is: "path-update" },
    { what: "commits nothing, without a path", said: () => commit("ben", [], {}, { path: null }), is: "path-missing" },
    { what: "proposes something foreign", said: () => commit("ben", [{ type: "other" }]), is: "foreign-proposal" },

    {
      what: "removes who signed their leaving",
      said: async () => commit("ben", [remove("pia")], { leavings: [await leaving("pia")] }),
      is: "accepted",
    },
    {
      what: "removes several who signed",
      said: async () =>
        commit("ben", [remove("ana"), remove("pia")], { leavings: [await leaving("ana"), await leaving("pia")] }),
      is: "accepted",
    },
    {
      what: "removes one who signed, and one who did not",
      said: async () => commit("ben", [remove("ana"), remove("pia")], { leavings: [await leaving("pia")] }),
      is: "may-not-remove",
    },
    {
      what: "signs another's leaving",
      said: async () => commit("ben", [remove("pia")], { leavings: [await leaving("pia", room.ben)] }),
      is: "bad-leaving",
    },
    {
      what: "brings a leaving from another meeting",
      said: async () => commit("ben", [remove("pia")], { leavings: [await leaving("pia", room.pia, OTHER_MEETING)] }),
      is: "bad-leaving",
    },
    {
      what: "brings a leaving for nothing",
      said: async () => commit("ben", [add(late), psk], { leavings: [await leaving("pia")] }),
      is: "unused-statement",
    },

    { what: "puts who came back in the old place", said: () => benAgain(), is: "accepted" },
    {
      what: "removes one who came back, and adds nobody",
      said: async () => commit("pia", [remove("ben")], { rejoins: [await rejoin("ben", again)] }),
      is: "unused-statement",
    },
    {
      what: "adds one who came back, beside the old leaf",
      said: async () => commit("pia", [add(again), psk], { rejoins: [await rejoin("ben", again)] }),
      is: "unused-statement",
    },
    { what: "proves a rejoin with its own key", said: () => benAgain({ by: room.pia }), is: "bad-rejoin" },
    { what: "brings a rejoin of another meeting", said: () => benAgain({ meeting: OTHER_MEETING }), is: "bad-rejoin" },
    {
      what: "brings a rejoin that replaced an earlier session",
      said: () => benAgain({ oldKey: ghost.key.publicKey }),
      is: "bad-rejoin",
    },
    { what: "puts somebody else in the old place", said: () => benAgain({}, ghost), is: "bad-rejoin" },
    {
      what: "comes back for two at once with one KeyPackage",
      said: async () =>
        commit("pia", [remove("cem"), remove("ben"), add(again), psk], {
          rejoins: [await rejoin("cem", again), await rejoin("ben", again)],
        }),
      is: "bad-rejoin",
    },
    {
      what: "lets a rejoin in without the link's secret",
      said: async () => commit("pia", [remove("ben"), add(again)], { rejoins: [await rejoin("ben", again)] }),
      is: "psk",
    },
    {
      what: "slips a ghost in beside a rejoin",
      said: async () =>
        commit("pia", [remove("ben"), add(again), add(ghost), psk], { rejoins: [await rejoin("ben", again)] }),
      is: "may-not-add",
    },

    { what: "lets a facilitator in by certificate", said: () => commit("ben", [add(late), psk]), is: "accepted" },
    {
      what: "lets a facilitator in by a certificate of another meeting",
      said: async () => commit("ben", [add(await facilitator("late", { meeting: OTHER_MEETING })), psk]),
      is: "bad-credential",
    },
    {
      what: "lets a facilitator in by a certificate of another group",
      said: async () => {
        const foreign = await certificate("late", { group: bytesFor("another group", 16) });
        return commit("ben", [add(await facilitator("late", { certificate: foreign })), psk]);
      },
      is: "bad-credential",
    },
    {
      what: "lets somebody in with a facilitator's certificate and no role key",
      said: async () => commit("ben", [add(await facilitator("eve", { certificate: await certificate("ana") })), psk]),
      is: "bad-credential",
    },
    {
      what: "lets a facilitator in whose certificate is over",
      said: async () => {
        const [notBefore, notAfter] = [Math.floor(NOW - 2 * YEAR), Math.floor(NOW - YEAR)];
        const over = await certificate("late", { notBefore, notAfter });
        return commit("ben", [add(await facilitator("late", { certificate: over })), psk]);
      },
      is: "may-not-add",
    },
    {
      what: "lets a facilitator in with a path of its own",
      said: () => {
        const { key, identity } = entry(room.ben, 0);
        return commit("ben", [add(late), psk], {}, { path: { key, identity } });
      },
      is: "path-update",
    },
    {
      what: "lets a facilitator in and renews its own credential",
      said: async () => commit("ben", [remove("pia")], { leavings: [await leaving("pia")] }, { path: entry(ghost, 0) }),
      is: "changed-identity",
    },
    {
      what: "says something unreadable",
      said: () => commit("ben", [add(late), psk], {}, { authenticatedData: Uint8Array.of(9, 9, 9) }),
      is: "malformed",
    },
  ])("$what: $is", expectCase);

  test("cannot let in a facilitator who was revoked", async () => {
    const serials = [bytesFor("late", 8)];
    const list = await issueRevocations(await root, { group: GROUP, version: 1, date: 0, serials });
    expect(await judged(commit("ben", [add(late), psk]), { trust: await trust(list) })).toBe("may-not-add");
  });

  test("whose rejoin was proven keeps marks and role: the verdict names both keys", async () => {
    const cora = await someone("cora");
    const said = commit("pia", [remove("cora"), add(cora), psk], { rejoins: [await rejoin("cora", cora)] });
    const rejoined = [{ from: room.cora.key.publicKey, to: cora.key.publicKey }];
    expect(await judgeCommit(said, before)).toEqual({ accepted: true, grants: before.grants, rejoined });
  });
});

describe("whoever is not in the room", () => {
  test.each([
    { what: "commits from outside", said: () => commit(null, [{ type: "other" }]) },
    { what: "commits an Add from outside", said: () => commit(null, [add(ghost), psk]) },
    { what: "commits as a leaf that is empty", said: () => commit("ana", [], {}, { sender: 77 }) },
  ])("$what: refused", async ({ said }) => {
    expect(await judged(said())).toBe("stranger");
  });
});

test("a room has as many places as a frame's header can name", async () => {
  const crowd = Array.from({ length: LEAVES - NAMES.length }, (_, n): Person => {
    const name = `crowd ${n}`;
    const [key, rejoinKey] = [bytesFor(`${name} key`, 32), bytesFor(`${name} rejoin`, 32)];
    const credential = { member: bytesFor(`${n} member`, 16), rejoinKey, authority: null };
    return { leaf: NAMES.length + n, key, identity: encodeCredential(credential), credential, facilitator: false };
  });
  const full = [...before.people, ...crowd];
  expect(await judged(commit("ana", [add(ghost), psk]), { people: full.slice(0, -1) })).toBe("accepted");
  expect(await judged(commit("ana", [add(ghost), psk]), { people: full })).toBe("room-full");
  expect(await judged(commit("ana", [remove("ben"), add(ghost), psk]), { people: full })).toBe("accepted");
});

describe("nobody answers to another's name", () => {
  test("member id, rejoin key or leaf key, whoever admits", async () => {
    const { member, rejoinKey } = room.ben.credential;
    for (const double of [
      await someone("double", { member }),
      await someone("double", { rejoinSeed: bytesFor("rejoin ben", 32) }),
    ]) {
      expect(await judged(commit("ana", [add(double), psk]))).toBe("taken");
    }
    const sameKey = { ...ghost, key: room.ben.key };
    expect(await judged(commit("ana", [add(sameKey), psk]))).toBe("taken");
    const [one, two] = [await someone("one"), await someone("two", { member: bytesFor("member one", 16) })];
    expect(await judged(commit("ana", [add(one), add(two), psk]))).toBe("taken");
    expect(rejoinKey).toEqual((await someone("ben")).credential.rejoinKey);
  });

  test("but may take over from somebody who is removed at once, by a facilitator's word", async () => {
    expect(await judged(commit("ana", [remove("ben"), add(again), psk]))).toBe("accepted");
  });
});

describe("the people of a roster", () => {
  test("keep their role while they stay, and lose it to a revocation", async () => {
    const roster = NAMES.map((name, leaf) => entry(room[name], leaf));
    const facilitators = (list: readonly Person[]) => list.filter((person) => person.facilitator).length;
    const later = NOW + 3 * YEAR;
    expect(facilitators(await people(roster, before.trust, later, before.people))).toBe(2);
    expect(facilitators(await people(roster, before.trust, later))).toBe(0);
    const serials = [bytesFor("ana", 8)];
    const list = await issueRevocations(await root, { group: GROUP, version: 1, date: 0, serials });
    expect(facilitators(await people(roster, await trust(list), NOW))).toBe(1);
  });

  test("are none when a credential is not genuine", async () => {
    const role = await signingKey(bytesFor("impostor", 32));
    const forged = await certifiedCredential(role, await certificate("ana"), {
      member: bytesFor("member eve", 16),
      rejoinKey: ghost.credential.rejoinKey,
      leafKey: ghost.key.publicKey,
      meeting: MEETING,
    });
    const roster = [{ leaf: 0, key: ghost.key.publicKey, identity: encodeCredential(forged) }];
    await expect(people(roster, before.trust, NOW)).rejects.toThrow("forged");
  });
});

describe("a joiner", () => {
  let record: Bytes;
  beforeAll(async () => {
    record = await founding(room.finn);
  });

  const welcomed = async (
    self: Someone,
    signer: Name | 6,
    { rejoining = false, grants = before.grants }: { rejoining?: boolean; grants?: Grants | null } = {},
    present: Someone[] = [...NAMES.map((name) => room[name]), self],
  ) => {
    const known = await people(present.map(entry), before.trust, NOW);
    const leaf = signer === 6 ? 6 : leafOf(signer);
    const notes = grants && encodeGrants(grants);
    const letter = { signer: leaf, self: present.length - 1, rejoining, notes, founding: record };
    return judgeWelcome({ ...before, people: known }, letter);
  };

  test("comes in by a facilitator or co-facilitator", async () => {
    expect(await welcomed(ghost, "ana")).toEqual({ accepted: true, grants: before.grants, rejoined: [] });
    expect(outcome(await welcomed(ghost, "cora"))).toBe("accepted");
    expect(outcome(await welcomed(ghost, "ben"))).toBe("may-not-add");
    expect(outcome(await welcomed(ghost, "cora", { grants: null }))).toBe("may-not-add");
    expect(outcome(await welcomed(ghost, 6))).toBe("stranger");
  });

  test("comes in by anybody with a certificate or after a proven rejoin", async () => {
    expect(outcome(await welcomed(late, "ben"))).toBe("accepted");
    expect(outcome(await welcomed(ghost, "ben", { rejoining: true }))).toBe("accepted");
  });

  test("believes no list of co-facilitators that no facilitator signed", async () => {
    const own = await granted(room.ben, [room.ben]);
    expect(outcome(await welcomed(ghost, "ben", { grants: own }))).toBe("bad-grants");
    const bent = { ...(await granted(room.ana, [room.ben])), keys: [room.pia.credential.rejoinKey] };
    expect(outcome(await welcomed(ghost, "pia", { grants: bent }))).toBe("bad-grants");
    const list = await issueRevocations(await root, {
      group: GROUP,
      version: 1,
      date: 0,
      serials: [bytesFor("ana", 8)],
    });
    const anas = {
      signer: leafOf("finn"),
      self: leafOf("ben"),
      rejoining: false,
      notes: encodeGrants(before.grants as Grants),
      founding: record,
    };
    expect(outcome(await judgeWelcome(before, anas))).toBe("accepted");
    const without = { ...before, trust: await trust(list) };
    expect(await judgeWelcome(without, anas)).toEqual({ accepted: true, grants: null, rejoined: [] });
    expect(outcome(await judgeWelcome(without, { ...anas, signer: leafOf("cora") }))).toBe("may-not-add");
    const notes = Uint8Array.of(1, 2, 3);
    const situation = { ...before, people: before.people };
    expect(outcome(await judgeWelcome(situation, { ...anas, notes }))).toBe("bad-grants");
  });

  test("comes into no tree whose leaves a frame's header cannot name", async () => {
    const known = await people([room.ana, ghost].map(entry), before.trust, NOW);
    const far = known.map((person, at) => ({ ...person, leaf: at * 1024 }));
    const answer = await judgeWelcome(
      { ...before, people: far },
      { signer: 0, self: 1024, rejoining: false, notes: null, founding: record },
    );
    expect(outcome(answer)).toBe("room-full");
  });

  test("believes in no group that no facilitator founded, whoever they are and whoever let them in", async () => {
    const [ana, ben, cora] = [leafOf("ana"), leafOf("ben"), leafOf("cora")];
    const letters = [
      { signer: ana, self: cora, rejoining: false, notes: null },
      { signer: ben, self: cora, rejoining: true, notes: null },
      { signer: ben, self: ana, rejoining: false, notes: null },
    ];
    for (const letter of letters) {
      expect(outcome(await judgeWelcome(before, { ...letter, founding: record }))).toBe("accepted");
      for (const wrong of [null, Uint8Array.of(1, 2, 3), await founding(room.finn, OTHER_MEETING)]) {
        expect(outcome(await judgeWelcome(before, { ...letter, founding: wrong }))).toBe("bad-founding");
      }
    }
  });

  test("believes no room where two answer to one id", async () => {
    const double = await someone("double", { member: room.ben.credential.member });
    expect(outcome(await welcomed(ghost, "ana", {}, [room.ana, room.ben, double, ghost]))).toBe("taken");
  });
});

/**
 * Random commits, most of them nonsense. Whatever is accepted must keep to what a reader of the rules expects, told
 * here in another way than the policy tells it.
 */
test("random commits: nobody comes or goes without a cause", { timeout: 120_000 }, async () => {
  const random = seeded(31);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const some = <Item>(items: readonly Item[], odds: number) => items.filter(() => random() < odds);
  const backs = { ben: again, cora: await someone("cora"), pia: await someone("pia") } as const;
  const backNames = Object.keys(backs) as (keyof typeof backs)[];
  const newcomers = [ghost, late, ...Object.values(backs)];
  const leavings = await Promise.all(NAMES.map((name) => leaving(name)));
  const rejoins = await Promise.all(backNames.map((name) => rejoin(name, backs[name])));
  const lists = [
    await granted(room.ana, [room.ben]),
    await granted(room.finn, [room.cora]),
    await granted(room.ben, []),
  ];
  const certified = (who: Someone) => who.credential.authority !== null;
  let accepted = 0;

  for (let round = 0; round < 4000; round++) {
    const sender = pick(NAMES);
    const out = some(NAMES, 0.12);
    const come = some(newcomers, 0.15);
    const proofs = {
      leavings: leavings.filter(({ leaf }) => random() < (out.includes(NAMES[leaf] as Name) ? 0.6 : 0.02)),
      rejoins: rejoins
        .filter(({ leaf }) => random() < (out.includes(NAMES[leaf] as Name) ? 0.6 : 0.02))
        .sort((a, b) => a.leaf - b.leaf),
      grants: random() < 0.1 ? pick(lists) : null,
    };
    const proposals = [
      ...out.map(remove),
      ...come.map(add),
      ...(random() < (come.length ? 0.95 : 0.05) ? [psk] : []),
      ...(random() < 0.03 ? [{ type: "other" } as const] : []),
    ];
    const said = commit(sender, proposals, proofs, random() < 0.05 ? { path: null } : {});
    const verdict = await judgeCommit(said, before);
    expect(await judgeCommit(said, before)).toEqual(verdict);
    if (!verdict.accepted) continue;
    accepted++;

    const holder = certified(room[sender]);
    const helper = sender === "cora" || sender === "cem";
    for (const name of out) {
      const left = proofs.leavings.some(({ leaf }) => leaf === leafOf(name));
      const back = proofs.rejoins.some(({ leaf }) => leaf === leafOf(name));
      const participant = name === "ben" || name === "pia";
      expect(left || back || holder || (helper && participant), `${sender} removed ${name}`).toBe(true);
      expect(name).not.toBe(sender);
    }
    for (const who of come) {
      const back = proofs.rejoins.some(({ leaf, ref }) => out.includes(NAMES[leaf] as Name) && ref === who.own.ref);
      expect(back || certified(who) || holder || helper, `${sender} added ${who.name}`).toBe(true);
      expect(proposals).toContain(psk);
    }
    expect(proposals.some(({ type }) => type === "other")).toBe(false);
    if (!proposals.length) expect(holder).toBe(true);
    if (proofs.grants) expect(proofs.grants.issuerKey).toBe(room[sender].key.publicKey);
    if (out.length) expect(said.path).not.toBeNull();
    const staying = NAMES.filter((name) => !out.includes(name));
    const ids = [...staying.map((name) => room[name]), ...come].map(({ credential }) => String(credential.member));
    expect(new Set(ids).size).toBe(ids.length);
  }
  expect(accepted).toBeGreaterThan(200);
});
