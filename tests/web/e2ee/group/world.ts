/**
 * A meeting of several workers around a small server, on a virtual clock: every step is taken by hand, and the network's
 * timing is drawn from a seed. Messages of one socket keep their order, as on a WebSocket.
 */
import { vi } from "vitest";
import { type Bytes, toBase64url } from "../../../../web/client/base64url";
import type { Message } from "../../../../web/client/e2ee/envelope";
import type { EpochKeys, FrameKeys } from "../../../../web/client/e2ee/epoch_keys";
import { GroupWorker } from "../../../../web/client/e2ee/group/group_worker";
import { BrowserRejoinStore } from "../../../../web/client/e2ee/group/rejoin_store";
import {
  type Certificate,
  encodeCertificate,
  encodeRevocations,
  issueCertificate,
  issueRevocations,
} from "../../../../web/client/e2ee/mls/credentials";
import type {
  FromWorker,
  GroupMessage,
  GroupView,
  Identity,
  Incident,
  SenderContext,
  ToWorker,
} from "../../../../web/client/e2ee/worker_messages";
import { signingKey } from "../../../../web/client/ed25519";
import type { ServerMessage } from "../../../../web/client/protocol_types";
import { seeded } from "../../random";
import { bytesFor, DAY } from "../mls/world";
import { Delivery, ROOM } from "./delivery";

export const GROUP_ID = toBase64url(bytesFor("group of the link", 16));
export const ROOM_SECRET = bytesFor("room secret", 16);
export const ROOT_SEED = bytesFor("root", 32);
/** The time of day: ts-mls itself looks at the clock when it adds somebody. */
export const START = Math.floor(Date.now() / 1000);

export const id = (name: string) => toBase64url(bytesFor(`member ${name}`, 16));

export class Frames implements FrameKeys {
  readonly epochs: EpochKeys[] = [];
  ready: number | null = null;
  suspended = true;
  readonly said = new Map<string, readonly SenderContext[]>();

  epochBegan(keys: EpochKeys): void {
    this.epochs.push(keys);
    this.suspended = false;
  }
  everybodyReady(_: string, epoch: number): void {
    this.ready = epoch;
  }
  contexts(_: string, member: string, contexts: readonly SenderContext[]): void {
    this.said.set(member, contexts);
  }
  suspend(): void {
    this.suspended = true;
  }
  forgetRoom(): void {}
}

export interface Heard {
  seq: number;
  sender: string;
  message: Message;
}

export class Somebody {
  readonly member: string;
  worker: GroupWorker;
  frames = new Frames();
  told: FromWorker[] = [];
  view: GroupView | null = null;
  heard: Heard[] = [];
  incidents: Incident[] = [];
  /** On the socket, either way. */
  inbox: ServerMessage[] = [];
  outgoing: Extract<FromWorker, { type: "send" }>["message"][] = [];
  online = false;
  sockets = 0;
  #said = 0;
  #lives = 0;

  constructor(
    readonly world: World,
    readonly name: string,
    readonly identity: Identity,
    /** Seconds by which this device's clock is wrong. */
    readonly clockOff: number,
  ) {
    this.member = id(name);
    this.worker = this.#worker();
  }

  #worker(): GroupWorker {
    const { frames } = this;
    const life = ++this.#lives;
    // For a worker that is gone time stands still, and nobody hears it.
    const worker = new GroupWorker({
      tell: (message) => life === this.#lives && this.#take(message),
      frames,
      now: () => START + this.clockOff + this.world.clock,
      clock: () => (life === this.#lives ? this.world.clock : Number.NaN),
      rejoinStore: this.world.store(this.name),
      random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    });
    return worker;
  }

  /** A reload of the page, or a worker that died: everything but the browser's database is gone. */
  reload(): void {
    this.online = false;
    this.inbox = [];
    this.outgoing = [];
    this.frames = new Frames();
    this.view = null;
    this.worker = this.#worker();
    void this.worker.receive({ type: "start", identity: this.identity });
  }

  get facilitator(): boolean {
    return this.identity.roleSeed !== null;
  }

  get nonce(): string {
    return toBase64url(bytesFor(`nonce ${this.name} ${this.sockets}`, 32));
  }

