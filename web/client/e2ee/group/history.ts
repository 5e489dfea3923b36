/** Why the keys are what they are: what people read in "Check encryption". */
import { equal } from "../mls/fields";
import type { Person } from "../mls/policy";
import type { KeyChange } from "../worker_messages";
import { type Change, epochOf, memberOf, roleOf } from "./held";

/** Changes that are kept: the dialog shows the last ones. */
const MAX_CHANGES = 32;

export class History {
  #changes: { epoch: number; change: KeyChange }[] = [];

  get changes(): readonly KeyChange[] {
    return this.#changes.map(({ change }) => change);
  }

  add(epoch: number, change: KeyChange): void {
    this.#changes = [...this.#changes, { epoch, change }].slice(-MAX_CHANGES);
  }

  /** `gone`: whether the server had said that somebody's session is over, so that nobody reads "removed" for it. */
  committed(change: Change, gone: (member: string) => boolean, at: number): void {
    const epoch = epochOf(change.after);
    const by = memberOf(change.by);
    const add = (kind: KeyChange["kind"], people: readonly Person[]) => {
      if (people.length) this.add(epoch, { kind, members: people.map(memberOf), by, at });
    };
    const back = change.added.filter(({ key }) => change.rejoined.some(({ to }) => equal(to, key)));
    const moved = (person: Person) => change.rejoined.some(({ from }) => equal(from, person.key));
    const replaced = (person: Person) => change.added.some((added) => memberOf(added) === memberOf(person));
    const removed = change.removed.filter((person) => !moved(person) && !replaced(person));
    const left = removed.filter((person) => change.leavings.includes(person.leaf) || gone(memberOf(person)));
    add("left", left);
    add(
      "removed",
      removed.filter((person) => !left.includes(person)),
    );
    add(
      "joined",
      change.added.filter((person) => !back.includes(person)),
    );
    add("back", back);
    const helps = (held: Change["after"]) => (person: Person) => roleOf(held, person) === "co_facilitator";
    const stayed = change.before.people.filter((person) => !change.removed.includes(person));
    const helped = stayed.filter(helps(change.before));
    const help = stayed.filter(helps(change.after));
    add(
      "granted",
      help.filter((person) => !helped.includes(person)),
    );
    add(
      "withdrawn",
      helped.filter((person) => !help.includes(person)),
    );
    const nothing = !change.added.length && !change.removed.length && change.before.grants === change.after.grants;
    if (nothing) add("renewed", [change.by]);
  }

  /** Epochs after this one are void. */
  backTo(epoch: number): void {
    this.#changes = this.#changes.filter((entry) => entry.epoch <= epoch);
  }
}
