import { describe, expect, test } from "vitest";
import { type Bytes, fromBase64url, toBase64url } from "../../../../web/client/base64url";
import { aesKey, derive, info } from "../../../../web/client/derive";
import { openJson, sealJson } from "../../../../web/client/e2ee/envelope";
import { type Door, KnockBook, makeKnock, readKnock } from "../../../../web/client/e2ee/group/knock";
import type { Knock } from "../../../../web/client/protocol_types";
import { seeded } from "../../random";
import { bytesFor, facilitator, GROUP, type Someone, someone } from "../mls/world";

const door: Door = { roomSecret: bytesFor("room secret", 16), group: toBase64url(GROUP) };
const LABEL = info("hearthside knock v1", door.group);
const nonceFor = (name: string) => toBase64url(bytesFor(`nonce ${name}`, 32));

async function knock(who: Someone, name = who.name, nonce = nonceFor(who.name)): Promise<Knock> {
  return {
    id: toBase64url(who.credential.member),
    sealed: await makeKnock({ ...door, name, nonce, ref: who.own.ref, leafKey: who.key }),
    key_package: toBase64url(who.own.message),
    nonce,
    waiting_seconds: 0,
  };
}

const read = (given: Knock, book = new KnockBook()) => readKnock(door, given, book);

/** The knock with something else sealed in it: as somebody could who holds the link. */
async function resealed(given: Knock, changes: object): Promise<Knock> {
  const key = await aesKey(await derive(door.roomSecret, LABEL, 16));
  const json = await openJson(key, LABEL, given.sealed);
  return { ...given, sealed: toBase64url(await sealJson(key, LABEL, { ...json, ...changes })) };
}

describe("a genuine knock", () => {
  test("shows the name and gives the KeyPackage to be added", async () => {
    const ann = await someone("Ann");
    expect(await read(await knock(ann))).toEqual({ name: "Ann", keyPackage: ann.own.message, ref: ann.own.ref });
  });

  test("carries the name in the form in which it is compared", async () => {
    expect((await read(await knock(await someone("Ann"), "  Ann\u0065\u0301 ")))?.name).toBe("Ann\u00e9");
  });

  test("may be shown any number of times, by one page and by others", async () => {
    const book = new KnockBook();
    const ann = await knock(await someone("Ann"));
    for (const waiting_seconds of [0, 7, 60]) expect(await read({ ...ann, waiting_seconds }, book)).not.toBeNull();
    expect(await read(ann)).not.toBeNull();
  });

  test("may be made again on another socket, with the same KeyPackage or a new one", async () => {
    const book = new KnockBook();
    const ann = await someone("Ann");
    const fresh = await someone("Ann");
    expect(await read(await knock(ann), book)).not.toBeNull();
    expect(await read(await knock(ann, "Ann", nonceFor("second socket")), book)).not.toBeNull();
    expect(await read(await knock(fresh, "Anna", nonceFor("third socket")), book)).toMatchObject({ name: "Anna" });
  });

  test("is of one size whatever the name", async () => {
    const ann = await someone("Ann");
    const sizes = await Promise.all(
      ["A", "Annabel of the Hill"].map(async (name) => (await knock(ann, name)).sealed.length),
    );
    expect(new Set(sizes).size).toBe(1);
  });
});

describe("the server", () => {
  test("cannot read a name", async () => {
    const { sealed } = await knock(await someone("Ann"));
    const foreign = await aesKey(await derive(bytesFor("another secret", 16), LABEL, 16));
    expect(await openJson(foreign, LABEL, sealed)).toBeNull();
    expect(
      await readKnock(
        { ...door, roomSecret: bytesFor("another secret", 16) },
        await knock(await someone("Ann")),
        new KnockBook(),
      ),
    ).toBeNull();
  });

  test("cannot put another's KeyPackage under a name, whichever parts it takes", async () => {
    const [ann, mal] = await Promise.all([someone("Ann"), someone("Mal")]);
    const [hers, his] = await Promise.all([knock(ann), knock(mal)]);
    const parts = ["id", "sealed", "key_package", "nonce"] as const;
    for (let taken = 1; taken < 2 ** parts.length - 1; taken++) {
      const mixed = { ...hers };
      parts.forEach((part, at) => {
        if (taken & (1 << at)) mixed[part] = his[part];
      });
      expect(await read(mixed), JSON.stringify(parts.filter((_, at) => taken & (1 << at)))).toBeNull();
    }
    expect(await read(his)).toMatchObject({ name: "Mal" });
  });

  test("cannot take a knock to another group", async () => {
    const ann = await someone("Ann");
    const other = { ...door, group: toBase64url(bytesFor("another group", 16)) };
    const sealed = await makeKnock({
      ...other,
      name: "Ann",
      nonce: nonceFor("Ann"),
      ref: ann.own.ref,
      leafKey: ann.key,
    });
    expect(await read({ ...(await knock(ann)), sealed })).toBeNull();
    const key = await aesKey(await derive(door.roomSecret, info("hearthside knock v1", other.group), 16));
    const json = await openJson(key, info("hearthside knock v1", other.group), sealed);
    expect(await read(await resealed(await knock(ann), json ?? {}))).toBeNull();
  });

  test("cannot show an old knock after a newer one", async () => {
    const book = new KnockBook();
    const [before, after] = await Promise.all([someone("Ann"), someone("Ann")]);
    const old = await knock(before);
    const fresh = await knock(after, "Ann", nonceFor("second socket"));
    expect(await read(old, book)).not.toBeNull();
    expect(await read(fresh, book)).not.toBeNull();
    expect(await read(old, book)).toBeNull();
    expect(await read(fresh, book)).not.toBeNull();
  });

  test("cannot let somebody in again by the knock that let them in before", async () => {
    const book = new KnockBook();
    const ann = await someone("Ann");
    expect(await read(await knock(ann), book)).not.toBeNull();
    book.spend(ann.own.ref);
    expect(await read(await knock(ann), book)).toBeNull();
    expect(await read(await knock(ann, "Ann", nonceFor("second socket")), book)).toBeNull();
    expect(await read(await knock(await someone("Ann"), "Ann", nonceFor("third socket")), book)).not.toBeNull();
  });
});

