/** A page that keeps and finds what brings a person back, in the browser's own database. */
import { utf8 } from "../../web/client/base64url";
import { BrowserRejoinStore } from "../../web/client/e2ee/group/rejoin_store";
import { verify } from "../../web/client/e2ee/mls/verify";

const MEETING = "meeting-1";
const store = new BrowserRejoinStore(
  () => window.indexedDB,
  () => Date.now() / 1000,
);

async function signs(): Promise<{ found: boolean; signs: boolean; readable: boolean; key: string }> {
  const record = await store.load("tab", MEETING);
  if (!record) return { found: false, signs: false, readable: false, key: "" };
  const { key } = record;
  const message = utf8("I come back");
  return {
    found: true,
    signs: await verify(key.publicKey, message, await key.sign(message)),
    readable: !(key.secret instanceof CryptoKey) || key.secret.extractable,
    key: String(key.publicKey),
  };
}

async function keep(): Promise<string> {
  const key = await store.newKey();
  const bytes = new Uint8Array(32);
  const place = {
    group: new Uint8Array(16),
    member: "member-1",
    keys: [bytes],
    checked: [bytes],
  };
  await store.save("tab", { meeting: MEETING, key, ...place });
  return String(key.publicKey);
}

Object.assign(window, { keep, signs, forget: () => store.forget("tab") });
