/**
 * Whether a message of the server has the fields that it should have (docs/protocol.md, section 3). What they hold is
 * judged where it is used; a message that is not of its shape is passed over.
 */
import { bytesOf } from "../../base64url";
import type { Gone, JoinedMessage, Knock, MlsState, RoomState } from "../../protocol_types";
import { ID_BYTES } from "../mls/credentials";
import type { GroupMessage } from "../worker_messages";

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === "string";
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const flag: Check = (value) => typeof value === "boolean";
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || value === null || check(value);
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const fields =
  (checks: Record<string, Check>): Check =>
  (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.entries(checks).every(([name, check]) => check((value as Record<string, unknown>)[name]));

const gone = fields({ member: text, reason: text, leaving: maybe(text) });
const state = fields({ group: text, epoch: count, seq: count });
const committed = fields({ seq: count, epoch: count, sender: text, commit: text, after: count });

const SHAPES: Record<GroupMessage["type"], Check> = {
  said: fields({ seq: count, epoch: count, sender: text, n: count, body: text, to: maybe(text) }),
  member_connection: fields({ member: text, connected: flag }),
  member_gone: fields({ gone }),
  mls_registered: fields({ state }),
  mls_abandoned: fields({}),
  mls_offered: fields({ member: text, key_package: text, rejoin: maybe(text) }),
  mls_committed: fields({ commit: committed }),
  mls_welcomed: fields({ seq: count, epoch: count, sender: text, welcome: text }),
  mls_rebase: fields({ commits: list(committed) }),
  mls_reopened: fields({
    seq: count,
    void_from: count,
    after: count,
    reports: list(fields({ member: text, statement: text })),
  }),
  mls_caught_up: fields({ applied: count, seq: count, replayed_from: count }),
  mls_must_rejoin: fields({ reason: text }),
  mls_ready: fields({ epoch: count }),
  mls_refused: fields({ code: text, about: text, n: maybe(count) }),
};

export function isWellFormed(message: GroupMessage): boolean {
  return Object.hasOwn(SHAPES, message.type) && SHAPES[message.type](message);
}

/** For one's own id, which goes into a credential. */
const id: Check = (value) => bytesOf(value, ID_BYTES) !== null;
const room = fields({ id: text, members: list(fields({ id: text, connected: maybe(flag) })) });
const joined = fields({ member: id, meeting: text, now: Number.isFinite, resumed: maybe(flag), rooms: list(room) });

/** Rooms may have more that is not of its shape: `tidy` leaves it out. */
export function isJoined(message: JoinedMessage): boolean {
  return joined(message);
}

const knock = fields({ id: text, sealed: text, key_package: text, nonce: text });

export function isKnock(value: Knock): boolean {
  return knock(value);
}

/** What a room is like, without what is not of its shape. */
export function tidy(room: RoomState): RoomState & { mls: MlsState | null; gone: Gone[] } {
  return {
    ...room,
    said_n: count(room.said_n) ? room.said_n : 0,
    mls: room.mls && state(room.mls) ? room.mls : null,
    gone: Array.isArray(room.gone) ? room.gone.filter(gone) : [],
  };
}
