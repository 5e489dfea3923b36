/** The people at the door, as a facilitator sees them. Sans-IO: `now` is milliseconds of performance.now(). */
import type { KnockView } from "./model";
import { numberNames } from "./names";
import type { Knock, KnockGoneMessage } from "./protocol_types";

/** How long a card that a co-facilitator answered stays readable, ms. */
const ANSWERED_MS = 4_000;

export class WaitingList {
  #views = new Map<string, KnockView & { until: number }>();
  #sorted: KnockView[] | null = [];

  /** In order of arrival, names that look alike told apart; the same array while nothing changed. */
  get views(): KnockView[] {
    this.#sorted ??= numbered([...this.#views.values()].sort((a, b) => a.since - b.since));
    return this.#sorted;
  }

  get(id: string): KnockView | undefined {
    return this.#views.get(id);
  }

  /** Ids for "Admit all": who waits for an answer, but not who lacks the link's secret, whose name cannot be read. */
  get unanswered(): string[] {
    return this.views.filter((view) => !view.answered && view.name !== null).map((view) => view.id);
  }

  /** Somebody knocked, or something about them changed. Returns true for a new knock. */
  knocked(knock: Knock, name: string | null, avatarSeed: Uint8Array, now: number): boolean {
    const known = this.#views.get(knock.id);
    this.#sorted = null;
    this.#views.set(knock.id, {
      id: knock.id,
      name,
      since: known && !known.answered ? known.since : now - knock.waiting_seconds * 1000,
      removedEarlier: knock.removed_earlier ?? false,
      connected: knock.connected ?? true,
      answered: null,
      avatarSeed,
      until: Number.POSITIVE_INFINITY,
    });
    return !known || known.answered !== null;
  }

  /** Whole list anew, after joining or a resume: what is not in it is gone. */
  keepOnly(ids: ReadonlySet<string>): void {
    this.#sorted = null;
    for (const id of this.#views.keys()) if (!ids.has(id)) this.#views.delete(id);
  }

  /** It was answered or withdrawn. `by` is the shown name of a co-facilitator; null clears the card at once. */
  gone(id: string, outcome: KnockGoneMessage["outcome"], by: string | null, now: number): void {
    const view = this.#views.get(id);
    if (!view) return;
    this.#sorted = null;
    if (by === null && outcome !== "withdrawn") this.#views.delete(id);
    else this.#views.set(id, { ...view, answered: { outcome, by }, until: now + ANSWERED_MS });
  }

  /** Drop cards whose time is over; returns true if any went. */
  tick(now: number): boolean {
    let changed = false;
    for (const [id, view] of this.#views) {
      if (view.until <= now) {
        this.#views.delete(id);
        this.#sorted = null;
        changed = true;
      }
    }
    return changed;
  }
}

/** Two people of one name who wait at once would have two buttons of one name. */
function numbered(views: KnockView[]): KnockView[] {
  const shown = numberNames(views.map(({ name }) => name ?? ""));
  return views.map((view, index) => ({ ...view, name: view.name && (shown[index] ?? view.name) }));
}
