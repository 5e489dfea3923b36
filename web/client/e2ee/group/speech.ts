/**
 * What is said in a room, as MLS application messages: sealed under one's own leaf, and believed only as far as the leaf
 * that signed it may say it (docs/protocol.md, section 4).
 */
import { type Bytes, fromBase64url, toBase64url } from "../../base64url";
import { type Message, readEnvelope, writeEnvelope } from "../envelope";
import { openApplication, sealApplication } from "../mls/adapter";
import { MlsError } from "../mls/messages";
import type { Person } from "../mls/policy";
import { type Held, memberOf, roleOf, self } from "./held";

/** Leaf keys whose numbers are remembered; a meeting with that many sessions begins to forget the first. */
const MAX_KEYS = 4096;

export interface Heard {
  /** The state with the message's key used up: it opens once. */
  readonly held: Held;
  readonly sender: Person;
  /** Null for what is not for oneself, was heard before, or is unknown to this version. */
  readonly message: Message | null;
  /** The sender's role does not allow it. */
  readonly forged: boolean;
}

/** Throws RangeError when it is too long for the largest size class. */
export async function seal(
  held: Held,
  n: number,
  to: string | null,
  message: Message,
): Promise<{ held: Held; body: string }> {
  const sealed = await sealApplication(held.group, writeEnvelope(n, to, message));
  return { held: { ...held, group: sealed.group }, body: toBase64url(sealed.message) };
}

export class Ear {
  /** The last number of each leaf key. */
  readonly #heard = new Map<string, number>();

  /** Null for what was not sealed by a member in this very epoch: the state stays as it was. */
  async open(held: Held, body: string): Promise<Heard | null> {
    let bytes: Bytes;
    try {
      bytes = fromBase64url(body);
    } catch {
      return null;
    }
    try {
      // The server takes a message in its epoch only, and hands it on in order: a later one was held back.
      const opened = await openApplication(held.group, bytes);
      const sender = held.people.find(({ leaf }) => leaf === opened.sender.leaf);
      if (!sender || sender === self(held)) return null;
      const after = { ...held, group: opened.group };
      const envelope = readEnvelope(opened.content);
      const isNew = envelope !== null && this.#rises(sender.key, envelope.n);
      const own = memberOf(self(held));
      const forMe = isNew && (envelope.to === null || envelope.to === own);
      const message = forMe ? envelope.message : null;
      const allowed = message === null || maySay(held, sender, message);
      // Whose certificate was revoked a moment ago may not know it yet, and asks for nothing by a heartbeat.
      const late = message?.type === "heartbeat" && sender.credential.authority !== null;
      const forged = !allowed && !late;
      return { held: after, sender, message: !allowed || spares(held, message) ? null : message, forged };
    } catch (error) {
      if (error instanceof MlsError) return null;
      throw error;
    }
  }

  #rises(key: Bytes, n: number): boolean {
    const name = toBase64url(key);
    if (n <= (this.#heard.get(name) ?? 0)) return false;
    this.#heard.delete(name);
    this.#heard.set(name, n);
    for (const oldest of this.#heard.keys()) {
      if (this.#heard.size <= MAX_KEYS) break;
      this.#heard.delete(oldest);
    }
    return true;
  }
}

function maySay(held: Held, sender: Person, message: Message): boolean {
  const role = roleOf(held, sender);
  switch (message.type) {
    case "mute":
      return role !== "participant";
    case "lower_hand":
    case "locked":
    case "end":
    case "heartbeat":
      return role === "facilitator";
    default:
      return true;
  }
}

/** Facilitators are not muted by anybody. */
function spares(held: Held, message: Message | null): boolean {
  return message?.type === "mute" && message.member === memberOf(self(held)) && self(held).facilitator;
}
