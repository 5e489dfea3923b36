/**
 * MLS (RFC 9420) for one group, on ts-mls 1.6.4.
 *
 * State goes in and new state comes out; nothing is changed in place, so that a lost race or a rejected message costs
 * nothing. An epoch is over at once: the server hands on a message in its epoch only, and what is said after a commit is
 * sealed anew. (Frames have keys of their own, which outlive it: key_ring.ts.) Commits travel as PublicMessage, because the server checks their structure;
 * everything else said travels as PrivateMessage. What a commit may do is not decided here: the caller's `judge`
 * (policy.ts) sees every commit after its signature was checked and before it has any effect.
 *
 * Secrets that a step used up are left to the garbage collector: the state before the step is still good, and may
 * be the one that goes on.
 */
import type { ClientConfig } from "ts-mls/clientConfig.js";
import { type ClientState, createGroup as createMlsGroup } from "ts-mls/clientState.js";
import { createCommit } from "ts-mls/createCommit.js";
import { createApplicationMessage } from "ts-mls/createMessage.js";
import type { Extension } from "ts-mls/extension.js";
import { mlsExporter } from "ts-mls/keySchedule.js";
import { unprotectPrivateMessage } from "ts-mls/messageProtection.js";
import { unprotectPublicMessage } from "ts-mls/messageProtectionPublic.js";
import { processPublicMessage as processMlsPublicMessage } from "ts-mls/processMessages.js";
import type { Proposal } from "ts-mls/proposal.js";
import { accumulatePskSecret, type PskIndex } from "ts-mls/pskIndex.js";
import { decryptGroupInfo, decryptGroupSecrets } from "ts-mls/welcome.js";
import type { Bytes } from "../../base64url";
import { derive, info } from "../../derive";
import { pad, TEXT_PADDING, unpad } from "../padding";
import { equal } from "./fields";
import { stateFrom } from "./join";
import {
  type CommitView,
  checkKeyPackageClock,
  decode,
  decodeKeyPackage,
  encode,
  FOUNDING,
  guarded,
  KEY_PACKAGE_SECONDS,
  leaves,
  MlsError,
  type OwnKeyPackage,
  PSK_ID,
  type RosterEntry,
  view,
} from "./messages";
import { suite } from "./suite";

/**
 * Messages of one sender that may be missing before the next one: twice the heartbeats between two renewals of the keys
 * (60), since a sender with more than that missing is not understood until the next epoch. Each step costs everybody a
 * hash, for a message that any member can make up: 512 took 75 ms on two busy cores, and twenty a second held up everything.
 */
const MAX_SKIPPED_MESSAGES = 128;
/** GroupInfo extension of ours, from the private range (RFC 9420 §17.3): what a joiner must know and a facilitator signed. */
const WELCOME_NOTES = 0xf5e1;

/** One's own place in a group at one epoch. */
export interface Group {
  readonly mls: ClientState;
}

/** Says whether a leaf's credential is genuine for its key. */
export type Authenticate = (identity: Bytes, leafKey: Bytes) => Promise<boolean>;

/** A commit of one's own that the server has not numbered yet: `adopt` it when it comes back, else forget it. */
export interface Pending {
  readonly commit: Bytes;
  /** For whom it adds; sent together with the commit. */
  readonly welcome: Bytes | null;
  readonly next: ClientState;
}

function clientConfig(authenticate: Authenticate): ClientConfig {
  return {
    keyRetentionConfig: {
      retainKeysForGenerations: 10,
      // As few as ts-mls can (it takes 0 for all): `over` drops that one too.
      retainKeysForEpochs: 1,
      maximumForwardRatchetSteps: MAX_SKIPPED_MESSAGES,
    },
    // Receivers do not judge lifetimes: members whose clocks differ would come to different groups.
    lifetimeConfig: { maximumTotalLifetime: 2n * BigInt(KEY_PACKAGE_SECONDS), validateLifetimeOnReceive: false },
    keyPackageEqualityConfig: {
      compareKeyPackages: (a, b) => equal(a.leafNode.signaturePublicKey, b.leafNode.signaturePublicKey),
      compareKeyPackageToLeafNode: (a, b) => equal(a.leafNode.signaturePublicKey, b.signaturePublicKey),
    },
    // Application data is padded to size classes before it gets there.
    paddingConfig: { kind: "padUntilLength", padUntilLength: 0 },
    authService: {
      validateCredential: async (credential, key) =>
        credential.credentialType === "basic" && authenticate(credential.identity.slice(), key.slice()),
    },
  };
}

