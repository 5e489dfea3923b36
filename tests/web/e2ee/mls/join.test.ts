/** Joining groups of every shape: what ts-mls checks too strictly is checked as RFC 9420 says. */
import { makePskIndex } from "ts-mls";
import { joinGroup } from "ts-mls/clientState.js";
import { signGroupInfo } from "ts-mls/groupInfo.js";
import { accumulatePskSecret } from "ts-mls/pskIndex.js";
import { encodeRatchetTree, type RatchetTree } from "ts-mls/ratchetTree.js";
import { decryptGroupInfo, decryptGroupSecrets } from "ts-mls/welcome.js";
import { beforeAll, describe, expect, test } from "vitest";
import type { Bytes } from "../../../../web/client/base64url";
import {
  addAndCommit,
  emptyCommit,
  epochAuthenticator,
  exporter,
  joinFromWelcome,
  type Pending,
  removeAndCommit,
  roster,
} from "../../../../web/client/e2ee/mls/adapter";
import { type Letter, stateFrom } from "../../../../web/client/e2ee/mls/join";
import { decode, PSK_ID } from "../../../../web/client/e2ee/mls/messages";
import { suite } from "../../../../web/client/e2ee/mls/suite";
import { seeded } from "../../random";
import {
  authenticate,
  deliver,
  facilitator,
  hex,
  type Member,
  meeting,
  NOW,
  PSK,
  type Someone,
  someone,
} from "./world";

/** Somebody leaves, then two come in one after another, under different parents. */
async function uneven(): Promise<{ members: Member[]; last: Someone; pending: Pending }> {
  const people = await Promise.all(["ben", "chi", "dee", "eve"].map((name) => someone(name)));
  let members = await meeting(await facilitator("ana"), people);
  const [ana] = members as [Member];
  const staying = members.filter(({ who }) => who.name !== "dee");
  members = await deliver(staying, ana, await removeAndCommit(ana.group, [3]));
  for (const name of ["fay", "gus"]) {
    const [host] = members as [Member];
    const who = await someone(name);
    members = await deliver(members, host, await addAndCommit(host.group, [who.own.message], await PSK, NOW), [who]);
  }
  const [host] = members as [Member];
  const last = await someone("hal");
  return { members, last, pending: await addAndCommit(host.group, [last.own.message], await PSK, NOW) };
}

async function letterFor(who: Someone, { welcome }: Pending): Promise<Letter> {
  const message = decode(welcome as Bytes);
  if (message.wireformat !== "mls_welcome") throw new Error("no welcome");
  const cs = await suite();
  const initKey = await cs.hpke.importPrivateKey(who.own.secrets.initPrivateKey);
  const secrets = await decryptGroupSecrets(initKey, who.own.ref, message.welcome, cs.hpke);
  if (!secrets) throw new Error("not for them");
  const psk = await PSK;
  const index = { findPsk: () => psk };
  const [pskSecret] = await accumulatePskSecret(secrets.psks, index, cs, new Uint8Array(cs.kdf.size));
  const groupInfo = await decryptGroupInfo(message.welcome, secrets.joinerSecret, pskSecret, cs);
  if (!groupInfo) throw new Error("cannot be read");
  return { groupInfo, joinerSecret: secrets.joinerSecret, pskSecret, pathSecret: secrets.pathSecret };
}

test("people let in under different parents since the last new keys keep nobody out", async () => {
  const { members, last, pending } = await uneven();
  const joined = await joinFromWelcome(pending.welcome as Bytes, last.own, await PSK, authenticate);
  const after = await deliver(members, members[0] as Member, pending, [last]);
  for (const { group } of after) expect(epochAuthenticator(group)).toEqual(epochAuthenticator(joined.group));
});

test("ts-mls by itself refuses such a tree: once it does not, this file's subject can go", async () => {
  const { last, pending } = await uneven();
  const message = decode(pending.welcome as Bytes);
  if (message.wireformat !== "mls_welcome") throw new Error("no welcome");
  const psks = makePskIndex(undefined, { [btoa(String.fromCharCode(...PSK_ID))]: await PSK });
  await expect(joinGroup(message.welcome, last.own.keyPackage, last.own.secrets, psks, await suite())).rejects.toThrow(
    "non-blank intermediate node",
  );
});

