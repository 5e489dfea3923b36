/** Draws a running call into the store: tiles, chat, door, encryption, the line about the connection, and who speaks. */

import type { CallNetwork } from "./call_network";
import type { CallScreen } from "./call_screen";
import type { ChatLog } from "./chat_log";
import type { EncryptionNews } from "./encryption_news";
import { encryptionView } from "./encryption_view";
import { SpeakerDetector } from "./levels";
import type { RoomMedia } from "./media";
import { MediaLine } from "./media_line";
import type { KeyState } from "./model";
import type { Room } from "./room";
import { rosterViews } from "./roster";
import { screenViews } from "./screen_views";
import type { Sound } from "./sound";
import type { Store } from "./store";
import type { WaitingList } from "./waiting_list";

/** The part of the devices that a call sends and shows. */
export interface OutgoingDevices {
  outgoing(input: "microphone" | "camera"): MediaStreamTrack | null;
  readonly loudness: { peak: number } | null;
  readonly stream: { readonly value: MediaStream | null };
}

export interface CallViewOptions {
  store: Store;
  sound: Sound;
  devices: OutgoingDevices;
  room: Room;
  chat: ChatLog;
  waiting: WaitingList;
  news: EncryptionNews;
  media: RoomMedia;
  network: CallNetwork;
  screen: CallScreen;
  avatarSeed(member: string): Promise<Uint8Array>;
}

const NO_SEED = new Uint8Array(16);

export class CallView {
  locked = false;
  readonly #detector = new SpeakerDetector();
  readonly #line = new MediaLine();
  #speaking: ReadonlySet<string> = new Set();
  #keys = new Map<string, KeyState>();
  #seeds = new Map<string, Uint8Array>();

  constructor(private readonly options: CallViewOptions) {}

  keyState(member: string, state: KeyState): void {
    this.#keys.set(member, state);
  }

  /** The keys are gone, of everybody or of one member. */
  forgetKeys(member?: string): void {
    if (member === undefined) this.#keys.clear();
    else this.#keys.delete(member);
  }

  /** Before somebody's tile is first shown: it would change its picture otherwise. */
  async learnSeeds(members: readonly string[]): Promise<void> {
    const missing = members.filter((member) => !this.#seeds.has(member));
    const learn = async (id: string) => this.#seeds.set(id, await this.options.avatarSeed(id));
    await Promise.all(missing.map(learn));
  }

  /** The loudness of everybody who is not muted, linear 0..1; `now` in ms. */
  heard(levels: Map<string, number>, now: number): void {
    const { room, devices } = this.options;
    for (const [member] of levels) if (!room.member(member)?.state?.microphone) levels.delete(member);
    if (devices.loudness) levels.set(room.self, devices.loudness.peak);
    this.#speaking = this.#detector.update(levels, now);
  }

  draw(): void {
    const { store, sound, room, chat, waiting, media } = this.options;
    // Who is out of the group is not heard any more, though old keys may still open what a server goes on sending.
    sound.play(media.remoteTracks.filter(({ member }) => room.member(member)));
    store.members.value = rosterViews(room, this.#sources(), store.members.peek());
    store.screens.value = screenViews(room, this.#screenSources(), store.screens.peek());
    store.chat.value = chat.messages;
    store.knocks.value = waiting.views;
    store.lastFacilitator.value = room.onlyFacilitator;
    this.#drawEncryption();
    if (store.connection.peek() !== "reconnecting") {
      store.connection.value = this.#line.at(media.state, performance.now());
    }
  }

  #sources() {
    const { devices, room, network } = this.options;
    const microphone = devices.outgoing("microphone") !== null;
    const camera = devices.outgoing("camera") !== null;
    return {
      speaking: this.#speaking,
      keyState: (member: string) => this.#keys.get(member) ?? (room.member(member)?.told ? "encrypted" : "waiting"),
      video: (member: string) => {
        const camera = room.trackOf(member, "video", false);
        return camera === null ? null : this.#stream(member, camera);
      },
      held: (member: string) => network.held(room.trackOf(member, "video", false)),
      network: (member: string) => network.networkOf(member),
      pinned: (member: string) => network.pinned(member, "camera"),
      avatarSeed: (member: string) => this.#seeds.get(member) ?? NO_SEED,
      own: { microphone, camera, video: devices.stream.value },
    } as const;
  }

  #screenSources() {
    const { network, screen } = this.options;
    return {
      own: screen.stream,
      stream: (member: string, track: string) => this.#stream(member, track),
      held: (track: string) => network.held(track),
      pinned: (member: string) => network.pinned(member, "screen"),
    } as const;
  }

  /** Of somebody's own track, as they announce it. */
  #stream(member: string, track: string): MediaStream | null {
    const { remoteTracks } = this.options.media;
    return remoteTracks.find((one) => one.member === member && one.id === track)?.stream ?? null;
  }

  #drawEncryption(): void {
    const { store, room, news } = this.options;
    const { ready, group } = room;
    const { check, troubles } = news;
    const { locked } = this;
    const nameOf = (member: string) => room.nameOf(member);
    const view = encryptionView({ ready, group, check, troubles, locked, nameOf });
    // The same object while it says the same: an open dialog is not drawn anew five times a second.
    if (JSON.stringify(view) !== JSON.stringify(store.encryption.peek())) store.encryption.value = view;
  }
}
