// @vitest-environment happy-dom
/** Choices about the network in More, and the one calm line about one's own connection. */
import { describe, expect, it, vi } from "vitest";
import { button, has, press, settle, show } from "./page";

const notices = () => [...document.querySelectorAll(".notices p")].map((line) => line.textContent);
const noteOf = (name: string) =>
  document.getElementById(button(name).getAttribute("aria-describedby") ?? "")?.textContent ?? "";

describe("the switches in More", () => {
  it("are named by their labels alone, and described by what they do", async () => {
    const { calls } = await show("call-6", ({ model }) => {
      model.relayAvailable.value = true;
    });
    await press("More");
    for (const name of ["Data saver", "Audio only", "Relay only"]) {
      expect(button(name).getAttribute("role")).toBe("switch");
      expect(button(name).getAttribute("aria-checked")).toBe("false");
      await press(name);
      expect(button(name).getAttribute("aria-checked")).toBe("true");
    }
    expect(calls).toEqual([
      'setNetwork({"dataSaver":true})',
      'setNetwork({"audioOnly":true})',
      'setNetwork({"relayOnly":true})',
    ]);
    expect(noteOf("Audio only")).toBe("You see no pictures, and your camera turns off. Sound stays as it is.");
    expect(noteOf("Relay only")).toContain("whoever hosts the server always sees an internet address");
  });

  it("keep Relay only out of use, and say why, where there is no relay", async () => {
    const { calls, model } = await show("call-6");
    await press("More");
    expect(button("Relay only").getAttribute("aria-disabled")).toBe("true");
    expect(noteOf("Relay only")).toContain("This server has no relay.");
    await press("Relay only");
    expect(calls).toEqual([]);
    model.network.value = { ...model.network.value, relayOnly: true };
    await settle();
    await press("Relay only");
    expect(calls).toEqual(['setNetwork({"relayOnly":false})']);
  });
});

describe("the line about one's own connection", () => {
  it("stands while little gets through, leads to Call quality, and is said once", async () => {
    const { model } = await show("call-6");
    const own = (network: "fair" | "poor" | null) => {
      model.members.value = model.members.value.map((one) => (one.self ? { ...one, network } : one));
    };
    own("fair");
    await settle();
    expect(notices()).toEqual([]);
    own("poor");
    await settle();
    expect(notices()).toEqual(["Your connection is weak at the moment."]);
    model.members.value = [...model.members.value];
    await vi.advanceTimersByTimeAsync(4000);
    expect(document.querySelector('[data-region="polite"]')?.textContent).toBe(
      "Your connection is weak at the moment.",
    );
    await press("Call quality");
    expect(has("aside h2", "Call quality")).toBe(true);
    expect(has("button", "Call quality")).toBe(false);
    own(null);
    await settle();
    expect(notices()).toEqual([]);
  });

  it("tells of paused pictures from their announcement until they are back, and gives way to a lost connection", async () => {
    const { announce, model } = await show("call-6");
    announce({ urgency: "polite", kind: "pictures-held" });
    await settle();
    expect(notices()).toEqual([
      "Your connection is weak at the moment. Some pictures are paused to keep the voices clear.",
    ]);
    model.connection.value = "reconnecting";
    await settle();
    expect(notices().length).toBe(1);
    expect(notices()[0]).toContain("Your connection is lost.");
    model.connection.value = "fine";
    announce({ urgency: "polite", kind: "pictures-back" });
    await settle();
    expect(notices()).toEqual([]);
  });

  it("says that microphones rest, to those who see it too, until all are back", async () => {
    const { announce } = await show("call-6");
    announce({ urgency: "polite", kind: "voices-paused" });
    await settle();
    expect(notices()).toEqual([
      "Your connection is very weak. The sound of silent people is paused in turn; you may miss somebody's first words.",
    ]);
    announce({ urgency: "polite", kind: "voices-back" });
    await settle();
    expect(notices()).toEqual([]);
  });
});
