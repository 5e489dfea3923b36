/** A model that tests script: every signal is writable, every action is noted and does what a person would see. */
import { type Signal, signal } from "@preact/signals";
import { EMOJI } from "../../../web/client/emoji";
import type {
  Actions,
  Announcement,
  ChatMessage,
  ConnectionState,
  DeviceState,
  DeviceView,
  EncryptionView,
  FacilitatorLink,
  KnockView,
  MemberView,
  Model,
  NetworkChoices,
  QualityView,
  Role,
  Screen,
  ScreenView,
} from "../../../web/client/model";

export interface FakeModel extends Model {
  screen: Signal<Screen>;
  title: Signal<string>;
  role: Signal<Role>;
  ownName: Signal<string>;
  members: Signal<MemberView[]>;
  knocks: Signal<KnockView[]>;
  chat: Signal<ChatMessage[]>;
  connection: Signal<ConnectionState>;
  soundBlocked: Signal<boolean>;
  screens: Signal<ScreenView[]>;
  network: Signal<NetworkChoices>;
  relayAvailable: Signal<boolean>;
  quality: Signal<QualityView | null>;
  lastFacilitator: Signal<boolean>;
  encryption: Signal<EncryptionView>;
  devicesOpened: Signal<boolean>;
  devices: {
    microphone: Signal<DeviceView>;
    camera: Signal<DeviceView>;
    speaker: Signal<DeviceView>;
    level: Signal<number>;
    silent: Signal<boolean>;
    stream: Signal<MediaStream | null>;
  };
}

export interface Fake {
  model: FakeModel;
  actions: Actions;
  /** What a check comes to that is started here. */
  startedCheck: Check["state"];
  /** What "Share screen" comes to. */
  sharing: Awaited<ReturnType<Actions["shareScreen"]>>;
  /** What the panel "Call quality" is shown while it is open. */
  measured: QualityView | null;
  /** How the server answers an organiser. */
  answer: () => Promise<boolean>;
  /** What was called, as "name" or "name(arguments)". */
  calls: string[];
  announce(announcement: Announcement): void;
}

export const seed = (n: number) => Uint8Array.from({ length: 16 }, (_, i) => (n * 31 + i * 7) % 256);

export function member(order: number, name: string | null, more: Partial<MemberView> = {}): MemberView {
  return {
    id: `member-${order}`,
    name,
    role: "participant",
    self: false,
    muted: false,
    cameraOff: false,
    hand: 0,
    speaking: false,
    connected: true,
    keys: "encrypted",
    checked: false,
    video: null,
    held: false,
    network: null,
    pinned: false,
    avatarSeed: seed(order),
    order,
    ...more,
  };
}

export function knock(n: number, name: string | null, more: Partial<KnockView> = {}): KnockView {
  return {
    id: `knock-${n}`,
    name,
    since: performance.now() - n * 60_000,
    removedEarlier: false,
    connected: true,
    answered: null,
    avatarSeed: seed(100 + n),
    ...more,
  };
}

export function message(seq: number, senderName: string, text: string, more: Partial<ChatMessage> = {}): ChatMessage {
  return {
    seq,
    key: `message-${seq}`,
    sender: `member-${senderName}`,
    senderName,
    own: false,
    text,
    at: new Date(2026, 10, 19, 19, seq),
    state: "sent",
    ...more,
  };
}

export type Check = NonNullable<EncryptionView["check"]>;

export const encryption = (more: Partial<EncryptionView> = {}): EncryptionView => ({
  ready: true,
  unchecked: 0,
  check: null,
  since: null,
  checkedNames: [],
  uncheckedNames: [],
  troubles: [],
  locked: false,
  ...more,
});

/** A round's result; the longest names among those that may stand side by side. */
export const check = (more: Partial<Check> = {}): Check => ({
  state: "done",
  startedBy: "Marta",
  emoji: [3, 8, 26, 38, 26, 44, 34, 40].map((i) => ({
    symbol: EMOJI[i]?.symbol ?? "",
    name: `emoji-${EMOJI[i]?.name}`,
  })),
  digits: "012345678901234567890123456789",
  took: [],
  silent: [],
  at: new Date(2026, 10, 19, 19, 6),
  marked: false,
  outdated: false,
  ...more,
});

