/**
 * The frames' half of the worker, apart from being one: keeps the keys that the group hands it, and runs each encoded
 * frame through its sender's sealer or its receiver's opener. The only way out of a transform leads through one of them.
 */
import { isDelta } from "./codec_header";
import { Disagreement } from "./disagreement";
import type { EpochKeys, FrameKeys } from "./epoch_keys";
import { KeyRing } from "./key_ring";
import { kidOf } from "./kid";
import { type From, type KeyState, Opener } from "./opener";
import { FrameCounter, Sealer } from "./sealer";
import { SendingEpoch } from "./sending_epoch";
import { deriveFrameKey, type SFrameKey } from "./sframe";
import type { FramesMessage, FromWorker, SenderContext, TransformOptions } from "./worker_messages";

export interface EncodedFrame {
  data: ArrayBuffer;
}

/** The part of RTCRtpScriptTransformer that is used; createEncodedStreams has the streams alone. */
export interface FramePipe {
  readable: ReadableStream<EncodedFrame>;
  writable: WritableStream<EncodedFrame>;
  /** Of a receiver: asks the one who sends. */
  sendKeyFrameRequest?(): Promise<unknown>;
  /** Of a sender: asks the own encoder. */
  generateKeyFrame?(): Promise<unknown>;
}

export interface FrameWorkerOptions {
  tell(message: FromWorker): void;
  /** Seconds, never going back. */
  now(): number;
  /** Others use keys that this member was not told of, and sending has stopped; or it goes on. */
  onDisagree(room: string, disagree: boolean): void;
}

/** What the page says of a sender. */
type Announced = Extract<FramesMessage, { type: "sender" }>;

interface Sender {
  room: string;
  context: SenderContext;
  readonly sealer: Sealer;
  /** A frame was dropped: those who receive may need a key frame before the next. */
  gap: boolean;
}

/** A receiver's transform: it lives as long as its m-line, whoever's track that carries. */
interface Outlet {
  pass(frame: EncodedFrame): void;
  askForKeyFrame(): void;
}

interface Receiver {
  readonly opener: Opener<EncodedFrame>;
  /** Ends when everything given to the opener so far is done: calls to it must not overlap. */
  idle: Promise<void>;
  /** Seconds. */
  lastFrameAt: number;
}

interface Room {
  readonly sending: SendingEpoch;
  readonly disagreement: Disagreement;
  /** What the senders have installed; null while they are stopped. */
  installed: EpochKeys | null;
  /** What `onDisagree` said last. */
  disagreed: boolean;
}

/** Seconds without a frame after which a track no longer counts in what its member's tile says: it was muted or ended. */
const SILENT_SECONDS = 3;

export class FrameWorker implements FrameKeys {
  readonly #ring = new KeyRing<Promise<SFrameKey>>((baseKey, kid) => deriveFrameKey(baseKey, BigInt(kid)));
  readonly #counter = new FrameCounter();
  readonly #rooms = new Map<string, Room>();
  readonly #senders = new Map<number, Sender>();
  readonly #receivers = new Map<number, Receiver>();
  readonly #outlets = new Map<number, Outlet>();
  readonly #told = new Map<string, KeyState>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Seconds: what the timer is set for. Frames look at it too, for browsers that hold timers back. */
  #due = Number.POSITIVE_INFINITY;

  constructor(private readonly options: FrameWorkerOptions) {}

  receive(message: FramesMessage): void {
    switch (message.type) {
      case "sender":
        this.#protect(message);
        break;
      case "receiver":
        this.#openReceiver(message.id, message.from);
        break;
      case "streams":
        this.attach(message, message);
        break;
    }
  }