  #take(message: FromWorker): void {
    this.told.push(message);
    if (message.type === "send" && this.online) this.outgoing.push(message.message);
    else if (message.type === "group") this.view = message.view;
    else if (message.type === "heard") this.heard.push(message);
    else if (message.type === "incident") this.incidents.push(message.incident);
  }

  do(message: ToWorker): Promise<void> {
    return this.worker.receive(message);
  }

  /** Says a chat message; its id. */
  async say(text: string, more: { to?: string; slot?: string } = {}): Promise<number> {
    const id = ++this.#said;
    const { to = null, slot = null } = more;
    await this.do({ type: "say", room: ROOM, id, message: { type: "chat", text }, to, slot });
    return id;
  }

  get chats(): string[] {
    return this.heard.flatMap(({ message }) => (message.type === "chat" ? [message.text] : []));
  }

  /** Names of those in the room, as this member holds it; empty while out. */
  get people(): string[] {
    if (this.view?.state !== "in") return [];
    return this.view.people.map(({ member }) => this.world.nameOf(member));
  }

  person(other: Somebody) {
    return this.view?.people.find(({ member }) => member === other.member);
  }

  tell(type: FromWorker["type"]): FromWorker[] {
    return this.told.filter((message) => message.type === type);
  }
}

export class World {
  clock = 0;
  readonly everybody: Somebody[] = [];
  readonly server: Delivery;
  readonly #random: () => number;
  readonly #stores = new Map<string, BrowserRejoinStore>();
  #timers: { id: number; at: number; call: () => void }[] = [];
  #timerId = 0;
  certificates: string[] = [];
  /** Whose network stands still. */
  readonly frozen = new Set<Somebody>();
  revocations: string | null = null;

  constructor(seed = 1) {
    this.#random = seeded(seed);
    this.server = new Delivery(
      () => START + this.clock,
      (member, message) => this.everybody.find((one) => one.member === member)?.inbox.push(message),
    );
    vi.stubGlobal("setTimeout", (call: () => void, ms: number) => {
      // That of a worker that is gone never comes.
      this.#timers.push({ id: ++this.#timerId, at: this.clock + ms / 1000, call });
      return this.#timerId;
    });
    vi.stubGlobal("clearTimeout", (id: number) => {
      this.#timers = this.#timers.filter((timer) => timer.id !== id);
    });
  }

  store(name: string): BrowserRejoinStore {
    const store =
      this.#stores.get(name) ??
      new BrowserRejoinStore(
        () => undefined,
        () => START + this.clock,
      );
    this.#stores.set(name, store);
    return store;
  }

  nameOf(member: string): string {
    return this.everybody.find((one) => one.member === member)?.name ?? member;
  }

  async certify(name: string, changes: Partial<Certificate> = {}): Promise<Certificate> {
    const root = await signingKey(ROOT_SEED);
    const role = await signingKey(bytesFor(`role ${name}`, 32));
    const certificate = await issueCertificate(root, {
      group: bytesFor("group of the link", 16),
      roleKey: role.publicKey,
      notBefore: START - 10 * DAY,
      notAfter: START + 400 * DAY,
      serial: bytesFor(name, 8),
      ...changes,
    });
    this.certificates.push(toBase64url(encodeCertificate(certificate)));
    return certificate;
  }

  async revoke(version: number, ...serials: Bytes[]): Promise<string> {
    const root = await signingKey(ROOT_SEED);
    const group = bytesFor("group of the link", 16);
    this.revocations = toBase64url(
      encodeRevocations(
        await issueRevocations(root, { group, version, date: Math.floor(START + this.clock), serials }),
      ),
    );
    return this.revocations;
  }

