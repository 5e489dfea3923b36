import { describe, expect, test } from "vitest";
import { fromBase64url, toBase64url } from "../../web/client/base64url";
import { nobleKey, signingKey, webCryptoKey } from "../../web/client/ed25519";
import vectors from "../vectors/links.json";

const bytes = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

describe.each(vectors.cases)("worked example $input.group", ({ door_seed, door_key, proofs }) => {
  test("the browser's Ed25519 and the bundled one agree", async () => {
    const seed = fromBase64url(door_seed);
    const challenge = bytes(proofs.participant.challenge);
    for (const key of [await webCryptoKey(seed), nobleKey(seed), await signingKey(seed)]) {
      expect(key && toBase64url(key.publicKey)).toBe(door_key);
      expect(key && toBase64url(await key.sign(challenge))).toBe(proofs.participant.signature);
    }
  });
});

test("a seed has 32 bytes", async () => {
  await expect(signingKey(new Uint8Array(31))).rejects.toThrow(RangeError);
});
