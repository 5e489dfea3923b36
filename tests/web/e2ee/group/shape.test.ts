import { expect, test } from "vitest";
import { toBase64url } from "../../../../web/client/base64url";
import { isJoined, isKnock, isWellFormed, tidy } from "../../../../web/client/e2ee/group/shape";
import type { GroupMessage } from "../../../../web/client/e2ee/worker_messages";
import type { JoinedMessage, Knock } from "../../../../web/client/protocol_types";

const room = "room-room";
const committed = { seq: 2, epoch: 0, sender: "ann-member", commit: "AAAA", after: 1 };
const good: GroupMessage[] = [
  { type: "said", room, seq: 1, epoch: 0, sender: "ann-member", n: 1, body: "AAAA", to: null },
  { type: "member_connection", room, member: "ann-member", connected: false },
  { type: "member_gone", room, gone: { member: "ann-member", reason: "left", leaving: null } },
  { type: "mls_registered", room, state: { group: "AAAA", epoch: 0, seq: 1 } },
  { type: "mls_abandoned", room },
  { type: "mls_offered", room, member: "ann-member", key_package: "AAAA", rejoin: "AAAA" },
  { type: "mls_committed", room, commit: committed },
  { type: "mls_welcomed", room, seq: 1, epoch: 1, sender: "ann-member", welcome: "AAAA" },
  { type: "mls_rebase", room, commits: [committed] },
  { type: "mls_reopened", room, seq: 3, void_from: 2, after: 1, epoch: 0, reports: [{ member: "a", statement: "b" }] },
  { type: "mls_caught_up", room, applied: 1, seq: 1, replayed_from: 1 },
  { type: "mls_must_rejoin", room, reason: "behind" },
  { type: "mls_ready", room, epoch: 1 },
  { type: "mls_refused", room, code: "stale", about: "say", n: 1 },
];

test.each(good)("$type has its shape", (message) => expect(isWellFormed(message)).toBe(true));

test.each(good)("$type without a field, or with junk in it, has not", (message) => {
  const optional = ["type", "room", "to", "n", "rejoin"];
  const unread = message.type === "mls_reopened" ? ["epoch"] : [];
  for (const name of Object.keys(message).filter((name) => ![...optional, ...unread].includes(name))) {
    for (const junk of [undefined, null, [null], [{}], Number.NaN, -1, 1.5]) {
      expect(isWellFormed({ ...message, [name]: junk } as GroupMessage), `${name} ${junk}`).toBe(false);
    }
  }
});

test("a type that nobody knows has no shape", () => {
  for (const type of ["hello", "toString", "__proto__", undefined]) {
    expect(isWellFormed({ type, room } as unknown as GroupMessage)).toBe(false);
  }
});

const junk = [undefined, null, 1.5, Number.NaN, "", [], {}, [null], [{}], [[]]];

test("what is told of a meeting has its shape, or has not", () => {
  const member = toBase64url(new Uint8Array(16));
  const members = [{ id: "ann-member", role: "participant" }];
  const rooms = [{ id: room, members, said_n: 0 }];
  const good = { type: "joined", member, meeting: "meeting-id", role: "participant", now: 5, rooms, token: "" };
  const told = (more: object) => isJoined({ ...good, ...more } as unknown as JoinedMessage);
  expect([told({}), told({ resumed: true }), told({ rooms: [] })]).toEqual([true, true, true]);
  for (const name of ["member", "meeting", "now", "rooms"]) {
    const bad = junk.filter(
      (value) =>
        !(name === "meeting" && value === "") &&
        !(name === "now" && value === 1.5) &&
        !(name === "rooms" && String(value) === ""),
    );
    for (const value of bad) expect(told({ [name]: value }), `${name} ${value}`).toBe(false);
  }
  expect(told({ member: "AAAA" })).toBe(false);
  for (const bad of [
    null,
    { id: 5, members },
    { id: room },
    { id: room, members: [null] },
    { id: room, members: [{}] },
  ]) {
    expect(told({ rooms: [bad] }), JSON.stringify(bad)).toBe(false);
  }
});

test("what is told of somebody at the door has its shape, or has not", () => {
  const good = { id: "ann-member", sealed: "AAAA", key_package: "AAAA", nonce: "AAAA", waiting_seconds: 0 };
  expect(isKnock(good)).toBe(true);
  for (const name of ["id", "sealed", "key_package", "nonce"]) {
    for (const value of junk.filter((one) => one !== "")) {
      expect(isKnock({ ...good, [name]: value } as unknown as Knock), `${name} ${value}`).toBe(false);
    }
  }
  expect(isKnock(null as unknown as Knock)).toBe(false);
});

test("a room keeps what is of its shape", () => {
  const state = { group: "AAAA", epoch: 0, seq: 1 };
  const gone = { member: "ann-member", reason: "left" as const };
  const whole = { id: room, members: [], said_n: 3, mls: state, gone: [gone] };
  expect(tidy(whole)).toEqual(whole);
  expect(tidy({ id: room, members: [], said_n: 3 })).toEqual({ ...whole, mls: null, gone: [] });
  const junk = { id: room, members: [], said_n: "3", mls: { ...state, seq: -1 }, gone: [null, gone, {}] };
  expect(tidy(junk as unknown as typeof whole)).toEqual({ ...whole, said_n: 0, mls: null });
});
