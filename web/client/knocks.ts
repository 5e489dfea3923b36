/** The door as facilitators and co-facilitators see it: reads who knocks and tells who answered, in the order of the words. */
import type { Announcement } from "./model";
import type { Knock, KnockGoneMessage } from "./protocol_types";
import { WaitingList } from "./waiting_list";

export interface KnocksOptions {
  /** One's own member id. */
  self: string;
  /** Whether one's role lets one see the door: every link holder could read the names, whoever the server sends them to. */
  holds(): boolean;
  /** The name, if the knock is genuine; without it nobody can be let in. */
  read(knock: Knock): Promise<string | null>;
  avatarSeed(knock: string): Promise<Uint8Array>;
  nameOf(member: string): string;
  announce(announcement: Announcement): void;
  /** The list is another one. */
  changed(): void;
}

export class Knocks {
  readonly list = new WaitingList();
  /** A queue of its own: a knock that is slow to read holds up nothing but the door. */
  #work: Promise<void> = Promise.resolve();

  constructor(private readonly options: KnocksOptions) {}

  get held(): boolean {
    return this.options.holds();
  }

  /** The whole list, after joining or a resume. */
  take(all: readonly Knock[]): void {
    const knocks = this.held ? all : [];
    this.#then(async () => {
      this.list.keepOnly(new Set(knocks.map((knock) => knock.id)));
      await Promise.all(knocks.map((knock) => this.#put(knock)));
    });
  }

  knocked(knock: Knock): void {
    if (!this.held) return;
    this.#then(async () => {
      const fresh = await this.#put(knock);
      const name = this.list.get(knock.id)?.name ?? null;
      if (fresh) this.options.announce({ urgency: "polite", kind: "knock", name });
    });
  }

  gone({ knock, outcome, by }: KnockGoneMessage): void {
    if (!this.held) return;
    this.#then(() => {
      const { self, nameOf, announce } = this.options;
      const name = this.list.get(knock)?.name ?? null;
      const other = by != null && by !== self ? nameOf(by) : null;
      this.list.gone(knock, outcome, other, performance.now());
      if (other !== null && outcome !== "withdrawn") {
        announce({ urgency: "polite", kind: "knock-answered", name, by: other, outcome });
      }
    });
  }

  /** The role that let one see the door was withdrawn. */
  close(): void {
    this.take([]);
  }

  #then(step: () => void | Promise<void>): void {
    const done = this.#work.then(step).then(this.options.changed);
    // What cannot be dealt with must not keep the following knocks from being read.
    this.#work = done.catch(() => undefined);
  }

  async #put(knock: Knock): Promise<boolean> {
    const { read, avatarSeed } = this.options;
    const [name, seed] = await Promise.all([read(knock), avatarSeed(knock.id)]);
    return this.list.knocked(knock, name, seed, performance.now());
  }
}
