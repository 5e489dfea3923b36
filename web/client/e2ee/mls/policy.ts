/**
 * Who may do what to a group: what every client checks for itself, whatever the server says. Pure: the answer
 * depends on the arguments alone, so that everybody in an epoch comes to the same one.
 *
 * - A certificate holder may add, remove, renew the keys, and grant or withdraw the co-facilitator role.
 * - A co-facilitator may add, and may remove participants.
 * - Everybody may remove a leaf that signed its leaving, put a proven rejoin in the old leaf's place, and add a
 *   facilitator whose certificate is good and whose role key signed the new leaf for this very meeting.
 * - Nobody may do anything else. Whoever adds uses the link's PSK.
 */
import type { Bytes } from "../../base64url";
import { LEAVES } from "../kid";
import { type LeafCredential, standing, type Trust, verifyCredential } from "./credentials";
import { CredentialError, equal } from "./fields";
import { checkFounding } from "./founding";
import type { CommitView, ProposalView, RosterEntry } from "./messages";
import {
  decodeGrants,
  decodeStatements,
  type Grants,
  leavingStatement,
  rejoinStatement,
  type Statements,
  verifyGrants,
} from "./statements";
import { verify } from "./verify";

/** Somebody in the group, with what their credential says. */
export interface Person {
  readonly leaf: number;
  readonly key: Bytes;
  readonly identity: Bytes;
  readonly credential: LeafCredential;
  /** By their certificate, as of when they came in: it does not expire in the middle of a meeting. */
  readonly facilitator: boolean;
}

/** The group before the commit. */
export interface Situation {
  readonly people: readonly Person[];
  readonly grants: Grants | null;
  readonly trust: Trust;
  /** UTC seconds. */
  readonly now: number;
}

export type Reason =
  /** The sender is no member: an external commit. */
  | "stranger"
  | "malformed"
  /** ReInit, Update, group context extensions, proposals by reference, unknown ones. */
  | "foreign-proposal"
  /** New keys without a cause, by somebody who is no certificate holder. */
  | "path-update"
  /** The committer's new leaf would be somebody else's. */
  | "changed-identity"
  | "path-missing"
  | "psk"
  | "unknown-leaf"
  | "twice"
  | "self-removal"
  | "bad-credential"
  /** A member id, rejoin key or leaf key that somebody else in the room has. */
  | "taken"
  | "room-full"
  | "bad-leaving"
  | "bad-rejoin"
  | "bad-grants"
  /** No facilitator founded this group, or not in these days. */
  | "bad-founding"
  /** A statement that nothing in the commit makes use of. */
  | "unused-statement"
  | "may-not-add"
  | "may-not-remove"
  | "may-not-grant";

export type Verdict =
  | {
      readonly accepted: true;
      /** In force from the next epoch. */
      readonly grants: Grants | null;
      /** Old and new leaf key of each proven rejoin: who had been checked stays checked. */
      readonly rejoined: readonly { readonly from: Bytes; readonly to: Bytes }[];
    }
  | { readonly accepted: false; readonly reason: Reason };

class Refusal extends Error {
  constructor(readonly reason: Reason) {
    super(reason);
  }
}

function require(condition: boolean, reason: Reason): asserts condition {
  if (!condition) throw new Refusal(reason);
}

/** Turns what is wrong with a credential or statement into a reason. */
async function orRefuse<Result>(reason: Reason, work: () => Promise<Result> | Result): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CredentialError) throw new Refusal(reason);
    throw error;
  }
}

async function person(entry: RosterEntry, trust: Trust, now: number): Promise<Person> {
  const credential = await verifyCredential(entry.identity, entry.key, trust);
  return { ...entry, credential, facilitator: standing(credential, trust, now) === "facilitator" };
}

/**
 * The people of a roster. Those of `known` stay what they were; a newer revocation list is a reason to give none.
 * Throws CredentialError for a credential that is not genuine.
 */
export function people(
  roster: readonly RosterEntry[],
  trust: Trust,
  now: number,
  known: readonly Person[] = [],
): Promise<Person[]> {
  return Promise.all(
    roster.map((entry) => {
      const same = ({ leaf, key, identity }: Person) =>
        leaf === entry.leaf && equal(key, entry.key) && equal(identity, entry.identity);
      return known.find(same) ?? person(entry, trust, now);
    }),
  );
}