/** RFC 9420 §7.3: ts-mls does not compare a new leaf's encryption key with the others', which bars later joiners. */
function requireUniqueKeys({ ratchetTree }: ClientState): void {
  const keys = ratchetTree.flatMap((node) => {
    if (!node) return [];
    return [node.nodeType === "leaf" ? node.leaf.hpkePublicKey : node.parent.hpkePublicKey].map(String);
  });
  if (new Set(keys).size !== keys.length) throw new MlsError("invalid");
}

function pskIndex(psk: Bytes | null): PskIndex {
  return {
    findPsk: (id) => (psk && id.psktype === "external" && equal(id.pskId, PSK_ID) ? psk : undefined),
  };
}

/** The pre-shared key that every commit with an Add carries: who lacks the link cannot join. `group` as in the link. */
export function roomPsk(roomSecret: Bytes, group: string): Promise<Bytes> {
  return derive(roomSecret, info("hearthside psk v1", group), 32);
}

/** A group of one, epoch 0. `id` is the MLS group id, random for each meeting; `founding` says who founds it (founding.ts). */
export function createGroup(
  id: Bytes,
  own: OwnKeyPackage,
  founding: Bytes,
  authenticate: Authenticate,
): Promise<Group> {
  return guarded(async () => {
    const extensions = [{ extensionType: FOUNDING, extensionData: founding }];
    const config = clientConfig(authenticate);
    const mls = await createMlsGroup(id, own.keyPackage, own.secrets, extensions, await suite(), config);
    return { mls };
  });
}

export interface CommitOptions {
  /** Statements that entitle to it (statements.ts). */
  authenticatedData?: Bytes;
  /** For those who are added: what `joinFromWelcome` returns as `notes`. */
  notes?: Bytes;
}

function commit(group: Group, proposals: Proposal[], psk: Bytes | null, options: CommitOptions): Promise<Pending> {
  return guarded(async () => {
    if (isRemoved(group)) throw new MlsError("removed");
    const { notes, authenticatedData = new Uint8Array(0) } = options;
    const result = await createCommit(
      { state: group.mls, cipherSuite: await suite(), pskIndex: pskIndex(psk) },
      {
        wireAsPublicMessage: true,
        extraProposals: proposals,
        ratchetTreeExtension: true,
        authenticatedData,
        groupInfoExtensions: notes ? [{ extensionType: WELCOME_NOTES, extensionData: notes }] : [],
      },
    );
    requireUniqueKeys(result.newState);
    const { welcome } = result;
    return {
      commit: encode(result.commit),
      welcome: welcome ? encode({ version: "mls10", wireformat: "mls_welcome", welcome }) : null,
      next: result.newState,
    };
  });
}

const removal = (removed: number): Proposal => ({ proposalType: "remove", remove: { removed } });

/**
 * Adds everybody whose KeyPackage is given, and removes `replaced` (a rejoin) in the same commit. Throws MlsError:
 * "clock" for a KeyPackage outside its lifetime.
 */
export async function addAndCommit(
  group: Group,
  keyPackages: readonly Bytes[],
  psk: Bytes,
  now: number,
  options: CommitOptions & { replaced?: readonly number[] } = {},
): Promise<Pending> {
  const { rng, kdf } = await suite();
  const packages = keyPackages.map(decodeKeyPackage);
  for (const added of packages) checkKeyPackageClock(added, now);
  const proposals: Proposal[] = [
    ...(options.replaced ?? []).map(removal),
    ...packages.map((keyPackage): Proposal => ({ proposalType: "add", add: { keyPackage } })),
    {
      proposalType: "psk",
      psk: { preSharedKeyId: { psktype: "external", pskId: PSK_ID, pskNonce: rng.randomBytes(kdf.size) } },
    },
  ];
  return commit(group, proposals, psk, options);
}

/** Removes; always with an update path, without which the removed could derive the next epoch's keys. */
export function removeAndCommit(
  group: Group,
  removed: readonly number[],
  options: CommitOptions = {},
): Promise<Pending> {
  return commit(group, removed.map(removal), null, options);
}

