/**
 * The page of test_e2ee_transform.py: two peer connections with each other in one page, Ann's with a fake camera and
 * microphone, Ben's with what he can make of it. Each has an E2eeManager of their own.
 */
import {
  E2eeManager,
  type KeyState,
  peerConnectionConfiguration,
  type SenderContext,
} from "../../web/client/e2ee/manager";

interface Options {
  /** Ann's frames pass through her transform. */
  protect: boolean;
  /** Ben's receivers get a transform. */
  open: boolean;
  /** Ben's transforms know nobody yet, as for an m-line that the server names nobody for. */
  guardOnly?: boolean;
  /** Ben learns Ann's contexts. */
  announce: boolean;
  sameSecret: boolean;
}

const meeting = "meeting-1";
const room = "room-0001";
const ann = { meeting, room, member: "ann-member", leaf: 1 };
const ben = { meeting, room, member: "ben-member", leaf: 2 };

class Meeting {
  readonly states: KeyState[] = [];
  lost = 0;
  /** One worker for both would share keys by accident; each manager starts its own. */
  readonly annManager = this.#manager(1);
  readonly benManager: E2eeManager;
  #contexts: SenderContext[] = [];
  sending: RTCPeerConnection | null = null;
  receiving: RTCPeerConnection | null = null;

  constructor(readonly options: Options) {
    this.benManager = this.#manager(options.sameSecret ? 1 : 2);
  }

  #manager(fill: number): E2eeManager {
    return new E2eeManager({
      workerUrl: "/e2ee-worker.js",
      roomSecret: new Uint8Array(16).fill(fill),
      onKeyState: (_room, _member, state) => this.states.push(state),
      onProblem: () => {
        this.lost++;
      },
    });
  }

  async enter(): Promise<void> {
    await this.annManager.enterRoom(ann);
    await this.benManager.enterRoom(ben);
  }

  async connect(): Promise<void> {
    const { protect, open, guardOnly, announce } = this.options;
    this.sending?.close();
    this.receiving?.close();
    const sending = new RTCPeerConnection(protect ? peerConnectionConfiguration() : {});
    const receiving = new RTCPeerConnection(open ? peerConnectionConfiguration() : {});
    Object.assign(this, { sending, receiving });
    sending.onicecandidate = ({ candidate }) => candidate && receiving.addIceCandidate(candidate);
    receiving.onicecandidate = ({ candidate }) => candidate && sending.addIceCandidate(candidate);
    receiving.ontrack = ({ receiver, track }) => {
      const kind = track.kind === "audio" ? "audio" : "video";
      const from = { member: ann.member, leaf: ann.leaf, track: `${kind}-track`, kind } as const;
      if (open) this.benManager.guardReceiver(receiver);
      if (open && !guardOnly) this.benManager.openReceiver(room, receiver, from);
      const element = document.createElement(kind);
      element.autoplay = true;
      element.srcObject = new MediaStream([track]);
      document.body.append(element);
    };

    const video = { width: 320, height: 180, frameRate: 12 };
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video });
    this.#contexts = [];
    for (const track of stream.getTracks()) {
      const kind = track.kind === "audio" ? "audio" : "video";
      const transceiver = sending.addTransceiver(track, { direction: "sendonly" });
      const wanted = kind === "audio" ? ["audio/opus"] : ["video/vp8", "video/rtx"];
      const codecs = RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [];
      transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => wanted.includes(mimeType.toLowerCase())));
      if (!protect) continue;
      const named = { track: `${kind}-track`, kind } as const;
      this.#contexts.push(this.annManager.protectSender(room, transceiver.sender, named));
    }
    if (announce) this.benManager.setContexts(room, ann.member, ann.leaf, this.#contexts);
    await sending.setLocalDescription();
    await receiving.setRemoteDescription(sending.localDescription as RTCSessionDescription);
    await receiving.setLocalDescription();
    await sending.setRemoteDescription(receiving.localDescription as RTCSessionDescription);
  }

  /** Ben learns Ann's contexts now. Resolves with the milliseconds until the next picture. */
  async announceNow(): Promise<number> {
    const { videoFrames } = await this.figures();
    const from = performance.now();
    this.benManager.setContexts(room, ann.member, ann.leaf, this.#contexts);
    while ((await this.figures())["videoFrames"] === videoFrames)
      await new Promise((resolve) => setTimeout(resolve, 20));
    return performance.now() - from;
  }

  /** What arrived at Ben, and what he could make of it. */
  async figures(): Promise<Record<string, number>> {
    const sum: Record<string, number> = { sent: 0, videoBytes: 0, videoFrames: 0, audioBytes: 0, audioEnergy: 0 };
    const add = (name: string, value: unknown) => {
      sum[name] = (sum[name] ?? 0) + (typeof value === "number" ? value : 0);
    };
    for (const report of (await this.receiving?.getStats())?.values() ?? []) {
      if (report.type !== "inbound-rtp") continue;
      add(`${report.kind}Bytes`, report.bytesReceived);
      if (report.kind === "video") add("videoFrames", report.framesDecoded);
      else add("audioEnergy", report.totalAudioEnergy);
    }
    for (const report of (await this.sending?.getStats())?.values() ?? []) {
      if (report.type === "outbound-rtp") add("sent", report.bytesSent);
    }
    return sum;
  }
}

let current: Meeting;

Object.assign(globalThis, {
  async start(options: Options) {
    current = new Meeting(options);
    await current.enter();
    await current.connect();
  },
  reconnect: () => current.connect(),
  announceNow: () => current.announceNow(),
  figures: () => current.figures(),
  states: () => current.states,
  lost: () => current.lost,
});
