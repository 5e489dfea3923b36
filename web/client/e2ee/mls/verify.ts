/** Checking Ed25519 signatures (RFC 8032): WebCrypto where the browser has it, else @noble/curves. */
import { ed25519 } from "@noble/curves/ed25519.js";
import type { Bytes } from "../../base64url";

export const KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** False for every pair that does not fit, keys that are no points included; never throws. */
export async function verify(publicKey: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  if (publicKey.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  let key: CryptoKey;
  try {
    key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
  } catch {
    return nobleVerify(publicKey, message, signature);
  }
  return crypto.subtle.verify("Ed25519", key, signature, message);
}

export function nobleVerify(publicKey: Bytes, message: Bytes, signature: Bytes): boolean {
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
}
