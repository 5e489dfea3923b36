/** Frames and keys for the tests of the transforms. */
import type { EpochKeys } from "../../../web/client/e2ee/epoch_keys";
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

export function baseKey(fill: number): Bytes {
  return new Uint8Array(16).fill(fill);
}

/** Of a room with Ann (leaf 1, oneself unless told otherwise) and Ben (leaf 2); each epoch has its own base key. */
export function epochKeys(
  epoch: number,
  { fill = epoch, ...more }: Partial<EpochKeys> & { fill?: number } = {},
): EpochKeys {
  const leaves = [
    { leaf: 1, member: "ann" },
    { leaf: 2, member: "ben" },
  ];
  return { room: "room", epoch, baseKey: baseKey(fill), leaf: 1, leaves, removal: false, ...more };
}

/** A frame object as transforms see it. */
export function encoded(bytes: Uint8Array): { data: ArrayBuffer } {
  return { data: bytes.slice().buffer as ArrayBuffer };
}
