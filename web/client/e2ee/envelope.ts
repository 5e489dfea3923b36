/**
 * What an envelope may hold: everything that is said in a meeting (docs/protocol.md, section 4), and the JSON blobs that
 * are sealed under a key of the link. Who says an envelope is told by the MLS message around it, never by itself.
 */
import { type Bytes, bytesOf, concat, fromBase64url, utf8 } from "../base64url";
import { cleanName, formProblem } from "../name_form";
import { CONTEXTS, LEAVES } from "./kid";
import { rising } from "./mls/fields";
import { pad, TEXT_PADDING, unpad } from "./padding";
import type { SenderContext } from "./worker_messages";

/** Version of sealed blobs, their first byte. */
const SEALED_VERSION = 1;
const NONCE_BYTES = 12;
/** Version of the JSON inside. A receiver ignores higher ones. */
export const ENVELOPE_VERSION = 1;
/** Characters (UTF-16 units) of one chat message: what the largest size class holds, whatever the script. */
export const MAX_CHAT_CHARS = 4000;
/** Contexts in one state: 8 tracks, and each once more while the publisher connection is built anew. */
export const MAX_CONTEXTS = 16;
/** Base64url characters of a revocation list: a thousand serials of 8 bytes, as in signaling/messages.py. */
const MAX_REVOCATIONS_CHARS = 10_944;
/** Bytes of a round's id; of its hashes and nonces, and of a roster's hash (SHA-256). */
const ROUND_BYTES = 16;
const HASH_BYTES = 32;

const UPLINKS = ["good", "fair", "poor"] as const;
export type Uplink = (typeof UPLINKS)[number];

export type Message =
  | {
      type: "state";
      name: string;
      microphone: boolean;
      camera: boolean;
      /** 0 down; the `seq` at which it was raised; null while its own `said` is on its way. */
      hand: number | null;
      contexts: SenderContext[];
      /** Sharing one's screen: 0 or absent not, else as `hand`: the `seq` at which it began, null on its way. */
      sharing?: number | null;
      /** How well one's media reaches the server; absent: good. */
      uplink?: Uplink;
    }
  | { type: "chat"; text: string }
  | { type: "lower_hand"; member: string }
  /** `member` null: every participant. */
  | { type: "mute"; member: string | null }
  | { type: "locked"; locked: boolean }
  | { type: "end" }
  | { type: "resend" }
  | { type: "heartbeat"; epoch: number; roster: string }
  /** base64url. */
  | { type: "revocations"; list: string }
  | { type: "check_commitment"; round: string; hash: string }
  /** Rising. */
  | { type: "check_set"; round: string; leaves: number[] }
  | { type: "check_reveal"; round: string; nonce: string };

export interface Envelope {
  /** Rises for each leaf key, from 1. */
  readonly n: number;
  /** Member id, null for everybody. */
  readonly to: string | null;
  /** Null for what this version does not know. */
  readonly message: Message | null;
}

/** Version ‖ nonce ‖ AES-128-GCM(padded JSON). RangeError when it is too long for the largest size class. */
export async function sealJson(key: CryptoKey, label: Bytes, json: object): Promise<Bytes> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const padded = pad(utf8(JSON.stringify(json)), TEXT_PADDING);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: label }, key, padded);
  return concat(Uint8Array.of(SEALED_VERSION), nonce, new Uint8Array(sealed));
}

/** A JSON object that `sealJson` sealed; null for everything else. */
export async function openJson(key: CryptoKey, label: Bytes, text: string): Promise<Record<string, unknown> | null> {
  try {
    const bytes = fromBase64url(text);
    if (bytes[0] !== SEALED_VERSION) return null;
    const algorithm = { name: "AES-GCM", iv: bytes.subarray(1, 1 + NONCE_BYTES), additionalData: label };
    const padded = await crypto.subtle.decrypt(algorithm, key, bytes.subarray(1 + NONCE_BYTES));
    return readJson(unpad(new Uint8Array(padded), TEXT_PADDING));
  } catch {
    return null;
  }
}

function readJson(bytes: Uint8Array): Record<string, unknown> | null {
  const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  return isRecord(value) ? value : null;
}