  async #somebody(name: string, roleSeed: Bytes | null, clockOff: number): Promise<Somebody> {
    const identity: Identity = {
      group: GROUP_ID,
      roomSecret: ROOM_SECRET,
      rootKey: (await signingKey(ROOT_SEED)).publicKey,
      roleSeed,
      certificates: [...this.certificates],
      revocations: this.revocations,
      tab: `tab ${name}`,
    };
    const somebody = new Somebody(this, name, identity, clockOff);
    this.everybody.push(somebody);
    await somebody.do({ type: "start", identity });
    return somebody;
  }

  /** A facilitator at the door, with a certificate unless there is one. */
  async facilitator(name: string, { clockOff = 0, certified = true } = {}): Promise<Somebody> {
    if (certified) await this.certify(name);
    return this.#somebody(name, bytesFor(`role ${name}`, 32), clockOff);
  }

  participant(name: string, { clockOff = 0 } = {}): Promise<Somebody> {
    return this.#somebody(name, null, clockOff);
  }

  /** A socket with `join`: facilitators are seated, participants knock. */
  async arrive(...people: Somebody[]): Promise<void> {
    for (const somebody of people) {
      somebody.online = true;
      somebody.sockets++;
      this.server.arrive(somebody.member, somebody.facilitator ? "facilitator" : "participant");
    }
    await this.settle();
  }

  async knock(somebody: Somebody): Promise<void> {
    const { member, nonce, name } = somebody;
    await somebody.do({ type: "make-knock", member, nonce, name, now: START + this.clock });
  }

  async admit(by: Somebody, ...knocks: Somebody[]): Promise<void> {
    await by.do({ type: "admit", knocks: knocks.map(({ member }) => member) });
  }

  /** Everybody knocks and is let in by the first facilitator. */
  async meeting(...people: Somebody[]): Promise<void> {
    const [first] = people;
    for (const somebody of people) await this.arrive(somebody);
    if (first) await this.admit(first, ...people.filter(({ facilitator }) => !facilitator));
    await this.advance(1);
  }

  async cut(somebody: Somebody): Promise<void> {
    somebody.online = false;
    somebody.inbox = [];
    somebody.outgoing = [];
    this.server.offline(somebody.member);
    await somebody.do({ type: "offline" });
  }

  /** A new socket with `resume`. */
  async resume(somebody: Somebody): Promise<void> {
    somebody.online = true;
    somebody.sockets++;
    this.server.resume(somebody.member);
  }

  async reload(somebody: Somebody): Promise<void> {
    this.server.offline(somebody.member);
    somebody.reload();
    await this.resume(somebody);
  }

  // -- Time and the network --------------------------------------------------------------------------------------------

  /** One message goes one step; false when none is on its way. */
  async step(): Promise<boolean> {
    const moving = this.everybody.filter((one) => (one.inbox.length || one.outgoing.length) && !this.frozen.has(one));
    const chosen = moving[Math.floor(this.#random() * moving.length)];
    if (!chosen) return false;
    const down = chosen.inbox.length > 0 && (!chosen.outgoing.length || this.#random() < 0.5);
    if (down) await this.#down(chosen, chosen.inbox.shift() as ServerMessage);
    else {
      const message = chosen.outgoing.shift();
      if (message) await this.server.receive(chosen.member, message, chosen.nonce);
    }
    return true;
  }

  async #down(somebody: Somebody, message: ServerMessage): Promise<void> {
    if (message.type === "joined") {
      await somebody.do({ type: "joined", message });
      for (const knock of message.knocks ?? []) await somebody.do({ type: "read-knock", knock });
    } else if (message.type === "waiting") await this.knock(somebody);
    else if (message.type === "knocked") await somebody.do({ type: "read-knock", knock: message.knock });
    else if (message.type !== "removed") await somebody.do({ type: "server", message: message as GroupMessage });
  }

  /** Until nothing is on its way. */
  async settle(): Promise<void> {
    for (let steps = 0; await this.step(); steps++) {
      if (steps > 5_000) throw new Error("the network never becomes quiet");
    }
  }

  /** Runs what is due in these seconds. */
  async advance(seconds: number): Promise<void> {
    const end = this.clock + seconds;
    await this.settle();
    for (let turns = 0; ; turns++) {
      if (turns > 2_000) throw new Error("a timer that never rests");
      const next = this.#timers.reduce((first, timer) => (timer.at < first.at ? timer : first), {
        id: 0,
        at: Number.POSITIVE_INFINITY,
        call: () => {},
      });
      if (next.at > end) break;
      this.clock = Math.max(this.clock, next.at);
      this.#timers = this.#timers.filter(({ id }) => id !== next.id);
      next.call();
      await Promise.all(this.everybody.map(({ worker }) => worker.idle));
      await this.settle();
    }
    this.clock = end;
  }

  /** The same, with a server that looks who is there each second. */
  async wait(seconds: number): Promise<void> {
    for (let left = seconds; left > 0; left--) {
      await this.advance(1);
      this.server.look();
    }
    await this.settle();
  }

  /** Whether all of them are in one epoch with one roster and the same keys. */
  agreement(...people: Somebody[]): { epoch: number; people: string[]; key: string } {
    const views = people.map(({ view, frames, people: names }) => ({
      epoch: view?.state === "in" ? view.epoch : -1,
      people: names,
      key: toBase64url(frames.epochs.at(-1)?.baseKey ?? new Uint8Array(0)),
    }));
    const [first] = views;
    if (!first) throw new Error("nobody");
    for (const view of views) {
      if (JSON.stringify(view) !== JSON.stringify(first)) throw new Error(JSON.stringify(views, null, 1));
    }
    return first;
  }
}
