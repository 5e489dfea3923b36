import {
  createCommit,
  createGroupInfoWithExternalPubAndRatchetTree,
  joinGroupExternal,
  type MLSMessage,
  processPublicMessage as processMlsPublicMessage,
} from "ts-mls";
import { nextEpochContext } from "ts-mls/clientState.js";
import { decryptWithLabel } from "ts-mls/crypto/hpke.js";
import { createConfirmationTag, createContentCommitSignature } from "ts-mls/framedContent.js";
import { encodeGroupContext } from "ts-mls/groupContext.js";
import { signKeyPackage } from "ts-mls/keyPackage.js";
import { initializeEpoch } from "ts-mls/keySchedule.js";
import { signLeafNodeKeyPackage } from "ts-mls/leafNode.js";
import { protectPublicMessage } from "ts-mls/messageProtectionPublic.js";
import type { Proposal } from "ts-mls/proposal.js";
import type { ProposalOrRef } from "ts-mls/proposalOrRefType.js";
import { emptyPskIndex } from "ts-mls/pskIndex.js";
import { removeLeafNode } from "ts-mls/ratchetTree.js";
import { treeHashRoot } from "ts-mls/treeHash.js";
import { toLeafIndex } from "ts-mls/treemath.js";
import { beforeAll, describe, expect, test } from "vitest";
import { type Bytes, utf8 } from "../../../../web/client/base64url";
import {
  addAndCommit,
  adopt,
  createGroup,
  emptyCommit,
  epoch,
  epochAuthenticator,
  exporter,
  type Group,
  groupId,
  isRemoved,
  joinFromWelcome,
  openApplication,
  ownLeaf,
  processPublicMessage,
  removeAndCommit,
  roomPsk,
  roster,
  sealApplication,
} from "../../../../web/client/e2ee/mls/adapter";
import {
  decode,
  encode,
  keyPackage,
  MlsError,
  PSK_ID,
  readCommit,
  readKeyPackage,
} from "../../../../web/client/e2ee/mls/messages";
import { encodeStatements, rejoinStatement } from "../../../../web/client/e2ee/mls/statements";
import { suite } from "../../../../web/client/e2ee/mls/suite";
import { seeded } from "../../random";
import {
  apply,
  authenticate,
  bytesFor,
  DAY,
  deliver,
  facilitator,
  founding,
  hex,
  MEETING,
  type Member,
  meeting,
  NOW,
  PSK,
  receive,
  someone,
  YEAR,
} from "./world";

/** Tuples for readability below. */
type Three = [Member, Member, Member];

let ana: Member;
let ben: Member;
let chi: Member;
beforeAll(async () => {
  const others = [await someone("ben"), await someone("chi")];
  [ana, ben, chi] = (await meeting(await facilitator("ana"), others)) as Three;
});

const kind = async (work: Promise<unknown>) => {
  try {
    await work;
  } catch (error) {
    if (error instanceof MlsError) return error.kind;
    throw error;
  }
  return "nothing thrown";
};

async function expectSame(groups: Group[]): Promise<void> {
  const secrets = await Promise.all(
    groups.map(async (group) => [
      epoch(group),
      hex(epochAuthenticator(group)),
      hex(await exporter(group, "SFrame 1.0 Base Key", new Uint8Array(0), 16)),
      roster(group),
    ]),
  );
  for (const other of secrets) expect(other).toEqual(secrets[0]);
}

test("what a commit says can be read before it is sent", async () => {
  const { commit } = await removeAndCommit(ana.group, [2]);
  expect(await readCommit(commit)).toMatchObject({ epoch: 1n, sender: 0, proposals: [{ type: "remove", leaf: 2 }] });
  expect(await kind(readCommit(commit.slice(1)))).toBe("malformed");
  const { message } = await sealApplication(ana.group, utf8("not a commit"));
  expect(await kind(readCommit(message))).toBe("malformed");
});

