/**
 * What the worker does, apart from being one: keeps the keys, and runs each encoded frame through its sender's sealer
 * or its receiver's opener. The only way out of a transform leads through one of them.
 */
import { fromBase64url } from "../base64url";
import { derive, info } from "../derive";
import { KeyRing } from "./key_ring";
import { kidOf } from "./kid";
import { type From, type KeyState, Opener } from "./opener";
import { Sealer } from "./sealer";
import { deriveFrameKey, type SFrameKey } from "./sframe";
import type { FromWorker, Place, SenderContext, ToWorker, TransformOptions } from "./worker_messages";

export interface EncodedFrame {
  data: ArrayBuffer;
}

/** The part of RTCRtpScriptTransformer that is used; createEncodedStreams has the streams alone. */
export interface FramePipe {
  readable: ReadableStream<EncodedFrame>;
  writable: WritableStream<EncodedFrame>;
  sendKeyFrameRequest?(): Promise<unknown>;
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

/** Seconds without a frame after which a track no longer counts in what its member's tile says: it was muted or ended. */
const SILENT_SECONDS = 3;

export class FrameWorker {
  #roomSecret: Uint8Array = new Uint8Array(0);
  readonly #ring = new KeyRing<Promise<SFrameKey>>((place, { kid, salt }) => this.#keyOf(place, kid, salt));
  readonly #senders = new Map<number, { room: string; sealer: Sealer }>();
  readonly #receivers = new Map<number, Receiver>();
  readonly #outlets = new Map<number, Outlet>();
  readonly #told = new Map<string, KeyState>();

  constructor(
    private readonly tell: (message: FromWorker) => void,
    /** Seconds, never going back. */
    private readonly now: () => number,
  ) {}

  receive(message: ToWorker): void {
    switch (message.type) {
      case "start":
        this.#roomSecret = message.roomSecret;
        break;
      case "sender":
        this.#protect(message.id, message.place, message.context);
        break;
      case "receiver":
        this.#openReceiver(message.id, message.from);
        break;
      case "streams":
        this.attach(message, message);
        break;
      case "contexts":
        this.#announce(message.place, message.contexts);
        break;
      case "forget-member":
        this.#forget(message.room, message.member);
        break;
      case "forget-room":
        this.#forget(message.room, null);
        break;
    }
  }

  /** Starts the transform of a sender or receiver; what was not announced before drops every frame. */
  attach({ direction, id }: TransformOptions, pipe: FramePipe): void {
    const transform =
      direction === "send"
        ? new TransformStream<EncodedFrame, EncodedFrame>({ transform: (frame, out) => this.#send(id, frame, out) })
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

  #protect(id: number, place: Place, context: SenderContext): void {
    const sender = this.#senders.get(id) ?? { room: place.room, sealer: new Sealer(context.kind) };
    this.#senders.set(id, sender);
    const kid = kidOf(context.context, place.leaf, context.epoch);
    sender.sealer.install(kid, this.#keyOf(place, kid, context.salt));
  }

  async #send(id: number, frame: EncodedFrame, out: TransformStreamDefaultController<EncodedFrame>): Promise<void> {
    const sealed = await this.#senders.get(id)?.sealer.seal(new Uint8Array(frame.data));
    if (!sealed) return;
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
    });
    this.#receivers.set(id, { opener, idle: Promise.resolve(), lastFrameAt: this.now() });
  }

  async #take(id: number, frame: EncodedFrame): Promise<void> {
    const receiver = this.#receivers.get(id);
    if (!receiver) return;
    receiver.lastFrameAt = this.now();
    await this.#whenIdle(receiver, () => receiver.opener.take(frame, this.now()));
    // A track that was at fault may have fallen silent: what remains may be well.
    if (this.#told.get(tile(receiver.opener.from)) !== "encrypted") this.#tellState(receiver.opener.from);
  }

  #whenIdle(receiver: Receiver, work: () => Promise<void>): Promise<void> {
    // `out.enqueue` throws once the stream was ended by the browser: nobody is there to hear of it.
    receiver.idle = receiver.idle.then(work).catch(() => undefined);
    return receiver.idle;
  }

  #announce(place: Place, contexts: SenderContext[]): void {
    const list = contexts.map(({ context, epoch, ...rest }) => ({ kid: kidOf(context, place.leaf, epoch), ...rest }));
    this.#ring.announce(place, list, this.now());
    for (const receiver of this.#receivers.values()) {
      const { room, member } = receiver.opener.from;
      if (room === place.room && member === place.member) {
        void this.#whenIdle(receiver, () => receiver.opener.retry(this.now()));
      }
    }
  }

  async #keyOf({ meeting, room, member }: Place, kid: number, salt: string): Promise<SFrameKey> {
    const label = info("hearthside media v1", meeting, room, member, String(kid));
    return deriveFrameKey(await derive(this.#roomSecret, label, 16, fromBase64url(salt)), BigInt(kid));
  }

  /** `member` null: the whole room, one's own senders included. */
  #forget(room: string, member: string | null): void {
    if (member === null) this.#ring.forgetRoom(room);
    else this.#ring.forgetMember(room, member);
    for (const [id, { opener }] of this.#receivers) {
      if (opener.from.room !== room || (member !== null && opener.from.member !== member)) continue;
      opener.close();
      this.#receivers.delete(id);
    }
    for (const key of this.#told.keys()) {
      if (member === null ? key.startsWith(tile({ room, member: "" })) : key === tile({ room, member })) {
        this.#told.delete(key);
      }
    }
    if (member !== null) return;
    for (const [id, sender] of this.#senders) {
      if (sender.room !== room) continue;
      sender.sealer.close();
      this.#senders.delete(id);
    }
  }

  /** A member's tile shows the worst of what their tracks say, as far as frames of them arrive. */
  #tellState(of: Tile): void {
    const key = tile(of);
    const states = [...this.#receivers.values()]
      .filter(({ opener, lastFrameAt }) => tile(opener.from) === key && this.now() - lastFrameAt < SILENT_SECONDS)
      .map(({ opener }) => opener.state);
    const worst = (["problem", "waiting", "encrypted"] as const).find((state) => states.includes(state));
    if (!worst || this.#told.get(key) === worst) return;
    this.#told.set(key, worst);
    this.tell({ type: "key-state", room: of.room, member: of.member, state: worst });
  }
}

type Tile = Pick<From, "room" | "member">;

function tile({ room, member }: Tile): string {
  return `${room}/${member}`;
}
