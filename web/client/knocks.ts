/** A facilitator's side of the door: opens the names of those who knock and tells who answered. */
import type { Announcement } from "./model";
import type { Knock, KnockGoneMessage } from "./protocol_types";
import { WaitingList } from "./waiting_list";

export interface KnocksOptions {
  /** One's own member id. */
  self: string;
  open(sealed: string): Promise<string | null>;
  avatarSeed(knock: string): Promise<Uint8Array>;
  nameOf(member: string): string;
  announce(announcement: Announcement): void;
}

export class Knocks {
  readonly list = new WaitingList();

  constructor(private readonly options: KnocksOptions) {}

  /** The whole list, after joining or a resume. */
  async take(knocks: readonly Knock[]): Promise<void> {
    this.list.keepOnly(new Set(knocks.map((knock) => knock.id)));
    await Promise.all(knocks.map((knock) => this.#put(knock)));
  }

  async knocked(knock: Knock): Promise<void> {
    const fresh = await this.#put(knock);
    const name = this.list.get(knock.id)?.name ?? null;
    if (fresh) this.options.announce({ urgency: "polite", kind: "knock", name });
  }

  gone({ knock, outcome, by }: KnockGoneMessage): void {
    const { self, nameOf, announce } = this.options;
    const name = this.list.get(knock)?.name ?? null;
    const other = by != null && by !== self ? nameOf(by) : null;
    this.list.gone(knock, outcome, other, performance.now());
    if (other !== null && outcome !== "withdrawn") {
      announce({ urgency: "polite", kind: "knock-answered", name, by: other, outcome });
    }
  }

  async #put(knock: Knock): Promise<boolean> {
    const { open, avatarSeed } = this.options;
    const [name, seed] = await Promise.all([open(knock.sealed), avatarSeed(knock.id)]);
    return this.list.knocked(knock, name, seed, performance.now());
  }
}
