/** Reading and writing the wire's messages (docs/protocol.md section 3). */
import type { ClientMessage, JoinedMessage, Member, ServerMessage } from "./protocol_types";

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
  member_connection: true,
  member_gone: true,
  locked: true,
  group_changed: true,
  said: true,
  mls_registered: true,
  mls_abandoned: true,
  mls_offered: true,
  mls_committed: true,
  mls_welcomed: true,
  mls_rebase: true,
  mls_reopened: true,
  mls_caught_up: true,
  mls_must_rejoin: true,
  mls_ready: true,
  mls_refused: true,
  published: true,
  subscribe_offer: true,
  encodings_wanted: true,
  video_codec: true,
  tracks_held: true,
  media_lost: true,
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
  if (typeof message.type !== "string" || !Object.hasOwn(SERVER_TYPES, message.type)) return null;
  const known = message as ServerMessage;
  return known.type === "joined" && !canBegin(known) ? null : known;
}

/** Whether a call can begin with this welcome; what other messages lack shows when they are carried out, one by one. */
function canBegin({ rooms, member, knocks = [] }: Partial<JoinedMessage>): boolean {
  const members: unknown = rooms?.[0]?.members;
  if (typeof rooms?.[0]?.id !== "string" || !Array.isArray(members) || !Array.isArray(knocks)) return false;
  const seated = (one: Partial<Member> | null) => typeof one?.id === "string";
  return members.every(seated) && members.some(({ id }) => id === member) && knocks.every((one) => one?.id);
}

export function writeMessage(message: ClientMessage): string {
  return JSON.stringify(message);
}
