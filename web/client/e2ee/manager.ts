/** The page's side of end-to-end encryption: what the client's core calls. The frames themselves pass in the worker. */
import { type Bytes, toBase64url } from "../base64url";
import { aesKey, derive, info } from "../derive";
import { attachTransform } from "./attach";
import {
  ENVELOPE_VERSION,
  type Envelope,
  type Message,
  openEnvelope,
  ReplayGuard,
  type Said,
  sealEnvelope,
} from "./envelope";
import { CONTEXTS, EPOCHS, kidOf } from "./kid";
import type { From, KeyState } from "./opener";
import type { FromWorker, Place, SenderContext, ToWorker } from "./worker_messages";

export { browserProblem, peerConnectionConfiguration } from "./attach";
export type { Envelope, Message } from "./envelope";
export type { KeyState } from "./opener";
export type { SenderContext } from "./worker_messages";

export interface ManagerOptions {
  workerUrl: string | URL;
  /** 16 bytes, out of the link. */
  roomSecret: Uint8Array;
  onKeyState(room: string, member: string, state: KeyState): void;
  /**
   * The worker died and a new one stands ready, with the members' announced keys but no sender and no receiver. No
   * frame passes until the core has built its peer connections anew and protected their senders, whose new contexts
   * it then announces.
   */
  onProblem(what: "worker-lost"): void;
}

/**
 * Milliseconds between the starts of two workers: one that cannot even be loaded (a server that was updated meanwhile
 * no longer has it) must not be asked for without a pause.
 */
const RESTART_PAUSE = 5_000;

interface Room {
  place: Place;
  key: CryptoKey;
  guard: ReplayGuard;
  /** What the members announced, by member id, for a worker that starts later. */
  announced: Map<string, { leaf: number; contexts: SenderContext[] }>;
  /** Envelopes leave in the order in which they were handed in. */
  sealing: Promise<unknown>;
}

export class E2eeManager {
  readonly #options: ManagerOptions;
  readonly #instance = toBase64url(crypto.getRandomValues(new Uint8Array(8)));
  readonly #rooms = new Map<string, Room>();
  readonly #ids = new WeakMap<RTCRtpSender | RTCRtpReceiver, { worker: Worker; id: number }>();
  #worker: Worker;
  #startedAt = Number.NEGATIVE_INFINITY;
  #restart: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  #said = 0;
  /**
   * The next context, with its epoch above it; over all rooms and workers, so that this page gives none out twice. A
   * random first one, so that after a reload frames seldom come under the KIDs that the others still hold keys for.
   */
  #nextContext = crypto.getRandomValues(new Uint8Array(1))[0] as number;
  #nextId = 1;

  constructor(options: ManagerOptions) {
    this.#options = options;
    this.#worker = this.#startWorker();
  }

