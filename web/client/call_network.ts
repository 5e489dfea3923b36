/**
 * What a call has to do with the network: which pictures and voices are asked for, what finds no room, and how it is
 * told. Ties the pure modules to the room and its media; the call looks in a few times a second.
 */
import { type Circumstances, qualityOf, type Watched } from "./call_quality";
import { HeldPictures } from "./held_pictures";
import type { RoomMedia } from "./media";
import { type Figures, figuresOf } from "./media_figures";
import type { Announcement, NetworkChoices, QualityView } from "./model";
import type { ClientMessage, TracksHeldMessage } from "./protocol_types";
import type { Announced, Room } from "./room";
import type { Store } from "./store";
import { UplinkNews } from "./uplink";
import { VoicePauses } from "./voice_pauses";
import { PAUSE_MS, Watch, type What } from "./watch";

/** Between two looks at the figures, ms: what the panel promises. */
const FIGURES_MS = 1_000;
/** Looks that are compared, the oldest with the newest: 5 s, of which a burst of loss is a fifth. */
const LOOKS = 6;

export interface CallNetworkOptions {
  roomId: string;
  room: Room;
  media: RoomMedia;
  store: Pick<Store, "quality" | "network">;
  send(message: ClientMessage): boolean;
  announce(announcement: Announcement): void;
  /** What one's state says, or a tile shows, changed. */
  changed(): void;
}

export class CallNetwork {
  readonly #watch = new Watch();
  readonly #pauses = new VoicePauses();
  readonly #held = new HeldPictures();
  readonly #uplink = new UplinkNews();
  #soundTooMuch = false;
  #paused: ReadonlySet<string> = new Set();
  #figures: Figures[] = [];
  #figuresAt = Number.NEGATIVE_INFINITY;
  #quality: QualityView | null = null;
  #asked = false;
  #soon: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: CallNetworkOptions) {
    this.#watch.choose(options.store.network.peek());
  }

  // -- What the person and the page do ---------------------------------------------------------------------------------

  showPicture(member: string, what: What, height: number): void {
    const now = performance.now();
    this.#watch.show(member, what, height, now);
    this.#tellSoon(now);
  }

  setPinned(member: string, what: What, pinned: boolean): void {
    this.#watch.pin(member, what, pinned);
    this.#tellSoon(performance.now());
    this.options.changed();
  }

  pinned(member: string, what: What): boolean {
    return this.#watch.pinned(member, what);
  }

  choose(choices: NetworkChoices): void {
    this.#watch.choose(choices);
    this.options.media.setSaving(choices.dataSaver);
    this.#tellSoon(performance.now());
  }

  /** Nobody sees the page, or somebody does again. */
  setHidden(hidden: boolean): void {
    const now = performance.now();
    this.#watch.hide(hidden, now);
    this.#tellSoon(now);
  }

  watchQuality(on: boolean): void {
    this.#asked = on;
    this.options.store.quality.value = on ? this.#quality : null;
  }

  // -- What the server says ----------------------------------------------------------------------------------------------

  /** A new subscriber connection, which knows no wishes. */
  renew(): void {
    this.#watch.renew();
    this.tell(performance.now());
  }

  tracksHeld({ tracks, sound_too_much }: TracksHeldMessage): void {
    this.#held.take(tracks.map(({ track }) => track));
    this.#soundTooMuch = sound_too_much;
    this.#pauses.tooMuch(sound_too_much);
  }

  held(track: string | null): boolean {
    return track !== null && this.#held.tracks.has(track);
  }

  forget(member: string): void {
    this.#watch.forget(member);
  }

  /** How what somebody sends gets through: by their own word, or because it arrives badly and one's own way is good. */
  networkOf(member: string): "fair" | "poor" | null {
    const uplink = this.options.room.member(member)?.state?.uplink ?? "good";
    if (uplink !== "good") return uplink;
    const view = this.#quality;
    const person = view?.people.find((one) => one.member === member);
    if (view?.down.quality !== "good" || person?.cause == null || person.cause === "ours") return null;
    return [person.sound, person.picture].includes("poor") ? "poor" : "fair";
  }

  // -- Looking -----------------------------------------------------------------------------------------------------------

  /** A few times a second; `levels` by member, linear. */
  async look(levels: ReadonlyMap<string, number>, now: number): Promise<void> {
    this.#pauseVoices(levels, now);
    this.tell(now);
    const news = this.#held.tick(now);
    if (news) this.options.announce({ urgency: "polite", kind: news });
    if (now - this.#figuresAt < FIGURES_MS) return;
    this.#figuresAt = now;
    const figures = figuresOf(await this.options.media.reports(), now);
    // A connection that was built anew counts from zero.
    const newest = this.#figures.at(-1);
    if (newest && figures.up.packets < newest.up.packets) this.#figures = [];
    this.#figures = [...this.#figures, figures].slice(-LOOKS);
    const [oldest] = this.#figures;
    if (!oldest || oldest === figures) return;
    this.#quality = qualityOf(oldest, figures, this.#circumstances());
    if (this.#asked) this.options.store.quality.value = this.#quality;
    const { room } = this.options;
    room.setOwn({ uplink: this.#uplink.update(this.#quality.up.quality, now) });
    this.options.changed();
  }

  /** Tell the server what is wanted, if that is due. */
  tell(now: number): void {
    const wishes = this.#watch.due(this.#tracks, now);
    if (!wishes) return;
    const { roomId, send } = this.options;
    if (send({ type: "watch", room: roomId, ...wishes })) this.#watch.told(wishes, now);
  }

  /** The call is over. */
  end(): void {
    clearTimeout(this.#soon);
  }

  /** Now, or when the pause since the last message is over. */
  #tellSoon(now: number): void {
    this.tell(now);
    clearTimeout(this.#soon);
    this.#soon = setTimeout(() => this.tell(performance.now()), PAUSE_MS);
  }

  get #tracks(): Announced[] {
    const { room } = this.options;
    return room.tracks.filter(({ member }) => member !== room.self);
  }

  #pauseVoices(levels: ReadonlyMap<string, number>, now: number): void {
    const voices = new Map<string, number>();
    for (const { member, track, kind, screen } of this.#tracks) {
      if (kind !== "audio" || screen || !this.options.room.member(member)?.state?.microphone) continue;
      voices.set(track, levels.get(member) ?? 0);
    }
    const paused = this.#pauses.update(voices, now);
    if (paused === this.#paused) return;
    if (this.#paused.size === 0 && paused.size > 0) this.options.announce({ urgency: "polite", kind: "voices-paused" });
    this.#paused = paused;
    this.#watch.pause(paused);
  }

  #circumstances(): Circumstances {
    const { room } = this.options;
    const people = room.members.flatMap((member): Watched[] => {
      const { id, state } = member;
      if (id === room.self || !state) return [];
      const voice = room.trackOf(id, "audio", false);
      const picture = room.trackOf(id, "video", false);
      return [
        {
          member: id,
          name: room.nameOf(id) ?? "",
          voice: state.microphone && voice !== null && !this.#paused.has(voice) ? voice : null,
          picture: state.camera ? picture : null,
          held: this.held(picture),
          shown: this.#watch.asks(id, "camera", performance.now()),
          uplink: state.uplink ?? "good",
        },
      ];
    });
    return { people, soundTooMuch: this.#soundTooMuch };
  }
}
