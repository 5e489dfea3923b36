import { beforeEach, expect, test } from "vitest";
import type { GroupAnswer, GroupProblem } from "../../../web/client/boot";
import { GroupKeeper } from "../../../web/client/group_keeper";
import { Door, parseLink } from "../../../web/client/links";
import certificates from "../../vectors/certificates.json";
import vectors from "../../vectors/links.json";

const [example] = vectors.cases;
const links = example?.links as { participant: string; facilitator: string };
const FIRST: GroupAnswer = {
  root_key: example?.root_key as string,
  profile: "p",
  certificates: ["c1"],
  revocations: null,
};

let answers: (GroupAnswer | GroupProblem | Promise<GroupAnswer>)[];
beforeEach(() => {
  answers = [];
});

const keeper = async (link: string) =>
  new GroupKeeper({
    door: await Door.of(parseLink(link)),
    group: FIRST,
    outdated: false,
    screens: "one",
    tab: "tab",
    fetch: async () => answers.shift() ?? "unreachable",
  });

test("a participant acts without a role key, a facilitator with the link's", async () => {
  const { identity } = await keeper(links.participant);
  expect(identity).toMatchObject({ roleSeed: null, certificates: ["c1"], revocations: null, tab: "tab" });
  expect((await keeper(links.facilitator)).identity.roleSeed).toEqual(parseLink(links.facilitator).seed);
});

test("what is read again counts from then on; what cannot be had or is another organiser's does not", async () => {
  const one = await keeper(links.participant);
  const next = { ...FIRST, certificates: ["c2"], revocations: "r" };
  answers = ["unreachable", { ...next, root_key: example?.door_key as string }, next];
  expect([await one.refresh(), await one.refresh()]).toEqual([null, null]);
  expect(one.identity.certificates).toEqual(["c1"]);
  expect(await one.refresh()).toEqual(next);
  expect(one.identity).toMatchObject({ certificates: ["c2"], revocations: "r" });
});

test("a key is certified by what the server keeps now, and by nothing that is no certificate", async () => {
  const one = await keeper(links.facilitator);
  const [first] = certificates.certificates;
  const key = first?.input.role_key as string;
  expect(one.certifies(key)).toBe(false);
  answers = [{ ...FIRST, certificates: ["", "junk", first?.encoded as string] }];
  await one.refresh();
  expect([one.certifies(key), one.certifies(example?.door_key as string), one.certifies("")]).toEqual([
    true,
    false,
    false,
  ]);
});

test("a profile under another secret means that the links were changed; a server may also take that back", async () => {
  const one = await keeper(links.participant);
  answers = [{ ...FIRST, profile: "AQ" }, "unreachable", { ...FIRST, profile: example?.sealed_profile as string }];
  const outdated: boolean[] = [];
  for (let n = 0; n < 3; n++) {
    await one.refresh();
    outdated.push(one.outdated);
  }
  expect(outdated).toEqual([true, true, false]);
});

test("an answer that a later question overtook is dropped", async () => {
  const one = await keeper(links.participant);
  let late: (answer: GroupAnswer) => void = () => undefined;
  answers = [new Promise((resolve) => (late = resolve)), { ...FIRST, certificates: ["newest"] }];
  const first = one.refresh();
  await one.refresh();
  late({ ...FIRST, certificates: ["old"] });
  expect(await first).toBeNull();
  expect(one.identity.certificates).toEqual(["newest"]);
});

test("how many may share their screens is known from the profile that could be opened last", async () => {
  const one = await keeper(links.participant);
  const door = await Door.of(parseLink(links.participant));
  const many = (await door.forServer({ title: "Circle", screens: "many" })).profile;
  answers = [
    { ...FIRST, profile: many },
    { ...FIRST, profile: "AQ" },
  ];
  expect(one.screens).toBe("one");
  for (let n = 0; n < 2; n++) {
    await one.refresh();
    expect(one.screens).toBe("many");
  }
});
