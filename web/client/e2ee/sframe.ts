/**
 * SFrame (RFC 9605) with the suite AES_128_GCM_SHA256_128: header, key derivation, one frame in, one frame out.
 * Nothing here knows whose key it is or whether a counter was seen: that is key_ring.ts.
 */

import { type Bytes, concat, utf8 } from "../base64url";
import { aesKey, derive } from "../derive";

/** RFC 9605 §4.5: AES_128_GCM_SHA256_128. */
const SUITE = Uint8Array.of(0x00, 0x04);
/** RFC 9605 §4.5: key, nonce and tag of the suite, bytes. */
const KEY_BYTES = 16;
const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

export interface Header {
  kid: bigint;
  ctr: bigint;
  /** Bytes that the header takes. */
  length: number;
}

function bigEndian(value: bigint, length: number): Bytes {
  const bytes = new Uint8Array(length);
  for (let at = length - 1, rest = value; at >= 0; at--, rest >>= 8n) bytes[at] = Number(rest & 0xffn);
  return bytes;
}

/** The fewest bytes that hold `value`, at least one. */
function bytesFor(value: bigint): number {
  let length = 1;
  for (let rest = value >> 8n; rest > 0n; rest >>= 8n) length++;
  return length;
}

/** RFC 9605 §4.3. Values are unsigned 64-bit; RangeError otherwise. */
export function encodeHeader(kid: bigint, ctr: bigint): Bytes {
  for (const value of [kid, ctr]) if (value < 0n || value >> 64n) throw new RangeError("not an unsigned 64-bit number");
  const kidLength = kid < 8n ? 0 : bytesFor(kid);
  const ctrLength = ctr < 8n ? 0 : bytesFor(ctr);
  const kidBits = kidLength ? 0x80 | ((kidLength - 1) << 4) : Number(kid) << 4;
  const ctrBits = ctrLength ? 0x08 | (ctrLength - 1) : Number(ctr);
  return concat(Uint8Array.of(kidBits | ctrBits), bigEndian(kid, kidLength), bigEndian(ctr, ctrLength));
}

/** Null when `bytes` end too early or a number is not in its shortest form, of which RFC 9605 §4.3 knows one only. */
export function decodeHeader(bytes: Uint8Array): Header | null {
  const config = bytes[0];
  if (config === undefined) return null;
  let length = 1;
  const field = (bits: number): bigint | null => {
    if (!(bits & 0x08)) return BigInt(bits);
    const end = length + (bits & 0x07) + 1;
    if (end > bytes.length) return null;
    let value = 0n;
    for (; length < end; length++) value = (value << 8n) | BigInt(bytes[length] as number);
    return value >= 8n && bytesFor(value) === (bits & 0x07) + 1 ? value : null;
  };
  const kid = field(config >> 4);
  const ctr = kid === null ? null : field(config & 0x0f);
  return kid === null || ctr === null ? null : { kid, ctr, length };
}

export interface SFrameKey {
  readonly key: CryptoKey;
  readonly salt: Bytes;
}

/** RFC 9605 §4.4.2: key and salt of one KID out of its base key. */
export async function deriveFrameKey(baseKey: Uint8Array, kid: bigint): Promise<SFrameKey> {
  const label = (text: string) => concat(utf8(text), bigEndian(kid, 8), SUITE);
  const [key, salt] = await Promise.all([
    derive(baseKey, label("SFrame 1.0 Secret key "), KEY_BYTES),
    derive(baseKey, label("SFrame 1.0 Secret salt "), NONCE_BYTES),
  ]);
  return { key: await aesKey(key), salt };
}

/** RFC 9605 §4.4.1: the salt, exclusive-or the counter. */
function nonce(salt: Bytes, ctr: bigint): Bytes {
  const bytes = salt.slice();
  for (const [at, byte] of bigEndian(ctr, NONCE_BYTES).entries()) bytes[at] = (bytes[at] as number) ^ byte;
  return bytes;
}

/** Returns header ‖ ciphertext ‖ tag; `metadata` is authenticated after the header and not contained. */
export async function encryptFrame(
  { key, salt }: SFrameKey,
  kid: bigint,
  ctr: bigint,
  metadata: Uint8Array,
  plaintext: Bytes,
): Promise<Bytes> {
  const header = encodeHeader(kid, ctr);
  const algorithm = { name: "AES-GCM", iv: nonce(salt, ctr), additionalData: concat(header, metadata) };
  return concat(header, new Uint8Array(await crypto.subtle.encrypt(algorithm, key, plaintext)));
}

/** Opens what `encryptFrame` returned; null when it was not made with this key and metadata. */
export async function decryptFrame(
  { key, salt }: SFrameKey,
  header: Header,
  metadata: Uint8Array,
  frame: Bytes,
): Promise<Bytes | null> {
  const algorithm = {
    name: "AES-GCM",
    iv: nonce(salt, header.ctr),
    additionalData: concat(frame.subarray(0, header.length), metadata),
  };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, frame.subarray(header.length)));
  } catch {
    return null;
  }
}
