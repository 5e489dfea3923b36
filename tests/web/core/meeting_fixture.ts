/** One person's session with everything around it replaced: the server's words, keys, devices and storage are the test's. */
import { vi } from "vitest";
import type { GroupAnswer, GroupProblem } from "../../../web/client/boot";
import { DeviceManager } from "../../../web/client/devices";
import type { Message } from "../../../web/client/e2ee/manager";
import type { Person as GroupPerson } from "../../../web/client/e2ee/worker_messages";
import type { Door } from "../../../web/client/links";
import { freshTab, Memory, type TabState } from "../../../web/client/memory";
import type { Actions, Announcement, Model, Role } from "../../../web/client/model";
import type { ClientMessage, JoinedMessage, Knock, Member, ServerMessage } from "../../../web/client/protocol_types";
import { Session } from "../../../web/client/session";
import { Sound } from "../../../web/client/sound";
import { Store } from "../../../web/client/store";
import vectors from "../../vectors/certificates.json";
import { FakeManager, person } from "./fake_manager";
import { FakeMedia, FakePeerConnection, FakeScreens, FakeSocket, FakeStorage, fakeMediaGlobals } from "./fakes";

export const GROUP = "AAECAwQFBgcICQoLDA0ODw";
const ROOT_KEY = "Kay64UG8yvCyLhqU000LxzYeUm0L_hLIl5S8kyKWbdc";

/** A certificate, and what it is for: the role key that facilitators prove here. */
export const CERTIFIED = vectors.certificates[0] as (typeof vectors.certificates)[0];

/** Marta, a facilitator, and oneself. */
export const TWO = [person("marta", 0, "facilitator"), person("me", 1)];

const SEED = new Uint8Array(32).fill(7);

export const knock = (id: string, sealed = `sealed-${id}`): Knock => ({
  id,
  sealed,
  key_package: `package-of-${id}`,
  nonce: `nonce-of-${id}`,
  waiting_seconds: 0,
});

export class Person {
  readonly sockets: FakeSocket[] = [];
  readonly media = new FakeMedia();
  readonly displays = new FakeScreens();
  readonly store = new Store();
  readonly announcements: Announcement[] = [];
  readonly sound = new Sound(() => undefined);
  readonly devices: DeviceManager;
  readonly session: Session;
  readonly model: Model;
  readonly memory: Memory;
  readonly copied: string[] = [];
  readonly firstGroup: GroupAnswer = { root_key: ROOT_KEY, profile: "p", certificates: ["c1"], revocations: null };
  /** What the server answers now. */
  group: GroupAnswer | GroupProblem = this.firstGroup;
  seq = 0;
  #voices: readonly unknown[] = [];

  constructor(
    role: Role = "participant",
    readonly tabStorage = new FakeStorage(),
    readonly outdated = false,
    readonly screens: "one" | "many" = "one",
  ) {
    this.memory = new Memory(tabStorage, new FakeStorage());
    const tab = this.memory.load(GROUP) ?? freshTab(GROUP, "p1.secret.fingerprint");
    let session: Session | null = null;
    this.devices = new DeviceManager({
      media: this.media as unknown as MediaDevices,
      permissions: undefined,
      remembered: {},
      remember: () => undefined,
      meter: { attach: () => undefined, read: () => null },
      camera: {},
      canChooseSpeaker: false,
      changed: (input) => session?.deviceChanged(input),
    });
    const door = {
      link: { role, group: GROUP, roomSecret: new Uint8Array(16), seed: role === "participant" ? null : SEED },
      openProfile: async (profile: string) =>
        profile === "p" ? { title: "Thursday circle", screens: this.screens } : null,
      isRootKey: async (key: string) => key === ROOT_KEY,
      prove: async (nonce: string) => ({ role, key: CERTIFIED.input.role_key, signature: `signed ${nonce}` }),
      avatarSeed: async () => new Uint8Array(16),
      participantLink: (base: string) => `${base}/participant`,
      facilitatorLink: async (base: string) => (role === "participant" ? null : `${base}/facilitator`),
      ownLink: async (base: string) => `${base}/own`,
    };
    session = new Session({
      store: this.store,
      devices: this.devices,
      sound: this.sound,
      memory: this.memory,
      tab,
      door: door as unknown as Door,
      group: this.firstGroup,
      outdated: this.outdated,
      screens: this.screens,
      capture: this.displays,
      fetchGroup: async () => this.group,
      base: "https://meet.example.org",
      openSocket: () => {
        this.sockets.push(new FakeSocket());
        return this.socket.asSocket();
      },
      makeE2ee: (options) => new FakeManager(options).asManager(),
      makeConnection: (ice) => new FakePeerConnection(ice) as unknown as RTCPeerConnection,
      wakeLock: { hold: () => undefined, release: () => undefined },
      copy: async (text) => this.copied.push(text) > 0,
      reload: () => undefined,
    });
    this.session = session;
    const play = this.sound.play.bind(this.sound);
    this.sound.play = (remote) => {
      this.#voices = remote;
      play(remote);
    };
    this.model = this.store.model(this.devices);
    this.model.onAnnouncement((announcement) => this.announcements.push(announcement));
  }

