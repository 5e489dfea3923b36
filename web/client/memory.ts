/**
 * What this browser remembers: for one tab until it is closed (the link, one's own name, the way back into the session),
 * and for longer only a browser mark, the chosen devices, and on an organiser's what of the group must not be lost.
 * Nothing here names anybody else.
 */
import { bytesOf, toBase64url } from "./base64url";
import type { DeviceKind } from "./devices";
import type { NetworkChoices } from "./model";

const TAB_KEY = "hearthside";
const DEVICES_KEY = "hearthside.devices";
const NETWORK_KEY = "hearthside.network";
const MARK_KEY = "hearthside.mark.";
const ORGANISER_KEY = "hearthside.organiser.";
/** How long a browser's mark for a group is kept, ms (docs/protocol.md, `join.browser`). */
const MARK_MS = 24 * 3600 * 1000;

/** One tab's state, kept over a reload and copied into a duplicated tab by the browser. */
export interface TabState {
  group: string;
  /** The link after `#`, as it came. */
  fragment: string;
  name: string;
  /** The agreement was ticked in this session. */
  agreed: boolean;
  /** As the person last saw them: what was off is not opened again by a reload. */
  microphone: boolean;
  camera: boolean;
  /** The way back into the session; null before joining and after leaving. */
  token: string | null;
  /** One's raised hand, for the same meeting alone. */
  hand: { meeting: string; seq: number } | null;
  network: NetworkChoices;
  /** 16 random bytes, base64url: under it the worker keeps the key that proves a later session to be the same person's. */
  tab: string;
}

/** What an organiser's browser knows of a group, so that a server cannot make it sign an older picture. */
export interface OrganiserMemory {
  /** The highest number that was given to a facilitator link; 0 for none. */
  highest: number;
  /** The newest list of revocations, signed, base64url. */
  revocations: string | null;
}

export function freshTab(group: string, fragment: string, dataSaver = false): TabState {
  const tab = toBase64url(crypto.getRandomValues(new Uint8Array(16)));
  const network = { dataSaver, audioOnly: false, relayOnly: false };
  return {
    group,
    fragment,
    name: "",
    agreed: false,
    microphone: true,
    camera: true,
    token: null,
    hand: null,
    network,
    tab,
  };
}

/** Null where the person forbids a site to store anything: then reading the property itself throws. */
export function storageIn(get: () => Storage): Storage | null {
  try {
    return get();
  } catch {
    return null;
  }
}

export class Memory {
  constructor(
    private readonly tab: Storage | null,
    private readonly browser: Storage | null,
    private readonly now: () => number = Date.now,
  ) {}

  /** Null for another group, or if there is nothing readable. */
  load(group: string): TabState | null {
    const found = read(this.tab, TAB_KEY) as Partial<TabState> | null;
    if (!found || found.group !== group || typeof found.fragment !== "string") return null;
    const fresh = freshTab(group, found.fragment);
    const { hand } = found;
    const network = found.network ?? fresh.network;
    return {
      ...fresh,
      name: typeof found.name === "string" ? found.name : "",
      agreed: found.agreed === true,
      // Anything but a plain "on" is off: promises are kept even over a damaged memory.
      microphone: found.microphone === true,
      camera: found.camera === true,
      token: typeof found.token === "string" ? found.token : null,
      network: {
        dataSaver: network.dataSaver === true,
        audioOnly: network.audioOnly === true,
        relayOnly: network.relayOnly === true,
      },
      hand: typeof hand?.meeting === "string" && Number.isSafeInteger(hand.seq) ? hand : null,
      tab: bytesOf(found.tab, 16) ? (found.tab as string) : fresh.tab,
    };
  }

  save(state: TabState): void {
    write(this.tab, TAB_KEY, state);
  }

  /** The random mark of this browser for a group; a new one after 24 hours. */
  mark(group: string, draw: () => string): string {
    const key = MARK_KEY + group;
    const found = read(this.browser, key) as { mark?: unknown; until?: unknown } | null;
    if (typeof found?.mark === "string" && typeof found.until === "number" && found.until > this.now()) {
      return found.mark;
    }
    const mark = draw();
    write(this.browser, key, { mark, until: this.now() + MARK_MS });
    return mark;
  }

  organiser(group: string): OrganiserMemory {
    const found = read(this.browser, ORGANISER_KEY + group) as Partial<OrganiserMemory> | null;
    return {
      highest: Number.isSafeInteger(found?.highest) ? (found?.highest as number) : 0,
      revocations: typeof found?.revocations === "string" ? found.revocations : null,
    };
  }

  rememberOrganiser(group: string, memory: OrganiserMemory): void {
    write(this.browser, ORGANISER_KEY + group, memory);
  }

  /** The group was deleted. */
  forgetOrganiser(group: string): void {
    try {
      this.browser?.removeItem(ORGANISER_KEY + group);
    } catch {
      // Forbidden storage holds nothing.
    }
  }

  /** Forget the marks whose day is over, of other groups as well. */
  tidy(): void {
    const { browser } = this;
    if (!browser) return;
    const keys = Array.from({ length: browser.length }, (_, index) => browser.key(index));
    for (const key of keys) {
      if (!key?.startsWith(MARK_KEY)) continue;
      const found = read(browser, key) as { until?: unknown } | null;
      if (!(typeof found?.until === "number" && found.until > this.now())) browser.removeItem(key);
    }
  }

  devices(): Partial<Record<DeviceKind, string>> {
    const found = read(this.browser, DEVICES_KEY);
    const chosen: Partial<Record<DeviceKind, string>> = {};
    for (const kind of ["microphone", "camera", "speaker"] as const) {
      const id = (found as Record<string, unknown> | null)?.[kind];
      if (typeof id === "string") chosen[kind] = id;
    }
    return chosen;
  }

  /** As the person chose it last, in any meeting. */
  dataSaver(): boolean {
    const found = read(this.browser, NETWORK_KEY) as { dataSaver?: unknown } | null;
    return found?.dataSaver === true;
  }

  rememberDataSaver(dataSaver: boolean): void {
    write(this.browser, NETWORK_KEY, { dataSaver });
  }

  rememberDevice(kind: DeviceKind, id: string): void {
    write(this.browser, DEVICES_KEY, { ...this.devices(), [kind]: id });
  }
}

function read(storage: Storage | null, key: string): unknown {
  try {
    const value: unknown = JSON.parse(storage?.getItem(key) ?? "null");
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

function write(storage: Storage | null, key: string, value: unknown): void {
  try {
    storage?.setItem(key, JSON.stringify(value));
  } catch {
    // Storage is full or forbidden: the meeting works, a reload will ask for the link again.
  }
}
