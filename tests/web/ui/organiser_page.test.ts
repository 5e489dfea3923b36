// @vitest-environment happy-dom
/** The organiser's page: facilitators' links one by one, all links at once, and what the server does not take. */
import { describe, expect, it } from "vitest";
import type { FacilitatorLink } from "../../../web/client/model";
import { link } from "./fake_model";
import { button, find, has, nameOf, press, settle, show } from "./page";

const only = (...facilitators: FacilitatorLink[]) =>
  show("organiser", ({ model }) => {
    model.screen.value = { name: "organiser", meetingRunning: false, deleted: false, outdated: false, facilitators };
  });
/** The buttons share their name, and say by their description which link they are about. */
const revokes = () =>
  [...document.querySelectorAll<HTMLElement>(".link-row button")].filter((one) => nameOf(one) === "Revoke");
async function pressRevoke(number: number): Promise<void> {
  const about = (one: HTMLElement) =>
    document.getElementById(one.getAttribute("aria-describedby") as string)?.textContent;
  revokes()
    .find((one) => about(one) === `Facilitator link ${number}`)
    ?.click();
  await settle();
}
const rows = () => [...document.querySelectorAll(".link-row .top")].map((row) => row.textContent);

describe("facilitators' links", () => {
  it("are told apart by their numbers and say how long they are good", async () => {
    const { calls } = await show("organiser");
    expect(rows()).toEqual([
      "Facilitator link 1Good until October 3, 2027",
      "Facilitator link 2Runs out on October 3, 2027",
      "Facilitator link 3Ran out on October 3, 2027",
      "Facilitator link 4Revoked",
    ]);
    await press("Copy facilitator link 2");
    await press("Renew facilitator link 3");
    expect(calls).toEqual(["copyFacilitatorLink(2)", "renew(serial-3)"]);
    const labels = [...document.querySelectorAll(".link-row button")].map(nameOf);
    expect(labels.some((label) => label.endsWith("4"))).toBe(false);
    expect(revokes()).toHaveLength(3);
    const said = [...document.querySelectorAll('.link-row [role="status"]')].map((one) => one.textContent);
    expect(said).toEqual(["", "", "Renewed. The link stays the same."]);
  });

  it("need no number while there is one", async () => {
    const { calls } = await only(link(1));
    await press("Copy facilitator link");
    expect(calls).toEqual(["copyFacilitatorLink(1)"]);
  });

  it("grow by one press", async () => {
    const { calls } = await show("organiser");
    await press("Add a facilitator");
    expect(calls).toEqual(["addFacilitator"]);
    expect(document.body.textContent).toContain("A new link is in the list. Give it to one person.");
  });

  it("are revoked after a question that says what a server could still do", async () => {
    const { calls } = await show("organiser");
    await pressRevoke(2);
    expect(find("dialog h2", "Revoke facilitator link 2?")).toBeTruthy();
    expect(document.querySelector("dialog")?.textContent).toContain("keep the link alive until October 3, 2027");
    expect(document.querySelector("dialog")?.textContent).not.toContain("the only one that works");
    expect(document.activeElement).toBe(button("Cancel"));
    await press("Cancel");
    expect(calls).toEqual([]);
    await pressRevoke(2);
    document.querySelector<HTMLElement>("dialog .button-danger")?.click();
    await settle();
    expect(calls).toEqual(["revoke(serial-2)"]);
    expect(document.querySelector("dialog")).toBeNull();
  });

  it("warn before the last one goes", async () => {
    await only(link(1, { state: "revoked" }), link(2));
    await pressRevoke(2);
    expect(document.querySelector("dialog")?.textContent).toContain("It is the only one that works.");
  });
});

describe("changing all links", () => {
  const confirm = async () => {
    document.querySelector<HTMLElement>("dialog .button-danger")?.click();
    await settle();
  };
  const leaving = () => {
    const event = new Event("beforeunload", { cancelable: true });
    dispatchEvent(event);
    return event.defaultPrevented;
  };

  it("explains itself, and then asks to keep one's own new link until that was copied", async () => {
    const { calls } = await show("organiser");
    await press("Change all links");
    expect(document.querySelector("dialog")?.textContent).toContain("A meeting is running now.");
    await confirm();
    expect(document.querySelector("dialog")).toBeNull();
    expect(document.activeElement?.textContent).toBe("The links are new, yours too");
    expect(leaving()).toBe(true);
    await press("Copy your new organiser link");
    expect(leaving()).toBe(false);
    expect(calls).toEqual(["changeLinks", "copyLink(this)"]);
    expect(has("button", "Copy your new organiser link")).toBe(true);
  });

  it("is what an outdated link leaves to its holder, who gives the group its name anew", async () => {
    const { calls } = await show("organiser-outdated");
    expect(document.body.textContent).toContain("This page's link is an older one");
    for (const dead of ["Copy participant link", "Copy facilitator link 2", "Add a facilitator"]) {
      expect(has("button", dead), dead).toBe(false);
    }
    await press("Change all links");
    const field = document.querySelector<HTMLInputElement>("dialog input");
    expect(field?.labels?.[0]?.textContent).toBe("Name of the group");
    if (field) field.value = " Thursday circle ";
    field?.dispatchEvent(new Event("input", { bubbles: true }));
    await settle();
    await confirm();
    expect(calls).toEqual(["changeLinks(Thursday circle)"]);
    expect(document.body.textContent).not.toContain("This page's link is an older one");
    for (const alive of ["Copy participant link", "Copy facilitator link 2", "Add a facilitator"]) {
      expect(has("button", alive), alive).toBe(true);
    }
  });

  it("says so where the server did not take it, and can be asked again", async () => {
    let taken = false;
    const { calls } = await show("organiser", (fake) => {
      fake.answer = () => Promise.resolve(taken);
    });
    await press("Change all links");
    await confirm();
    expect(document.querySelector('dialog [role="alert"]')?.textContent).toMatch(/did not take that/);
    expect(has("button", "Copy your new organiser link")).toBe(false);
    taken = true;
    await confirm();
    expect(calls).toEqual(["changeLinks", "changeLinks"]);
    expect(button("Copy your new organiser link")).toBeTruthy();
  });

  it("asks one thing at a time, and tells of the new link even if the question was closed meanwhile", async () => {
    let answer = (_: boolean) => {};
    const { calls } = await show("organiser", (fake) => {
      fake.answer = () =>
        new Promise((resolve) => {
          answer = resolve;
        });
    });
    await press("Change all links");
    await confirm();
    await confirm();
    expect(calls).toEqual(["changeLinks"]);
    await press("Cancel");
    await press("Delete this group");
    answer(true);
    await settle();
    expect(find("dialog h2", "Delete this group?")).toBeTruthy();
    expect(button("Copy your new organiser link")).toBeTruthy();
  });
});
