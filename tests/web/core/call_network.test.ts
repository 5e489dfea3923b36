import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Message } from "../../../web/client/e2ee/manager";
import type { TrackMap } from "../../../web/client/protocol_types";
import { person } from "./fake_manager";
import { FakePeerConnection } from "./fakes";
import { Person, settle, setUp, TWO } from "./meeting_fixture";

type State = Extract<Message, { type: "state" }>;
const VOICE = { context: 1, track: "martas-voice", kind: "audio" } as const;
const CAMERA = { context: 2, track: "martas-camera", kind: "video" } as const;
const SCREEN = { context: 3, track: "martas-screen", kind: "video", screen: true } as const;
const MARTA: State = {
  type: "state",
  name: "Marta",
  microphone: true,
  camera: true,
  hand: 0,
  contexts: [VOICE, CAMERA],
};
const TRACKS: TrackMap[] = [
  { mid: "0", member: "marta", track: "martas-voice", kind: "audio" },
  { mid: "1", member: "marta", track: "martas-camera", kind: "video" },
  { mid: "2", member: "marta", track: "martas-screen", kind: "video" },
];

let ana: Person;
beforeEach(async () => {
  setUp();
  ana = new Person();
  await ana.comeIn();
  await ana.hearSaid("marta", MARTA);
});
afterEach(async () => {
  ana.actions.leave();
  await settle();
  vi.useRealTimers();
});

const wishes = () => ana.sent("watch").at(-1)?.tiles ?? [];
const [PUBLISHER, SUBSCRIBER] = [0, 1];
const connection = (index: number) => FakePeerConnection.made[index] as FakePeerConnection;
const tile = (id: string) => ana.model.members.value.find((one) => one.id === id);
const offer = (tracks = TRACKS, generation = 1) => {
  const lines = tracks.map((track) => `m=${track.kind} ${track.mid}`).join("\n");
  const sdp = `o=- 1\na=fingerprint:one\na=ice-ufrag:one\n${lines}`;
  return ana.hear({ type: "subscribe_offer", room: "room", generation, sdp, tracks });
};
/** Lives for so long on a good socket. */
async function run(ms: number): Promise<void> {
  ana.socket.onSend((message) => message.type === "ping" && ana.socket.say({ type: "pong", n: message.n }));
  await vi.advanceTimersByTimeAsync(ms);
}

test("what a tile shows is asked for at once, and anew with each subscription", async () => {
  expect(wishes()).toEqual([]);
  ana.actions.showPicture("marta", "camera", 200);
  await run(300);
  expect(wishes()).toEqual([{ member: "marta", track: "martas-camera", height: 210 }]);
  const before = ana.sent("watch").length;
  await ana.loseAndResume(ana.joined({ resumed: true, media_kept: false }));
  expect(ana.sent("watch").length).toBeGreaterThan(before);
  expect(wishes()).toHaveLength(1);
});

test("a pin comes first, and is shown on the tile", async () => {
  ana.actions.showPicture("marta", "camera", 180);
  ana.actions.setPinned("marta", "camera", true);
  await run(300);
  expect([wishes()[0]?.first, tile("marta")?.pinned]).toEqual([true, true]);
  ana.actions.setPinned("marta", "camera", false);
  await run(300);
  expect([wishes()[0]?.first, tile("marta")?.pinned]).toEqual([undefined, false]);
});

test("Audio only stops pictures both ways, says so, and opens nothing when it is switched off", async () => {
  ana.actions.showPicture("marta", "camera", 180);
  await run(300);
  expect(tile("me")?.cameraOff).toBe(false);
  ana.actions.setNetwork({ audioOnly: true });
  await run(300);
  expect([wishes(), tile("me")?.cameraOff]).toEqual([[], true]);
  expect(connection(PUBLISHER).transceivers[1]?.sender.track).toBeNull();
  expect(ana.said("state").at(-1)).toMatchObject({ camera: false });
  expect([ana.kept.camera, ana.kept.network.audioOnly]).toEqual([false, true]);
  ana.actions.setNetwork({ audioOnly: false });
  await run(300);
  expect([wishes().length, tile("me")?.cameraOff]).toEqual([1, true]);
  ana.actions.setCamera(true);
  await run(10);
  expect(tile("me")?.cameraOff).toBe(false);
});

