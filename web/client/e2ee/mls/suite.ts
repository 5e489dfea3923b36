/**
 * MLS cipher suite 1, MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519 (RFC 9420 §17.1), put together for ts-mls from
 * WebCrypto, @hpke/core and what this client has for Ed25519. The library's own provider would bring the primitives
 * of eighteen other suites into the worker and nearly double its size.
 */
import { Aes128Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { type CiphersuiteImpl, getCiphersuiteFromName } from "ts-mls/crypto/ciphersuite.js";
import { makeHashImpl } from "ts-mls/crypto/implementation/default/makeHashImpl.js";
import { makeKdfImpl } from "ts-mls/crypto/implementation/default/makeKdfImpl.js";
import { makeGenericHpke } from "ts-mls/crypto/implementation/hpke.js";
import { signingKey } from "../../ed25519";
import { verify } from "./verify";

export const SUITE = "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519";
const SEED_BYTES = 32;

const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length));

async function aesGcm(
  use: "encrypt" | "decrypt",
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  text: Uint8Array,
) {
  const imported = await crypto.subtle.importKey("raw", key.slice(), "AES-GCM", false, [use]);
  const algorithm = { name: "AES-GCM", iv: nonce.slice(), additionalData: aad.slice() };
  return new Uint8Array(await crypto.subtle[use](algorithm, imported, text.slice()));
}

async function make(): Promise<CiphersuiteImpl> {
  const { hpke, hash } = getCiphersuiteFromName(SUITE);
  const kdf = new HkdfSha256();
  const aead = {
    encrypt: (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array) =>
      aesGcm("encrypt", key, nonce, aad, text),
    decrypt: (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array) =>
      aesGcm("decrypt", key, nonce, aad, text),
  };
  const whole = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf, aead: new Aes128Gcm() });
  return {
    name: SUITE,
    hash: makeHashImpl(crypto.subtle, hash),
    kdf: makeKdfImpl(new HkdfSha256()),
    hpke: await makeGenericHpke(hpke, aead, whole),
    rng: { randomBytes },
    // Private keys are seeds of 32 bytes.
    signature: {
      sign: async (seed, message) => (await signingKey(seed.slice())).sign(message.slice()),
      verify: (publicKey, message, signature) => verify(publicKey.slice(), message.slice(), signature.slice()),
      keygen: async () => {
        const signKey = randomBytes(SEED_BYTES);
        return { signKey, publicKey: (await signingKey(signKey)).publicKey };
      },
    },
  };
}

let made: Promise<CiphersuiteImpl> | undefined;

export function suite(): Promise<CiphersuiteImpl> {
  made ??= make();
  return made;
}
