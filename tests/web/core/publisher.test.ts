import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { SenderContext } from "../../../web/client/e2ee/manager";
import { cameraPlan } from "../../../web/client/layers";
import { Publisher, type Source } from "../../../web/client/publisher";
import { FakePeerConnection, FakeTrack, fakeMediaGlobals } from "./fakes";

let connection: FakePeerConnection;
let publisher: Publisher;
let ids: number;
let protections: { sender: unknown; codec: string; screen: boolean }[];
const NOTHING = { microphone: null, camera: null, screen: null, "screen-sound": null };
const track = (kind: "audio" | "video") => new FakeTrack(kind) as unknown as MediaStreamTrack;
const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await undefined;
};

function make(more: Partial<ConstructorParameters<typeof Publisher>[0]> = {}): Publisher {
  connection = new FakePeerConnection();
  return new Publisher({
    connection: connection as unknown as RTCPeerConnection,
    protect: (sender, named, codec): SenderContext => {
      protections.push({ sender, codec, screen: named.screen ?? false });
      return { context: protections.length, ...named };
    },
    newTrackId: () => `track-${++ids}`,
    tracks: NOTHING,
    encodings: cameraPlan({ cores: 8, coarsePointer: false }).encodings,
    codec: "VP8",
    saving: false,
    ...more,
  });
}

const sender = (at: number) => connection.transceivers[at]?.sender;
const active = (at: number) =>
  sender(at)
    ?.getParameters()
    .encodings.map((one) => one.active);
const directions = () => connection.transceivers.map(({ direction }) => direction);
async function offered(restart = false) {
  const { tracks } = await publisher.offer(restart);
  return tracks.map(({ id, mid, kind }) => `${mid} ${kind} ${id}`);
}

beforeEach(() => {
  fakeMediaGlobals();
  vi.stubGlobal("navigator", { userAgentData: {} });
  [ids, protections] = [0, []];
  publisher = make();
});
afterEach(() => vi.unstubAllGlobals());

test("a camera goes out in three encodings, and the voice before it", () => {
  expect(sender(1)?.encodings.map(({ rid, maxBitrate }) => [rid, maxBitrate])).toEqual([
    ["q", 160_000],
    ["h", 450_000],
    ["f", 1_700_000],
  ]);
  expect(sender(0)?.encodings).toEqual([{ priority: "high" }]);
  expect(connection.transceivers.map(({ preferred }) => preferred)).toEqual([
    ["audio/opus"],
    ["video/VP8", "video/rtx"],
  ]);
});

test("a browser that refuses several encodings sends one", () => {
  FakePeerConnection.plain = true;
  publisher = make();
  expect(sender(1)?.encodings).toEqual([{ maxBitrate: 450_000 }]);
});

test("encodings are switched as they are wanted, one change after another, and the last one counts", async () => {
  publisher.wanted("track-2", [true, false, false]);
  publisher.wanted("track-2", [false, false, true]);
  publisher.wanted("track-2", [false, true, true]);
  await settle();
  expect(active(1)).toEqual([false, true, true]);
  publisher.wanted("track-2", [true]);
  await settle();
  expect(active(1)).toEqual([true, true, true]); // what is not said is sent
});

test("a wish for a voice, an ended or an unknown track changes nothing", async () => {
  publisher.wanted("track-1", [false]);
  publisher.wanted("nobody's", [false, false, false]);
  await settle();
  expect([active(0), active(1)]).toEqual([[true], [true, true, true]]);
});

test("a wish that came before the answer is carried out after it as well", async () => {
  await publisher.offer();
  publisher.wanted("track-2", [true, false, false]);
  await settle();
  const video = sender(1) as NonNullable<ReturnType<typeof sender>>;
  video.encodings = video.encodings.map((one) => ({ ...one, active: true })); // as the browser begins anew
  await publisher.answered("v=0");
  await settle();
  expect(active(1)).toEqual([true, false, false]);
});

test("Data saver sends the smallest picture alone, whatever is wanted, and not less of a screen", async () => {
  await publisher.setTrack("screen", track("video"));
  publisher.setSaving(true);
  await settle();
  expect([active(1), active(2)]).toEqual([[true, false, false], [true]]);
  publisher.wanted("track-2", [true, true, true]);
  await settle();
  expect(active(1)).toEqual([true, false, false]);
  publisher.wanted("track-2", [false, false, true]);
  await settle();
  expect(active(1)).toEqual([true, false, false]);
  publisher.wanted("track-2", [false, false, false]);
  await settle();
  expect(active(1)).toEqual([false, false, false]);
  publisher.wanted("track-2", [true, true, true]);
  publisher.setSaving(false);
  await settle();
  expect([active(1), sender(2)?.encodings[0]?.maxBitrate]).toEqual([[true, true, true], 2_500_000]);
});

