/**
 * One publisher connection: microphone and camera are offered once and filled or emptied later; a shared screen, its
 * sound, and a camera in the other codec come and go by a new offer, on m-lines that stay and are used again.
 */
import type { Codec } from "./e2ee/codec_header";
import type { SenderContext } from "./e2ee/manager";
import {
  canSendVp9,
  isVp9,
  SAVED_RATE,
  SCREEN_ENCODING,
  SINGLE_ENCODING,
  VOICE_ENCODING,
  VP9_ENCODING,
} from "./layers";
import type { Kind, TrackOffer } from "./protocol_types";
import { guardedAnswer, transportOf, withoutAddresses } from "./sdp";

/** What can be sent. The sound of a screen is what the shared tab plays. */
export type Source = "microphone" | "camera" | "screen" | "screen-sound";
export type Tracks = Record<Source, MediaStreamTrack | null>;
export type VideoCodec = "VP8" | "VP9";

/** A source in one codec: an m-line keeps its codec and its number of encodings for good. */
type Line = "microphone" | "camera-VP8" | "camera-VP9" | "screen" | "screen-sound";

const LINES: Record<Line, { source: Source; kind: Kind; codec: Codec; screen?: true }> = {
  microphone: { source: "microphone", kind: "audio", codec: "opus" },
  "camera-VP8": { source: "camera", kind: "video", codec: "VP8" },
  "camera-VP9": { source: "camera", kind: "video", codec: "VP9" },
  screen: { source: "screen", kind: "video", codec: "VP8", screen: true },
  "screen-sound": { source: "screen-sound", kind: "audio", codec: "opus", screen: true },
};

export interface PublisherOptions {
  connection: RTCPeerConnection;
  /** Attaches the encrypting transform, before any frame can pass, and says what to announce. */
  protect(sender: RTCRtpSender, track: Omit<SenderContext, "context">, codec: Codec): SenderContext;
  newTrackId(): string;
  tracks: Tracks;
  /** Of the camera in VP8, from small to large. */
  encodings: readonly RTCRtpEncodingParameters[];
  codec: VideoCodec;
  /** "Data saver": of the camera the smallest encoding alone. */
  saving: boolean;
}

/** One m-line. */
interface Slot {
  line: Line;
  transceiver: RTCRtpTransceiver;
  context: SenderContext;
  /** Offered as carrying a track; otherwise it waits to be used again. */
  live: boolean;
  /** By the server's wish, from small to large; null until it has one. */
  wanted: readonly boolean[] | null;
  /** Changes of the sender's parameters are made one after another: each must read what the one before left. */
  work: Promise<void>;
}

export class Publisher {
  readonly connection: RTCPeerConnection;
  #slots = new Map<Line, Slot>();
  #tracks: Tracks;
  #codec: VideoCodec;
  #saving: boolean;

