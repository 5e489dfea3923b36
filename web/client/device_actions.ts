/** What the interface may ask of microphone, camera and speaker. */
import type { DeviceManager } from "./devices";
import type { KeptDevices } from "./kept_devices";
import type { Actions } from "./model";
import { playTestSound, type Sound } from "./sound";

type DeviceActions = Pick<
  Actions,
  | "continueWithoutDevices"
  | "setMicrophone"
  | "setCamera"
  | "chooseDevice"
  | "retryDevice"
  | "playTestSound"
  | "turnSoundOn"
  | "attachSound"
>;

export function deviceActions(devices: DeviceManager, kept: KeptDevices, sound: Sound): DeviceActions {
  return {
    continueWithoutDevices: () => kept.doWithout(),
    setMicrophone: (on) => devices.set("microphone", on),
    setCamera: (on) => devices.set("camera", on),
    chooseDevice(kind, id) {
      devices.choose(kind, id);
      if (kind === "speaker") sound.choose(id);
    },
    retryDevice: (kind) => devices.set(kind, true),
    playTestSound: () => playTestSound(devices.speaker.value.chosen),
    turnSoundOn: () => void sound.turnOn(),
    attachSound: (host) => sound.attach(host),
  };
}