test("Data saver asks for small pictures and a small sum, and sends the smallest of one's own", async () => {
  ana.actions.showPicture("marta", "camera", 720);
  ana.actions.setNetwork({ dataSaver: true });
  await run(300);
  expect([wishes()[0]?.height, ana.sent("watch").at(-1)?.max_rate]).toEqual([180, 400_000]);
  const { encodings } = connection(PUBLISHER).transceivers[1]?.sender ?? { encodings: [] };
  expect(encodings.map(({ active }) => active)).toEqual([true, false, false]);
  await ana.loseAndResume(ana.joined({ resumed: true, media_kept: false }));
  await run(300);
  const rebuilt = FakePeerConnection.made[2]?.transceivers[1]?.sender.encodings;
  expect(rebuilt?.map(({ active }) => active)).toEqual([true, false, false]);
});

test("a page that nobody sees asks for no pictures after five seconds", async () => {
  ana.actions.showPicture("marta", "camera", 180);
  await run(300);
  ana.session.hidden(true);
  await run(4500);
  expect(wishes()).toHaveLength(1);
  await run(1000);
  expect(wishes()).toEqual([]);
  ana.session.hidden(false);
  expect(wishes()).toHaveLength(1);
});

test("Relay only goes over relays alone, at once, and only where there are any", async () => {
  ana.actions.setNetwork({ relayOnly: true });
  expect(ana.model.relayAvailable.value).toBe(false);
  const policy = () => FakePeerConnection.made.slice(-2).map(({ configuration }) => configuration);
  expect(policy()).toEqual(Array(2).fill({ servers: [], relayOnly: false }));
  const relay = { urls: ["turn:meet.example.org"], username: "u", credential: "c" };
  await ana.loseAndResume(ana.joined({ resumed: true, media_kept: false, ice_servers: [relay] }));
  expect(ana.model.relayAvailable.value).toBe(true);
  expect(policy()).toEqual(Array(2).fill({ servers: [relay], relayOnly: true }));
  const made = FakePeerConnection.made.length;
  ana.actions.setNetwork({ relayOnly: false });
  expect(FakePeerConnection.made).toHaveLength(made + 2);
  expect(policy()).toEqual(Array(2).fill({ servers: [relay], relayOnly: false }));
});

test("new relays reach connections that go on, for the next restart", async () => {
  for (const one of FakePeerConnection.made) one.become("connected");
  const relay = { urls: ["turn:meet.example.org"], username: "u2", credential: "c2" };
  await ana.loseAndResume(ana.joined({ resumed: true, media_kept: true, ice_servers: [relay] }));
  expect(FakePeerConnection.made).toHaveLength(2);
  expect(connection(PUBLISHER).configuration).toMatchObject({ iceServers: [relay], iceTransportPolicy: "all" });
});

test("another network: both connections look for new paths, keep what they are, and nobody hears of it", async () => {
  await offer();
  for (const one of FakePeerConnection.made) one.become("connected");
  await run(10_000);
  ana.announcements.length = 0;
  ana.session.networkChanged();
  ana.session.networkChanged(); // browsers say it twice
  await run(500);
  expect(ana.sent("subscribe").map(({ restart_ice = false }) => restart_ice)).toEqual([true]);
  expect([connection(PUBLISHER).restarts, ana.sent("publish").length]).toEqual([1, 2]);
  expect([FakePeerConnection.made.length, ana.announcements]).toEqual([2, []]);
  const tracks = ana.sent("publish").map((message) => message.tracks.map(({ id }) => id));
  expect(tracks[1]).toEqual(tracks[0]);
});

