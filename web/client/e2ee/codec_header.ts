/**
 * What stays readable of a frame, so that packetizers, the SFU and the decoder's front find what they look for:
 * for VP8 a synthetic header in front of the whole encrypted frame (docs/protocol.md, section 5).
 */
import type { Bytes } from "../base64url";

/** What the codec needs in clear. */
export type Kind = "audio" | "video";

/** RFC 6386 §9.1: frame tag of 3 bytes, start code 9d 01 2a, then width and height of 2 bytes each. */
const VP8_KEY_HEADER_BYTES = 10;
const VP8_SIZE_AT = 6;
/** Tag of a key frame (bit 0 is 0) that is shown (bit 4), profile 0, with an empty first partition; then the start code. */
const VP8_KEY = [0x10, 0x00, 0x00, 0x9d, 0x01, 0x2a] as const;
/** Tag of a delta frame (bit 0 is 1) that is shown. */
const VP8_DELTA = 0x11;

/**
 * The header of a frame that leaves the encoder. The frame's own bit 0 says whether it is a key frame, as the
 * decoder will see it. Null when a video frame is no VP8 frame: it must not be sent.
 */
export function codecHeader(kind: Kind, frame: Uint8Array): Bytes | null {
  if (kind === "audio") return new Uint8Array(0);
  const tag = frame[0];
  if (tag === undefined) return null;
  if (tag & 1) return Uint8Array.of(VP8_DELTA);
  if (frame.length < VP8_KEY_HEADER_BYTES) return null;
  return Uint8Array.of(...VP8_KEY, ...frame.subarray(VP8_SIZE_AT, VP8_KEY_HEADER_BYTES));
}

/**
 * Bytes that the header of a received frame takes, told by bit 0 alone: Firefox calls every received frame 0 × 0
 * pixels large, and Chromium may take its type from the Dependency Descriptor.
 */
export function codecHeaderLength(kind: Kind, frame: Uint8Array): number {
  if (kind === "audio") return 0;
  return ((frame[0] ?? 1) & 1) === 1 ? 1 : VP8_KEY_HEADER_BYTES;
}
