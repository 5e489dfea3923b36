/** KID = context (8 bits) ‖ leaf (10) ‖ epoch (8), docs/protocol.md, section 5. */

export const CONTEXTS = 1 << 8;
export const LEAVES = 1 << 10;
/** A KID holds the MLS epoch modulo this. */
export const EPOCHS = 1 << 8;
export const KIDS = CONTEXTS * LEAVES * EPOCHS;

/** Throws RangeError for a context or leaf that does not fit its bits: two senders must never come to one KID by overflow. */
export function kidOf(context: number, leaf: number, epoch: number): number {
  const fits = (value: number, limit: number) => Number.isInteger(value) && value >= 0 && value < limit;
  if (!fits(context, CONTEXTS) || !fits(leaf, LEAVES) || !fits(epoch, Number.MAX_SAFE_INTEGER)) {
    throw new RangeError("no such KID");
  }
  return (context * LEAVES + leaf) * EPOCHS + (epoch % EPOCHS);
}

export function contextOf(kid: number): number {
  return Math.floor(kid / EPOCHS / LEAVES);
}

export function leafOf(kid: number): number {
  return Math.floor(kid / EPOCHS) % LEAVES;
}

/** The epoch's low 8 bits. */
export function epochOf(kid: number): number {
  return kid % EPOCHS;
}

/** Whether the epoch with these low 8 bits lies 1 to 127 epochs after `epoch`; otherwise it is that one, or before it. */
export function isAhead(low: number, epoch: number): boolean {
  const distance = (low - (epoch % EPOCHS) + EPOCHS) % EPOCHS;
  return distance > 0 && distance < EPOCHS / 2;
}
