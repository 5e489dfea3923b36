import { expect, test, vi } from "vitest";
import { fetchGroup, openLink, persistently } from "../../../web/client/boot";
import { freshTab, Memory } from "../../../web/client/memory";
import vectors from "../../vectors/links.json";
import { FakeStorage } from "./fakes";

const links = vectors.cases[0]?.links as { participant: string; facilitator: string };
const LINK = links.participant;
const [PAGE = "", FRAGMENT = ""] = LINK.split("#");
const GROUP = PAGE.split("/g/")[1] ?? "";

const memoryWith = (fragment?: string) => {
  const memory = new Memory(new FakeStorage(), new FakeStorage());
  if (fragment !== undefined) memory.save({ ...freshTab(GROUP, fragment), name: "Ana", token: "token" });
  return memory;
};

test("a link is read from the address", () => {
  const opened = openLink(LINK, memoryWith());
  expect(opened).toMatchObject({
    link: { role: "participant", group: GROUP },
    tab: { fragment: FRAGMENT, token: null },
  });
});

test("after a reload it is read from the tab's memory, with the way back into the session", () => {
  expect(openLink(PAGE, memoryWith(FRAGMENT))).toMatchObject({ tab: { name: "Ana", token: "token" } });
});

test("the same link opened again in the tab goes on with the session", () => {
  expect(openLink(LINK, memoryWith(FRAGMENT))).toMatchObject({ tab: { token: "token" } });
});

test("Data saver is as it was chosen in the last meeting; nothing else of it is", () => {
  const memory = memoryWith();
  memory.rememberDataSaver(true);
  const network = { dataSaver: true, audioOnly: false, relayOnly: false };
  expect(openLink(LINK, memory)).toMatchObject({ tab: { network } });
});

test("another link in the same tab begins anew", () => {
  const other = links.facilitator;
  expect(openLink(other, memoryWith(FRAGMENT))).toMatchObject({
    link: { role: "facilitator" },
    tab: { name: "", token: null },
  });
});

test("without a secret, or with a damaged one, the page says which", () => {
  expect(openLink(PAGE, memoryWith())).toBe("no-secret");
  expect(openLink(LINK.slice(0, -3), memoryWith())).toBe("damaged-link");
  expect(openLink("https://meet.example.org/", memoryWith())).toBe("damaged-link");
});

const KEPT = { root_key: "k", profile: "p", certificates: ["c"], revocations: "r" };
const answer = (status: number, body: unknown = {}) =>
  vi.fn(async () => new Response(JSON.stringify(body), { status })) as unknown as typeof fetch;

test.each([
  [404, {}, "unknown-group"],
  [429, {}, "too-busy"],
  [500, {}, "unreachable"],
  [200, {}, "unreachable"],
  [200, null, "unreachable"],
  [200, { ...KEPT, certificates: "c" }, "unreachable"],
  [200, { ...KEPT, certificates: [7] }, "unreachable"],
  [200, { ...KEPT, revocations: 7 }, "unreachable"],
  [200, { ...KEPT, revocations: undefined }, "unreachable"],
  [200, { ...KEPT, later: "field" }, KEPT],
  [200, { ...KEPT, revocations: null }, { ...KEPT, revocations: null }],
])("an answer %i %j means %j", async (status, body, meaning) => {
  expect(await fetchGroup("https://meet.example.org", GROUP, answer(status, body))).toEqual(meaning);
});

test("no network means unreachable", async () => {
  const get = vi.fn(async () => Promise.reject(new TypeError("network")));
  expect(await fetchGroup("https://meet.example.org", GROUP, get)).toBe("unreachable");
});

test("what could not be fetched is asked for three times in all", async () => {
  vi.useFakeTimers();
  const tried = vi.fn<() => Promise<string>>();
  tried.mockRejectedValueOnce(new TypeError("no network")).mockResolvedValueOnce("words");
  const second = persistently(tried);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await second).toBe("words");
  const never = vi.fn(() => Promise.reject(new TypeError("no network")));
  const given = expect(persistently(never)).rejects.toThrow("no network");
  await vi.advanceTimersByTimeAsync(60_000);
  await given;
  expect(never).toHaveBeenCalledTimes(3);
  vi.useRealTimers();
});
