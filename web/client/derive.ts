/** Every key that comes out of a link: HKDF-SHA256 (RFC 5869), labels as in docs/protocol.md, section 1. */
import { type Bytes, utf8 } from "./base64url";

/** Joins a label and its context with zero bytes: ids hold no zero, so that no two lists give one info. */
export function info(label: string, ...context: string[]): Bytes {
  return utf8([label, ...context].join("\0"));
}

/** `length` in bytes. */
export async function derive(secret: Uint8Array, label: Bytes, length: number): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", secret.slice(), "HKDF", false, ["deriveBits"]);
  const algorithm = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: label };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, length * 8));
}

export function aesKey(raw: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
}
