/** What is sealed in a knock, byte for byte as Python seals and signs it. */
import { describe, expect, test } from "vitest";
import { concat, fromBase64url, utf8 } from "../../../../web/client/base64url";
import { aesKey, derive, info } from "../../../../web/client/derive";
import { openJson } from "../../../../web/client/e2ee/envelope";
import { verify } from "../../../../web/client/e2ee/mls/verify";
import vectors from "../../../vectors/links.json";

describe.each(vectors.cases)("worked example $input.group", ({ input, ...expected }) => {
  const label = info("hearthside knock v1", input.group);
  const statement = concat(
    utf8("hearthside knock v1\0"),
    fromBase64url(input.group),
    fromBase64url(input.ref),
    fromBase64url(input.nonce),
  );

  test("a knock opens to name, ref and signature", async () => {
    const key = await aesKey(await derive(fromBase64url(input.room_secret), label, 16));
    const { name, ref } = input;
    expect(await openJson(key, label, expected.sealed_knock)).toEqual({
      v: 1,
      name,
      ref,
      signature: expected.knock_signature,
    });
  });

  test("the signature is the leaf's, over group, ref and nonce", async () => {
    const leafKey = fromBase64url(expected.leaf_key);
    const signature = fromBase64url(expected.knock_signature);
    expect(await verify(leafKey, statement, signature)).toBe(true);
    statement[statement.length - 1] = 0xff ^ (statement.at(-1) as number);
    expect(await verify(leafKey, statement, signature)).toBe(false);
  });
});
