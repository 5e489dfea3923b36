import { expect, test } from "vitest";
import { isWellFormed, tidy } from "../../../../web/client/e2ee/group/shape";
import type { GroupMessage } from "../../../../web/client/e2ee/worker_messages";

const room = "room-room";
const committed = { seq: 2, epoch: 0, sender: "ann-member", commit: "AAAA", after: 1 };
const good: GroupMessage[] = [
  { type: "said", room, seq: 1, epoch: 0, sender: "ann-member", n: 1, body: "AAAA", to: null },
  { type: "member_connection", room, member: "ann-member", connected: false },
  { type: "member_gone", room, gone: { member: "ann-member", reason: "left", leaving: null } },
  { type: "mls_registered", room, state: { group: "AAAA", epoch: 0, seq: 1 } },
  { type: "mls_abandoned", room },
  { type: "mls_offered", room, member: "ann-member", key_package: "AAAA", rejoin: { leaf: 1, signature: "AAAA" } },
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

test("a room keeps what is of its shape", () => {
  const state = { group: "AAAA", epoch: 0, seq: 1 };
  const gone = { member: "ann-member", reason: "left" as const };
  const whole = { id: room, members: [], said_n: 3, mls: state, gone: [gone] };
  expect(tidy(whole)).toEqual(whole);
  expect(tidy({ id: room, members: [], said_n: 3 })).toEqual({ ...whole, mls: null, gone: [] });
  const junk = { id: room, members: [], said_n: "3", mls: { ...state, seq: -1 }, gone: [null, gone, {}] };
  expect(tidy(junk as unknown as typeof whole)).toEqual({ ...whole, said_n: 0, mls: null });
});
