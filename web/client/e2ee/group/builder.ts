/** Makes one commit out of what is to be done now, such that the policy of everybody accepts it. */
import type { Bytes } from "../../base64url";
import { addAndCommit, emptyCommit, type Pending, removeAndCommit } from "../mls/adapter";
import { standing } from "../mls/credentials";
import { CredentialError, compare, equal } from "../mls/fields";
import { type LeafKey, MlsError, signWithLeaf } from "../mls/messages";
import {
  encodeGrants,
  encodeStatements,
  type Grants,
  grantsStatement,
  type Leaving,
  MAX_STATEMENTS,
  type Rejoin,
} from "../mls/statements";
import { epochOf, type Held, judged, meetingOf, memberOf, type Prepared, self, type Time } from "./held";
import type { Link } from "./link";

/** One thing to be done, ready for a commit. */
export interface Item {
  /** Whose wish it fulfils (committer.ts). */
  readonly wish: string;
  /** When it is this member's turn, seconds of the rising clock. */
  readonly at: number;
  readonly add?: Bytes;
  /** A leaf. */
  readonly remove?: number;
  readonly leaving?: Leaving;
  readonly rejoin?: Rejoin;
  /** To a rejoin key. */
  readonly grant?: { readonly key: Bytes; readonly granted: boolean };
}

/** In one commit: as many statements as may be in it. A full waiting room takes three. */
export const MAX_ITEMS = MAX_STATEMENTS;

export interface Built {
  readonly items: readonly Item[];
  readonly prepared: Prepared;
  /** Member ids of all co-facilitators from the next epoch on, when that changes. */
  readonly coFacilitators: readonly string[] | null;
}

const byLeaf = (a: { leaf: number }, b: { leaf: number }) => a.leaf - b.leaf;

export class Builder {
  constructor(
    private readonly link: Link,
    private readonly held: Held,
    /** One's own leaf's. */
    private readonly key: LeafKey,
    private readonly time: Time,
  ) {}

  /** One commit for all of them, of which there is at least one; if something among them cannot be committed, the first that can stands alone. */
  async build(items: readonly Item[]): Promise<{ built: Built | null; refused: readonly Item[] }> {
    const all = await this.#try(items);
    if (all) return { built: all, refused: [] };
    const refused: Item[] = [];
    for (const item of items) {
      const built = items.length > 1 ? await this.#try([item]) : null;
      if (built) return { built, refused };
      refused.push(item);
    }
    return { built: null, refused };
  }

  /** Null for what the others would refuse, or what is not well formed. */
  async #try(items: readonly Item[]): Promise<Built | null> {
    try {
      const grants = await this.#grants(items);
      const pending = await this.#commit(items, grants);
      const prepared = await judged(this.held, pending, this.link, this.time);
      return prepared && { items, prepared, coFacilitators: grants && this.#members(grants) };
    } catch (error) {
      // Others made these KeyPackages and statements.
      if (error instanceof MlsError || error instanceof CredentialError) return null;
      throw error;
    }
  }

  #commit(items: readonly Item[], grants: Grants | null): Promise<Pending> {
    const { group } = this.held;
    const authenticatedData = encodeStatements({
      leavings: items.flatMap(({ leaving }) => leaving ?? []).sort(byLeaf),
      rejoins: items.flatMap(({ rejoin }) => rejoin ?? []).sort(byLeaf),
      grants,
    });
    const adds = items.flatMap(({ add }) => add ?? []);
    const replaced = items.flatMap(({ remove }) => remove ?? []);
    const inForce = grants ?? this.held.grants;
    const notes = inForce ? { notes: encodeGrants(inForce) } : {};
    const options = { authenticatedData, ...notes };
    if (adds.length) return addAndCommit(group, adds, this.link.psk, this.time.utc, { ...options, replaced });
    return replaced.length
      ? removeAndCommit(group, replaced, { authenticatedData })
      : emptyCommit(group, { authenticatedData });
  }

  /** The new list, when a grant is among the items, or nobody new would believe in the old one. */
  async #grants(items: readonly Item[]): Promise<Grants | null> {
    const own = self(this.held);
    const trust = this.link.trust(meetingOf(this.held));
    const { grants } = this.held;
    const changes = items.flatMap(({ grant }) => grant ?? []);
    const stale = grants !== null && standing(grants.issuer, trust, this.time.utc) !== "facilitator";
    if (!own.facilitator || (!changes.length && !stale)) return null;
    const gone = items.flatMap(({ remove, rejoin }) => (rejoin ? [] : (remove ?? [])));
    const staying = this.held.people.filter(({ leaf, facilitator }) => !facilitator && !gone.includes(leaf));
    const granted = (key: Bytes) => changes.find((change) => equal(change.key, key))?.granted;
    const before = (key: Bytes) => grants?.keys.some((other) => equal(other, key)) ?? false;
    const keys = staying
      .map(({ credential }) => credential.rejoinKey)
      .filter((key) => granted(key) ?? before(key))
      .sort(compare);
    const epoch = epochOf(this.held) + 1;
    const signature = await signWithLeaf(this.key, grantsStatement(trust.meeting, epoch, keys));
    return { epoch, keys, issuer: own.credential, issuerKey: own.key, signature };
  }

  #members({ keys }: Grants): string[] {
    const named = ({ credential }: { credential: { rejoinKey: Bytes } }) =>
      keys.some((key) => equal(key, credential.rejoinKey));
    return this.held.people.filter(named).map(memberOf);
  }
}
