import { expect, test } from "vitest";
import type { LinkHolder } from "../../../web/client/link_holder";
import type { Organiser } from "../../../web/client/organiser";
import { organiserActions } from "../../../web/client/organiser_actions";

const links = { copyFacilitatorLink: async (number: number) => number === 1 } as LinkHolder;

test("on the organiser's page each action is the organiser's, with its answer", async () => {
  const asked: string[] = [];
  const note = async (what: string, answer: boolean) => asked.push(what) > 0 && answer;
  const organiser = {
    addFacilitator: () => note("add", true),
    revoke: (serial: string) => note(`revoke ${serial}`, false),
    renew: (serial: string) => note(`renew ${serial}`, true),
    changeLinks: (title?: string) => note(`change ${title}`, true),
  } as Organiser;
  const actions = organiserActions(organiser, links);
  expect([
    await actions.addFacilitator(),
    await actions.revoke("s1"),
    await actions.renew("s1"),
    await actions.changeLinks("Thursday circle"),
    await actions.changeLinks(),
    await actions.copyFacilitatorLink(1),
    await actions.copyFacilitatorLink(2),
  ]).toEqual([true, false, true, true, true, true, false]);
  expect(asked).toEqual(["add", "revoke s1", "renew s1", "change Thursday circle", "change undefined"]);
});

test("elsewhere nothing of it is done, and said not to be", async () => {
  const actions = organiserActions(null, links);
  expect(
    await Promise.all([actions.addFacilitator(), actions.revoke("s"), actions.renew("s"), actions.changeLinks()]),
  ).toEqual([false, false, false, false]);
});
