/** Looks after a call a few times a second: connections that need something, who is heard, how it gets through. */
import type { CallNetwork } from "./call_network";
import type { CallView } from "./call_view";
import type { RoomMedia } from "./media";
import type { Room } from "./room";
import { Stillness } from "./stillness";
import type { RemoteTrack } from "./subscriber";
import type { WaitingList } from "./waiting_list";

/** Between two looks, ms: `audioLevel` changes every 110-125 ms, more looks would see the same twice. */
const LOOK_MS = 200;

export interface LooksOptions {
  room: Pick<Room, "trackOf">;
  media: Pick<RoomMedia, "tick" | "levels" | "arrived">;
  waiting: Pick<WaitingList, "tick">;
  view: Pick<CallView, "heard" | "draw">;
  network: Pick<CallNetwork, "look">;
  /** Whether there is a socket: without one nothing can be done for a connection. */
  online(): boolean;
  /** All that came has stopped coming. */
  still(): void;
}

export class Looks {
  #timer: ReturnType<typeof setInterval> | undefined;
  readonly #stillness = new Stillness();

  constructor(private readonly options: LooksOptions) {}

  start(): void {
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
  }

  /** What a look that is under way still finds is shown to nobody. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    const { room, media, waiting, view, network, online, still } = this.options;
    const now = performance.now();
    if (online()) media.tick(now);
    waiting.tick(now);
    // What a screen plays is not its owner's voice.
    const isVoice = ({ member, id }: RemoteTrack) => room.trackOf(member, "audio", true) !== id;
    const levels = await media.levels(isVoice).catch(() => new Map<string, number>());
    if (this.#timer === undefined) return;
    if (this.#stillness.update(media.arrived, now)) still();
    view.heard(levels, now);
    await network.look(levels, now).catch(() => undefined);
    if (this.#timer !== undefined) view.draw();
  }
}
