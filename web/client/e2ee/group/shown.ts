/** What the page is shown of a room: who holds the keys and why, what is wrong, and the check. Each is told when it changes. */
import type { Bytes } from "../../base64url";
import { equal } from "../mls/fields";
import type { CheckView, FromWorker, Incident, Person, Trouble } from "../worker_messages";
import { type Change, epochOf, type Held, memberOf, roleOf, self } from "./held";
import { History } from "./history";
import { Marks } from "./marks";
import type { RoundView } from "./verification";

/**
 * Seconds in which the same incident is told once, while the epoch is the same. Where somebody asks for a Welcome, a
 * server can hand them one to refuse every few seconds, and each would be read aloud: shorter lets it talk over people,
 * longer hides that it goes on.
 */
export const INCIDENT_SECONDS = 60;

export class Shown {
  readonly #history = new History();
  readonly #marks = new Marks();
  #check: { view: CheckView; keys: Bytes[] } | null = null;
  /** What was shown last. Of the state itself nothing is kept: its keys would outlive their epoch. */
  #group: { epoch: number; people: readonly Person[] } | null = null;
  #troubles = "[]";
  /** When an incident of this kind, by this member, was told in this epoch: a few for each member at most. */
  readonly #incidents = new Map<string, number>();

  constructor(
    private readonly room: string,
    private readonly tell: (message: FromWorker) => void,
    /** Wall clock, ms, for people's eyes. */
    private readonly wall: () => number,
  ) {}

  // -- Who is checked ------------------------------------------------------------------------------------------------

  /** Leaf keys of those who are checked. */
  get checked(): readonly Bytes[] {
    return this.#marks.keys;
  }

  remember(checked: readonly Bytes[]): void {
    this.#marks.add(checked);
  }

  /** Those who took part in this round are checked. Tells whether anybody is. */
  markChecked(round: string, held: Held | null): boolean {
    const check = this.#check;
    if (!check || check.view.round !== round || check.view.state !== "done") return false;
    this.#marks.add(check.keys);
    check.view = { ...check.view, marked: true };
    this.tell({ type: "check", room: this.room, view: check.view });
    this.group(held);
    return true;
  }

  check(held: Held, round: RoundView): void {
    const before = this.#check?.view.round === round.round ? this.#check : null;
    const done = round.state === "done";
    const took = held.people.filter((person) => round.took.includes(memberOf(person)));
    const at = done ? (before?.view.at ?? this.wall()) : null;
    const view = { ...round, at, marked: before?.view.marked ?? false };
    this.#check = { view, keys: before?.view.state === "done" ? before.keys : took.map(({ key }) => key) };
    this.tell({ type: "check", room: this.room, view });
  }

  // -- Who is there, and why -----------------------------------------------------------------------------------------

  /** Not told yet: `group` does. */
  entered(held: Held, how: "founded" | "joined" | "back"): void {
    const own = memberOf(self(held));
    const by = how === "founded" ? own : null;
    this.#history.add(epochOf(held), { kind: how, members: [own], by, at: this.wall() });
  }

  /** Not told yet. `gone` as in `History`. Tells whether a mark went over to another key. */
  advanced(change: Change, gone: (member: string) => boolean): boolean {
    const { rejoined } = change;
    this.#history.committed(change, gone, this.wall());
    if (this.#check) {
      const took = ({ from }: { from: Bytes }) => this.#check?.keys.some((key) => equal(key, from));
      this.#check.keys.push(...rejoined.filter(took).map(({ to }) => to));
    }
    return this.#marks.moved(rejoined);
  }

  wentBack(held: Held): void {
    this.#history.backTo(epochOf(held));
  }

  people(held: Held): Person[] {
    const own = self(held);
    return held.people.map((person) => ({
      member: memberOf(person),
      leaf: person.leaf,
      role: roleOf(held, person),
      self: person === own,
      checked: person === own || this.#marks.has(person.key),
    }));
  }

  /** `held` null: out of the group; the people are those last known. */
  group(held: Held | null): void {
    if (held && epochOf(held) !== this.#group?.epoch) this.#incidents.clear();
    if (held) this.#group = { epoch: epochOf(held), people: this.people(held) };
    if (!this.#group) return;
    const state = held ? "in" : "out";
    const view = { room: this.room, state, ...this.#group, changes: this.#history.changes } as const;
    this.tell({ type: "group", view });
  }

  // -- What is wrong -------------------------------------------------------------------------------------------------

  troubles(troubles: readonly Trouble[]): void {
    const text = JSON.stringify(troubles);
    if (text === this.#troubles) return;
    this.#troubles = text;
    this.tell({ type: "troubles", room: this.room, troubles });
  }

  /** `now`: seconds of a clock that only rises. */
  incident(incident: Incident, now: number): void {
    const name = JSON.stringify([incident.kind, "by" in incident ? incident.by : null]);
    if (now - (this.#incidents.get(name) ?? Number.NEGATIVE_INFINITY) < INCIDENT_SECONDS) return;
    this.#incidents.set(name, now);
    this.tell({ type: "incident", room: this.room, incident });
  }
}