test("a path that broke: a restart, and new connections when that does not help, without a word but the one line", async () => {
  await offer();
  for (const one of FakePeerConnection.made) one.become("connected");
  await run(1000);
  ana.announcements.length = 0;
  connection(SUBSCRIBER).become("disconnected");
  await run(600);
  expect(ana.sent("subscribe").at(-1)).toMatchObject({ restart_ice: true });
  await run(2000);
  expect([FakePeerConnection.made.length, ana.model.connection.value]).toEqual([2, "media-connecting"]);
  await run(4000);
  expect(ana.sent("subscribe").at(-1)?.restart_ice).toBeUndefined();
  expect(FakePeerConnection.made).toHaveLength(3);
  expect(ana.announcements).toEqual([]);
});

test("pictures without room are marked on their tiles, and told calmly", async () => {
  await ana.hearSaid("marta", { ...MARTA, contexts: [VOICE, CAMERA, SCREEN], sharing: null });
  await offer();
  ana.announcements.length = 0;
  const tracks = ["martas-camera", "martas-screen"].map((track) => ({ member: "marta", track }));
  await ana.hear({ type: "tracks_held", room: "room", tracks, sound_too_much: false });
  await run(1000);
  expect([tile("marta")?.held, ana.model.screens.value[0]?.held, ana.kinds()]).toEqual([true, true, []]);
  await run(3000);
  expect(ana.announcements).toEqual([{ urgency: "polite", kind: "pictures-held" }]);
  await ana.hear({ type: "tracks_held", room: "room", tracks: [], sound_too_much: false });
  await run(4000);
  expect([tile("marta")?.held, ana.kinds()]).toEqual([false, ["pictures-held", "pictures-back"]]);
});

test("sound without room: a voice that is silent is paused, told, and heard again when there is room", async () => {
  const ben = { ...MARTA, name: "Ben", contexts: [{ ...VOICE, track: "bens-voice" }] };
  await ana.see([...TWO, person("ben", 2)]);
  await ana.hearSaid("ben", ben);
  await offer([...TRACKS.slice(0, 2), { mid: "3", member: "ben", track: "bens-voice", kind: "audio" }]);
  connection(SUBSCRIBER).stats = [
    { type: "inbound-rtp", kind: "audio", mid: "0", audioLevel: 0 },
    { type: "inbound-rtp", kind: "audio", mid: "3", audioLevel: 0.3 },
  ];
  await ana.hear({ type: "tracks_held", room: "room", tracks: [], sound_too_much: true });
  await run(8000);
  expect(wishes()).toEqual([{ member: "marta", track: "martas-voice", height: 0 }]);
  expect(ana.kinds()).toContain("voices-paused");
  await ana.hear({ type: "tracks_held", room: "room", tracks: [], sound_too_much: false });
  await run(3000);
  expect(wishes()).toEqual([]);
});

test("a shared screen is a tile of its own, and its picture is nobody's camera", async () => {
  await ana.hearSaid("marta", { ...MARTA, contexts: [VOICE, CAMERA, SCREEN], sharing: null });
  await offer();
  const [screen] = ana.model.screens.value;
  expect(screen).toMatchObject({ member: "marta", name: "Marta", self: false, held: false, pinned: false });
  expect(screen?.stream).not.toBeNull();
  expect(tile("marta")?.video).not.toBe(screen?.stream);
  ana.actions.showPicture("marta", "screen", 720);
  await run(300);
  expect(wishes()).toEqual([{ member: "marta", track: "martas-screen", height: 720, first: true }]);
  expect(ana.model.screens.value[0]).toBe(screen);
  await ana.hearSaid("marta", MARTA);
  expect(ana.model.screens.value).toEqual([]);
});

