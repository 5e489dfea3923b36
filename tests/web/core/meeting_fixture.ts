/** One person's session with everything around it replaced: the server's words, keys, devices and storage are the test's. */
import { vi } from "vitest";
import { DeviceManager } from "../../../web/client/devices";
import type { E2eeManager, Message } from "../../../web/client/e2ee/manager";
import type { Door } from "../../../web/client/links";
import { freshTab, Memory, type TabState } from "../../../web/client/memory";
import type { Actions, Announcement, Model, Role } from "../../../web/client/model";
import type {
  ClientMessage,
  JoinedMessage,
  Member,
  MemberRole,
  RoomState,
  ServerMessage,
} from "../../../web/client/protocol_types";
import { Session } from "../../../web/client/session";
import { Sound } from "../../../web/client/sound";
import { Store } from "../../../web/client/store";
import { FakeMedia, FakePeerConnection, FakeSocket, FakeStorage, fakeMediaGlobals } from "./fakes";

export const GROUP = "AAECAwQFBgcICQoLDA0ODw";

export const member = (id: string, order: number, role: MemberRole = "participant"): Member => ({
  id,
  leaf: order,
  role,
  order,
});

/** Keys replaced by plain JSON, so that a test reads and writes what is said. */
class FakeE2ee {
  static made: FakeE2ee[] = [];
  closed = false;
  n = 0;
  contexts: Record<string, unknown> = {};
  #drawn = 0;

  constructor(readonly events: { onProblem(what: "worker-lost"): void }) {
    FakeE2ee.made.push(this);
  }

  async enterRoom(): Promise<void> {}
  leaveRoom(): void {}
  forgetMember(_room: string, id: string): void {
    delete this.contexts[id];
  }
  guardReceiver(): void {}
  openReceiver(): void {}
  setContexts(_room: string, id: string, _leaf: number, contexts: unknown): void {
    this.contexts[id] = contexts;
  }
  protectSender(_room: string, _sender: unknown, track: object): object {
    return { context: this.#drawn++, epoch: 0, salt: "salt", ...track };
  }
  async seal(_room: string, message: object): Promise<string> {
    this.n += 1;
    return JSON.stringify({ n: this.n, ...message });
  }
  async open(_room: string, said: { body: string }): Promise<object | null> {
    return said.body === "junk" ? null : JSON.parse(said.body);
  }
  close(): void {
    this.closed = true;
  }
}

export class Person {
  readonly sockets: FakeSocket[] = [];
  readonly media = new FakeMedia();
  readonly store = new Store();
  readonly announcements: Announcement[] = [];
  readonly devices: DeviceManager;
  readonly session: Session;
  readonly model: Model;
  readonly memory: Memory;
  readonly copied: string[] = [];
  seq = 0;

  constructor(
    role: Role = "participant",
    readonly tabStorage = new FakeStorage(),
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
      canChooseSpeaker: false,
      changed: (input) => session?.deviceChanged(input),
    });
    const door = {
      link: { role },
      sealKnock: async (name: string) => `sealed-${name}`,
      openKnock: async (sealed: string) => sealed.replace("sealed-", ""),
      prove: async (nonce: string) => ({ role, key: "key", signature: `signed ${nonce}` }),
      avatarSeed: async () => new Uint8Array(16),
      participantLink: (base: string) => `${base}/participant`,
      facilitatorLink: async (base: string) => (role === "participant" ? null : `${base}/facilitator`),
      ownLink: async (base: string) => `${base}/own`,
    };
    session = new Session({
      store: this.store,
      devices: this.devices,
      sound: new Sound(() => undefined),
      memory: this.memory,
      tab,
      door: door as unknown as Door,
      base: "https://meet.example.org",
      openSocket: () => {
        this.sockets.push(new FakeSocket());
        return this.socket.asSocket();
      },
      makeE2ee: (events) => new FakeE2ee(events) as unknown as E2eeManager,
      makeConnection: () => new FakePeerConnection() as unknown as RTCPeerConnection,
      wakeLock: { hold: () => undefined, release: () => undefined },
      copy: async (text) => this.copied.push(text) > 0,
      reload: () => undefined,
    });
    this.session = session;
    this.model = this.store.model(this.devices);
    this.model.onAnnouncement((announcement) => this.announcements.push(announcement));
  }

  get actions(): Actions {
    return this.session.actions;
  }

  get socket(): FakeSocket {
    return this.sockets.at(-1) as FakeSocket;
  }

  get e2ee(): FakeE2ee {
    return FakeE2ee.made.at(-1) as FakeE2ee;
  }

  /** What a reload of the page finds. */
  get kept(): TabState {
    return this.memory.load(GROUP) as TabState;
  }

  get screen(): string {
    const screen = this.model.screen.value;
    return screen.name === "left" ? `left ${screen.reason}` : screen.name === "problem" ? screen.problem : screen.name;
  }

  kinds(): string[] {
    return this.announcements.map((announcement) => announcement.kind);
  }

  sent<T extends ClientMessage["type"]>(type: T): Extract<ClientMessage, { type: T }>[] {
    return this.sockets.flatMap((socket) => socket.sent).filter((message) => message.type === type) as never;
  }

  /** What was said over the newest socket, opened. */
  said(type?: Message["type"]): (Message & { to: string | null; n: number })[] {
    const says = this.socket.sent.filter((message) => message.type === "say");
    const opened = says.map((say) => ({ ...JSON.parse(say.body), to: say.to ?? null, n: say.n }));
    return opened.filter((message) => type === undefined || message.type === type);
  }

  async hear(...messages: ServerMessage[]): Promise<void> {
    for (const message of messages) this.socket.say(message);
    await settle();
  }

  /** Somebody else's envelope. */
  async hearSaid(sender: string, message: object, to?: string): Promise<void> {
    this.seq += 1;
    const body = JSON.stringify(message);
    await this.hear({ type: "said", room: "room", seq: this.seq, sender, n: this.seq, body, ...(to ? { to } : {}) });
  }

  /** The server gives every say of the newest socket back, in order. */
  async echo(): Promise<void> {
    const says = this.socket.sent.filter((message) => message.type === "say");
    for (const { n, body, to } of says) {
      this.seq += 1;
      await this.hear({
        type: "said",
        room: "room",
        seq: this.seq,
        sender: "me",
        n: n as number,
        body,
        to: to ?? null,
      });
    }
  }

  async greet(): Promise<void> {
    await this.hear({ type: "challenge", nonce: "nonce" });
  }

  async wait(): Promise<void> {
    await this.hear({ type: "waiting", token: "waiting-token-0001", facilitator_present: true });
  }

  joined(members: Member[], more: Partial<JoinedMessage> & { room?: Partial<RoomState> } = {}): JoinedMessage {
    const { room, ...rest } = more;
    const state: RoomState = { id: "room", seq: this.seq, members, said_n: 0, replayed_from: this.seq + 1, ...room };
    return {
      type: "joined",
      token: "joined-token-0001",
      meeting: "meeting",
      member: "me",
      role: "participant",
      rooms: [state],
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
    await this.hear(this.joined([member("marta", 0, "facilitator"), member("me", 1)]));
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
  FakeE2ee.made = [];
  const audio = () => ({ play: async () => undefined, remove: () => undefined, srcObject: null });
  Object.assign(globalThis, { document: { createElement: audio } });
}
