/** Tickets into a group: KeyPackages of one's own, and what the Welcome says that answers one. */
import { type Bytes, bytesOf } from "../../base64url";
import { groupId, joinFromWelcome, ownLeaf, roster } from "../mls/adapter";
import { type Certificate, certifiedCredential, encodeCredential, ID_BYTES } from "../mls/credentials";
import { CredentialError, equal } from "../mls/fields";
import { keyPackage, type LeafKey, leafKey, MlsError, type OwnKeyPackage } from "../mls/messages";
import { judgeWelcome, people, type Reason } from "../mls/policy";
import type { Held } from "./held";
import type { Link } from "./link";
import type { RejoinKey } from "./rejoin_store";

/** Knocks of which the Welcome may still come: a newer one takes their place at the server, with some delay. */
export const TICKETS = 3;

/** A KeyPackage of one's own that a Welcome may answer. */
export interface Ticket {
  readonly own: OwnKeyPackage;
  readonly key: LeafKey;
  readonly rejoinKey: RejoinKey;
  /** It was offered in the place of an older leaf, or as a facilitator's. */
  readonly proven: boolean;
}

/** A KeyPackage with fresh keys. Throws CredentialError for a member id that is none. */
export async function makeTicket(
  link: Link,
  certificate: Certificate | null,
  who: { member: string; meeting: Bytes | null; rejoinKey: RejoinKey; proven: boolean },
  utc: number,
): Promise<Ticket> {
  const key = await leafKey();
  const ids = { member: bytesOf(who.member, ID_BYTES) ?? new Uint8Array(0), rejoinKey: who.rejoinKey.publicKey };
  const credential =
    link.role && certificate && who.meeting
      ? await certifiedCredential(link.role, certificate, { ...ids, leafKey: key.publicKey, meeting: who.meeting })
      : { ...ids, authority: null };
  const own = await keyPackage(encodeCredential(credential), key, utc);
  return { own, key, rejoinKey: who.rejoinKey, proven: who.proven };
}

/** Why a Welcome is refused; "foreign": it is for another ticket. */
export type WelcomeReason = "another-group" | Reason | MlsError["kind"];

/** The group, as a Welcome for this ticket gives it; or why nobody should believe in it. `utc` in seconds. */
export async function openWelcome(
  welcome: Bytes,
  { own, proven }: Ticket,
  meeting: Bytes,
  link: Link,
  utc: number,
): Promise<Held | WelcomeReason> {
  try {
    const { group, ...letter } = await joinFromWelcome(welcome, own, link.psk, link.authenticate(meeting));
    if (!equal(groupId(group), meeting)) return "another-group";
    const trust = link.trust(meeting);
    const present = await people(roster(group), trust, utc);
    const verdict = await judgeWelcome(
      { people: present, trust, now: utc },
      { ...letter, self: ownLeaf(group), rejoining: proven },
    );
    return verdict.accepted ? { group, people: present, grants: verdict.grants } : verdict.reason;
  } catch (error) {
    if (error instanceof CredentialError) return "bad-credential";
    if (!(error instanceof MlsError)) throw error;
    return error.kind;
  }
}
