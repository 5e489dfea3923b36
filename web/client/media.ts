/** The two peer connections of a room: builds them, keeps them working, and reads what arrives. */
import type { Codec } from "./e2ee/codec_header";
import type { SenderContext } from "./e2ee/manager";
import { cameraPlan, thisDevice } from "./layers";
import { MediaHealth } from "./media_health";
import type {
  ClientMessage,
  EncodingsWantedMessage,
  ErrorMessage,
  PublishedMessage,
  SubscribeOfferMessage,
  TrackMap,
} from "./protocol_types";
import { Publisher, type Source, type Tracks, type VideoCodec } from "./publisher";
import { type RemoteTrack, Subscriber } from "./subscriber";

export interface MediaOptions {
  room: string;
  /** False while there is no socket. */
  send(message: ClientMessage): boolean;
  makeConnection(): RTCPeerConnection;
  /** RangeError when no context is left until the keys change. */
  protect(sender: RTCRtpSender, track: Omit<SenderContext, "context">, codec: Codec): SenderContext;
  guardReceiver(receiver: RTCRtpReceiver): void;
  /** False if nobody of that id is in the room (yet). */
  openReceiver(receiver: RTCRtpReceiver, from: TrackMap): boolean;
  newTrackId(): string;
  /** The own contexts were drawn anew: announce them before frames arrive under them. */
  contextsChanged(): void;
  /** The server was asked for a new subscriber connection, which knows nothing of what is shown. */
  subscribing(): void;
  /** Voices and pictures of others, or the state of the connections, changed. */
  changed(): void;
}

export type MediaState = "connecting" | "connected" | "blocked";

/** A refused or failed negotiation is tried again by way of `MediaHealth`, as a failed connection. */
type Side = "publisher" | "subscriber";
const SIDES = ["publisher", "subscriber"] as const;

export class RoomMedia {
  #publisher: Publisher | null = null;
  #subscriber: Subscriber | null = null;
  #health: Record<Side, MediaHealth>;
  #tracks: Tracks = { microphone: null, camera: null, screen: null, "screen-sound": null };
  #codec: VideoCodec = "VP8";
  #saving = false;
  #encodings = cameraPlan(thisDevice()).encodings;
  #n = 0;
  #blockedTold = false;
  #arrived = 0;
  #closed = false;
  /** Offers are applied one after another; the answer to one must be on its way before the next is read. */
  #work: Promise<void> = Promise.resolve();
  /** As well of one's own: two descriptions of one connection must not be made at once. */
  #offering: Promise<void> = Promise.resolve();

  constructor(private readonly options: MediaOptions) {
    const now = performance.now();
    this.#health = { publisher: new MediaHealth(now), subscriber: new MediaHealth(now) };
  }

  get contexts(): SenderContext[] {
    return this.#publisher?.contexts ?? [];
  }

