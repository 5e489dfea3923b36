/**
 * The page's side of end-to-end encryption: what the client's core calls. Frames and keys are the worker's; this keeps
 * what a new worker would need, should the one that runs be lost.
 */

import type { JoinedMessage, Knock, RoomState } from "../protocol_types";
import { attachTransform } from "./attach";
import type { Codec } from "./codec_header";
import { ContextBook } from "./context_book";
import type { Message } from "./envelope";
import type { From, KeyState } from "./opener";
import type { FromWorker, GroupMessage, Identity, SenderContext, ToWorker } from "./worker_messages";

export { browserProblem, type IceChoice, peerConnectionConfiguration } from "./attach";
export type { Message } from "./envelope";
export type { KeyState } from "./opener";
export type { SenderContext } from "./worker_messages";

/** What the worker tells the page, except about frames. */
export type GroupReport = Exclude<FromWorker, { type: "key-state" }>;

export interface ManagerOptions {
  workerUrl: string | URL;
  identity: Identity;
  on(report: GroupReport): void;
  onKeyState(room: string, member: string, state: KeyState): void;
  /**
   * The worker died, and all keys with it. A new one stands ready and was told what it needs to come back into the
   * group; what was waiting to be said came back as `unsaid`. No frame passes until the core has built its peer
   * connections anew and protected their senders, whose new contexts it then announces.
   */
  onProblem(what: "worker-lost"): void;
}

type KnockData = Omit<Extract<ToWorker, { type: "make-knock" }>, "type">;

/**
 * Milliseconds between the starts of two workers: one that cannot even be loaded (a server that was updated meanwhile
 * no longer has it) must not be asked for without a pause.
 */
const RESTART_PAUSE = 5_000;

/** Milliseconds that leaving waits for the worker's signature. Without one the others have to notice for themselves. */
const LEAVE_PATIENCE = 1_000;

/** Knocks that a new worker is told of again: more people than a room holds. Further ones push out the oldest. */
const KNOCKS_KEPT = 256;

export class E2eeManager {
  readonly #options: ManagerOptions;
  readonly #ids = new WeakMap<RTCRtpSender | RTCRtpReceiver, { worker: Worker; id: number }>();
  /** By room. */
  readonly #contexts = new Map<string, ContextBook<RTCRtpSender>>();
  /** What was handed in to be said and is not settled, as room and id. */
  readonly #unsettled = new Map<string, { room: string; id: number }>();
  /** By id, those that were given to be read. */
  readonly #knocks = new Map<string, Knock>();
  readonly #readers = new Map<string, ((name: string | null) => void)[]>();
  readonly #lastSaid = new Map<string, number>();
  #identity: Identity;
  #worker: Worker;
  #startedAt = Number.NEGATIVE_INFINITY;
  #restart: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  #nextId = 1;
  #online = false;
  /** The last `make-knock` until `joined`, with performance.now() of its coming. */
  #knock: { data: KnockData; at: number } | null = null;
  #joined: { message: JoinedMessage; at: number } | null = null;
  #leaving: { sent: boolean; done(): void } | null = null;

  constructor(options: ManagerOptions) {
    this.#options = options;
    this.#identity = options.identity;
    this.#worker = this.#startWorker();
  }

  // -- The door ------------------------------------------------------------------------------------------------------

  /** After every `waiting`: a `knock` is sent, or an `obstacle` reported. */
  makeKnock(data: KnockData): void {
    this.#online = true;
    this.#joined = null;
    this.#knock = { data, at: performance.now() };
    this.#post({ type: "make-knock", ...data });
  }

