import { describe, expect, test } from "vitest";
import { type Bytes, fromBase64url, toBase64url, utf8 } from "../../web/client/base64url";
import { aesKey, derive, info } from "../../web/client/derive";
import vectors from "../vectors/links.json";

describe.each(vectors.cases)("worked example $input.group", ({ input, ...expected }) => {
  test("keys are derived as everywhere", async () => {
    const secret = fromBase64url(input.room_secret);
    const { group, meeting, member } = input;
    const key = async (label: Bytes, length: number) => toBase64url(await derive(secret, label, length));
    expect(await key(info("hearthside door v1"), 32)).toBe(expected.door_seed);
    expect(await key(info("hearthside profile v1", group), 16)).toBe(expected.profile_key);
    expect(await key(info("hearthside knock v1", group), 16)).toBe(expected.knock_key);
    expect(await key(info("hearthside psk v1", group), 32)).toBe(expected.psk);
    expect(await key(info("hearthside avatar v1", meeting, member), 16)).toBe(expected.avatar_seed);
  });
});

test("an info keeps its parts apart", () => {
  expect(info("label", "a", "bc")).toEqual(utf8("label\0a\0bc"));
});

test("a derived key never leaves WebCrypto", async () => {
  await expect(crypto.subtle.exportKey("raw", await aesKey(new Uint8Array(16)))).rejects.toThrow();
});
