/**
 * What this member has to say to a room and nobody has heard yet, in order. A message leaves sealed in one epoch; when
 * that ends before the server took it, it is sealed again in the next, under the same number (`n` of its envelope): whoever
 * heard it all the same drops the second one.
 *
 * Everything that the server took before a commit is echoed before that commit. So what has no echo when a commit is
 * applied was not taken, and what a later echo overtakes was not taken either.
 *
 * Sealing is the caller's. `now` is in seconds of a clock that only rises.
 */
import type { Refusal } from "../../protocol_types";
import type { Message } from "../envelope";

/** Messages that wait. A page says a few a minute; more than this is a page gone wrong. */
const WAITING = 256;
/** Messages on their way at once: below the server's burst of 150 a socket, with the page's other messages. */
const IN_FLIGHT = 16;
/** Seconds until a message without an echo is sent again as it was: the server may have had too much to do. */
const REPEAT = 5;
/** Seconds to wait after the server refused one for something that passes. */
const PAUSE = 1;

export interface Note {
  /** The page's; null for the worker's own. */
  readonly id: number | null;
  readonly message: Message;
  readonly to: string | null;
  /** A newer one under the same name takes its place while it waits. */
  readonly slot: string | null;
  /** Means something in this epoch alone. */
  readonly epoch: number | null;
}

interface Entry extends Note {
  /** The envelope's, once it was sealed. */
  n: number | null;
  /** While it is on its way. */
  flight: { sayN: number; body: string; sentAt: number; taken: boolean } | null;
}

/** To be sealed with envelope number `n`, and sent as `say` number `sayN`. */
export interface Parcel {
  readonly note: Note;
  readonly n: number;
  readonly sayN: number;
}

export class Outbox {
  #entries: Entry[] = [];
  #n = 0;
  #sayN = 0;
  #pausedUntil = Number.NEGATIVE_INFINITY;

  /** `dropped`: will not be said. `said`: was taken, though its echo is lost. */
  constructor(private readonly on: { dropped(note: Note): void; said(note: Note): void }) {}

  add(note: Note): void {
    const before = this.#entries.find(({ slot, flight }) => slot !== null && slot === note.slot && !flight);
    if (before) {
      this.#take(before);
      this.on.dropped(before);
    }
    if (this.#entries.length >= WAITING) this.on.dropped(note);
    else this.#entries.push({ ...note, n: null, flight: null });
  }

  /** Does not say it, if it has not left. */
  withdraw(id: number): void {
    const entry = this.#entries.find((entry) => entry.id === id && !entry.flight);
    if (!entry) return;
    this.#take(entry);
    this.on.dropped(entry);
  }

  /** The next one to be sealed in `epoch`; call `sent` or `unfit` before asking again. */
  next(epoch: number, now: number): Parcel | null {
    this.#endPause(now);
    if (now < this.#pausedUntil) return null;
    if (this.#entries.filter(({ flight }) => flight).length >= IN_FLIGHT) return null;
    for (const late of this.#entries.filter(
      (entry) => !entry.flight && entry.epoch !== null && entry.epoch !== epoch,
    )) {
      this.#take(late);
      this.on.dropped(late);
    }
    const entry = this.#entries.find(({ flight }) => !flight);
    if (!entry) return null;
    entry.n ??= ++this.#n;
    return { note: entry, n: entry.n, sayN: this.#sayN + 1 };
  }

  sent({ note }: Parcel, body: string, now: number): void {
    const entry = this.#entries.find((entry) => entry === note);
    if (entry) entry.flight = { sayN: ++this.#sayN, body, sentAt: now, taken: false };
  }

  /** It cannot be sealed: too long. */
  unfit({ note }: Parcel): void {
    this.#entries = this.#entries.filter((entry) => entry !== note);
    this.on.dropped(note);
  }

  /** One's own message came back from the server: what it was, or null for none that is on its way. */
  echo(sayN: number, body: string): Note | null {
    const entry = this.#entries.find(({ flight }) => flight?.sayN === sayN && flight.body === body);
    if (!entry) return null;
    for (const overtaken of this.#entries.filter(({ flight }) => flight && flight.sayN < sayN)) {
      if (overtaken.flight?.taken) this.#lost(overtaken);
      // Its number is below that of what the others have heard.
      else Object.assign(overtaken, { flight: null, n: null });
    }
    this.#take(entry);
    return entry;
  }

  refused(sayN: number, code: Refusal, now: number): void {
    const entry = this.#entries.find(({ flight }) => flight?.sayN === sayN);
    if (!entry) return;
    if (code === "malformed" || code === "foreign" || code === "not_permitted") {
      this.#take(entry);
      this.on.dropped(entry);
      return;
    }
    this.#entries.forEach(unseal);
    this.#pausedUntil = now + PAUSE;
  }

  /** A commit was applied: what is on its way will be refused. */
  epochEnded(): void {
    for (const entry of this.#entries.filter(({ flight }) => flight?.taken)) this.#lost(entry);
    this.#entries.forEach(unseal);
    this.#pausedUntil = Number.NEGATIVE_INFINITY;
  }

  /** One has another leaf, whose numbers begin anew. */
  newLeaf(): void {
    this.epochEnded();
    this.#n = 0;
    for (const entry of this.#entries) entry.n = null;
  }

  /** The socket is back: `saidN` is the highest number that the room took. What is above it goes out again. */
  back(saidN: number): void {
    this.#sayN = Math.max(this.#sayN, saidN);
    for (const entry of this.#entries) {
      if (entry.flight && entry.flight.sayN <= saidN) entry.flight.taken = true;
      else unseal(entry);
    }
  }

  /** Echoes before this may be missing: what was taken is not waited for any longer. */
  gap(): void {
    for (const entry of this.#entries.filter(({ flight }) => flight?.taken)) this.#lost(entry);
  }

  /** Those that went out long ago without an answer, to be sent again as they are. */
  overdue(now: number): { note: Note; sayN: number; body: string }[] {
    this.#endPause(now);
    return this.#entries.flatMap((entry) => {
      const { flight } = entry;
      if (!flight || flight.taken || now < flight.sentAt + REPEAT) return [];
      flight.sentAt = now;
      return [{ note: entry, sayN: flight.sayN, body: flight.body }];
    });
  }

  /** When to ask for `next` and `overdue` again. */
  get deadline(): number {
    const waits = this.#entries.some(({ flight }) => !flight) && this.#pausedUntil > Number.NEGATIVE_INFINITY;
    const repeats = this.#entries.flatMap(({ flight }) => (flight && !flight.taken ? [flight.sentAt + REPEAT] : []));
    return Math.min(waits ? this.#pausedUntil : Number.POSITIVE_INFINITY, ...repeats);
  }

  #endPause(now: number): void {
    if (now >= this.#pausedUntil) this.#pausedUntil = Number.NEGATIVE_INFINITY;
  }

  #lost(entry: Entry): void {
    this.#take(entry);
    this.on.said(entry);
  }

  #take(entry: Entry): void {
    this.#entries = this.#entries.filter((other) => other !== entry);
  }
}

function unseal(entry: Entry): void {
  entry.flight = null;
}
