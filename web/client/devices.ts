/**
 * Microphone, camera and speaker: opened only when the person agreed, each failing by itself, and never more open than
 * the person last saw them.
 */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { refusal } from "./device_errors";
import { LevelMeter, type Loudness } from "./level_meter";
import type { Devices, DeviceView } from "./model";
import { OwnLevel } from "./own_level";

const MICROPHONE: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
/**
 * A muted microphone is kept, silenced, for so long, ms: unmuting within it is instant. After it the device is let go
 * and its light goes out, where the browser will open it again without asking.
 */
const HOLD_MUTED_MS = 20_000;
/** A device that was allowed and still does not open within this, ms, is held by another program or stuck. */
const STUCK_MS = 12_000;
/** Looks at one's own level, ms. */
const METER_MS = 100;

type Input = "microphone" | "camera";
export type DeviceKind = Input | "speaker";

export interface DevicesOptions {
  /** Undefined where the page has no device access at all. */
  media: MediaDevices | undefined;
  permissions: Permissions | undefined;
  /** The devices chosen earlier in this browser. */
  remembered: Partial<Record<DeviceKind, string>>;
  remember(kind: DeviceKind, id: string): void;
  /** What a camera is asked for: layers.ts knows what is sent of it. */
  camera: MediaTrackConstraints;
  meter?: Pick<LevelMeter, "attach" | "read">;
  canChooseSpeaker: boolean;
  /** What is sent, or may be, changed: tracks and their states. */
  changed(input: Input): void;
}

interface Slot {
  view: Signal<DeviceView>;
  track: MediaStreamTrack | null;
  /** Counts decisions: an answer of the browser to an older one is thrown away. */
  turn: number;
  release: ReturnType<typeof setTimeout> | undefined;
}

const CLOSED: DeviceView = { state: "not-asked", choices: [], chosen: "" };

export class DeviceManager implements Devices {
  readonly level: ReadonlySignal<number>;
  readonly silent: ReadonlySignal<boolean>;
  readonly stream: ReadonlySignal<MediaStream | null>;
  readonly speaker: ReadonlySignal<DeviceView>;
  #slots: Record<Input, Slot>;
  #speaker: Signal<DeviceView>;
  #level = signal(0);
  #silent = signal(false);
  #stream = signal<MediaStream | null>(null);
  #meter: Pick<LevelMeter, "attach" | "read">;
  #own = new OwnLevel();
  #loudness: Loudness | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #watching = false;

  constructor(private readonly options: DevicesOptions) {
    const slot = (kind: Input): Slot => ({
      view: signal({ ...CLOSED, chosen: options.remembered[kind] ?? "" }),
      track: null,
      turn: 0,
      release: undefined,
    });
    this.#slots = { microphone: slot("microphone"), camera: slot("camera") };
    this.#speaker = signal({ state: "on", choices: [], chosen: options.remembered.speaker ?? "" });
    this.#meter = options.meter ?? new LevelMeter();
    this.level = this.#level;
    this.silent = this.#silent;
    this.stream = this.#stream;
    this.speaker = this.#speaker;
  }

  get microphone(): ReadonlySignal<DeviceView> {
    return this.#slots.microphone.view;
  }

  get camera(): ReadonlySignal<DeviceView> {
    return this.#slots.camera.view;
  }

  /** What may be sent: the track of an open device, null for a closed or muted one. */
  outgoing(input: Input): MediaStreamTrack | null {
    const slot = this.#slots[input];
    return slot.view.value.state === "on" ? slot.track : null;
  }

  /** One's own loudness for the speaker mark; null while muted. */
  get loudness(): Loudness | null {
    return this.#loudness;
  }

