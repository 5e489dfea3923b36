// @vitest-environment happy-dom
/** "Check encryption": what the dialog shows in each state of a round, and what pressing does. */
import { describe, expect, it, vi } from "vitest";
import { check } from "./fake_model";
import { button, find, has, nameOf, press, settle, show } from "./page";

const dialog = () => document.querySelector("dialog");
const facts = () => [...(dialog()?.querySelectorAll(".facts li") ?? [])].map((one) => one.textContent);
const chip = "Encrypted, 1 not checked. Check encryption";

describe("the check of the encryption", () => {
  it("starts from More, tells calmly that it is under way, and then shows eight emoji by their names", async () => {
    const { calls, model } = await show("call-6");
    await press("More");
    await press("Check encryption");
    expect(calls).toEqual(["startCheck"]);
    expect(dialog()?.querySelector('[role="status"]')?.textContent).toMatch(/The eight emoji appear in a few seconds/);
    expect(has("ol", "Emoji")).toBe(false);
    const view = model.encryption.value;
    model.encryption.value = { ...view, check: view.check && { ...view.check, state: "revealing" } };
    await settle();
    expect(dialog()?.querySelector('[role="status"]')?.textContent).toMatch(/^All shares are here/);
    model.encryption.value = { ...view, check: check({ startedBy: "Jo", took: ["Jo", "Marta"], silent: ["Lindiwe"] }) };
    await settle();
    const list = dialog()?.querySelector("ol, ul");
    expect(list && nameOf(list)).toBe("Emoji");
    expect(dialog()?.querySelector('[role="status"]')?.textContent).toBe(
      "The eight emoji are here. Somebody reads them aloud.",
    );
    const items = [...(list?.children ?? [])];
    expect(items.length).toBe(8);
    expect(items.map((item) => item.querySelector("span")?.getAttribute("aria-hidden"))).toEqual(Array(8).fill("true"));
    expect(items.map((item) => item.lastChild?.textContent)).toContain("Elephant");
    expect(items.map((item) => item.lastChild?.textContent).filter((name) => name === "Apple").length).toBe(2);
  });

  it("writes thirty digits one by one, in groups of five", async () => {
    await show("call-check");
    await press(chip);
    const groups = [...document.querySelectorAll(".digits span")].map((one) => one.textContent?.trim());
    expect(groups).toEqual(Array(3).fill(["0 1 2 3 4", "5 6 7 8 9"]).flat());
  });

  it("says whom it speaks for, who was silent, who is checked or not, and since when the keys are what they are", async () => {
    const { model } = await show("call-check");
    await press(chip);
    expect(facts()).toEqual([
      "This check speaks for Marta, Ben, Quiet Heron, and Chi. Marking it covers exactly them.",
      "No answer from Lindiwe yet. Without one this check cannot speak for Lindiwe.",
      "Checked: Marta, Ben, Quiet Heron, and Chi. That stays valid when keys change.",
      "Not checked yet: Lindiwe.",
      expect.stringMatching(/^New keys since 7:14\sPM, because somebody joined: Lindiwe\.$/),
    ]);
    model.encryption.value = { ...model.encryption.value, since: { at: new Date(), kind: "renewed", names: [] } };
    await settle();
    expect(facts().at(-1)).toMatch(/They are renewed every few minutes\.$/);
    const at = new Date(2026, 10, 19, 19, 14);
    model.encryption.value = { ...model.encryption.value, since: { at, kind: "entered", names: ["Ana"] } };
    await settle();
    expect(facts().at(-1)).toMatch(/^New keys since 7:14\sPM, because you came in\.$/);
  });

  it("counts those whose names have not arrived among the silent, the checked and the unchecked", async () => {
    const { model } = await show("call-check-nameless");
    await press("Encrypted, 2 not checked. Check encryption");
    expect(facts()).toEqual([
      "This check speaks for Marta, Ben, Quiet Heron, and Chi. Marking it covers exactly them.",
      "No answer from Lindiwe and somebody new yet. Without one this check cannot speak for Lindiwe and somebody new.",
      "Checked: Marta, Ben, Quiet Heron, and Chi. That stays valid when keys change.",
      "Not checked yet: Lindiwe and somebody new.",
      expect.stringMatching(/because somebody joined: Lindiwe and somebody new\.$/),
    ]);
    const { value } = model.encryption;
    model.encryption.value = {
      ...value,
      check: check({ took: [null], silent: [null, null] }),
      checkedNames: [null],
      uncheckedNames: [null, null],
    };
    await settle();
    expect(facts().slice(0, 4)).toEqual([
      "This check speaks for somebody new. Marking it covers exactly them.",
      "No answer from 2 new people yet. Without one this check cannot speak for 2 new people.",
      "Checked: somebody new. That stays valid when keys change.",
      "Not checked yet: 2 new people.",
    ]);
  });

  it("shows a result that stands and starts no other one", async () => {
    const { calls } = await show("call-check");
    await press(chip);
    expect(has("ol", "Emoji")).toBe(true);
    expect(document.activeElement).toBe(button("Close"));
    await press("Close");
    expect(dialog()).toBeNull();
    expect(document.activeElement).toBe(button(chip));
    expect(calls).toEqual([]);
  });

  it("is marked with one press, which the shields then show", async () => {
    const { calls } = await show("call-check");
    await press(chip);
    await press("Mark as checked");
    expect(calls).toEqual(["markChecked"]);
    expect(dialog()).toBeNull();
    await press("Encrypted and checked. Check encryption");
    expect(facts()[0]).toBe("You marked these as checked.Check again");
    expect(has("button", "Mark as checked")).toBe(false);
    await press("Check again");
    expect(calls).toEqual(["markChecked", "startCheck"]);
  });

  it("is started anew where somebody came or went, or where it did not come through", async () => {
    const { calls } = await show("call-check-outdated");
    await press(chip);
    expect(calls).toEqual(["startCheck"]);
    await press("Close");
    const failing = await show("call-check-not-through");
    await press(chip);
    expect(dialog()?.querySelector('[role="status"]')?.textContent).toMatch(/^This check did not come through/);
    await press("Check again");
    expect(failing.calls).toEqual(["startCheck", "startCheck"]);
  });

  it("that did not come through says in one breath who is to be asked, and that it is nobody's fault", async () => {
    const { model } = await show("call-check-not-through");
    const said = () => dialog()?.querySelector('[role="status"]')?.textContent;
    await press(chip);
    const sentence =
      "This check did not come through. Perhaps somebody came or went, or a device did not answer. " +
      "Please check again; if it never works, tell a facilitator.";
    const by = (names: string) =>
      `${sentence} Something was missing from ${names}. Often it is only a slow connection.`;
    expect(said()).toBe(by("Lindiwe"));
    const fail = async (silent: (string | null)[]) => {
      const failed = check({ state: "failed", emoji: null, digits: null, at: null, silent });
      model.encryption.value = { ...model.encryption.value, check: failed };
      await settle();
    };
    await fail(["Marta", null]);
    expect(said()).toBe(by("Marta and somebody new"));
    await fail([]);
    expect(said()).toBe(sentence);
  });

  it("that has become old while it is looked at says so, and can still be marked", async () => {
    const { model } = await show("call-check");
    await press(chip);
    model.encryption.value = { ...model.encryption.value, check: check({ outdated: true, took: ["Marta"] }) };
    await settle();
    expect(facts()[0]).toBe("Somebody came or went since. For those who are here now, check again.Check again");
    expect(button("Mark as checked")).toBeTruthy();
  });

  it("waits for keys", async () => {
    await show("call-6", ({ model }) => {
      model.encryption.value = { ...model.encryption.value, ready: false };
    });
    await press("Keys are on their way. Check encryption");
    expect(dialog()?.querySelector('[role="status"]')?.textContent).toMatch(/^The keys are on their way/);
  });

  it("explains what to do when they do not match, and leads back, to another check, or out", async () => {
    const { calls } = await show("call-check");
    await press(chip);
    await press("They do not match");
    expect(find("dialog h2", "When they do not match")).toBeTruthy();
    expect(document.querySelectorAll("dialog .steps li").length).toBe(4);
    expect(document.activeElement).toBe(button("Back to the emoji"));
    await press("Back to the emoji");
    expect(has("ol", "Emoji")).toBe(true);
    await press("They do not match");
    await press("Check again");
    expect(find("dialog h2", "Check encryption")).toBeTruthy();
    expect(calls).toEqual(["startCheck"]);
    await press("Close");
    const other = await show("call-check");
    await press(chip);
    await press("They do not match");
    document.querySelector<HTMLElement>("dialog .button-danger")?.click();
    expect(other.calls).toEqual(["leave"]);
  });
});

