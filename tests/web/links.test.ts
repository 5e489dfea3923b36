import { describe, expect, test } from "vitest";
import { fromBase64url, toBase64url } from "../../web/client/base64url";
import { Door, type Link, LinkError, parseLink, roleSeedOf } from "../../web/client/links";
import type { Role } from "../../web/client/model";
import vectors from "../vectors/links.json";

const ROLES: Role[] = ["participant", "facilitator", "organiser"];
const problemOf = (address: string) => {
  try {
    parseLink(address);
  } catch (error) {
    if (error instanceof LinkError) return error.kind;
    throw error;
  }
  return null;
};

describe.each(vectors.cases)("worked example $input.group", ({ input, links, proofs, ...expected }) => {
  const secret = fromBase64url(input.room_secret);
  const door = (role: Role) => Door.of(parseLink(links[role]));

  test("links are read", () => {
    const { group } = input;
    const fingerprint = fromBase64url(expected.root_fingerprint);
    const common = { group, roomSecret: secret, rootFingerprint: fingerprint };
    expect(parseLink(links.participant)).toEqual({ ...common, role: "participant", seed: null });
    const roleSeed = fromBase64url(expected.role_seeds[0] as string);
    expect(parseLink(links.facilitator)).toEqual({ ...common, role: "facilitator", seed: roleSeed });
    const rootSeed = fromBase64url(input.root_seed);
    expect(parseLink(links.organiser)).toEqual({ ...common, role: "organiser", seed: rootSeed, rootFingerprint: null });
  });

  test.each(ROLES)("a %s proves the link", async (role) => {
    const { key, signature } = proofs[role];
    expect(await (await door(role)).prove(input.nonce)).toEqual({ role, key, signature });
  });

  test.each(ROLES)("a %s can pass on the links that theirs contains", async (role) => {
    const holder = await door(role);
    expect(holder.participantLink(input.public_url)).toBe(links.participant);
    expect(await holder.facilitatorLink(input.public_url)).toBe(role === "participant" ? null : links.facilitator);
    expect(await holder.ownLink(input.public_url)).toBe(links[role]);
  });

  test("an organiser makes further facilitator links", async () => {
    const link = await (await door("organiser")).facilitatorLink(input.public_url, 2);
    expect(toBase64url(parseLink(link as string).seed as Uint8Array)).toBe(expected.role_seeds[1]);
  });

  test.each(ROLES)("a %s knows the group's root key from others", async (role) => {
    const holder = await door(role);
    expect(await holder.isRootKey(expected.root_key)).toBe(true);
    expect(await holder.isRootKey(expected.door_key)).toBe(false);
    expect(await holder.isRootKey("junk")).toBe(false);
  });

  test("the title opens for the holders of the link, and only what is whole", async () => {
    const many = await (await door("participant")).openProfile(expected.sealed_profile_many_screens);
    expect(many).toEqual({ title: input.title, screens: "many" });
    for (const role of ROLES)
      expect(await (await door(role)).openProfile(expected.sealed_profile)).toEqual({
        title: input.title,
        screens: "one",
      });
    const holder = await door("facilitator");
    expect(await holder.openProfile(expected.sealed_knock)).toBeNull();
    expect(await holder.openProfile(`${expected.sealed_profile.slice(0, -4)}AAAA`)).toBeNull();
    expect(await holder.openProfile("")).toBeNull();
    const other: Link = { ...parseLink(links.facilitator), roomSecret: new Uint8Array(16) };
    expect(await (await Door.of(other)).openProfile(expected.sealed_profile)).toBeNull();
  });

  test("what an organiser gives the server for a room secret: its door, and the title sealed for its holders", async () => {
    const { door_key, profile } = await (await door("organiser")).forServer({
      title: "Friday circle",
      screens: "many",
    });
    expect(door_key).toBe(expected.door_key);
    expect(await (await door("participant")).openProfile(profile)).toEqual({ title: "Friday circle", screens: "many" });
    expect(profile.length).toBe(380); // padded: no title's length shows
  });

  test("role seeds of the root seed", async () => {
    const rootSeed = fromBase64url(input.root_seed);
    expect(toBase64url(await roleSeedOf(rootSeed, 1))).toBe(expected.role_seeds[0]);
    expect(toBase64url(await roleSeedOf(rootSeed, 2))).toBe(expected.role_seeds[1]);
  });
});

const base = "https://meet.example.org/g/AAECAwQFBgcICQoLDA0ODw";
const secret = "EBESExQVFhcYGRobHB0eHw";
const seed = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";

test.each([base, `${base}#`, `${base}?x=1`])("%s has lost its secret", (address) => {
  expect(problemOf(address)).toBe("no-secret");
});

test.each([
  `${base}#p1`,
  `${base}#p1.${secret}`,
  `${base}#p2.${secret}.${secret}`,
  `${base}#p1.${secret}.${secret}.`,
  `${base}#p1.${secret}.${secret}.${seed}`,
  `${base}#p1.${secret}.${secret}#`,
  `${base}#p1.${secret}.${secret.slice(1)}`,
  `${base}#p1.${secret}.${secret.slice(0, -1)}x`,
  `${base}#f1.${secret}.${secret}`,
  `${base}#f1.${secret}.${secret}.${secret}`,
  `${base}#o1.${secret}.${secret}`,
  `${base}#x1.${secret}.${secret}`,
  `${base}x#p1.${secret}.${secret}`,
  `https://meet.example.org/#p1.${secret}.${secret}`,
  `${base}#p1.${secret} .${secret}`,
  `${base}#%70`,
])("%s is damaged", (address) => {
  expect(problemOf(address)).toBe("damaged-link");
});

test("a server may live under a path, and trackers may have added a query", () => {
  const link = parseLink(`https://example.org/circle/g/AAECAwQFBgcICQoLDA0ODw?fbclid=1#p1.${secret}.${secret}`);
  expect(link.role).toBe("participant");
});
