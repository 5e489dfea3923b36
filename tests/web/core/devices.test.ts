import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DeviceManager, type DevicesOptions } from "../../../web/client/devices";
import { FakeMedia, FakeTrack, fakeMediaGlobals } from "./fakes";

let media: FakeMedia;
let permission: "granted" | "prompt";
let remembered: [string, string][];
let loudness: { rms: number; peak: number } | null;

function manager(more: Partial<DevicesOptions> = {}): DeviceManager {
  return new DeviceManager({
    media: media as unknown as MediaDevices,
    permissions: { query: async () => ({ state: permission }) } as unknown as Permissions,
    remembered: {},
    remember: (kind, id) => remembered.push([kind, id]),
    meter: { attach: (track) => (loudness = track ? loudness : null), read: () => loudness },
    camera: { height: { ideal: 720 } },
    canChooseSpeaker: true,
    changed: () => undefined,
    ...more,
  });
}

const settle = () => vi.advanceTimersByTimeAsync(1);
const refuse =
  (name: string, message = "") =>
  () =>
    Promise.reject(new DOMException(message, name));

beforeEach(() => {
  vi.useFakeTimers();
  fakeMediaGlobals();
  media = new FakeMedia();
  permission = "granted";
  remembered = [];
  loudness = { rms: 0.1, peak: 0.2 };
});

afterEach(() => vi.useRealTimers());

test("nothing is asked for by itself", async () => {
  manager();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(media.asked).toEqual([]);
});

test("microphone and camera are asked for separately, and each fails by itself", async () => {
  media.answers.video = refuse("NotFoundError");
  const devices = manager();
  devices.set("microphone", true);
  devices.set("camera", true);
  expect([devices.microphone.value.state, devices.camera.value.state]).toEqual(["asking", "asking"]);
  await settle();
  expect([devices.microphone.value.state, devices.camera.value.state]).toEqual(["on", "missing"]);
  expect(devices.outgoing("microphone")).not.toBeNull();
  expect(devices.outgoing("camera")).toBeNull();
  expect(media.asked).toHaveLength(2);
});

test("closing the camera puts its light out at once", async () => {
  const devices = manager();
  devices.set("camera", true);
  await settle();
  expect(devices.stream.value).not.toBeNull();
  devices.close("camera");
  expect(media.live).toEqual([]);
  expect([devices.stream.value, devices.camera.value.state]).toEqual([null, "off"]);
});

test("muting silences at once, unmuting is instant, and after a while the light goes out", async () => {
  const devices = manager();
  devices.set("microphone", true);
  await settle();
  const track = media.opened[0] as FakeTrack;
  devices.close("microphone");
  expect([devices.outgoing("microphone"), track.enabled, track.readyState]).toEqual([null, false, "live"]);
  devices.set("microphone", true);
  expect([track.enabled, media.asked.length]).toEqual([true, 1]);
  expect(devices.outgoing("microphone")).toBe(track);
  devices.close("microphone");
  await vi.advanceTimersByTimeAsync(20_001);
  expect(media.live).toEqual([]);
  devices.set("microphone", true);
  await settle();
  expect(media.asked).toHaveLength(2);
});

test("where the browser would ask again, a muted microphone is kept, silenced", async () => {
  permission = "prompt";
  const devices = manager();
  devices.set("microphone", true);
  await settle();
  devices.close("microphone");
  await vi.advanceTimersByTimeAsync(120_000);
  expect(media.live.map((track) => track.enabled)).toEqual([false]);
});

test("who closes while the browser's question is open stays closed", async () => {
  let allow: (track: FakeTrack) => void = () => undefined;
  media.answers.audio = () => new Promise((resolve) => (allow = resolve));
  const devices = manager();
  devices.set("microphone", true);
  devices.close("microphone");
  const track = new FakeTrack("audio");
  allow(track);
  await settle();
  expect([devices.microphone.value.state, track.readyState]).toEqual(["off", "ended"]);
});

test.each([
  ["NotAllowedError", "", "blocked"],
  ["NotAllowedError", "Permission denied by system", "blocked-system"],
  ["NotReadableError", "", "in-use"],
  ["OverconstrainedError", "", "missing"],
])("a refusal %s (%s) is shown as %s, and can be tried again", async (name, message, state) => {
  media.answers.video = refuse(name, message);
  const devices = manager();
  devices.set("camera", true);
  await settle();
  expect(devices.camera.value.state).toBe(state);
  delete media.answers.video;
  devices.set("camera", true);
  await settle();
  expect(devices.camera.value.state).toBe("on");
});

test("an allowed device that never opens is in use; an open question may stay open", async () => {
  media.answers.video = () => new Promise(() => undefined);
  const devices = manager();
  devices.set("camera", true);
  await vi.advanceTimersByTimeAsync(12_001);
  expect(devices.camera.value.state).toBe("in-use");
  permission = "prompt";
  devices.set("camera", true);
  await vi.advanceTimersByTimeAsync(300_000);
  expect(devices.camera.value.state).toBe("asking");
});

test("an unplugged device is lost and is not opened again by itself", async () => {
  const devices = manager();
  devices.set("microphone", true);
  await settle();
  media.opened[0]?.unplug();
  await settle();
  expect([devices.microphone.value.state, devices.outgoing("microphone")]).toEqual(["lost", null]);
  media.change();
  await vi.advanceTimersByTimeAsync(5000);
  expect(media.asked).toHaveLength(1);
});

