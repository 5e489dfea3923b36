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

  test("that has expired, has not begun or was revoked is none any more", async () => {
    const today = Math.floor(NOW);
    expect(await problem(await by({ notBefore: 0, notAfter: today - 2 * DAY }))).toBe("expired");
    expect(await problem(await by({ notBefore: today + 2 * DAY, notAfter: today + YEAR }))).toBe("clock");
    const list = { group: GROUP, version: 1, date: today, serials: [bytesFor("ana", 8)] };
    const revoked = trust(await issueRevocations(await root, list));
    expect(await problem(await founding(await facilitator("ana")), NOW, revoked)).toBe("revoked");
    expect(await problem(await founding(await facilitator("fay")), NOW, revoked)).toBe("good");
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
