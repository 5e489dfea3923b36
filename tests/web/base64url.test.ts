import { expect, test } from "vitest";
import { bytesOf, concat, fromBase64url, toBase64url, utf8 } from "../../web/client/base64url";

test("every length and every byte goes there and back", () => {
  for (let length = 0; length < 70; length++) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 89 + length * 7) & 0xff);
    expect(fromBase64url(toBase64url(bytes))).toEqual(bytes);
  }
});

test("it is the alphabet of links, without padding", () => {
  expect(toBase64url(Uint8Array.of(0xfb, 0xef, 0xff, 0xfe))).toBe("--___g");
  expect(toBase64url(utf8("a"))).toBe("YQ");
});

test.each(["A", "AAAAA", "YQ==", "Y Q", "YR", "a+b/", "ä", "YQ\n"])("%j is refused", (text) => {
  expect(() => fromBase64url(text)).toThrow(RangeError);
});

test("a length can be asked for", () => {
  expect(bytesOf("YQ", 1)).toEqual(utf8("a"));
  for (const other of ["YR", "YWE", "", "!!", 7, null, undefined]) expect(bytesOf(other, 1)).toBeNull();
});

test("parts are joined", () => {
  expect(concat(utf8("ab"), new Uint8Array(0), utf8("c"))).toEqual(utf8("abc"));
});