test("the device of last time is asked for, and any other when it is gone", async () => {
  const devices = manager({ remembered: { camera: "old-cam" } });
  media.answers.video = vi
    .fn()
    .mockRejectedValueOnce(new DOMException("", "OverconstrainedError"))
    .mockResolvedValueOnce(new FakeTrack("video", "new-cam"));
  devices.set("camera", true);
  await settle();
  expect(media.asked.map((one) => (one.video as MediaTrackConstraints).deviceId)).toEqual([
    { exact: "old-cam" },
    undefined,
  ]);
  expect(devices.camera.value).toMatchObject({ state: "on", chosen: "new-cam" });
});

test("choosing another device while it is on changes over, and stops the first", async () => {
  const devices = manager();
  devices.set("camera", true);
  await settle();
  media.answers.video = () => Promise.resolve(new FakeTrack("video", "other"));
  devices.choose("camera", "other");
  await settle();
  expect(media.live.map((track) => track.deviceId)).toEqual(["other"]);
  expect(remembered).toEqual([["camera", "other"]]);
});

test("choosing a device while muted opens nothing, and unmuting opens the chosen one", async () => {
  const devices = manager();
  devices.set("microphone", true);
  await settle();
  devices.close("microphone");
  devices.choose("microphone", "other");
  expect(media.live).toEqual([]);
  media.answers.audio = () => Promise.resolve(new FakeTrack("audio", "other"));
  devices.set("microphone", true);
  await settle();
  expect(media.live.map((track) => track.deviceId)).toEqual(["other"]);
});

test("choosing another one for a device that was lost opens nothing: it opens when the person turns it on", async () => {
  const devices = manager();
  devices.set("microphone", true);
  await settle();
  media.opened[0]?.unplug();
  devices.choose("microphone", "other");
  await settle();
  expect([devices.microphone.value.state, media.live, media.asked.length]).toEqual(["lost", [], 1]);
  devices.set("microphone", true);
  await settle();
  expect(media.asked.at(-1)).toMatchObject({ audio: { deviceId: { exact: "other" } } });
});

test("the lists of devices follow what is plugged in", async () => {
  media.devices = [
    { kind: "audioinput", deviceId: "mic", label: "Desk" },
    { kind: "videoinput", deviceId: "", label: "" },
    { kind: "audiooutput", deviceId: "out", label: "Headphones" },
  ];
  const devices = manager();
  devices.set("microphone", true);
  await settle();
  expect(devices.microphone.value.choices).toEqual([{ id: "mic", label: "Desk" }]);
  expect(devices.camera.value.choices).toEqual([]);
  expect(devices.speaker.value.choices).toEqual([{ id: "out", label: "Headphones" }]);
  media.devices = [];
  media.change();
  await settle();
  expect(devices.microphone.value.choices).toEqual([]);
});

test("the meter runs while the microphone is open, and stands at 0 while muted", async () => {
  const devices = manager();
  devices.set("microphone", true);
  await vi.advanceTimersByTimeAsync(200);
  expect(devices.level.value).toBeGreaterThan(0.5);
  loudness = { rms: 0, peak: 0 };
  await vi.advanceTimersByTimeAsync(6000);
  expect(devices.silent.value).toBe(true);
  devices.close("microphone");
  expect([devices.level.value, devices.silent.value]).toEqual([0, false]);
});

test("stopping puts every light out and leaves no timer", async () => {
  const devices = manager();
  devices.set("microphone", true);
  devices.set("camera", true);
  await settle();
  devices.close("microphone");
  devices.stop();
  expect(media.live).toEqual([]);
  expect([devices.microphone.value.state, devices.camera.value.state, devices.stream.value]).toEqual([
    "off",
    "off",
    null,
  ]);
  expect(vi.getTimerCount()).toBe(0);
});

test("whatever is pressed in whatever order: no light is on that the person does not see", async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = (await import("../random")).seeded(seed);
    media = new FakeMedia();
    media.answers.audio = media.answers.video = () =>
      new Promise((resolve, reject) => {
        const kind = "audio";
        const late = Math.floor(random() * 50);
        const fails = random() < 0.2;
        setTimeout(
          () => (fails ? reject(new DOMException("", "NotReadableError")) : resolve(new FakeTrack(kind))),
          late,
        );
      });
    const devices = manager();
    for (let step = 0; step < 40; step++) {
      const input = random() < 0.5 ? "microphone" : "camera";
      const what = Math.floor(random() * 5);
      if (what < 2) devices.set(input, what === 0);
      else if (what === 2) devices.choose(input, random() < 0.5 ? "audio-1" : "");
      else if (what === 3) media.live[0]?.unplug();
      else await vi.advanceTimersByTimeAsync(Math.floor(random() * 80));
    }
    await vi.advanceTimersByTimeAsync(100);
    const open = (["microphone", "camera"] as const).filter((input) => devices[input].value.state === "on");
    const sounding = media.live.filter((track) => track.enabled);
    expect(sounding).toHaveLength(open.length);
    for (const input of open) expect(sounding).toContain(devices.outgoing(input));
    devices.stop();
    expect(media.live).toEqual([]);
  }
});