export const screen = (of: MemberView, more: Partial<ScreenView> = {}): ScreenView => ({
  member: of.id,
  name: of.name ?? "",
  self: of.self,
  stream: null,
  held: false,
  pinned: false,
  ...more,
});

type PersonQuality = QualityView["people"][number];

/** What arrives of somebody: all well, unless told otherwise. */
export const arriving = (of: MemberView, more: Partial<PersonQuality> = {}): PersonQuality => ({
  member: of.id,
  name: of.name ?? "",
  sound: "good",
  picture: "good",
  height: 360,
  cause: null,
  ...more,
});

export const quality = (more: Partial<QualityView> = {}): QualityView => ({
  up: { quality: "good", rate: 1_204_300, loss: 0.0012 },
  down: { quality: "good", rate: 2_310_000, loss: 0 },
  roundTrip: 0.048,
  path: "udp",
  people: [],
  ...more,
});

export const link = (number: number, more: Partial<FacilitatorLink> = {}): FacilitatorLink => ({
  number,
  serial: `serial-${number}`,
  expires: new Date(2027, 9, 3),
  state: "good",
  ...more,
});

const device = (state: DeviceState, labels: string[]): DeviceView => ({
  state,
  choices: labels.map((label, i) => ({ id: `${i}`, label })),
  chosen: "0",
});

const setState = (of: Signal<DeviceView>, state: DeviceState) => {
  of.value = { ...of.value, state };
};

