import { describe, expect, test } from "vitest";
import { toBase64url, utf8 } from "../../../web/client/base64url";
import { aesKey } from "../../../web/client/derive";
import {
  type Envelope,
  envelopeLabel,
  type Message,
  openEnvelope,
  ReplayGuard,
  readMessage,
  sealEnvelope,
  sealJson,
} from "../../../web/client/e2ee/envelope";
import { seeded } from "../random";

const key = await aesKey(new Uint8Array(16).fill(1));
const [room, ann, ben] = ["room-room", "ann-member", "ben-member"];
const salt = toBase64url(new Uint8Array(16));
const instance = toBase64url(new Uint8Array(8));
const chat = (n: number, more: object = {}) =>
  ({ v: 1, type: "chat", from: ann, instance, n, text: "hello", ...more }) as Envelope;
const state: Extract<Message, { type: "state" }> = {
  type: "state",
  name: "Ann",
  microphone: true,
  camera: false,
  hand: null,
  contexts: [{ context: 1, epoch: 0, track: "track-id", kind: "audio", salt }],
};
const open = (body: string, guard = new ReplayGuard(), more: object = {}) =>
  openEnvelope(key, room, { sender: ann, body, ...more }, guard);
const sealed = async (json: object, to?: string) =>
  toBase64url(await sealJson(key, envelopeLabel(room, ann, to), json));

test("what was sealed opens", async () => {
  const guard = new ReplayGuard();
  const messages: Message[] = [
    state,
    { type: "chat", text: "x".repeat(4000) },
    { type: "lower_hand", member: ben },
    { type: "resend" },
  ];
  for (const [at, message] of messages.entries()) {
    const envelope: Envelope = { v: 1, from: ann, instance, n: at + 1, ...message };
    expect(await open(await sealEnvelope(key, room, envelope), guard)).toEqual(envelope);
  }
});

test("the longest chat message fits in any script", async () => {
  for (const char of ["字", "é", "\u{1f33f}"]) {
    const text = char.repeat(4000).slice(0, 4000);
    const body = await sealEnvelope(key, room, chat(1, { text }));
    expect(body.length).toBeLessThanOrEqual(24_000); // MAX_SAY_CHARS in signaling/messages.py
    expect(await open(body)).toMatchObject({ text });
  }
});

test("length tells a class only, and the same message never looks the same", async () => {
  const bodies = await Promise.all(
    ["a", "hello", "x".repeat(120)].map((text) => sealEnvelope(key, room, chat(1, { text }))),
  );
  expect(new Set(bodies.map(({ length }) => length)).size).toBe(1);
  expect(await sealEnvelope(key, room, chat(1))).not.toBe(await sealEnvelope(key, room, chat(1)));
});

