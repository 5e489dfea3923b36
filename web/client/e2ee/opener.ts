/** One receiver's frames: passes on what decrypts under the right member's key, and nothing else ever. */
import type { Bytes } from "../base64url";
import { type Codec, codecHeaderLength, isDelta } from "./codec_header";
import type { KeyRing, Wanted } from "./key_ring";
import { epochOf, KIDS } from "./kid";
import { OPUS_PADDING, unpad } from "./padding";
import { decodeHeader, decryptFrame, type SFrameKey, TAG_BYTES } from "./sframe";

/** Seconds that a frame waits for its key. Its picture is then too old to be worth showing; a new key frame is. */
export const HOLD_SECONDS = 1;
/** Frames that wait at once, with their key frame the first: 1 s of 60 frames a second, or of sound. Further ones are dropped. */
export const HELD_FRAMES = 60;
/** Bytes that wait at once: 1 s of a 720p picture at 2.5 Mbit/s has 0.3 MB. */
export const HELD_BYTES = 2_000_000;
/** Seconds of frames that do not open before the tile says so: a few stray frames at a change of keys are no problem. */
export const PROBLEM_SECONDS = 2;

/** Whose track the m-line should carry. */
export type From = Wanted;

/** null before the first frame. */
export type KeyState = "waiting" | "encrypted" | "problem";

interface Frame {
  data: ArrayBuffer;
}

export interface OpenerOutput<F> {
  /** A frame with its plaintext in place. */
  pass(frame: F): void;
  onState(state: KeyState): void;
  askForKeyFrame(): void;
  /** A frame of an epoch that has not begun here; `low` are its 8 bits. It may come more than once for one frame. */
  onNewerEpoch(low: number): void;
}

/** `early`: its key may come. `late`: its key is gone. */
type Outcome = { opened: Bytes } | "early" | "late" | "replayed" | "bad";

export class Opener<F extends Frame> {
  #state: KeyState | null = null;
  /** When frames began to fail, seconds; null since one opened. */
  #failingSince: number | null = null;
  #held: { frame: F; until: number }[] = [];
  #heldBytes = 0;
  #closed = false;
  /** A frame was dropped: what follows may need a new key frame. */
  #gap = false;

  constructor(
    readonly from: From,
    private readonly ring: KeyRing<Promise<SFrameKey>>,
    private readonly output: OpenerOutput<F>,
  ) {}

  get state(): KeyState | null {
    return this.#state;
  }

  /** One frame off the wire; calls must not overlap. */
  async take(frame: F, now: number): Promise<void> {
    if (this.#held.length > 0) await this.retry(now);
    if (this.#closed) return;
    if (frame.data.byteLength === 0) return this.output.pass(frame); // DTX: nothing in it that could deceive
    if (this.#held.length > 0) return this.#hold(frame, now);
    await this.#tryOne(frame, now, () => this.#hold(frame, now));
  }

  /** New keys have come: frames that waited for them go first, in their order. Must not overlap with `take`. */
  async retry(now: number): Promise<void> {
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    for (const [at, { frame, until }] of held.entries()) {
      if (this.#closed) return;
      if (until <= now) {
        this.#gap = true;
        this.#setState("waiting");
        continue;
      }
      let stillUnknown = false;
      await this.#tryOne(frame, now, () => {
        stillUnknown = true;
      });
      if (stillUnknown) {
        this.#held = held.slice(at);
        this.#heldBytes = this.#held.reduce((sum, { frame }) => sum + frame.data.byteLength, 0);
        break;
      }
    }
  }

  /** Drops everything from now on. */
  close(): void {
    this.#closed = true;
    this.#held = [];
  }

  async #tryOne(frame: F, now: number, onUnknown: () => void): Promise<void> {
    const outcome = await this.#open(new Uint8Array(frame.data), now);
    if (this.#closed) return;
    if (outcome === "early") {
      if (this.#state === null) this.#setState("waiting");
      return onUnknown();
    }
    if (typeof outcome === "string") {
      this.#gap = true;
      if (outcome === "replayed") return;
      // Their owner has yet to change to the keys of now, and is nobody to be warned of.
      const state = outcome === "late" ? "waiting" : "problem";
      this.#failingSince ??= now;
      if (this.#state === null && state === "waiting") this.#setState("waiting");
      if (now - this.#failingSince >= PROBLEM_SECONDS) this.#setState(state);
      return;
    }
    const codec = this.#codecOf(new Uint8Array(frame.data));
    frame.data = outcome.opened.buffer;
    this.#failingSince = null;
    this.#setState("encrypted");
    this.output.pass(frame);
    // A delta frame behind a gap may be useless; now that the key is there, a key frame is not.
    if (this.#gap && isDelta(codec, outcome.opened)) this.output.askForKeyFrame();
    this.#gap = false;
  }

  #codecOf(sealed: Uint8Array): Codec {
    if (this.from.kind === "audio") return "opus";
    return codecHeaderLength("video", sealed) === 0 ? "VP9" : "VP8";
  }

  async #open(frame: Bytes, now: number): Promise<Outcome> {
    const { kind } = this.from;
    const clear = codecHeaderLength(kind, frame);
    const sealed = frame.subarray(clear);
    const header = decodeHeader(sealed);
    if (!header || sealed.length < header.length + TAG_BYTES) return "bad";
    const kid = Number(header.kid);
    const ctr = Number(header.ctr);
    if (kid >= KIDS || !Number.isSafeInteger(ctr)) return "bad";
    const keys = this.ring.lookup(this.from, kid, now);
    if (keys === "newer") this.output.onNewerEpoch(epochOf(kid));
    if (keys === "newer" || keys === "unannounced") return "early";
    if (keys === "old") return "late";
    if (keys === "foreign") return "bad";
    let outcome: Outcome = "bad";
    for (const key of keys) {
      if (!key.window.isFresh(ctr)) {
        outcome = "replayed";
        continue;
      }
      const plaintext = await decryptFrame(await key.key, header, frame.subarray(0, clear), sealed);
      if (!plaintext) continue;
      key.window.take(ctr);
      if (kind === "video") return { opened: plaintext };
      try {
        return { opened: unpad(plaintext, OPUS_PADDING).slice() };
      } catch {
        return "bad";
      }
    }
    return outcome;
  }

  #hold(frame: F, now: number): void {
    if (this.#held.length >= HELD_FRAMES || this.#heldBytes + frame.data.byteLength > HELD_BYTES) {
      this.#gap = true;
      return;
    }
    this.#held.push({ frame, until: now + HOLD_SECONDS });
    this.#heldBytes += frame.data.byteLength;
  }

  #setState(state: KeyState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.output.onState(state);
  }
}
