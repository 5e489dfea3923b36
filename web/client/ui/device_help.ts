/** How to open a closed microphone or camera, for the browser at hand. Pure: takes the user agent, returns message ids. */

export type Browser =
  | "chrome"
  | "edge"
  | "firefox"
  | "safari"
  | "android-chrome"
  | "android-edge"
  | "android-firefox"
  | "ios-safari"
  | "ios-other"
  | "other";

export type System = "windows" | "mac" | "android" | "ios" | "other";

export interface Agent {
  userAgent: string;
  /** An iPad names itself a Mac, but has a touch screen. */
  maxTouchPoints: number;
}

export function systemOf({ userAgent, maxTouchPoints }: Agent): System {
  if (/iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1)) return "ios";
  if (/Android/.test(userAgent)) return "android";
  if (/Windows/.test(userAgent)) return "windows";
  if (/Macintosh/.test(userAgent)) return "mac";
  return "other";
}

export function browserOf(agent: Agent): Browser {
  const { userAgent } = agent;
  const system = systemOf(agent);
  if (system === "ios") return /CriOS|FxiOS|EdgiOS/.test(userAgent) ? "ios-other" : "ios-safari";
  if (system === "android") {
    if (/Firefox\//.test(userAgent)) return "android-firefox";
    return /EdgA\//.test(userAgent) ? "android-edge" : "android-chrome";
  }
  if (/Edg\//.test(userAgent)) return "edge";
  if (/Firefox\//.test(userAgent)) return "firefox";
  if (/Chrome\//.test(userAgent)) return "chrome";
  return /Safari\//.test(userAgent) ? "safari" : "other";
}

/** Steps after "blocked for this page", in order; each message takes `$device`. */
export const SITE_STEPS: Readonly<Record<Browser, readonly string[]>> = {
  chrome: ["help-chrome-1", "help-chrome-2", "help-again"],
  edge: ["help-edge-1", "help-edge-2", "help-again"],
  firefox: ["help-firefox-1", "help-firefox-2", "help-again"],
  safari: ["help-safari-1", "help-safari-2", "help-again"],
  "android-chrome": ["help-android-chrome-1", "help-android-chrome-2", "help-again"],
  "android-edge": ["help-android-edge-1", "help-android-edge-2", "help-again"],
  "android-firefox": ["help-android-firefox-1", "help-android-firefox-2", "help-again"],
  "ios-safari": ["help-ios-safari-1", "help-ios-safari-2", "help-again"],
  "ios-other": ["help-ios-other-1", "help-ios-other-2", "help-again"],
  other: ["help-other-1", "help-other-2", "help-again"],
};

/** Steps after "blocked by the system", in order; each message takes `$device`. */
export const SYSTEM_STEPS: Readonly<Record<System, readonly string[]>> = {
  windows: ["help-windows-1", "help-windows-2", "help-again"],
  mac: ["help-mac-1", "help-mac-2", "help-again"],
  android: ["help-android-1", "help-android-2", "help-again"],
  ios: ["help-ios-1", "help-ios-2", "help-again"],
  other: ["help-system-1", "help-system-2", "help-again"],
};

/** Browsers whose sign for a page's settings is worth drawing beside the first step. */
export const DRAWN: ReadonlySet<Browser> = new Set(["chrome"]);
