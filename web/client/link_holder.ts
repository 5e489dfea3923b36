/** The links that this page may pass on. The organiser can change them all; then only the new ones are passed on. */
import type { Door } from "./links";
import type { Memory, TabState } from "./memory";
import type { Announcement } from "./model";

export interface LinkHolderOptions {
  door: Door;
  /** The origin, with the path before `/g/`: links are built on it. */
  base: string;
  memory: Memory;
  tab: TabState;
  copy(text: string): Promise<boolean>;
  announce(announcement: Announcement): void;
}

export class LinkHolder {
  #door: Door;

  constructor(private readonly options: LinkHolderOptions) {
    this.#door = options.door;
  }

  get door(): Door {
    return this.#door;
  }

  async copyLink(which: "participant" | "facilitator" | "this"): Promise<boolean> {
    const { base } = this.options;
    const links = {
      participant: () => this.#door.participantLink(base),
      facilitator: () => this.#door.facilitatorLink(base),
      this: () => this.#door.ownLink(base),
    };
    return this.#copy(await links[which]());
  }

  /** The organiser's: facilitator link no. `number`, from 1. */
  async copyFacilitatorLink(number: number): Promise<boolean> {
    return this.#copy(await this.#door.facilitatorLink(this.options.base, number));
  }

  /** From here on a reload of this tab finds the new secret. */
  async change(door: Door): Promise<void> {
    const { base, memory, tab } = this.options;
    this.#door = door;
    const link = await door.ownLink(base);
    tab.fragment = link.slice(link.indexOf("#") + 1);
    memory.save(tab);
  }

  async #copy(link: string | null): Promise<boolean> {
    const copied = link !== null && (await this.options.copy(link));
    if (copied) this.options.announce({ urgency: "polite", kind: "copied" });
    return copied;
  }
}
