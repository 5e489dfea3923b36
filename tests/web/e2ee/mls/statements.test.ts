import { expect, test } from "vitest";
import { type Bytes, concat } from "../../../../web/client/base64url";
import { CredentialError, compare } from "../../../../web/client/e2ee/mls/fields";
import { signWithLeaf } from "../../../../web/client/e2ee/mls/messages";
import {
  decodeGrants,
  decodeStatements,
  encodeGrants,
  encodeStatements,
  type Grants,
  grantsStatement,
  leavingStatement,
  MAX_STATEMENTS,
  rejectionStatement,
  rejoinStatement,
  type Statements,
  verifyGrants,
} from "../../../../web/client/e2ee/mls/statements";
import { seeded } from "../../random";
import { bytesFor, facilitator, MEETING, someone, trust } from "./world";

const none: Statements = { leavings: [], rejoins: [], grants: null };
const leaving = (leaf: number) => ({ leaf, signature: bytesFor(`leaving ${leaf}`, 64) });
const rejoin = (leaf: number) => ({ ...leaving(leaf), ref: bytesFor(`ref ${leaf}`, 32) });

async function grants(keys: Bytes[], epoch = 5): Promise<Grants> {
  const { key, credential } = await facilitator("ana");
  const sorted = [...keys].sort(compare);
  const signature = await signWithLeaf(key, grantsStatement(MEETING, epoch, sorted));
  return { epoch, keys: sorted, issuer: credential, issuerKey: key.publicKey, signature };
}

test("come back as they were written", async () => {
  const given = await grants([bytesFor("b", 32), bytesFor("a", 32)]);
  expect(decodeGrants(encodeGrants(given))).toEqual(given);
  expect(() => decodeGrants(encodeGrants({ ...given, keys: [...given.keys].reverse() }))).toThrow(CredentialError);
  for (const statements of [
    none,
    { ...none, leavings: [leaving(1), leaving(1000)] },
    { ...none, rejoins: [rejoin(0), rejoin(3)] },
    { ...none, grants: given },
    { leavings: [leaving(2)], rejoins: [rejoin(7)], grants: given },
  ]) {
    expect(decodeStatements(encodeStatements(statements))).toEqual(statements);
  }
  expect(encodeStatements(none).length).toBe(0);
});

test("have one form only: rising, without repeats, and bounded", () => {
  for (const leavings of [
    [leaving(2), leaving(1)],
    [leaving(1), leaving(1)],
    Array.from({ length: MAX_STATEMENTS + 1 }, (_, leaf) => leaving(leaf)),
    [{ leaf: 1, signature: new Uint8Array(63) }],
  ]) {
    expect(() => encodeStatements({ ...none, leavings })).toThrow(CredentialError);
  }
  const items = [leaving(1), leaving(2)].map((item) => encodeStatements({ ...none, leavings: [item] }).slice(3, 71));
  const [first, second] = items as [Bytes, Bytes];
  const written = (...list: Bytes[]) => concat(Uint8Array.of(1, 0, list.length), ...list, Uint8Array.of(0, 0, 0));
  expect(decodeStatements(written(first, second)).leavings.length).toBe(2);
  expect(() => decodeStatements(written(second, first))).toThrow(CredentialError);
  expect(() => decodeStatements(written(first, first))).toThrow(CredentialError);
  const nothing = Uint8Array.of(1, 0, 0, 0, 0, 0);
  for (const bytes of [nothing, Uint8Array.of(2), Uint8Array.of(0)]) {
    expect(() => decodeStatements(bytes)).toThrow(CredentialError);
  }
});

test("are read from no other bytes than the ones they are written as", async () => {
  const whole = encodeStatements({
    leavings: [leaving(2)],
    rejoins: [rejoin(7), rejoin(9)],
    grants: await grants([bytesFor("a", 32)]),
  });
  const random = seeded(11);
  let read = 0;
  for (let round = 0; round < 3000; round++) {
    const bytes = random() < 0.5 ? whole.slice() : whole.slice(0, Math.floor(random() * whole.length));
    for (let n = Math.floor(random() * 3); n > 0; n--) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    try {
      expect(encodeStatements(decodeStatements(bytes))).toEqual(bytes);
      read++;
    } catch (error) {
      expect(error).toBeInstanceOf(CredentialError);
    }
  }
  expect(read).toBeGreaterThan(100);
});

test("say one thing each: no statement can stand for another, another meeting, leaf or key", () => {
  const [key, other, ref] = [bytesFor("key", 32), bytesFor("other", 32), bytesFor("ref", 32)];
  const elsewhere = bytesFor("elsewhere", 16);
  const all = [
    leavingStatement(MEETING, 1, key),
    leavingStatement(MEETING, 2, key),
    leavingStatement(MEETING, 1, other),
    leavingStatement(elsewhere, 1, key),
    rejoinStatement(MEETING, key, ref),
    rejoinStatement(MEETING, other, ref),
    rejoinStatement(MEETING, key, other),
    rejoinStatement(elsewhere, key, ref),
    grantsStatement(MEETING, 1, [key]),
    grantsStatement(MEETING, 2, [key]),
    grantsStatement(MEETING, 1, []),
    grantsStatement(elsewhere, 1, [key]),
  ].map(String);
  expect(new Set(all).size).toBe(all.length);
});

test("grants hold when a certificate holder of this meeting signed them", async () => {
  const given = await grants([bytesFor("a", 32)]);
  expect(await verifyGrants(given, await trust())).toBe(true);
  expect(await verifyGrants({ ...given, keys: [] }, await trust())).toBe(false);
  expect(await verifyGrants({ ...given, epoch: 6 }, await trust())).toBe(false);
  expect(await verifyGrants(given, await trust(null, bytesFor("another", 16)))).toBe(false);
  const ben = await someone("ben");
  const signature = await signWithLeaf(ben.key, grantsStatement(MEETING, 5, given.keys));
  const own = { ...given, issuer: ben.credential, issuerKey: ben.key.publicKey, signature };
  expect(await verifyGrants(own, await trust())).toBe(false);
  // Ana's credential with Ben's key.
  expect(await verifyGrants({ ...own, issuer: given.issuer }, await trust())).toBe(false);
});

test("a rejection is of one commit at one place in one meeting", () => {
  const hash = bytesFor("hash", 32);
  const written = [
    rejectionStatement(MEETING, 7, hash),
    rejectionStatement(MEETING, 8, hash),
    rejectionStatement(MEETING, 7, bytesFor("another", 32)),
    rejectionStatement(bytesFor("another", 16), 7, hash),
  ];
  expect(new Set(written.map(String)).size).toBe(4);
  expect(() => rejectionStatement(MEETING, 7, new Uint8Array(31))).toThrow(CredentialError);
  expect(() => rejectionStatement(MEETING, -1, hash)).toThrow(CredentialError);
});
