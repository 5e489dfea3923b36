/**
 * What travels in MLS (RFC 9420), cipher suite 1, read and written with ts-mls 1.6.4: KeyPackages, and what a commit says.
 * Besides adapter.ts and suite.ts no
 * file knows that library; it is imported in parts, because its index brings every cipher suite along.
 */
import {
  generateKeyPackageWithKey,
  type KeyPackage,
  makeKeyPackageRef,
  type PrivateKeyPackage,
} from "ts-mls/keyPackage.js";
import type { LeafNode } from "ts-mls/leafNode.js";
import { decodeMlsMessage, encodeMlsMessage, type MLSMessage } from "ts-mls/message.js";
import type { PublicMessage } from "ts-mls/publicMessage.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import { type Bytes, utf8 } from "../../base64url";
import { equal } from "./fields";
import { SUITE, suite } from "./suite";

/** Of anything that is read, as the server has it: fifty people with certificates, let in at once, take about 60 kB. */
const MAX_MESSAGE_BYTES = 128 * 1024;
/** In one commit: a full room leaves at once, or everybody who waits is let in at once. */
const MAX_PROPOSALS = 128;
/**
 * A KeyPackage is good this long before and after its making: its maker's clock may be a day ahead and the
 * committer's a day behind, and an hour passes.
 */
export const KEY_PACKAGE_SECONDS = 2 * 86_400 + 3_600;
/**
 * GroupContext extension of ours, from the private range (RFC 9420 §17.3): the founding record (founding.ts). Everybody
 * in the group must say that they know it (§7.2).
 */
export const FOUNDING = 0xf5e2;
/** Name of the link's pre-shared key. */
export const PSK_ID = utf8("hearthside room v1");

export class MlsError extends Error {
  constructor(
    readonly kind:
      | "malformed"
      /** Made in another epoch or group. */
      | "epoch"
      /** A signature, a tag or a key does not fit; or it breaks a rule of RFC 9420. */
      | "invalid"
      /** A Welcome for another KeyPackage. */
      | "foreign"
      /** The link's secret is missing from it, or is another one. */
      | "psk"
      /** A KeyPackage outside its lifetime: one of two clocks is wrong. */
      | "clock"
      /** This group is over for us. */
      | "removed",
    options?: ErrorOptions,
  ) {
    super(kind, options);
  }
}

export interface LeafKey {
  readonly publicKey: Bytes;
  /** An Ed25519 seed. */
  readonly privateKey: Bytes;
}

/** A KeyPackage with its secrets. `message` is what others get, `ref` its RFC 9420 §5.2 name. */
export interface OwnKeyPackage {
  readonly message: Bytes;
  readonly ref: Bytes;
  readonly keyPackage: KeyPackage;
  readonly secrets: PrivateKeyPackage;
}

export interface RosterEntry {
  readonly leaf: number;
  /** Ed25519 public key. */
  readonly key: Bytes;
  /** The credential's bytes (credentials.ts). */
  readonly identity: Bytes;
}

export type ProposalView =
  | ({ readonly type: "add"; readonly ref: Bytes } & Omit<RosterEntry, "leaf">)
  | { readonly type: "remove"; readonly leaf: number }
  /** `room`: the link's own PSK, with a nonce of full length. */
  | { readonly type: "psk"; readonly room: boolean }
  /** Anything else, proposals by reference included. */
  | { readonly type: "other" };

/** What a commit says, as far as the policy looks at it. */
export interface CommitView {
  /** The epoch that it ends. */
  readonly epoch: bigint;
  /** Null for whoever is not a member. */
  readonly sender: number | null;
  readonly proposals: readonly ProposalView[];
  /** The committer's new leaf. */
  readonly path: Omit<RosterEntry, "leaf"> | null;
  readonly authenticatedData: Bytes;
}

/** ts-mls says everything with exceptions of many classes; here they become one. */
export async function guarded<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof MlsError ? error : new MlsError("invalid", { cause: error });
  }
}

/** Strict: nothing may follow, and the bytes are the only ones that mean this. Throws MlsError "malformed". */
export function decode(bytes: Uint8Array): MLSMessage {
  if (bytes.length > MAX_MESSAGE_BYTES) throw new MlsError("malformed");
  let message: MLSMessage | undefined;
  try {
    // A copy, because what is decoded consists of views.
    message = decodeMlsMessage(bytes.slice(), 0)?.[0];
    if (message && equal(encodeMlsMessage(message), bytes)) return message;
  } catch (error) {
    throw new MlsError("malformed", { cause: error });
  }
  throw new MlsError("malformed");
}

export const encode = (message: MLSMessage): Bytes => encodeMlsMessage(message).slice();

function identityOf({ credential }: LeafNode): Bytes {
  return credential.credentialType === "basic" ? credential.identity.slice() : new Uint8Array(0);
}