describe("a check that somebody else started", () => {
  const notice = () => document.querySelector(".notices")?.textContent ?? "";
  const region = () => document.querySelector('[data-region="polite"]')?.textContent;

  it("is told to everybody, opens for nobody by itself, and can be opened or put aside", async () => {
    const { calls, model } = await show("call-6");
    model.encryption.value = { ...model.encryption.value, check: check({ state: "gathering", emoji: null, at: null }) };
    await settle();
    expect(dialog()).toBeNull();
    expect(notice()).toContain("Marta started a check of the encryption.");
    await vi.advanceTimersByTimeAsync(3000);
    expect(region()).toBe("Marta started a check of the encryption. It takes a minute.");
    await press("Not now");
    expect(notice()).toBe("");
    const { value } = model.encryption;
    model.encryption.value = { ...value, check: check() };
    await settle();
    expect(notice()).toBe("");
    model.encryption.value = {
      ...value,
      check: check({ state: "gathering", startedBy: "Ben", emoji: null, at: null }),
    };
    await settle();
    expect(notice()).toContain("Ben started");
    await press("Open the check");
    expect(find("dialog h2", "Check encryption")).toBeTruthy();
    expect(notice()).toBe("");
    expect(calls).toEqual([]);
  });

  it("is not told to who started it", async () => {
    await show("call-6", ({ actions }) => actions.startCheck());
    expect(notice()).toBe("");
  });
});
