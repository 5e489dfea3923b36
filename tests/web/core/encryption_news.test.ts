import { beforeEach, expect, test } from "vitest";
import type { CheckView } from "../../../web/client/e2ee/worker_messages";
import { EncryptionNews } from "../../../web/client/encryption_news";
import type { Announcement } from "../../../web/client/model";

let announced: Announcement[];
let news: EncryptionNews;

beforeEach(() => {
  announced = [];
  news = new EncryptionNews({
    announce: (announcement) => announced.push(announcement),
    nameOf: (member) => (member === "ghost" ? null : member.toUpperCase()),
  });
});

const check = (round: string, state: CheckView["state"]) =>
  ({ round, state, startedBy: "ben", took: [], silent: [] }) as unknown as CheckView;

test("a round that is done is told once, the next one again, a failed one not", () => {
  for (const [round, state] of [
    ["one", "gathering"],
    ["one", "revealing"],
    ["one", "done"],
    ["one", "done"],
    ["two", "gathering"],
    ["two", "failed"],
    ["three", "done"],
  ] as const)
    news.checked(check(round, state));
  expect(announced.map((one) => one.kind)).toEqual(["check-done", "check-done"]);
  expect(news.check?.round).toBe("three");
});

test("a trouble is told when it begins, when it reaches further people, and when it is over", () => {
  const silent = (...members: string[]) => ({ kind: "facilitator-silent", members }) as const;
  news.troubled([silent("ben")]);
  news.troubled([silent("ben")]);
  news.troubled([silent("ben", "cem"), { kind: "keys-disagree" }]);
  news.troubled([silent("cem"), { kind: "keys-disagree" }]);
  news.troubled([]);
  news.troubled([]);
  expect(announced).toEqual([
    { urgency: "polite", kind: "trouble", trouble: "facilitator-silent", names: ["BEN"] },
    { urgency: "polite", kind: "trouble", trouble: "facilitator-silent", names: ["BEN", "CEM"] },
    { urgency: "assertive", kind: "trouble", trouble: "keys-disagree", names: [] },
    { urgency: "polite", kind: "trouble-over", trouble: "facilitator-silent" },
    { urgency: "polite", kind: "trouble-over", trouble: "keys-disagree" },
  ]);
});

test("a trouble counts whose name has not arrived", () => {
  news.troubled([{ kind: "facilitator-silent", members: ["ben", "ghost"] }]);
  expect(announced).toMatchObject([{ kind: "trouble", names: ["BEN", null] }]);
});

test("an incident names who did it, if it was somebody in the room", () => {
  news.happened({ kind: "forged-request", by: "ben" });
  news.happened({ kind: "forged-commit", by: null, reason: "sender" });
  news.happened({ kind: "forged-request", by: "ghost" });
  news.happened({ kind: "forged-knock" });
  expect(announced.map((one) => one.kind === "incident" && [one.incident, one.name])).toEqual([
    ["forged-request", "BEN"],
    ["forged-commit", null],
    ["forged-request", null],
    ["forged-knock", null],
  ]);
});
