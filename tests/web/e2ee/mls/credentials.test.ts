import { describe, expect, test } from "vitest";
import type { Bytes } from "../../../../web/client/base64url";
import {
  type Certificate,
  CLOCK_TOLERANCE,
  checkCertificateToday,
  checkLifetime,
  decodeCertificate,
  decodeCredential,
  encodeCertificate,
  encodeCredential,
  encodeRevocations,
  issueRevocations,
  MAX_REVOCATIONS,
  newerRevocations,
  openRevocations,
  standing,
  verifyCertificate,
  verifyCredential,
} from "../../../../web/client/e2ee/mls/credentials";
import { CredentialError } from "../../../../web/client/e2ee/mls/fields";
import { signingKey } from "../../../../web/client/ed25519";
import { seeded } from "../../random";
import { bytesFor, certificate, DAY, facilitator, GROUP, NOW, root, someone, trust, YEAR } from "./world";

async function kind(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof CredentialError) return error.kind;
    throw error;
  }
  return "fine";
}

/** Every bit of `bytes` turned over, one at a time. */
function* bent(bytes: Bytes): Generator<Bytes> {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const copy = bytes.slice();
    copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
    yield copy;
  }
}

describe("a role certificate", () => {
  test("is read as it was written, and holds for its group and root only", async () => {
    const issued = await certificate("ana");
    const bytes = encodeCertificate(issued);
    expect(bytes.length).toBe(138);
    expect(decodeCertificate(bytes)).toEqual(issued);
    expect(await kind(async () => verifyCertificate(issued, await trust()))).toBe("fine");
    const elsewhere = { ...(await trust()), group: bytesFor("another", 16) };
    expect(await kind(() => verifyCertificate(issued, elsewhere))).toBe("foreign");
    const impostor = { ...(await trust()), rootKey: (await signingKey(bytesFor("impostor", 32))).publicKey };
    expect(await kind(() => verifyCertificate(issued, impostor))).toBe("forged");
  });

  test("bears no changed bit", async () => {
    const against = await trust();
    for (const bytes of bent(encodeCertificate(await certificate("ana")))) {
      const found = await kind(() => verifyCertificate(decodeCertificate(bytes), against));
      expect(["malformed", "foreign", "forged"]).toContain(found);
    }
  });

  test("has one length and a lifetime that runs forward", async () => {
    const issued = await certificate("ana");
    const bytes = encodeCertificate(issued);
    for (const wrong of [bytes.slice(0, -1), Uint8Array.of(...bytes, 0), new Uint8Array(0)]) {
      expect(await kind(() => decodeCertificate(wrong))).toBe("malformed");
    }
    expect(await kind(() => encodeCertificate({ ...issued, notBefore: issued.notAfter + 1 }))).toBe("malformed");
    expect(await kind(() => encodeCertificate({ ...issued, notAfter: 2 ** 60 }))).toBe("malformed");
    expect(await kind(() => encodeCertificate({ ...issued, serial: new Uint8Array(7) }))).toBe("malformed");
  });
});

describe("a lifetime", () => {
  const begin = 1_800_000_000;
  const life = { notBefore: begin, notAfter: begin + 400 * DAY };
  const end = life.notAfter;

  test.each([
    { what: "inside", now: begin + DAY, found: "fine" },
    { what: "a clock a day behind, on the first day", now: begin - DAY, found: "fine" },
    { what: "a clock a day ahead, on the last day", now: end + DAY, found: "fine" },
    { what: "the last moment of the tolerance", now: end + CLOCK_TOLERANCE, found: "fine" },
    { what: "a year before it began", now: begin - YEAR, found: "clock" },
    { what: "a year after it ended, nothing to compare with", now: end + YEAR, found: "expired" },
    { what: "a year after it ended, and others agree", now: end + YEAR, reference: end + YEAR, found: "expired" },
    { what: "a clock a year ahead of the others'", now: end + YEAR, reference: end - DAY, found: "clock" },
    { what: "a clock a year behind the others'", now: begin - YEAR, reference: begin + DAY, found: "clock" },
    { what: "others' clock cannot let anything pass", now: end + 2 * DAY, reference: end, found: "clock" },
    { what: "others' clock cannot bar anything", now: begin + DAY, reference: begin + 30 * YEAR, found: "fine" },
  ])("$what: $found", async ({ now, reference, found }) => {
    expect(await kind(() => checkLifetime(life, now, reference))).toBe(found);
  });
});

