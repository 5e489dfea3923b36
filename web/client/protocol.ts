/** Reading and writing the wire's messages (docs/protocol.md section 3). */
import type { ClientMessage, ServerMessage } from "./protocol_types";

/** Every type that this page understands; an object keyed by the union so that a new message cannot be forgotten here. */
const SERVER_TYPES: Record<ServerMessage["type"], true> = {
  challenge: true,
  waiting: true,
  door: true,
  declined: true,
  joined: true,
  organiser_ready: true,
  pong: true,
  removed: true,
  ended: true,
  taken_over: true,
  restarting: true,
  error: true,
  knocked: true,
  knock_gone: true,
  member_joined: true,
  member_back: true,
  member_lost: true,
  member_left: true,
  muted: true,
  said: true,
  published: true,
  subscribe_offer: true,
};

/** One message of the server, or null for what this page does not understand: an older page passes over newer messages. */
export function readMessage(data: unknown): ServerMessage | null {
  if (typeof data !== "string") return null;
  let message: unknown;
  try {
    message = JSON.parse(data);
  } catch {
    return null;
  }
  if (typeof message !== "object" || message === null || !("type" in message)) return null;
  return typeof message.type === "string" && Object.hasOwn(SERVER_TYPES, message.type)
    ? (message as ServerMessage)
    : null;
}

export function writeMessage(message: ClientMessage): string {
  return JSON.stringify(message);
}
