/** What the server keeps of the group, for whom the worker acts, and how both are learnt anew. */
import { fromBase64url } from "./base64url";
import type { GroupAnswer, GroupProblem } from "./boot";
import type { Identity } from "./e2ee/worker_messages";
import type { Door } from "./links";

export interface GroupKeeperOptions {
  door: Door;
  group: GroupAnswer;
  /** Of this tab's memory. */
  tab: string;
  fetch(): Promise<GroupAnswer | GroupProblem>;
}

export class GroupKeeper {
  #group: GroupAnswer;
  #latest = 0;

  constructor(private readonly options: GroupKeeperOptions) {
    this.#group = options.group;
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

  /** Reads the group again. Null if it cannot be had now, is another organiser's, or was asked for again meanwhile. */
  async refresh(): Promise<GroupAnswer | null> {
    this.#latest += 1;
    const turn = this.#latest;
    const group = await this.options.fetch();
    if (typeof group === "string" || !(await this.options.door.isRootKey(group.root_key))) return null;
    if (turn !== this.#latest) return null;
    this.#group = group;
    return group;
  }
}