  /** Starts the transform of a sender or receiver; what was not announced before drops every frame. */
  attach({ direction, id }: TransformOptions, pipe: FramePipe): void {
    const transform =
      direction === "send"
        ? new TransformStream<EncodedFrame, EncodedFrame>({
            transform: (frame, out) => this.#send(id, pipe, frame, out),
          })
        : new TransformStream<EncodedFrame, EncodedFrame>({
            start: (out) => {
              this.#outlets.set(id, {
                pass: (frame) => out.enqueue(frame),
                // Rejects when the track has ended meanwhile.
                askForKeyFrame: () => void pipe.sendKeyFrameRequest?.().catch(() => undefined),
              });
            },
            transform: (frame) => this.#take(id, frame),
          });
    // The streams end with their connection; an end by error is an end as well.
    pipe.readable
      .pipeThrough(transform)
      .pipeTo(pipe.writable)
      .catch(() => undefined)
      .then(() => {
        this.#outlets.delete(id);
        this.#receivers.delete(id);
        this.#senders.delete(id);
      });
  }

  epochBegan(keys: EpochKeys): void {
    const now = this.options.now();
    const room = this.#room(keys.room);
    this.#ring.begin(keys, now);
    room.sending.began(keys, now);
    room.disagreement.began(keys.epoch);
    for (const of of this.#told.keys()) {
      const [name, member] = of.split("/") as [string, string];
      if (name === keys.room && !this.#ring.knows(name, member)) this.#told.delete(of);
    }
    this.#tick();
    this.#retry(keys.room, null);
  }

  everybodyReady(room: string, epoch: number): void {
    this.#rooms.get(room)?.sending.ready(epoch);
    this.#tick();
  }

  contexts(room: string, member: string, contexts: readonly SenderContext[]): void {
    this.#ring.announce(room, member, contexts, this.options.now());
    this.#retry(room, member);
  }

  suspend(room: string): void {
    const known = this.#rooms.get(room);
    known?.sending.suspend();
    known?.disagreement.clear();
    this.#tick();
  }

  forgetRoom(room: string): void {
    this.suspend(room);
    this.#rooms.delete(room);
    this.#ring.forgetRoom(room);
    for (const [id, { opener }] of this.#receivers) {
      if (opener.from.room !== room) continue;
      opener.close();
      this.#receivers.delete(id);
    }
    for (const key of this.#told.keys()) if (key.startsWith(tile({ room, member: "" }))) this.#told.delete(key);
    for (const [id, sender] of this.#senders) if (sender.room === room) this.#senders.delete(id);
  }

  #room(room: string): Room {
    const known = this.#rooms.get(room) ?? {
      sending: new SendingEpoch(),
      disagreement: new Disagreement(),
      installed: null,
      disagreed: false,
    };
    this.#rooms.set(room, known);
    return known;
  }

  #protect({ id, room, context, codec }: Announced): void {
    const known = this.#senders.get(id);
    const sender = known ?? { room, context, sealer: new Sealer(codec, this.#counter), gap: false };
    sender.context = context;
    this.#senders.set(id, sender);
    this.#install(sender, this.#rooms.get(room)?.installed ?? null);
  }

  #install({ sealer, context }: Sender, keys: EpochKeys | null): void {
    if (!keys) {
      sealer.stop();
      return;
    }
    const kid = kidOf(context.context, keys.leaf, keys.epoch);
    sealer.install(kid, deriveFrameKey(keys.baseKey, BigInt(kid)));
  }

  /** Does what is due, in every room, and sets the timer for what is next. */
  #tick(): void {
    const now = this.options.now();
    this.#ring.drop(now);
    let due = this.#ring.deadline;
    for (const [name, room] of this.#rooms) {
      const { sending, disagreement } = room;
      sending.tick(now);
      disagreement.tick(now);
      due = Math.min(due, sending.deadline, disagreement.deadline);
      const keys = disagreement.active ? null : sending.current;
      if (keys !== room.installed) {
        room.installed = keys;
        for (const sender of this.#senders.values()) if (sender.room === name) this.#install(sender, keys);
      }
      if (disagreement.active === room.disagreed) continue;
      room.disagreed = disagreement.active;
      this.options.onDisagree(name, disagreement.active);
    }
    this.#due = due;
    clearTimeout(this.#timer);
    if (due === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, (due - now) * 1000));
  }

  async #send(
    id: number,
    pipe: FramePipe,
    frame: EncodedFrame,
    out: TransformStreamDefaultController<EncodedFrame>,
  ): Promise<void> {
    if (this.options.now() >= this.#due) this.#tick();
    const sender = this.#senders.get(id);
    if (!sender) return;
    const plain = new Uint8Array(frame.data);
    const sealed = await sender.sealer.seal(plain);
    if (!sealed) {
      sender.gap = true;
      return;
    }
    // Nothing stands before it that a picture could be made of. Rejects when the track has ended meanwhile.
    if (sender.gap && isDelta(sender.sealer.codec, plain)) {
      void pipe.generateKeyFrame?.().catch(() => undefined);
    }
    sender.gap = false;
    frame.data = sealed.buffer;
    out.enqueue(frame);
  }

  #openReceiver(id: number, from: From): void {
    const known = this.#receivers.get(id);
    if (known && JSON.stringify(known.opener.from) === JSON.stringify(from)) return;
    known?.opener.close();
    const opener = new Opener<EncodedFrame>(from, this.#ring, {
      pass: (frame) => this.#outlets.get(id)?.pass(frame),
      onState: () => this.#tellState(from),
      askForKeyFrame: () => this.#outlets.get(id)?.askForKeyFrame(),
      onNewerEpoch: (low) => this.#sawNewer(from, low),
    });
    this.#receivers.set(id, { opener, idle: Promise.resolve(), lastFrameAt: this.options.now() });
  }

  async #take(id: number, frame: EncodedFrame): Promise<void> {
    const now = this.options.now();
    if (now >= this.#due) this.#tick();
    const receiver = this.#receivers.get(id);
    if (!receiver) return;
    receiver.lastFrameAt = now;
    await this.#whenIdle(receiver, () => receiver.opener.take(frame, this.options.now()));
    // A track that was at fault may have fallen silent: what remains may be well.
    if (this.#told.get(tile(receiver.opener.from)) !== "encrypted") this.#tellState(receiver.opener.from);
  }

  #whenIdle(receiver: Receiver, work: () => Promise<void>): Promise<void> {
    // `out.enqueue` throws once the stream was ended by the browser: nobody is there to hear of it.
    receiver.idle = receiver.idle.then(work).catch(() => undefined);
    return receiver.idle;
  }

  /** New keys or contexts have come for a room, or for one member of it. */
  #retry(room: string, member: string | null): void {
    for (const receiver of this.#receivers.values()) {
      const { from } = receiver.opener;
      if (from.room !== room || (member !== null && from.member !== member)) continue;
      void this.#whenIdle(receiver, () => receiver.opener.retry(this.options.now()));
    }
  }

  #sawNewer({ room, member }: From, low: number): void {
    const known = this.#rooms.get(room);
    // Who is out of the group sends nothing, and has nobody to disagree with.
    if (!known?.sending.current || !this.#ring.knows(room, member)) return;
    known.disagreement.saw(low, this.options.now());
    if (known.disagreement.active) this.#tick();
  }

  /** A member's tile shows the worst of what their tracks say, as far as frames of them arrive. */
  #tellState(of: Tile): void {
    const key = tile(of);
    const now = this.options.now();
    const states = [...this.#receivers.values()]
      .filter(({ opener, lastFrameAt }) => tile(opener.from) === key && now - lastFrameAt < SILENT_SECONDS)
      .map(({ opener }) => opener.state);
    const worst = (["problem", "waiting", "encrypted"] as const).find((state) => states.includes(state));
    if (!worst || this.#told.get(key) === worst) return;
    this.#told.set(key, worst);
    this.options.tell({ type: "key-state", room: of.room, member: of.member, state: worst });
  }
}

type Tile = Pick<From, "room" | "member">;

function tile({ room, member }: Tile): string {
  return `${room}/${member}`;
}
