/**
 * What entitles a commit to what it does, beside its sender's role: signed leavings, proven rejoins, and the list of
 * co-facilitators. They travel in the commit's `authenticated_data`.
 *
 * Each statement is bound to the meeting's MLS group id and to a leaf key, which is new in every session: none can be
 * used twice, or in another meeting.
 */
import { type Bytes, concat, utf8 } from "../../base64url";
import {
  decodeCredential,
  encodeCredential,
  ID_BYTES,
  type LeafCredential,
  type Trust,
  verifyCredential,
} from "./credentials";
import { CredentialError, compare, exactly, FieldReader, rising, sized, u8, u16, u32, u64 } from "./fields";
import { KEY_BYTES, SIGNATURE_BYTES, verify } from "./verify";

const VERSION = 1;
const REF_BYTES = 32;
const HASH_BYTES = 32;
/** Of each kind in one commit; a meeting has at most 50 members. */
export const MAX_STATEMENTS = 64;
/** A credential with a certificate has 252 bytes. */
const MAX_CREDENTIAL_BYTES = 512;

/** By the leaf's own key: "I leave". */
export interface Leaving {
  readonly leaf: number;
  readonly signature: Bytes;
}

/** By the old leaf's rejoin key: "the KeyPackage `ref` is mine, put it in the place of `leaf`". */
export interface Rejoin {
  readonly leaf: number;
  readonly ref: Bytes;
  readonly signature: Bytes;
}

/**
 * Who is co-facilitator from `epoch` on, signed by the certificate holder who granted it. It carries that
 * facilitator's credential, so that those who come later can check it after the facilitator has left.
 */
export interface Grants {
  readonly epoch: number;
  /** Rejoin keys of co-facilitators, rising: a rejoin keeps the role, and nobody can be given another's. */
  readonly keys: readonly Bytes[];
  readonly issuer: LeafCredential;
  readonly issuerKey: Bytes;
  /** By the issuer's leaf key. */
  readonly signature: Bytes;
}

export interface Statements {
  /** By rising leaf. */
  readonly leavings: readonly Leaving[];
  /** By rising leaf. */
  readonly rejoins: readonly Rejoin[];
  /** The whole list, when it changes. */
  readonly grants: Grants | null;
}

export function leavingStatement(meeting: Bytes, leaf: number, leafKey: Bytes): Bytes {
  return concat(utf8("hearthside leave v1\0"), exactly(meeting, ID_BYTES), u32(leaf), exactly(leafKey, KEY_BYTES));
}

/**
 * `oldKey` is the leaf key that is to be replaced. Where its leaf stands is not part of it: a rejoin may move somebody to
 * another leaf, and whoever lost their state before they heard of it could never come back.
 */
export function rejoinStatement(meeting: Bytes, oldKey: Bytes, ref: Bytes): Bytes {
  return concat(
    utf8("hearthside rejoin v1\0"),
    exactly(meeting, ID_BYTES),
    exactly(oldKey, KEY_BYTES),
    exactly(ref, REF_BYTES),
  );
}

/** "I cannot accept commit number `seq`": `commit` is its SHA-256. Only a certificate holder's brings anybody back. */
export function rejectionStatement(meeting: Bytes, seq: number, commit: Bytes): Bytes {
  return concat(utf8("hearthside reject v1\0"), exactly(meeting, ID_BYTES), u64(seq), exactly(commit, HASH_BYTES));
}

export function grantsStatement(meeting: Bytes, epoch: number, keys: readonly Bytes[]): Bytes {
  if (keys.length > MAX_STATEMENTS || !rising(keys, compare)) throw new CredentialError("malformed");
  return concat(
    utf8("hearthside grants v1\0"),
    exactly(meeting, ID_BYTES),
    u64(epoch),
    u16(keys.length),
    ...keys.map((key) => exactly(key, KEY_BYTES)),
  );
}

