import { expect, test } from "vitest";
import { utf8 } from "../../../../web/client/base64url";
import { nobleVerify, verify } from "../../../../web/client/e2ee/mls/verify";
import { signingKey } from "../../../../web/client/ed25519";
import { bytesFor } from "./world";

test("the browser's Ed25519 and the bundled one agree on what fits", async () => {
  const key = await signingKey(bytesFor("key", 32));
  const message = utf8("message");
  const signature = await key.sign(message);
  const other = await signingKey(bytesFor("other", 32));
  for (const [publicKey, text, signed, fits] of [
    [key.publicKey, message, signature, true],
    [other.publicKey, message, signature, false],
    [key.publicKey, utf8("other"), signature, false],
    [key.publicKey, message, await other.sign(message), false],
    [key.publicKey, message, signature.slice(1), false],
    [key.publicKey.slice(1), message, signature, false],
    [new Uint8Array(32).fill(255), message, signature, false],
  ] as const) {
    expect(await verify(publicKey, text, signed)).toBe(fits);
    expect(nobleVerify(publicKey, text, signed)).toBe(fits);
  }
});
