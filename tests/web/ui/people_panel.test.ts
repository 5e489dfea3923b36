// @vitest-environment happy-dom
/** Who waits, whose hand is up, who is here: what each role may do about it, and what shields say. */
import { describe, expect, it, vi } from "vitest";
import { button, find, has, nameOf, press, settle, show } from "./page";

describe("people", () => {
  it("lets a facilitator admit, decline, mute, remove, end", async () => {
    const { calls } = await show("call-people");
    await press("People");
    expect(button("People").getAttribute("aria-describedby")).toBe("people-count");
    expect(document.getElementById("people-count")?.textContent).toBe("3 waiting");
    await press("Admit Quiet Heron");
    await press("Decline Birch");
    await press("Mute Lindiwe");
    await press("Mute everyone");
    await press("Remove Lindiwe");
    expect(find("dialog h2", "Remove Lindiwe?")).toBeTruthy();
    expect(document.activeElement).toBe(button("Cancel"));
    await press("Remove");
    await press("End meeting for everyone");
    expect(find("dialog h2", "End meeting for everyone?")).toBeTruthy();
    await press("Cancel");
    await press("Copy participant link");
    expect(calls).toEqual([
      "admit(knock-1)",
      "decline(knock-2)",
      "mute(member-2)",
      "muteEveryone",
      "remove(member-2)",
      "copyLink(participant)",
    ]);
    expect(document.body.textContent).toContain("Ben let Tomasz in");
    expect(document.body.textContent).not.toContain("Admit Somebody");
  });

  it("shows hands in order, and since when where it was seen", async () => {
    const { model } = await show("call-6");
    model.members.value = model.members.value.map((one) => (one.self ? { ...one, hand: 3 } : one));
    await settle();
    await press("People");
    const lines = () => [...document.querySelectorAll("aside ol li .who")].map((who) => who.textContent);
    expect(lines()).toEqual(["Quiet Heron", "JoYou, Raised just now"]);
    await vi.advanceTimersByTimeAsync(140_000);
    expect(lines().at(-1)).toBe("JoYou, Raised 2 minutes ago");
  });

  it("admits everybody with one press", async () => {
    const { calls } = await show("call-people");
    await press("People");
    await press("Admit all");
    expect(calls).toEqual(["admitAll"]);
  });

  it("shows participants who is here, and nothing to press about it", async () => {
    await show("call-6");
    await press("People");
    const labels = [...document.querySelectorAll("aside button")].map(nameOf);
    expect(labels.filter((label) => !/'s shield: /.test(label))).toEqual(["Close People"]);
    expect(labels.length).toBe(7);
    expect(has('[role="img"]', "Ben is muted")).toBe(true);
  });

  it("lets a facilitator share the role and take it back", async () => {
    const { calls } = await show("call-6", ({ model }) => {
      model.role.value = "facilitator";
      model.members.value = model.members.value.map((one) => (one.self ? { ...one, role: "facilitator" } : one));
    });
    await press("People");
    await press("Make Quiet Heron co-facilitator");
    expect(document.body.textContent).toContain("Quiet HeronCo-facilitator, Camera off");
    await press("Withdraw co-facilitator role from Quiet Heron");
    expect(calls).toEqual(["setCoFacilitator(member-3, true)", "setCoFacilitator(member-3, false)"]);
    expect(has("button", "Make Marta co-facilitator")).toBe(false);
    expect(has("button", "Make Jo co-facilitator")).toBe(false);
  });

  it("lets a co-facilitator admit, decline, mute and remove participants, and no more", async () => {
    await show("call-co-facilitator", ({ model }) => {
      model.members.value = model.members.value.map((one) => ({ ...one, muted: false }));
    });
    await press("People");
    const labels = [...document.querySelectorAll("aside button")].map(nameOf);
    expect(labels.filter((label) => !/'s shield: /.test(label))).toEqual([
      "Close People",
      "Admit all",
      "Decline Quiet Heron",
      "Admit Quiet Heron",
      "Decline Birch",
      "Admit Birch",
      "Decline Somebody",
      "Mute Lindiwe",
      "Remove Lindiwe",
      "Mute Quiet Heron",
      "Remove Quiet Heron",
      "Mute everyone",
    ]);
    await press("More");
    expect(has("button", "Unlock meeting")).toBe(false);
  });

  it("explains each shield in a sentence", async () => {
    await show("call-14");
    await press("People");
    const sentence = () => document.querySelector(".explanation")?.textContent;
    await press("Lindiwe's shield: encryption not checked yet");
    expect(sentence()).toMatch(/^Encrypted\. The eight emoji were not compared with Lindiwe yet/);
    await press("Lindiwe's shield: encryption not checked yet");
    expect(sentence()).toBeUndefined();
    await press("Ana's shield: waiting for the key");
    expect(sentence()).toMatch(/^Ana's key is on its way/);
    await press("Ana's shield: waiting for the key");
    await press("Birch's shield: key does not fit");
    expect(sentence()).toMatch(/^Birch's key does not fit/);
    await press("Birch's shield: key does not fit");
    document.querySelector<HTMLElement>(".person:last-child .face-button")?.click();
    await settle();
    expect(sentence()).toMatch(/^Your own voice and picture/);
  });

  it("never offers to remove a facilitator or oneself", async () => {
    await show("call-people");
    await press("People");
    expect(has("button", "Remove Ben")).toBe(false);
    expect(has("button", "Remove Marta")).toBe(false);
    expect(has("button", "Mute Marta")).toBe(false);
  });
});
