/**
 * Who somebody is in a meeting: root key → role certificate → leaf.
 *
 * The organiser's root key signs a certificate for each facilitator link's role key; the role key signs the fresh
 * leaf key of each session. Participants have neither: their credential holds ids and a rejoin key, never a name.
 * Whether a credential is genuine never changes; what its holder may do (`standing`) depends on date and revocations.
 * Times are UTC seconds.
 */
import { type Bytes, concat, utf8 } from "../../base64url";
import type { SigningKey } from "../../ed25519";
import { CredentialError, compare, equal, exactly, FieldReader, rising, u8, u16, u64 } from "./fields";
import { KEY_BYTES, SIGNATURE_BYTES, verify } from "./verify";

/** Group ids, member ids and MLS group ids: random, so that 16 bytes never meet by chance. */
export const ID_BYTES = 16;
/** Random too, but only among the certificates of one group. */
export const SERIAL_BYTES = 8;
const VERSION = 1;
const FACILITATOR = 1;
/** Version, group, role, role key, two dates, serial, signature. */
export const CERTIFICATE_BYTES = 1 + ID_BYTES + 1 + KEY_BYTES + 8 + 8 + SERIAL_BYTES + SIGNATURE_BYTES;

/** A day and an hour: clocks of old devices are often a day off, and nothing here is decided by the hour. */
export const CLOCK_TOLERANCE = 86_400 + 3_600;
/** Revocations in one list (8 kB): the organiser renews the root before a group has lost a thousand facilitators. */
export const MAX_REVOCATIONS = 1000;

export interface Certificate {
  /** The group of the link. */
  readonly group: Bytes;
  readonly role: "facilitator";
  readonly roleKey: Bytes;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly serial: Bytes;
  /** By the root key, over all of the above. */
  readonly signature: Bytes;
}

export interface LeafCredential {
  /** As the server calls this member; unique in a meeting, because everybody refuses a second one. */
  readonly member: Bytes;
  /** Proves that a later session is the same person's, and nothing else. */
  readonly rejoinKey: Bytes;
  /** `signature`: by the role key, over meeting, member, rejoin key and leaf key. */
  readonly authority: { readonly certificate: Certificate; readonly signature: Bytes } | null;
}

export interface RevocationList {
  readonly group: Bytes;
  /** From 1; the highest wins. */
  readonly version: number;
  /** When it was signed. */
  readonly date: number;
  /** Serials of certificates, rising. */
  readonly serials: readonly Bytes[];
  readonly signature: Bytes;
}

/** What credentials are checked against. */
export interface Trust {
  readonly rootKey: Bytes;
  readonly group: Bytes;
  /** The MLS group id: random, new for each meeting. */
  readonly meeting: Bytes;
  readonly revocations: RevocationList | null;
}

// Certificates

function certificateBody({ group, roleKey, notBefore, notAfter, serial }: Omit<Certificate, "role" | "signature">) {
  if (notBefore > notAfter) throw new CredentialError("malformed");
  return concat(
    u8(VERSION),
    exactly(group, ID_BYTES),
    u8(FACILITATOR),
    exactly(roleKey, KEY_BYTES),
    u64(notBefore),
    u64(notAfter),
    exactly(serial, SERIAL_BYTES),
  );
}

const certificateStatement = (body: Bytes) => concat(utf8("hearthside certificate v1\0"), body);

export async function issueCertificate(
  root: SigningKey,
  fields: Omit<Certificate, "role" | "signature">,
): Promise<Certificate> {
  const signature = await root.sign(certificateStatement(certificateBody(fields)));
  return { ...fields, role: "facilitator", signature };
}

export function encodeCertificate(certificate: Certificate): Bytes {
  return concat(certificateBody(certificate), exactly(certificate.signature, SIGNATURE_BYTES));
}

