/** One soft low tone when somebody asks to join, once more after 30 s if they still wait. For facilitators only. */

/** When the reminder sounds, seconds. Sooner presses; later and people wait unseen. */
export const REMIND_SECONDS = 30;

/**
 * Tones are at least this far apart, seconds: sixty people who arrive within a minute, or somebody who knocks on and on,
 * must not drown a meeting. Longer, and a second visitor may think that nobody heard.
 */
export const PAUSE_SECONDS = 10;

/** Decides when to sound. Sans-IO. */
export class KnockReminder {
  #soundedAt = Number.NEGATIVE_INFINITY;
  readonly #remindAt = new Map<string, number>();
  readonly #heard = new Set<string>();

  /** When to ask again although nothing changed, seconds; null while nobody needs it. */
  get due(): number | null {
    return this.#remindAt.size > 0 ? Math.min(...this.#remindAt.values()) : null;
  }

  /** Tell who is waiting; returns whether to sound now. */
  update(waiting: readonly string[], { now }: { now: number }): boolean {
    let sound = false;
    for (const id of this.#heard) if (!waiting.includes(id)) this.#heard.delete(id);
    for (const id of this.#remindAt.keys()) if (!waiting.includes(id)) this.#remindAt.delete(id);
    for (const id of waiting) {
      if (!this.#heard.has(id)) {
        this.#heard.add(id);
        this.#remindAt.set(id, now + REMIND_SECONDS);
        sound = true;
      } else if ((this.#remindAt.get(id) ?? Number.POSITIVE_INFINITY) <= now) {
        this.#remindAt.delete(id);
        sound = true;
      }
    }
    if (!sound || now - this.#soundedAt < PAUSE_SECONDS) return false;
    this.#soundedAt = now;
    return true;
  }
}

/** Hertz: low enough not to startle, high enough for a telephone's loudspeaker. */
const PITCH = 233;
/** −26 dBFS: under speech, so that it never covers somebody who is talking. */
const PEAK = 0.05;
/** Seconds. */
const LENGTH = 0.7;

/** Play the tone; silent where the browser does not let the page make sounds yet. */
export function playKnockTone(): void {
  if (typeof AudioContext === "undefined") return;
  const context = new AudioContext();
  const gain = context.createGain();
  const tone = context.createOscillator();
  const start = context.currentTime;
  tone.frequency.value = PITCH;
  gain.gain.setValueAtTime(0, start);
  gain.gain.linearRampToValueAtTime(PEAK, start + 0.06);
  gain.gain.exponentialRampToValueAtTime(PEAK / 500, start + LENGTH);
  tone.connect(gain).connect(context.destination);
  tone.onended = () => void context.close();
  tone.start(start);
  tone.stop(start + LENGTH);
}