describe("somebody who holds the link", () => {
  test("cannot knock with a ref or nonce that came under another id", async () => {
    const book = new KnockBook();
    const [ann, mal] = await Promise.all([someone("Ann"), someone("Mal")]);
    expect(await read(await knock(ann), book)).not.toBeNull();
    expect(await read(await knock(mal, "Mal", nonceFor("Ann")), book)).toBeNull();
    const twin = await someone("Mal", { member: bytesFor("a second id", 16) });
    expect(await read(await knock(twin, "Twin"), book)).not.toBeNull();
    expect(book.take("another id", ann.own.ref, nonceFor("fresh"))).toBe(false);
    expect(book.take("another id", mal.own.ref, nonceFor("fresh"))).toBe(true);
  });

  test("may knock anew on the same socket, and the newest counts", async () => {
    const book = new KnockBook();
    const [before, after] = [await knock(await someone("Ann")), await knock(await someone("Ann"))];
    expect(await read(before, book)).not.toBeNull();
    expect(await read(after, book)).not.toBeNull();
    expect(await read(before, book)).toBeNull();
    const later = await knock(await someone("Ann"), "Ann", nonceFor("second socket"));
    expect(await read(later, book)).not.toBeNull();
    expect(await read(await knock(await someone("Ann")), book)).toBeNull();
  });

  test("cannot name another's key as their own", async () => {
    const [ann, mal] = await Promise.all([someone("Ann"), someone("Mal")]);
    const sealed = await makeKnock({
      ...door,
      name: "Mal",
      nonce: nonceFor("Ann"),
      ref: ann.own.ref,
      leafKey: mal.key,
    });
    expect(await read({ ...(await knock(ann)), sealed })).toBeNull();
  });

  test("cannot come in as a facilitator through the waiting room", async () => {
    expect(await read(await knock(await facilitator("Fay")))).toBeNull();
  });

  test("cannot come under an id that is not in the credential", async () => {
    const ann = await knock(await someone("Ann"));
    expect(await read({ ...ann, id: toBase64url(bytesFor("elsewhere", 16)) })).toBeNull();
  });

  for (const [what, changes] of Object.entries({
    "a name with a line break": { name: "Ann\nBen" },
    "a name that is empty": { name: "" },
    "a name not in its clean form": { name: " Ann" },
    "a name that is no text": { name: 7 },
    "a name without end": { name: "a".repeat(400) },
    "another version": { v: 2 },
    "no signature": { signature: undefined },
    "a short signature": { signature: "AAAA" },
    "another's ref": { ref: toBase64url(bytesFor("ref", 32)) },
    "no ref": { ref: null },
  })) {
    test(`shows nothing with ${what}`, async () => {
      expect(await read(await resealed(await knock(await someone("Ann")), changes))).toBeNull();
    });
  }
});

test("what cannot be read is refused, and the book learns nothing from it", async () => {
  const book = new KnockBook();
  const ann = await someone("Ann");
  const good = await knock(ann);
  for (const part of ["id", "sealed", "key_package", "nonce"] as const) {
    for (const text of ["", "?", "AAAA", "x".repeat(43), good.sealed.slice(0, -4), good.key_package.slice(4)]) {
      expect(await read({ ...good, [part]: text }, book), part).toBeNull();
    }
  }
  expect(await read(good, book)).not.toBeNull();
});

test("whatever bit of it is turned, a knock is refused", async () => {
  const good = await knock(await someone("Ann"));
  const random = seeded(7);
  for (let round = 0; round < 150; round++) {
    const part = (["id", "sealed", "key_package", "nonce"] as const)[round % 4] as "id";
    const bytes: Bytes = fromBase64url(good[part]);
    const at = Math.floor(random() * bytes.length);
    bytes[at] = (bytes[at] as number) ^ (1 << Math.floor(random() * 8));
    // Of a KeyPackage all is bound by the ref.
    expect(await read({ ...good, [part]: toBase64url(bytes) }), `${part} ${at}`).toBeNull();
  }
});

describe("the book", () => {
  test("is bounded: the oldest id is forgotten first", () => {
    const book = new KnockBook();
    const ref = (name: string) => bytesFor(name, 32);
    expect(book.take("first", ref("first"), "nonce first")).toBe(true);
    for (let id = 0; id < 1000; id++) expect(book.take(`id ${id}`, ref(`ref ${id}`), `nonce ${id}`)).toBe(true);
    // Forgotten: the ref may come under another id again.
    expect(book.take("somebody", ref("first"), "nonce")).toBe(true);
    expect(book.take("somebody else", ref("ref 999"), "nonce else")).toBe(false);
  });
});
