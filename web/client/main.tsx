/** The page's entry: reads the link, checks the browser and the group, and wires the core to the interface. */
import { catalogueUrls, workerUrl } from "./assets";
import { fetchGroup, type GroupAnswer, openLink, persistently } from "./boot";
import { copyText } from "./clipboard";
import type { SocketLike } from "./connection";
import { DeviceManager } from "./devices";
import { browserProblem, E2eeManager, peerConnectionConfiguration } from "./e2ee/manager";
import { loadL10n } from "./l10n";
import { cameraPlan, thisDevice } from "./layers";
import { Door, type Link, type Profile } from "./links";
import { Memory, storageIn } from "./memory";
import type { Actions, Problem } from "./model";
import { PROTOCOL } from "./protocol_types";
import { Session } from "./session";
import { Sound } from "./sound";
import { Store } from "./store";
import { mountApp } from "./ui/app";
import { WakeLock } from "./wake_lock";

/** The server's address with any path before `/g/`, which everything else is relative to. */
const BASE = location.href.replace(/\/g\/.*$/s, "");

const store = new Store();
const memory = new Memory(
  storageIn(() => sessionStorage),
  storageIn(() => localStorage),
);
/** The address as it came: "Copy link" must work in a browser that cannot join. */
const address = location.href;
let session: Session | null = null;

const devices = new DeviceManager({
  media: navigator.mediaDevices,
  permissions: navigator.permissions,
  remembered: memory.devices(),
  remember: (kind, id) => memory.rememberDevice(kind, id),
  camera: cameraPlan(thisDevice()).capture,
  canChooseSpeaker: "setSinkId" in HTMLMediaElement.prototype,
  changed: (input) => session?.deviceChanged(input),
});
const sound = new Sound(() => session?.soundHeldBack());
sound.choose(devices.speaker.value.chosen);
sound.blocked.subscribe((blocked) => {
  store.soundBlocked.value = blocked;
});
const wakeLock = new WakeLock();

function openSocket(): SocketLike {
  return new WebSocket(`${BASE.replace(/^http/, "ws")}/ws`, PROTOCOL);
}

function problemOfBrowser(): Problem | null {
  return browserProblem() ?? (navigator.mediaDevices ? null : "no-devices-api");
}

/** The session that this page is for, or why there can be none. */
async function open(): Promise<Session | Problem> {
  const problem = problemOfBrowser();
  if (problem) return problem;
  const opened = openLink(address, memory);
  if (typeof opened === "string") return opened;
  const { link, tab } = opened;
  // From here on a reload finds the secret in this tab's memory; the address bar, history and screenshots do not hold it.
  memory.save(tab);
  memory.tidy();
  if (location.hash) history.replaceState(history.state, "", location.pathname + location.search);
  store.role.value = link.role;
  const found = await openGroup(link);
  if (typeof found === "string") return found;
  return new Session({
    store,
    devices,
    sound,
    memory,
    tab,
    ...found,
    fetchGroup: () => fetchGroup(BASE, link.group),
    base: BASE,
    openSocket,
    makeE2ee: (options) => new E2eeManager({ workerUrl, ...options }),
    makeConnection: (ice) => new RTCPeerConnection(peerConnectionConfiguration(ice)),
    capture: navigator.mediaDevices,
    wakeLock,
    copy: copyText,
    reload: () => location.reload(),
  });
}

/** The group, if the server's answer fits the link; its title goes to the store. */
async function openGroup(
  link: Link,
): Promise<{ door: Door; group: GroupAnswer; outdated: boolean; screens: Profile["screens"] } | Problem> {
  const [door, group] = await Promise.all([Door.of(link), fetchGroup(BASE, link.group)]);
  if (typeof group === "string") return group;
  if (!(await door.isRootKey(group.root_key))) return "foreign-link";
  const profile = await door.openProfile(group.profile);
  store.title.value = profile?.title ?? "";
  return { door, group, outdated: profile === null, screens: profile?.screens ?? "one" };
}

function watchPage(running: Session): void {
  addEventListener("online", () => running.networkChanged());
  addEventListener("offline", () => running.wake());
  watchNetworkType(() => running.networkChanged());
  document.addEventListener("visibilitychange", () => {
    running.hidden(document.visibilityState === "hidden");
    if (document.visibilityState !== "visible") return;
    running.wake();
    sound.resume();
    void wakeLock.renew();
  });
  addEventListener("beforeunload", () => running.leaving());
  addEventListener("pagehide", () => running.hide());
  // Out of the browser's cache comes a page whose devices and sockets are gone: it starts as after a reload.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
}

/** From Wi-Fi to mobile and back, where the browser tells (Network Information API: Chromium and Firefox on Android). */
function watchNetworkType(changed: () => void): void {
  const { connection } = navigator as { connection?: EventTarget & { type?: string } };
  let type = connection?.type;
  // Chromium says "change" for every new guess of the speed as well.
  connection?.addEventListener("change", () => {
    if (connection.type === type) return;
    type = connection.type;
    changed();
  });
}

/** All that a problem page asks for. */
const problemActions: Pick<Actions, "copyLink" | "reload"> = {
  copyLink: (which) => (which === "this" ? copyText(address) : Promise.resolve(false)),
  reload: () => location.reload(),
};

async function start(root: HTMLElement): Promise<void> {
  const catalogue = persistently(() => loadL10n(catalogueUrls, navigator.languages));
  const [l10n, opened] = await Promise.all([catalogue, open()]);
  const model = store.model(devices);
  if (typeof opened === "string") {
    store.screen.value = { name: "problem", problem: opened };
    mountApp(root, model, problemActions as Actions, l10n);
    return;
  }
  session = opened;
  mountApp(root, model, session.actions, l10n);
  watchPage(session);
  session.begin();
}

/** Without a catalogue the page has no words of its own: the server put these into the document beforehand. */
function sayUnreachable(root: HTMLElement): void {
  const words = document.querySelector<HTMLTemplateElement>("#unreachable");
  if (words) root.replaceChildren(words.content.cloneNode(true));
}

// Pasting a link into the address bar of an open page changes only its fragment: read it as if it were opened anew.
addEventListener("hashchange", () => {
  if (/^#[a-z]\d+\./.test(location.hash)) location.reload();
});

const root = document.getElementById("app");
if (root) start(root).catch(() => sayUnreachable(root));
