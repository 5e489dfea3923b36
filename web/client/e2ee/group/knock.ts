/**
 * Knocking: a name for the facilitators' eyes, tied to the very key that asks to come in (docs/protocol.md, section 8).
 * The server can neither read it, nor put another's key under it, nor show it again under another id.
 */
import { type Bytes, bytesOf, concat, fromBase64url, toBase64url, utf8 } from "../../base64url";
import { aesKey, derive, info } from "../../derive";
import { cleanName, formProblem } from "../../name_form";
import type { Knock } from "../../protocol_types";
import { openJson, sealJson } from "../envelope";
import { decodeCredential, ID_BYTES } from "../mls/credentials";
import { CredentialError, equal, exactly } from "../mls/fields";
import { type LeafKey, MlsError, readKeyPackage, signWithLeaf } from "../mls/messages";
import { SIGNATURE_BYTES, verify } from "../mls/verify";

const VERSION = 1;
/** Of a KeyPackageRef (RFC 9420 §5.2 with SHA-256) and of a challenge's nonce. */
const REF_BYTES = 32;
const NONCE_BYTES = 32;
/** Ids in one book: five times as many as may wait at once, because people come and go in a long meeting. */
const MAX_IDS = 1000;
/** Knocks of one id: a phone in a tunnel knocks again with every new socket. */
const MAX_KNOCKS_PER_ID = 64;

/** Whose door it is: both are in the link, `group` as base64url. */
export interface Door {
  readonly roomSecret: Bytes;
  readonly group: string;
}

const label = (group: string) => info("hearthside knock v1", group);

function knockKey({ roomSecret, group }: Door): Promise<CryptoKey> {
  return derive(roomSecret, label(group), 16).then(aesKey);
}

function statement(group: Bytes, ref: Bytes, nonce: Bytes): Bytes {
  return concat(
    utf8("hearthside knock v1\0"),
    exactly(group, ID_BYTES),
    exactly(ref, REF_BYTES),
    exactly(nonce, NONCE_BYTES),
  );
}

/**
 * `knock.sealed`. `nonce`: of the socket's `challenge`, base64url; `ref` and `leafKey`: of the KeyPackage that goes with it. Throws
 * CredentialError or RangeError for a nonce, group or ref of another length, RangeError for a name beyond all bounds.
 */
export async function makeKnock(
  door: Door & { name: string; nonce: string; ref: Bytes; leafKey: LeafKey },
): Promise<string> {
  const { group, name, nonce, ref, leafKey } = door;
  const signature = await signWithLeaf(leafKey, statement(fromBase64url(group), ref, fromBase64url(nonce)));
  const json = { v: VERSION, name: cleanName(name), ref: toBase64url(ref), signature: toBase64url(signature) };
  return toBase64url(await sealJson(await knockKey(door), label(group), json));
}

/** What came under which id, for as long as this page is in the meeting. Bounded: the oldest id is forgotten first. */
export class KnockBook {
  /** By id: what was knocked with, the newest last. */
  readonly #knocks = new Map<string, { ref: string; nonce: string }[]>();
  readonly #spent = new Set<string>();

  /**
   * Whether a genuine knock is fresh; then it is remembered. The newest of an id may come any number of times. An older one
   * of the same id is stale, and a ref or nonce that came under another id is somebody else's.
   */
  take(id: string, ref: Bytes, nonce: string): boolean {
    const knock = { ref: toBase64url(ref), nonce };
    if (this.#spent.has(knock.ref)) return false;
    for (const [other, knocks] of this.#knocks) {
      if (other !== id && knocks.some((known) => known.ref === knock.ref || known.nonce === nonce)) return false;
    }
    const known = this.#knocks.get(id) ?? [];
    const newest = known.at(-1);
    if (known.some((one) => one.ref === knock.ref && one.nonce === nonce)) {
      return newest?.ref === knock.ref && newest.nonce === nonce;
    }
    // Of an older socket. Somebody who is sent to the door again knocks anew on the socket that they have.
    if (newest?.nonce !== nonce && known.some((one) => one.nonce === nonce)) return false;
    this.#knocks.delete(id);
    this.#knocks.set(id, [...known, knock].slice(-MAX_KNOCKS_PER_ID));
    for (const oldest of this.#knocks.keys()) {
      if (this.#knocks.size <= MAX_IDS) break;
      this.#knocks.delete(oldest);
    }
    return true;
  }

  /** A KeyPackage with this ref was added to the group: it opens no door again, whoever removes its owner. */
  spend(ref: Bytes): void {
    this.#spent.add(toBase64url(ref));
    for (const oldest of this.#spent) {
      if (this.#spent.size <= MAX_IDS) break;
      this.#spent.delete(oldest);
    }
  }
}

export interface Visitor {
  readonly name: string;
  /** To be added with, and only with, this one. */
  readonly keyPackage: Bytes;
  readonly ref: Bytes;
}

/** Null unless everything fits: nobody is shown or let in by anything else. */
export async function readKnock(door: Door, knock: Knock, book: KnockBook): Promise<Visitor | null> {
  const json = await openJson(await knockKey(door), label(door.group), knock.sealed);
  if (json?.["v"] !== VERSION) return null;
  const { name } = json;
  if (typeof name !== "string" || name !== cleanName(name) || formProblem(name) !== null) return null;
  const ref = bytesOf(json["ref"], REF_BYTES);
  const signature = bytesOf(json["signature"], SIGNATURE_BYTES);
  const nonce = bytesOf(knock.nonce, NONCE_BYTES);
  const id = bytesOf(knock.id, ID_BYTES);
  const group = bytesOf(door.group, ID_BYTES);
  if (!ref || !signature || !nonce || !id || !group) return null;
  try {
    const keyPackage = fromBase64url(knock.key_package);
    const asked = await readKeyPackage(keyPackage);
    if (!equal(asked.ref, ref)) return null;
    const { member, authority } = decodeCredential(asked.identity);
    // A certificate would make a facilitator of somebody who was let in as a participant.
    if (!equal(member, id) || authority) return null;
    if (!(await verify(asked.key, statement(group, ref, nonce), signature))) return null;
    return book.take(knock.id, ref, knock.nonce) ? { name, keyPackage, ref } : null;
  } catch (error) {
    if (error instanceof MlsError || error instanceof CredentialError || error instanceof RangeError) return null;
    throw error;
  }
}
