/** One sender's frames: encrypts each of them, or lets nothing out. */
import { type Bytes, concat } from "../base64url";
import { codecHeader, type Kind } from "./codec_header";
import { OPUS_PADDING, pad } from "./padding";
import { encryptFrame, type SFrameKey } from "./sframe";

/**
 * Frames under one key. AES-GCM is good for 2^32 of them (NIST SP 800-38D §8.3); a video at 60 frames a second comes
 * there after two years.
 */
const MAX_FRAMES = 2 ** 32;

/** RFC 6716 §3.2.1. */
const MAX_OPUS_BYTES = 1275;

export class Sealer {
  #key: Promise<SFrameKey> | null = null;
  #kid = 0;
  #ctr = 0;

  constructor(readonly kind: Kind) {}

  /** From the next frame on. The caller never gives one (key, KID) twice: the counter begins at 0. */
  install(kid: number, key: Promise<SFrameKey>): void {
    this.#kid = kid;
    this.#key = key;
    this.#ctr = 0;
  }

  /** Nothing is sent any more. */
  close(): void {
    this.#key = null;
    this.#ctr = MAX_FRAMES;
  }

  /** What goes to the packetizer; null while there is no key, and for anything that is no frame of this kind. */
  async seal(frame: Bytes): Promise<Bytes | null> {
    if (frame.length === 0) return frame; // DTX: nothing in it, and encrypting it would turn silence into traffic
    const key = this.#key;
    const header = codecHeader(this.kind, frame);
    if (!key || !header || this.#ctr >= MAX_FRAMES) return null;
    if (this.kind === "audio" && frame.length > MAX_OPUS_BYTES) return null;
    const kid = BigInt(this.#kid);
    const ctr = BigInt(this.#ctr++); // before the first await: no two frames share it
    const plaintext = this.kind === "audio" ? pad(frame, OPUS_PADDING) : frame;
    return concat(header, await encryptFrame(await key, kid, ctr, header, plaintext));
  }
}
