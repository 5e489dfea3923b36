import { expect, test } from "vitest";
import { readMessage, writeMessage } from "../../../web/client/protocol";
import { seeded } from "../random";

test("a known message is read as it is", () => {
  expect(readMessage('{"type":"pong","n":3,"later":"field"}')).toEqual({ type: "pong", n: 3, later: "field" });
});

test.each([
  "",
  "null",
  "[]",
  "7",
  '"joined"',
  "{}",
  '{"type":7}',
  '{"type":"toString"}',
  '{"type":"__proto__"}',
  '{"type":"from_the_future"}',
  "{",
  new ArrayBuffer(4),
  undefined,
])("%j is passed over", (data) => {
  expect(readMessage(data)).toBeNull();
});

test("junk never throws", () => {
  const random = seeded(7);
  for (let round = 0; round < 500; round++) {
    const text = String.fromCharCode(
      ...Array.from({ length: 1 + Math.floor(random() * 40) }, () => Math.floor(random() * 0x3000)),
    );
    expect(() => readMessage(text)).not.toThrow();
    expect(() => readMessage(JSON.stringify({ type: text }))).not.toThrow();
  }
});

test("what is written is one JSON object", () => {
  expect(JSON.parse(writeMessage({ type: "ping", n: 1 }))).toEqual({ type: "ping", n: 1 });
});