function readCertificate(reader: FieldReader): Certificate {
  if (reader.u8() !== VERSION) throw new CredentialError("malformed");
  const group = reader.bytes(ID_BYTES);
  if (reader.u8() !== FACILITATOR) throw new CredentialError("malformed");
  const roleKey = reader.bytes(KEY_BYTES);
  const notBefore = reader.u64();
  const notAfter = reader.u64();
  if (notBefore > notAfter) throw new CredentialError("malformed");
  const serial = reader.bytes(SERIAL_BYTES);
  return { group, role: "facilitator", roleKey, notBefore, notAfter, serial, signature: reader.bytes(SIGNATURE_BYTES) };
}

/** Throws CredentialError "malformed". */
export function decodeCertificate(bytes: Uint8Array): Certificate {
  const reader = new FieldReader(bytes);
  const certificate = readCertificate(reader);
  reader.end();
  return certificate;
}

/** Throws CredentialError "foreign" or "forged"; says nothing of date and revocation. */
export async function verifyCertificate(
  certificate: Certificate,
  { rootKey, group }: Pick<Trust, "rootKey" | "group">,
) {
  if (!equal(certificate.group, group)) throw new CredentialError("foreign");
  const statement = certificateStatement(certificateBody(certificate));
  if (!(await verify(rootKey, statement, certificate.signature))) throw new CredentialError("forged");
}

// Leaf credentials

function leafStatement(meeting: Bytes, member: Bytes, rejoinKey: Bytes, leafKey: Bytes): Bytes {
  return concat(
    utf8("hearthside leaf v1\0"),
    exactly(meeting, ID_BYTES),
    exactly(member, ID_BYTES),
    exactly(rejoinKey, KEY_BYTES),
    exactly(leafKey, KEY_BYTES),
  );
}

/** A facilitator's credential for one session of one meeting. */
export async function certifiedCredential(
  role: SigningKey,
  certificate: Certificate,
  { member, rejoinKey, leafKey, meeting }: { member: Bytes; rejoinKey: Bytes; leafKey: Bytes; meeting: Bytes },
): Promise<LeafCredential> {
  const signature = await role.sign(leafStatement(meeting, member, rejoinKey, leafKey));
  return { member, rejoinKey, authority: { certificate, signature } };
}

export function encodeCredential({ member, rejoinKey, authority }: LeafCredential): Bytes {
  return concat(
    u8(VERSION),
    exactly(member, ID_BYTES),
    exactly(rejoinKey, KEY_BYTES),
    u8(authority ? 1 : 0),
    ...(authority ? [encodeCertificate(authority.certificate), exactly(authority.signature, SIGNATURE_BYTES)] : []),
  );
}

/** Throws CredentialError "malformed". */
export function decodeCredential(bytes: Uint8Array): LeafCredential {
  const reader = new FieldReader(bytes);
  if (reader.u8() !== VERSION) throw new CredentialError("malformed");
  const member = reader.bytes(ID_BYTES);
  const rejoinKey = reader.bytes(KEY_BYTES);
  const certified = reader.u8();
  if (certified > 1) throw new CredentialError("malformed");
  const authority = certified
    ? { certificate: readCertificate(reader), signature: reader.bytes(SIGNATURE_BYTES) }
    : null;
  reader.end();
  return { member, rejoinKey, authority };
}

/**
 * Whether the credential is genuine for this leaf key in this meeting, whatever the date. Throws CredentialError
 * "malformed", "foreign" or "forged".
 */
export async function verifyCredential(bytes: Uint8Array, leafKey: Bytes, trust: Trust): Promise<LeafCredential> {
  const credential = decodeCredential(bytes);
  const { member, rejoinKey, authority } = credential;
  if (authority) {
    await verifyCertificate(authority.certificate, trust);
    const statement = leafStatement(trust.meeting, member, rejoinKey, leafKey);
    if (!(await verify(authority.certificate.roleKey, statement, authority.signature))) {
      throw new CredentialError("forged");
    }
  }
  return credential;
}