describe("joining", () => {
  test("everybody comes to the same keys and the same people", async () => {
    await expectSame([ana.group, ben.group, chi.group]);
    expect(roster(chi.group).map(({ leaf }) => leaf)).toEqual([0, 1, 2]);
    expect([ana, ben, chi].map(({ group }) => ownLeaf(group))).toEqual([0, 1, 2]);
    expect(groupId(chi.group)).toEqual(MEETING);
    expect(epoch(chi.group)).toBe(1n);
  });

  test("the Welcome tells who admitted, and carries the notes", async () => {
    const dee = await someone("dee");
    const notes = utf8("something to know");
    const pending = await addAndCommit(chi.group, [dee.own.message], await PSK, NOW, { notes });
    const joined = await joinFromWelcome(pending.welcome as Bytes, dee.own, await PSK, authenticate);
    expect(joined.signer).toBe(2);
    expect(joined.notes).toEqual(notes);
    expect(joined.founding).toEqual(await founding(ana.who));
    await expectSame([joined.group, adopt(chi.group, pending)]);
  });

  test("another link's secret opens nothing", async () => {
    const dee = await someone("dee");
    const pending = await addAndCommit(ana.group, [dee.own.message], await PSK, NOW);
    const other = roomPsk(bytesFor("another secret", 16), "group");
    expect(await kind(joinFromWelcome(pending.welcome as Bytes, dee.own, await other, authenticate))).toBe("psk");
    expect(await kind(receive(ben.group, pending.commit, { psk: other }))).toBe("invalid");
    expect(hex(await PSK)).not.toBe(hex(await roomPsk(bytesFor("room secret", 16), "another group")));
  });

  test("a Welcome made without the link's secret is refused", async () => {
    const dee = await someone("dee");
    const add = { proposalType: "add" as const, add: { keyPackage: dee.own.keyPackage } };
    const { welcome } = await createCommit(
      { state: ana.group.mls, cipherSuite: await suite(), pskIndex: emptyPskIndex },
      { wireAsPublicMessage: true, extraProposals: [add], ratchetTreeExtension: true },
    );
    if (!welcome) throw new Error("no welcome");
    const bytes = encode({ version: "mls10", wireformat: "mls_welcome", welcome });
    expect(await kind(joinFromWelcome(bytes, dee.own, await PSK, authenticate))).toBe("psk");
  });

  test("a Welcome with a second secret beside the link's is refused", async () => {
    const dee = await someone("dee");
    const psk = await PSK;
    const nonces = [bytesFor("one nonce", 32), bytesFor("another nonce", 32)];
    const proposals = nonces.map((pskNonce) => ({
      proposalType: "psk" as const,
      psk: { preSharedKeyId: { psktype: "external" as const, pskId: PSK_ID, pskNonce } },
    }));
    const { welcome } = await createCommit(
      { state: ana.group.mls, cipherSuite: await suite(), pskIndex: { findPsk: () => psk } },
      {
        wireAsPublicMessage: true,
        extraProposals: [{ proposalType: "add", add: { keyPackage: dee.own.keyPackage } }, ...proposals],
        ratchetTreeExtension: true,
      },
    );
    if (!welcome) throw new Error("no welcome");
    const bytes = encode({ version: "mls10", wireformat: "mls_welcome", welcome });
    expect(await kind(joinFromWelcome(bytes, dee.own, psk, authenticate))).toBe("psk");
  });

  test("a Welcome for somebody else is refused, and so is a room with a credential that is not genuine", async () => {
    const [dee, eve] = [await someone("dee"), await someone("eve")];
    const pending = await addAndCommit(ana.group, [dee.own.message], await PSK, NOW);
    expect(await kind(joinFromWelcome(pending.welcome as Bytes, eve.own, await PSK, authenticate))).toBe("foreign");
    const suspicious = async (identity: Bytes, key: Bytes) =>
      hex(key) !== hex(ben.who.key.publicKey) && authenticate(identity, key);
    expect(await kind(joinFromWelcome(pending.welcome as Bytes, dee.own, await PSK, suspicious))).toBe("invalid");
  });

  test("clocks that differ by two days let people in, by a year they say so", async () => {
    const late = await someone("late", { now: NOW + 2 * DAY });
    const early = await someone("early", { now: NOW - 2 * DAY });
    const both = [late.own.message, early.own.message];
    expect((await addAndCommit(ana.group, both, await PSK, NOW)).welcome).not.toBeNull();
    for (const now of [NOW + YEAR, NOW - YEAR]) {
      const wrong = await someone("wrong", { now });
      expect(await kind(addAndCommit(ana.group, [wrong.own.message], await PSK, NOW))).toBe("clock");
      expect(await kind(addAndCommit(ana.group, [late.own.message], await PSK, now))).toBe("clock");
    }
  });

  test("a KeyPackage with another's encryption key or a broken signature is not added", async () => {
    const dee = await someone("dee");
    const { keyPackage: own } = dee.own;
    const bent = { ...own, signature: own.signature.map((byte) => byte ^ 1) };
    const message = encode({ version: "mls10", wireformat: "mls_key_package", keyPackage: bent });
    expect(await kind(addAndCommit(ana.group, [message], await PSK, NOW))).toBe("invalid");
    const cs = await suite();
    const { signature: _, ...leaf } = own.leafNode;
    const copied = { ...leaf, hpkePublicKey: ana.who.own.keyPackage.leafNode.hpkePublicKey };
    if (copied.leafNodeSource !== "key_package") throw new Error("not of a KeyPackage");
    const leafNode = await signLeafNodeKeyPackage(copied, dee.key.privateKey, cs.signature);
    const sealed = await signKeyPackage({ ...own, leafNode }, dee.key.privateKey, cs.signature);
    const copy = encode({ version: "mls10", wireformat: "mls_key_package", keyPackage: sealed });
    expect(await kind(addAndCommit(ana.group, [copy], await PSK, NOW))).toBe("invalid");
    const twice = [dee.own.message, dee.own.message];
    expect(await kind(addAndCommit(ana.group, twice, await PSK, NOW))).toBe("invalid");
    expect((await readKeyPackage(dee.own.message)).ref).toEqual(dee.own.ref);
    expect(await kind(readKeyPackage(ana.who.own.message.slice(0, -1)))).toBe("malformed");
    const large = (length: number) => keyPackage(new Uint8Array(length), dee.key, NOW);
    expect((await readKeyPackage((await large(100_000)).message)).identity.length).toBe(100_000);
    expect(await kind(readKeyPackage((await large(140_000)).message))).toBe("malformed");
  });
});

