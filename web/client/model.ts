/**
 * The seam between the client's core and its interface: what the interface may read (signals) and do (actions).
 * The core (session.ts and what it uses) writes the signals; components under ui/ only read them and call actions.
 */
import type { ReadonlySignal, Signal } from "@preact/signals";
import type { Incident, KeyChange, Trouble } from "./e2ee/worker_messages";

export type Role = "participant" | "facilitator" | "organiser";

/** Which page the person sees. */
export type Screen =
  | { name: "opening" }
  | { name: "problem"; problem: Problem }
  | { name: "before" }
  | { name: "waiting"; facilitatorPresent: boolean; reconnecting: boolean }
  | { name: "declined"; retryAt: number } // performance.now() milliseconds
  | { name: "call" }
  | { name: "left"; reason: LeftReason }
  | {
      name: "organiser";
      meetingRunning: boolean;
      deleted: boolean;
      /** The page was opened with a link from before the last change of links: those that it could hand out are dead. */
      outdated: boolean;
      facilitators: FacilitatorLink[];
    };

/** One facilitator link, on the organiser's page. */
export interface FacilitatorLink {
  /** From 1, in the order in which they were added. */
  number: number;
  /** Serial of its certificate: its name towards `revoke` and `renew`. */
  serial: string;
  expires: Date;
  state: "good" | "expires-soon" | "expired" | "revoked";
}

/** Why a page cannot go on; each has its own text and remedy in the catalogue. */
export type Problem =
  | "no-secret" // page opened without its fragment
  | "damaged-link"
  | "unknown-group"
  | "foreign-link" // the link's key does not belong to this group
  | "links-changed" // the group has another room secret by now: the organiser changed all links
  | "no-secure-context"
  | "browser-cannot" // no encoded transform, or no WebRTC, or no WebCrypto
  | "no-devices-api"
  | "clock" // the device's clock is wrong by more than a day
  | "certificate-missing" // of the facilitator link; the organiser adds it or makes a new link
  | "certificate-expired"
  | "certificate-revoked"
  | "meeting-locked"
  | "meeting-full"
  | "waiting-room-full"
  | "server-full"
  | "too-busy" // rate limited before joining
  | "version" // the page is older than the server: reload
  | "unreachable";

export type LeftReason =
  | "left"
  | "removed"
  | "cut-off" // the server says removed, but no facilitator signed that
  | "faulty" // the others could not accept what this browser did
  | "ended"
  | "ended-unsigned" // the server says that it is over, but no facilitator signed that, or what this page knows contradicts it
  | "no-facilitator" // none was there for the group's grace time
  | "empty"
  | "deleted"
  | "taken-over"
  | "expired";

export type DeviceState =
  | "off" // closed by the person's choice
  | "asking" // the browser's question is open
  | "on"
  | "blocked" // permission refused for the site
  | "blocked-system" // refused by the operating system
  | "missing" // no such device
  | "in-use" // NotReadableError
  | "lost" // unplugged or taken away while on
  | "not-asked";

export interface DeviceView {
  state: DeviceState;
  /** Labels are empty until permission was given once. */
  choices: { id: string; label: string }[];
  chosen: string;
}

export interface Devices {
  microphone: ReadonlySignal<DeviceView>;
  camera: ReadonlySignal<DeviceView>;
  /** `choices` is empty where the browser cannot choose an output. */
  speaker: ReadonlySignal<DeviceView>;
  /** 0..1, smoothed, of one's own microphone; 0 while muted. */
  level: ReadonlySignal<number>;
  /** True after 5 s of an open microphone without any sound. */
  silent: ReadonlySignal<boolean>;
  /** The preview or self-view; null without camera. */
  stream: ReadonlySignal<MediaStream | null>;
}

export type KeyState = "waiting" | "encrypted" | "problem";

export interface MemberView {
  id: string;
  /** As everybody shows it, " (2)" included; null until their name has arrived. */
  name: string | null;
  role: "participant" | "co-facilitator" | "facilitator";
  self: boolean;
  muted: boolean;
  cameraOff: boolean;
  /** 1-based place among raised hands, 0 if down. */
  hand: number;
  speaking: boolean;
  connected: boolean;
  keys: KeyState;
  /** Somebody compared the emoji while this person took part; true for oneself. */
  checked: boolean;
  /** The picture to show, null for the avatar. */
  video: MediaStream | null;
  /** Their picture is on, and one's own network has no room for it: "Picture paused". */
  held: boolean;
  /** How well what they send gets through, by what their own client says and by what arrives; null while all is well. */
  network: "fair" | "poor" | null;
  pinned: boolean;
  /** 16 bytes, the avatar's seed: same on every screen, new in each meeting. */
  avatarSeed: Uint8Array;
  /** Order of admission. */
  order: number;
}

