/** What the server keeps of the group, for whom the worker acts, and how both are learnt anew. */
import { fromBase64url, toBase64url } from "./base64url";
import type { GroupAnswer, GroupProblem } from "./boot";
import { decodeCertificate } from "./e2ee/mls/credentials";
import type { Identity } from "./e2ee/worker_messages";
import type { Door, Profile } from "./links";

export interface GroupKeeperOptions {
  door: Door;
  group: GroupAnswer;
  /** As in `GroupKeeper`, of this answer. */
  outdated: boolean;
  screens: Profile["screens"];
  /** Of this tab's memory. */
  tab: string;
  fetch(): Promise<GroupAnswer | GroupProblem>;
}

export class GroupKeeper {
  #group: GroupAnswer;
  #latest = 0;
  #outdated: boolean;
  #screens: Profile["screens"];

  constructor(private readonly options: GroupKeeperOptions) {
    this.#group = options.group;
    this.#outdated = options.outdated;
    this.#screens = options.screens;
  }

  /** As the profile says that could be opened last. */
  get screens(): Profile["screens"] {
    return this.#screens;
  }

  /** The server keeps the group under another room secret than the link's, or says so: the organiser changed the links. */
  get outdated(): boolean {
    return this.#outdated;
  }

  get identity(): Identity {
    const { link } = this.options.door;
    const { root_key, certificates, revocations } = this.#group;
    return {
      group: link.group,
      roomSecret: link.roomSecret,
      rootKey: fromBase64url(root_key),
      roleSeed: link.role === "facilitator" ? link.seed : null,
      certificates,
      revocations,
      tab: this.options.tab,
    };
  }

  /** Whether the server keeps a certificate, good or not, for this public key (base64url). Explains a refusal, no more. */
  certifies(key: string): boolean {
    return this.#group.certificates.some((text) => {
      try {
        return toBase64url(decodeCertificate(fromBase64url(text)).roleKey) === key;
      } catch {
        return false; // what a server makes up
      }
    });
  }

  /** Reads the group again. Null if it cannot be had now, is another organiser's, or was asked for again meanwhile. */
  async refresh(): Promise<GroupAnswer | null> {
    this.#latest += 1;
    const turn = this.#latest;
    const { door, fetch } = this.options;
    const group = await fetch();
    if (typeof group === "string" || !(await door.isRootKey(group.root_key))) return null;
    const profile = await door.openProfile(group.profile);
    if (turn !== this.#latest) return null;
    this.#group = group;
    this.#outdated = profile === null;
    this.#screens = profile?.screens ?? this.#screens;
    return group;
  }
}