describe("a leaf's credential", () => {
  test("of a participant holds an id and a rejoin key, no more", async () => {
    const ben = await someone("ben");
    const bytes = encodeCredential(ben.credential);
    expect(bytes.length).toBe(50);
    expect(decodeCredential(bytes)).toEqual(ben.credential);
    expect(await verifyCredential(bytes, ben.key.publicKey, await trust())).toEqual(ben.credential);
    expect(standing(ben.credential, await trust(), NOW)).toBe("participant");
  });

  test("of a facilitator holds for its leaf key and its meeting only", async () => {
    const ana = await facilitator("ana");
    const bytes = encodeCredential(ana.credential);
    expect(bytes.length).toBe(252);
    expect(await verifyCredential(bytes, ana.key.publicKey, await trust())).toEqual(ana.credential);
    expect(standing(ana.credential, await trust(), NOW)).toBe("facilitator");
    const other = (await someone("eve")).key.publicKey;
    expect(await kind(async () => verifyCredential(bytes, other, await trust()))).toBe("forged");
    const tomorrow = await trust(null, bytesFor("tomorrow", 16));
    expect(await kind(() => verifyCredential(bytes, ana.key.publicKey, tomorrow))).toBe("forged");
  });

  test("cannot borrow another's certificate", async () => {
    const eve = await facilitator("eve", { certificate: await certificate("ana") });
    const bytes = encodeCredential(eve.credential);
    expect(await kind(async () => verifyCredential(bytes, eve.key.publicKey, await trust()))).toBe("forged");
  });

  test("bears no changed bit once it is signed", async () => {
    const ana = await facilitator("ana");
    const against = await trust();
    for (const bytes of bent(encodeCredential(ana.credential))) {
      const found = await kind(() => verifyCredential(bytes, ana.key.publicKey, against));
      expect(["malformed", "foreign", "forged"]).toContain(found);
    }
  });

  test("is read from no other bytes than the ones it is written as", async () => {
    const whole = encodeCredential((await facilitator("ana")).credential);
    const random = seeded(7);
    for (let round = 0; round < 2000; round++) {
      const bytes = whole.slice(0, Math.floor(random() * (whole.length + 1)));
      for (let n = Math.floor(random() * 4); n > 0; n--) {
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      }
      try {
        expect(encodeCredential(decodeCredential(bytes))).toEqual(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(CredentialError);
      }
    }
  });

  test.each([
    { clock: "right", now: NOW, found: "facilitator" },
    { clock: "a day behind", now: NOW - DAY, found: "facilitator" },
    { clock: "a day ahead", now: NOW + DAY, found: "facilitator" },
    { clock: "a year behind", now: NOW - YEAR, found: "participant" },
    { clock: "two years ahead", now: NOW + 2 * YEAR, found: "participant" },
  ] as const)("gives a role by a clock that is $clock: $found", async ({ now, found }) => {
    const fresh: Partial<Certificate> = { notBefore: Math.floor(NOW) };
    const ana = await facilitator("ana", { certificate: await certificate("ana", fresh) });
    expect(standing(ana.credential, await trust(), now)).toBe(found);
  });
});

describe("revocations", () => {
  const list = async (version: number, serials: Bytes[], group = GROUP) =>
    issueRevocations(await root, { group, version, date: 1_800_000_000, serials });

  test("are read as they were written, whatever the order they were named in", async () => {
    const names = ["ana", "ben", "chi"].map((name) => bytesFor(name, 8));
    const issued = await list(3, names.reverse());
    expect(await openRevocations(encodeRevocations(issued), await trust())).toEqual(issued);
    expect(encodeRevocations(await list(3, names.reverse()))).toEqual(encodeRevocations(issued));
  });

  test("take the role away", async () => {
    const ana = await facilitator("ana");
    const revoking = await trust(await list(1, [bytesFor("ana", 8)]));
    expect(standing(ana.credential, revoking, NOW)).toBe("participant");
    const { certificate: own } = ana.credential.authority ?? {};
    if (!own) throw new Error("no certificate");
    expect(await kind(() => checkCertificateToday(own, revoking.revocations, NOW))).toBe("revoked");
    expect(standing((await facilitator("ben")).credential, revoking, NOW)).toBe("facilitator");
  });

  test("bear no changed bit, no other group and no other root", async () => {
    const against = await trust();
    const bytes = encodeRevocations(await list(1, [bytesFor("ana", 8)]));
    for (const wrong of bent(bytes)) {
      expect(["malformed", "foreign", "forged"]).toContain(await kind(() => openRevocations(wrong, against)));
    }
    expect(await kind(() => openRevocations(Uint8Array.of(...bytes, 0), against))).toBe("malformed");
    const foreign = encodeRevocations(await list(1, [], bytesFor("another", 16)));
    expect(await kind(() => openRevocations(foreign, against))).toBe("foreign");
  });

  test("have a version from 1, each serial once, and an end", async () => {
    expect(await kind(() => list(0, []))).toBe("malformed");
    expect(await kind(() => list(1, [bytesFor("ana", 8), bytesFor("ana", 8)]))).toBe("malformed");
    const many = Array.from({ length: MAX_REVOCATIONS + 1 }, (_, n) => bytesFor(String(n), 8));
    expect(await kind(() => list(1, many))).toBe("malformed");
  });

  test("the highest version wins, and of equal ones the one that was known", async () => {
    const [one, two, otherTwo] = [await list(1, []), await list(2, []), await list(2, [bytesFor("ana", 8)])];
    expect(newerRevocations(null, null)).toBeNull();
    expect(newerRevocations(null, one)).toBe(one);
    expect(newerRevocations(two, null)).toBe(two);
    expect(newerRevocations(one, two)).toBe(two);
    expect(newerRevocations(two, one)).toBe(two);
    expect(newerRevocations(two, otherTwo)).toBe(two);
  });
});
