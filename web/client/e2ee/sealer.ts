/** One sender's frames: encrypts each of them, or lets nothing out. */
import { type Bytes, concat } from "../base64url";
import { type Codec, codecHeader } from "./codec_header";
import { OPUS_PADDING, pad } from "./padding";
import { encryptFrame, type SFrameKey } from "./sframe";

/**
 * Frames of one worker. AES-GCM is good for 2^32 under one key (NIST SP 800-38D §8.3); a voice and a picture of 60
 * frames a second come there after a year.
 */
const MAX_FRAMES = 2 ** 32;

/** RFC 6716 §3.2.1. */
const MAX_OPUS_BYTES = 1275;

/**
 * Numbers the frames of all senders of a worker. Whatever key a sender comes to, and however often it comes back to one
 * (an epoch that follows a void one, a pause, a context given out again), no number is taken twice, so that no key and
 * nonce meet twice. RFC 9605 §4.4.1 wants unique counters, not dense ones; it costs two bytes a frame.
 */
export class FrameCounter {
  #next = 0;

  /** Null when all are used up. */
  take(): number | null {
    return this.#next < MAX_FRAMES ? this.#next++ : null;
  }
}

export class Sealer {
  #key: { kid: bigint; key: Promise<SFrameKey> } | null = null;

  constructor(
    readonly codec: Codec,
    private readonly counter: FrameCounter,
  ) {}

  /** From the next frame on. */
  install(kid: number, key: Promise<SFrameKey>): void {
    this.#key = { kid: BigInt(kid), key };
  }

  /** Nothing is sent until the next key. */
  stop(): void {
    this.#key = null;
  }

  /** What goes to the packetizer; null while there is no key, and for anything that is no frame of this kind. */
  async seal(frame: Bytes): Promise<Bytes | null> {
    if (!this.#key) return null;
    if (frame.length === 0) return frame; // DTX: nothing in it, and encrypting it would turn silence into traffic
    const { kid, key } = this.#key;
    const sound = this.codec === "opus";
    const header = codecHeader(this.codec, frame);
    if (!header || (sound && frame.length > MAX_OPUS_BYTES)) return null;
    const ctr = this.counter.take(); // before the first await: counters rise in the order of the frames
    if (ctr === null) return null;
    const plaintext = sound ? pad(frame, OPUS_PADDING) : frame;
    return concat(header, await encryptFrame(await key, kid, BigInt(ctr), header, plaintext));
  }
}
