/** Stand-ins for what a browser brings along. */
import type { SocketLike } from "../../../web/client/connection";
import type { ClientMessage, ServerMessage } from "../../../web/client/protocol_types";

export class FakeStorage implements Storage {
  #items = new Map<string, string>();
  /** As a browser does when storage is full or forbidden. */
  broken = false;

  [key: string]: unknown;

  get length(): number {
    return this.#items.size;
  }

  entries(): IterableIterator<[string, string]> {
    return this.#items.entries();
  }

  key(index: number): string | null {
    return [...this.#items.keys()][index] ?? null;
  }

  getItem(key: string): string | null {
    if (this.broken) throw new DOMException("forbidden", "SecurityError");
    return this.#items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    if (this.broken) throw new DOMException("full", "QuotaExceededError");
    this.#items.set(key, value);
  }

  removeItem(key: string): void {
    this.#items.delete(key);
  }

  clear(): void {
    this.#items.clear();
  }
}

/** A WebSocket whose other end is the test. */
export class FakeSocket {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  sent: (ClientMessage & { n?: number })[] = [];
  closed = false;
  #listener: ((message: ClientMessage & { n: number }) => unknown) | undefined;

  asSocket(): SocketLike {
    return this as unknown as SocketLike;
  }

  send(text: string): void {
    const message = JSON.parse(text);
    this.sent.push(message);
    this.#listener?.(message);
  }

  /** Called by either end; the client hears of it only while it listens. */
  close(code = 1000): void {
    this.closed = true;
    this.onclose?.({ code });
  }

  onSend(listener: (message: ClientMessage & { n: number }) => unknown): void {
    this.#listener = listener;
  }

  /** The server says something. */
  say(message: ServerMessage): void {
    this.raw(JSON.stringify(message));
  }

  raw(data: unknown): void {
    this.onmessage?.({ data });
  }
}

/** A device's track, or a remote one. */
export class FakeTrack {
  enabled = true;
  contentHint = "";
  readyState: "live" | "ended" = "live";
  onended: (() => void) | null = null;

  constructor(
    readonly kind: "audio" | "video",
    readonly deviceId = `${kind}-1`,
  ) {}

  getSettings(): MediaTrackSettings {
    return { deviceId: this.deviceId };
  }

  stop(): void {
    this.readyState = "ended";
  }

  /** As when it is unplugged. */
  unplug(): void {
    this.readyState = "ended";
    this.onended?.();
  }
}

/** The browser's `MediaStream`, as far as it is read here. */
export class FakeStream {
  constructor(readonly tracks: FakeTrack[] = []) {}

  getTracks(): FakeTrack[] {
    return this.tracks;
  }
}

type Answer = () => Promise<FakeTrack>;

/** `navigator.mediaDevices` whose answers the test decides. */
export class FakeMedia {
  asked: MediaStreamConstraints[] = [];
  opened: FakeTrack[] = [];
  answers: Partial<Record<"audio" | "video", Answer>> = {};
  devices: Partial<MediaDeviceInfo>[] = [];
  #listeners: (() => void)[] = [];

  async getUserMedia(constraints: MediaStreamConstraints): Promise<FakeStream> {
    this.asked.push(constraints);
    const kind = constraints.audio ? "audio" : "video";
    const track = await (this.answers[kind]?.() ?? Promise.resolve(new FakeTrack(kind)));
    this.opened.push(track);
    return new FakeStream([track]);
  }

  async enumerateDevices(): Promise<Partial<MediaDeviceInfo>[]> {
    return this.devices;
  }

  addEventListener(_name: "devicechange", listener: () => void): void {
    this.#listeners.push(listener);
  }

  change(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Everything that is open now: what keeps lights on. */
  get live(): FakeTrack[] {
    return this.opened.filter((track) => track.readyState === "live");
  }
}

/** `getDisplayMedia` whose answers the test decides. */
export class FakeScreens {
  opened: FakeTrack[] = [];
  answer: () => Promise<FakeTrack[]> = async () => [new FakeTrack("video", "screen")];

  getDisplayMedia = async (): Promise<MediaStream> => {
    const tracks = await this.answer();
    this.opened.push(...tracks);
    return new FakeStream(tracks) as unknown as MediaStream;
  };
}

export class FakeSender {
  track: FakeTrack | null = null;
  encodings: RTCRtpEncodingParameters[] = [];
  degradationPreference: string | undefined;

  getParameters(): { encodings: RTCRtpEncodingParameters[]; degradationPreference?: string } {
    const { degradationPreference } = this;
    const encodings = this.encodings.map((one) => ({ active: true, ...one }));
    return { encodings, ...(degradationPreference ? { degradationPreference } : {}) };
  }

  async setParameters(next: { encodings: RTCRtpEncodingParameters[]; degradationPreference?: string }): Promise<void> {
    await undefined;
    this.encodings = next.encodings;
    this.degradationPreference = next.degradationPreference;
  }

