/** What every component may reach: the model to read, the actions to call, the texts, and the interface's own state. */
import { type Signal, signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { L10n } from "../l10n";
import type { Actions, Announcement, Model } from "../model";
import type { Preferences } from "./preferences";

/** "quality" is opened from More. */
export type Panel = "chat" | "people" | "more" | "quality";

export type DialogState =
  | { kind: "remove"; member: string; name: string }
  | { kind: "end" }
  | { kind: "last-facilitator" }
  | { kind: "back" }
  | { kind: "shortcuts" }
  | { kind: "device-help"; device: "microphone" | "camera" }
  | { kind: "delete-group" }
  | { kind: "check" }
  | { kind: "revoke"; number: number; serial: string; expires: Date; last: boolean }
  | { kind: "change-links"; meetingRunning: boolean };

/** Something that happened once and is shown until it was read. */
export type News = Extract<
  Announcement,
  {
    kind:
      | "incident"
      | "co-facilitator-made"
      | "co-facilitator-withdrawn"
      | "request-refused"
      | "links-changed"
      | "facilitator-withdrawn"
      | "messages-missed";
  }
>;

/** State that belongs to the interface alone. */
export interface UiState {
  panel: Signal<Panel | null>;
  dialog: Signal<DialogState | null>;
  /** An unsent chat message survives closing the panel, and nothing else. */
  draft: Signal<string>;
  /** Scroll places of closed panels, CSS pixels. */
  scrollPlaces: Map<Panel, number>;
  /** The check that runs or stands was looked at here, or put aside. */
  checkSeen: Signal<boolean>;
  news: Signal<readonly News[]>;
  /** One's own network has had no room for some picture for a while, as it was announced. */
  picturesPaused: Signal<boolean>;
  /** As well of voices. */
  voicesPaused: Signal<boolean>;
  /** How often the organiser changed all links on this page: each time their own new one has to be kept. */
  linksChanged: Signal<number>;
  /** The first page leaves the focus where the browser puts it; each later one takes it to its heading. */
  pageShown: boolean;
}

export interface App {
  model: Model;
  actions: Actions;
  l10n: L10n;
  ui: UiState;
  preferences: Preferences;
}

export function createUiState(): UiState {
  return {
    panel: signal<Panel | null>(null),
    dialog: signal<DialogState | null>(null),
    draft: signal(""),
    scrollPlaces: new Map(),
    checkSeen: signal(false),
    news: signal([]),
    picturesPaused: signal(false),
    voicesPaused: signal(false),
    linksChanged: signal(0),
    pageShown: false,
  };
}

export const AppContext = createContext<App | null>(null);

export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error("rendered outside mountApp");
  return app;
}

/** The id of a toolbar button, to give it the focus back when its panel closes. */
export const toolId = (panel: Panel) => `tool-${panel === "quality" ? "more" : panel}`;

export function closePanel(ui: UiState): void {
  const panel = ui.panel.peek();
  if (!panel) return;
  ui.panel.value = null;
  document.getElementById(toolId(panel))?.focus();
}

export function togglePanel(ui: UiState, panel: Panel): void {
  if (ui.panel.peek() === panel) closePanel(ui);
  else ui.panel.value = panel;
}

/** "Check encryption": shows the check that runs or stands; starts one where none speaks for those who are here. */
export function openCheck({ model, actions, ui }: App): void {
  ui.dialog.value = { kind: "check" };
  ui.checkSeen.value = true;
  const { check } = model.encryption.peek();
  if (!check || check.state === "failed" || check.outdated) actions.startCheck();
}
