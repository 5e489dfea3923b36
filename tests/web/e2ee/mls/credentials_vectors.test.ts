/** Certificates and revocation lists, byte for byte as the server reads and writes them. */
import { describe, expect, test } from "vitest";
import { fromBase64url, toBase64url } from "../../../../web/client/base64url";
import {
  decodeCertificate,
  encodeCertificate,
  encodeRevocations,
  issueCertificate,
  issueRevocations,
  openRevocations,
  verifyCertificate,
} from "../../../../web/client/e2ee/mls/credentials";
import { CredentialError, compare } from "../../../../web/client/e2ee/mls/fields";
import { signingKey } from "../../../../web/client/ed25519";
import vectors from "../../../vectors/certificates.json";

const group = fromBase64url(vectors.group);
const rootKey = fromBase64url(vectors.root_key);
const root = signingKey(fromBase64url(vectors.root_seed));

async function problem(read: () => Promise<unknown>): Promise<string> {
  try {
    await read();
  } catch (error) {
    if (error instanceof CredentialError) return error.kind;
    throw error;
  }
  return "fine";
}

test("the root key is that of the seed", async () => {
  expect((await root).publicKey).toEqual(rootKey);
});

describe.each(vectors.certificates)("certificate $input.serial", ({ input, encoded }) => {
  const fields = {
    group,
    roleKey: fromBase64url(input.role_key),
    notBefore: input.not_before,
    notAfter: input.not_after,
    serial: fromBase64url(input.serial),
  };

  test("is issued as there", async () => {
    expect(toBase64url(encodeCertificate(await issueCertificate(await root, fields)))).toBe(encoded);
  });

  test("is read and holds", async () => {
    const read = decodeCertificate(fromBase64url(encoded));
    expect(read).toMatchObject({ ...fields, role: "facilitator" });
    expect(await problem(() => verifyCertificate(read, { rootKey, group }))).toBe("fine");
  });
});

describe.each(vectors.revocations)("revocation list $input.version", ({ input, encoded }) => {
  const serials = input.serials.map(fromBase64url);
  const { version, date } = input;

  test("is issued as there", async () => {
    const list = await issueRevocations(await root, { group, version, date, serials });
    expect(toBase64url(encodeRevocations(list))).toBe(encoded);
  });

  test("is read and holds", async () => {
    const read = await openRevocations(fromBase64url(encoded), { rootKey, group });
    expect(read).toMatchObject({ group, version, date, serials: [...serials].sort(compare) });
  });
});

test.each(vectors.bad_certificates)("a certificate, $why: $problem", async ({ encoded, problem: wanted }) => {
  const read = async () => verifyCertificate(decodeCertificate(fromBase64url(encoded)), { rootKey, group });
  expect(await problem(read)).toBe(wanted);
});

test.each(vectors.bad_revocations)("a revocation list, $why: $problem", async ({ encoded, problem: wanted }) => {
  expect(await problem(() => openRevocations(fromBase64url(encoded), { rootKey, group }))).toBe(wanted);
});
