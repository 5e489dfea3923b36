/** What the server's refusals mean for the person. */
import type { Problem, Role } from "./model";
import type { ErrorCode, ErrorMessage } from "./protocol_types";

/** Refusals before the person is in, and the page that explains each. */
const PROBLEMS: Partial<Record<ErrorCode, Problem>> = {
  unknown_group: "unknown-group",
  bad_proof: "foreign-link",
  meeting_full: "meeting-full",
  waiting_room_full: "waiting-room-full",
  meeting_locked: "meeting-locked",
  server_full: "server-full",
  rate_limited: "too-busy",
  bad_message: "version",
};

/**
 * The page that explains a refusal before the person is in; undefined where a later attempt may succeed. `certified`: the
 * server keeps a certificate for the key that was proved.
 */
export function problemOf(code: ErrorCode, role: Role, certified: boolean): Problem | undefined {
  // The page made sure that group and link have one root key: what does not fit is a role key that was withdrawn, or that
  // nobody ever signed (a character of the link is wrong), or a participant link's room secret that was changed.
  if (code === "bad_proof" && role === "participant") return "links-changed";
  if (code === "bad_proof" && role === "facilitator") return certified ? "certificate-revoked" : "certificate-missing";
  return PROBLEMS[code];
}

/** Refusals that pass by themselves: after a restart of the server all come back at once. */
export const BUSY: readonly ErrorCode[] = ["rate_limited", "server_full"];

const MODERATION: readonly string[] = ["decline", "lock", "end_meeting", "delete_group"];

/** The others are about what somebody else did meanwhile: the knock or the member is gone, and that was wanted. */
const WORTH_SAYING: readonly ErrorCode[] = ["meeting_full", "not_permitted", "rate_limited", "internal"];

/** Whether a facilitator should hear that what they pressed was not done. */
export function worthSaying({ about, code }: ErrorMessage): boolean {
  return MODERATION.includes(about ?? "") && WORTH_SAYING.includes(code);
}