/**
 * Throws CredentialError "clock" or "expired" when `now` is outside the lifetime by more than the tolerance.
 * `reference` is the time by somebody else's clock (the server's, another member's): it chooses between the two
 * words and never lets anything pass. A lifetime that begins in the future tells of a wrong clock by itself.
 */
export function checkLifetime(
  { notBefore, notAfter }: { notBefore: number; notAfter: number },
  now: number,
  reference = now,
): void {
  if (now >= notBefore - CLOCK_TOLERANCE && now <= notAfter + CLOCK_TOLERANCE) return;
  const ownClockDiffers = Math.abs(now - reference) > CLOCK_TOLERANCE;
  throw new CredentialError(now < notBefore || ownClockDiffers ? "clock" : "expired");
}

/** Whether the list names it. */
export function isRevoked({ serial }: Certificate, { serials }: RevocationList): boolean {
  return serials.some((revoked) => equal(revoked, serial));
}

/** Throws CredentialError "revoked", "clock" or "expired" unless the certificate gives its role today. */
export function checkCertificateToday(
  certificate: Certificate,
  revocations: RevocationList | null,
  now: number,
  reference = now,
): void {
  if (revocations && isRevoked(certificate, revocations)) throw new CredentialError("revoked");
  checkLifetime(certificate, now, reference);
}

/** What a genuine credential lets its holder be today. */
export function standing({ authority }: LeafCredential, trust: Trust, now: number): "participant" | "facilitator" {
  if (!authority) return "participant";
  try {
    checkCertificateToday(authority.certificate, trust.revocations, now);
    return "facilitator";
  } catch (error) {
    if (error instanceof CredentialError) return "participant";
    throw error;
  }
}

// Revocations

function revocationBody({ group, version, date, serials }: Omit<RevocationList, "signature">): Bytes {
  if (version < 1 || serials.length > MAX_REVOCATIONS || !rising(serials, compare)) {
    throw new CredentialError("malformed");
  }
  return concat(
    u8(VERSION),
    exactly(group, ID_BYTES),
    u64(version),
    u64(date),
    u16(serials.length),
    ...serials.map((serial) => exactly(serial, SERIAL_BYTES)),
  );
}

const revocationStatement = (body: Bytes) => concat(utf8("hearthside revocations v1\0"), body);

/** `serials` in any order, without repeats. */
export async function issueRevocations(
  root: SigningKey,
  { serials, ...fields }: Omit<RevocationList, "signature">,
): Promise<RevocationList> {
  const list = { ...fields, serials: [...serials].sort(compare) };
  return { ...list, signature: await root.sign(revocationStatement(revocationBody(list))) };
}

export function encodeRevocations(list: RevocationList): Bytes {
  return concat(revocationBody(list), exactly(list.signature, SIGNATURE_BYTES));
}

/** Throws CredentialError "malformed", "foreign" or "forged". */
export async function openRevocations(
  bytes: Uint8Array,
  { rootKey, group }: Pick<Trust, "rootKey" | "group">,
): Promise<RevocationList> {
  const reader = new FieldReader(bytes);
  if (reader.u8() !== VERSION) throw new CredentialError("malformed");
  const fields = {
    group: reader.bytes(ID_BYTES),
    version: reader.u64(),
    date: reader.u64(),
    serials: reader.list(MAX_REVOCATIONS, () => reader.bytes(SERIAL_BYTES)),
  };
  const list = { ...fields, signature: reader.bytes(SIGNATURE_BYTES) };
  reader.end();
  const statement = revocationStatement(revocationBody(list));
  if (!equal(list.group, group)) throw new CredentialError("foreign");
  if (!(await verify(rootKey, statement, list.signature))) throw new CredentialError("forged");
  return list;
}

/** The one to go by, of two that were opened: the higher version, and of equal ones the one that was known before. */
export function newerRevocations(known: RevocationList | null, heard: RevocationList | null): RevocationList | null {
  if (!known || !heard) return known ?? heard;
  return heard.version > known.version ? heard : known;
}