  get state(): MediaState {
    if (this.#sides().every((side) => this.#health[side].connected)) return "connected";
    return this.#blockedTold ? "blocked" : "connecting";
  }

  get remoteTracks(): RemoteTrack[] {
    return this.#subscriber?.tracks ?? [];
  }

  /** `offered`: the server makes its first offer unasked. */
  start({ offered }: { offered: boolean }): void {
    this.#buildPublisher();
    this.#buildSubscriber(!offered);
  }

  /** After a resume: `kept` false means that the server has none of our connections any more. */
  resumed(kept: boolean): void {
    for (const side of SIDES) {
      this.#health[side].heardAgain();
      if (!kept || !this.#health[side].worked) this.#rebuild(side);
      else this.#restart(side);
    }
  }

  /** The device is in another network, or may be: new paths are looked for, and what works goes on meanwhile. */
  networkChanged(): void {
    const now = performance.now();
    for (const side of SIDES) if (this.#health[side].mayRestart(now)) this.#restart(side);
  }

  /** Other relays, for the next restart. */
  configure(configuration: RTCConfiguration): void {
    for (const side of SIDES) this.#connectionOf(side)?.setConfiguration(configuration);
  }

  /** All transforms are gone with the worker that held them, or nothing may go on the way it goes. */
  rebuild(): void {
    for (const side of SIDES) this.#rebuild(side);
  }

  setTrack(source: Source, track: MediaStreamTrack | null): void {
    if (this.#tracks[source] === track) return;
    this.#tracks[source] = track;
    const publisher = this.#publisher;
    if (!publisher) return;
    const due = publisher.setTrack(source, track);
    due
      .then((offer) => offer && this.#republish(publisher))
      .catch(() => this.#failed("publisher", publisher.connection));
  }

  /** In which codec cameras are wanted from now on. */
  setCodec(codec: VideoCodec): void {
    this.#codec = codec;
    const publisher = this.#publisher;
    try {
      if (publisher?.setCodec(codec)) this.#republish(publisher);
    } catch {
      if (publisher) this.#failed("publisher", publisher.connection);
    }
  }

  /** "Data saver": of the own camera the smallest picture alone. */
  setSaving(saving: boolean): void {
    this.#saving = saving;
    this.#publisher?.setSaving(saving);
  }

  encodingsWanted({ track, active }: EncodingsWantedMessage): void {
    this.#publisher?.wanted(track, active);
  }

  published(message: PublishedMessage): void {
    const publisher = this.#publisher;
    if (message.n !== this.#n || !publisher) return;
    if (!publisher.continues(message.sdp)) {
      // The server gave the old transport up: its new one knows nothing of the keys that this connection holds.
      this.#rebuild("publisher");
      return;
    }
    publisher
      .answered(message.sdp)
      // A refused offer counts as a failure although the connection goes on: now one was taken.
      .then(() => this.#noticed("publisher", publisher.connection))
      .catch(() => this.#failed("publisher", publisher.connection));
  }

  offered(message: SubscribeOfferMessage): void {
    this.#work = this.#work.then(() => this.#apply(message));
  }

  /** The room knows somebody new. */
  membersChanged(): void {
    const subscriber = this.#subscriber;
    if (!subscriber) return;
    const before = subscriber.tracks.length;
    try {
      subscriber.bind();
    } catch {
      this.#failed("subscriber", subscriber.connection);
    }
    if (subscriber.tracks.length !== before) this.options.changed();
  }

  /** The server refused one of our messages about media. */
  refused(message: ErrorMessage): void {
    if (message.about === "publish" && message.n === this.#n && this.#publisher) {
      this.#failed("publisher", this.#publisher.connection);
    } else if ((message.about === "subscribe" || message.about === "subscribe_answer") && this.#subscriber) {
      this.#failed("subscriber", this.#subscriber.connection);
    }
  }

  /** Looks after the connections; call it a few times a second while the socket works. */
  tick(now: number): void {
    for (const side of this.#sides()) {
      const remedy = this.#health[side].remedy(now);
      if (!remedy || remedy.at > now) continue;
      if (remedy.do === "rebuild") this.#rebuild(side);
      else this.#restart(side);
    }
    const blocked = this.#sides().some((side) => this.#health[side].blocked(now));
    if (blocked && !this.#blockedTold) {
      this.#blockedTold = this.options.send({ type: "media_blocked", room: this.options.room });
      this.options.changed();
    } else if (!blocked && this.#blockedTold) {
      this.#blockedTold = false;
      this.options.changed();
    }
  }

  /** What the browser measures: of what is sent, and of what arrives with what each m-line carries. */
  async reports(): Promise<{ up: Stats; down: Stats; at(mid: string): RemoteTrack | undefined }> {
    const [publisher, subscriber] = [this.#publisher, this.#subscriber];
    const read = async (connection?: RTCPeerConnection): Promise<Stats> =>
      connection && !this.#closed ? [...(await connection.getStats()).values()] : [];
    const [up, down] = await Promise.all([read(publisher?.connection), read(subscriber?.connection)]);
    return { up, down, at: (mid) => subscriber?.at(mid) };
  }

  /** How long somebody's voice and pictures wait before they are played, seconds; 0 for what the browser thinks best. */
  delay(member: string, seconds: number): void {
    this.#subscriber?.delay(member, seconds);
  }

  /** Packets of voices and pictures that had come at the last look at the levels. */
  get arrived(): number {
    return this.#arrived;
  }

  /** Linear 0..1, by member, of every voice that arrives and `counts`. */
  async levels(counts: (voice: RemoteTrack) => boolean = () => true): Promise<Map<string, number>> {
    const levels = new Map<string, number>();
    const subscriber = this.#subscriber;
    if (!subscriber || this.#closed) return levels;
    const stats = await subscriber.connection.getStats();
    let arrived = 0;
    for (const entry of stats.values()) {
      if (entry.type === "inbound-rtp") arrived += entry.packetsReceived ?? 0;
      if (entry.type !== "inbound-rtp" || entry.kind !== "audio" || typeof entry.audioLevel !== "number") continue;
      const voice = subscriber.at(entry.mid);
      if (voice && counts(voice)) levels.set(voice.member, Math.max(levels.get(voice.member) ?? 0, entry.audioLevel));
    }
    this.#arrived = arrived;
    return levels;
  }

  close(): void {
    this.#closed = true;
    this.#publisher?.close();
    this.#subscriber?.close();
    this.#publisher = null;
    this.#subscriber = null;
  }

  /** The subscriber side counts once the server has offered something: alone in a room there is nothing to receive. */
  #sides(): readonly Side[] {
    const counts = this.#subscriber?.offered || this.#health.subscriber.failed;
    return counts ? SIDES : ["publisher"];
  }

  #restart(side: Side): void {
    this.#health[side].restarted(performance.now());
    if (side === "publisher") {
      if (this.#publisher) this.#offer(this.#publisher, true);
    } else if (this.#subscriber) {
      this.#subscriber.expectRestart();
      this.options.send({ type: "subscribe", room: this.options.room, restart_ice: true });
    }
  }

  #rebuild(side: Side): void {
    if (this.#closed) return;
    this.#health[side].rebuilt(performance.now());
    this.#build(side);
    this.options.changed();
  }

  #build(side: Side): void {
    if (side === "publisher") this.#buildPublisher();
    else this.#buildSubscriber(true);
  }

  #buildPublisher(): void {
    this.#publisher?.close();
    const { protect, newTrackId } = this.options;
    this.#publisher = null;
    const connection = this.#watched("publisher");
    try {
      const [tracks, encodings, codec, saving] = [this.#tracks, this.#encodings, this.#codec, this.#saving];
      this.#publisher = new Publisher({ connection, protect, newTrackId, tracks, encodings, codec, saving });
    } catch {
      // All contexts of this epoch are used up: tried again like a failed connection, until the keys change.
      connection.close();
      this.#health.publisher.changed("failed", performance.now());
      return;
    }
    this.#republish(this.#publisher);
  }

  /** What is published is another list now. */
  #republish(publisher: Publisher): void {
    if (publisher !== this.#publisher) return;
    this.options.contextsChanged();
    this.#offer(publisher, false);
  }

  #offer(publisher: Publisher, restart: boolean): void {
    this.#offering = this.#offering.then(() => this.#makeOffer(publisher, restart));
  }

  async #makeOffer(publisher: Publisher, restart: boolean): Promise<void> {
    if (publisher !== this.#publisher) return;
    this.#n += 1;
    const n = this.#n;
    try {
      const { sdp, tracks } = await publisher.offer(restart);
      if (publisher !== this.#publisher) return;
      this.options.send({ type: "publish", room: this.options.room, n, sdp, tracks });
    } catch {
      this.#failed("publisher", publisher.connection);
    }
  }

  #buildSubscriber(ask: boolean): Subscriber {
    this.#subscriber?.close();
    const { guardReceiver, openReceiver, changed } = this.options;
    const connection = this.#watched("subscriber");
    const subscriber = new Subscriber({ connection, guardReceiver, openReceiver, changed });
    this.#subscriber = subscriber;
    if (ask) {
      this.options.send({ type: "subscribe", room: this.options.room });
      this.options.subscribing();
    }
    return subscriber;
  }

  async #apply(message: SubscribeOfferMessage): Promise<void> {
    if (this.#closed || !this.#subscriber) return;
    const goesOn = this.#subscriber.continues(message.sdp);
    const subscriber = goesOn ? this.#subscriber : this.#buildSubscriber(false);
    const { room } = this.options;
    try {
      const sdp = await subscriber.apply(message);
      if (sdp === null || subscriber !== this.#subscriber) return;
      this.options.send({ type: "subscribe_answer", room, generation: message.generation, sdp });
    } catch {
      this.#failed("subscriber", subscriber.connection);
    }
  }

  #watched(side: Side): RTCPeerConnection {
    const connection = this.options.makeConnection();
    connection.onconnectionstatechange = () => this.#noticed(side, connection);
    return connection;
  }

  #noticed(side: Side, connection: RTCPeerConnection): void {
    if (this.#closed || this.#connectionOf(side) !== connection) return;
    this.#health[side].changed(connection.connectionState, performance.now());
    this.options.changed();
  }

  #connectionOf(side: Side): RTCPeerConnection | undefined {
    return side === "publisher" ? this.#publisher?.connection : this.#subscriber?.connection;
  }

  #failed(side: Side, connection: RTCPeerConnection): void {
    if (this.#closed || this.#connectionOf(side) !== connection) return;
    this.#health[side].changed("failed", performance.now());
    this.options.changed();
  }
}

/** Entries of an RTCStatsReport: what each has differs by browser. */
export type Stats = readonly Record<string, unknown>[];
