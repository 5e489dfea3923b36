import { describe, expect, test } from "vitest";
import { toBase64url, utf8 } from "../../../web/client/base64url";
import { aesKey } from "../../../web/client/derive";
import {
  type Message,
  openJson,
  readEnvelope,
  readMessage,
  sealJson,
  writeEnvelope,
} from "../../../web/client/e2ee/envelope";
import { pad, TEXT_PADDING } from "../../../web/client/e2ee/padding";
import { seeded } from "../random";

const ben = "ben-member";
const text = (bytes: number) => toBase64url(new Uint8Array(bytes).fill(7));
const state: Extract<Message, { type: "state" }> = {
  type: "state",
  name: "Ann",
  microphone: true,
  camera: false,
  hand: null,
  contexts: [
    { context: 1, track: "track-id", kind: "audio" },
    { context: 2, track: "screen-id", kind: "video", screen: true },
  ],
  sharing: 12,
  uplink: "fair",
};
const good: Message[] = [
  state,
  { type: "chat", text: "x".repeat(4000) },
  { type: "lower_hand", member: ben },
  { type: "mute", member: ben },
  { type: "mute", member: null },
  { type: "locked", locked: true },
  { type: "end" },
  { type: "resend" },
  { type: "heartbeat", epoch: 7, roster: text(32) },
  { type: "revocations", list: text(99) },
  { type: "check_commitment", round: text(16), hash: text(32) },
  { type: "check_set", round: text(16), leaves: [0, 1, 1023] },
  { type: "check_reveal", round: text(16), nonce: text(32) },
];

describe("an envelope", () => {
  test.each(good)("holds $type", (message) => {
    for (const to of [null, ben]) {
      expect(readEnvelope(writeEnvelope(3, to, message))).toEqual({ n: 3, to, message });
    }
  });

  test("of the longest chat message fits the largest size class in any script", () => {
    for (const char of ["字", "é", "\u{1f33f}"]) {
      const long = { type: "chat", text: char.repeat(4000).slice(0, 4000) } as const;
      expect(pad(writeEnvelope(Number.MAX_SAFE_INTEGER, ben, long), TEXT_PADDING).length).toBeLessThanOrEqual(16_384);
    }
  });

  test("of an unknown type or version is counted and not understood", () => {
    for (const json of [
      { v: 1, n: 2, type: "poll" },
      { v: 2, n: 2, type: "chat", text: "hello" },
      { v: 1, n: 2, type: "chat" },
    ]) {
      expect(readEnvelope(utf8(JSON.stringify(json)))).toEqual({ n: 2, to: null, message: null });
    }
  });

  test("may hold fields of a later version", () => {
    const json = { v: 1, n: 1, to: null, type: "chat", text: "hello", colour: "red" };
    expect(readEnvelope(utf8(JSON.stringify(json)))?.message).toEqual({ type: "chat", text: "hello" });
  });

  test.each([
    "",
    "x",
    "[]",
    "null",
    "1",
    "{}",
    '{"v":1}',
    '{"v":1,"n":0,"type":"end"}',
    '{"v":1,"n":1.5,"type":"end"}',
    '{"v":"1","n":1,"type":"end"}',
    '{"v":1,"n":1,"to":5,"type":"end"}',
    '{"v":1,"n":1,"to":"x","type":"end"}',
    '{"v":1,"n":9007199254740992,"type":"end"}',
  ])("is not %j", (json) => {
    expect(readEnvelope(utf8(json))).toBeNull();
  });

  test("is not any bytes", () => {
    const random = seeded(5);
    expect(readEnvelope(Uint8Array.of(0xff, 0xfe))).toBeNull();
    for (let round = 0; round < 300; round++) {
      const bytes = writeEnvelope(1, null, state);
      bytes[Math.floor(random() * bytes.length)] = random() * 256;
      const read = readEnvelope(bytes);
      if (read?.message) expect(readMessage({ ...read.message })).toEqual(read.message);
    }
  });
});

