// @vitest-environment happy-dom
/** What pressing and typing does outside a call, and what all screens share. How it looks is for tests/browser/test_ui_screens.py. */
import { describe, expect, it, vi } from "vitest";
import { STORAGE_KEY } from "../../../web/client/ui/preferences";
import { button, nameOf, press, settle, show, unmount } from "./page";

describe("before joining", () => {
  const boxes = () => [...document.querySelectorAll<HTMLInputElement>('input[type="checkbox"]')];

  it("asks for the whole agreement first, then for a name, and opens devices only after the agreement", async () => {
    const { calls } = await show("before");
    expect(
      boxes().every((box) => box.closest("fieldset")?.querySelector("legend")?.textContent === "Group agreement"),
    ).toBe(true);
    await press("Ask to join");
    expect(calls).toEqual([]);
    expect(document.activeElement).toBe(boxes()[0]);
    expect(document.querySelectorAll('[role="alert"]').length).toBe(1);
    for (const box of boxes()) box.click();
    await settle();
    expect(calls).toEqual(["agree"]);
    expect(document.querySelector('[role="alert"]')).toBeNull();
    await press("Ask to join");
    expect(document.querySelector('[role="alert"]')?.textContent).toBe("Please choose a name. Any name will do.");
    const field = document.querySelector<HTMLInputElement>("input.input");
    expect(document.activeElement).toBe(field);
    if (field) field.value = "Sam";
    field?.dispatchEvent(new Event("input", { bubbles: true }));
    await settle();
    await press("Ask to join");
    expect(calls).toEqual(["agree", "aboutToAsk", "askToJoin(Sam)"]);
  });

  it("says that the press was taken until the server answers, and when it does not", async () => {
    const { model } = await show("before");
    const line = () => [...document.querySelectorAll('[role="status"]')].map((one) => one.textContent).join(" ");
    expect(line()).toContain("A facilitator sees your name and lets you in.");
    model.connection.value = "connecting";
    await settle();
    expect(line()).toContain("Connecting…");
    model.connection.value = "reconnecting";
    await settle();
    expect(line()).toContain("The server does not answer yet. Trying again");
  });

  it("lets a facilitator join at once, and anybody without devices", async () => {
    const { calls } = await show("before-facilitator");
    expect(button("Join meeting")).toBeTruthy();
    await press("Continue without camera or microphone");
    expect(calls).toEqual(["continueWithoutDevices"]);
  });

  it("explains each closed device and tries again", async () => {
    const { calls } = await show("before-facilitator");
    await press("Try again: microphone");
    expect(calls).toEqual(["retryDevice(microphone)"]);
    await press("How to open the camera");
    expect(nameOf(document.querySelector("dialog h2") as Element)).toBe("The browser keeps the camera closed");
    expect(document.activeElement).toBe(button("Continue without camera"));
    await press("Continue without camera");
    expect(document.querySelector("dialog")).toBeNull();
    expect(document.activeElement).toBe(button("How to open the camera"));
  });

  it("suggests a name, another one each time", async () => {
    await show("before");
    const value = () => document.querySelector<HTMLInputElement>("input.input")?.value;
    await press("Suggest a name");
    const first = value();
    expect(first).toMatch(/^\w+ \w+$/);
    await press("Suggest a name");
    expect(value()).not.toBe(first);
  });
});

describe("waiting", () => {
  it("says so, stills the shape, and stops", async () => {
    const { calls } = await show("waiting");
    expect(document.querySelector('[role="status"]')?.textContent).toMatch(/^Waiting to be let in/);
    await press("Still the shape");
    expect(document.querySelector(".breath")?.hasAttribute("data-paused")).toBe(true);
    await press("Let the shape move");
    await press("Stop waiting");
    expect(calls).toEqual(["stopWaiting"]);
  });

  it("tells when one may ask again, and asks then", async () => {
    const { calls } = await show("declined");
    await press("Ask again");
    expect(calls).toEqual([]);
    expect(document.querySelector('[role="status"]')?.textContent).toBe("You can ask again in about 60 seconds.");
    await vi.advanceTimersByTimeAsync(61_000);
    await press("Ask again");
    expect(calls).toEqual(["rejoin"]);
  });

  it("takes the focus to the heading of each later page", async () => {
    const { model } = await show("waiting");
    expect(document.activeElement).toBe(document.body);
    model.screen.value = { name: "left", reason: "removed" };
    await settle();
    expect(document.activeElement?.textContent).toBe("You are no longer in this meeting");
  });

  it("keeps open what the first press on a new page opened, be the press ever so early", async () => {
    const { model } = await show("waiting");
    model.screen.value = { name: "call" };
    // The page is there, its first frame is not painted yet.
    await vi.waitFor(() => button("Chat"), { interval: 0 });
    button("Chat").click();
    await settle();
    expect(button("Chat").getAttribute("aria-expanded")).toBe("true");
  });
});