export function isCoFacilitator({ credential }: Person, grants: Grants | null): boolean {
  return grants?.keys.some((key) => equal(key, credential.rejoinKey)) ?? false;
}

/** Nobody may answer to another's id, rejoin key or leaf key. */
function distinct(present: readonly Person[]): boolean {
  return [
    present.map(({ credential }) => credential.member),
    present.map(({ credential }) => credential.rejoinKey),
    present.map(({ key }) => key),
  ].every((values) => new Set(values.map(String)).size === values.length);
}

type Add = Extract<ProposalView, { type: "add" }>;

interface Change {
  readonly sender: Person;
  readonly removed: readonly Person[];
  readonly added: readonly { readonly add: Add; readonly person: Person }[];
}

function checkPath({ path, proposals }: CommitView, { sender, removed }: Change): void {
  if (path) {
    require(equal(path.key, sender.key) && equal(path.identity, sender.identity), "changed-identity");
    require(sender.facilitator || removed.length > 0, "path-update");
  } else {
    require(proposals.length > 0 && removed.length === 0, "path-missing");
  }
}

/** Reads the proposals, and whom they name. */
async function changeOf(commit: CommitView, { people: present, trust, now }: Situation): Promise<Change> {
  const sender = present.find(({ leaf }) => leaf === commit.sender);
  require(sender !== undefined, "stranger");
  const removed: Person[] = [];
  const added: { add: Add; person: Person }[] = [];
  let psks = 0;
  for (const proposal of commit.proposals) {
    switch (proposal.type) {
      case "remove": {
        const leaving = present.find(({ leaf }) => leaf === proposal.leaf);
        require(leaving !== undefined, "unknown-leaf");
        require(leaving !== sender, "self-removal");
        require(!removed.includes(leaving), "twice");
        removed.push(leaving);
        break;
      }
      case "add": {
        const { key, identity } = proposal;
        // The leaf is given by the tree later; nothing here asks for it.
        const coming = () => person({ leaf: -1, key, identity }, trust, now);
        added.push({ add: proposal, person: await orRefuse("bad-credential", coming) });
        break;
      }
      case "psk":
        require(proposal.room, "psk");
        psks++;
        break;
      default:
        throw new Refusal("foreign-proposal");
    }
  }
  require(psks === (added.length ? 1 : 0), "psk");
  return { sender, removed, added };
}

/** Whom the leavings allow to be removed. */
async function leavers({ leavings }: Statements, { removed }: Change, { meeting }: Trust): Promise<Person[]> {
  return Promise.all(
    leavings.map(async ({ leaf, signature }) => {
      const leaver = removed.find((other) => other.leaf === leaf);
      require(leaver !== undefined, "unused-statement");
      require(await verify(leaver.key, leavingStatement(meeting, leaf, leaver.key), signature), "bad-leaving");
      return leaver;
    }),
  );
}

interface Return {
  readonly before: Person;
  readonly after: Person;
}

/** Who comes back in whose place. */
async function returns({ rejoins }: Statements, { removed, added }: Change, { meeting }: Trust): Promise<Return[]> {
  return Promise.all(
    rejoins.map(async ({ leaf, ref, signature }) => {
      const before = removed.find((other) => other.leaf === leaf);
      const after = added.find(({ add }) => equal(add.ref, ref))?.person;
      require(before !== undefined && after !== undefined, "unused-statement");
      const { member, rejoinKey } = before.credential;
      // Ids are unique among those present, so that nobody can come back for two.
      const samePerson = equal(after.credential.member, member) && equal(after.credential.rejoinKey, rejoinKey);
      require(samePerson, "bad-rejoin");
      require(await verify(rejoinKey, rejoinStatement(meeting, before.key, ref), signature), "bad-rejoin");
      return { before, after };
    }),
  );
}