export function leaves(tree: RatchetTree): RosterEntry[] {
  return tree.flatMap((node, at) =>
    node?.nodeType === "leaf"
      ? [{ leaf: at / 2, key: node.leaf.signaturePublicKey.slice(), identity: identityOf(node.leaf) }]
      : [],
  );
}

/** A fresh leaf key: a role key signs it before the KeyPackage is made. */
export async function leafKey(): Promise<LeafKey> {
  const { signature } = await suite();
  const { publicKey, signKey } = await signature.keygen();
  return { publicKey: publicKey.slice(), privateKey: signKey.slice() };
}

/** Signs with a leaf key, for statements (statements.ts). */
export async function signWithLeaf(key: LeafKey, message: Bytes): Promise<Bytes> {
  const { signature } = await suite();
  return (await signature.sign(key.privateKey, message)).slice();
}

export async function keyPackage(identity: Bytes, key: LeafKey, now: number): Promise<OwnKeyPackage> {
  const cipherSuite = await suite();
  const { publicPackage, privatePackage } = await generateKeyPackageWithKey(
    { credentialType: "basic", identity },
    { versions: ["mls10"], ciphersuites: [SUITE], extensions: [FOUNDING], proposals: [], credentials: ["basic"] },
    {
      notBefore: BigInt(Math.max(0, Math.floor(now) - KEY_PACKAGE_SECONDS)),
      notAfter: BigInt(Math.ceil(now) + KEY_PACKAGE_SECONDS),
    },
    [],
    { publicKey: key.publicKey, signKey: key.privateKey },
    cipherSuite,
  );
  return {
    message: encode({ version: "mls10", wireformat: "mls_key_package", keyPackage: publicPackage }),
    ref: (await makeKeyPackageRef(publicPackage, cipherSuite.hash)).slice(),
    keyPackage: publicPackage,
    secrets: privatePackage,
  };
}

/** Throws MlsError "clock" when `now` is outside its lifetime: ts-mls would only say that it is invalid. */
export function checkKeyPackageClock({ leafNode }: KeyPackage, now: number): void {
  if (leafNode.leafNodeSource !== "key_package") throw new MlsError("malformed");
  const { notBefore, notAfter } = leafNode.lifetime;
  if (now < Number(notBefore) || now > Number(notAfter)) throw new MlsError("clock");
}

/** Reads a KeyPackage as others sent it. Throws MlsError. */
export function decodeKeyPackage(bytes: Bytes): KeyPackage {
  const message = decode(bytes);
  if (message.wireformat !== "mls_key_package") throw new MlsError("malformed");
  return message.keyPackage;
}

/** What a KeyPackage says, for whoever admits by it; its signatures are checked when it is added. Throws MlsError. */
export async function readKeyPackage(bytes: Bytes): Promise<{ ref: Bytes } & Omit<RosterEntry, "leaf">> {
  return viewKeyPackage(decodeKeyPackage(bytes));
}

async function viewKeyPackage(keyPackage: KeyPackage): Promise<{ ref: Bytes } & Omit<RosterEntry, "leaf">> {
  const { hash } = await suite();
  const { leafNode } = keyPackage;
  return {
    ref: (await makeKeyPackageRef(keyPackage, hash)).slice(),
    key: leafNode.signaturePublicKey.slice(),
    identity: identityOf(leafNode),
  };
}

/** What a commit of one's own says, to judge it before it is sent. Throws MlsError. */
export async function readCommit(bytes: Bytes): Promise<CommitView> {
  const message = decode(bytes);
  if (message.wireformat !== "mls_public_message") throw new MlsError("malformed");
  return view(message.publicMessage);
}

export async function view({ content }: PublicMessage): Promise<CommitView> {
  if (content.contentType !== "commit") throw new MlsError("malformed");
  const { proposals, path } = content.commit;
  if (proposals.length > MAX_PROPOSALS) throw new MlsError("malformed");
  const { kdf } = await suite();
  return {
    epoch: content.epoch,
    sender: content.sender.senderType === "member" ? content.sender.leafIndex : null,
    proposals: await Promise.all(
      proposals.map(async (item): Promise<ProposalView> => {
        if (item.proposalOrRefType !== "proposal") return { type: "other" };
        const { proposal } = item;
        if (proposal.proposalType === "remove") return { type: "remove", leaf: proposal.remove.removed };
        if (proposal.proposalType === "add") return { type: "add", ...(await viewKeyPackage(proposal.add.keyPackage)) };
        if (proposal.proposalType !== "psk") return { type: "other" };
        const id = proposal.psk.preSharedKeyId;
        const room = id.psktype === "external" && equal(id.pskId, PSK_ID) && id.pskNonce.length === kdf.size;
        return { type: "psk", room };
      }),
    ),
    path: path ? { key: path.leafNode.signaturePublicKey.slice(), identity: identityOf(path.leafNode) } : null,
    authenticatedData: content.authenticatedData.slice(),
  };
}
