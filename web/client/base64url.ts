/** Base64url without padding (RFC 4648 §5), strict: one text for each byte string, anything else is an error. */

/** Bytes of their own buffer, as WebCrypto wants them: never a view of shared memory. */
export type Bytes = Uint8Array<ArrayBuffer>;

export function toBase64url(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Throws RangeError for other characters, an impossible length, or spare bits that are not zero. */
export function fromBase64url(text: string): Bytes {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) throw new RangeError("not base64url");
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
  if (toBase64url(bytes) !== text) throw new RangeError("not the shortest form of base64url");
  return bytes;
}

/** Returns null unless `text` is base64url of exactly `length` bytes. */
export function bytesOf(text: unknown, length: number): Bytes | null {
  if (typeof text !== "string" || text.length !== Math.ceil((length * 4) / 3)) return null;
  try {
    return fromBase64url(text);
  } catch {
    return null;
  }
}

const encoder = new TextEncoder();

export function utf8(text: string): Bytes {
  return encoder.encode(text) as Bytes;
}

export function concat(...parts: Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
