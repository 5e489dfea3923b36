/**
 * The promise about microphone and camera: after any reload, reconnect or device change they are never more open than
 * the person last saw them. What the person saw is written into the tab's memory; only what is "on" there opens again.
 */
import type { DeviceManager } from "./devices";
import type { TabState } from "./memory";
import type { Announcement } from "./model";

type Input = "microphone" | "camera";
const INPUTS = ["microphone", "camera"] as const;

export interface KeptDevicesOptions {
  devices: DeviceManager;
  tab: TabState;
  save(): void;
  announce(announcement: Announcement): void;
}

export class KeptDevices {
  /** While false, closing devices says nothing about what the person wants: the page closes them. */
  #theirChoice = true;
  #wasOn: Record<Input, boolean> = { microphone: false, camera: false };

  constructor(private readonly options: KeptDevicesOptions) {}

  /** A device opened, closed or failed. */
  changed(input: Input): void {
    const { devices, tab, save, announce } = this.options;
    const on = devices.outgoing(input) !== null;
    if (this.#theirChoice) {
      // While the browser's question is open the person has seen nothing new.
      if (devices[input].value.state !== "asking" && tab[input] !== on) {
        tab[input] = on;
        save();
      }
      if (on !== this.#wasOn[input]) {
        const kind = `${input === "microphone" ? "mic" : "camera"}-${on ? "on" : "off"}` as const;
        announce({ urgency: "assertive", kind });
      }
    }
    this.#wasOn[input] = on;
  }

  /** Open what was open when the person last saw it, and no more. */
  restore(): void {
    const { devices, tab } = this.options;
    if (!tab.agreed) return;
    const wanted = INPUTS.filter((input) => tab[input] && devices.outgoing(input) === null);
    for (const input of wanted) devices.set(input, true);
  }

  /** A facilitator's soft mute; a microphone that is just being opened closes too. */
  mute(everyone: boolean): void {
    const { devices, announce } = this.options;
    if (devices.outgoing("microphone")) {
      this.#wasOn.microphone = false; // told in better words than "microphone off"
      announce({ urgency: "assertive", kind: everyone ? "muted-everyone" : "muted-by" });
    }
    devices.close("microphone");
  }

  /** The person goes on without devices: both are given back to the system at once. */
  doWithout(): void {
    this.options.devices.stop();
    for (const input of INPUTS) this.options.tab[input] = false;
    this.options.save();
  }

  /** The page closes everything; what the person wanted stays known for the next time. */
  stop(): void {
    this.#theirChoice = false;
    this.options.devices.stop();
    this.#theirChoice = true;
  }
}
