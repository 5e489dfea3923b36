/** KID = context (8 bits) ‖ leaf (10) ‖ epoch (8), docs/protocol.md, section 5. */

export const CONTEXTS = 1 << 8;
export const LEAVES = 1 << 10;
export const EPOCHS = 1 << 8;

/** Throws RangeError for a part that does not fit its bits: two senders must never come to one KID by overflow. */
export function kidOf(context: number, leaf: number, epoch: number): number {
  const fits = (value: number, limit: number) => Number.isInteger(value) && value >= 0 && value < limit;
  if (!fits(context, CONTEXTS) || !fits(leaf, LEAVES) || !fits(epoch, EPOCHS)) throw new RangeError("no such KID");
  return (context * LEAVES + leaf) * EPOCHS + epoch;
}

export function leafOf(kid: number): number {
  return Math.floor(kid / EPOCHS) % LEAVES;
}