test("sharing one's own: offered, announced with its contexts, and over with the browser's own bar", async () => {
  await ana.echo();
  let outcome = "";
  void ana.actions.shareScreen().then((found) => {
    outcome = found;
  });
  await run(10);
  expect(ana.sent("publish").at(-1)?.tracks).toHaveLength(3);
  expect(ana.said("state").at(-1)).toMatchObject({
    sharing: null,
    contexts: [{}, {}, { kind: "video", screen: true }],
  });
  await ana.echo();
  await run(10);
  expect([outcome, ana.model.screens.value[0]?.self]).toEqual(["shared", true]);
  ana.displays.opened[0]?.unplug();
  await run(10);
  expect(ana.said("state").at(-1)).toMatchObject({ sharing: 0 });
  expect([ana.model.screens.value, ana.sent("publish").at(-1)?.tracks.length]).toEqual([[], 2]);
});

test("a screen goes on over connections that are built anew, and ends with the call", async () => {
  await ana.echo();
  void ana.actions.shareScreen();
  await run(10);
  await ana.loseAndResume(ana.joined({ resumed: true, media_kept: false }));
  expect(ana.displays.opened).toHaveLength(1);
  expect(FakePeerConnection.made[2]?.transceivers).toHaveLength(3);
  ana.actions.leave();
  await settle();
  expect(ana.displays.opened[0]?.readyState).toBe("ended");
});

test("while somebody shares, nobody else is asked; where many may, they are", async () => {
  await ana.hearSaid("marta", { ...MARTA, contexts: [SCREEN], sharing: 3 });
  expect([await ana.actions.shareScreen(), ana.displays.opened]).toEqual(["busy", []]);
  const ben = new Person("participant", undefined, false, "many");
  await ben.comeIn();
  await ben.hearSaid("marta", { ...MARTA, contexts: [SCREEN], sharing: 3 });
  ben.displays.answer = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  expect(await ben.actions.shareScreen()).toBe("refused");
  ben.actions.leave();
});

test("the encodings that somebody needs are sent, and the codec that everybody decodes", async () => {
  const [, video] = connection(PUBLISHER).transceivers;
  const track = ana.sent("publish")[0]?.tracks[1]?.id ?? "";
  await ana.hear({ type: "encodings_wanted", room: "room", track, active: [true, false, false] });
  expect(video?.sender.encodings.map(({ active }) => active)).toEqual([true, false, false]);
  vi.stubGlobal("navigator", { userAgentData: {} });
  await ana.hear({ type: "video_codec", room: "room", codec: "VP9" });
  vi.unstubAllGlobals();
  expect(connection(PUBLISHER).transceivers[2]?.preferred).toEqual(["video/VP9", "video/rtx"]);
  expect(ana.said("state").at(-1)?.type).toBe("state");
});

test("when the server lost the media of the room, both connections are built anew and nothing opens by it", async () => {
  await ana.actions.setMicrophone(false);
  const [offers, asked] = [ana.sent("publish").length, ana.sent("subscribe").length];
  const [publisher, subscriber] = [connection(PUBLISHER), connection(SUBSCRIBER)];
  await ana.hear({ type: "media_lost", room: "another" });
  expect(publisher.connectionState).not.toBe("closed");
  await ana.hear({ type: "media_lost", room: "room" });
  expect([publisher.connectionState, subscriber.connectionState]).toEqual(["closed", "closed"]);
  expect(ana.sent("publish").length).toBe(offers + 1);
  expect(ana.sent("subscribe").slice(asked)).toEqual([{ type: "subscribe", room: "room" }]);
  expect(ana.said("state").at(-1)).toMatchObject({ microphone: false });
});