describe("fields are checked", () => {
  const context = state.contexts[0];
  test.each([
    { ...state, name: "" },
    { ...state, name: " Ann" },
    { ...state, name: "A\u202enn" },
    { ...state, name: "x".repeat(41) },
    { ...state, name: 5 },
    { ...state, microphone: 1 },
    { ...state, camera: undefined },
    { ...state, hand: -1 },
    { ...state, hand: 0.5 },
    { ...state, hand: undefined },
    { ...state, sharing: -1 },
    { ...state, sharing: "yes" },
    { ...state, contexts: {} },
    { ...state, contexts: Array(17).fill(context) },
    { ...state, contexts: [null] },
    { ...state, contexts: [{ ...context, context: 256 }] },
    { ...state, contexts: [{ ...context, kind: "text" }] },
    { ...state, contexts: [{ ...context, track: "x y" }] },
    { type: "chat", text: "" },
    { type: "chat", text: "x".repeat(4001) },
    { type: "chat", text: ["x"] },
    { type: "lower_hand", member: "x" },
    { type: "lower_hand" },
    { type: "mute" },
    { type: "mute", member: "x" },
    { type: "locked", locked: 1 },
    { type: "heartbeat", epoch: -1, roster: text(32) },
    { type: "heartbeat", epoch: 1, roster: text(31) },
    { type: "revocations", list: "" },
    { type: "revocations", list: "a b" },
    { type: "revocations", list: "A".repeat(10_945) },
    { type: "check_commitment", round: text(15), hash: text(32) },
    { type: "check_commitment", round: text(16), hash: 5 },
    { type: "check_set", round: text(16), leaves: [1, 0] },
    { type: "check_set", round: text(16), leaves: [1, 1] },
    { type: "check_set", round: text(16), leaves: [1024] },
    { type: "check_set", round: text(16), leaves: "0" },
    { type: "check_reveal", round: text(16), nonce: text(16) },
    { type: "toString" },
    {},
  ])("%j is no message", (message) => {
    expect(readMessage(message)).toBeNull();
  });

  test("and taken over when they are good", () => {
    expect(readMessage({ ...state, hand: 7, extra: 1 })).toEqual({ ...state, hand: 7 });
  });

  test("a state that says nothing of screen and network says that all is well, and so does one that says what is unknown", () => {
    const { sharing: _sharing, uplink: _uplink, ...older } = state;
    expect(readMessage(older)).toEqual({ ...state, sharing: 0, uplink: "good" });
    expect(readMessage({ ...state, uplink: "excellent", sharing: null })).toMatchObject({
      uplink: "good",
      sharing: null,
    });
    const [voice] = state.contexts;
    const contexts = [{ ...voice, screen: "yes" }];
    expect(readMessage({ ...state, contexts })).toEqual({ ...state, contexts: [voice] });
  });
});

describe("a sealed blob", async () => {
  const key = await aesKey(new Uint8Array(16).fill(1));
  const label = utf8("label");

  test("opens to what was sealed, under its own key and label", async () => {
    const sealed = toBase64url(await sealJson(key, label, { title: "group" }));
    expect(await openJson(key, label, sealed)).toEqual({ title: "group" });
    expect(await openJson(key, utf8("other"), sealed)).toBeNull();
    expect(await openJson(await aesKey(new Uint8Array(16)), label, sealed)).toBeNull();
    for (const text of ["", "A", "AQ", "!!", sealed.slice(0, -1), `${sealed}A`, `Ag${sealed.slice(2)}`]) {
      expect(await openJson(key, label, text)).toBeNull();
    }
    expect(await openJson(key, label, toBase64url(await sealJson(key, label, [1])))).toBeNull();
  });

  test("tells a size class only, and never looks the same twice", async () => {
    const sizes = ["a", "hello", "x".repeat(120)].map(async (title) => (await sealJson(key, label, { title })).length);
    expect(new Set(await Promise.all(sizes)).size).toBe(1);
    expect(await sealJson(key, label, {})).not.toEqual(await sealJson(key, label, {}));
  });
});
