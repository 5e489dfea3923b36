// @vitest-environment happy-dom
/** "Call quality": plain words for each person and direction, whose connection it is, what helps, figures on request. */
import { describe, expect, it } from "vitest";
import type { QualityView } from "../../../web/client/model";
import { adviceFor, kilobits, milliseconds, percent } from "../../../web/client/ui/quality_words";
import { arriving, member, quality } from "./fake_model";
import { button, find, has, press, settle, show } from "./page";

const ben = member(1, "Ben");
const lines = () => [...document.querySelectorAll(".quality-line")].map((line) => line.textContent);

describe("advice", () => {
  const people = (...causes: QualityView["people"][number]["cause"][]) =>
    quality({ people: causes.map((cause) => arriving(ben, { cause })) });
  const down = { quality: "fair", rate: 0, loss: 0 } as const;

  it("is for whoever can do something", () => {
    expect(adviceFor(people(null, null))).toBe("none");
    expect(adviceFor(people("ours"))).toBe("own");
    expect(adviceFor(people("theirs", "ours"))).toBe("own");
    expect(adviceFor(people(null, "theirs"))).toBe("theirs");
    expect(adviceFor(people("unknown"))).toBe("own");
    expect(adviceFor({ ...people("theirs"), down })).toBe("theirs");
    expect(adviceFor({ ...people(null), down })).toBe("own");
    expect(adviceFor({ ...people("theirs"), up: { ...down, quality: "poor" } })).toBe("own");
    expect(adviceFor({ ...people(), up: { ...down, quality: "none" }, down: { ...down, quality: "none" } })).toBe(
      "none",
    );
  });

  it("rounds figures to what they say", () => {
    expect([kilobits(1_204_300), percent(0.0012), percent(0.034), percent(0.124), milliseconds(0.0484)]).toEqual([
      1204, 0.1, 3.4, 12, 48,
    ]);
  });
});

describe("the panel", () => {
  it("opens from More, has itself kept up to date while it is open, and gives the focus back to More", async () => {
    const { calls } = await show("call-quality");
    await press("More");
    await press("Call quality");
    expect(document.activeElement).toBe(find("aside h2", "Call quality"));
    expect(calls).toEqual(["watchQuality(true)"]);
    await press("Close Call quality");
    expect(calls).toEqual(["watchQuality(true)", "watchQuality(false)"]);
    expect(document.activeElement).toBe(button("More"));
  });

  it("has a line for each direction and each person, and says whose connection it is", async () => {
    await show("call-quality");
    await press("More");
    await press("Call quality");
    expect(lines()).toEqual([
      "From you: most gets through, with small gaps.",
      "To you: little gets through at the moment.",
      "Marta: voice clear, picture pausedIt is your connection.",
      "Ben: voice with small gaps, picture often stands stillIt is your connection.",
      "Lindiwe: voice not sent now, camera off",
      "Quiet Heron: voice clear, picture not in view",
      "Chi: voice often interrupted, picture stops now and thenIt is not clear whose connection it is.",
    ]);
    expect(document.querySelectorAll(".helps li").length).toBe(4);
  });

  it("lets one save data where that helps", async () => {
    const { calls } = await show("call-quality");
    await press("More");
    await press("Call quality");
    await press("Data saver");
    expect(calls.at(-1)).toBe('setNetwork({"dataSaver":true})');
    expect(button("Data saver").getAttribute("aria-checked")).toBe("true");
  });

  it("asks nothing of anybody whose own connection is good", async () => {
    await show("call-quality-theirs");
    await press("More");
    await press("Call quality");
    expect(document.querySelector("aside")?.textContent).toContain("It is Ben's connection.");
    expect(document.querySelector("aside")?.textContent).toContain("so there is nothing that you need to do");
    expect(document.querySelectorAll(".helps li").length).toBe(0);
  });

  it("keeps figures behind Details", async () => {
    await show("call-quality");
    await press("More");
    await press("Call quality");
    const details = document.querySelector("details");
    expect(details?.open).toBe(false);
    expect(find("summary", "Details")).toBeTruthy();
    const figures = [...document.querySelectorAll(".figures dd")].map((figure) => figure.textContent);
    expect(figures).toEqual([
      "182 kbit/s, 3.4 % lost",
      "411 kbit/s, 12 % lost",
      "412 ms",
      "through a relay",
      "180 lines",
      "360 lines",
    ]);
  });

  it("says that it is looking until there is something to say", async () => {
    const fake = await show("call-6");
    await press("More");
    await press("Call quality");
    expect(lines()).toEqual([]);
    expect(document.querySelector("aside")?.textContent).toContain("It takes a few seconds.");
    fake.model.quality.value = quality();
    await settle();
    expect(lines().length).toBe(2);
    expect(document.querySelector("aside")?.textContent).toContain("All is well.");
    expect(has("aside h3", "What arrives of the others")).toBe(false);
  });
});
