/**
 * Padding to size classes, so that a ciphertext's length tells little about what is inside.
 * Layout: big-endian length ‖ content ‖ zeros up to the next class (docs/protocol.md, sections 4 and 5).
 */
import type { Bytes } from "../base64url";

export interface Padding {
  /** Bytes of the length field. */
  readonly prefix: 2 | 4;
  /** Whole sizes in bytes, rising, the length field included. */
  readonly classes: readonly number[];
}

/** Envelopes and sealed blobs. A message with a state of eight contexts takes 2 kB; the largest chat message fits the last. */
export const TEXT_PADDING: Padding = { prefix: 4, classes: [256, 1024, 4096, 16384] };

/**
 * Opus frames of 20 ms. At 32 kbit/s a frame has 80 bytes (Chromium, constant) or up to 110 (Firefox, which ignores
 * `cbr=1`), so that speech stays in the first class; 1275 bytes is the largest Opus frame (RFC 6716 §3.2.1).
 */
export const OPUS_PADDING: Padding = { prefix: 2, classes: [128, 256, 512, 1277] };

/** Throws RangeError when `content` fits no class. */
export function pad(content: Uint8Array, { prefix, classes }: Padding): Bytes {
  const size = classes.find((size) => size >= prefix + content.length);
  if (size === undefined) throw new RangeError(`${content.length} bytes are more than the largest class holds`);
  const padded = new Uint8Array(size);
  const view = new DataView(padded.buffer);
  if (prefix === 2) view.setUint16(0, content.length);
  else view.setUint32(0, content.length);
  padded.set(content, prefix);
  return padded;
}

/** Throws RangeError unless `padded` is what `pad` would have written. */
export function unpad(padded: Bytes, { prefix, classes }: Padding): Bytes {
  if (!classes.includes(padded.length)) throw new RangeError("not a padded size");
  const view = new DataView(padded.buffer, padded.byteOffset, padded.length);
  const end = prefix + (prefix === 2 ? view.getUint16(0) : view.getUint32(0));
  if (end > padded.length) throw new RangeError("the length field is larger than the message");
  if (classes.find((size) => size >= end) !== padded.length) throw new RangeError("not the smallest class");
  if (padded.subarray(end).some((byte) => byte !== 0)) throw new RangeError("padding that is not zero");
  return padded.subarray(prefix, end);
}
