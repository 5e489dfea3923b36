/** What a person chose about the look and the sounds, kept by this browser. Nothing here tells who they are. */
import { effect, type Signal, signal } from "@preact/signals";

export type Theme = "auto" | "dark" | "light" | "contrast";
export type ChatAnnouncements = "all" | "sender" | "none";

interface Saved {
  /** null: not chosen; dark then, or high contrast where the device asks for more of it. */
  theme: Theme | null;
  /** Show one's own avatar instead of the picture to oneself. */
  hideSelf: boolean;
  /** M, V, H, C, P without a modifier. */
  singleKeys: boolean;
  /** Space opens the microphone while it is held. */
  holdToTalk: boolean;
  /** A soft tone when somebody asks to join; facilitators only. */
  knockSound: boolean;
  chatAnnouncements: ChatAnnouncements;
}

export type Preferences = { [K in keyof Saved]: Signal<Saved[K]> };

const DEFAULTS: Saved = {
  theme: null,
  hideSelf: false,
  singleKeys: false,
  holdToTalk: false,
  knockSound: true,
  chatAnnouncements: "all",
};

const CHOICES: { [K in keyof Saved]: readonly Saved[K][] } = {
  theme: ["dark", "light", "contrast", "auto"],
  hideSelf: [false, true],
  singleKeys: [false, true],
  holdToTalk: [false, true],
  knockSound: [true, false],
  chatAnnouncements: ["all", "sender", "none"],
};

export const STORAGE_KEY = "hearthside.look";

/** Where storage is refused (private windows, strict settings) preferences last as long as the page. */
function read(storage: Storage | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(storage?.getItem(STORAGE_KEY) ?? "{}");
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function write(storage: Storage | null, value: Saved): void {
  try {
    storage?.setItem(STORAGE_KEY, JSON.stringify(value));
  } catch {
    // Full or refused: the choice holds for this page.
  }
}

function one<K extends keyof Saved>(saved: Record<string, unknown>, key: K): Signal<Saved[K]> {
  const known = CHOICES[key].find((choice) => choice === saved[key]);
  return signal(known ?? DEFAULTS[key]) as Signal<Saved[K]>;
}

/** What is seen while the person has chosen no theme, as in tokens.css. */
export function unchosenTheme(): Theme {
  return matchMedia("(prefers-contrast: more)").matches ? "contrast" : "dark";
}

/** The browser's storage, null where even asking for it is refused. */
export function browserStorage(): Storage | null {
  try {
    return globalThis.localStorage;
  } catch {
    return null;
  }
}

/** Read the preferences and keep them in step with `storage` and `<html data-theme>`. Call `stop` at the end. */
export function createPreferences(
  root: HTMLElement,
  storage: Storage | null,
): { preferences: Preferences; stop: () => void } {
  const saved = read(storage);
  const preferences: Preferences = {
    theme: one(saved, "theme"),
    hideSelf: one(saved, "hideSelf"),
    singleKeys: one(saved, "singleKeys"),
    holdToTalk: one(saved, "holdToTalk"),
    knockSound: one(saved, "knockSound"),
    chatAnnouncements: one(saved, "chatAnnouncements"),
  };
  const stop = effect(() => {
    const now: Saved = {
      theme: preferences.theme.value,
      hideSelf: preferences.hideSelf.value,
      singleKeys: preferences.singleKeys.value,
      holdToTalk: preferences.holdToTalk.value,
      knockSound: preferences.knockSound.value,
      chatAnnouncements: preferences.chatAnnouncements.value,
    };
    // Without the attribute the style sheet shows what `unchosenTheme` says.
    if (now.theme === null) delete root.dataset["theme"];
    else root.dataset["theme"] = now.theme;
    write(storage, now);
  });
  return { preferences, stop };
}