async function checkGrants(
  grants: Grants,
  sender: Person,
  next: readonly Person[],
  epoch: bigint,
  trust: Trust,
): Promise<void> {
  require(sender.facilitator, "may-not-grant");
  const bySender = equal(grants.issuerKey, sender.key) && BigInt(grants.epoch) === epoch + 1n;
  require(bySender && (await verifyGrants(grants, trust)), "bad-grants");
  const toSomebody = (key: Bytes) =>
    next.some(({ facilitator, credential }) => !facilitator && equal(credential.rejoinKey, key));
  require(grants.keys.every(toSomebody), "bad-grants");
}

async function check(commit: CommitView, situation: Situation): Promise<Extract<Verdict, { accepted: true }>> {
  const { people: present, grants: before, trust } = situation;
  const change = await changeOf(commit, situation);
  const { sender, removed, added } = change;
  checkPath(commit, change);
  const statements = await orRefuse("malformed", () => decodeStatements(commit.authenticatedData));
  const left = await leavers(statements, change, trust);
  const returned = await returns(statements, change, trust);

  const next = [...present.filter((other) => !removed.includes(other)), ...added.map(({ person }) => person)];
  require(next.length <= LEAVES, "room-full");
  require(distinct(next), "taken");

  const helper = isCoFacilitator(sender, before);
  for (const leaving of removed) {
    const proven = left.includes(leaving) || returned.some((pair) => pair.before === leaving);
    const participant = !leaving.facilitator && !isCoFacilitator(leaving, before);
    require(proven || sender.facilitator || (helper && participant), "may-not-remove");
  }
  for (const { person } of added) {
    const proven = person.facilitator || returned.some(({ after }) => after === person);
    require(proven || sender.facilitator || helper, "may-not-add");
    const again = isCoFacilitator(person, before) && !returned.some(({ after }) => after === person);
    // Somebody who was removed does not bring the role back by bringing the key back.
    require(!again || statements.grants !== null, "taken");
  }
  const { grants } = statements;
  if (grants) await checkGrants(grants, sender, next, commit.epoch, trust);
  return {
    accepted: true,
    grants: grants ?? before,
    rejoined: returned.map(({ before, after }) => ({ from: before.key, to: after.key })),
  };
}

/** For `processPublicMessage`: the signature of `commit` has been checked. */
export async function judgeCommit(commit: CommitView, situation: Situation): Promise<Verdict> {
  try {
    return await check(commit, situation);
  } catch (error) {
    if (error instanceof Refusal) return { accepted: false, reason: error.reason };
    throw error;
  }
}

/**
 * For a joiner: whether the member who admitted was entitled to, and who the co-facilitators are. `notes` as they
 * came with the Welcome. Somebody who proved a rejoin, or holds a certificate, may have been let in by anybody: that the
 * group is the meeting's tells them the founding record.
 */
export async function judgeWelcome(
  { people: present, trust, now }: Omit<Situation, "grants">,
  welcome: {
    readonly signer: number;
    readonly self: number;
    readonly rejoining: boolean;
    readonly notes: Bytes | null;
    readonly founding: Bytes | null;
  },
): Promise<Verdict> {
  const { signer, self, rejoining, notes, founding } = welcome;
  try {
    const noted = await orRefuse("bad-grants", () => notes && decodeGrants(notes));
    require(noted === null || (await verifyGrants(noted, trust)), "bad-grants");
    // What a facilitator granted who is none any more holds for nobody new; another one is about to grant it anew.
    const grants = noted && standing(noted.issuer, trust, now) === "facilitator" ? noted : null;
    require(distinct(present), "taken");
    // A tree may have holes: a leaf that no frame's header can name has no keys of its own.
    require(present.every(({ leaf }) => leaf < LEAVES), "room-full");
    const admitter = present.find(({ leaf }) => leaf === signer);
    const own = present.find(({ leaf }) => leaf === self);
    require(admitter !== undefined && own !== undefined && admitter !== own, "stranger");
    const entitled = admitter.facilitator || isCoFacilitator(admitter, grants);
    require(entitled || rejoining || own.facilitator, "may-not-add");
    require(founding !== null, "bad-founding");
    await orRefuse("bad-founding", () => checkFounding(founding, trust, now));
    return { accepted: true, grants, rejoined: [] };
  } catch (error) {
    if (error instanceof Refusal) return { accepted: false, reason: error.reason };
    throw error;
  }
}