test("call quality is there while somebody looks, and the own way up is said when it lasts", async () => {
  await offer();
  let sent = 0;
  let lost = 0;
  const up = connection(PUBLISHER);
  const measure = () => {
    sent += 50;
    lost += 10;
    up.stats = [
      { type: "outbound-rtp", kind: "audio", packetsSent: sent, retransmittedPacketsSent: lost, bytesSent: 1 },
    ];
  };
  expect(ana.model.quality.value).toBeNull();
  ana.actions.watchQuality(true);
  for (let second = 0; second < 8; second++) {
    measure();
    await run(1000);
  }
  expect(ana.model.quality.value).toMatchObject({ up: { quality: "poor" }, people: [{ member: "marta" }] });
  expect(ana.said("state").at(-1)).toMatchObject({ uplink: "poor" });
  expect(tile("me")?.network).toBe("poor");
  ana.actions.watchQuality(false);
  await run(2000);
  expect(ana.model.quality.value).toBeNull();
});

test("a tile shows what its owner says of their way up", async () => {
  await ana.hearSaid("marta", { ...MARTA, uplink: "fair" });
  expect(tile("marta")?.network).toBe("fair");
  await ana.hearSaid("marta", MARTA);
  expect(tile("marta")?.network).toBeNull();
});

test("who says that their way up loses is played later, voice and picture alike, until it is good", async () => {
  await offer();
  for (const one of FakePeerConnection.made) one.become("connected");
  const targets = () => connection(SUBSCRIBER).transceivers.map(({ receiver }) => receiver.jitterBufferTarget);
  await run(3000);
  expect(targets()).toEqual([null, null, null]);
  await ana.hearSaid("marta", { ...MARTA, uplink: "fair" });
  await run(2000);
  expect(targets()).toEqual([170, 170, 170]);
  await ana.hearSaid("marta", MARTA);
  await run(5000);
  expect(targets()).toEqual([170, 170, 170]);
  await run(15_000);
  expect(targets()).toEqual([null, null, null]);
});

test("a browser that cannot wait plays as it thinks best", async () => {
  await offer();
  for (const { receiver } of connection(SUBSCRIBER).transceivers) {
    Reflect.deleteProperty(receiver, "jitterBufferTarget");
  }
  await ana.hearSaid("marta", { ...MARTA, uplink: "poor" });
  await run(3000);
  expect(connection(SUBSCRIBER).transceivers.map(({ receiver }) => Object.keys(receiver))).toEqual(
    Array(3).fill(["track"]),
  );
});

test("what the server offers and its owner does not announce as a screen is none", async () => {
  await offer();
  expect(ana.model.screens.value).toEqual([]);
  expect(tile("marta")?.video).not.toBeNull();
});

test("what was held on a connection that is built anew is held no longer", async () => {
  const tracks = [{ member: "marta", track: "martas-camera" }];
  await ana.hear({ type: "tracks_held", room: "room", tracks, sound_too_much: true });
  expect(tile("marta")?.held).toBe(true);
  await ana.loseAndResume(ana.joined({ resumed: true, media_kept: false }));
  await run(300);
  expect(tile("marta")?.held).toBe(false);
});

test("somebody who turns the camera on again gets no sign of a weak connection for it", async () => {
  await ana.hearSaid("marta", { ...MARTA, camera: false });
  await offer();
  for (const one of FakePeerConnection.made) one.become("connected");
  ana.actions.showPicture("marta", "camera", 360);
  let [packets, frames] = [0, 0];
  const live = async (seconds: number, pictures: number) => {
    const signs = new Set<unknown>();
    for (let second = 0; second < seconds; second++) {
      [packets, frames] = [packets + 50, frames + pictures];
      connection(PUBLISHER).stats = [{ type: "outbound-rtp", kind: "audio", packetsSent: packets, bytesSent: packets }];
      const heard = { packetsReceived: packets, bytesReceived: packets, totalSamplesReceived: packets * 960 };
      connection(SUBSCRIBER).stats = [
        { type: "inbound-rtp", kind: "audio", mid: "0", ...heard },
        { type: "inbound-rtp", kind: "video", mid: "1", framesDecoded: frames, packetsReceived: frames },
      ];
      await run(1000);
      signs.add(tile("marta")?.network);
    }
    return [...signs];
  };
  expect(await live(8, 0)).toEqual([null]);
  await ana.hearSaid("marta", MARTA);
  // Two seconds until the first picture, which is usual.
  expect([...(await live(2, 0)), ...(await live(8, 24))]).toEqual([null, null]);
  expect(await live(20, 1)).toContain("fair");
});

