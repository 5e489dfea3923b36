/**
 * What a call has to do with the network: which pictures and voices are asked for, what finds no room, and how it is
 * told. Ties the pure modules to the room and its media; the call looks in a few times a second.
 */
import { type Circumstances, qualityOf, type Watched } from "./call_quality";
import type { Uplink } from "./e2ee/envelope";
import { Lasting } from "./lasting";
import type { RoomMedia } from "./media";
import { type Figures, figuresOf } from "./media_figures";
import type { Announcement, NetworkChoices, QualityView } from "./model";
import { Playout, playoutTarget } from "./playout";
import type { ClientMessage, TracksHeldMessage } from "./protocol_types";
import type { Announced, Room } from "./room";
import { Settling } from "./settling";
import { SteadyQuality } from "./steady_quality";
import type { Store } from "./store";
import { VoicePauses } from "./voice_pauses";
import { voiceKey, Watch, type What } from "./watch";

/** Between two looks at the figures, ms: what the panel promises. */
const FIGURES_MS = 1_000;
/** Looks that are compared, the oldest with the newest: 5 s, of which a burst of loss is a fifth. */
const LOOKS = 6;
/** Pictures that rest are told of after this, and so are those that are back, ms: the estimate of a network swings when somebody comes in. */
const PICTURES_MS = { begun: 3_000, ended: 3_000 };
/**
 * Voices rest in turns, so that for some seconds none may (voice_pauses.ts): they are back when none had to for this, ms.
 * That it begins is told at once: somebody may be speaking who is not heard.
 */
