import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { utf8 } from "../../../../web/client/base64url";
import {
  BrowserRejoinStore,
  RECORD_LIFETIME,
  type RejoinRecord,
  type RejoinStore,
} from "../../../../web/client/e2ee/group/rejoin_store";
import { verify } from "../../../../web/client/e2ee/mls/verify";
import { bytesFor } from "../mls/world";

let now = 1_000_000;
let factory: IDBFactory;

beforeEach(() => {
  now = 1_000_000;
  factory = new IDBFactory();
});
afterEach(() => vi.restoreAllMocks());

/** A page that was just opened, in the same browser. */
const page = () =>
  new BrowserRejoinStore(
    () => factory,
    () => now,
  );

async function record(store: RejoinStore, changes: Partial<RejoinRecord> = {}): Promise<RejoinRecord> {
  return {
    meeting: "meeting-1",
    group: bytesFor("group", 16),
    member: "member-1",
    keys: [bytesFor("leaf", 32), bytesFor("offered", 32)],
    checked: [bytesFor("ben", 32), bytesFor("cleo", 32)],
    key: await store.newKey(),
    ...changes,
  };
}

/** What the database really holds. */
async function kept(): Promise<Record<string, unknown>[]> {
  const opening = factory.open("hearthside-rejoin", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("records", { keyPath: "tab" });
  const database = await new Promise<IDBDatabase>((resolve) => {
    opening.onsuccess = () => resolve(opening.result);
  });
  const request = database.transaction("records").objectStore("records").getAll();
  const all = await new Promise<Record<string, unknown>[]>((resolve) => {
    request.onsuccess = () => resolve(request.result);
  });
  database.close();
  return all;
}

async function signs({ key }: RejoinRecord): Promise<void> {
  const message = utf8("I come back");
  expect(await verify(key.publicKey, message, await key.sign(message))).toBe(true);
}

describe("with a database", () => {
  test("a reloaded page finds the record, and its key signs as before", async () => {
    const store = page();
    const saved = await record(store);
    await store.save("tab", saved);
    const found = await page().load("tab", "meeting-1");
    expect(found).toMatchObject({
      meeting: "meeting-1",
      group: saved.group,
      member: "member-1",
      keys: saved.keys,
      checked: saved.checked,
    });
    expect(found?.key.publicKey).toEqual(saved.key.publicKey);
    await signs(found as RejoinRecord);
  });

  test("the key cannot be read out, and nothing that is kept is a secret in clear", async () => {
    const store = page();
    await store.save("tab", await record(store));
    const [row, ...others] = await kept();
    expect(others).toEqual([]);
    expect(Object.keys(row ?? {}).sort()).toEqual(
      ["checked", "group", "keys", "meeting", "member", "publicKey", "saved", "secret", "tab"].sort(),
    );
    const secret = row?.["secret"] as CryptoKey;
    expect(secret).toMatchObject({ type: "private", extractable: false, usages: ["sign"] });
    await expect(crypto.subtle.exportKey("pkcs8", secret)).rejects.toThrow();
    await expect(crypto.subtle.exportKey("jwk", secret)).rejects.toThrow();
  });

  test("it is for this tab and this meeting alone", async () => {
    const store = page();
    await store.save("tab", await record(store));
    expect(await store.load("another tab", "meeting-1")).toBeNull();
    expect(await store.load("tab", "meeting-2")).toBeNull();
  });

  test("the newest record of a tab takes the place of the one before", async () => {
    const store = page();
    await store.save("tab", await record(store));
    await store.save("tab", await record(store, { member: "member-7", checked: [] }));
    expect(await page().load("tab", "meeting-1")).toMatchObject({ member: "member-7", checked: [] });
    await store.save("tab", await record(store, { meeting: "meeting-2" }));
    expect(await page().load("tab", "meeting-1")).toBeNull();
    expect((await kept()).length).toBe(1);
  });

  test("forgetting leaves nothing behind, and other tabs alone", async () => {
    const store = page();
    await store.save("tab", await record(store));
    await store.save("another tab", await record(store, { member: "member-2" }));
    await store.forget("tab");
    await store.forget("never was");
    expect(await store.load("tab", "meeting-1")).toBeNull();
    expect((await kept()).map(({ tab }) => tab)).toEqual(["another tab"]);
  });

  test("what nobody forgot is tidied away after a day", async () => {
    const store = page();
    await store.save("tab", await record(store));
    now += RECORD_LIFETIME;
    expect(await page().load("tab", "meeting-1")).not.toBeNull();
    now += 1;
    expect(await page().load("tab", "meeting-1")).toBeNull();
    expect(await kept()).toEqual([]);
  });

  test("the day counts from the last change", async () => {
    const store = page();
    const saved = await record(store);
    await store.save("tab", saved);
    now += RECORD_LIFETIME - 10;
    await store.save("tab", saved);
    now += 20;
    expect(await page().load("tab", "meeting-1")).not.toBeNull();
  });

  test("two pages that write at once disturb each other in nothing", async () => {
    const [one, two] = [page(), page()];
    await Promise.all([
      one.save("tab 1", await record(one, { member: "member 1" })),
      two.save("tab 2", await record(two, { member: "member 2" })),
      one.save("tab 3", await record(one, { member: "member 3" })),
    ]);
    for (const n of [1, 2, 3]) {
      expect(await page().load(`tab ${n}`, "meeting-1")).toMatchObject({ member: `member ${n}` });
    }
  });
});

describe("without WebCrypto's Ed25519", () => {
  test("a seed stands in the record, and signs after a reload", async () => {
    vi.spyOn(crypto.subtle, "generateKey").mockRejectedValue(new DOMException("no", "NotSupportedError"));
    const store = page();
    const saved = await record(store);
    await signs(saved);
    await store.save("tab", saved);
    expect((await kept())[0]?.["secret"]).toBeInstanceOf(Uint8Array);
    const found = (await page().load("tab", "meeting-1")) as RejoinRecord;
    expect(found.key.publicKey).toEqual(saved.key.publicKey);
    await signs(found);
  });
});

describe("where a site may store nothing", () => {
  const refusing: [string, () => IDBFactory | undefined][] = [
    ["there is no database", () => undefined],
    [
      "reading the property throws",
      () => {
        throw new DOMException("no", "SecurityError");
      },
    ],
    [
      "opening throws",
      () =>
        ({
          open: () => {
            throw new DOMException("no", "SecurityError");
          },
        }) as unknown as IDBFactory,
    ],
    [
      "opening fails",
      () => {
        // Opened with a higher version elsewhere: VersionError.
        factory.open("hearthside-rejoin", 9);
        return factory;
      },
    ],
  ];
  for (const [what, get] of refusing) {
    test(`${what}: the record lasts as long as the worker`, async () => {
      const store = new BrowserRejoinStore(get, () => now);
      const saved = await record(store);
      await store.save("tab", saved);
      await signs((await store.load("tab", "meeting-1")) as RejoinRecord);
      expect(await store.load("tab", "meeting-2")).toBeNull();
      expect(await new BrowserRejoinStore(get, () => now).load("tab", "meeting-1")).toBeNull();
      await store.forget("tab");
      expect(await store.load("tab", "meeting-1")).toBeNull();
    });
  }

  test("a key that the database cannot keep stays in memory", async () => {
    const store = page();
    const saved = await record(store);
    const odd = { ...saved.key, secret: Object.assign(() => 0, {}) as unknown as CryptoKey };
    await store.save("tab", { ...saved, key: odd });
    expect(await kept()).toEqual([]);
    expect((await store.load("tab", "meeting-1"))?.member).toBe("member-1");
  });
});
