/** One's own shared screen: asked for by the person alone, never by a reload or a reconnect, and over when they end it. */
import { SCREEN_CAPTURE } from "./layers";

export interface SharedScreen {
  video: MediaStreamTrack;
  /** What the shared tab plays, where the browser and the person give it. */
  audio: MediaStreamTrack | null;
  stream: MediaStream;
}

export interface ScreenShareOptions {
  /** Undefined where the page has no device access; phones have no `getDisplayMedia`. */
  media: Pick<MediaDevices, "getDisplayMedia"> | undefined;
  /** Another screen, or none: by the page, or by the browser's own bar. */
  changed(): void;
}

export class ScreenShare {
  #shared: SharedScreen | null = null;
  #asking = false;

  constructor(private readonly options: ScreenShareOptions) {}

  get shared(): SharedScreen | null {
    return this.#shared;
  }

  get supported(): boolean {
    return typeof this.options.media?.getDisplayMedia === "function";
  }

  /**
   * Lets the person choose. `wanted` is asked again when they have: somebody else may have begun meanwhile. "refused":
   * by the person, the browser, or because a choice is open already.
   */
  async start(wanted: () => boolean): Promise<"shared" | "busy" | "refused" | "unsupported"> {
    if (!this.supported || !this.options.media) return "unsupported";
    if (this.#asking) return "refused";
    if (!wanted()) return "busy";
    this.#asking = true;
    let stream: MediaStream;
    try {
      stream = await this.options.media.getDisplayMedia(SCREEN_CAPTURE);
    } catch {
      return "refused";
    } finally {
      this.#asking = false;
    }
    const video = stream.getTracks().find((track) => track.kind === "video");
    if (!video || !wanted()) {
      for (const track of stream.getTracks()) track.stop();
      return video ? "busy" : "refused";
    }
    this.#end();
    // Sharp edges before smooth movement (W3C mst-content-hint); browsers without "text" know "detail".
    video.contentHint = "text";
    if (video.contentHint !== "text") video.contentHint = "detail";
    const audio = stream.getTracks().find((track) => track.kind === "audio") ?? null;
    const shared = { video, audio, stream };
    video.onended = () => {
      if (this.#shared === shared) this.stop();
    };
    this.#shared = shared;
    this.options.changed();
    return "shared";
  }

  stop(): void {
    if (!this.#shared) return;
    this.#end();
    this.options.changed();
  }

  #end(): void {
    const shared = this.#shared;
    this.#shared = null;
    for (const track of shared?.stream.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
  }
}
