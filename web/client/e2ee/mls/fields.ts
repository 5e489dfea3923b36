/** Fields of fixed width, one after another: a canonical form, because there is one way only to write each value. */
import { type Bytes, concat } from "../../base64url";

/** What is wrong with a credential, a certificate, a list or a statement; `kind` is what a page can explain. */
export class CredentialError extends Error {
  constructor(
    readonly kind:
      | "malformed"
      /** A signature does not fit. */
      | "forged"
      /** Made for another group or meeting. */
      | "foreign"
      | "revoked"
      | "expired"
      /** Outside its lifetime, and a wrong clock is the likely cause. */
      | "clock",
  ) {
    super(kind);
  }
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** Below 0 when `a` comes first. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const difference = (a[at] as number) - (b[at] as number);
    if (difference) return difference;
  }
  return a.length - b.length;
}

/** Each item above the one before: so that a set has one form only. */
export function rising<Item>(items: readonly Item[], order: (a: Item, b: Item) => number): boolean {
  return items.every((item, at) => at === 0 || order(items[at - 1] as Item, item) < 0);
}

export const u8 = (value: number) => number(value, 1);
export const u16 = (value: number) => number(value, 2);
export const u32 = (value: number) => number(value, 4);
/** Up to 2^53 - 1. */
export const u64 = (value: number) => number(value, 8);

/** Big-endian. Throws CredentialError for what does not fit. */
function number(value: number, width: number): Bytes {
  if (!Number.isSafeInteger(value) || value < 0 || value >= 2 ** (8 * width)) throw new CredentialError("malformed");
  const bytes = new Uint8Array(width);
  for (let rest = value, at = width - 1; at >= 0; at--, rest = Math.floor(rest / 256)) bytes[at] = rest % 256;
  return bytes;
}

/** `bytes` if they have that length, else CredentialError. */
export function exactly(bytes: Bytes, length: number): Bytes {
  if (bytes.length !== length) throw new CredentialError("malformed");
  return bytes;
}

/** Length in two bytes, then the bytes. */
export function sized(bytes: Bytes): Bytes {
  return concat(u16(bytes.length), bytes);
}

/** Reads what the functions above wrote. Every method throws CredentialError when there is less. */
export class FieldReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** A copy of the next `length` bytes. */
  bytes(length: number): Bytes {
    if (this.#at + length > this.#bytes.length) throw new CredentialError("malformed");
    this.#at += length;
    return this.#bytes.slice(this.#at - length, this.#at);
  }

  u8 = () => this.#number(1);
  u16 = () => this.#number(2);
  u32 = () => this.#number(4);
  u64 = () => this.#number(8);

  /** At most `limit` bytes. */
  sized(limit: number): Bytes {
    const length = this.u16();
    if (length > limit) throw new CredentialError("malformed");
    return this.bytes(length);
  }

  /** At most `limit` items, after their number in two bytes. */
  list<Item>(limit: number, item: () => Item): Item[] {
    const length = this.u16();
    if (length > limit) throw new CredentialError("malformed");
    return Array.from({ length }, item);
  }

  /** Nothing may follow. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw new CredentialError("malformed");
  }

  #number(width: number): number {
    const value = this.bytes(width).reduce((sum, byte) => sum * 256 + byte, 0);
    if (!Number.isSafeInteger(value)) throw new CredentialError("malformed");
    return value;
  }
}
