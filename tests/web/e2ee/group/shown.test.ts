/** What the page is shown, and when it is told. */
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { adopted, type Held, judged } from "../../../../web/client/e2ee/group/held";
import { INCIDENT_SECONDS, Shown } from "../../../../web/client/e2ee/group/shown";
import type { RoundView } from "../../../../web/client/e2ee/group/verification";
import { addAndCommit, emptyCommit } from "../../../../web/client/e2ee/mls/adapter";
import { encodeStatements, rejoinStatement } from "../../../../web/client/e2ee/mls/statements";
import type { FromWorker } from "../../../../web/client/e2ee/worker_messages";
import { facilitator, MEETING, type Member, meeting, NOW, PSK, someone } from "../mls/world";
import { at, held, idOf, link } from "./circle";

let ana: Held;
let [, ben]: Member[] = [];
let told: FromWorker[];
let wall: number;
let shown: Shown;
beforeAll(async () => {
  const members = await meeting(await facilitator("ana"), [await someone("ben"), await someone("chi")]);
  [, ben] = members;
  ana = await held(members[0] as Member);
});
beforeEach(() => {
  [told, wall] = [[], 1000];
  shown = new Shown(
    "room-room",
    (message) => told.push(message),
    () => wall,
  );
});

const views = () => told.flatMap((message) => (message.type === "group" ? [message.view] : []));
const round = (changes: Partial<RoundView> = {}): RoundView => ({
  round: "round",
  startedBy: idOf("ana"),
  state: "done",
  epoch: 1,
  emoji: [1],
  digits: "1",
  took: [idOf("ana"), idOf("ben")],
  silent: [idOf("chi")],
  ...changes,
});
const checked = (of: Held) =>
  shown
    .people(of)
    .filter((person) => person.checked)
    .map(({ member }) => member);

async function change(pending: Awaited<ReturnType<typeof emptyCommit>>) {
  const prepared = await judged(ana, pending, link, at(0));
  if (!prepared) throw new Error("refused");
  return adopted(ana, prepared, link, at(0));
}

test("people are told with their roles, and stay the last known ones while out", () => {
  shown.group(null);
  expect(told).toEqual([]);
  shown.entered(ana, "founded");
  shown.group(ana);
  shown.group(null);
  expect(views().map(({ state }) => state)).toEqual(["in", "out"]);
  expect(views()[1]?.people).toEqual(views()[0]?.people);
  expect(views()[0]?.people.map(({ role, self }) => [role, self])).toEqual([
    ["facilitator", true],
    ["participant", false],
    ["participant", false],
  ]);
  expect(views()[0]?.changes).toEqual([{ kind: "founded", members: [idOf("ana")], by: idOf("ana"), at: 1000 }]);
});

test("a newcomer is told since when, and that it is because of them", () => {
  shown.entered(ana, "joined");
  shown.group(ana);
  expect(views()[0]?.changes).toEqual([{ kind: "joined", members: [idOf("ana")], by: null, at: 1000 }]);
});

test("why the keys are others is told, and not any more once it is void", async () => {
  const renewed = await change(await emptyCommit(ana.group));
  expect(shown.advanced(renewed, () => false)).toBe(false);
  shown.group(renewed.after);
  expect(
    views()
      .at(-1)
      ?.changes.map(({ kind }) => kind),
  ).toEqual(["renewed"]);
  shown.wentBack(ana);
  shown.group(ana);
  expect(views().at(-1)?.changes).toEqual([]);
});

test("who took part in a check that is done is checked by a click on that very round, and nobody else", () => {
  shown.check(ana, round({ state: "revealing" }));
  expect(shown.markChecked("round", ana)).toBe(false);
  shown.check(ana, round());
  expect(shown.markChecked("another", ana)).toBe(false);
  expect(checked(ana)).toEqual([idOf("ana")]);
  wall = 2000;
  expect(shown.markChecked("round", ana)).toBe(true);
  expect(checked(ana)).toEqual([idOf("ana"), idOf("ben")]);
  expect(told.at(-1)).toMatchObject({ type: "group" });
  expect(told.at(-2)).toMatchObject({ type: "check", view: { marked: true, at: 1000 } });
  // Told again, with the time of the result and the mark.
  shown.check(ana, round());
  expect(told.at(-1)).toMatchObject({ type: "check", view: { marked: true, at: 1000 } });
});

test("whoever came back between a check and the click is checked, and stays so", async () => {
  if (!ben) throw new Error("no Ben");
  shown.check(ana, round());
  const again = await someone("ben");
  const statement = rejoinStatement(MEETING, ben.who.key.publicKey, again.own.ref);
  const rejoins = [{ leaf: 1, ref: again.own.ref, signature: await ben.who.rejoin.sign(statement) }];
  const authenticatedData = encodeStatements({ leavings: [], rejoins, grants: null });
  const options = { replaced: [1], authenticatedData };
  const back = await change(await addAndCommit(ana.group, [again.own.message], await PSK, NOW, options));
  expect(shown.advanced(back, () => false)).toBe(false);
  expect(shown.markChecked("round", back.after)).toBe(true);
  expect(checked(back.after)).toEqual([idOf("ana"), idOf("ben")]);
  expect(shown.checked).toContainEqual(again.key.publicKey);
  const anew = new Shown(
    "room-room",
    () => undefined,
    () => 0,
  );
  anew.remember([ben.who.key.publicKey]);
  expect(anew.advanced(back, () => false)).toBe(true);
});

describe("incidents", () => {
  const refused = (by: string | null, reason = "bad-founding") => ({ kind: "forged-commit" as const, by, reason });
  const incidents = () => told.flatMap((message) => (message.type === "incident" ? [message.incident] : []));

  test("that go on are told once a minute, whatever the reason", () => {
    for (let now = 0; now < 2 * INCIDENT_SECONDS; now += 5) shown.incident(refused(null, `reason ${now}`), now);
    expect(incidents()).toEqual([refused(null, "reason 0"), refused(null, "reason 60")]);
  });

  test("of another kind or by somebody else are told at once", () => {
    const all = [
      refused(null),
      refused("ben"),
      refused("chi"),
      { kind: "forged-request" as const, by: "ben" },
      { kind: "forged-knock" as const },
    ];
    for (const one of [...all, ...all]) shown.incident(one, 7);
    expect(incidents()).toEqual(all);
  });

  test("are told anew in another epoch, and not because somebody is out for a while", async () => {
    shown.group(ana);
    shown.incident(refused("ben"), 1);
    shown.group(null);
    shown.incident(refused("ben"), 2);
    shown.group(ana);
    shown.incident(refused("ben"), 3);
    expect(incidents()).toHaveLength(1);
    const { after } = await change(await emptyCommit(ana.group));
    shown.group(after);
    shown.incident(refused("ben"), 4);
    expect(incidents()).toHaveLength(2);
  });
});

test("troubles are told when they change", () => {
  shown.troubles([]);
  expect(told).toEqual([]);
  shown.troubles([{ kind: "rejoining" }]);
  shown.troubles([{ kind: "rejoining" }]);
  shown.troubles([]);
  expect(told.map((message) => message.type === "troubles" && message.troubles.length)).toEqual([1, 0]);
});
