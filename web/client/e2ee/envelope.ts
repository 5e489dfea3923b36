/**
 * Everything said in a meeting, sealed for the room (docs/protocol.md, section 4): what an envelope may hold, how it
 * is sealed and opened, and which ones a receiver has had before.
 */
import { type Bytes, bytesOf, concat, fromBase64url, toBase64url, utf8 } from "../base64url";
import { cleanName, nameProblem } from "../names";
import { CONTEXTS, EPOCHS } from "./kid";
import { pad, TEXT_PADDING, unpad } from "./padding";
import type { SenderContext } from "./worker_messages";

/** Version of sealed bodies and blobs, their first byte. */
const SEALED_VERSION = 1;
const NONCE_BYTES = 12;
/** Version of the JSON inside. A receiver ignores higher ones. */
export const ENVELOPE_VERSION = 1;
/** Characters (UTF-16 units) of one chat message: what the largest size class holds, whatever the script. */
export const MAX_CHAT_CHARS = 4000;
/** Contexts in one state: 8 tracks, and each once more while the publisher connection is built anew. */
export const MAX_CONTEXTS = 16;

export type Message =
  | {
      type: "state";
      name: string;
      microphone: boolean;
      camera: boolean;
      /** 0 down; the `seq` at which it was raised; null while its own `said` is on its way. */
      hand: number | null;
      contexts: SenderContext[];
    }
  | { type: "chat"; text: string }
  | { type: "lower_hand"; member: string }
  | { type: "resend" };

export type Envelope = Message & {
  v: number;
  /** Member id of the sender. */
  from: string;
  /** 8 random bytes, base64url: one start of the sender's page. */
  instance: string;
  /** Rises within an instance, from 1. */
  n: number;
};

/** AAD of a room's envelopes: who says it to whom. */
export function envelopeLabel(room: string, sender: string, to: string | undefined): Bytes {
  return utf8([room, sender, to ?? ""].join("\0"));
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
    const json = unpad(new Uint8Array(padded), TEXT_PADDING);
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

export async function sealEnvelope(key: CryptoKey, room: string, envelope: Envelope, to?: string): Promise<string> {
  return toBase64url(await sealJson(key, envelopeLabel(room, envelope.from, to), envelope));
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

function readContext(value: unknown): SenderContext | null {
  if (!isRecord(value)) return null;
  const { context, epoch, track, kind, salt } = value;
  if (!isCount(context, CONTEXTS - 1) || !isCount(epoch, EPOCHS - 1) || !isId(track)) return null;
  if ((kind !== "audio" && kind !== "video") || typeof salt !== "string" || !bytesOf(salt, 16)) return null;
  return { context, epoch, track, kind, salt };
}

/** The known fields of a message, checked; null for an unknown type or a field that is not as it should be. */
export function readMessage(value: Record<string, unknown>): Message | null {
  switch (value["type"]) {
    case "state": {
      const { name, microphone, camera, hand, contexts } = value;
      if (typeof name !== "string" || name !== cleanName(name) || nameProblem(name, []) !== null) return null;
      if (typeof microphone !== "boolean" || typeof camera !== "boolean") return null;
      if (hand !== null && !isCount(hand)) return null;
      if (!Array.isArray(contexts) || contexts.length > MAX_CONTEXTS) return null;
      const read = contexts.map(readContext);
      if (!read.every((context) => context !== null)) return null;
      return { type: "state", name, microphone, camera, hand, contexts: read };
    }
    case "chat": {
      const { text } = value;
      return typeof text === "string" && text.length > 0 && text.length <= MAX_CHAT_CHARS
        ? { type: "chat", text }
        : null;
    }
    case "lower_hand":
      return isId(value["member"]) ? { type: "lower_hand", member: value["member"] } : null;
    case "resend":
      return { type: "resend" };
    default:
      return null;
  }
}

/** Instances of one member that are over, remembered so that none comes back: reloads in one meeting. */
const OLD_INSTANCES = 64;

/**
 * Which envelopes of a room are news. An instance's numbers rise; a newer instance ends the one before for good.
 * A page that was just opened knows of no older instance: until the members' group keys change with every join, a
 * server could show it an old envelope first, as it could show it none.
 */
export class ReplayGuard {
  readonly #members = new Map<string, { instance: string; n: number; old: string[] }>();

  /** Whether this one is news; then it is remembered. */
  take(member: string, instance: string, n: number): boolean {
    const known = this.#members.get(member);
    if (!known || (known.instance !== instance && !known.old.includes(instance))) {
      const old = known ? [...known.old, known.instance].slice(-OLD_INSTANCES) : [];
      this.#members.set(member, { instance, n, old });
      return true;
    }
    if (known.instance !== instance || n <= known.n) return false;
    known.n = n;
    return true;
  }
}

export interface Said {
  sender: string;
  to?: string | undefined;
  body: string;
}

/** An envelope out of `said`; null when it is not ours, was had before, or cannot be understood. */
export async function openEnvelope(
  key: CryptoKey,
  room: string,
  said: Said,
  guard: ReplayGuard,
): Promise<Envelope | null> {
  const value = await openJson(key, envelopeLabel(room, said.sender, said.to), said.body);
  if (!value) return null;
  const { v, from, instance, n } = value;
  if (from !== said.sender || typeof instance !== "string" || !bytesOf(instance, 8)) return null;
  if (!isCount(v) || !isCount(n) || n < 1) return null;
  if (!guard.take(said.sender, instance, n)) return null;
  const message = v === ENVELOPE_VERSION ? readMessage(value) : null;
  return message && { ...message, v, from: said.sender, instance, n };
}
