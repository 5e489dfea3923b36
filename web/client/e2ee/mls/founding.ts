/**
 * The founding record: which facilitator's browser founded this very group, and when. It lies in the GroupContext from
 * epoch 0 on, and the policy lets nobody change that: without it anybody in the room could found a group of their own,
 * let in by a good certificate whoever arrives, and have the server name it as the meeting's.
 *
 * It is a statement of its own, because a facilitator signs a leaf statement for whatever group a server names, and a
 * founding only over an id that the own browser drew a moment before.
 */
import { type Bytes, concat, utf8 } from "../../base64url";
import type { SigningKey } from "../../ed25519";
import {
  CERTIFICATE_BYTES,
  type Certificate,
  checkLifetime,
  decodeCertificate,
  encodeCertificate,
  ID_BYTES,
  isRevoked,
  type Trust,
  verifyCertificate,
} from "./credentials";
import { CredentialError, exactly, FieldReader, u64 } from "./fields";
import { SIGNATURE_BYTES, verify } from "./verify";

/**
 * Seconds between the founding and whoever comes in, either way. Both clocks may be wrong by a day and an hour
 * (CLOCK_TOLERANCE), and a meeting may last the rest of a day. More keeps old groups alive for a server that means ill;
 * less keeps people out whose clocks are wrong.
 */
export const FOUNDING_SECONDS = 3 * 86_400;

const statement = (meeting: Bytes, date: number): Bytes =>
  concat(utf8("hearthside founding v1\0"), exactly(meeting, ID_BYTES), u64(date));

/** For a group whose id was drawn by this very browser. `role`: the certificate's. `now`: UTC seconds. */
export async function foundingRecord(
  role: SigningKey,
  certificate: Certificate,
  meeting: Bytes,
  now: number,
): Promise<Bytes> {
  const date = Math.floor(now);
  return concat(encodeCertificate(certificate), u64(date), await role.sign(statement(meeting, date)));
}

/**
 * Throws CredentialError unless a facilitator founded `trust.meeting` in these days: "malformed", "foreign", "forged",
 * "revoked", "expired" or "clock". `now`: UTC seconds.
 *
 * A revocation closes no meeting that its facilitator founded before: the founding holds if it is dated before the list.
 * Who holds a stolen link can date a founding back, by FOUNDING_SECONDS at most.
 */
export async function checkFounding(record: Uint8Array, trust: Trust, now: number): Promise<void> {
  const reader = new FieldReader(record);
  const certificate = decodeCertificate(reader.bytes(CERTIFICATE_BYTES));
  const date = reader.u64();
  const signature = reader.bytes(SIGNATURE_BYTES);
  reader.end();
  await verifyCertificate(certificate, trust);
  if (!(await verify(certificate.roleKey, statement(trust.meeting, date), signature))) {
    throw new CredentialError("forged");
  }
  const { revocations } = trust;
  if (revocations && isRevoked(certificate, revocations) && date >= revocations.date)
    throw new CredentialError("revoked");
  checkLifetime(certificate, now);
  if (Math.abs(now - date) > FOUNDING_SECONDS) throw new CredentialError(date > now ? "clock" : "expired");
}
