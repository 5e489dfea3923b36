/**
 * A group as one member holds it, and what a commit makes of it. A value: whoever keeps an old one can go back to it.
 * Every commit passes the policy here, one's own before it is sent.
 */
import { type Bytes, toBase64url } from "../../base64url";
import {
  adopt,
  epoch,
  epochAuthenticator,
  type Group,
  groupId,
  ownLeaf,
  type Pending,
  processPublicMessage,
  roster,
} from "../mls/adapter";
import { equal } from "../mls/fields";
import { type CommitView, MlsError, readCommit } from "../mls/messages";
import { isCoFacilitator, judgeCommit, type Person, people, type Situation, type Verdict } from "../mls/policy";
import { decodeStatements, type Grants } from "../mls/statements";
import type { PersonRole } from "../worker_messages";
import type { Link } from "./link";

/** `utc` for certificates, `clock` (only rises) for everything that expires; seconds. */
export interface Time {
  readonly utc: number;
  readonly clock: number;
}

export interface Held {
  readonly group: Group;
  readonly people: readonly Person[];
  readonly grants: Grants | null;
}

export const memberOf = ({ credential }: Person): string => toBase64url(credential.member);
export const epochOf = ({ group }: Held): number => Number(epoch(group));
export const meetingOf = ({ group }: Held): Bytes => groupId(group);

/** Oneself, in the group. */
export function self({ group, people }: Held): Person {
  const own = people.find(({ leaf }) => leaf === ownLeaf(group));
  if (!own) throw new Error("a state without its owner");
  return own;
}

export function personOf({ people }: Held, member: string): Person | undefined {
  return people.find((person) => memberOf(person) === member);
}

export function roleOf({ grants }: Held, person: Person): PersonRole {
  if (person.facilitator) return "facilitator";
  return isCoFacilitator(person, grants) ? "co_facilitator" : "participant";
}

export const situation = (held: Held, link: Link, { utc }: Time): Situation => ({
  people: held.people,
  grants: held.grants,
  trust: link.trust(meetingOf(held)),
  now: utc,
});

/** Everybody's standing anew: the list of revocations is another one. */
export async function judgedAnew(held: Held, link: Link, { utc }: Time): Promise<Held> {
  return { ...held, people: await people(roster(held.group), link.trust(meetingOf(held)), utc) };
}

/** What an accepted commit did. */
export interface Change {
  readonly before: Held;
  readonly after: Held;
  readonly by: Person;
  /** Those who came back among them. */
  readonly added: readonly Person[];
  readonly removed: readonly Person[];
  /** Old and new leaf key. */
  readonly rejoined: readonly { readonly from: Bytes; readonly to: Bytes }[];
  /** Leaves whose owners signed their leaving. */
  readonly leavings: readonly number[];
  /** KeyPackages that are used up. */
  readonly refs: readonly Bytes[];
  /** It brought new keys of the committer's. */
  readonly path: boolean;
}

type Accepted = Extract<Verdict, { accepted: true }>;

async function changed(
  before: Held,
  group: Group,
  view: CommitView,
  verdict: Accepted,
  link: Link,
  { utc }: Time,
): Promise<Change> {
  const now = await people(roster(group), link.trust(groupId(group)), utc, before.people);
  const lacks = (list: readonly Person[]) => (person: Person) => !list.some(({ key }) => equal(key, person.key));
  const by = before.people.find(({ leaf }) => leaf === view.sender);
  if (!by) throw new Error("a commit that nobody signed was accepted");
  return {
    before,
    after: { group, people: now, grants: verdict.grants },
    by,
    added: now.filter(lacks(before.people)),
    removed: before.people.filter(lacks(now)),
    rejoined: verdict.rejoined,
    leavings: decodeStatements(view.authenticatedData).leavings.map(({ leaf }) => leaf),
    refs: view.proposals.flatMap((proposal) => (proposal.type === "add" ? [proposal.ref] : [])),
    path: view.path !== null,
  };
}

export type Followed =
  | { readonly outcome: "applied"; readonly change: Change }
  /** One's own leaf is gone; `replaced`: by oneself, coming back elsewhere. */
  | { readonly outcome: "removed"; readonly by: Person; readonly replaced: boolean }
  /** The state stays as it was. `by` null: nobody in the group signed it. */
  | { readonly outcome: "refused"; readonly by: Person | null; readonly reason: string };

/** Another member's commit. */
export async function follow(held: Held, commit: Bytes, link: Link, time: Time): Promise<Followed> {
  const signed: { view: CommitView | null } = { view: null };
  const by = () => held.people.find(({ leaf }) => leaf === signed.view?.sender) ?? null;
  try {
    const before = situation(held, link, time);
    const result = await processPublicMessage(held.group, commit, link.psk, (said) => {
      signed.view = said;
      return judgeCommit(said, before);
    });
    const { verdict } = result;
    if (!verdict.accepted) return { outcome: "refused", by: by(), reason: verdict.reason };
    const view = signed.view as unknown as CommitView;
    if (result.outcome === "applied") {
      return { outcome: "applied", change: await changed(held, result.group, view, verdict, link, time) };
    }
    const { key } = self(held);
    const replaced = verdict.rejoined.some(({ from }) => equal(from, key));
    return { outcome: "removed", by: by() as Person, replaced };
  } catch (error) {
    if (error instanceof MlsError) return { outcome: "refused", by: by(), reason: error.kind };
    throw error;
  }
}

/** A commit of one's own that everybody will accept. */
export interface Prepared {
  readonly pending: Pending;
  /** Of the epoch that it ends: an epoch of the same number may take its place when a commit is void. */
  readonly authenticator: Bytes;
  readonly view: CommitView;
  readonly verdict: Accepted;
}

/** Null when the policy refuses it. */
export async function judged(held: Held, pending: Pending, link: Link, time: Time): Promise<Prepared | null> {
  const view = await readCommit(pending.commit);
  const verdict = await judgeCommit(view, situation(held, link, time));
  return verdict.accepted ? { pending, authenticator: epochAuthenticator(held.group), view, verdict } : null;
}

/** One's own commit came back from the server. Throws MlsError "epoch" when another one was first. */
export async function adopted(held: Held, { pending, view, verdict }: Prepared, link: Link, time: Time) {
  return changed(held, adopt(held.group, pending), view, verdict, link, time);
}