/** A shared screen: a tile of its own beside its owner's. */
export interface ScreenView {
  member: string;
  /** The owner's, as everybody shows it. */
  name: string;
  self: boolean;
  stream: MediaStream | null;
  held: boolean;
  pinned: boolean;
}

/** What the person chose about the network; kept in the tab, and over a reload. */
export interface NetworkChoices {
  dataSaver: boolean;
  audioOnly: boolean;
  relayOnly: boolean;
}

/** "Call quality": one line of plain words for each person and direction; figures behind "Details". */
export interface QualityView {
  /** Oneself to the server, and the server to oneself. */
  up: Direction;
  down: Direction;
  /** Seconds there and back between this device and the server; null before it is known. */
  roundTrip: number | null;
  /** How the media travels. */
  path: "udp" | "tcp" | "relay" | null;
  people: {
    member: string;
    name: string;
    /** What arrives here of them. */
    sound: Quality;
    picture: Quality | "off" | "held" | "not-shown";
    height: number;
    /** Whose connection it is, where something is not good: theirs, one's own, or not to be told. */
    cause: "theirs" | "ours" | "unknown" | null;
  }[];
}

export type Quality = "good" | "fair" | "poor" | "none";

export interface Direction {
  quality: Quality;
  /** Bit/s. */
  rate: number;
  /** Fraction of the packets, 0..1. */
  loss: number;
}

export interface KnockView {
  id: string;
  /** null while it cannot be opened: somebody without the link's secret. */
  name: string | null;
  /** performance.now() milliseconds when the waiting began. */
  since: number;
  removedEarlier: boolean;
  connected: boolean;
  /** Set for a few seconds after another facilitator answered: the card fades into "Ben let NAME in". */
  answered: { outcome: "admitted" | "declined" | "withdrawn"; by: string | null } | null;
  avatarSeed: Uint8Array;
}

export interface ChatMessage {
  /** The room's sequence number; 0 while not yet sent. */
  seq: number;
  /** Unique per message on this page. */
  key: string;
  sender: string; // member id
  senderName: string;
  own: boolean;
  text: string;
  /** Local wall-clock time of arrival, for display only. */
  at: Date;
  state: "sending" | "sent" | "not-sent";
}

/** Several people's, as everybody shows them: null for each whose name has not arrived, so that nobody goes uncounted. */
export type Names = (string | null)[];

/** What the shield, the dialog "Check encryption" and the notices show. Names are numbered already. */
export interface EncryptionView {
  /** Keys stand: false before the first and while coming back. */
  ready: boolean;
  /** Others than oneself who were not checked. */
  unchecked: number;
  check: {
    state: "gathering" | "revealing" | "done" | "failed";
    startedBy: string;
    /** Eight, when done. */
    emoji: { symbol: string; name: string }[] | null; // name: the catalogue's key, "emoji-owl"
    digits: string | null;
    /** Others who took part, or have answered so far. */
    took: Names;
    /** Who did not answer; in a failed round, by whom it failed. */
    silent: Names;
    at: Date | null;
    marked: boolean;
    /** Somebody came or went since: the round no longer speaks for everybody present. */
    outdated: boolean;
  } | null;
  /** Since when the keys are what they are, and why. `entered`: oneself came in. */
  since: { at: Date; kind: KeyChange["kind"] | "entered"; names: Names } | null;
  checkedNames: Names;
  uncheckedNames: Names;
  troubles: { kind: Trouble["kind"]; names: Names }[];
  locked: boolean;
}

/** The one calm line about the connection; null when all is well. */
export type ConnectionState = "fine" | "connecting" | "reconnecting" | "media-connecting" | "media-blocked";

/** For the live regions; the interface turns them into words. Names are already numbered. */
export type Announcement = { urgency: "polite" | "assertive" } & (
  | { kind: "joined" | "left" | "hand-raised" | "hand-lowered"; name: string; place?: number }
  | { kind: "chat"; name: string; text: string }
  | { kind: "knock"; name: string | null }
  | { kind: "knock-answered"; name: string | null; by: string; outcome: "admitted" | "declined" }
  | { kind: "admitted" | "muted-by" | "muted-everyone" | "mic-on" | "mic-off" | "camera-on" | "camera-off" }
  | { kind: "screen-shared" | "screen-stopped"; name: string; self: boolean }
  | { kind: "pictures-held" | "pictures-back" | "voices-paused" | "voices-back" }
  | { kind: "connection-lost" | "connection-back"; microphoneOn: boolean }
  | { kind: "sound-blocked" | "copied" | "renamed"; name?: string }
  | { kind: "request-refused"; code: string }
  | { kind: "links-changed" | "facilitator-withdrawn" | "messages-missed" }
  | { kind: "locked" | "unlocked" | "check-done" | "newcomer-unchecked"; name?: string }
  | { kind: "co-facilitator-made" | "co-facilitator-withdrawn"; name: string; self: boolean }
  | { kind: "trouble"; trouble: Trouble["kind"]; names: Names }
  | { kind: "trouble-over"; trouble: Trouble["kind"] }
  | { kind: "incident"; incident: Incident["kind"]; name: string | null }
);