const VOICES_MS = { begun: 0, ended: 15_000 };

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
  /** By member. */
  readonly #playouts = new Map<string, Playout>();
  readonly #pauses = new VoicePauses(Math.random);
  readonly #uplink = new SteadyQuality();
  readonly #settling = new Settling();
  readonly #picturesRest = new Lasting(PICTURES_MS);
  readonly #voicesRest = new Lasting(VOICES_MS);
  /** What arrives of each, by member. */
  readonly #arriving = new Map<string, SteadyQuality>();
  #signs: ReadonlyMap<string, Uplink> = new Map();
  /** Pictures that one's own network has no room for, by track. */
  #held: ReadonlySet<string> = new Set();
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

  /** A new subscriber connection, which knows no wishes; or a new socket, which tells anew what is held. */
  renew(): void {
    this.#watch.renew();
    this.#hold([], false);
    this.tell(performance.now());
  }

  /** The server refused what was wished for: it is said again. */
  refused(): void {
    this.#watch.refused(performance.now());
  }

  tracksHeld({ tracks, sound_too_much }: TracksHeldMessage): void {
    this.#hold(
      tracks.map(({ track }) => track),
      sound_too_much,
    );
  }

  held(track: string | null): boolean {
    return track !== null && this.#held.has(track);
  }

  forget(member: string): void {
    this.#watch.forget(member);
    this.#playouts.delete(member);
    this.#arriving.delete(member);
  }

  /** How what somebody sends gets through: by their own word, or because it arrives badly and one's own way is good. */
  networkOf(member: string): "fair" | "poor" | null {
    const { room } = this.options;
    const said = member === room.self ? room.own.uplink : (room.member(member)?.state?.uplink ?? "good");
    const quality = said === "good" ? (this.#signs.get(member) ?? "good") : said;
    return quality === "good" ? null : quality;
  }

  // -- Looking -----------------------------------------------------------------------------------------------------------

  /** A few times a second; `levels` by member, linear. */
  async look(levels: ReadonlyMap<string, number>, now: number): Promise<void> {
    this.#pauseVoices(levels, now);
    this.tell(now);
    this.#tellOfRest(now);
    if (now - this.#figuresAt < FIGURES_MS) return;
    this.#figuresAt = now;
    const figures = figuresOf(await this.options.media.reports(), now);
    // A connection that was built anew counts from zero.
    const newest = this.#figures.at(-1);
    if (newest && figures.up.packets < newest.up.packets) this.#figures = [];
    this.#figures = [...this.#figures, figures].slice(-LOOKS);
    const [oldest] = this.#figures;
    if (!oldest || oldest === figures) return;
    this.#quality = qualityOf(oldest, figures, this.#circumstances(now));
    if (this.#asked) this.options.store.quality.value = this.#quality;
    const { room } = this.options;
    this.#judge(this.#quality, now);
    this.#playLater(this.#quality, now);
    room.setOwn({ uplink: this.#uplink.update(this.#quality.up.quality, now) });
    this.options.changed();
  }

  /** What is lost on the way can be sent again while what came waits. */
  #playLater({ down, roundTrip }: QualityView, now: number): void {
    for (const { id, state } of this.options.room.members) {
      if (id === this.options.room.self) continue;
      const playout = this.#playouts.get(id) ?? new Playout();
      this.#playouts.set(id, playout);
      const wanted = playoutTarget(state?.uplink ?? "good", { loss: down.loss, roundTrip });
      this.options.media.delay(id, playout.update(wanted, now));
    }
  }

  /** Tell the server what is wanted, if that is due. */
  tell(now: number): void {
    const wishes = this.#watch.due(this.#tracks, now);
    if (!wishes) return;
    const { roomId, send } = this.options;
    if (send({ type: "watch", room: roomId, ...wishes })) this.#watch.told(wishes, now);
  }

  /** The call is over: what a look that is under way still finds is shown to nobody. */
  end(): void {
    this.#asked = false;
    clearTimeout(this.#soon);
  }

  /** Now, or when a message may follow the last ones. */
  #tellSoon(now: number): void {
    this.tell(now);
    clearTimeout(this.#soon);
    const pause = this.#watch.notBefore - now;
    if (pause > 0) this.#soon = setTimeout(() => this.tell(performance.now()), pause);
  }

  get #tracks(): Announced[] {
    const { room } = this.options;
    return room.tracks.filter(({ member }) => member !== room.self);
  }

  #pauseVoices(levels: ReadonlyMap<string, number>, now: number): void {
    const voices = new Map<string, number>();
    for (const { member, track, kind, screen } of this.#tracks) {
      if (kind !== "audio" || screen || !this.options.room.member(member)?.state?.microphone) continue;
      voices.set(voiceKey(member, track), levels.get(member) ?? 0);
    }
    const paused = this.#pauses.update(voices, now);
    this.#paused = paused;
    this.#watch.pause(paused);
  }

  /** Signs on tiles: whose voice or picture arrives badly while one's own way down is good, for a while. */
  #judge({ down, people }: QualityView, now: number): void {
    const signs = new Map<string, Uplink>();
    for (const { member, cause, sound, picture } of people) {
      const badly = down.quality === "good" && cause !== null && cause !== "ours";
      const quality = !badly ? "good" : [sound, picture].includes("poor") ? "poor" : "fair";
      const steady = this.#arriving.get(member) ?? new SteadyQuality();
      this.#arriving.set(member, steady);
      signs.set(member, steady.update(quality, now));
    }
    this.#signs = signs;
  }

  #hold(tracks: readonly string[], soundTooMuch: boolean): void {
    this.#held = new Set(tracks);
    this.#soundTooMuch = soundTooMuch;
    this.#pauses.tooMuch(soundTooMuch);
  }

  #tellOfRest(now: number): void {
    const pictures = this.#picturesRest.update(this.#held.size > 0, now);
    const voices = this.#voicesRest.update(this.#paused.size > 0, now);
    const { announce } = this.options;
    if (pictures !== null) announce({ urgency: "polite", kind: pictures ? "pictures-held" : "pictures-back" });
    if (voices !== null) announce({ urgency: "polite", kind: voices ? "voices-paused" : "voices-back" });
  }

  #circumstances(now: number): Circumstances {
    const { room } = this.options;
    const people = room.members.flatMap(({ id, state }): Watched[] => {
      if (id === room.self || !state) return [];
      const voice = state.microphone ? room.trackOf(id, "audio", false) : null;
      const picture = state.camera ? room.trackOf(id, "video", false) : null;
      return [
        {
          member: id,
          name: room.nameOf(id) ?? "",
          voice: voice !== null && !this.#paused.has(voiceKey(id, voice)) ? voice : null,
          picture,
          held: this.held(picture),
          shown: this.#watch.asks(id, "camera", now),
          uplink: state.uplink ?? "good",
        },
      ];
    });
    const wanted = people.flatMap(({ voice, picture, held, shown }) => [voice, shown && !held ? picture : null]);
    this.#settling.update(new Set(wanted.filter((track) => track !== null)), now);
    const settled = (track: string) => this.#settling.settled(track, now);
    return { people, soundTooMuch: this.#soundTooMuch, settled };
  }
}