/** New keys for the same people. */
export function emptyCommit(group: Group, options: CommitOptions = {}): Promise<Pending> {
  return commit(group, [], null, options);
}

/** The state after one's own commit, once the server has numbered it. Throws MlsError "epoch" when another was first. */
export function adopt(group: Group, pending: Pending): Group {
  if (epoch(group) + 1n !== pending.next.groupContext.epoch) throw new MlsError("epoch");
  return over(pending.next);
}

/** Without the keys of the epoch that ended. */
const over = (mls: ClientState): Group => ({ mls: { ...mls, historicalReceiverData: new Map() } });

export interface Joined {
  readonly group: Group;
  /** The leaf that signed the Welcome: whoever admitted. */
  readonly signer: number;
  readonly notes: Bytes | null;
  /** Says who founded the group, if it is good (founding.ts). */
  readonly founding: Bytes | null;
}

/** Throws MlsError "foreign" for a Welcome of another KeyPackage, "psk" unless the link's PSK, and no other, went into it. */
export function joinFromWelcome(
  bytes: Bytes,
  own: OwnKeyPackage,
  psk: Bytes,
  authenticate: Authenticate,
): Promise<Joined> {
  return guarded(async () => {
    const message = decode(bytes);
    if (message.wireformat !== "mls_welcome") throw new MlsError("malformed");
    const { welcome } = message;
    const cipherSuite = await suite();
    const initKey = await cipherSuite.hpke.importPrivateKey(own.secrets.initPrivateKey);
    // For somebody else, or for another KeyPackage of one's own.
    if (!welcome.secrets.some(({ newMember }) => equal(newMember, own.ref))) throw new MlsError("foreign");
    const secrets = await decryptGroupSecrets(initKey, own.ref, welcome, cipherSuite.hpke);
    if (!secrets) throw new MlsError("malformed");
    const [id, ...more] = secrets.psks;
    if (id?.psktype !== "external" || !equal(id.pskId, PSK_ID) || more.length) throw new MlsError("psk");
    const zeroes = new Uint8Array(cipherSuite.kdf.size);
    const [pskSecret] = await accumulatePskSecret(secrets.psks, pskIndex(psk), cipherSuite, zeroes);
    const groupInfo = await decryptGroupInfo(welcome, secrets.joinerSecret, pskSecret, cipherSuite).catch(() => {
      // The joiner's own key opened its part, so that only the PSK can be another one.
      throw new MlsError("psk");
    });
    if (!groupInfo) throw new MlsError("malformed");
    const { joinerSecret, pathSecret } = secrets;
    const letter = { groupInfo, joinerSecret, pskSecret, pathSecret };
    const mls = await stateFrom(letter, own, clientConfig(authenticate), cipherSuite);
    requireUniqueKeys(mls);
    const found = (extensions: readonly Extension[], type: number) =>
      extensions.find(({ extensionType }) => extensionType === type)?.extensionData.slice() ?? null;
    return {
      group: { mls },
      signer: groupInfo.signer,
      notes: found(groupInfo.extensions, WELCOME_NOTES),
      founding: found(mls.groupContext.extensions, FOUNDING),
    };
  });
}

export type Processed<Verdict> =
  | { readonly outcome: "applied" | "removed"; readonly group: Group; readonly verdict: Verdict }
  /** Genuine, but not permitted: the state stays as it was. */
  | { readonly outcome: "refused"; readonly verdict: Verdict };

/**
 * Applies another member's commit if `judge` accepts it. Throws MlsError for what is not a genuine commit of this
 * epoch; the state stays as it was.
 */