export function createFake(): Fake {
  const listeners = new Set<(announcement: Announcement) => void>();
  const calls: string[] = [];
  const model: FakeModel = {
    screen: signal<Screen>({ name: "opening" }),
    title: signal("Thursday circle for people who care for others"),
    role: signal<Role>("participant"),
    ownName: signal(""),
    members: signal<MemberView[]>([]),
    knocks: signal<KnockView[]>([]),
    chat: signal<ChatMessage[]>([]),
    unread: signal(0),
    connection: signal<ConnectionState>("fine"),
    soundBlocked: signal(false),
    screens: signal<ScreenView[]>([]),
    network: signal<NetworkChoices>({ dataSaver: false, audioOnly: false, relayOnly: false }),
    relayAvailable: signal(false),
    quality: signal<QualityView | null>(null),
    lastFacilitator: signal(false),
    encryption: signal(encryption()),
    devicesOpened: signal(false),
    devices: {
      microphone: signal(device("not-asked", [])),
      camera: signal(device("not-asked", [])),
      speaker: signal(device("on", [])),
      level: signal(0),
      silent: signal(false),
      stream: signal<MediaStream | null>(null),
    },
    onAnnouncement(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const self = (change: Partial<MemberView>) => {
    model.members.value = model.members.value.map((one) => (one.self ? { ...one, ...change } : one));
  };
  const behaviour: Partial<Actions> = {
    agree() {
      model.devicesOpened.value = true;
      model.devices.microphone.value = device("on", ["Headset microphone", "Built-in microphone"]);
      model.devices.camera.value = device("on", ["Built-in camera"]);
      model.devices.speaker.value = device("on", ["Headset"]);
      model.devices.level.value = 0.4;
    },
    checkName(name) {
      if (name.trim() === "") return "empty";
      return name.length > 40 ? "too-long" : name.toLowerCase() === "everyone" ? "reserved" : null;
    },
    askToJoin(name) {
      model.ownName.value = name;
      model.screen.value = { name: "waiting", facilitatorPresent: true, reconnecting: false };
    },
    setMicrophone(on) {
      setState(model.devices.microphone, on ? "on" : "off");
      self({ muted: !on });
    },
    setCamera(on) {
      setState(model.devices.camera, on ? "on" : "off");
      self({ cameraOff: !on });
    },
    retryDevice: (kind) => setState(model.devices[kind], "on"),
    turnSoundOn() {
      model.soundBlocked.value = false;
    },
    raiseHand: () => self({ hand: 1 }),
    lowerHand: () => self({ hand: 0 }),
    sendChat(text) {
      const seq = model.chat.value.length + 1;
      model.chat.value = [...model.chat.value, message(seq, "You", text, { own: true })];
    },
    admit(id) {
      model.knocks.value = model.knocks.value.filter((one) => one.id !== id);
    },
    decline(id) {
      model.knocks.value = model.knocks.value.filter((one) => one.id !== id);
    },
    remove(id) {
      model.members.value = model.members.value.filter((one) => one.id !== id);
    },
    leave() {
      model.screen.value = { name: "left", reason: "left" };
    },
    endMeeting() {
      model.screen.value = { name: "left", reason: "ended" };
    },
    startCheck() {
      const { value } = model.encryption;
      const startedBy = model.members.value.find((one) => one.self)?.name ?? "";
      const silent = fake.startedCheck === "failed" ? value.uncheckedNames : [];
      const running = check({ state: fake.startedCheck, startedBy, emoji: null, digits: null, silent, at: null });
      model.encryption.value = { ...value, check: running };
    },
    markChecked() {
      const { value } = model.encryption;
      model.members.value = model.members.value.map((one) => ({ ...one, checked: true }));
      model.encryption.value = {
        ...value,
        unchecked: 0,
        check: value.check && { ...value.check, marked: true },
        checkedNames: [...value.checkedNames, ...value.uncheckedNames],
        uncheckedNames: [],
      };
    },
    setLocked(locked) {
      model.encryption.value = { ...model.encryption.value, locked };
    },
    setCoFacilitator(id, granted) {
      model.members.value = model.members.value.map((one) =>
        one.id === id ? { ...one, role: granted ? "co-facilitator" : "participant" } : one,
      );
    },
    shareScreen() {
      const own = model.members.value.find((one) => one.self);
      if (fake.sharing === "shared" && own) {
        model.screens.value = [...model.screens.value, screen(own, { self: true, stream: own.video })];
      }
      return Promise.resolve(fake.sharing);
    },
    stopSharing() {
      model.screens.value = model.screens.value.filter((one) => !one.self);
    },
    setNetwork(choices) {
      model.network.value = { ...model.network.value, ...choices };
    },
    setPinned(id, what, pinned) {
      if (what === "camera") {
        model.members.value = model.members.value.map((one) => (one.id === id ? { ...one, pinned } : one));
      } else {
        model.screens.value = model.screens.value.map((one) => (one.member === id ? { ...one, pinned } : one));
      }
    },
    watchQuality(on) {
      model.quality.value = on ? fake.measured : null;
    },
    copyLink: () => Promise.resolve(true),
    copyFacilitatorLink: () => Promise.resolve(true),
    addFacilitator: () => fake.answer(),
    renew: () => fake.answer(),
    revoke: () => fake.answer(),
    changeLinks: () => fake.answer(),
    playTestSound: () => Promise.resolve(),
    attachSound: () => () => undefined,
  };
  const actions = new Proxy(behaviour, {
    get:
      (target, name: keyof Actions) =>
      (...args: unknown[]): unknown => {
        if (name !== "attachSound" && name !== "checkName") {
          const said = args.map((arg) => (typeof arg === "object" ? JSON.stringify(arg) : String(arg)));
          calls.push(args.length > 0 ? `${name}(${said.join(", ")})` : name);
        }
        return (target[name] as ((...all: unknown[]) => unknown) | undefined)?.(...args);
      },
  }) as Actions;
  const announce = (announcement: Announcement) => {
    for (const listener of listeners) listener(announcement);
  };
  const fake: Fake = {
    model,
    actions,
    calls,
    announce,
    startedCheck: "gathering",
    sharing: "shared",
    measured: null,
    answer: () => Promise.resolve(true),
  };
  return fake;
}
