/** The two peer connections of a room: builds them, keeps them working, and reads the levels of the voices. */
import type { SenderContext } from "./e2ee/manager";
import { MediaHealth } from "./media_health";
import type {
  ClientMessage,
  ErrorMessage,
  Kind,
  PublishedMessage,
  SubscribeOfferMessage,
  TrackMap,
} from "./protocol_types";
import { Publisher } from "./publisher";
import { type RemoteTrack, Subscriber } from "./subscriber";

export interface MediaOptions {
  room: string;
  /** False while there is no socket. */
  send(message: ClientMessage): boolean;
  makeConnection(): RTCPeerConnection;
  /** RangeError when no context is left until the keys change. */
  protect(sender: RTCRtpSender, track: { track: string; kind: Kind }): SenderContext;
  guardReceiver(receiver: RTCRtpReceiver): void;
  /** False if nobody of that id is in the room (yet). */
  openReceiver(receiver: RTCRtpReceiver, from: TrackMap): boolean;
  newTrackId(): string;
  /** The own contexts were drawn anew: announce them before frames arrive under them. */
  contextsChanged(): void;
  /** Voices and pictures of others, or the state of the connections, changed. */
  changed(): void;
}

export type MediaState = "connecting" | "connected" | "blocked";

/** A refused or failed negotiation is tried again by way of `MediaHealth`, as a failed connection. */
type Side = "publisher" | "subscriber";

export class RoomMedia {
  #publisher: Publisher | null = null;
  #subscriber: Subscriber | null = null;
  #health: Record<Side, MediaHealth>;
  #tracks: Record<Kind, MediaStreamTrack | null> = { audio: null, video: null };
  #n = 0;
  #blockedTold = false;
  #closed = false;
  /** Offers are applied one after another; the answer to one must be on its way before the next is read. */
  #work: Promise<void> = Promise.resolve();

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

  start(): void {
    this.#build("publisher");
    this.#build("subscriber");
  }

  /** After a resume: `kept` false means that the server has none of our connections any more. */
  resumed(kept: boolean): void {
    for (const side of ["publisher", "subscriber"] as const) {
      if (!kept || !this.#health[side].connected) this.#rebuild(side);
    }
  }

  /** All transforms are gone with the worker that held them. */
  rebuild(): void {
    this.#rebuild("publisher");
    this.#rebuild("subscriber");
  }

  setTrack(kind: Kind, track: MediaStreamTrack | null): void {
    if (this.#tracks[kind] === track) return;
    this.#tracks[kind] = track;
    const publisher = this.#publisher;
    publisher?.setTrack(kind, track).catch(() => this.#failed("publisher", publisher.connection));
  }

  published(message: PublishedMessage): void {
    const publisher = this.#publisher;
    if (message.n !== this.#n || !publisher) return;
    publisher.answered(message.sdp).catch(() => this.#failed("publisher", publisher.connection));
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
      if (this.#health[side].rebuildAt(now) <= now) this.#rebuild(side);
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

  /** Linear 0..1, by member, of every voice that arrives. */
  async levels(): Promise<Map<string, number>> {
    const levels = new Map<string, number>();
    const subscriber = this.#subscriber;
    if (!subscriber || this.#closed) return levels;
    const stats = await subscriber.connection.getStats();
    for (const entry of stats.values()) {
      if (entry.type !== "inbound-rtp" || entry.kind !== "audio" || typeof entry.audioLevel !== "number") continue;
      const member = subscriber.memberOf(entry.mid);
      if (member !== undefined) levels.set(member, Math.max(levels.get(member) ?? 0, entry.audioLevel));
    }
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
  #sides(): Side[] {
    const counts = this.#subscriber?.offered || this.#health.subscriber.failed;
    return counts ? ["publisher", "subscriber"] : ["publisher"];
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
      this.#publisher = new Publisher({ connection, protect, newTrackId, tracks: this.#tracks });
    } catch {
      // All contexts of this epoch are used up: tried again like a failed connection, until the keys change.
      connection.close();
      this.#health.publisher.changed("failed", performance.now());
      return;
    }
    this.options.contextsChanged();
    void this.#offer(this.#publisher);
  }

  async #offer(publisher: Publisher): Promise<void> {
    this.#n += 1;
    const n = this.#n;
    try {
      const { sdp, tracks } = await publisher.offer();
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
    if (ask) this.options.send({ type: "subscribe", room: this.options.room });
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
    connection.onconnectionstatechange = () => {
      if (this.#connectionOf(side) !== connection) return;
      this.#health[side].changed(connection.connectionState, performance.now());
      this.options.changed();
    };
    return connection;
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
