/** Shows a scene in happy-dom, finds controls by their accessible names and presses them. For tests with that environment. */
import { afterEach, beforeEach, expect, vi } from "vitest";
import { createL10n } from "../../../web/client/l10n";
import { mountApp } from "../../../web/client/ui/app";
import { catalogue } from "./catalogues.mjs";
import type { Fake } from "./fake_model";
import { buildScene, ENGLISH } from "./scenes";

const l10n = createL10n("en", catalogue("en"));
let unmountShown = () => {};

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
});
afterEach(async () => {
  unmount();
  // Effects that still wait for their frame would wait for ever, and those of the next test behind them.
  await settle();
  vi.useRealTimers();
});

export const unmount = () => {
  unmountShown();
  unmountShown = () => {};
};

export const settle = () => vi.advanceTimersByTimeAsync(100);

export async function show(scene: string, prepare: (fake: Fake) => void = () => {}): Promise<Fake> {
  const root = document.createElement("div");
  document.body.replaceChildren(root);
  const fake = buildScene(scene, { cast: ENGLISH, picture: () => null, writing: () => null });
  fake.calls.length = 0;
  prepare(fake);
  unmountShown = mountApp(root, fake.model, fake.actions, l10n);
  await settle();
  return fake;
}

export const nameOf = (element: Element) => element.getAttribute("aria-label") ?? element.textContent?.trim() ?? "";

export function find(selector: string, name: string): HTMLElement {
  const found = [...document.querySelectorAll<HTMLElement>(selector)].filter((element) => nameOf(element) === name);
  expect(found.length, `${selector} "${name}"`).toBe(1);
  return found[0] as HTMLElement;
}
export const button = (name: string) => find("button", name);
export const has = (selector: string, name: string) =>
  [...document.querySelectorAll(selector)].some((element) => nameOf(element) === name);

export async function press(name: string): Promise<void> {
  const target = button(name);
  target.focus();
  target.click();
  await settle();
}

export async function key(on: EventTarget, pressed: string, more: KeyboardEventInit = {}): Promise<KeyboardEvent> {
  const event = new KeyboardEvent("keydown", { key: pressed, bubbles: true, cancelable: true, ...more });
  on.dispatchEvent(event);
  await settle();
  return event;
}