describe("removal", () => {
  test("the removed is told so, and cannot derive the next epoch", async () => {
    const pending = await removeAndCommit(ana.group, [ownLeaf(ben.group)]);
    const removed = await receive(ben.group, pending.commit);
    if (removed.outcome !== "removed") throw new Error("not removed");
    expect(isRemoved(removed.group)).toBe(true);
    expect(await kind(sealApplication(removed.group, utf8("still here")))).toBe("removed");
    expect(await kind(receive(removed.group, pending.commit))).toBe("removed");
    expect(await kind(emptyCommit(removed.group))).toBe("removed");

    const [host, other] = [adopt(ana.group, pending), await apply(chi.group, pending.commit)];
    await expectSame([host, other]);
    expect(roster(host).map(({ leaf }) => leaf)).toEqual([0, 2]);
    const { message } = await sealApplication(host, utf8("without Ben"));
    expect(await kind(openApplication(removed.group, message))).toBe("removed");
    expect(await kind(openApplication(ben.group, message))).toBe("epoch");
    expect((await openApplication(other, message)).content).toEqual(utf8("without Ben"));
  });

  test("no key that the removed holds opens the path, and no path secret is guessed", async () => {
    const pending = await removeAndCommit(ana.group, [ownLeaf(ben.group)]);
    const message = decode(pending.commit);
    if (message.wireformat !== "mls_public_message") throw new Error("not public");
    const { content } = message.publicMessage;
    if (content.contentType !== "commit" || !content.commit.path) throw new Error("no path");
    const cs = await suite();
    const { mls } = ben.group;
    const context = encodeGroupContext({
      ...pending.next.groupContext,
      confirmedTranscriptHash: mls.groupContext.confirmedTranscriptHash,
    });
    const open = async (keys: Record<number, Uint8Array>) => {
      let opened = 0;
      for (const { encryptedPathSecret } of content.commit.path?.nodes ?? []) {
        for (const { kemOutput, ciphertext } of encryptedPathSecret) {
          for (const bytes of Object.values(keys)) {
            const key = await cs.hpke.importPrivateKey(bytes);
            const secret = decryptWithLabel(key, "UpdatePathNode", context, kemOutput, ciphertext, cs.hpke);
            opened += await secret.then(() => 1).catch(() => 0);
          }
        }
      }
      return opened;
    };
    expect(await open(mls.privatePath.privateKeys)).toBe(0);
    expect(await open(chi.group.mls.privatePath.privateKeys)).toBe(1);

    // What a commit without a path would leave: a commit secret of zeroes (RFC 9420 §8).
    const zeroes = new Uint8Array(cs.kdf.size);
    const { groupContext } = pending.next;
    const guessed = await initializeEpoch(mls.keySchedule.initSecret, zeroes, groupContext, zeroes, cs.kdf);
    expect(hex(guessed.keySchedule.epochAuthenticator)).not.toBe(hex(pending.next.keySchedule.epochAuthenticator));
  });

  test("a Remove without an update path is refused by everybody, with all its tags right", async () => {
    const commit = await pathlessRemoval(ana.group, ownLeaf(ben.group));
    const refused = await receive(chi.group, commit);
    expect(refused).toEqual({ outcome: "refused", verdict: { accepted: false, reason: "path-missing" } });
    // And by the library alone, should the policy ever miss it.
    const accept = async () => ({ accepted: true });
    expect(await kind(processPublicMessage(chi.group, commit, await PSK, accept))).toBe("invalid");
  });

  test("somebody who comes back takes the old leaf's place; the older session ends", async () => {
    const again = await someone("ben");
    const leaf = ownLeaf(ben.group);
    const signature = await ben.who.rejoin.sign(rejoinStatement(MEETING, ben.who.key.publicKey, again.own.ref));
    const rejoins = [{ leaf, ref: again.own.ref, signature }];
    const authenticatedData = encodeStatements({ leavings: [], rejoins, grants: null });
    const options = { authenticatedData, replaced: [leaf] };
    const pending = await addAndCommit(chi.group, [again.own.message], await PSK, NOW, options);
    const older = await receive(ben.group, pending.commit);
    expect(older.outcome).toBe("removed");
    const members = await deliver([ana, chi], chi, pending, [again]);
    await expectSame(members.map(({ group }) => group));
    expect(ownLeaf((members[2] as Member).group)).toBe(leaf);
  });
});

