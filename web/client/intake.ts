/** What a call hears of its room, from the worker and from the server: each message goes to the part that it concerns. */
import type { CallNetwork } from "./call_network";
import type { CallView } from "./call_view";
import type { FromWorker } from "./e2ee/worker_messages";
import type { EncryptionNews } from "./encryption_news";
import type { Knocks } from "./knocks";
import type { RoomMedia } from "./media";
import type { Announcement } from "./model";
import type { ServerMessage } from "./protocol_types";
import type { Room } from "./room";
import type { RoomEffects } from "./room_effects";
import type { Words } from "./words";

/** What the worker tells of the room. */
export type CallNews = Extract<
  FromWorker,
  { type: "group" | "heard" | "said" | "unsaid" | "check" | "troubles" | "incident" }
>;

export interface IntakeOptions {
  roomId: string;
  room: Pick<Room, "groupChanged" | "heard" | "connection">;
  words: Pick<Words, "said" | "unsaid">;
  news: Pick<EncryptionNews, "checked" | "troubled" | "happened">;
  door: Pick<Knocks, "held" | "close" | "knocked" | "gone">;
  media: Pick<
    RoomMedia,
    "membersChanged" | "published" | "offered" | "encodingsWanted" | "setCodec" | "rebuild" | "refused"
  >;
  network: Pick<CallNetwork, "tracksHeld" | "refused">;
  view: Pick<CallView, "learnSeeds">;
  effects: Pick<RoomEffects, "lock">;
  announce(announcement: Announcement): void;
}

export class Intake {
  /** The highest number that the worker said it has, when it asked for what was missed. */
  #seen: number | null = null;

  constructor(private readonly options: IntakeOptions) {}

  /** The worker asks the server for what was missed; `seen` is the highest number that it has, null if it has nothing. */
  catchesUp(seen: number | null): void {
    this.#seen = seen;
  }

  /** What is of another room is passed over. */
  async worker(told: CallNews): Promise<void> {
    const { roomId, room, words, news, door, media, view } = this.options;
    if ((told.type === "group" ? told.view.room : told.room) !== roomId) return;
    switch (told.type) {
      case "group":
        await view.learnSeeds(told.view.people.map((person) => person.member));
        room.groupChanged(told.view, performance.now());
        if (!door.held) door.close();
        media.membersChanged();
        break;
      case "heard":
        room.heard(told.sender, told.seq, told.message, performance.now());
        break;
      case "said":
        words.said(told.id, told.seq);
        break;
      case "unsaid":
        words.unsaid(told.id);
        break;
      case "check":
        news.checked(told.view);
        break;
      case "troubles":
        news.troubled(told.troubles);
        break;
      case "incident":
        news.happened(told.incident);
        break;
    }
  }

  /** What is of another room, or none of the call's business, is passed over. */
  server(message: ServerMessage): void {
    const { roomId, room, door, media, network, effects } = this.options;
    if ("room" in message && message.room !== roomId) return;
    switch (message.type) {
      case "member_connection":
        room.connection(message.member, message.connected);
        break;
      case "member_gone":
        room.connection(message.gone.member, false);
        break;
      case "locked":
        effects.lock(message.locked, message.by);
        break;
      case "mls_caught_up":
        this.#caughtUp(message.replayed_from);
        break;
      case "published":
        media.published(message);
        break;
      case "subscribe_offer":
        media.offered(message);
        break;
      case "knocked":
        door.knocked(message.knock);
        break;
      case "knock_gone":
        door.gone(message);
        break;
      case "encodings_wanted":
        media.encodingsWanted(message);
        break;
      case "video_codec":
        media.setCodec(message.codec);
        break;
      case "tracks_held":
        network.tracksHeld(message);
        break;
      case "media_lost":
        media.rebuild();
        break;
      case "error":
        if (message.about === "watch") network.refused();
        else media.refused(message);
        break;
    }
  }

  #caughtUp(replayedFrom: number): void {
    if (this.#seen !== null && replayedFrom > this.#seen + 1) {
      this.options.announce({ urgency: "polite", kind: "messages-missed" });
    }
    this.#seen = null;
  }
}