describe("null for", () => {
  test("another room, sender, receiver or key", async () => {
    const body = await sealEnvelope(key, room, chat(1));
    const guard = () => new ReplayGuard();
    expect(await openEnvelope(key, "other-room", { sender: ann, body }, guard())).toBeNull();
    expect(await open(body, guard(), { sender: ben })).toBeNull();
    expect(await open(body, guard(), { to: ben })).toBeNull();
    expect(await openEnvelope(await aesKey(new Uint8Array(16)), room, { sender: ann, body }, guard())).toBeNull();
    const toBen = await sealEnvelope(key, room, chat(1), ben);
    expect(await open(toBen)).toBeNull();
    expect(await open(toBen, guard(), { to: ben })).not.toBeNull();
  });

  test("somebody who speaks in another's name", async () => {
    expect(await open(await sealed(chat(1, { from: ben })))).toBeNull();
  });

  test("unknown types and versions, which count as had all the same", async () => {
    const guard = new ReplayGuard();
    expect(await open(await sealed(chat(5, { type: "poll" })), guard)).toBeNull();
    expect(await open(await sealed(chat(5)), guard)).toBeNull();
    expect(await open(await sealed(chat(6, { v: 2 })), guard)).toBeNull();
    expect(await open(await sealed(chat(7)), guard)).not.toBeNull();
  });

  test("junk", async () => {
    const good = await sealEnvelope(key, room, chat(1));
    for (const body of ["", "A", "AQ", "!!", good.slice(0, -1), `${good}A`, `Ag${good.slice(2)}`, good.slice(0, 40)]) {
      expect(await open(body)).toBeNull();
    }
    const random = seeded(5);
    for (let round = 0; round < 200; round++) {
      const bytes = Uint8Array.from({ length: Math.floor(random() * 400) }, () => random() * 256);
      expect(await open(toBase64url(bytes))).toBeNull();
    }
  });

  test("sealed junk", async () => {
    for (const json of [
      [],
      [1],
      { v: 1 },
      chat(0),
      chat(1.5),
      chat(-1),
      chat(1, { instance: "x" }),
      chat(1, { v: "1" }),
    ]) {
      expect(await open(await sealed(json))).toBeNull();
    }
    const algorithm = { name: "AES-GCM", iv: new Uint8Array(12), additionalData: envelopeLabel(room, ann, undefined) };
    const raw = new Uint8Array(await crypto.subtle.encrypt(algorithm, key, utf8("{}")));
    expect(await open(toBase64url(Uint8Array.of(1, ...new Uint8Array(12), ...raw)))).toBeNull();
  });
});

test("unknown fields are ignored", async () => {
  expect(await open(await sealed(chat(1, { colour: "red" })))).toEqual(chat(1));
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
    { ...state, contexts: {} },
    { ...state, contexts: Array(17).fill(context) },
    { ...state, contexts: [null] },
    { ...state, contexts: [{ ...context, context: 256 }] },
    { ...state, contexts: [{ ...context, epoch: -1 }] },
    { ...state, contexts: [{ ...context, kind: "text" }] },
    { ...state, contexts: [{ ...context, salt: "AA" }] },
    { ...state, contexts: [{ ...context, track: "x y" }] },
    { type: "chat", text: "" },
    { type: "chat", text: "x".repeat(4001) },
    { type: "chat", text: ["x"] },
    { type: "lower_hand", member: "x" },
    { type: "lower_hand" },
    { type: "toString" },
    {},
  ])("%j is no message", (message) => {
    expect(readMessage(message)).toBeNull();
  });

  test("and taken over when they are good", () => {
    expect(readMessage({ ...state, hand: 7, extra: 1 })).toEqual({ ...state, hand: 7 });
  });
});

describe("replays", () => {
  const [one, two, three] = ["one", "two", "three"];

  test("numbers rise", () => {
    const guard = new ReplayGuard();
    expect([1, 2, 2, 1, 5, 4, 6].map((n) => guard.take(ann, one, n))).toEqual([
      true,
      true,
      false,
      false,
      true,
      false,
      true,
    ]);
  });

  test("a newer instance ends the one before for good", () => {
    const guard = new ReplayGuard();
    guard.take(ann, one, 7);
    expect(guard.take(ann, two, 1)).toBe(true);
    expect(guard.take(ann, one, 8)).toBe(false);
    expect(guard.take(ann, three, 1)).toBe(true);
    expect(guard.take(ann, two, 2)).toBe(false);
    expect(guard.take(ann, one, 9)).toBe(false);
  });

  test("members do not disturb each other", () => {
    const guard = new ReplayGuard();
    guard.take(ann, one, 7);
    expect(guard.take(ben, one, 1)).toBe(true);
    expect(guard.take(ann, one, 8)).toBe(true);
  });

  test("a body is taken once", async () => {
    const guard = new ReplayGuard();
    const body = await sealEnvelope(key, room, chat(1));
    expect(await open(body, guard)).not.toBeNull();
    expect(await open(body, guard)).toBeNull();
  });
});