/** What ts-mls 1.6.4 will not make: a commit without a path that removes `removed`, otherwise flawless. */
function pathlessRemoval(group: Group, removed: number): Promise<Bytes> {
  const proposal: Proposal = { proposalType: "remove", remove: { removed } };
  const tree = removeLeafNode(group.mls.ratchetTree, toLeafIndex(removed));
  return handmade(group, [{ proposalOrRefType: "proposal", proposal }], tree);
}

/** A commit without a path, with any proposals, signed and tagged as it should be; `tree` is what they make of it. */
async function handmade({ mls }: Group, proposals: ProposalOrRef[], tree = mls.ratchetTree): Promise<Bytes> {
  const cs = await suite();
  const sender = { senderType: "member" as const, leafIndex: mls.privatePath.leafIndex };
  const { signature, framedContent } = await createContentCommitSignature(
    mls.groupContext,
    "mls_public_message",
    { proposals, path: undefined },
    sender,
    new Uint8Array(0),
    mls.signaturePrivateKey,
    cs.signature,
  );
  const context = await nextEpochContext(
    mls.groupContext,
    "mls_public_message",
    framedContent,
    signature,
    await treeHashRoot(tree, cs.hash),
    mls.confirmationTag,
    cs.hash,
  );
  const zeroes = new Uint8Array(cs.kdf.size);
  const secrets = await initializeEpoch(mls.keySchedule.initSecret, zeroes, context, zeroes, cs.kdf);
  const confirmationTag = await createConfirmationTag(
    secrets.keySchedule.confirmationKey,
    context.confirmedTranscriptHash,
    cs.hash,
  );
  const auth = { contentType: "commit" as const, signature, confirmationTag };
  const authenticated = { wireformat: "mls_public_message" as const, content: framedContent, auth };
  const publicMessage = await protectPublicMessage(mls.keySchedule.membershipKey, mls.groupContext, authenticated, cs);
  return encode({ version: "mls10", wireformat: "mls_public_message", publicMessage });
}