  /** The name of who knocks; null if the knock is not genuine, so that nobody can be let in by it. */
  readKnock(knock: Knock): Promise<string | null> {
    this.#knocks.delete(knock.id);
    this.#knocks.set(knock.id, knock);
    for (const oldest of this.#knocks.keys()) {
      if (this.#knocks.size <= KNOCKS_KEPT) break;
      this.#knocks.delete(oldest);
    }
    this.#post({ type: "read-knock", knock });
    return new Promise((resolve) => {
      this.#readers.set(knock.id, [...(this.#readers.get(knock.id) ?? []), resolve]);
    });
  }

  /** Those whose knocks were read and genuine. */
  admit(knocks: readonly string[]): void {
    this.#post({ type: "admit", knocks });
  }

  groupChanged(certificates: readonly string[], revocations: string | null): void {
    this.#identity = { ...this.#identity, certificates, revocations };
    this.#post({ type: "group-changed", certificates, revocations });
  }

  // -- The meeting ---------------------------------------------------------------------------------------------------

  joined(message: JoinedMessage): void {
    this.#online = true;
    this.#knock = null;
    this.#joined = { message, at: performance.now() };
    for (const { id, said_n } of message.rooms) this.#lastSaid.set(id, Math.max(said_n, this.#lastSaid.get(id) ?? 0));
    this.#post({ type: "joined", message });
  }

  server(message: GroupMessage): void {
    if (message.type === "mls_registered") this.#keep(message.room, { mls: message.state });
    if (message.type === "member_gone") this.#keepGone(message.room, message.gone);
    this.#post({ type: "server", message });
  }

  /** The socket is lost. */
  offline(): void {
    this.#online = false;
    this.#post({ type: "offline" });
  }

  /** `id` is the caller's and comes back in `said` or `unsaid`; a newer one of the same `slot` replaces one that waits. */
  say(room: string, id: number, message: Message, { to, slot }: { to?: string; slot?: string } = {}): void {
    this.#unsettled.set(`${room} ${id}`, { room, id });
    this.#post({ type: "say", room, id, message, to: to ?? null, slot: slot ?? null });
  }

  withdraw(room: string, id: number): void {
    this.#post({ type: "withdraw", room, id });
  }

  remove(member: string): void {
    this.#post({ type: "remove", member });
  }

  coFacilitator(member: string, granted: boolean): void {
    this.#post({ type: "co-facilitator", member, granted });
  }

  check(room: string): void {
    this.#post({ type: "check", room });
  }

  markChecked(room: string, round: string): void {
    this.#post({ type: "mark-checked", room, round });
  }

  /** Resolves when `leave` was handed out to be sent: signed, or plain if the worker does not answer in time. */
  leave(): Promise<void> {
    this.#knock = null;
    this.#joined = null;
    this.#post({ type: "leave" });
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        if (!this.#leaving?.sent) this.#options.on({ type: "send", message: { type: "leave" } });
        this.#leaving?.done();
      }, LEAVE_PATIENCE);
      const done = () => {
        clearTimeout(timer);
        this.#leaving = null;
        resolve();
      };
      this.#leaving = { sent: false, done };
    });
  }

  leaveRoom(room: string): void {
    this.#contexts.delete(room);
    this.#post({ type: "forget-room", room });
  }

  // -- Frames --------------------------------------------------------------------------------------------------------

  /**
   * Gives a sender a new context, and attaches the transform that lets no frame out without a key. Call it right after
   * `addTransceiver`/`addTrack`, and again for another track of the same codec on it. RangeError when all contexts of this epoch are used up: try again after the next one.
   */
  protectSender(
    room: string,
    sender: RTCRtpSender,
    track: Omit<SenderContext, "context">,
    codec: Codec,
  ): SenderContext {
    const context = { context: this.#book(room).give(sender), ...track };
    this.#attach(sender, "send", (id) => this.#post({ type: "sender", id, room, context, codec }));
    return context;
  }

  /**
   * Attaches the transform, which drops everything until `openReceiver` says whose frames may pass. For every receiver,
   * in the `track` event: one without a transform decodes what the server sends unencrypted.
   */
  guardReceiver(receiver: RTCRtpReceiver): void {
    this.#attach(receiver, "receive", () => undefined);
  }

  /** Whose track the m-line carries from now on. */
  openReceiver(room: string, receiver: RTCRtpReceiver, { member, track, kind }: Omit<From, "room">): void {
    this.#attach(receiver, "receive", (id) =>
      this.#post({ type: "receiver", id, from: { room, member, track, kind } }),
    );
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#restart);
    this.#worker.terminate();
    this.#leaving?.done();
  }

  #book(room: string): ContextBook<RTCRtpSender> {
    const book = this.#contexts.get(room) ?? new ContextBook((sender) => sender.transport?.state === "closed");
    this.#contexts.set(room, book);
    return book;
  }

  #attach(end: RTCRtpSender | RTCRtpReceiver, direction: "send" | "receive", announce: (id: number) => void): void {
    const known = this.#ids.get(end);
    if (known) {
      // A worker's loss ends the senders and receivers that it served.
      if (known.worker === this.#worker) announce(known.id);
      return;
    }
    const id = this.#nextId++;
    this.#ids.set(end, { worker: this.#worker, id });
    announce(id);
    attachTransform(this.#worker, end, { direction, id });
  }

  // -- The worker ----------------------------------------------------------------------------------------------------

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #startWorker(): Worker {
    this.#startedAt = performance.now();
    const worker = new Worker(this.#options.workerUrl, { type: "module", name: "e2ee" });
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#heard(data);
    worker.onerror = () => this.#lose(worker);
    worker.postMessage({ type: "start", identity: this.#identity } satisfies ToWorker);
    return worker;
  }

  #heard(report: FromWorker): void {
    switch (report.type) {
      case "key-state":
        this.#options.onKeyState(report.room, report.member, report.state);
        return;
      case "group":
        this.#book(report.view.room).epochIs(report.view.epoch);
        break;
      case "said":
      case "unsaid":
        this.#unsettled.delete(`${report.room} ${report.id}`);
        break;
      case "send":
        if (report.message.type === "say") this.#lastSaid.set(report.message.room, report.message.n);
        if (report.message.type === "leave" && this.#leaving) this.#leaving.sent = true;
        break;
      case "removed":
        this.#joined = null;
        break;
    }
    this.#options.on(report);
    if (report.type === "left") this.#leaving?.done();
    if (report.type !== "knock-read") return;
    for (const resolve of this.#readers.get(report.knock) ?? []) resolve(report.name);
    this.#readers.delete(report.knock);
  }

  #lose(lost: Worker): void {
    if (this.#closed || lost !== this.#worker) return;
    lost.onerror = null;
    lost.terminate();
    const pause = RESTART_PAUSE - (performance.now() - this.#startedAt);
    if (pause > 0) this.#restart = setTimeout(() => this.#replaceWorker(), pause);
    else this.#replaceWorker();
  }

  /** Keys and counters died with the worker: the new one comes into the group under another leaf and epoch. */
  #replaceWorker(): void {
    this.#worker = this.#startWorker();
    for (const knock of this.#knocks.values()) this.#post({ type: "read-knock", knock });
    const since = (at: number) => Math.round((performance.now() - at) / 1000);
    if (this.#online && this.#knock) {
      const { data, at } = this.#knock;
      this.#post({ type: "make-knock", ...data, now: data.now + since(at) });
    }
    if (this.#online && this.#joined) {
      const { message, at } = this.#joined;
      const rooms = message.rooms.map((room) => ({ ...room, said_n: this.#lastSaid.get(room.id) ?? room.said_n }));
      this.#post({ type: "joined", message: { ...message, rooms, resumed: true, now: message.now + since(at) } });
    }
    const unsettled = [...this.#unsettled.values()];
    this.#unsettled.clear();
    for (const { room, id } of unsettled) this.#options.on({ type: "unsaid", room, id });
    this.#options.onProblem("worker-lost");
  }

  #keep(room: string, more: Partial<RoomState>): void {
    if (!this.#joined) return;
    const { message, at } = this.#joined;
    const rooms = message.rooms.map((one) => (one.id === room ? { ...one, ...more } : one));
    this.#joined = { message: { ...message, rooms }, at };
  }

  #keepGone(room: string, gone: NonNullable<RoomState["gone"]>[number]): void {
    const before = this.#joined?.message.rooms.find(({ id }) => id === room)?.gone ?? [];
    this.#keep(room, { gone: [...before.filter(({ member }) => member !== gone.member), gone] });
  }
}
