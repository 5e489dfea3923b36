/**
 * The page of test_e2ee_transform.py: two peer connections with each other in one page, Ann's with a fake camera and
 * microphone, Ben's with what he can make of it. Each has an E2eeManager with a worker of their own, whose group is
 * what the test says (e2ee_worker.ts).
 */
import type { EpochKeys } from "../../web/client/e2ee/epoch_keys";
import {
  E2eeManager,
  type KeyState,
  peerConnectionConfiguration,
  type SenderContext,
} from "../../web/client/e2ee/manager";
import type { TestCall, TestReport } from "./e2ee_worker";

interface Options {
  /** Ann's frames pass through her transform. */
  protect: boolean;
  /** Ben's receivers get a transform. */
  open: boolean;
  /** Ben's transforms know nobody yet, as for an m-line that the server names nobody for. */
  guardOnly?: boolean;
  /** Ben learns Ann's contexts. */
  announce: boolean;
  /** What Ben takes for Ann's contexts instead, by kind. */
  contexts?: Partial<Record<"audio" | "video", Partial<SenderContext>>>;
  /** Whom Ben takes the frames for instead. */
  member?: string;
  /** Ben's first epoch, and whether its key is Ann's. */
  epoch?: number;
  sameKey: boolean;
}

type Who = "ann" | "ben";

const room = "room-0001";
const leaves = [
  { leaf: 1, member: "ann-member" },
  { leaf: 2, member: "ben-member" },
];

const allWorkers: Worker[] = [];
const workers = new Map<Who, Worker>();
globalThis.Worker = class extends Worker {
  constructor(url: string | URL, options?: WorkerOptions) {
    super(url, options);
    allWorkers.push(this);
    workers.set(String(url).endsWith("ann") ? "ann" : "ben", this);
  }
};

function keysOf(who: Who, epoch: number, more: Partial<EpochKeys> = {}): EpochKeys {
  const baseKey = new Uint8Array(16).fill(epoch);
  return { room, epoch, baseKey, leaf: who === "ann" ? 1 : 2, leaves, removal: false, ...more };
}

class Meeting {
  readonly states: KeyState[] = [];
  readonly disagreed: boolean[] = [];
  lost = 0;
  readonly #answers = new Map<string, (report: TestReport) => void>();
  readonly managers: Record<Who, E2eeManager> = { ann: this.#manager("ann"), ben: this.#manager("ben") };
  #contexts: SenderContext[] = [];
  sending: RTCPeerConnection | null = null;
  receiving: RTCPeerConnection | null = null;

  constructor(readonly options: Options) {}

  #manager(who: Who): E2eeManager {
    return new E2eeManager({
      workerUrl: `/e2ee-worker.js?${who}`,
      identity: {
        group: "",
        roomSecret: new Uint8Array(16),
        rootKey: new Uint8Array(32),
        roleSeed: null,
        certificates: [],
        revocations: null,
        tab: "",
      },
      on: (report) => {
        const test = report as unknown as TestReport;
        if (test.type === "disagree") this.disagreed.push(test.disagree);
        else this.#answers.get(`${who} ${test.type}`)?.(test);
      },
      onKeyState: (_room, _member, state) => this.states.push(state),
      onProblem: () => {
        this.lost++;
      },
    });
  }

  tell(who: Who, call: TestCall): void {
    workers.get(who)?.postMessage(call);
  }

