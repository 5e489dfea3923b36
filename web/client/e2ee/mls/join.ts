/**
 * Joining by a Welcome (RFC 9420 §12.4.3.1), out of the parts of ts-mls 1.6.4, whose own joinGroup cannot be used: of a tree with
 * unmerged leaves it asks that every parent above such a leaf lists the same ones, where §7.9.2 and §12.4.3.1 ask of the parents
 * between the leaf and the node that they list this leaf. After two people were let in since the last new keys, under
 * different parents, it refuses a tree that is good, and nobody gets in until a commit with a path.
 */
import type { ClientConfig } from "ts-mls/clientConfig.js";
import { type ClientState, validateLeafNodeUpdateOrCommit } from "ts-mls/clientState.js";
import type { CiphersuiteImpl } from "ts-mls/crypto/ciphersuite.js";
import { extensionsSupportedByCapabilities } from "ts-mls/extension.js";
import type { GroupContext } from "ts-mls/groupContext.js";
import {
  type GroupInfo,
  ratchetTreeFromExtension,
  verifyGroupInfoConfirmationTag,
  verifyGroupInfoSignature,
} from "ts-mls/groupInfo.js";
import { deriveKeySchedule } from "ts-mls/keySchedule.js";
import { type LeafNode, verifyLeafNodeSignatureKeyPackage } from "ts-mls/leafNode.js";
import { verifyParentHashes } from "ts-mls/parentHash.js";
import { pathToRoot } from "ts-mls/pathSecrets.js";
import { mergePrivateKeyPaths, toPrivateKeyPath } from "ts-mls/privateKeyPath.js";
import { findLeafIndex, type RatchetTree } from "ts-mls/ratchetTree.js";
import { createSecretTree } from "ts-mls/secretTree.js";
import { treeHashRoot } from "ts-mls/treeHash.js";
import { directPath, leafToNodeIndex, leafWidth, toLeafIndex, toNodeIndex } from "ts-mls/treemath.js";
import { firstCommonAncestor } from "ts-mls/updatePath.js";
import { equal } from "./fields";
import { FOUNDING, MlsError, type OwnKeyPackage } from "./messages";

/** What a Welcome told this joiner, decrypted. */
export interface Letter {
  readonly groupInfo: GroupInfo;
  readonly joinerSecret: Uint8Array;
  readonly pskSecret: Uint8Array;
  readonly pathSecret: Uint8Array | undefined;
}

function require(condition: boolean): asserts condition {
  if (!condition) throw new MlsError("invalid");
}

/** The joiner's state. Throws, MlsError "invalid" or an error of ts-mls, unless everything is as RFC 9420 says. */
export async function stateFrom(
  { groupInfo, joinerSecret, pskSecret, pathSecret }: Letter,
  own: OwnKeyPackage,
  config: ClientConfig,
  cs: CiphersuiteImpl,
): Promise<ClientState> {
  const { groupContext, signer, confirmationTag } = groupInfo;
  const tree = ratchetTreeFromExtension(groupInfo);
  require(tree !== undefined && groupContext.cipherSuite === own.keyPackage.cipherSuite);
  require(groupContext.version === own.keyPackage.version);
  // The founding record is the only extension of ours, and nobody can add another.
  require(groupContext.extensions.length <= 1);
  require(groupContext.extensions.every(({ extensionType }) => extensionType === FOUNDING));
  const signed = tree[leafToNodeIndex(toLeafIndex(signer))];
  require(signed?.nodeType === "leaf");
  require(await verifyGroupInfoSignature(groupInfo, signed.leaf.signaturePublicKey, cs.signature));
  await checkTree(tree, groupContext, config, cs);
  const leaf = findLeafIndex(tree, own.keyPackage.leafNode);
  require(leaf !== undefined);
  const ownPath = { leafIndex: leaf, privateKeys: { [leafToNodeIndex(leaf)]: own.secrets.hpkePrivateKey } };
  const [keySchedule, encryptionSecret] = await deriveKeySchedule(joinerSecret, pskSecret, groupContext, cs.kdf);
  require(await verifyGroupInfoConfirmationTag(groupInfo, joinerSecret, pskSecret, cs));
  const shared =
    pathSecret && (await pathToRoot(tree, firstCommonAncestor(tree, leaf, toLeafIndex(signer)), pathSecret, cs.kdf));
  return {
    groupContext,
    ratchetTree: tree,
    privatePath: shared ? mergePrivateKeyPaths(await toPrivateKeyPath(shared, leaf, cs), ownPath) : ownPath,
    signaturePrivateKey: own.secrets.signaturePrivateKey,
    confirmationTag,
    unappliedProposals: {},
    keySchedule,
    secretTree: await createSecretTree(leafWidth(tree.length), encryptionSecret, cs.kdf),
    historicalReceiverData: new Map(),
    groupActiveState: { kind: "active" },
    clientConfig: config,
  };
}

/** RFC 9420 §12.4.3.1, "Verify the integrity of the ratchet tree". */
async function checkTree(tree: RatchetTree, context: GroupContext, config: ClientConfig, cs: CiphersuiteImpl) {
  for (const [at, node] of tree.entries()) {
    if (!node) continue;
    require((at % 2 === 0) === (node.nodeType === "leaf"));
    if (node.nodeType === "leaf") await checkLeaf(node.leaf, at / 2, context, config, cs);
    else for (const leaf of node.parent.unmergedLeaves) checkUnmerged(tree, at, leaf);
  }
  const signatureKeys = tree.flatMap((node) =>
    node?.nodeType === "leaf" ? [String(node.leaf.signaturePublicKey)] : [],
  );
  require(new Set(signatureKeys).size === signatureKeys.length);
  require(await verifyParentHashes(tree, cs.hash));
  require(equal(await treeHashRoot(tree, cs.hash), context.treeHash));
}

async function checkLeaf(
  leaf: LeafNode,
  index: number,
  context: GroupContext,
  config: ClientConfig,
  cs: CiphersuiteImpl,
): Promise<void> {
  if (leaf.leafNodeSource === "key_package") {
    require(await verifyLeafNodeSignatureKeyPackage(leaf, cs.signature));
    require(await config.authService.validateCredential(leaf.credential, leaf.signaturePublicKey));
    require(extensionsSupportedByCapabilities(leaf.extensions, leaf.capabilities));
  } else {
    const error = await validateLeafNodeUpdateOrCommit(
      leaf,
      toLeafIndex(index),
      context,
      config.authService,
      cs.signature,
    );
    require(error === undefined);
  }
  require(extensionsSupportedByCapabilities(context.extensions, leaf.capabilities));
  // Everybody's credential is of the one type that we know.
  require(leaf.credential.credentialType === "basic" && leaf.capabilities.credentials.includes("basic"));
}

/** The leaf is there, below the parent, and every parent between lists it too. */
function checkUnmerged(tree: RatchetTree, parent: number, leaf: number): void {
  const index = leafToNodeIndex(toLeafIndex(leaf));
  require(index < tree.length && tree[index]?.nodeType === "leaf");
  const path = directPath(index, leafWidth(tree.length));
  const above = path.indexOf(toNodeIndex(parent));
  require(above >= 0);
  for (const between of path.slice(0, above)) {
    const node = tree[between];
    require(!node || (node.nodeType === "parent" && node.parent.unmergedLeaves.includes(leaf)));
  }
}
