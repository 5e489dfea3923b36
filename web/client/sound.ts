/** Everybody's voice: one audible element for each, and the browser's leave to play them. */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { RemoteTrack } from "./subscriber";

/** The test sound: two soft sine tones, under −20 dBFS, 0.35 s each, hertz. */
const TEST_TONES = [440, 554] as const;
const TONE_SECONDS = 0.35;
const LOUDNESS = 0.08;
/** Rise and fall of a tone, seconds: without them it clicks. */
const EDGE_SECONDS = 0.04;

export class Sound {
  readonly blocked: ReadonlySignal<boolean>;
  #blocked = signal(false);
  #host: HTMLElement | null = null;
  #speaker = "";
  #elements = new Map<MediaStreamTrack, HTMLAudioElement>();

  /** `heldBack` is called once whenever the browser begins to hold sound back. */
  constructor(private readonly heldBack: () => void) {
    this.blocked = this.#blocked;
  }

  /** Where the elements live; without a host they play all the same. */
  attach(host: HTMLElement): () => void {
    this.#host = host;
    for (const element of this.#elements.values()) host.append(element);
    return () => {
      if (this.#host === host) this.#host = null;
    };
  }

  /** The voices to play from now on; those that are not in the list stop. */
  play(remote: readonly RemoteTrack[]): void {
    const voices = remote.filter((one) => one.kind === "audio");
    const wanted = new Set(voices.map((one) => one.track));
    for (const [track, element] of this.#elements) {
      if (wanted.has(track)) continue;
      this.#elements.delete(track);
      element.srcObject = null;
      element.remove();
    }
    for (const { track, stream } of voices) {
      if (this.#elements.has(track)) continue;
      const element = document.createElement("audio");
      element.srcObject = stream;
      this.#elements.set(track, element);
      this.#host?.append(element);
      void this.#route(element);
      void this.#start(element);
    }
    if (this.#elements.size === 0) this.#blocked.value = false;
  }

  /** The person pressed "Turn sound on": within a press every browser allows it. */
  async turnOn(): Promise<void> {
    this.#blocked.value = false;
    await Promise.all([...this.#elements.values()].map((element) => this.#start(element)));
  }

  /** A phone call or another app took the sound away (Safari on iOS pauses the elements and leaves them so). */
  resume(): void {
    for (const element of this.#elements.values()) if (element.paused) void this.#start(element);
  }

  choose(speaker: string): void {
    this.#speaker = speaker;
    for (const element of this.#elements.values()) void this.#route(element);
  }

  stop(): void {
    this.play([]);
  }

  async #start(element: HTMLAudioElement): Promise<void> {
    try {
      await element.play();
    } catch (error) {
      // AbortError: the element was taken away meanwhile, nobody misses it.
      if (!(error instanceof DOMException && error.name === "NotAllowedError") || this.#blocked.value) return;
      this.#blocked.value = true;
      this.heldBack();
    }
  }

  async #route(element: HTMLAudioElement): Promise<void> {
    if (!this.#speaker || !("setSinkId" in element)) return;
    // A speaker that is gone leaves the voice on the default one.
    await element.setSinkId(this.#speaker).catch(() => undefined);
  }
}

/** Play the test sound through the chosen speaker; resolves when it is over. */
export async function playTestSound(speaker: string): Promise<void> {
  const context = new AudioContext();
  try {
    const destination = new MediaStreamAudioDestinationNode(context);
    const element = new Audio();
    element.srcObject = destination.stream;
    if (speaker && "setSinkId" in element) await element.setSinkId(speaker).catch(() => undefined);
    await Promise.all([context.resume(), element.play()]);
    const ended = TEST_TONES.map((frequency, index) => {
      const start = context.currentTime + index * TONE_SECONDS;
      const gain = new GainNode(context, { gain: 0 });
      gain.gain.setValueAtTime(0, start);
      gain.gain.linearRampToValueAtTime(LOUDNESS, start + EDGE_SECONDS);
      gain.gain.setValueAtTime(LOUDNESS, start + TONE_SECONDS - EDGE_SECONDS);
      gain.gain.linearRampToValueAtTime(0, start + TONE_SECONDS);
      const tone = new OscillatorNode(context, { frequency });
      tone.connect(gain).connect(destination);
      const over = new Promise((resolve) => tone.addEventListener("ended", resolve));
      tone.start(start);
      tone.stop(start + TONE_SECONDS);
      return over;
    });
    await Promise.all(ended);
    element.srcObject = null;
  } finally {
    await context.close();
  }
}
