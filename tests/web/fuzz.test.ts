/** Everything in the client that reads what others wrote: seeds replayed, then torn, joined and altered. */
import { expect, test } from "vitest";
import { toBase64url, utf8 } from "../../web/client/base64url";
import { aesKey } from "../../web/client/derive";
import { openJson, readEnvelope, sealJson } from "../../web/client/e2ee/envelope";
import { KeyRing } from "../../web/client/e2ee/key_ring";
import { Opener } from "../../web/client/e2ee/opener";
import type { SFrameKey } from "../../web/client/e2ee/sframe";
import { LinkError, parseLink } from "../../web/client/links";
import { cleanName, nameProblem, numberNames } from "../../web/client/names";
import envelopes from "../fuzz/client/envelopes.json";
import frames from "../fuzz/client/frames.json";
import links from "../fuzz/client/links.json";
import names from "../fuzz/client/names.json";
import { type Bytes, baseKey, encoded, frameKey } from "./e2ee/frames";
import { seeded } from "./random";

/** `count` variations: a piece cut out, two seeds joined, single places altered. */
function* varied<T>(
  seeds: readonly (readonly T[])[],
  count: number,
  alter: (random: () => number) => T,
): Generator<T[]> {
  const random = seeded(11);
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = () => [...(seeds[below(seeds.length)] ?? [])];
  for (let at = 0; at < count; at++) {
    const one = pick();
    const way = below(4);
    if (way === 0) one.splice(below(one.length + 1), below(8));
    else if (way === 1) one.splice(below(one.length + 1), one.length, ...pick().slice(-below(60)));
    else for (let times = below(4) + 1; times > 0; times--) one.splice(below(one.length + 1), way - 2, alter(random));
    yield one;
  }
}

const read = (address: string) => {
  try {
    return parseLink(address);
  } catch (error) {
    expect(error).toBeInstanceOf(LinkError);
    return null;
  }
};

test("links", () => {
  for (const address of links.good) expect(read(address)).not.toBeNull();
  for (const address of links.bad) expect(read(address)).toBeNull();
  const chars = [...links.good, ...links.bad.filter(({ length }) => length < 1000)].map((address) => [...address]);
  const alphabet = ["#", ".", "/", "g", "A", "=", "%", "?", "\u202e", "\ud800"];
  for (const address of varied(chars, 1000, (random) => alphabet[Math.floor(random() * alphabet.length)] as string)) {
    read(address.join(""));
  }
});

test("names", () => {
  for (const name of names.good) expect(nameProblem(name, ["all", "everyone"])).toBeNull();
  for (const name of [...names.bad, "\ud800"])
    expect(nameProblem(name, ["all", "everyone"]), JSON.stringify(name)).not.toBeNull();
  const chars = [...names.good, ...names.bad].map((name) => [...name]);
  const alphabet = ["\u0301", "\u200d", "\u202e", " ", "A", "\u0410", "(2)", "\ud83d", "\u{1f469}"];
  for (const name of varied(chars, 1000, (random) => alphabet[Math.floor(random() * alphabet.length)] as string)) {
    const clean = cleanName(name.join(""));
    if (nameProblem(clean, []) !== null) continue;
    expect(cleanName(clean)).toBe(clean);
    expect(clean).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    expect(new Set(numberNames([clean, clean, clean])).size).toBe(3);
  }
});

test("envelopes of a member who means ill", () => {
  const understood = (json: unknown) => readEnvelope(utf8(JSON.stringify(json)))?.message ?? null;
  for (const json of envelopes.good) expect(understood(json), JSON.stringify(json)).not.toBeNull();
  for (const json of envelopes.bad) expect(understood(json), JSON.stringify(json)).toBeNull();
  const seeds = envelopes.good.map((json) => [...utf8(JSON.stringify(json))]).filter(({ length }) => length < 1000);
  for (const bytes of varied(seeds, 2000, (random) => Math.floor(random() * 256))) {
    const message = readEnvelope(Uint8Array.from(bytes))?.message;
    if (message?.type === "state") expect(cleanName(message.name)).toBe(message.name);
  }
});

test("what is sealed under a link's key, and then altered", async () => {
  const [key, label] = [await aesKey(new Uint8Array(16)), utf8("label")];
  const sealed = [...(await sealJson(key, label, { v: 1, title: "Thursday circle" }))];
  for (const bytes of varied([sealed], 300, (random) => Math.floor(random() * 256))) {
    const whole = String(bytes) === String(sealed);
    expect((await openJson(key, label, toBase64url(Uint8Array.from(bytes)))) !== null).toBe(whole);
  }
  expect(await openJson(key, utf8("another"), toBase64url(Uint8Array.from(sealed)))).toBeNull();
});

const [room, member, track] = ["room", "ann", "track"];

test.each(["audio", "video"] as const)("%s off the wire", async (kind) => {
  const bytes = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  const passes = async (frame: Bytes) => {
    const ring = new KeyRing<Promise<SFrameKey>>((base, kid) => frameKey(kid, base[0]));
    ring.begin({ room, epoch: 0, baseKey: baseKey(1), leaves: [{ leaf: 5, member }], removal: false }, 0);
    ring.announce(room, member, [{ context: 1, track, kind }], 0);
    let passed = 0;
    const nothing = () => undefined;
    const output = { pass: () => passed++, onState: nothing, askForKeyFrame: nothing, onNewerEpoch: nothing };
    await new Opener({ room, member, track, kind }, ring, output).take(encoded(frame), 0);
    return passed === 1;
  };
  const good = frames.good[kind];
  for (const frame of good) expect(await passes(bytes(frame))).toBe(true);
  for (const frame of frames.bad[kind]) expect(await passes(bytes(frame)), frame).toBe(false);
  const seeds = [...good, ...frames.bad[kind]].map((frame) => [...bytes(frame)]);
  for (const frame of varied(seeds, 600, (random) => Math.floor(random() * 256))) {
    const known = frame.length === 0 || seeds.slice(0, good.length).some((seed) => String(seed) === String(frame));
    expect(await passes(Uint8Array.from(frame))).toBe(known);
  }
});
