/** A group's keys, and people who hold them: what the tests of this folder share. */
import { type Bytes, utf8 } from "../../../../web/client/base64url";
import {
  type Authenticate,
  addAndCommit,
  adopt,
  createGroup,
  type Group,
  groupId,
  joinFromWelcome,
  type Pending,
  type Processed,
  processPublicMessage,
  roomPsk,
  roster,
} from "../../../../web/client/e2ee/mls/adapter";
import {
  type Certificate,
  certifiedCredential,
  encodeCredential,
  issueCertificate,
  type LeafCredential,
  type RevocationList,
  type Trust,
  verifyCredential,
} from "../../../../web/client/e2ee/mls/credentials";
import { foundingRecord } from "../../../../web/client/e2ee/mls/founding";
import { keyPackage, type LeafKey, leafKey, type OwnKeyPackage } from "../../../../web/client/e2ee/mls/messages";
import { judgeCommit, people, type Situation, type Verdict } from "../../../../web/client/e2ee/mls/policy";
import type { Grants } from "../../../../web/client/e2ee/mls/statements";
import { type SigningKey, signingKey } from "../../../../web/client/ed25519";

/** Bytes that stand for a name: the same in every run. */
export function bytesFor(name: string, length: number): Bytes {
  const text = utf8(name);
  return Uint8Array.from({ length }, (_, at) => (text[at % text.length] as number) ^ at);
}

export const GROUP = bytesFor("group", 16);
export const MEETING = bytesFor("meeting", 16);
/** The tests' time: ts-mls itself looks at the clock when it adds somebody. */
export const NOW = Date.now() / 1000;
export const DAY = 86_400;
export const YEAR = 365 * DAY;

export const root: Promise<SigningKey> = signingKey(bytesFor("root", 32));
export const PSK: Promise<Bytes> = roomPsk(bytesFor("room secret", 16), "group");

export async function trust(revocations: RevocationList | null = null, meeting = MEETING): Promise<Trust> {
  return { rootKey: (await root).publicKey, group: GROUP, meeting, revocations };
}

export async function certificate(name: string, changes: Partial<Certificate> = {}): Promise<Certificate> {
  const role = await signingKey(bytesFor(`role ${name}`, 32));
  return issueCertificate(await root, {
    group: GROUP,
    roleKey: role.publicKey,
    notBefore: Math.floor(NOW) - 10 * DAY,
    notAfter: Math.floor(NOW) + 400 * DAY,
    serial: bytesFor(name, 8),
    ...changes,
  });
}

/** One session of somebody. */
export interface Someone {
  name: string;
  key: LeafKey;
  rejoin: SigningKey;
  credential: LeafCredential;
  own: OwnKeyPackage;
}

export interface SomeoneOptions {
  certificate?: Certificate;
  meeting?: Bytes;
  /** What the KeyPackage's maker takes for the time. */
  now?: number;
  member?: Bytes;
  rejoinSeed?: Bytes;
}

/** A new session under `name`: the same rejoin key and member id, a fresh leaf key. */
export async function someone(name: string, options: SomeoneOptions = {}): Promise<Someone> {
  const key = await leafKey();
  const rejoin = await signingKey(options.rejoinSeed ?? bytesFor(`rejoin ${name}`, 32));
  const ids = { member: options.member ?? bytesFor(`member ${name}`, 16), rejoinKey: rejoin.publicKey };
  const credential = options.certificate
    ? await certifiedCredential(await signingKey(bytesFor(`role ${name}`, 32)), options.certificate, {
        ...ids,
        leafKey: key.publicKey,
        meeting: options.meeting ?? MEETING,
      })
    : { ...ids, authority: null };
  const own = await keyPackage(encodeCredential(credential), key, options.now ?? NOW);
  return { name, key, rejoin, credential, own };
}

export async function facilitator(name: string, options: SomeoneOptions = {}): Promise<Someone> {
  return someone(name, { certificate: await certificate(name), ...options });
}

export const authenticate: Authenticate = async (identity, key) => {
  try {
    await verifyCredential(identity, key, await trust());
    return true;
  } catch {
    return false;
  }
};

export async function situation(group: Group, grants: Grants | null = null): Promise<Situation> {
  const against = await trust(null, groupId(group));
  return { people: await people(roster(group), against, NOW), grants, trust: against, now: NOW };
}

export async function receive(
  group: Group,
  commit: Bytes,
  { grants = null, psk = PSK }: { grants?: Grants | null; psk?: Promise<Bytes> } = {},
): Promise<Processed<Verdict>> {
  const before = await situation(group, grants);
  return processPublicMessage(group, commit, await psk, (said) => judgeCommit(said, before));
}

/** The group after a commit that must have been accepted. */
export async function apply(group: Group, commit: Bytes, more: { grants?: Grants | null } = {}): Promise<Group> {
  const result = await receive(group, commit, more);
  if (result.outcome !== "applied") throw new Error(JSON.stringify(result));
  return result.group;
}

export interface Member {
  who: Someone;
  group: Group;
}

/** `pending` of `committer` reaches everybody; `joiners` come in. */
export async function deliver(
  members: Member[],
  committer: Member,
  pending: Pending,
  joiners: Someone[] = [],
): Promise<Member[]> {
  const staying = await Promise.all(
    members.map(async (member) => ({
      who: member.who,
      group: member === committer ? adopt(member.group, pending) : await apply(member.group, pending.commit),
    })),
  );
  return [...staying, ...(await Promise.all(joiners.map((who) => join(who, pending))))];
}

export async function join(who: Someone, { welcome }: Pending): Promise<Member> {
  if (!welcome) throw new Error("no welcome");
  const { group } = await joinFromWelcome(welcome, who.own, await PSK, authenticate);
  return { who, group };
}

/** By a facilitator of these tests, whose role key goes by the name. */
export async function founding(host: Someone, meeting = MEETING, now = NOW): Promise<Bytes> {
  if (!host.credential.authority) throw new Error("no facilitator");
  const role = await signingKey(bytesFor(`role ${host.name}`, 32));
  return foundingRecord(role, host.credential.authority.certificate, meeting, now);
}

/** A facilitator, and everybody else let in with one commit. */
export async function meeting(host: Someone, others: Someone[]): Promise<Member[]> {
  const alone = { who: host, group: await createGroup(MEETING, host.own, await founding(host), authenticate) };
  const messages = others.map(({ own }) => own.message);
  return deliver([alone], alone, await addAndCommit(alone.group, messages, await PSK, NOW), others);
}

export const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
export const unhex = (text: string): Bytes =>
  Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
