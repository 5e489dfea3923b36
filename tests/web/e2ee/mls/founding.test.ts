/** The founding record: good for one group, one founder and a few days. */
import { describe, expect, test } from "vitest";
import { type Bytes, concat } from "../../../../web/client/base64url";
import { CLOCK_TOLERANCE, issueCertificate, issueRevocations } from "../../../../web/client/e2ee/mls/credentials";
import { CredentialError } from "../../../../web/client/e2ee/mls/fields";
import { checkFounding, FOUNDING_SECONDS, foundingRecord } from "../../../../web/client/e2ee/mls/founding";
import { signingKey } from "../../../../web/client/ed25519";
import { seeded } from "../../random";
import { bytesFor, certificate, DAY, facilitator, founding, GROUP, MEETING, NOW, root, trust, YEAR } from "./world";

async function problem(record: Bytes, now = NOW, against = trust()): Promise<string> {
  try {
    await checkFounding(record, await against, now);
  } catch (error) {
    if (error instanceof CredentialError) return error.kind;
    throw error;
  }
  return "good";
}

test("is good for everybody whose clock is off by no more than an honest one, to the end of a day's meeting", async () => {
  const record = await founding(await facilitator("ana"));
  expect(record.length).toBe(210);
  for (const off of [0, FOUNDING_SECONDS - 1, 2 - FOUNDING_SECONDS]) {
    expect(await problem(record, NOW + off)).toBe("good");
  }
  expect(FOUNDING_SECONDS).toBeGreaterThanOrEqual(2 * CLOCK_TOLERANCE + 22 * 3600);
});

test("of days ago, or of days to come, is not", async () => {
  const ana = await facilitator("ana");
  expect(await problem(await founding(ana, MEETING, NOW - FOUNDING_SECONDS - 1))).toBe("expired");
  expect(await problem(await founding(ana, MEETING, NOW + FOUNDING_SECONDS + 1))).toBe("clock");
});

test("is of one group", async () => {
  const ana = await facilitator("ana");
  expect(await problem(await founding(ana, bytesFor("another meeting", 16)))).toBe("forged");
  expect(await problem(await founding(ana), NOW, trust(null, bytesFor("another meeting", 16)))).toBe("forged");
});

describe("by a certificate", () => {
  const by = async (changes: Parameters<typeof certificate>[1]) =>
    founding(await facilitator("ana", { certificate: await certificate("ana", changes) }));

  test("of another root or another link is none", async () => {
    const role = await signingKey(bytesFor("role ana", 32));
    const { signature: _, role: __, ...fields } = await certificate("ana");
    const foreign = await issueCertificate(await signingKey(bytesFor("another root", 32)), fields);
    expect(await problem(await foundingRecord(role, foreign, MEETING, NOW))).toBe("forged");
    expect(await problem(await by({ group: bytesFor("another group", 16) }))).toBe("foreign");
  });

  test("whose key is not the signer's is none", async () => {
    const eve = await signingKey(bytesFor("role eve", 32));
    expect(await problem(await foundingRecord(eve, await certificate("ana"), MEETING, NOW))).toBe("forged");
  });

  test("that has expired or has not begun is none any more", async () => {
    const today = Math.floor(NOW);
    expect(await problem(await by({ notBefore: 0, notAfter: today - 2 * DAY }))).toBe("expired");
    expect(await problem(await by({ notBefore: today + 2 * DAY, notAfter: today + YEAR }))).toBe("clock");
  });

  describe("that was revoked", () => {
    const listed = Math.floor(NOW) - 3600;
    async function dated(date: number, name = "ana", now = NOW): Promise<string> {
      const list = { group: GROUP, version: 1, date: listed, serials: [bytesFor("ana", 8)] };
      const record = await founding(await facilitator(name), MEETING, date);
      return problem(record, now, trust(await issueRevocations(await root, list)));
    }

    test("is none from the list's date on, and holds for what was founded before", async () => {
      for (const date of [listed, listed + 1, NOW]) expect(await dated(date)).toBe("revoked");
      expect(await dated(listed - 1)).toBe("good");
      expect(await dated(NOW, "fay")).toBe("good");
    });

    test("dates a founding back by a few days at most", async () => {
      expect(await dated(listed - 1, "ana", listed - 1 + FOUNDING_SECONDS)).toBe("good");
      expect(await dated(listed - 1, "ana", listed + FOUNDING_SECONDS)).toBe("expired");
    });

    test("and has expired since is none either way", async () => {
      const serial = bytesFor("ana", 8);
      const list = { group: GROUP, version: 1, date: Math.floor(NOW), serials: [serial] };
      const expired = await certificate("ana", { notBefore: 0, notAfter: Math.floor(NOW) - 2 * DAY });
      const record = await founding(await facilitator("ana", { certificate: expired }), MEETING, NOW - 60);
      expect(await problem(record, NOW, trust(await issueRevocations(await root, list)))).toBe("expired");
    });
  });
});

test("a leaf statement, which a facilitator signs for any group that a server names, founds nothing", async () => {
  const ana = await facilitator("ana");
  const good = await founding(ana);
  const signature = ana.credential.authority?.signature as Bytes;
  expect(await problem(concat(good.slice(0, -signature.length), signature))).toBe("forged");
});

test("cut short, drawn out or bent anywhere it is nothing, and nothing else goes wrong", async () => {
  const good = await founding(await facilitator("ana"));
  expect(await problem(new Uint8Array(0))).toBe("malformed");
  expect(await problem(good.slice(0, -1))).toBe("malformed");
  expect(await problem(Uint8Array.of(...good, 0))).toBe("malformed");
  const random = seeded(5);
  for (let round = 0; round < 200; round++) {
    const bent = good.slice();
    const at = Math.floor(random() * bent.length);
    bent[at] = (bent[at] as number) ^ (1 << Math.floor(random() * 8));
    expect(["malformed", "foreign", "forged"], `byte ${at}`).toContain(await problem(bent));
  }
});
