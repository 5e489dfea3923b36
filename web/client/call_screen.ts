/**
 * Sharing one's screen in a call, one person at a time unless the group says otherwise. Who was first is told by the
 * room's order: whoever has the higher number, or none yet while another one's has arrived, stops again.
 */
import type { RoomMedia } from "./media";
import type { Announcement } from "./model";
import type { Room } from "./room";
import type { ScreenShare } from "./screen_share";

export interface CallScreenOptions {
  room: Room;
  media: RoomMedia;
  share: ScreenShare;
  /** Several may share at once. */
  many: boolean;
  announce(announcement: Announcement): void;
}

type Outcome = "shared" | "busy" | "refused" | "unsupported";

export class CallScreen {
  /** Resolved when one's place in the order is known. */
  #settled: ((outcome: Outcome) => void) | null = null;

  constructor(private readonly options: CallScreenOptions) {}

  get stream(): MediaStream | null {
    return this.options.share.shared?.stream ?? null;
  }

  /** "busy" also when somebody else was a moment earlier. */
  async start(): Promise<Outcome> {
    const { share, room } = this.options;
    const outcome = await share.start(() => room.ready && !this.#taken());
    if (outcome !== "shared" || typeof room.own.sharing === "number") return outcome;
    this.#settled?.("refused");
    return new Promise((resolve) => {
      this.#settled = resolve;
    });
  }

  stop(): void {
    this.options.share.stop();
  }

  /** The screen that is shared is another one, or none. */
  changed(): void {
    const { share, media, room } = this.options;
    const { shared } = share;
    media.setTrack("screen", shared?.video ?? null);
    media.setTrack("screen-sound", shared?.audio ?? null);
    if (shared !== null && room.own.sharing !== 0) return;
    room.setOwn({ sharing: shared ? null : 0 });
    const name = room.nameOf(room.self) ?? room.own.name;
    if (shared) return;
    this.#settle("refused");
    this.options.announce({ urgency: "polite", kind: "screen-stopped", name, self: true });
  }

  /** Something was heard, or got its number: gives way to whoever was first. */
  check(): void {
    const { room, share, announce } = this.options;
    if (!share.shared) return;
    if (this.#taken()) {
      const waited = this.#settled !== null;
      this.#settle("busy");
      share.stop();
      if (!waited) announce({ urgency: "polite", kind: "request-refused", code: "screen_busy" });
      return;
    }
    if (room.own.sharing === null || this.#settled === null) return;
    this.#settle("shared");
    const name = room.nameOf(room.self) ?? room.own.name;
    announce({ urgency: "polite", kind: "screen-shared", name, self: true });
  }

  /** The call is over. */
  end(): void {
    this.#settle("refused");
    this.options.share.stop();
  }

  /** Somebody else shares, and was first. */
  #taken(): boolean {
    const { room, many } = this.options;
    const { sharing } = room.own;
    const own = sharing === null || sharing === 0 ? Number.POSITIVE_INFINITY : sharing;
    return !many && room.sharers.some(({ since }) => since < own);
  }

  #settle(outcome: Outcome): void {
    this.#settled?.(outcome);
    this.#settled = null;
  }
}
