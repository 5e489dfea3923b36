/** One's own level for the meter, and whether the microphone gives nothing at all. Pure: loudness and the time go in. */
import type { Loudness } from "./level_meter";

/** Under this, dBFS, the meter shows nothing: the noise of a quiet room through an ordinary microphone. */
const FLOOR_DB = -60;
/** Part of the way that the meter falls at each look (10 a second); it rises at once. */
const FALL = 0.3;
/** A largest sample under this is no sound at all: three steps of 16 bits. A quiet room is ten times louder. */
const NOTHING = 1e-4;
/** Nothing for so long, ms, before it is mentioned. */
const SILENT_MS = 5_000;

export class OwnLevel {
  /** 0..1, smoothed. */
  level = 0;
  silent = false;
  #nothingSince: number | null = null;

  /** Null: muted, or no reading. */
  update(loudness: Loudness | null, now: number): void {
    if (!loudness) {
      this.level = 0;
      this.silent = false;
      this.#nothingSince = null;
      return;
    }
    const decibels = 20 * Math.log10(Math.max(loudness.rms, 1e-9));
    const heard = Math.min(1, Math.max(0, 1 - decibels / FLOOR_DB));
    this.level = heard > this.level ? heard : this.level + (heard - this.level) * FALL;
    if (loudness.peak >= NOTHING) {
      this.#nothingSince = null;
      this.silent = false;
    } else {
      this.#nothingSince ??= now;
      this.silent = now - this.#nothingSince >= SILENT_MS;
    }
  }
}