export function processPublicMessage<Verdict extends { readonly accepted: boolean }>(
  group: Group,
  bytes: Bytes,
  psk: Bytes,
  judge: (commit: CommitView) => Promise<Verdict>,
): Promise<Processed<Verdict>> {
  return guarded(async () => {
    const message = decode(bytes);
    if (isRemoved(group)) throw new MlsError("removed");
    if (message.wireformat !== "mls_public_message") throw new MlsError("malformed");
    const { publicMessage } = message;
    const { groupContext, keySchedule, ratchetTree } = group.mls;
    const said = await view(publicMessage);
    if (!equal(publicMessage.content.groupId, groupContext.groupId) || said.epoch !== groupContext.epoch) {
      throw new MlsError("epoch");
    }
    // An external commit is signed by a key of its own making: there is nobody to whom it could be put down.
    if (said.sender === null) throw new MlsError("invalid");
    const cipherSuite = await suite();
    await unprotectPublicMessage(keySchedule.membershipKey, groupContext, ratchetTree, publicMessage, cipherSuite);
    const verdict = await judge(said);
    if (!verdict.accepted) return { outcome: "refused", verdict };
    const own = ownLeaf(group);
    if (said.proposals.some((proposal) => proposal.type === "remove" && proposal.leaf === own)) {
      // ts-mls sees this by an empty leaf, and an Add in the same commit may have filled it again.
      const mls: ClientState = { ...group.mls, groupActiveState: { kind: "removedFromGroup" } };
      return { outcome: "removed", group: over(mls), verdict };
    }
    const { newState } = await processMlsPublicMessage(group.mls, publicMessage, pskIndex(psk), cipherSuite);
    requireUniqueKeys(newState);
    return { outcome: "applied", group: over(newState), verdict };
  });
}

/** Pads to a size class, signs and encrypts. Throws RangeError when it is too long for the largest class. */
export async function sealApplication(group: Group, content: Bytes): Promise<{ group: Group; message: Bytes }> {
  if (isRemoved(group)) throw new MlsError("removed");
  const padded = pad(content, TEXT_PADDING);
  const { newState, privateMessage } = await createApplicationMessage(group.mls, padded, await suite());
  return {
    group: { mls: newState },
    message: encode({ version: "mls10", wireformat: "mls_private_message", privateMessage }),
  };
}

export interface Opened {
  readonly group: Group;
  /** Who signed it. */
  readonly sender: RosterEntry;
  readonly content: Bytes;
}

/** Each message opens once. Throws MlsError; "epoch" for one of another epoch. */
export function openApplication(group: Group, bytes: Bytes): Promise<Opened> {
  return guarded(async () => {
    const message = decode(bytes);
    if (isRemoved(group)) throw new MlsError("removed");
    if (message.wireformat !== "mls_private_message") throw new MlsError("malformed");
    const { privateMessage } = message;
    // Commits and proposals of ours are public: a private one was made to pass the server's check.
    if (privateMessage.contentType !== "application") throw new MlsError("malformed");
    const { mls } = group;
    const { groupContext, ratchetTree } = mls;
    if (!equal(privateMessage.groupId, groupContext.groupId) || privateMessage.epoch !== groupContext.epoch) {
      throw new MlsError("epoch");
    }
    const { content, tree } = await unprotectPrivateMessage(
      mls.keySchedule.senderDataSecret,
      privateMessage,
      mls.secretTree,
      ratchetTree,
      groupContext,
      mls.clientConfig.keyRetentionConfig,
      await suite(),
    );
    const { sender } = content.content;
    if (content.content.contentType !== "application" || sender.senderType !== "member") throw new MlsError("invalid");
    const entry = leaves(ratchetTree).find(({ leaf }) => leaf === sender.leafIndex);
    if (!entry) throw new MlsError("invalid");
    return {
      group: { mls: { ...mls, secretTree: tree } },
      sender: entry,
      content: unpad(content.content.applicationData.slice(), TEXT_PADDING),
    };
  });
}

/** MLS-Exporter (RFC 9420 §8.5); `length` in bytes. */
export async function exporter({ mls }: Group, label: string, context: Bytes, length: number): Promise<Bytes> {
  return (await mlsExporter(mls.keySchedule.exporterSecret, label, context, length, await suite())).slice();
}

/** The same bytes for everybody in this epoch, and for nobody else (RFC 9420 §8.7). */
export const epochAuthenticator = ({ mls }: Group): Bytes => mls.keySchedule.epochAuthenticator.slice();
/** Everybody who holds this epoch's keys, by rising leaf. */
export const roster = ({ mls }: Group): RosterEntry[] => leaves(mls.ratchetTree);
export const epoch = ({ mls }: Group): bigint => mls.groupContext.epoch;
export const groupId = ({ mls }: Group): Bytes => mls.groupContext.groupId.slice();
export const ownLeaf = ({ mls }: Group): number => mls.privatePath.leafIndex;
export const isRemoved = ({ mls }: Group): boolean => mls.groupActiveState.kind === "removedFromGroup";