test("whoever comes, goes and renews in whatever order: everybody who is let in comes to the same keys", async () => {
  for (let seed = 1; seed <= 4; seed++) {
    const random = seeded(seed);
    const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
    let members = await meeting(await facilitator("ana"), [await someone("0")]);
    for (let turn = 1; turn < 25; turn++) {
      const host = members.find(({ who }) => who.name === "ana") as Member;
      const others = members.filter((member) => member !== host);
      const dice = random();
      if (others.length < 2 || (others.length < 9 && dice < 0.55)) {
        const coming = await Promise.all(
          Array.from({ length: 1 + Math.floor(random() * 3) }, (_, at) => someone(`${turn}-${at}`)),
        );
        const messages = coming.map(({ own }) => own.message);
        members = await deliver(members, host, await addAndCommit(host.group, messages, await PSK, NOW), coming);
      } else if (dice < 0.9) {
        const gone = pick(others);
        const leaf = roster(host.group).find(({ key }) => hex(key) === hex(gone.who.key.publicKey))?.leaf ?? -1;
        members = await deliver(
          members.filter((member) => member !== gone),
          host,
          await removeAndCommit(host.group, [leaf]),
        );
      } else members = await deliver(members, host, await emptyCommit(host.group));
      const keys = await Promise.all(
        members.map(({ group }) => exporter(group, "SFrame 1.0 Base Key", new Uint8Array(0), 16)),
      );
      expect(new Set(keys.map(hex)).size).toBe(1);
    }
  }
}, 120_000);

describe("refused is", () => {
  let host: Member;
  let last: Someone;
  let letter: Letter;
  beforeAll(async () => {
    const made = await uneven();
    [host] = made.members as [Member];
    last = made.last;
    letter = await letterFor(last, made.pending);
  });

  /** The letter with another tree, signed by the same member. */
  async function withTree(change: (tree: RatchetTree) => unknown): Promise<Letter> {
    const { group } = await joinLast();
    const tree: RatchetTree = structuredClone(group.ratchetTree);
    change(tree);
    const extensions = letter.groupInfo.extensions.map((extension) =>
      extension.extensionType === "ratchet_tree" ? { ...extension, extensionData: encodeRatchetTree(tree) } : extension,
    );
    const { signature } = await suite();
    const groupInfo = await signGroupInfo({ ...letter.groupInfo, extensions }, host.who.key.privateKey, signature);
    return { ...letter, groupInfo };
  }
  const joinLast = async (from = letter) => ({
    group: await stateFrom(from, last.own, host.group.mls.clientConfig, await suite()),
  });
  const parents = (tree: RatchetTree) => tree.flatMap((node) => (node?.nodeType === "parent" ? [node.parent] : []));

  test("nothing of a good letter", async () => {
    expect((await joinLast()).group.groupActiveState.kind).toBe("active");
    expect((await joinLast(await withTree(() => undefined))).group.groupActiveState.kind).toBe("active");
  });

  test.each<[string, (tree: RatchetTree) => unknown]>([
    [
      "an unmerged leaf that a parent between does not list",
      (tree) => {
        const lists = parents(tree).filter(({ unmergedLeaves }) => unmergedLeaves.length > 0);
        expect(lists.length).toBeGreaterThan(1);
        lists.reduce((a, b) => (a.unmergedLeaves.length < b.unmergedLeaves.length ? a : b)).unmergedLeaves = [];
      },
    ],
    ["an unmerged leaf that is blank", (tree) => parents(tree)[0]?.unmergedLeaves.push(7)],
    ["an unmerged leaf that is elsewhere", (tree) => parents(tree)[0]?.unmergedLeaves.push(4)],
    ["an unmerged leaf beyond the tree", (tree) => parents(tree)[0]?.unmergedLeaves.push(4000)],
    ["a leaf in a parent's place", (tree) => tree.splice(1, 1, tree[0])],
    ["a leaf twice", (tree) => tree.splice(2, 1, structuredClone(tree[0]))],
    [
      "a parent left out",
      (tree) =>
        tree.splice(
          tree.findIndex((node) => node?.nodeType === "parent"),
          1,
          undefined,
        ),
    ],
    ["a leaf left out", (tree) => tree.splice(2, 1, undefined)],
    [
      "a parent's key changed",
      (tree) => void (parents(tree)[0] as { hpkePublicKey: Uint8Array }).hpkePublicKey.fill(1),
    ],
  ])("%s", async (_, change) => {
    await expect(withTree(change).then(joinLast)).rejects.toThrow();
  });

  test("a letter whose parts do not fit each other", async () => {
    const { groupInfo } = letter;
    for (const bad of [
      { ...letter, joinerSecret: new Uint8Array(32) },
      { ...letter, pskSecret: new Uint8Array(32) },
      { ...letter, groupInfo: { ...groupInfo, signer: 1 } },
      { ...letter, groupInfo: { ...groupInfo, signer: 99 } },
      { ...letter, groupInfo: { ...groupInfo, extensions: [] } },
      { ...letter, groupInfo: { ...groupInfo, confirmationTag: new Uint8Array(32) } },
      { ...letter, groupInfo: { ...groupInfo, groupContext: { ...groupInfo.groupContext, epoch: 99n } } },
    ]) {
      await expect(joinLast(bad)).rejects.toThrow();
    }
    await expect(stateFrom(letter, host.who.own, host.group.mls.clientConfig, await suite())).rejects.toThrow();
  });
});
