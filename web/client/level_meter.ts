/** How loud one's own microphone is, read from a Web Audio analyser: no browser tells the level of an own track alike. */

/** Samples looked at, 43 ms at 48 kHz: shorter than the pause between two looks, longer than a period of the lowest voice. */
const WINDOW = 2048;

export interface Loudness {
  /** Root mean square, 0..1. */
  rms: number;
  /** Largest sample, 0..1. */
  peak: number;
}

export class LevelMeter {
  #context: AudioContext | null = null;
  #analyser: AnalyserNode | null = null;
  #source: MediaStreamAudioSourceNode | null = null;
  #samples = new Float32Array(WINDOW);

  /** Listen to this track, or to nothing. */
  attach(track: MediaStreamTrack | null): void {
    this.#source?.disconnect();
    this.#source = null;
    if (!track) {
      void this.#context?.suspend();
      return;
    }
    this.#context ??= new AudioContext();
    this.#analyser ??= new AnalyserNode(this.#context, { fftSize: WINDOW });
    this.#source = new MediaStreamAudioSourceNode(this.#context, { mediaStream: new MediaStream([track]) });
    this.#source.connect(this.#analyser);
    void this.#context.resume();
  }

  /** Null while nothing is attached, or the browser holds audio back until the person presses something. */
  read(): Loudness | null {
    if (!this.#source || !this.#analyser || this.#context?.state !== "running") return null;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    let sum = 0;
    let peak = 0;
    for (const sample of this.#samples) {
      sum += sample * sample;
      peak = Math.max(peak, Math.abs(sample));
    }
    return { rms: Math.sqrt(sum / WINDOW), peak };
  }
}
