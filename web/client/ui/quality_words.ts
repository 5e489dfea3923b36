/** From the figures of a call to what is said about them. Pure. */
import type { QualityView } from "../model";

/** Whom the advice is for: oneself, nobody because it is somebody else's connection, or nobody because all is well. */
export type Advice = "own" | "theirs" | "none";

const weak = (quality: string) => quality === "fair" || quality === "poor";

export function adviceFor({ up, down, people }: QualityView): Advice {
  if (weak(up.quality) || people.some((person) => person.cause === "ours")) return "own";
  const others = people.some((person) => person.cause === "theirs");
  // What arrives badly and is laid at nobody's door may be one's own way: the advice does no harm.
  if (others && people.every((person) => person.cause === null || person.cause === "theirs")) return "theirs";
  return weak(down.quality) || people.some((person) => person.cause === "unknown") ? "own" : "none";
}

export const PATHS = { udp: "path-udp", tcp: "path-tcp", relay: "path-relay" } as const;

/** Bit/s to kbit/s, and fractions to per cent: as many digits as say something. */
export const kilobits = (rate: number) => Math.round(rate / 1000);
export const percent = (fraction: number) =>
  fraction < 0.1 ? Math.round(fraction * 1000) / 10 : Math.round(fraction * 100);
export const milliseconds = (seconds: number) => Math.round(seconds * 1000);