  ask(who: Who, call: TestCall, answer: TestReport["type"]): Promise<TestReport> {
    this.tell(who, call);
    return new Promise((resolve) => this.#answers.set(`${who} ${answer}`, resolve));
  }

  epoch(who: Who, epoch: number, more: Partial<EpochKeys> = {}): void {
    this.tell(who, { type: "call", name: "epochBegan", args: [keysOf(who, epoch, more)] });
  }

  enter(): void {
    const { epoch = 1, sameKey } = this.options;
    this.epoch("ann", 1);
    this.epoch("ben", epoch, sameKey ? {} : { baseKey: new Uint8Array(16).fill(99) });
  }

  announce(): void {
    const contexts = this.#contexts.map((one) => ({ ...one, ...this.options.contexts?.[one.kind] }));
    for (const { member } of leaves)
      this.tell("ben", { type: "call", name: "contexts", args: [room, member, contexts] });
  }

  async connect(): Promise<void> {
    const { protect, open, guardOnly, announce, member = "ann-member" } = this.options;
    this.sending?.close();
    this.receiving?.close();
    const sending = new RTCPeerConnection(protect ? peerConnectionConfiguration() : {});
    const receiving = new RTCPeerConnection(open ? peerConnectionConfiguration() : {});
    Object.assign(this, { sending, receiving });
    sending.onicecandidate = ({ candidate }) => candidate && receiving.addIceCandidate(candidate);
    receiving.onicecandidate = ({ candidate }) => candidate && sending.addIceCandidate(candidate);
    receiving.ontrack = ({ receiver, track }) => {
      const kind = track.kind === "audio" ? "audio" : "video";
      if (open) this.managers.ben.guardReceiver(receiver);
      if (open && !guardOnly) this.managers.ben.openReceiver(room, receiver, { member, track: `${kind}-track`, kind });
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
      this.#contexts.push(
        this.managers.ann.protectSender(room, transceiver.sender, named, kind === "audio" ? "opus" : "VP8"),
      );
    }
    if (announce) this.announce();
    await sending.setLocalDescription();
    await receiving.setRemoteDescription(sending.localDescription as RTCSessionDescription);
    await receiving.setLocalDescription();
    await sending.setRemoteDescription(receiving.localDescription as RTCSessionDescription);
  }

  /** Ben learns Ann's contexts now. Resolves with the milliseconds until the next picture. */
  async announceNow(): Promise<number> {
    const { videoFrames } = await this.figures();
    const from = performance.now();
    this.announce();
    while ((await this.figures())["videoFrames"] === videoFrames) await pause(20);
    return performance.now() - from;
  }

  /** `changes` times, once a second: Ben has each new key at once, Ann uses it when everybody is said to be ready. */
  async changeKeys(first: number, changes: number): Promise<void> {
    for (let epoch = first; epoch < first + changes; epoch++) {
      this.epoch("ben", epoch);
      this.epoch("ann", epoch);
      await pause(100);
      this.tell("ann", { type: "call", name: "everybodyReady", args: [room, epoch] });
      await pause(900);
    }
  }

  /** Ann uses a new key at once, Ben has it this much later, milliseconds. */
  async changeKeyLate(epoch: number, late: number): Promise<void> {
    this.epoch("ann", epoch, { removal: true });
    await pause(late);
    this.epoch("ben", epoch, { removal: true });
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
      if (report.kind === "video") {
        add("videoFrames", report.framesDecoded);
        add("keyFrames", report.keyFramesDecoded);
        // By the W3C rule: a pause longer than three usual ones, and by 150 ms at least (webrtc-stats, freezeCount).
        add("freezes", report.freezeCount);
        add("frozenSeconds", report.totalFreezesDuration);
      } else {
        add("audioEnergy", report.totalAudioEnergy);
        // Those that were decoded, and not made up where some are missing.
        add("audioSamples", report.totalSamplesReceived - report.concealedSamples);
      }
    }
    for (const report of (await this.sending?.getStats())?.values() ?? []) {
      if (report.type === "outbound-rtp") add("sent", report.bytesSent);
    }
    return sum;
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

let current: Meeting;

Object.assign(globalThis, {
  async start(options: Options) {
    current = new Meeting(options);
    current.enter();
    await current.connect();
  },
  reconnect: () => current.connect(),
  enter: () => current.enter(),
  loseWorkers() {
    for (const worker of [...allWorkers]) worker.dispatchEvent(new Event("error"));
  },
  announceNow: () => current.announceNow(),
  epoch: (who: Who, epoch: number, removal: boolean) => current.epoch(who, epoch, { removal }),
  changeKeys: (first: number, changes: number) => current.changeKeys(first, changes),
  changeKeyLate: (epoch: number, late: number) => current.changeKeyLate(epoch, late),
  pause,
  leak: (every: number) => current.tell("ann", { type: "leak", every }),
  counts: (who: Who) => current.ask(who, { type: "count" }, "counted"),
  measure: (count: number) => current.ask("ann", { type: "measure", count }, "measured"),
  figures: () => current.figures(),
  states: () => current.states,
  lost: () => current.lost,
});
