/** Ed25519 (RFC 8032) from private seeds: WebCrypto where the browser has it (Chromium 137, Firefox 129, Safari 17), else @noble/curves. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { type Bytes, concat, fromBase64url } from "./base64url";

/** What stands before the 32 bytes of a seed in PKCS #8 (RFC 8410 §7). */
const PKCS8_PREFIX = Uint8Array.of(
  0x30,
  0x2e,
  0x02,
  0x01,
  0x00,
  0x30,
  0x05,
  0x06,
  0x03,
  0x2b,
  0x65,
  0x70,
  0x04,
  0x22,
  0x04,
  0x20,
);

export interface SigningKey {
  /** 32 bytes. */
  readonly publicKey: Bytes;
  /** 64 bytes. */
  sign(message: Bytes): Promise<Bytes>;
}

/** Throws RangeError unless `seed` has 32 bytes. */
export async function signingKey(seed: Bytes): Promise<SigningKey> {
  if (seed.length !== 32) throw new RangeError("an Ed25519 seed has 32 bytes");
  return (await webCryptoKey(seed)) ?? nobleKey(seed);
}

/** Null where the browser does not know Ed25519. */
export async function webCryptoKey(seed: Bytes): Promise<SigningKey | null> {
  try {
    const key = await crypto.subtle.importKey("pkcs8", concat(PKCS8_PREFIX, seed), "Ed25519", true, ["sign"]);
    const { x } = await crypto.subtle.exportKey("jwk", key);
    if (!x) return null;
    return {
      publicKey: fromBase64url(x),
      sign: async (message) => new Uint8Array(await crypto.subtle.sign("Ed25519", key, message)),
    };
  } catch {
    return null;
  }
}

export function nobleKey(seed: Bytes): SigningKey {
  return {
    publicKey: ed25519.getPublicKey(seed).slice(),
    sign: async (message) => ed25519.sign(message, seed).slice(),
  };
}
