import { describe, expect, test } from "vitest";
import {
  decodeHeader,
  decryptFrame,
  deriveFrameKey,
  encodeHeader,
  encryptFrame,
} from "../../../web/client/e2ee/sframe";
import text from "../../vectors/sframe/test-vectors.json?raw";
import { seeded } from "../random";

interface Vectors {
  header: { kid: string; ctr: string; encoded: string }[];
  sframe: Record<"cipher_suite" | "kid" | "ctr" | "base_key" | "metadata" | "sframe_salt" | "pt" | "ct", string>[];
}
// The file's numbers need 64 bits: they are read as texts.
const vectors: Vectors = JSON.parse(text.replaceAll(/: (\d+)/g, ': "$1"'));
const bytes = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
const hex = (value: Uint8Array) => [...value].map((byte) => byte.toString(16).padStart(2, "0")).join("");

test("all header vectors, both ways", () => {
  expect(vectors.header.length).toBeGreaterThan(280);
  for (const { kid, ctr, encoded } of vectors.header) {
    expect(hex(encodeHeader(BigInt(kid), BigInt(ctr)))).toBe(encoded);
    expect(decodeHeader(bytes(encoded))).toEqual({ kid: BigInt(kid), ctr: BigInt(ctr), length: encoded.length / 2 });
  }
});

describe("AES_128_GCM_SHA256_128", () => {
  const [vector, ...more] = vectors.sframe.filter(({ cipher_suite }) => cipher_suite === "4");
  if (!vector || more.length) throw new Error("the file has one vector of this suite");
  const [kid, ctr] = [BigInt(vector.kid), BigInt(vector.ctr)];
  const metadata = bytes(vector.metadata);
  const key = deriveFrameKey(bytes(vector.base_key), kid);

  test("key, encryption and decryption", async () => {
    expect(hex((await key).salt)).toBe(vector.sframe_salt);
    const sealed = await encryptFrame(await key, kid, ctr, metadata, bytes(vector.pt));
    expect(hex(sealed)).toBe(vector.ct);
    const header = decodeHeader(sealed);
    if (!header) throw new Error("no header");
    expect(hex((await decryptFrame(await key, header, metadata, sealed)) as Uint8Array)).toBe(vector.pt);
  });

  test("every changed bit, of frame and of metadata, is noticed", async () => {
    const sealed = bytes(vector.ct);
    const open = async (frame: typeof sealed, aad: typeof sealed) => {
      const header = decodeHeader(frame);
      return header && decryptFrame(await key, header, aad, frame);
    };
    expect(await open(sealed, metadata)).not.toBeNull();
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = sealed.slice();
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(await open(changed, metadata), `bit ${bit}`).toBeNull();
    }
    for (let at = 0; at < metadata.length; at++) {
      const changed = metadata.slice();
      changed[at] = (changed[at] as number) ^ 1;
      expect(await open(sealed, changed)).toBeNull();
    }
    for (let length = 0; length < sealed.length; length++)
      expect(await open(sealed.slice(0, length), metadata)).toBeNull();
  });
});

test("headers of any bytes never throw, and only the shortest form is taken", () => {
  const random = seeded(1);
  const next = () => Math.floor(random() * 256);
  for (let round = 0; round < 5000; round++) {
    const input = Uint8Array.from({ length: round % 20 }, next);
    const header = decodeHeader(input);
    if (header) expect(hex(encodeHeader(header.kid, header.ctr))).toBe(hex(input.subarray(0, header.length)));
  }
  expect(decodeHeader(bytes("0807"))).toBeNull(); // 7 fits the first byte
  expect(decodeHeader(bytes("090001"))).toBeNull();
  expect(decodeHeader(new Uint8Array(0))).toBeNull();
});

test("numbers beyond 64 bits are refused", () => {
  for (const value of [-1n, 1n << 64n]) {
    expect(() => encodeHeader(value, 0n)).toThrow(RangeError);
    expect(() => encodeHeader(0n, value)).toThrow(RangeError);
  }
});