describe("more", () => {
  const radio = (name: string) =>
    [...document.querySelectorAll<HTMLInputElement>('input[type="radio"]')].find(
      (one) => one.parentElement?.textContent === name,
    );

  it("shows dark until something else is chosen, then changes the appearance and remembers it", async () => {
    await show("call-6");
    const page = document.documentElement;
    expect(page.dataset["theme"]).toBeUndefined();
    await press("More");
    expect(radio("Dark")?.checked).toBe(true);
    radio("High contrast")?.click();
    await settle();
    expect(page.dataset["theme"]).toBe("contrast");
    expect(JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "{}").theme).toBe("contrast");
    unmount();
    await show("waiting");
    expect(page.dataset["theme"]).toBe("contrast");
  });

  it("follows the device only when that is chosen", async () => {
    await show("call-6");
    await press("More");
    radio("Like my device")?.click();
    await settle();
    expect(document.documentElement.dataset["theme"]).toBe("auto");
  });

  it("shows high contrast to whoever asks the device for more of it, and has chosen nothing", async () => {
    vi.stubGlobal("matchMedia", (query: string) => ({ matches: query === "(prefers-contrast: more)" }));
    await show("call-6");
    await press("More");
    vi.unstubAllGlobals();
    expect(document.documentElement.dataset["theme"]).toBeUndefined();
    expect(radio("High contrast")?.checked).toBe(true);
  });

  it("names the devices that are in use, even where none was chosen or the chosen one is not there", async () => {
    const choices = [
      { id: "a", label: "Headset" },
      { id: "default", label: "Default" },
    ];
    const chosen = (id: string) => ({ state: "on" as const, choices, chosen: id });
    await show("call-6", ({ model }) => {
      model.devices.speaker.value = chosen("");
      model.devices.microphone.value = chosen("unplugged");
      model.devices.camera.value = { ...chosen(""), choices: choices.slice(0, 1) };
    });
    await press("More");
    const shown = [...document.querySelectorAll("select")].map((select) => select.selectedOptions[0]?.textContent);
    expect(shown).toEqual(["Default", "Headset", "Default"]);
  });

  it("takes no other value from storage", async () => {
    localStorage.setItem(STORAGE_KEY, '{"theme":"<b>","hideSelf":1,"knockSound":"no"}');
    await show("call-6");
    expect(document.documentElement.dataset["theme"]).toBeUndefined();
    localStorage.setItem(STORAGE_KEY, "not json");
    unmount();
    await show("call-6");
    expect(document.querySelector(".call")).not.toBeNull();
  });
});

describe("live regions", () => {
  const region = (name: string) => document.querySelector(`[data-region="${name}"]`)?.textContent;

  it("speak politely after three seconds, assertively at once, and repeat equal words audibly", async () => {
    const { announce } = await show("call-6");
    announce({ urgency: "polite", kind: "joined", name: "Ana" });
    announce({ urgency: "assertive", kind: "mic-off" });
    await settle();
    expect(region("assertive")).toBe("Your microphone is off. Nobody hears you.");
    expect(region("polite")).toBe("");
    await vi.advanceTimersByTimeAsync(3000);
    expect(region("polite")).toBe("Ana joined.");
    announce({ urgency: "assertive", kind: "mic-off" });
    await settle();
    expect(region("assertive")).toBe("Your microphone is off. Nobody hears you.\u00a0");
  });

  it("keep nothing of a meeting that is over, neither said nor still to be said", async () => {
    const { announce, model } = await show("call-6");
    announce({ urgency: "polite", kind: "chat", name: "Marta", text: "between us" });
    await vi.advanceTimersByTimeAsync(3000);
    expect(region("polite")).toBe("Marta: between us");
    announce({ urgency: "polite", kind: "chat", name: "Marta", text: "and this" });
    model.screen.value = { name: "left", reason: "removed" };
    await settle();
    expect(region("polite")).toBe("");
    await vi.advanceTimersByTimeAsync(5000);
    expect(document.body.textContent).not.toMatch(/between us|and this/);
  });

  it("tell of devices and networks that begin to fail, but not of what stands there from the start", async () => {
    const { model } = await show("before-facilitator");
    await vi.advanceTimersByTimeAsync(5000);
    expect(region("polite")).toBe("");
    const { camera, microphone } = model.devices;
    camera.value = { ...camera.value, state: "missing" };
    microphone.value = { ...microphone.value, state: "asking" };
    await vi.advanceTimersByTimeAsync(5000);
    expect(region("polite")).toBe("No camera found. You are just as welcome without a picture.");
    model.connection.value = "media-blocked";
    await vi.advanceTimersByTimeAsync(5000);
    expect(region("polite")).toContain("Your network lets this page through");
  });

  it("stand outside the pages: a change of page does not empty them", async () => {
    const { announce, model } = await show("waiting");
    announce({ urgency: "assertive", kind: "admitted" });
    model.screen.value = { name: "call" };
    await settle();
    expect(region("assertive")).toBe("You are in the meeting.");
  });
});

describe("the organiser's page", () => {
  it("copies the participants' link and deletes only after a question", async () => {
    const { calls } = await show("organiser");
    await press("Copy participant link");
    await press("Delete this group");
    await press("Cancel");
    await press("Delete this group");
    await press("Delete group");
    expect(calls).toEqual(["copyLink(participant)", "deleteGroup"]);
  });
});

describe("pages on which nothing goes on", () => {
  it("say of a wrong clock what it is, and let it be tried again", async () => {
    const { calls } = await show("problem-clock");
    expect(document.querySelector("h1")?.textContent).toBe("Your device's clock is wrong");
    await press("Try again");
    expect(calls).toEqual(["reload"]);
  });

  it("send whoever holds a link that was withdrawn to the organiser, with nothing to press in vain", async () => {
    await show("problem-certificate-revoked");
    expect(document.body.textContent).toContain("Ask the organiser for a new one.");
    expect([...document.querySelectorAll("main button")]).toEqual([]);
  });

  it.each([
    ["cut-off", "no facilitator signed that"],
    ["ended-unsigned", "but no facilitator signed that"],
    ["faulty", "The server says that the others could not accept"],
    ["no-facilitator", "No facilitator was here for a while"],
  ])("say of an ending what is known of it, what can be done, and let people rejoin: %s", async (reason, words) => {
    const { calls } = await show(`left-${reason}`);
    expect(document.querySelector(".lead")?.textContent).toContain(words);
    expect(document.querySelectorAll(".ending > p:not(.note)").length).toBe(1);
    await press("Rejoin");
    expect(calls).toEqual(["rejoin"]);
  });
});
