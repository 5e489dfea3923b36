import { expect, test } from "vitest";
import { LinkHolder } from "../../../web/client/link_holder";
import { Door, parseLink } from "../../../web/client/links";
import { freshTab, Memory } from "../../../web/client/memory";
import vectors from "../../vectors/links.json";
import { FakeStorage } from "./fakes";

const [example] = vectors.cases;
const links = example?.links as Record<"participant" | "facilitator" | "organiser", string>;

async function hold(link: string, copies = true) {
  const [copied, announced]: [string[], string[]] = [[], []];
  const tabs = new Memory(new FakeStorage(), null);
  const tab = freshTab(parseLink(link).group, link.split("#")[1] as string);
  const holder = new LinkHolder({
    door: await Door.of(parseLink(link)),
    base: example?.input.public_url as string,
    memory: tabs,
    tab,
    copy: async (text) => copies && copied.push(text) > 0,
    announce: ({ kind }) => announced.push(kind),
  });
  return { holder, copied, announced, kept: () => tabs.load(tab.group)?.fragment };
}

test("everybody passes on what their link contains, and is told that it was copied", async () => {
  const { holder, copied, announced } = await hold(links.participant);
  expect([await holder.copyLink("participant"), await holder.copyLink("this")]).toEqual([true, true]);
  expect([await holder.copyLink("facilitator"), await holder.copyFacilitatorLink(1)]).toEqual([false, false]);
  expect([copied, announced]).toEqual([
    [links.participant, links.participant],
    ["copied", "copied"],
  ]);
  const organiser = await hold(links.organiser);
  expect(await organiser.holder.copyFacilitatorLink(1)).toBe(true);
  expect(organiser.copied).toEqual([links.facilitator]);
});

test("a browser that does not copy is not said to have copied", async () => {
  const { holder, announced } = await hold(links.facilitator, false);
  expect([await holder.copyLink("this"), announced]).toEqual([false, []]);
});

test("changed links are the ones that are passed on, and that a reload finds", async () => {
  const { holder, copied, kept } = await hold(links.organiser);
  const changed = await Door.of({ ...parseLink(links.organiser), roomSecret: new Uint8Array(16) });
  await holder.change(changed);
  await holder.copyLink("this");
  expect([holder.door, parseLink(copied[0] as string).roomSecret]).toEqual([changed, new Uint8Array(16)]);
  expect(copied[0]).toBe(`${links.organiser.split("#")[0]}#${kept()}`);
});
