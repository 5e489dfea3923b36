/** Which contexts of a room's KIDs this page has given out: none twice within an epoch. */
import { CONTEXTS } from "./kid";

/**
 * Number 0 is never given out: every KID is then 8 or more, and its SFrame header begins with a set bit, by which a
 * receiver tells a VP9 frame from the header that stands before a VP8 frame (codec_header.ts).
 */
const FIRST = 1;

export class ContextBook<Sender extends WeakKey> {
  #epoch: number | null = null;
  /** Given out in this epoch, or before it and still in use; by whom, as long as they live. */
  #taken = new Map<number, WeakRef<Sender>>();
  readonly #current = new WeakMap<Sender, number>();
  /** After the one given out last: one that became free is used again as late as possible. */
  #next = FIRST;

  /** `ended`: whether a sender will never send again; one that was collected has ended as well. */
  constructor(private readonly ended: (sender: Sender) => boolean) {}

  /** A further call for one sender gives it a new context. RangeError when all are used up until the next epoch. */
  give(sender: Sender): number {
    if (this.#taken.size === CONTEXTS - FIRST) throw new RangeError("all contexts of this epoch are used up");
    while (this.#taken.has(this.#next)) this.#next = after(this.#next);
    const context = this.#next;
    this.#next = after(context);
    this.#taken.set(context, new WeakRef(sender));
    this.#current.set(sender, context);
    return context;
  }

  /** Another epoch has other keys: what nobody uses any more can be given out again. */
  epochIs(epoch: number): void {
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    for (const [context, reference] of this.#taken) {
      const sender = reference.deref();
      if (!sender || this.ended(sender) || this.#current.get(sender) !== context) this.#taken.delete(context);
    }
  }
}

function after(context: number): number {
  return context + 1 < CONTEXTS ? context + 1 : FIRST;
}