test("Data saver narrows a single encoding", async () => {
  FakePeerConnection.plain = true;
  publisher = make({ saving: true });
  await settle();
  expect(sender(1)?.encodings[0]?.maxBitrate).toBe(160_000);
  publisher.setSaving(false);
  await settle();
  expect(sender(1)?.encodings[0]?.maxBitrate).toBe(450_000);
});

test("a screen comes by a new offer on an m-line of its own, encrypted and announced as a screen", async () => {
  expect(await offered()).toEqual(["0 audio track-1", "1 video track-2"]);
  const screen = track("video");
  expect(await publisher.setTrack("screen", screen)).toBe(true);
  expect(await publisher.setTrack("screen-sound", track("audio"))).toBe(true);
  expect(await offered()).toEqual(["0 audio track-1", "1 video track-2", "2 video track-3", "3 audio track-4"]);
  expect(protections.slice(2).map(({ screen, codec }) => [screen, codec])).toEqual([
    [true, "VP8"],
    [true, "opus"],
  ]);
  expect(publisher.contexts.slice(2)).toEqual([
    { context: 3, track: "track-3", kind: "video", screen: true },
    { context: 4, track: "track-4", kind: "audio", screen: true },
  ]);
  await settle();
  expect([sender(2)?.track, sender(2)?.degradationPreference]).toEqual([screen, "maintain-resolution"]);
  expect(sender(2)?.encodings).toHaveLength(1);
});

test("a screen that ended leaves its m-line inactive, and the next one uses it under a new id and context", async () => {
  await publisher.setTrack("screen", track("video"));
  expect(await publisher.setTrack("screen", null)).toBe(true);
  expect(await publisher.setTrack("screen", null)).toBe(false);
  expect([directions(), sender(2)?.track]).toEqual([["sendonly", "sendonly", "inactive"], null]);
  expect(await offered()).toHaveLength(2);
  expect(publisher.contexts).toHaveLength(2);
  expect(await publisher.setTrack("screen", track("video"))).toBe(true);
  expect(await offered()).toEqual(["0 audio track-1", "1 video track-2", "2 video track-4"]);
  expect(connection.transceivers).toHaveLength(3);
  expect(protections.at(-1)?.sender).toBe(protections[2]?.sender);
});

test("another screen in the place of the first needs no offer", async () => {
  await publisher.setTrack("screen", track("video"));
  const other = track("video");
  expect(await publisher.setTrack("screen", other)).toBe(false);
  expect(sender(2)?.track).toBe(other);
});

test("the camera changes to VP9 and back: another m-line and another track each time, the old one ended", async () => {
  const camera = track("video");
  await publisher.setTrack("camera", camera);
  expect(publisher.setCodec("VP8")).toBe(false);
  expect(publisher.setCodec("VP9")).toBe(true);
  await settle();
  expect(await offered()).toEqual(["0 audio track-1", "2 video track-3"]);
  expect([sender(1)?.track, sender(2)?.track]).toEqual([null, camera]);
  expect([protections[2]?.codec, connection.transceivers[2]?.preferred]).toEqual(["VP9", ["video/VP9", "video/rtx"]]);
  expect(sender(2)?.encodings).toEqual([{ maxBitrate: 1_500_000, scalabilityMode: "L3T3_KEY" }]);
  expect(publisher.setCodec("VP8")).toBe(true);
  await settle();
  expect(await offered()).toEqual(["0 audio track-1", "1 video track-4"]);
  expect([sender(1)?.track, sender(2)?.track]).toEqual([camera, null]);
  expect(connection.transceivers).toHaveLength(3);
  const muted = publisher.setTrack("camera", null);
  expect([await muted, sender(1)?.track]).toEqual([false, null]);
});

test("a browser that cannot send VP9 stays with VP8, also from the start", () => {
  vi.stubGlobal("navigator", {});
  expect(publisher.setCodec("VP9")).toBe(false);
  publisher = make({ codec: "VP9" });
  expect(protections.at(-1)?.codec).toBe("VP8");
});

test("a connection that is built anew goes on with the same screen and codec", async () => {
  const tracks: Record<Source, MediaStreamTrack | null> = { ...NOTHING, screen: track("video") };
  publisher = make({ tracks, codec: "VP9" });
  await settle();
  expect((await offered()).map((one) => one.split(" ")[1])).toEqual(["audio", "video", "video"]);
  expect(sender(2)?.track).toBe(tracks.screen);
  expect(publisher.contexts.map(({ screen = false }) => screen)).toEqual([false, false, true]);
});

test("a restart asks the browser for new credentials and publishes the same tracks", async () => {
  const before = await offered();
  await publisher.answered("v=0");
  expect([await offered(true), connection.restarts]).toEqual([before, 1]);
});