export interface Model {
  screen: ReadonlySignal<Screen>;
  /** The group's decrypted title; "" until known. */
  title: ReadonlySignal<string>;
  role: ReadonlySignal<Role>;
  /** The name last asked for, to fill the field again on "Rejoin". */
  ownName: ReadonlySignal<string>;
  /** Everybody in the room, oneself included, in order of admission. */
  members: ReadonlySignal<MemberView[]>;
  knocks: ReadonlySignal<KnockView[]>;
  chat: ReadonlySignal<ChatMessage[]>;
  unread: Signal<number>;
  connection: ReadonlySignal<ConnectionState>;
  /** The browser holds back sound until somebody presses "Turn sound on". */
  soundBlocked: ReadonlySignal<boolean>;
  screens: ReadonlySignal<ScreenView[]>;
  network: ReadonlySignal<NetworkChoices>;
  /** False where this installation names no relay: "Relay only" is then shown switched off, with the reason. */
  relayAvailable: ReadonlySignal<boolean>;
  /** null while nobody looks (`watchQuality`). */
  quality: ReadonlySignal<QualityView | null>;
  /** True while leaving would leave the meeting without a facilitator. */
  lastFacilitator: ReadonlySignal<boolean>;
  encryption: ReadonlySignal<EncryptionView>;
  /** True once devices may be shown: the agreement was ticked. */
  devicesOpened: ReadonlySignal<boolean>;
  devices: Devices;
  /** The interface subscribes; the core announces. */
  onAnnouncement(listener: (announcement: Announcement) => void): () => void;
}

export interface Actions {
  /** The whole agreement is ticked: open microphone and camera, each failing by itself. */
  agree(): void;
  /** null if good, else which catalogue text explains what is wrong: "empty" | "too-long" | "reserved" | "characters". */
  checkName(name: string): "empty" | "too-long" | "reserved" | "characters" | null;
  /** The person is likely to ask soon: what takes its time begins now, and nobody is told of them by it. */
  aboutToAsk(): void;
  askToJoin(name: string): void;
  stopWaiting(): void;
  continueWithoutDevices(): void;
  setMicrophone(on: boolean): void;
  setCamera(on: boolean): void;
  chooseDevice(kind: "microphone" | "camera" | "speaker", id: string): void;
  /** Ask again after the person changed a permission or freed a device. */
  retryDevice(kind: "microphone" | "camera"): void;
  playTestSound(): Promise<void>;
  turnSoundOn(): void;
  raiseHand(): void;
  lowerHand(): void;
  /** Facilitators may lower anybody's hand. */
  lowerHandOf(member: string): void;
  sendChat(text: string): void;
  /** Send a "not-sent" message again. */
  resendChat(key: string): void;
  admit(knock: string): void;
  admitAll(): void;
  decline(knock: string): void;
  mute(member: string): void;
  muteEveryone(): void;
  remove(member: string): void;
  endMeeting(): void;
  leave(): void;
  /** From the leave or declined page: back to the page before joining, or knock at once with the same name. */
  rejoin(): void;
  copyLink(which: "participant" | "facilitator" | "this"): Promise<boolean>;
  /** "Check encryption": starts a round, or shows the one that runs. */
  startCheck(): void;
  markChecked(): void;
  setLocked(locked: boolean): void;
  setCoFacilitator(member: string, granted: boolean): void;
  deleteGroup(): void;
  /** Organisers: make another facilitator link; it is copied. False if the server did not take it. */
  addFacilitator(): Promise<boolean>;
  copyFacilitatorLink(number: number): Promise<boolean>;
  revoke(serial: string): Promise<boolean>;
  /** A new certificate for the same link. */
  renew(serial: string): Promise<boolean>;
  /**
   * New room secret: every link so far stops working, the organiser's own too; the page shows the new ones. `title`: the
   * group's name, where an outdated link could not tell it.
   */
  changeLinks(title?: string): Promise<boolean>;
  /** "busy": somebody else shares, and the group allows one at a time; "refused": by the person or the browser. */
  shareScreen(): Promise<"shared" | "busy" | "refused" | "unsupported">;
  stopSharing(): void;
  setNetwork(choices: Partial<NetworkChoices>): void;
  /** Keep somebody's tile, or their screen, in front. */
  setPinned(member: string, what: "camera" | "screen", pinned: boolean): void;
  /** A tile says how tall its picture is on the screen, in device pixels; 0 when it is not visible. */
  showPicture(member: string, what: "camera" | "screen", height: number): void;
  /** While true, `quality` is kept up to date, once a second. */
  watchQuality(on: boolean): void;
  /** Give an element the voices of everybody; called once by the call page. */
  attachSound(host: HTMLElement): () => void;
  /** Load the page anew (problem "version" or "unreachable"). */
  reload(): void;
}
