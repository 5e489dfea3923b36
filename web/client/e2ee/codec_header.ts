/**
 * What stays readable of a frame, so that packetizers, the SFU and the decoder's front find what they look for:
 * for VP8 a synthetic header in front of the whole encrypted frame (docs/protocol.md, section 5). VP9 has all of that
 * in its payload descriptor (RFC 9628), outside of the frame.
 */
import type { Bytes } from "../base64url";

/** What the codec needs in clear. */
export type Kind = "audio" | "video";
export type Codec = "opus" | "VP8" | "VP9";

/** RFC 6386 §9.1: frame tag of 3 bytes, start code 9d 01 2a, then width and height of 2 bytes each. */
const VP8_KEY_HEADER_BYTES = 10;
const VP8_SIZE_AT = 6;
/** Tag of a key frame (bit 0 is 0) that is shown (bit 4), profile 0, with an empty first partition; then the start code. */
const VP8_KEY = [0x10, 0x00, 0x00, 0x9d, 0x01, 0x2a] as const;
/** Tag of a delta frame (bit 0 is 1) that is shown. */
const VP8_DELTA = 0x11;

/** An SFrame header begins with this bit when its KID is 8 or more (RFC 9605 §4.3), as every KID here is; VP8's tags above do not. */
const SFRAME_LONG_KID = 0x80;
/** VP9 bitstream specification, section 6.2: frame_type, behind the marker, the profile (0) and show_existing_frame. */
const VP9_DELTA = 0x04;

/**
 * The header of a frame that leaves the encoder. The frame's own bit 0 says whether it is a key frame, as the
 * decoder will see it. Null when what should be a VP8 frame is none: it must not be sent.
 */
export function codecHeader(codec: Codec, frame: Uint8Array): Bytes | null {
  if (codec !== "VP8") return new Uint8Array(0);
  const tag = frame[0];
  if (tag === undefined) return null;
  if (tag & 1) return Uint8Array.of(VP8_DELTA);
  if (frame.length < VP8_KEY_HEADER_BYTES) return null;
  return Uint8Array.of(...VP8_KEY, ...frame.subarray(VP8_SIZE_AT, VP8_KEY_HEADER_BYTES));
}

/**
 * Bytes that the header of a received frame takes, told by its first byte alone: Firefox calls every received frame
 * 0 × 0 pixels large, and Chromium may take its type from the Dependency Descriptor.
 */
export function codecHeaderLength(kind: Kind, frame: Uint8Array): number {
  const first = frame[0] ?? 1;
  if (kind === "audio" || first & SFRAME_LONG_KID) return 0;
  return (first & 1) === 1 ? 1 : VP8_KEY_HEADER_BYTES;
}

/** Whether a decoder needs earlier frames for this one, which is not encrypted. Of sound, none does. */
export function isDelta(codec: Codec, frame: Uint8Array): boolean {
  const first = frame[0] ?? 0;
  if (codec === "opus") return false;
  return (first & (codec === "VP8" ? 1 : VP9_DELTA)) !== 0;
}
