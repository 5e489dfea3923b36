/** One subscriber connection: answers the server's offers, in order, and knows whose voice and picture is on which m-line. */
import type { Kind, SubscribeOfferMessage, TrackMap } from "./protocol_types";
import { transportOf, withoutAddresses } from "./sdp";

export interface SubscriberOptions {
  connection: RTCPeerConnection;
  /** Attaches the transform, which lets nothing pass until the receiver is opened. */
  guardReceiver(receiver: RTCRtpReceiver): void;
  /** Lets this member's frames pass, and no other's. False if nobody of that id is in the room (yet). */
  openReceiver(receiver: RTCRtpReceiver, from: TrackMap): boolean;
  /** The set of voices and pictures changed. */
  changed(): void;
}

export interface RemoteTrack {
  member: string;
  /** As its owner's signed state announces it. */
  id: string;
  kind: Kind;
  track: MediaStreamTrack;
  stream: MediaStream;
}

export class Subscriber {
  readonly connection: RTCPeerConnection;
  #generation = -1;
  #restarting = false;
  #offered = new Map<string, TrackMap>();
  /** By m-line: what is heard and seen of it. */
  #bound = new Map<string, RemoteTrack>();
  /** By m-line: what its receiver was last opened for, also when the offers no longer name it. */
  #opened = new Map<string, TrackMap>();

  constructor(private readonly options: SubscriberOptions) {
    this.connection = options.connection;
    // In the event itself: a receiver whose transform is attached later plays what comes before it.
    this.connection.ontrack = ({ transceiver }) => this.options.guardReceiver(transceiver.receiver);
  }

  /** Whether the server has offered anything: an empty room has nothing to connect for. */
  get offered(): boolean {
    return this.#generation >= 0;
  }

  get tracks(): RemoteTrack[] {
    return [...this.#bound.values()];
  }

  /** By m-line: what it carries, for reading statistics. */
  at(mid: string): RemoteTrack | undefined {
    return this.#bound.get(mid);
  }

  /** Somebody's voice and pictures wait this long before they are played, seconds; 0 for what the browser thinks best. */
  delay(member: string, seconds: number): void {
    const target = seconds > 0 ? Math.round(seconds * 1000) : null;
    for (const { mid, receiver } of this.connection.getTransceivers()) {
      if (mid === null || this.#bound.get(mid)?.member !== member) continue;
      // Safari has none, and waits as it thinks best.
      if ("jitterBufferTarget" in receiver && receiver.jitterBufferTarget !== target) {
        receiver.jitterBufferTarget = target;
      }
    }
  }

  /** An ICE restart was asked for: the next offer may come from other credentials of the same transport. */
  expectRestart(): void {
    this.#restarting = true;
  }

  /** False if the offer is of another transport than the one before: this connection cannot go on with it. */
  continues(sdp: string): boolean {
    const current = this.connection.remoteDescription?.sdp;
    if (current === undefined) return true;
    const [before, next] = [transportOf(current), transportOf(sdp)];
    if (before.identity !== next.identity) return false;
    return this.#restarting || before.credentials === next.credentials;
  }

  /** Somebody came into the room: they may be whom a track is waiting for. Throws as `apply`. */
  bind(): void {
    for (const transceiver of this.connection.getTransceivers()) this.#bind(transceiver);
  }

  /** Returns the answer; null for an offer that a newer one has replaced. Throws what makes this connection useless. */
  async apply(offer: SubscribeOfferMessage): Promise<string | null> {
    if (offer.generation <= this.#generation) return null;
    this.#generation = offer.generation;
    this.#offered = new Map(offer.tracks.map((track) => [track.mid, track]));
    const before = this.connection.remoteDescription?.sdp;
    await this.connection.setRemoteDescription({ type: "offer", sdp: offer.sdp });
    if (before && transportOf(before).credentials !== transportOf(offer.sdp).credentials) this.#restarting = false;
    this.bind();
    for (const mid of this.#bound.keys()) if (!this.#offered.has(mid)) this.#bound.delete(mid);
    await this.connection.setLocalDescription(await this.connection.createAnswer());
    this.options.changed();
    return withoutAddresses(this.connection.localDescription?.sdp ?? "");
  }

  close(): void {
    this.connection.ontrack = null;
    this.connection.close();
    this.#bound.clear();
  }

  #bind({ mid, receiver, currentDirection }: RTCRtpTransceiver): void {
    // Whatever the offer says of it, or does not say.
    this.options.guardReceiver(receiver);
    const from = mid === null ? undefined : this.#offered.get(mid);
    if (mid === null || !from || (this.#bound.has(mid) && same(this.#opened.get(mid), from))) return;
    const { member, track: id, kind } = from;
    const { track } = receiver;
    if (track.kind !== kind) throw new Error("a track of another kind than its m-line");
    // What is buffered of the one would be shown on the other's tile: only a silent answer in between empties it.
    const before = this.#opened.get(mid);
    if (before && !same(before, from) && currentDirection !== "inactive") throw new Error("an m-line still in use");
    if (!this.options.openReceiver(receiver, from)) return;
    this.#opened.set(mid, from);
    this.#bound.set(mid, { member, id, kind, track, stream: new MediaStream([track]) });
  }
}

function same(one: TrackMap | undefined, other: TrackMap): boolean {
  return one?.member === other.member && one.track === other.track && one.kind === other.kind;
}
