/** Frames and keys for the tests of the transforms. */
import { toBase64url } from "../../../web/client/base64url";
import { deriveFrameKey } from "../../../web/client/e2ee/sframe";

export type Bytes = Uint8Array<ArrayBuffer>;

/** A VP8 key frame of 320 × 180 pixels, as far as anything here looks into it. */
export function keyFrame(fill: number, length = 200): Bytes {
  const frame = new Uint8Array(length).fill(fill);
  frame.set([0x50, 0x01, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00]);
  return frame;
}

export function deltaFrame(fill: number, length = 100): Bytes {
  const frame = new Uint8Array(length).fill(fill);
  frame[0] = 0x31;
  return frame;
}

export function opusFrame(fill: number, length = 80): Bytes {
  return new Uint8Array(length).fill(fill);
}

export function frameKey(kid: number, fill = 1): ReturnType<typeof deriveFrameKey> {
  return deriveFrameKey(new Uint8Array(16).fill(fill), BigInt(kid));
}

export function salt(fill: number): string {
  return toBase64url(new Uint8Array(16).fill(fill));
}

/** A frame object as transforms see it. */
export function encoded(bytes: Uint8Array): { data: ArrayBuffer } {
  return { data: bytes.slice().buffer as ArrayBuffer };
}
