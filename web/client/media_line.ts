/** What the one line about the connection says of voice and picture. Pure: the media's state and the time go in. */
import type { MediaState } from "./media";
import type { ConnectionState } from "./model";

/** "Connecting voice and picture" is shown only after this, ms: most connections take less. */
const CALM_MS = 1_500;

export class MediaLine {
  #missingSince: number | null = null;

  at(state: MediaState, now: number): Extract<ConnectionState, "fine" | "media-connecting" | "media-blocked"> {
    if (state === "connected") {
      this.#missingSince = null;
      return "fine";
    }
    this.#missingSince ??= now;
    if (state === "blocked") return "media-blocked";
    return now - this.#missingSince > CALM_MS ? "media-connecting" : "fine";
  }
}
