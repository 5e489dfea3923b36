/** One commit out of what is to be done, such that everybody accepts it. */
import { beforeAll, expect, test } from "vitest";
import { Builder, type Item } from "../../../../web/client/e2ee/group/builder";
import { adopted, type Held, roleOf } from "../../../../web/client/e2ee/group/held";
import { facilitator, type Member, meeting, type Someone, someone, YEAR } from "../mls/world";
import { at, held, idOf, link } from "./circle";

let [ana, ben]: [Member, Member] = [] as unknown as [Member, Member];
let [hers, his]: [Held, Held] = [] as unknown as [Held, Held];
let late: Someone;
beforeAll(async () => {
  const others = [await someone("ben"), await someone("chi")];
  [ana, ben] = (await meeting(await facilitator("ana"), others)) as [Member, Member];
  [hers, his] = [await held(ana), await held(ben)];
  late = await facilitator("late");
});

const builder = ({ who }: Member, state: Held) => new Builder(link, state, who.key, at(0));
const admit = (who: Someone): Item => ({ wish: `admit ${who.name}`, at: 0, add: who.own.message });
const remove = (leaf: number): Item => ({ wish: `remove ${leaf}`, at: 0, remove: leaf });

test("many things go in one commit", async () => {
  const items = [admit(await someone("dee")), admit(await someone("eve")), remove(1)];
  const { built, refused } = await builder(ana, hers).build(items);
  expect(refused).toEqual([]);
  expect(built?.items).toEqual(items);
  expect(built?.prepared.view.proposals.map(({ type }) => type)).toEqual(["remove", "add", "add", "psk"]);
  expect(built?.prepared.view.path).not.toBeNull();
  expect(built?.coFacilitators).toBeNull();
});

test("nothing but new keys is a commit too", async () => {
  const { built } = await builder(ana, hers).build([{ wish: "renew", at: 0 }]);
  expect(built?.prepared.view).toMatchObject({ proposals: [], path: {} });
});

test("what cannot be committed is found, and the first that can stands alone", async () => {
  const expired = await someone("old", { now: Date.now() / 1000 - YEAR });
  const junk: Item = { wish: "admit junk", at: 0, add: new Uint8Array(9) };
  const good = admit(await someone("dee"));
  const { built, refused } = await builder(ana, hers).build([junk, admit(expired), good, admit(await someone("eve"))]);
  expect(refused.map(({ wish }) => wish)).toEqual(["admit junk", "admit old"]);
  expect(built?.items).toEqual([good]);
});

test("what others would refuse is not made", async () => {
  expect(await builder(ben, his).build([remove(0)])).toEqual({ built: null, refused: [remove(0)] });
  const knocking = admit(await someone("dee"));
  const { built, refused } = await builder(ben, his).build([knocking, admit(late)]);
  expect(refused).toEqual([knocking]);
  expect(built?.prepared.view.proposals.map(({ type }) => type)).toEqual(["add", "psk"]);
});

test("a grant names all who have the role from then on, and nobody who goes", async () => {
  const grant = (name: string, leaf: number, granted = true): Item => {
    const key = hers.people.find((person) => person.leaf === leaf)?.credential.rejoinKey as Uint8Array<ArrayBuffer>;
    return { wish: `grant ${name}`, at: 0, grant: { key, granted } };
  };
  const { built } = await builder(ana, hers).build([grant("ben", 1), grant("chi", 2)]);
  if (!built) throw new Error("refused");
  expect([...(built.coFacilitators ?? [])].sort()).toEqual([idOf("ben"), idOf("chi")].sort());
  const { after } = await adopted(hers, built.prepared, link, at(0));
  expect(after.people.map((person) => roleOf(after, person))).toEqual([
    "facilitator",
    "co_facilitator",
    "co_facilitator",
  ]);
  const next = await builder(ana, after).build([grant("ben", 1, false), remove(2)]);
  expect(next.built?.coFacilitators).toEqual([]);
  expect(next.built?.prepared.verdict.grants?.keys).toEqual([]);
});
