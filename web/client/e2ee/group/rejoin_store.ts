/**
 * What brings a person back into a meeting after a reload without a facilitator's click: the rejoin key, and where
 * they sat. It lives in the browser's database for one tab and one meeting; no frame key and no MLS secret is in it.
 *
 * The key is a WebCrypto Ed25519 key that can be used and not read out: whoever copies the database's contents by a
 * script has no key. Where WebCrypto lacks Ed25519 (Chromium before 137, Firefox before 129, Safari before 17) a seed
 * for @noble/curves stands in its place, and could be read.
 */
import type { Bytes } from "../../base64url";
import { nobleKey, type SigningKey } from "../../ed25519";

/** Seconds after which a record that nobody forgot is tidied away: longer than any meeting. */
export const RECORD_LIFETIME = 86_400;
const SEED_BYTES = 32;
const DATABASE = "hearthside-rejoin";
const STORE = "records";

export interface RejoinKey extends SigningKey {
  /** As the database keeps it. */
  readonly secret: CryptoKey | Bytes;
}

export interface RejoinRecord {
  /** Meeting id of `joined`. */
  readonly meeting: string;
  /** MLS group id. */
  readonly group: Bytes;
  /** One's own member id, base64url. */
  readonly member: string;
  /** Public keys that one's leaf may have, the newest last: the rejoin statement names the one that it has. */
  readonly keys: readonly Bytes[];
  /** Leaf keys of those who are checked. */
  readonly checked: readonly Bytes[];
  readonly key: RejoinKey;
}

export interface RejoinStore {
  newKey(): Promise<RejoinKey>;
  /** Null when there is none for this tab and meeting. */
  load(tab: string, meeting: string): Promise<RejoinRecord | null>;
  /** Takes the place of the tab's record before. Never fails: without a database it lasts as long as the worker. */
  save(tab: string, record: RejoinRecord): Promise<void>;
  /** On leaving, removal and the end. */
  forget(tab: string): Promise<void>;
}

/** What structured cloning keeps of a record. */
interface Kept extends Omit<RejoinRecord, "key"> {
  tab: string;
  /** UTC seconds. */
  saved: number;
  publicKey: Bytes;
  secret: CryptoKey | Bytes;
}

function rejoinKey(publicKey: Bytes, secret: CryptoKey | Bytes): RejoinKey {
  if (secret instanceof Uint8Array) return { ...nobleKey(secret), secret };
  const sign = async (message: Bytes) => new Uint8Array(await crypto.subtle.sign("Ed25519", secret, message));
  return { publicKey, secret, sign };
}

/** A key of the better kind that this browser has. */
async function newKey(): Promise<RejoinKey> {
  let pair: CryptoKeyPair;
  try {
    // Not extractable concerns the private half alone (Web Cryptography API, "Generate Key" of Ed25519).
    pair = (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"])) as CryptoKeyPair;
  } catch {
    const seed = crypto.getRandomValues(new Uint8Array(SEED_BYTES));
    return { ...nobleKey(seed), secret: seed };
  }
  return rejoinKey(new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)), pair.privateKey);
}

function done<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export class BrowserRejoinStore implements RejoinStore {
  readonly newKey = newKey;
  /** What the database did not take. */
  readonly #memory = new Map<string, Kept>();

  /** `factory` gives the browser's `indexedDB`: reading it may throw where a site may store nothing. `now`: UTC seconds. */
  constructor(
    private readonly factory: () => IDBFactory | undefined,
    private readonly now: () => number,
  ) {}

  async load(tab: string, meeting: string): Promise<RejoinRecord | null> {
    const kept = (await this.#use<Kept | undefined>((store) => store.get(tab))) ?? this.#memory.get(tab);
    if (!kept || kept.meeting !== meeting || this.#isOld(kept)) return null;
    const { publicKey, secret, group, member, keys, checked } = kept;
    return { meeting, group, member, keys, checked, key: rejoinKey(publicKey, secret) };
  }

  async save(tab: string, { key, ...record }: RejoinRecord): Promise<void> {
    const kept: Kept = { ...record, tab, saved: this.now(), publicKey: key.publicKey, secret: key.secret };
    const stored = await this.#use((store) => store.put(kept));
    if (stored === undefined) this.#memory.set(tab, kept);
    else this.#memory.delete(tab);
  }

  async forget(tab: string): Promise<void> {
    this.#memory.delete(tab);
    await this.#use((store) => store.delete(tab));
  }

  #isOld({ saved }: Kept): boolean {
    return saved < this.now() - RECORD_LIFETIME;
  }

  /** One transaction, which also tidies. Undefined where there is no database, or it fails. */
  async #use<Result>(work: (store: IDBObjectStore) => IDBRequest<Result>): Promise<Result | undefined> {
    let database: IDBDatabase | undefined;
    try {
      const opening = this.factory()?.open(DATABASE, 1);
      if (!opening) return undefined;
      opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "tab" });
      database = await done(opening);
      const transaction = database.transaction(STORE, "readwrite");
      const store = transaction.objectStore(STORE);
      const written = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error);
      });
      const tidied = done<Kept[]>(store.getAll()).then((all) => {
        for (const kept of all) if (this.#isOld(kept)) store.delete(kept.tab);
      });
      const [result] = await Promise.all([done(work(store)), tidied, written]);
      return result;
    } catch {
      return undefined;
    } finally {
      database?.close();
    }
  }
}