export function encodeGrants({ epoch, keys, issuer, issuerKey, signature }: Grants): Bytes {
  return concat(
    u8(VERSION),
    u64(epoch),
    u16(keys.length),
    ...keys,
    sized(encodeCredential(issuer)),
    exactly(issuerKey, KEY_BYTES),
    exactly(signature, SIGNATURE_BYTES),
  );
}

function readGrants(reader: FieldReader): Grants {
  if (reader.u8() !== VERSION) throw new CredentialError("malformed");
  const epoch = reader.u64();
  const keys = reader.list(MAX_STATEMENTS, () => reader.bytes(KEY_BYTES));
  if (!rising(keys, compare)) throw new CredentialError("malformed");
  const issuer = decodeCredential(reader.sized(MAX_CREDENTIAL_BYTES));
  return { epoch, keys, issuer, issuerKey: reader.bytes(KEY_BYTES), signature: reader.bytes(SIGNATURE_BYTES) };
}

/** Throws CredentialError "malformed". */
export function decodeGrants(bytes: Uint8Array): Grants {
  const reader = new FieldReader(bytes);
  const grants = readGrants(reader);
  reader.end();
  return grants;
}

/** Whether a certificate holder of this meeting signed it; says nothing of date and revocation. */
export async function verifyGrants(grants: Grants, trust: Trust): Promise<boolean> {
  const { issuer, issuerKey, epoch, keys, signature } = grants;
  if (!issuer.authority) return false;
  try {
    await verifyCredential(encodeCredential(issuer), issuerKey, trust);
  } catch (error) {
    if (error instanceof CredentialError) return false;
    throw error;
  }
  return verify(issuerKey, grantsStatement(trust.meeting, epoch, keys), signature);
}

const byLeaf = (a: { leaf: number }, b: { leaf: number }) => a.leaf - b.leaf;

function encodeItems<Item extends { leaf: number }>(items: readonly Item[], fields: (item: Item) => Bytes): Bytes {
  if (items.length > MAX_STATEMENTS || !rising(items, byLeaf)) throw new CredentialError("malformed");
  return concat(u16(items.length), ...items.map((item) => concat(u32(item.leaf), fields(item))));
}

/** For `authenticated_data`: nothing at all when there is nothing to say. Throws CredentialError "malformed". */
export function encodeStatements({ leavings, rejoins, grants }: Statements): Bytes {
  if (!leavings.length && !rejoins.length && !grants) return new Uint8Array(0);
  return concat(
    u8(VERSION),
    encodeItems(leavings, ({ signature }) => exactly(signature, SIGNATURE_BYTES)),
    encodeItems(rejoins, ({ ref, signature }) => concat(exactly(ref, REF_BYTES), exactly(signature, SIGNATURE_BYTES))),
    u8(grants ? 1 : 0),
    ...(grants ? [encodeGrants(grants)] : []),
  );
}

/** Throws CredentialError "malformed". */
export function decodeStatements(bytes: Uint8Array): Statements {
  if (!bytes.length) return { leavings: [], rejoins: [], grants: null };
  const reader = new FieldReader(bytes);
  if (reader.u8() !== VERSION) throw new CredentialError("malformed");
  const leavings = reader.list(MAX_STATEMENTS, () => ({
    leaf: reader.u32(),
    signature: reader.bytes(SIGNATURE_BYTES),
  }));
  const rejoins = reader.list(MAX_STATEMENTS, () => ({
    leaf: reader.u32(),
    ref: reader.bytes(REF_BYTES),
    signature: reader.bytes(SIGNATURE_BYTES),
  }));
  if (!rising(leavings, byLeaf) || !rising(rejoins, byLeaf)) throw new CredentialError("malformed");
  const granted = reader.u8();
  if (granted > 1) throw new CredentialError("malformed");
  const grants = granted ? readGrants(reader) : null;
  reader.end();
  if (!leavings.length && !rejoins.length && !grants) throw new CredentialError("malformed");
  return { leavings, rejoins, grants };
}