test("voices that rest in turns are told once, and once when all are back", async () => {
  await offer();
  for (const one of FakePeerConnection.made) one.become("connected");
  await ana.see([...TWO, person("ben", 2)]);
  await ana.hearSaid("ben", { ...MARTA, name: "Ben", contexts: [{ ...VOICE, track: "bens-voice" }] });
  ana.announcements.length = 0;
  await ana.hear({ type: "tracks_held", room: "room", tracks: [], sound_too_much: true });
  await run(60_000);
  expect(ana.kinds()).toEqual(["voices-paused"]);
  await ana.hear({ type: "tracks_held", room: "room", tracks: [], sound_too_much: false });
  await run(30_000);
  expect(ana.kinds()).toEqual(["voices-paused", "voices-back"]);
});

test("leaving and being removed close one's screen in the same moment", async () => {
  await ana.echo();
  void ana.actions.shareScreen();
  await run(10);
  await ana.hear({ type: "removed", reason: "facilitator" });
  expect(ana.displays.opened[0]?.readyState).toBe("ended");
  const ben = new Person();
  await ben.comeIn();
  await ben.echo();
  void ben.actions.shareScreen();
  await run(10);
  ben.actions.leave();
  expect(ben.displays.opened[0]?.readyState).toBe("ended");
});

test("whoever announces another's picture as their screen shows nothing with it", async () => {
  await ana.see([...TWO, person("ben", 2)]);
  await ana.hearSaid("ben", {
    ...MARTA,
    name: "Ben",
    contexts: [{ ...SCREEN, track: "martas-camera" }],
    sharing: null,
  });
  await offer(TRACKS.slice(0, 2));
  expect(ana.model.screens.value).toMatchObject([{ member: "ben", stream: null }]);
});

test("wishes that the server refused are said again, after a moment", async () => {
  ana.actions.showPicture("marta", "camera", 180);
  await run(300);
  const before = ana.sent("watch").length;
  await ana.hear({ type: "error", code: "rate_limited", about: "watch" });
  await run(1000);
  expect(ana.sent("watch")).toHaveLength(before);
  await run(2000);
  expect(ana.sent("watch")).toHaveLength(before + 1);
});

test("a restart that found no socket gets its time once there is one", async () => {
  await offer();
  for (const one of FakePeerConnection.made) one.become("connected");
  await run(10_000);
  for (const one of FakePeerConnection.made) one.become("disconnected");
  ana.socket.close(1006);
  ana.session.networkChanged();
  await vi.advanceTimersByTimeAsync(6_000);
  await ana.greet();
  await ana.hear(ana.joined({ resumed: true, media_kept: true }));
  await run(3000);
  expect(FakePeerConnection.made).toHaveLength(2);
  await run(3000);
  expect(FakePeerConnection.made.length).toBeGreaterThan(2);
});

test("figures that arrive after the end are shown to nobody", async () => {
  ana.actions.watchQuality(true);
  await run(3000);
  expect(ana.model.quality.value).not.toBeNull();
  let answer = () => undefined as unknown;
  const late = new Promise((resolve) => {
    answer = () => resolve(new Map());
  });
  vi.spyOn(connection(PUBLISHER), "getStats").mockReturnValue(late as never);
  await run(1200);
  ana.actions.leave();
  await settle();
  expect(ana.model.quality.value).toBeNull();
  answer();
  await settle();
  expect(ana.model.quality.value).toBeNull();
});
