/** Which of the server's messages are the group's, and go to the worker that holds its keys. */
import type { GroupMessage } from "./e2ee/worker_messages";
import type { ServerMessage } from "./protocol_types";

const TYPES: Record<GroupMessage["type"], true> = {
  said: true,
  member_connection: true,
  member_gone: true,
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
};

export function isGroupMessage(message: ServerMessage): message is GroupMessage {
  return Object.hasOwn(TYPES, message.type);
}