  /** Open or close one device, and ask for nothing else. Opening must follow the person's agreement. */
  set(input: Input, on: boolean): void {
    if (!on) this.close(input);
    else if (!["on", "asking"].includes(this.#slots[input].view.value.state)) void this.#open(input);
  }

  /** The person's choice, or a facilitator's soft mute: nothing is sent from now on. */
  close(input: Input): void {
    const slot = this.#slots[input];
    slot.turn += 1;
    this.#set(input, "off");
    if (!slot.track) return;
    if (input === "camera") {
      this.#drop(slot);
      this.#stream.value = null;
    } else {
      slot.track.enabled = false;
      this.#listen(null);
      clearTimeout(slot.release);
      slot.release = setTimeout(() => void this.#letGo(slot), HOLD_MUTED_MS);
    }
  }

  choose(kind: DeviceKind, id: string): void {
    this.options.remember(kind, id);
    if (kind === "speaker") {
      this.#speaker.value = { ...this.#speaker.value, chosen: id };
      return;
    }
    const slot = this.#slots[kind];
    const { state } = slot.view.value;
    slot.view.value = { ...slot.view.value, chosen: id };
    // A device that is off, or was taken away, stays off; a silenced one of before must not come back on unmuting.
    if (state === "off" || state === "not-asked" || state === "lost") this.#drop(slot);
    else void this.#open(kind);
  }

  /** Everything stops, lights out: leaving, removal, the end, another tab. */
  stop(): void {
    for (const input of ["microphone", "camera"] as const) {
      const slot = this.#slots[input];
      slot.turn += 1;
      this.#drop(slot);
      this.#set(input, "off");
    }
    this.#stream.value = null;
    this.#listen(null);
  }

  async #open(input: Input): Promise<void> {
    const slot = this.#slots[input];
    slot.turn += 1;
    const { turn } = slot;
    clearTimeout(slot.release);
    if (this.#reusable(input)) {
      (slot.track as MediaStreamTrack).enabled = true;
      this.#opened(input);
      return;
    }
    this.#drop(slot);
    this.#set(input, "asking");
    const stuck = setTimeout(() => void this.#stuck(input, turn), STUCK_MS);
    try {
      const track = await this.#ask(input);
      if (slot.turn !== turn) {
        track.stop();
        return;
      }
      slot.track = track;
      track.onended = () => this.#lost(input, track);
      this.#opened(input);
    } catch (error) {
      if (slot.turn !== turn) return;
      const why = refusal(error);
      this.#set(input, why === "gone" ? "missing" : why);
    } finally {
      clearTimeout(stuck);
    }
    void this.#list();
  }

  async #ask(input: Input): Promise<MediaStreamTrack> {
    const media = this.options.media;
    if (!media) throw new DOMException("no devices", "NotFoundError");
    const base = input === "microphone" ? MICROPHONE : this.options.camera;
    const kind = input === "microphone" ? "audio" : "video";
    const { chosen } = this.#slots[input].view.value;
    let stream: MediaStream;
    try {
      stream = await media.getUserMedia({ [kind]: chosen ? { ...base, deviceId: { exact: chosen } } : base });
    } catch (error) {
      if (!chosen || !["gone", "missing"].includes(refusal(error))) throw error;
      // The device of last time is not plugged in today: any other is better than none.
      stream = await media.getUserMedia({ [kind]: base });
    }
    const track = stream.getTracks()[0];
    if (!track) throw new DOMException("no track", "NotFoundError");
    return track;
  }

  #reusable(input: Input): boolean {
    const { track, view } = this.#slots[input];
    if (track?.readyState !== "live" || view.value.state !== "off") return false;
    const { chosen } = view.value;
    return chosen === "" || track.getSettings().deviceId === chosen;
  }

  #opened(input: Input): void {
    const slot = this.#slots[input];
    const id = slot.track?.getSettings().deviceId ?? "";
    slot.view.value = { ...slot.view.value, chosen: id };
    if (input === "microphone") this.#listen(slot.track);
    else this.#stream.value = slot.track ? new MediaStream([slot.track]) : null;
    this.#set(input, "on");
    if (!this.#watching && this.options.media) {
      this.#watching = true;
      this.options.media.addEventListener("devicechange", () => void this.#list());
    }
  }

  /** The browser ended the track: unplugged, or taken away by the system. */
  #lost(input: Input, track: MediaStreamTrack): void {
    const slot = this.#slots[input];
    if (slot.track !== track) return;
    slot.turn += 1;
    const wasOn = slot.view.value.state === "on";
    this.#drop(slot);
    if (input === "microphone") this.#listen(null);
    else this.#stream.value = null;
    if (wasOn) this.#set(input, "lost");
    void this.#list();
  }

  async #stuck(input: Input, turn: number): Promise<void> {
    // While the browser's question is open the person may take all the time in the world.
    if (!(await this.#granted(input)) || this.#slots[input].turn !== turn) return;
    this.#slots[input].turn += 1;
    this.#set(input, "in-use");
  }

  async #letGo(slot: Slot): Promise<void> {
    if (slot.view.value.state === "off" && (await this.#granted("microphone")) && slot.view.value.state === "off") {
      this.#drop(slot);
    }
  }

  /** True if the browser would open the device without asking. */
  async #granted(input: Input): Promise<boolean> {
    try {
      const status = await this.options.permissions?.query({ name: input as PermissionName });
      return status?.state === "granted";
    } catch {
      return false; // a browser that does not know the name
    }
  }

  #drop(slot: Slot): void {
    clearTimeout(slot.release);
    if (!slot.track) return;
    slot.track.onended = null;
    slot.track.stop();
    slot.track = null;
  }

  #set(input: Input, state: DeviceView["state"]): void {
    const { view } = this.#slots[input];
    if (view.value.state !== state) view.value = { ...view.value, state };
    this.options.changed(input);
  }

  async #list(): Promise<void> {
    const found = (await this.options.media?.enumerateDevices().catch(() => [])) ?? [];
    const choices = (kind: MediaDeviceKind) =>
      found
        .filter((device) => device.kind === kind && device.deviceId !== "")
        .map(({ deviceId, label }) => ({ id: deviceId, label }));
    const put = (view: Signal<DeviceView>, kind: MediaDeviceKind) => {
      view.value = { ...view.value, choices: choices(kind) };
    };
    put(this.#slots.microphone.view, "audioinput");
    put(this.#slots.camera.view, "videoinput");
    if (this.options.canChooseSpeaker) put(this.#speaker, "audiooutput");
  }

  #listen(track: MediaStreamTrack | null): void {
    this.#meter.attach(track);
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#look();
    if (track) this.#timer = setInterval(() => this.#look(), METER_MS);
  }

  #look(): void {
    this.#loudness = this.#meter.read();
    this.#own.update(this.#loudness, performance.now());
    this.#level.value = this.#own.level;
    this.#silent.value = this.#own.silent;
  }
}
