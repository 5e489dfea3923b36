// @vitest-environment happy-dom
/** Sharing one's own screen: where it is offered, what comes of it, how it ends. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Fake } from "./fake_model";
import { member, screen } from "./fake_model";
import { button, has, press, settle, show } from "./page";

const note = () => document.querySelector('aside [role="status"]')?.textContent;

function browserCan(): void {
  vi.stubGlobal("navigator", { mediaDevices: { getDisplayMedia: () => undefined } });
}
afterEach(() => void vi.unstubAllGlobals());

async function more(prepare?: (fake: Fake) => void): Promise<Fake> {
  browserCan();
  const fake = await show("call-6", prepare);
  await press("More");
  return fake;
}

describe("Share screen", () => {
  it("is not offered where the browser cannot", async () => {
    vi.stubGlobal("navigator", {});
    await show("call-6");
    await press("More");
    expect(has("button", "Share screen")).toBe(false);
  });

  it("becomes Stop sharing, in More and in the line above the stage, never both at once", async () => {
    const { calls } = await more();
    await press("Share screen");
    expect(calls).toEqual(["shareScreen"]);
    expect(note()).toBe("");
    expect(document.querySelector(".notices")?.textContent).toContain("You are sharing your screen.");
    expect(button("Stop sharing").closest("aside")).not.toBeNull();
    await press("Close More");
    expect(button("Stop sharing").closest(".notices")).not.toBeNull();
    await press("Stop sharing");
    expect(calls).toEqual(["shareScreen", "stopSharing"]);
    expect(document.querySelector(".notices")?.textContent).toBe("");
  });

  it("shows one's own screen small, and not on the stage", async () => {
    await show("call-sharing", ({ model }) => {
      model.screens.value = model.screens.value.map((one) => ({ ...one, stream: new MediaStream() }));
    });
    expect(document.querySelectorAll(".notices video.own-screen").length).toBe(1);
    expect(document.querySelectorAll(".stage [data-screen]").length).toBe(0);
    expect(document.querySelector(".front")).toBeNull();
  });

  it("says who shares already", async () => {
    await more((fake) => {
      fake.sharing = "busy";
      fake.model.screens.value = [screen(member(1, "Ben"))];
    });
    await press("Share screen");
    expect(note()).toMatch(/^Ben is sharing a screen\. One at a time/);
    expect(has("button", "Stop sharing")).toBe(false);
  });

  it("says what may be wrong where nothing was chosen or nothing can be", async () => {
    const fake = await more((one) => {
      one.sharing = "refused";
    });
    await press("Share screen");
    expect(note()).toMatch(/^Nothing is shared\./);
    fake.sharing = "busy";
    await press("Share screen");
    expect(note()).toMatch(/^Somebody else began to share a moment before you\./);
    fake.sharing = "unsupported";
    await press("Share screen");
    expect(note()).toMatch(/^This browser cannot share a screen\./);
    await settle();
  });
});
