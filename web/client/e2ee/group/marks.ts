/**
 * Who is checked: persons, remembered by the leaf key that they had at the check, and moved along when they prove a rejoin.
 * Everybody else is unchecked, however they come to look.
 */
import { type Bytes, fromBase64url, toBase64url } from "../../base64url";

/** Marks that are kept; leaf keys are never used again, so that those of people who left cost nothing but room. */
const MAX_MARKS = 1024;

export class Marks {
  #keys = new Set<string>();

  get keys(): readonly Bytes[] {
    return [...this.#keys].map(fromBase64url);
  }

  has(key: Bytes): boolean {
    return this.#keys.has(toBase64url(key));
  }

  add(keys: readonly Bytes[]): void {
    this.#keys = new Set([...this.#keys, ...keys.map(toBase64url)].slice(-MAX_MARKS));
  }

  /** The old key keeps its mark: the commit may turn out void. Tells whether anything changed. */
  moved(rejoined: readonly { from: Bytes; to: Bytes }[]): boolean {
    const keys = rejoined.filter(({ from }) => this.has(from)).map(({ to }) => to);
    this.add(keys);
    return keys.length > 0;
  }
}
