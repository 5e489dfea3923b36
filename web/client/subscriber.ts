/** One subscriber connection: answers the server's offers, in order, and knows whose voice and picture is on which m-line. */
import type { Kind, SubscribeOfferMessage, TrackMap } from "./protocol_types";

export interface SubscriberOptions {
  connection: RTCPeerConnection;
  /** Attaches the decrypting transform, or points it at another member when an m-line is used again. */
  openReceiver(receiver: RTCRtpReceiver, from: TrackMap): void;
  /** The set of voices and pictures changed. */
  changed(): void;
}

export interface RemoteTrack {
  member: string;
  kind: Kind;
  track: MediaStreamTrack;
  stream: MediaStream;
}

interface Bound {
  id: string;
  remote: RemoteTrack;
}

export class Subscriber {
  readonly connection: RTCPeerConnection;
  #generation = -1;
  #offered = new Map<string, TrackMap>();
  /** By m-line: what its receiver was last opened for. */
  #bound = new Map<string, Bound>();

  constructor(private readonly options: SubscriberOptions) {
    this.connection = options.connection;
    // In the event itself: a receiver whose transform is attached later plays what comes before it.
    this.connection.ontrack = ({ transceiver }) => this.#bind(transceiver);
  }

  /** Whether the server has offered anything: an empty room has nothing to connect for. */
  get offered(): boolean {
    return this.#generation >= 0;
  }

  get tracks(): RemoteTrack[] {
    return [...this.#bound.values()].map((bound) => bound.remote);
  }

  /** By m-line: the member whose voice it carries, for reading levels. */
  memberOf(mid: string): string | undefined {
    return this.#bound.get(mid)?.remote.member;
  }

  /** False if the offer is of another transport than the one before: this connection cannot go on with it. */
  continues(sdp: string): boolean {
    const current = this.connection.remoteDescription?.sdp;
    return current === undefined || transportOf(current) === transportOf(sdp);
  }

  /** Returns the answer; null for an offer that a newer one has replaced. */
  async apply(offer: SubscribeOfferMessage): Promise<string | null> {
    if (offer.generation <= this.#generation) return null;
    this.#generation = offer.generation;
    this.#offered = new Map(offer.tracks.map((track) => [track.mid, track]));
    await this.connection.setRemoteDescription({ type: "offer", sdp: offer.sdp });
    for (const transceiver of this.connection.getTransceivers()) this.#bind(transceiver);
    for (const mid of this.#bound.keys()) if (!this.#offered.has(mid)) this.#bound.delete(mid);
    await this.connection.setLocalDescription(await this.connection.createAnswer());
    this.options.changed();
    return this.connection.localDescription?.sdp ?? null;
  }

  close(): void {
    this.connection.ontrack = null;
    this.connection.close();
    this.#bound.clear();
  }

  #bind(transceiver: RTCRtpTransceiver): void {
    const { mid, receiver } = transceiver;
    const from = mid === null ? undefined : this.#offered.get(mid);
    if (mid === null || !from || this.#bound.get(mid)?.id === from.track) return;
    this.options.openReceiver(receiver, from);
    const remote = {
      member: from.member,
      kind: from.kind,
      track: receiver.track,
      stream: new MediaStream([receiver.track]),
    };
    this.#bound.set(mid, { id: from.track, remote });
  }
}

/** What names the server's side of a transport: another fingerprint or user fragment is another transport. */
function transportOf(sdp: string): string {
  const line = (name: string) => new RegExp(`^a=${name}:(.*)$`, "m").exec(sdp)?.[1]?.trim() ?? "";
  return `${line("fingerprint")} ${line("ice-ufrag")}`;
}
