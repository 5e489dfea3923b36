import { expect, test } from "vitest";
import { concat } from "../../../../web/client/base64url";
import {
  CredentialError,
  compare,
  equal,
  exactly,
  FieldReader,
  rising,
  sized,
  u8,
  u16,
  u32,
  u64,
} from "../../../../web/client/e2ee/mls/fields";

test("numbers come back, from the smallest to the largest", () => {
  for (const [write, read, limit] of [
    [u8, "u8", 0xff],
    [u16, "u16", 0xffff],
    [u32, "u32", 0xffffffff],
    [u64, "u64", Number.MAX_SAFE_INTEGER],
  ] as const) {
    for (const value of [0, 1, 0x7f, limit - 1, limit]) {
      const reader = new FieldReader(write(value));
      expect(reader[read]()).toBe(value);
      reader.end();
    }
    for (const wrong of [-1, 0.5, limit + 1, Number.NaN]) expect(() => write(wrong)).toThrow(CredentialError);
  }
  expect(() => new FieldReader(new Uint8Array(8).fill(255)).u64()).toThrow(CredentialError);
});

test("a reader stops at the end, at a limit, and at what is left over", () => {
  const bytes = concat(sized(Uint8Array.of(1, 2)), u16(2), u8(3), u8(4));
  const reader = new FieldReader(bytes);
  expect(reader.sized(2)).toEqual(Uint8Array.of(1, 2));
  expect(() => reader.end()).toThrow(CredentialError);
  expect(reader.list(2, reader.u8)).toEqual([3, 4]);
  reader.end();
  expect(() => reader.u8()).toThrow(CredentialError);
  expect(() => new FieldReader(bytes).sized(1)).toThrow(CredentialError);
  expect(() => new FieldReader(u16(3)).list(2, () => 0)).toThrow(CredentialError);
  expect(() => exactly(bytes, 1)).toThrow(CredentialError);
});

test("what is read is a copy", () => {
  const bytes = Uint8Array.of(1);
  const read = new FieldReader(bytes).bytes(1);
  bytes[0] = 2;
  expect(read).toEqual(Uint8Array.of(1));
});

test("order and equality of byte strings", () => {
  const [a, b, ab] = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(1, 2)];
  expect([compare(a, b) < 0, compare(b, ab) > 0, compare(a, ab) < 0, compare(a, a)]).toEqual([true, true, true, 0]);
  expect([equal(a, a), equal(a, ab), equal(a, b)]).toEqual([true, false, false]);
  expect(rising([a, ab, b], compare)).toBe(true);
  expect(rising([a, a], compare)).toBe(false);
  expect(rising([b, a], compare)).toBe(false);
});
