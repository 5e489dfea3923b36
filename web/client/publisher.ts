/** One publisher connection: the browser offers its microphone and its camera once, and fills or empties them later. */
import type { SenderContext } from "./e2ee/manager";
import type { Kind, TrackOffer } from "./protocol_types";
import { guardedAnswer, withoutAddresses } from "./sdp";

/** Ceiling for the picture, bit/s: 640×360 at 24 pictures a second is good at this; more takes uplink from the voices. */
const VIDEO_BITS_PER_SECOND = 600_000;

export interface PublisherOptions {
  connection: RTCPeerConnection;
  /** Attaches the encrypting transform, before any frame can pass, and says what to announce. */
  protect(sender: RTCRtpSender, track: { track: string; kind: Kind }): SenderContext;
  newTrackId(): string;
  tracks: Record<Kind, MediaStreamTrack | null>;
}

export class Publisher {
  readonly connection: RTCPeerConnection;
  readonly contexts: SenderContext[];
  #transceivers: Record<Kind, RTCRtpTransceiver>;
  #ids: Record<Kind, string>;

  constructor(options: PublisherOptions) {
    this.connection = options.connection;
    this.#ids = { audio: options.newTrackId(), video: options.newTrackId() };
    const add = (kind: Kind, encodings: RTCRtpEncodingParameters[]) => {
      const transceiver = this.connection.addTransceiver(kind, { direction: "sendonly", sendEncodings: encodings });
      preferCodecs(transceiver, kind);
      return transceiver;
    };
    this.#transceivers = { audio: add("audio", [{}]), video: add("video", [{ maxBitrate: VIDEO_BITS_PER_SECOND }]) };
    this.contexts = (["audio", "video"] as const).map((kind) =>
      options.protect(this.#transceivers[kind].sender, { track: this.#ids[kind], kind }),
    );
    // Refused only by a connection that was closed in the same moment.
    for (const kind of ["audio", "video"] as const) this.setTrack(kind, options.tracks[kind]).catch(() => undefined);
  }

  /** Send this track, or nothing: without a track no packet leaves, so that muting is real and unmuting needs no offer. */
  setTrack(kind: Kind, track: MediaStreamTrack | null): Promise<void> {
    // Not compared with `sender.track`: that is still the old one while an earlier change is on its way.
    return this.#transceivers[kind].sender.replaceTrack(track);
  }

  async offer(): Promise<{ sdp: string; tracks: TrackOffer[] }> {
    await this.connection.setLocalDescription(await this.connection.createOffer());
    const tracks = (["audio", "video"] as const).map((kind) => ({
      id: this.#ids[kind],
      mid: this.#transceivers[kind].mid ?? "",
      kind,
    }));
    return { sdp: withoutAddresses(this.connection.localDescription?.sdp ?? ""), tracks };
  }

  async answered(sdp: string): Promise<void> {
    if (this.connection.signalingState === "have-local-offer") {
      await this.connection.setRemoteDescription({ type: "answer", sdp: guardedAnswer(sdp) });
    }
  }

  close(): void {
    this.connection.close();
  }
}

/** Opus alone, and VP8 with its retransmissions alone: the frames' clear header is VP8's (docs/protocol.md section 5). */
const WANTED: Record<Kind, readonly string[]> = {
  audio: ["audio/opus"],
  video: ["video/vp8", "video/rtx"],
};

function preferCodecs(transceiver: RTCRtpTransceiver, kind: Kind): void {
  const known = RTCRtpSender.getCapabilities(kind)?.codecs ?? [];
  transceiver.setCodecPreferences(known.filter((codec) => WANTED[kind].includes(codec.mimeType.toLowerCase())));
}
