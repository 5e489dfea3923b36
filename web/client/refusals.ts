/** What the server's refusals mean for the person. */
import type { Problem } from "./model";
import type { ErrorCode, ErrorMessage } from "./protocol_types";

/** Refusals before the person is in, and the page that explains each. */
export const PROBLEMS: Partial<Record<ErrorCode, Problem>> = {
  unknown_group: "unknown-group",
  bad_proof: "foreign-link",
  meeting_full: "meeting-full",
  waiting_room_full: "waiting-room-full",
  meeting_locked: "meeting-locked",
  server_full: "server-full",
  rate_limited: "too-busy",
  bad_message: "version",
};

/** Refusals that pass by themselves: after a restart of the server all come back at once. */
export const BUSY: readonly ErrorCode[] = ["rate_limited", "server_full"];

const MODERATION: readonly string[] = ["decline", "lock", "end_meeting", "delete_group"];

/** The others are about what somebody else did meanwhile: the knock or the member is gone, and that was wanted. */
const WORTH_SAYING: readonly ErrorCode[] = ["meeting_full", "not_permitted", "rate_limited", "internal"];

/** Whether a facilitator should hear that what they pressed was not done. */
export function worthSaying({ about, code }: ErrorMessage): boolean {
  return MODERATION.includes(about ?? "") && WORTH_SAYING.includes(code);
}