/** What `sealApplication` seals. */
export function writeEnvelope(n: number, to: string | null, message: Message): Bytes {
  return utf8(JSON.stringify({ v: ENVELOPE_VERSION, n, to, ...message }));
}

/** Null for what is no envelope. */
export function readEnvelope(content: Uint8Array): Envelope | null {
  let value: Record<string, unknown> | null;
  try {
    value = readJson(content);
  } catch {
    return null;
  }
  if (!value) return null;
  const { v, n, to = null } = value;
  if (!isCount(v) || !isCount(n) || n < 1 || (to !== null && !isId(to))) return null;
  return { n, to, message: v === ENVELOPE_VERSION ? readMessage(value) : null };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown, limit = Number.MAX_SAFE_INTEGER): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= limit;
}

function isId(value: unknown): value is string {
  return typeof value === "string" && /^[A-Za-z0-9_-]{8,32}$/.test(value);
}

const isText = (value: unknown, bytes: number): value is string => bytesOf(value, bytes) !== null;

function readContext(value: unknown): SenderContext | null {
  if (!isRecord(value)) return null;
  const { context, track, kind, screen } = value;
  if (!isCount(context, CONTEXTS - 1) || !isId(track)) return null;
  if (kind !== "audio" && kind !== "video") return null;
  return { context, track, kind, ...(screen === true ? { screen } : {}) };
}

/** The known fields of a message, checked; null for an unknown type or a field that is not as it should be. */
export function readMessage(value: Record<string, unknown>): Message | null {
  switch (value["type"]) {
    case "state": {
      const { name, microphone, camera, hand, contexts, sharing = 0 } = value;
      if (typeof name !== "string" || name !== cleanName(name) || formProblem(name) !== null) return null;
      if (typeof microphone !== "boolean" || typeof camera !== "boolean") return null;
      if ((hand !== null && !isCount(hand)) || (sharing !== null && !isCount(sharing))) return null;
      if (!Array.isArray(contexts) || contexts.length > MAX_CONTEXTS) return null;
      const read = contexts.map(readContext);
      if (!read.every((context) => context !== null)) return null;
      // What a later version says of its network is no reason to lose the rest.
      const uplink = UPLINKS.find((one) => one === value["uplink"]) ?? "good";
      return { type: "state", name, microphone, camera, hand, contexts: read, sharing, uplink };
    }
    case "chat": {
      const { text } = value;
      return typeof text === "string" && text.length > 0 && text.length <= MAX_CHAT_CHARS
        ? { type: "chat", text }
        : null;
    }
    case "lower_hand":
      return isId(value["member"]) ? { type: "lower_hand", member: value["member"] } : null;
    case "mute": {
      const { member } = value;
      return member === null || isId(member) ? { type: "mute", member } : null;
    }
    case "locked":
      return typeof value["locked"] === "boolean" ? { type: "locked", locked: value["locked"] } : null;
    case "end":
      return { type: "end" };
    case "resend":
      return { type: "resend" };
    case "heartbeat": {
      const { epoch, roster } = value;
      return isCount(epoch) && isText(roster, HASH_BYTES) ? { type: "heartbeat", epoch, roster } : null;
    }
    case "revocations": {
      const { list } = value;
      return typeof list === "string" && list.length <= MAX_REVOCATIONS_CHARS && /^[A-Za-z0-9_-]+$/.test(list)
        ? { type: "revocations", list }
        : null;
    }
    case "check_commitment": {
      const { round, hash } = value;
      return isText(round, ROUND_BYTES) && isText(hash, HASH_BYTES) ? { type: "check_commitment", round, hash } : null;
    }
    case "check_set": {
      const { round, leaves } = value;
      if (!isText(round, ROUND_BYTES) || !Array.isArray(leaves) || leaves.length > LEAVES) return null;
      if (!leaves.every((leaf) => isCount(leaf, LEAVES - 1)) || !rising(leaves, (a, b) => a - b)) return null;
      return { type: "check_set", round, leaves };
    }
    case "check_reveal": {
      const { round, nonce } = value;
      return isText(round, ROUND_BYTES) && isText(nonce, HASH_BYTES) ? { type: "check_reveal", round, nonce } : null;
    }
    default:
      return null;
  }
}