  get actions(): Actions {
    return this.session.actions;
  }

  get socket(): FakeSocket {
    return this.sockets.at(-1) as FakeSocket;
  }

  get e2ee(): FakeManager {
    return FakeManager.made.at(-1) as FakeManager;
  }

  /** What a reload of the page finds. */
  get kept(): TabState {
    return this.memory.load(GROUP) as TabState;
  }

  get screen(): string {
    const screen = this.model.screen.value;
    return screen.name === "left" ? `left ${screen.reason}` : screen.name === "problem" ? screen.problem : screen.name;
  }

  /** The voices that are audible now. */
  played(): readonly unknown[] {
    return this.#voices;
  }

  kinds(): string[] {
    return this.announcements.map((announcement) => announcement.kind);
  }

  sent<T extends ClientMessage["type"]>(type: T): Extract<ClientMessage, { type: T }>[] {
    return this.sockets.flatMap((socket) => socket.sent).filter((message) => message.type === type) as never;
  }

  /** What was said to the newest worker. */
  said(type?: Message["type"]): (Message & { to: string | null; id: number })[] {
    const opened = this.e2ee.said.map(({ message, to, id }) => ({ ...message, to, id }));
    return opened.filter((message) => type === undefined || message.type === type);
  }

  async hear(...messages: ServerMessage[]): Promise<void> {
    for (const message of messages) this.socket.say(message);
    await settle();
  }

  /** The worker tells of the group after a commit. */
  async see(...told: Parameters<FakeManager["group"]>): Promise<void> {
    this.e2ee.group(...told);
    await settle();
  }

  /** What somebody else signed. */
  async hearSaid(sender: string, message: object): Promise<void> {
    this.seq += 1;
    this.e2ee.tell({ type: "heard", room: "room", seq: this.seq, sender, message: message as Message });
    await settle();
  }

  /** The room takes everything that was said, in order. */
  async echo(): Promise<void> {
    for (const one of this.e2ee.said.filter(({ answered }) => !answered)) {
      this.seq += 1;
      one.answered = true;
      this.e2ee.tell({ type: "said", room: one.room, id: one.id, seq: this.seq });
    }
    await settle();
  }

  async greet(): Promise<void> {
    await this.hear({ type: "challenge", nonce: "nonce" });
  }

  async wait(): Promise<void> {
    const [token, now] = ["waiting-token-0001", 1_700_000_000];
    await this.hear({ type: "waiting", token, member: "me", now, facilitator_present: true });
  }

  joined(more: Partial<JoinedMessage> & { members?: Member[] } = {}): JoinedMessage {
    const { members, ...rest } = more;
    const listed = members ?? [
      { id: "marta", role: "facilitator" },
      { id: "me", role: "participant" },
    ];
    return {
      type: "joined",
      token: "joined-token-0001",
      meeting: "meeting",
      member: "me",
      role: "participant",
      now: 1_700_000_000,
      rooms: [{ id: "room", members: listed, said_n: 0 }],
      ...rest,
    };
  }

  /** From the page before joining into a room with Marta, a facilitator. */
  async comeIn(): Promise<void> {
    this.session.begin();
    this.actions.agree();
    this.actions.askToJoin("Ana");
    await this.greet();
    await this.wait();
    await this.hear(this.joined());
    await this.see(TWO);
  }

  /** A facilitator's way in, alone in the group or with others. */
  async facilitate(people: GroupPerson[] = [person("me", 0, "facilitator")], knocks: Knock[] = []): Promise<void> {
    this.session.begin();
    this.actions.agree();
    this.actions.askToJoin("Marta");
    await this.greet();
    await this.hear(this.joined({ role: "facilitator", knocks, members: [{ id: "me", role: "facilitator" }] }));
    await this.see(people);
  }

  /** The socket dies and the server takes the session up again on the next one. */
  async loseAndResume(joined: JoinedMessage): Promise<void> {
    this.socket.close(1006);
    await vi.advanceTimersByTimeAsync(1);
    await this.greet();
    await this.hear(joined);
  }
}

export const settle = () => vi.advanceTimersByTimeAsync(0);

export function setUp(): void {
  vi.useFakeTimers();
  fakeMediaGlobals();
  FakeManager.made = [];
  const audio = () => ({ play: async () => undefined, remove: () => undefined, srcObject: null });
  Object.assign(globalThis, { document: { createElement: audio } });
}
