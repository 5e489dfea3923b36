import { expect, test } from "vitest";
import { toBase64url } from "../../../../web/client/base64url";
import { Link } from "../../../../web/client/e2ee/group/link";
import {
  type Certificate,
  certifiedCredential,
  encodeCertificate,
  encodeCredential,
  encodeRevocations,
  issueCertificate,
  issueRevocations,
} from "../../../../web/client/e2ee/mls/credentials";
import type { Identity } from "../../../../web/client/e2ee/worker_messages";
import { signingKey } from "../../../../web/client/ed25519";
import { bytesFor, DAY, MEETING, YEAR } from "../mls/world";

const NOW = 1_800_000_000;
const group = bytesFor("group", 16);
const root = await signingKey(bytesFor("root", 32));
const role = await signingKey(bytesFor("role", 32));

const certificate = async (changes: Partial<Certificate> = {}) =>
  issueCertificate(root, {
    group,
    roleKey: role.publicKey,
    notBefore: NOW - DAY,
    notAfter: NOW + YEAR,
    serial: bytesFor("serial", 8),
    ...changes,
  });
const text = async (changes: Partial<Certificate> = {}) => toBase64url(encodeCertificate(await certificate(changes)));
const list = async (version: number, ...serials: string[]) =>
  toBase64url(
    encodeRevocations(
      await issueRevocations(root, { group, version, date: NOW, serials: serials.map((name) => bytesFor(name, 8)) }),
    ),
  );

const identity = (changes: Partial<Identity> = {}): Identity => ({
  group: toBase64url(group),
  roomSecret: bytesFor("secret", 16),
  rootKey: root.publicKey,
  roleSeed: bytesFor("role", 32),
  certificates: [],
  revocations: null,
  tab: "tab",
  ...changes,
});
const open = async (certificates: string[], revocations: string | null = null) =>
  Link.open(identity({ certificates, revocations }));

test("a participant's link needs no certificate, and a clock that is about right", async () => {
  const link = await Link.open(identity({ roleSeed: null }));
  expect(link.facilitator).toBe(false);
  expect(link.pass(NOW, NOW)).toEqual({ obstacle: null, certificate: null });
  for (const off of [-DAY, DAY]) expect(link.pass(NOW + off, NOW).obstacle).toBeNull();
  for (const off of [-2 * DAY, 2 * DAY, YEAR]) expect(link.pass(NOW + off, NOW).obstacle).toBe("clock");
});

test("a facilitator's link says what is wrong with its certificate", async () => {
  const other = await signingKey(bytesFor("other role", 32));
  const foreign = await issueCertificate(await signingKey(bytesFor("other root", 32)), await certificate());
  const cases: [string[], string | null, string | null][] = [
    [[], null, "certificate-missing"],
    [["junk", "AAAA", toBase64url(encodeCertificate(foreign))], null, "certificate-missing"],
    [[await text({ roleKey: other.publicKey })], null, "certificate-missing"],
    [[await text({ group: bytesFor("another group", 16) })], null, "certificate-missing"],
    [[await text({ notBefore: NOW - 9 * DAY, notAfter: NOW - 3 * DAY })], null, "certificate-expired"],
    [[await text({ notBefore: NOW + 3 * DAY })], null, "clock"],
    [[await text()], await list(1, "serial"), "certificate-revoked"],
    [[await text()], null, null],
    [[await text(), await text({ serial: bytesFor("renewed", 8) })], await list(1, "serial"), null],
    [
      [await text({ notBefore: NOW - 9 * DAY, notAfter: NOW - 3 * DAY }), await text({ serial: bytesFor("new", 8) })],
      null,
      null,
    ],
  ];
  for (const [certificates, revocations, obstacle] of cases) {
    expect((await open(certificates, revocations)).pass(NOW, NOW).obstacle).toBe(obstacle);
  }
});

test("the highest list of revocations is kept, whoever says it", async () => {
  const link = await open([await text()], "junk");
  expect(link.revocations).toBeNull();
  expect(await link.hearRevocations(await list(2, "serial"))).toBe(true);
  expect(link.pass(NOW, NOW).obstacle).toBe("certificate-revoked");
  expect(await link.hearRevocations(await list(1))).toBe(false);
  expect(await link.hearRevocations(await list(2))).toBe(false);
  expect(await link.hearRevocations("AAAA")).toBe(false);
  expect(await link.hearRevocations("!")).toBe(false);
  expect(link.revocations).toBe(await list(2, "serial"));
  expect(await link.update([await text({ serial: bytesFor("new", 8) })], await list(3, "serial"))).toBe(true);
  expect(link.pass(NOW, NOW).obstacle).toBeNull();
  expect(link.trust(MEETING)).toMatchObject({ meeting: MEETING, group, revocations: { version: 3 } });
});

test("leaves are genuine or not, in one meeting", async () => {
  const link = await open([]);
  const [leafKey, rejoinKey, member] = [bytesFor("leaf", 32), bytesFor("rejoin", 32), bytesFor("member", 16)];
  const ids = { member, rejoinKey, leafKey, meeting: MEETING };
  const credential = encodeCredential(await certifiedCredential(role, await certificate(), ids));
  expect(await link.authenticate(MEETING)(credential, leafKey)).toBe(true);
  expect(await link.authenticate(MEETING)(credential, rejoinKey)).toBe(false);
  expect(await link.authenticate(bytesFor("another meeting", 16))(credential, leafKey)).toBe(false);
  expect(await link.authenticate(MEETING)(new Uint8Array(3), leafKey)).toBe(false);
  expect(await link.authenticate(MEETING)(encodeCredential({ ...ids, authority: null }), leafKey)).toBe(true);
});

test("a group id that is none is an error", async () => {
  await expect(Link.open(identity({ group: "short" }))).rejects.toThrow(RangeError);
});