describe("commits", () => {
  test("of two at once the first counts, and the loser does it again", async () => {
    const [dee, eve] = [await someone("dee"), await someone("eve")];
    const host = await facilitator("hal");
    const joined = await addAndCommit(ana.group, [host.own.message], await PSK, NOW);
    const [one, two] = (await deliver([ana], ana, joined, [host])) as [Member, Member];
    const first = await addAndCommit(one.group, [dee.own.message], await PSK, NOW);
    const second = await addAndCommit(two.group, [eve.own.message], await PSK, NOW);

    const [winner, loser, guest] = (await deliver([one, two], one, first, [dee])) as Three;
    expect(() => adopt(loser.group, second)).toThrow(MlsError);
    expect(await kind(receive(winner.group, second.commit))).toBe("epoch");
    const redone = await addAndCommit(loser.group, [eve.own.message], await PSK, NOW);
    const everybody = await deliver([winner, loser, guest], loser, redone, [eve]);
    await expectSame(everybody.map(({ group }) => group));
    expect(everybody.length).toBe(4);
  });

  test("a replayed commit is refused, and so is one of another group", async () => {
    const pending = await emptyCommit(ana.group);
    const after = await apply(ben.group, pending.commit);
    expect(await kind(receive(after, pending.commit))).toBe("epoch");
    const elsewhere = await facilitator("zoe");
    const [zoe, yan] = (await meeting(elsewhere, [await someone("yan")])) as [Member, Member];
    const foreign = await emptyCommit(zoe.group);
    expect(await kind(receive(ben.group, foreign.commit))).toBe("invalid");
    await apply(yan.group, foreign.commit);
    const id = bytesFor("another meeting", 16);
    const alone = await createGroup(id, elsewhere.own, await founding(elsewhere, id), authenticate);
    const renewed = adopt(alone, await emptyCommit(alone));
    expect(epoch(renewed)).toBe(epoch(ben.group));
    expect(await kind(receive(ben.group, (await emptyCommit(renewed)).commit))).toBe("epoch");
  });

  test("an external commit is refused", async () => {
    const cs = await suite();
    const info = await createGroupInfoWithExternalPubAndRatchetTree(ana.group.mls, [], cs);
    const ghost = await someone("ghost");
    const { publicMessage } = await joinGroupExternal(info, ghost.own.keyPackage, ghost.own.secrets, false, cs);
    const commit = encode({ version: "mls10", wireformat: "mls_public_message", publicMessage });
    // The library by itself would let the ghost in.
    const { newState } = await processMlsPublicMessage(ben.group.mls, publicMessage, emptyPskIndex, cs);
    expect(newState.groupContext.epoch).toBe(2n);
    expect(await kind(receive(ben.group, commit))).toBe("invalid");
  });

  test("proposals on their own, and private commits, are refused", async () => {
    const { commit } = await createCommit(
      { state: ana.group.mls, cipherSuite: await suite() },
      { wireAsPublicMessage: false },
    );
    expect(await kind(receive(ben.group, encode(commit)))).toBe("malformed");
    expect(await kind(openApplication(ben.group, encode(commit)))).toBe("malformed");
    const { message } = await sealApplication(ana.group, utf8("words"));
    expect(await kind(receive(ben.group, message))).toBe("malformed");
  });

  test("proposals by reference, secrets with a short nonce, and too many proposals are refused", async () => {
    const refused = (reason: string) => ({ outcome: "refused", verdict: { accepted: false, reason } });
    const reference: ProposalOrRef = { proposalOrRefType: "reference", reference: bytesFor("proposal", 32) };
    expect(await receive(ben.group, await handmade(ana.group, [reference]))).toEqual(refused("foreign-proposal"));
    const dee = await someone("dee");
    const secret = (length: number): ProposalOrRef => {
      const preSharedKeyId = { psktype: "external" as const, pskId: PSK_ID, pskNonce: bytesFor("nonce", length) };
      return { proposalOrRefType: "proposal", proposal: { proposalType: "psk", psk: { preSharedKeyId } } };
    };
    const proposal: Proposal = { proposalType: "add", add: { keyPackage: dee.own.keyPackage } };
    const add: ProposalOrRef = { proposalOrRefType: "proposal", proposal };
    expect(await receive(ben.group, await handmade(ana.group, [add, secret(31)]))).toEqual(refused("psk"));
    // With the right length it gets as far as the tags of the epoch that it would make.
    expect(await kind(receive(ben.group, await handmade(ana.group, [add, secret(32)])))).toBe("invalid");
    const many = Array.from({ length: 129 }, () => reference);
    expect(await kind(receive(ben.group, await handmade(ana.group, many)))).toBe("malformed");
    expect(await receive(ben.group, await handmade(ana.group, many.slice(1)))).toEqual(refused("foreign-proposal"));
  });

  test("a changed bit anywhere is noticed, and changes nothing", async () => {
    const dee = await someone("dee");
    const pending = await addAndCommit(ana.group, [dee.own.message], await PSK, NOW);
    const before = hex(epochAuthenticator(ben.group));
    const random = seeded(9420);
    for (let round = 0; round < 60; round++) {
      const bent = pending.commit.slice();
      const at = Math.floor(random() * bent.length);
      bent[at] = (bent[at] as number) ^ (1 << Math.floor(random() * 8));
      expect(["malformed", "invalid", "epoch"], `byte ${at}`).toContain(await kind(receive(ben.group, bent)));
    }
    for (const bytes of [new Uint8Array(0), new Uint8Array(300_000), pending.commit.slice(0, -1)]) {
      expect(await kind(receive(ben.group, bytes))).toBe("malformed");
    }
    expect(hex(epochAuthenticator(ben.group))).toBe(before);
    await apply(ben.group, pending.commit);
  });
});

