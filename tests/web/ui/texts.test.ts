// @vitest-environment happy-dom
/** In a pseudo-language without Latin letters, on every screen: whatever still has some was never in a catalogue. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { mountApp } from "../../../web/client/ui/app";
import { catalogue } from "./catalogues.mjs";
import { pseudo } from "./pseudo";
import { buildScene, HEBREW, PRESS, SCENES } from "./scenes";

const l10n = pseudo(catalogue("en"));
const ATTRIBUTES = ["aria-label", "placeholder", "title", "alt"];
/** Keys are written on keyboards; people send addresses; the browser names devices and the host. */
const UNTRANSLATED = "kbd, .message > p, .address, option";

function* texts(root: Element): Generator<string> {
  for (const element of root.querySelectorAll("*")) {
    if (element.closest(UNTRANSLATED)) continue;
    for (const attribute of ATTRIBUTES) yield element.getAttribute(attribute) ?? "";
    for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE) yield node.textContent ?? "";
  }
}

let unmount = () => {};
afterEach(() => {
  unmount();
  unmount = () => {};
  vi.useRealTimers();
});

describe("every text comes from the catalogue", () => {
  it.each(Object.keys(SCENES))("%s", async (scene) => {
    vi.useFakeTimers();
    const root = document.createElement("div");
    document.body.replaceChildren(root);
    const { model, actions } = buildScene(scene, { cast: HEBREW, picture: () => null, writing: () => null });
    unmount = mountApp(root, model, actions, l10n);
    for (const selector of PRESS[scene] ?? []) {
      await vi.advanceTimersByTimeAsync(100);
      const target = root.querySelector<HTMLElement>(selector);
      expect(target, selector).not.toBeNull();
      target?.click();
    }
    await vi.advanceTimersByTimeAsync(100);
    const all = [...texts(root)];
    expect(all.filter((text) => /[A-Za-z]{2,}/.test(text))).toEqual([]);
    expect(all.join("").length).toBeGreaterThan(20);
  });
});

describe("the page", () => {
  it("takes language and direction from the catalogue, and is always titled Hearthside", () => {
    const root = document.createElement("div");
    const { model, actions } = buildScene("before", { cast: HEBREW, picture: () => null, writing: () => null });
    unmount = mountApp(root, model, actions, l10n);
    expect(document.documentElement.lang).toBe("ar-XB");
    expect(document.documentElement.dir).toBe("rtl");
  });
});