  /** RangeError, as `protect`. */
  constructor(private readonly options: PublisherOptions) {
    this.connection = options.connection;
    this.#tracks = { ...options.tracks };
    this.#codec = sendable(options.codec);
    this.#saving = options.saving;
    this.#open("microphone");
    this.#open(this.#camera);
    for (const line of ["screen", "screen-sound"] as const) if (this.#tracks[line]) this.#open(line);
  }

  /** Of what is published now. */
  get contexts(): SenderContext[] {
    return this.#live.map(({ context }) => context);
  }

  /**
   * Send this track, or nothing. Without a track no packet leaves, so that muting is real, and unmuting needs no offer.
   * True if a new offer is due: a screen came or went. Rejects when the connection was closed meanwhile. RangeError as
   * `protect`.
   */
  async setTrack(source: Source, track: MediaStreamTrack | null): Promise<boolean> {
    this.#tracks[source] = track;
    const line = source === "camera" ? this.#camera : source;
    const slot = this.#slots.get(line);
    const lasting = source === "microphone" || source === "camera";
    if (!lasting && track && !slot?.live) {
      this.#open(line);
      return true;
    }
    const ends = !lasting && !track && slot?.live === true;
    if (ends) retire(slot);
    // Not compared with `sender.track`: that is still the old one while an earlier change is on its way.
    await slot?.transceiver.sender.replaceTrack(track);
    return ends;
  }

  /** True if a new offer is due. RangeError as `protect`. */
  setCodec(codec: VideoCodec): boolean {
    const next = sendable(codec);
    if (next === this.#codec) return false;
    const before = this.#slots.get(this.#camera);
    this.#codec = next;
    if (before) {
      retire(before);
      before.transceiver.sender.replaceTrack(null).catch(() => undefined);
    }
    this.#open(this.#camera);
    return true;
  }

  /** Which encodings of one's own track somebody needs. What comes about a track that has ended is passed over. */
  wanted(track: string, active: readonly boolean[]): void {
    for (const slot of this.#live) {
      if (slot.context.track !== track || slot.context.kind !== "video") continue;
      slot.wanted = active;
      this.#adjust(slot);
    }
  }

  setSaving(saving: boolean): void {
    this.#saving = saving;
    const slot = this.#slots.get(this.#camera);
    if (slot) this.#adjust(slot);
  }

  /** `restart`: with new ICE credentials; DTLS, keys and tracks go on. */
  async offer(restart = false): Promise<{ sdp: string; tracks: TrackOffer[] }> {
    if (restart) this.connection.restartIce();
    await this.connection.setLocalDescription(await this.connection.createOffer());
    const tracks = this.#live.map(({ transceiver, context: { track, kind } }) => ({
      id: track,
      mid: transceiver.mid ?? "",
      kind,
    }));
    return { sdp: withoutAddresses(this.connection.localDescription?.sdp ?? ""), tracks };
  }

  /** False if the answer is of another transport than the one before: this connection cannot go on with it. */
  continues(sdp: string): boolean {
    const current = this.connection.remoteDescription?.sdp;
    return !current || transportOf(current).identity === transportOf(sdp).identity;
  }

  async answered(sdp: string): Promise<void> {
    if (this.connection.signalingState !== "have-local-offer") return;
    await this.connection.setRemoteDescription({ type: "answer", sdp: guardedAnswer(sdp) });
    // What was asked for while the offer was on its way: from the answer on the encodings are what they stay.
    for (const slot of this.#live) if (slot.context.kind === "video") this.#adjust(slot);
  }

  close(): void {
    this.connection.close();
  }

  get #live(): Slot[] {
    return [...this.#slots.values()].filter(({ live }) => live);
  }

  get #camera(): "camera-VP8" | "camera-VP9" {
    return `camera-${this.#codec}`;
  }

  /** A new track on the line, under an id and a context of its own. */
  #open(line: Line): void {
    const { kind, source, codec, screen } = LINES[line];
    const known = this.#slots.get(line);
    const transceiver = known?.transceiver ?? this.#addTransceiver(line);
    const named = { track: this.options.newTrackId(), kind, ...(screen ? { screen } : {}) };
    const context = this.options.protect(transceiver.sender, named, codec);
    transceiver.direction = "sendonly";
    const slot = { line, transceiver, context, live: true, wanted: null, work: known?.work ?? Promise.resolve() };
    this.#slots.set(line, slot);
    // Refused only by a connection that was closed in the same moment.
    transceiver.sender.replaceTrack(this.#tracks[source]).catch(() => undefined);
    if (kind === "video") this.#adjust(slot);
  }

  #addTransceiver(line: Line): RTCRtpTransceiver {
    const { kind, codec } = LINES[line];
    const add = (sendEncodings: RTCRtpEncodingParameters[]) =>
      this.connection.addTransceiver(kind, { direction: "sendonly", sendEncodings });
    let transceiver: RTCRtpTransceiver;
    try {
      transceiver = add(this.#encodings(line));
    } catch {
      // A browser without simulcast, or that does not know the mode.
      transceiver = add(kind === "audio" ? [{}] : [SINGLE_ENCODING]);
    }
    const known = RTCRtpSender.getCapabilities(kind)?.codecs ?? [];
    // The codec first: the order is the preference.
    transceiver.setCodecPreferences([...known.filter(WANTED[codec]), ...known.filter(isRepair)]);
    return transceiver;
  }

  #encodings(line: Line): RTCRtpEncodingParameters[] {
    if (line === "camera-VP8") return this.options.encodings.map((encoding) => ({ ...encoding }));
    if (line === "camera-VP9") return [{ ...VP9_ENCODING }];
    return [line === "screen" ? { ...SCREEN_ENCODING } : { ...VOICE_ENCODING }];
  }

  #adjust(slot: Slot): void {
    // Rejects when the connection was closed, or the parameters changed in the same moment: the answer adjusts again.
    slot.work = slot.work.then(() => this.#switch(slot)).catch(() => undefined);
  }

  /** Switches the encodings as somebody needs them, and as the person's own choice allows. */
  async #switch({ line, transceiver: { sender }, wanted }: Slot): Promise<void> {
    const screen = line === "screen";
    const saving = this.#saving && !screen;
    const parameters = sender.getParameters();
    const before = JSON.stringify(parameters);
    // Text that is blurred cannot be read; text that comes late can.
    if (screen) parameters.degradationPreference = "maintain-resolution";
    for (const [at, encoding] of parameters.encodings.entries()) {
      const needed = wanted?.[at] ?? true;
      // Whoever wants a larger one gets the smallest in its place.
      encoding.active = saving ? at === 0 && (needed || (wanted?.includes(true) ?? true)) : needed;
    }
    const [only, second] = parameters.encodings;
    const ceiling = line === "camera-VP9" ? VP9_ENCODING.maxBitrate : SINGLE_ENCODING.maxBitrate;
    if (only && !second && !screen && ceiling) only.maxBitrate = saving ? SAVED_RATE : ceiling;
    if (JSON.stringify(parameters) !== before) await sender.setParameters(parameters);
  }
}

function retire(slot: Slot): void {
  slot.live = false;
  slot.transceiver.direction = "inactive";
}

function sendable(codec: VideoCodec): VideoCodec {
  return canSendVp9() ? codec : "VP8";
}

const is = (mimeType: string) => (codec: RTCRtpCodec) => codec.mimeType.toLowerCase() === mimeType;
const isRepair = is("video/rtx");

/** One codec alone, with its retransmissions: the frames' clear header is that codec's (docs/protocol.md section 5). */
const WANTED: Record<Codec, (codec: RTCRtpCodec) => boolean> = {
  opus: is("audio/opus"),
  VP8: is("video/vp8"),
  VP9: isVp9,
};