  /** As in a browser, the track changes only when the operations before it are done. */
  async replaceTrack(track: FakeTrack | null): Promise<void> {
    await undefined;
    this.track = track;
  }
}

export class FakeTransceiver {
  mid: string | null = null;
  direction: RTCRtpTransceiverDirection = "sendrecv";
  currentDirection: RTCRtpTransceiverDirection | null = null;
  readonly sender = new FakeSender();
  readonly receiver: { track: FakeTrack; jitterBufferTarget: number | null };
  preferred: string[] = [];

  constructor(readonly kind: "audio" | "video") {
    this.receiver = { track: new FakeTrack(kind), jitterBufferTarget: null };
  }

  setCodecPreferences(codecs: { mimeType: string }[]): void {
    this.preferred = codecs.map((codec) => codec.mimeType);
  }
}

/** An RTCPeerConnection without a network; a remote offer's m-lines are read from lines "m=KIND MID". */
export class FakePeerConnection {
  static made: FakePeerConnection[] = [];
  connectionState: RTCPeerConnectionState = "new";
  signalingState: RTCSignalingState = "stable";
  localDescription: { sdp: string } | null = null;
  remoteDescription: { sdp: string } | null = null;
  onconnectionstatechange: (() => void) | null = null;
  ontrack: ((event: { transceiver: FakeTransceiver }) => void) | null = null;
  transceivers: FakeTransceiver[] = [];
  stats: Record<string, unknown>[] = [];
  refuses = false;
  /** Of the browser itself, as gathered. */
  address = "";

  /** How often an ICE restart was asked for. */
  restarts = 0;
  /** A browser that knows neither simulcast nor scalability modes. */
  static plain = false;
  configuration: unknown;

  constructor(configuration: unknown = null) {
    this.configuration = configuration;
    FakePeerConnection.made.push(this);
  }

  setConfiguration(configuration: unknown): void {
    this.configuration = configuration;
  }

  restartIce(): void {
    this.restarts += 1;
  }

  addTransceiver(kind: "audio" | "video", { sendEncodings = [] }: RTCRtpTransceiverInit = {}): FakeTransceiver {
    const knows = sendEncodings.length < 2 && sendEncodings.every((one) => !("scalabilityMode" in one));
    if (FakePeerConnection.plain && !knows) throw new DOMException("no such encodings", "OperationError");
    const transceiver = new FakeTransceiver(kind);
    transceiver.sender.encodings = sendEncodings;
    this.transceivers.push(transceiver);
    return transceiver;
  }

  getTransceivers(): FakeTransceiver[] {
    return this.transceivers;
  }

  async createOffer(): Promise<{ type: "offer"; sdp: string }> {
    return { type: "offer", sdp: `offer of ${FakePeerConnection.made.indexOf(this)}` };
  }

  async createAnswer(): Promise<{ type: "answer"; sdp: string }> {
    return { type: "answer", sdp: `answer of ${FakePeerConnection.made.indexOf(this)}` };
  }

  async setLocalDescription(description: { type: string; sdp: string }): Promise<void> {
    const candidate = `a=candidate:1 1 udp 1 ${this.address} 5000 typ host`;
    this.localDescription = { sdp: this.address ? `${description.sdp}\n${candidate}\n` : description.sdp };
    this.signalingState = description.type === "offer" ? "have-local-offer" : "stable";
    for (const [index, transceiver] of this.transceivers.entries()) transceiver.mid ??= String(index);
    if (description.type === "offer") return;
    const lines = [...(this.remoteDescription?.sdp ?? "").matchAll(/^m=\w+ (\w+)/gm)].map(([, mid]) => mid);
    for (const one of this.transceivers) one.currentDirection = lines.includes(one.mid ?? "") ? "recvonly" : "inactive";
  }

  async setRemoteDescription(description: { type: string; sdp: string }): Promise<void> {
    if (this.refuses) throw new DOMException("bad description", "InvalidAccessError");
    this.remoteDescription = description;
    this.signalingState = description.type === "offer" ? "have-remote-offer" : "stable";
    for (const [, kind, mid] of description.sdp.matchAll(/^m=(audio|video) (\w+)/gm)) {
      if (this.transceivers.some((known) => known.mid === mid)) continue;
      const transceiver = this.addTransceiver(kind as "audio" | "video");
      transceiver.mid = mid as string;
      this.ontrack?.({ transceiver });
    }
  }

  async getStats(): Promise<Map<string, Record<string, unknown>>> {
    return new Map(this.stats.map((entry, index) => [String(index), entry]));
  }

  become(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  close(): void {
    this.connectionState = "closed";
  }
}

/** Puts the browser's media classes in place for a test file. */
export function fakeMediaGlobals(): void {
  FakePeerConnection.made = [];
  FakePeerConnection.plain = false;
  const codecs = ["opus", "PCMU", "VP8", "rtx", "VP9", "H264"];
  const capabilities = (kind: string) => ({ codecs: codecs.map((name) => ({ mimeType: `${kind}/${name}` })) });
  Object.assign(globalThis, { MediaStream: FakeStream, RTCRtpSender: { getCapabilities: capabilities } });
}