describe("what is said", () => {
  test("comes with the leaf that signed it, once", async () => {
    const { group, message } = await sealApplication(ben.group, utf8("hello"));
    const opened = await openApplication(chi.group, message);
    expect(opened.content).toEqual(utf8("hello"));
    expect(opened.sender.leaf).toBe(1);
    expect(opened.sender.key).toEqual(ben.who.key.publicKey);
    expect(await kind(openApplication(opened.group, message))).toBe("invalid");
    const next = await sealApplication(group, utf8("again"));
    expect((await openApplication(opened.group, next.message)).content).toEqual(utf8("again"));
  });

  test("has a size class, not a length", async () => {
    const length = async (text: string) => (await sealApplication(ana.group, utf8(text))).message.length;
    expect(await length("a")).toBe(await length("a".repeat(200)));
    expect(await length("a".repeat(300))).toBe(await length("a".repeat(1000)));
    await expect(sealApplication(ana.group, new Uint8Array(20_000))).rejects.toThrow(RangeError);
  });

  test("arrives in any order, and after a gap of ten minutes of heartbeats", async () => {
    let { group } = ana;
    const messages: Bytes[] = [];
    for (let n = 0; n < 121; n++) {
      const sealed = await sealApplication(group, utf8(String(n)));
      messages.push(sealed.message);
      group = sealed.group;
    }
    const later = await openApplication(ben.group, messages[120] as Bytes);
    const earlier = await openApplication(later.group, messages[116] as Bytes);
    expect(earlier.content).toEqual(utf8("116"));
  });

  test("in an epoch that ended is not read any more, and nothing that could read it is kept", async () => {
    const { message } = await sealApplication(ben.group, utf8("on its way"));
    for (const pending of [await removeAndCommit(ana.group, [1]), await emptyCommit(ana.group)]) {
      for (const after of [adopt(ana.group, pending), await apply(chi.group, pending.commit)]) {
        expect(await kind(openApplication(after, message))).toBe("epoch");
        expect(after.mls.historicalReceiverData.size).toBe(0);
      }
    }
  });
});

test("messages are read strictly: nothing follows, and nothing is written another way", () => {
  const { message } = ana.who.own;
  expect((decode(message) as MLSMessage).wireformat).toBe("mls_key_package");
  expect(() => decode(Uint8Array.of(...message, 0))).toThrow(MlsError);
});

test("anything damaged is one kind of error, whatever reads it", async () => {
  const dee = await someone("dee");
  const pending = await addAndCommit(ana.group, [dee.own.message], await PSK, NOW);
  const said = await sealApplication(ana.group, utf8("words"));
  const kinds = ["malformed", "invalid", "epoch", "psk", "clock"];
  const readers: [Bytes, (bytes: Bytes) => Promise<unknown>][] = [
    [pending.commit, (bytes) => receive(ben.group, bytes)],
    [said.message, (bytes) => openApplication(ben.group, bytes)],
    [dee.own.message, async (bytes) => addAndCommit(ana.group, [bytes], await PSK, NOW)],
    [pending.welcome as Bytes, async (bytes) => joinFromWelcome(bytes, dee.own, await PSK, authenticate)],
  ];
  const random = seeded(8446);
  const whole = readers.map(([bytes]) => bytes);
  for (let round = 0; round < 400; round++) {
    const source = whole[Math.floor(random() * whole.length)] as Bytes;
    const [, read] = readers[Math.floor(random() * readers.length)] as (typeof readers)[number];
    const cut = random() < 0.3 ? Math.floor(random() * source.length) : source.length;
    const bytes = random() < 0.2 ? Uint8Array.of(...source, 0) : source.slice(0, cut);
    for (let n = Math.floor(random() * 4); n >= 0 && bytes.length; n--) {
      const at = Math.floor(random() * bytes.length);
      bytes[at] = (bytes[at] as number) ^ (1 + Math.floor(random() * 255));
    }
    if (String(bytes) !== String(source)) expect(kinds).toContain(await kind(read(bytes)));
  }
});
