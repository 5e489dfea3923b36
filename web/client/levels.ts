/** Who is speaking, from levels alone. Pure: levels and the time go in, the marked members come out. */

/** Linear level above which it counts as voice: about −36 dBFS, under quiet speech and over a fan. */
const VOICE = 0.015;
/** Voice for this long before the mark appears, ms: a cough or a chair is not speech. */
const APPEARS_MS = 300;
/** The mark stays this long after the last voice, ms: pauses between words do not make it blink. */
const STAYS_MS = 1200;
/** A pause shorter than this, ms, does not start the 300 ms anew; `audioLevel` changes every 110-125 ms only. */
const BREATH_MS = 250;
/** At most so many marks at once: more would only flicker. */
const MOST = 3;
/** Weight of the newest level in the smoothed one, at 5 looks a second. */
const SMOOTHING = 0.5;

interface Voice {
  level: number;
  /** When the present run of voice began, ms; null in silence. */
  since: number | null;
  last: number;
}

export class SpeakerDetector {
  #voices = new Map<string, Voice>();
  #speaking: ReadonlySet<string> = new Set();

  /** `levels`: linear 0..1 by member, of everybody who is unmuted. `now`: ms. Returns the same set while nothing changed. */
  update(levels: ReadonlyMap<string, number>, now: number): ReadonlySet<string> {
    for (const member of this.#voices.keys()) if (!levels.has(member)) this.#voices.delete(member);
    for (const [member, level] of levels) {
      const voice = this.#voices.get(member) ?? { level: 0, since: null, last: Number.NEGATIVE_INFINITY };
      voice.level += (level - voice.level) * SMOOTHING;
      if (level >= VOICE) {
        voice.since ??= now;
        voice.last = now;
      } else if (now - voice.last > BREATH_MS) {
        voice.since = null;
      }
      this.#voices.set(member, voice);
    }
    const marked = [...this.#voices].filter(([member, voice]) => {
      const appears = voice.since !== null && voice.last === now && now - voice.since >= APPEARS_MS;
      return appears || (this.#speaking.has(member) && now - voice.last <= STAYS_MS);
    });
    // Somebody who is marked keeps the mark against an equally loud newcomer.
    const weight = ([member, voice]: [string, Voice]) => voice.level * (this.#speaking.has(member) ? 1.5 : 1);
    const loudest = marked.sort((a, b) => weight(b) - weight(a)).slice(0, MOST);
    const next = new Set(loudest.map(([member]) => member));
    const same = next.size === this.#speaking.size && [...next].every((member) => this.#speaking.has(member));
    if (!same) this.#speaking = next;
    return this.#speaking;
  }
}
