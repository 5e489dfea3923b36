import { expect, test } from "vitest";
import { OPUS_PADDING, pad, TEXT_PADDING, unpad } from "../../../web/client/e2ee/padding";

// Much faster than toEqual, with thousands of arrays.
const same = (one: Uint8Array, other: Uint8Array) =>
  one.length === other.length && one.every((byte, at) => byte === other[at]);

test.each([OPUS_PADDING, TEXT_PADDING])("every length goes there and back in the smallest class", (padding) => {
  const largest = (padding.classes.at(-1) ?? 0) - padding.prefix;
  for (let length = 0; length <= largest; length += length < 2000 ? 1 : 97) {
    const content = new Uint8Array(length).fill(length & 0xff);
    const padded = pad(content, padding);
    expect(padding.classes.find((size) => size >= length + padding.prefix)).toBe(padded.length);
    expect(same(unpad(padded, padding), content)).toBe(true);
  }
  expect(pad(new Uint8Array(largest), padding).length).toBe(padding.classes.at(-1));
  expect(() => pad(new Uint8Array(largest + 1), padding)).toThrow(RangeError);
});

test("the layout is length, content, zeros", () => {
  expect([...pad(Uint8Array.of(7, 8), OPUS_PADDING).subarray(0, 6)]).toEqual([0, 2, 7, 8, 0, 0]);
  expect([...pad(Uint8Array.of(7, 8), TEXT_PADDING).subarray(0, 8)]).toEqual([0, 0, 0, 2, 7, 8, 0, 0]);
});

test("what pad would not have written is refused", () => {
  const good = pad(Uint8Array.of(7, 8), OPUS_PADDING);
  const changed = (at: number, value: number) => {
    const copy = good.slice();
    copy[at] = value;
    return copy;
  };
  for (const bad of [
    good.subarray(1),
    new Uint8Array(0),
    changed(1, 127),
    changed(0, 255),
    changed(1, 1),
    changed(127, 1),
  ]) {
    expect(() => unpad(bad, OPUS_PADDING)).toThrow(RangeError);
  }
  const larger = new Uint8Array(256);
  larger.set(good);
  expect(() => unpad(larger, OPUS_PADDING)).toThrow(RangeError);
});