  /** To be awaited before anything else about the room. Entering the same place again changes nothing. */
  async enterRoom({ meeting, room, member, leaf }: Place): Promise<void> {
    const place = { meeting, room, member, leaf };
    const known = this.#rooms.get(room);
    if (known && JSON.stringify(known.place) === JSON.stringify(place)) return;
    if (known) this.leaveRoom(room);
    const secret = await derive(this.#options.roomSecret, info("hearthside say v1", meeting, room), 16);
    const key = await aesKey(secret);
    this.#rooms.set(room, { place, key, guard: new ReplayGuard(), announced: new Map(), sealing: Promise.resolve() });
  }

  leaveRoom(room: string): void {
    this.#rooms.delete(room);
    this.#post({ type: "forget-room", room });
  }

  /**
   * Gives a sender a new context and its key, and attaches the transform that lets no frame out without it. Call it
   * right after `addTransceiver`/`addTrack`. A further call for the same sender changes its key. RangeError for a leaf
   * beyond 10 bits.
   */
  protectSender(
    room: string,
    sender: RTCRtpSender,
    { track, kind }: Pick<SenderContext, "track" | "kind">,
  ): SenderContext {
    const { place } = this.#room(room);
    const count = this.#nextContext++;
    if (count >= CONTEXTS * EPOCHS) throw new RangeError("all contexts of this page are used up");
    const salt = toBase64url(crypto.getRandomValues(new Uint8Array(16)));
    const context = { context: count % CONTEXTS, epoch: Math.floor(count / CONTEXTS), track, kind, salt };
    kidOf(context.context, place.leaf, context.epoch);
    this.#attach(sender, "send", (id) => this.#post({ type: "sender", id, place, context }));
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
  openReceiver(room: string, receiver: RTCRtpReceiver, from: Omit<From, "room">): void {
    const { member, leaf, track, kind } = from;
    this.#attach(receiver, "receive", (id) =>
      this.#post({ type: "receiver", id, from: { room, member, leaf, track, kind } }),
    );
  }

  /** What `member` announced in its `state`: all contexts that are in use. RangeError for a leaf beyond 10 bits. */
  setContexts(room: string, member: string, leaf: number, contexts: SenderContext[]): void {
    for (const { context, epoch } of contexts) kidOf(context, leaf, epoch); // before the worker would stumble over it
    this.#room(room).announced.set(member, { leaf, contexts });
    this.#postContexts(this.#room(room), member);
  }

  /** The member left: nothing more of theirs is opened. */
  forgetMember(room: string, member: string): void {
    this.#rooms.get(room)?.announced.delete(member);
    this.#post({ type: "forget-member", room, member });
  }

  /** The body of a `say`. RangeError when the message is longer than the largest size class holds. */
  seal(room: string, message: Message, to?: string): Promise<string> {
    const entered = this.#room(room);
    const { place, key } = entered;
    const envelope: Envelope = {
      v: ENVELOPE_VERSION,
      from: place.member,
      instance: this.#instance,
      n: ++this.#said,
      ...message,
    };
    const sealed = sealEnvelope(key, room, envelope, to);
    const inOrder = entered.sealing.then(() => sealed);
    entered.sealing = inOrder.catch(() => undefined);
    return inOrder;
  }

  /** What a `said` holds; null when it is not ours, was had before, or cannot be understood. Call it in their order. */
  open(room: string, said: Said): Promise<Envelope | null> {
    const { key, guard } = this.#room(room);
    return openEnvelope(key, room, said, guard);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#restart);
    this.#worker.terminate();
    this.#rooms.clear();
  }

  #room(room: string): Room {
    const entered = this.#rooms.get(room);
    if (!entered) throw new Error("this room was not entered");
    return entered;
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
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

  #postContexts({ place, announced }: Room, member: string): void {
    const theirs = announced.get(member);
    if (!theirs) return;
    const { leaf, contexts } = theirs;
    this.#post({ type: "contexts", place: { meeting: place.meeting, room: place.room, member, leaf }, contexts });
  }

  #startWorker(): Worker {
    this.#startedAt = performance.now();
    const worker = new Worker(this.#options.workerUrl, { type: "module", name: "e2ee" });
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      this.#options.onKeyState(data.room, data.member, data.state);
    };
    worker.onerror = () => this.#lose(worker);
    worker.postMessage({ type: "start", roomSecret: this.#options.roomSecret as Bytes } satisfies ToWorker);
    return worker;
  }

  #lose(lost: Worker): void {
    if (this.#closed || lost !== this.#worker) return;
    lost.onerror = null;
    lost.terminate();
    const pause = RESTART_PAUSE - (performance.now() - this.#startedAt);
    if (pause > 0) this.#restart = setTimeout(() => this.#replaceWorker(), pause);
    else this.#replaceWorker();
  }

  /** Counters died with the worker: every sender must come to a new context, or a nonce would be used twice. */
  #replaceWorker(): void {
    this.#worker = this.#startWorker();
    for (const room of this.#rooms.values()) {
      for (const member of room.announced.keys()) this.#postContexts(room, member);
    }
    this.#options.onProblem("worker-lost");
  }
}
