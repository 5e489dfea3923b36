import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RoomMedia } from "../../../web/client/media";
import type { ClientMessage, SubscribeOfferMessage, TrackMap } from "../../../web/client/protocol_types";
import { FakePeerConnection, FakeTrack, fakeMediaGlobals } from "./fakes";

let sent: ClientMessage[];
let protectedSenders: unknown[];
let opened: { receiver: unknown; from: TrackMap }[];
let guarded: unknown[];
let strangers: string[];
let announced: number;
let renewed: number;
let online: boolean;
let media: RoomMedia;
let ids: number;
/** All contexts of the epoch are used up. */
let spent: boolean;

const [PUBLISHER, SUBSCRIBER] = [0, 1];
const connection = (index: number) => FakePeerConnection.made[index] as FakePeerConnection;
const ofType = <T extends ClientMessage["type"]>(type: T) =>
  sent.filter((message): message is Extract<ClientMessage, { type: T }> => message.type === type);
const settle = () => vi.advanceTimersByTimeAsync(0);

function offer(generation: number, tracks: TrackMap[], transport = "one"): SubscribeOfferMessage {
  const lines = tracks.map((track) => `m=${track.kind} ${track.mid}`).join("\n");
  const sdp = `a=fingerprint:sha-256 ${transport}\na=ice-ufrag:${transport}\n${lines}\n`;
  return { type: "subscribe_offer", room: "room", generation, sdp, tracks };
}

const voice = (mid: string, member: string, track = `${member}-voice`): TrackMap => ({
  mid,
  member,
  track,
  kind: "audio",
});
const picture = (mid: string, member: string, track = `${member}-picture`): TrackMap => ({
  mid,
  member,
  track,
  kind: "video",
});

async function tickFor(ms: number): Promise<void> {
  for (let gone = 0; gone < ms; gone += 200) {
    await vi.advanceTimersByTimeAsync(200);
    media.tick(performance.now());
  }
  await settle();
}

beforeEach(() => {
  vi.useFakeTimers();
  fakeMediaGlobals();
  [sent, protectedSenders, opened, announced, renewed, online, ids] = [[], [], [], 0, 0, true, 0];
  [guarded, strangers, spent] = [[], [], false];
  media = new RoomMedia({
    room: "room",
    send: (message) => {
      if (online) sent.push(message);
      return online;
    },
    makeConnection: () => new FakePeerConnection() as unknown as RTCPeerConnection,
    protect: (sender, track) => {
      protectedSenders.push(sender);
      if (spent) throw new RangeError("no context is left");
      return { context: protectedSenders.length, ...track };
    },
    guardReceiver: (receiver) => guarded.push(receiver),
    openReceiver: (receiver, from) => {
      if (strangers.includes(from.member)) return false;
      opened.push({ receiver, from });
      return true;
    },
    newTrackId: () => `track-${++ids}`,
    contextsChanged: () => announced++,
    subscribing: () => renewed++,
    changed: () => undefined,
  });
});

afterEach(() => {
  media.close();
  vi.useRealTimers();
});

test("starting offers one voice and one picture, protected before anything is sent", async () => {
  media.setTrack("microphone", new FakeTrack("audio") as unknown as MediaStreamTrack);
  media.start({ offered: false });
  expect(protectedSenders).toHaveLength(2);
  expect(announced).toBe(1);
  await settle();
  expect(ofType("publish")).toEqual([
    {
      type: "publish",
      room: "room",
      n: 1,
      sdp: "offer of 0",
      tracks: [
        { id: "track-1", mid: "0", kind: "audio" },
        { id: "track-2", mid: "1", kind: "video" },
      ],
    },
  ]);
  expect(ofType("subscribe")).toHaveLength(1);
  const [audio, video] = connection(PUBLISHER).transceivers;
  expect([audio?.sender.track?.kind, video?.sender.track]).toEqual(["audio", null]);
  expect([audio?.preferred, video?.preferred]).toEqual([["audio/opus"], ["video/VP8", "video/rtx"]]);
  expect(media.contexts.map((one) => [one.track, one.kind])).toEqual([
    ["track-1", "audio"],
    ["track-2", "video"],
  ]);
});

test("muting and unmuting need no new offer and no new context", async () => {
  const track = new FakeTrack("audio") as unknown as MediaStreamTrack;
  media.start({ offered: false });
  await settle();
  media.setTrack("microphone", track);
  await settle();
  expect(connection(PUBLISHER).transceivers[0]?.sender.track).toBe(track);
  media.setTrack("microphone", null);
  await settle();
  expect(connection(PUBLISHER).transceivers[0]?.sender.track).toBeNull();
  expect([ofType("publish").length, announced]).toEqual([1, 1]);
});

test("an answer counts for the newest offer alone", async () => {
  media.start({ offered: false });
  await settle();
  media.published({ type: "published", room: "room", n: 7, sdp: "answer" });
  expect(connection(PUBLISHER).remoteDescription).toBeNull();
  media.published({ type: "published", room: "room", n: 1, sdp: "answer" });
  await settle();
  expect(connection(PUBLISHER).remoteDescription).toMatchObject({ sdp: "answer" });
});

test("the answer switches on nothing that tells who speaks, and no address leaves", async () => {
  media.start({ offered: false });
  await settle();
  const level = "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level";
  media.published({ type: "published", room: "room", n: 1, sdp: `v=0\r\n${level}\r\n` });
  await settle();
  expect(connection(PUBLISHER).remoteDescription?.sdp).toBe("v=0\r\n");
  for (const made of FakePeerConnection.made) made.address = "192.168.1.20";
  media.offered(offer(1, [voice("0", "ana")]));
  media.rebuild();
  for (const made of FakePeerConnection.made) made.address = "192.168.1.20";
  media.offered(offer(2, [voice("0", "ana")]));
  await settle();
  expect(ofType("subscribe_answer")).not.toHaveLength(0);
  expect(ofType("publish")).toHaveLength(2);
  expect(JSON.stringify(sent)).not.toContain("192.168");
});

test("every receiver is opened for its member before the answer leaves", async () => {
  media.start({ offered: false });
  media.offered(offer(1, [voice("0", "ana"), picture("1", "ana")]));
  await settle();
  expect(opened.map((one) => [one.from.member, one.from.kind])).toEqual([
    ["ana", "audio"],
    ["ana", "video"],
  ]);
  expect(ofType("subscribe_answer")).toEqual([
    { type: "subscribe_answer", room: "room", generation: 1, sdp: "answer of 1" },
  ]);
  expect(media.remoteTracks.map((one) => [one.member, one.kind])).toEqual([
    ["ana", "audio"],
    ["ana", "video"],
  ]);
});

test("an m-line that is used again is opened for its new member, and ended ones are gone", async () => {
  media.start({ offered: false });
  media.offered(offer(1, [voice("0", "ana"), picture("1", "ana")]));
  media.offered(offer(2, [picture("1", "ana")]));
  media.offered(offer(3, [voice("0", "ben")]));
  await settle();
  expect(opened.at(-1)).toMatchObject({ from: { member: "ben" } });
  expect(opened.at(-1)?.receiver).toBe(opened[0]?.receiver);
  expect(media.remoteTracks.map((one) => one.member)).toEqual(["ben"]);
});

test.each([
  ["without having been silent", [voice("0", "ben")]],
  ["under the same track id", [voice("0", "ben", "ana-voice")]],
  ["as a picture", [picture("0", "ana", "ana-voice")]],
])(
  "an m-line that turns into another person's %s is not followed: what is buffered would show on the wrong tile",
  async (_how, tracks) => {
    media.start({ offered: false });
    media.offered(offer(1, [voice("0", "ana")]));
    await settle();
    media.offered({ ...offer(2, [voice("0", "ana")]), tracks });
    await settle();
    expect(opened).toHaveLength(1);
    expect(ofType("subscribe_answer")).toHaveLength(1);
    await tickFor(400);
    expect(connection(SUBSCRIBER).connectionState).toBe("closed");
    expect([media.remoteTracks, ofType("subscribe").length]).toEqual([[], 2]);
  },
);

test("a picture on a voice's m-line is refused", async () => {
  media.start({ offered: false });
  media.offered({ ...offer(1, [voice("0", "ana")]), tracks: [picture("0", "ana")] });
  await settle();
  expect([opened, media.remoteTracks, ofType("subscribe_answer")]).toEqual([[], [], []]);
});

test("a receiver that the offer names nobody for is guarded all the same: nothing unencrypted is ever decoded", async () => {
  media.start({ offered: false });
  media.offered({ ...offer(1, [voice("0", "ana"), picture("1", "ana")]), tracks: [voice("0", "ana")] });
  await settle();
  const receivers = connection(SUBSCRIBER).transceivers.map((one) => one.receiver);
  expect(receivers.every((receiver) => guarded.includes(receiver))).toBe(true);
  expect(media.remoteTracks).toHaveLength(1);
});

test("somebody whom the room does not know yet is neither shown nor heard, and is once they are known", async () => {
  strangers = ["ana"];
  media.start({ offered: false });
  media.offered(offer(1, [voice("0", "ana")]));
  await settle();
  expect([guarded.length > 0, media.remoteTracks, ofType("subscribe_answer").length]).toEqual([true, [], 1]);
  media.membersChanged();
  expect(media.remoteTracks).toEqual([]);
  strangers = [];
  media.membersChanged();
  expect([opened.length, media.remoteTracks.map((one) => one.member)]).toEqual([1, ["ana"]]);
});

test("an offer that is no offer at all does not keep the next one from being read", async () => {
  media.start({ offered: false });
  media.offered({ type: "subscribe_offer", room: "room", generation: 1 } as SubscribeOfferMessage);
  await tickFor(400);
  media.offered(offer(2, [voice("0", "ana")]));
  await settle();
  expect(media.remoteTracks).toHaveLength(1);
});

test("muted and unmuted faster than the browser follows, the last word counts", async () => {
  const track = new FakeTrack("audio") as unknown as MediaStreamTrack;
  media.start({ offered: false });
  await settle();
  const sender = connection(PUBLISHER).transceivers[0]?.sender;
  media.setTrack("microphone", track);
  media.setTrack("microphone", null);
  await settle();
  expect(sender?.track).toBeNull();
  media.setTrack("microphone", track);
  await settle();
  media.setTrack("microphone", null);
  media.setTrack("microphone", track);
  await settle();
  expect(sender?.track).toBe(track);
});

test("an offer that changes nothing about a track leaves its receiver alone", async () => {
  media.start({ offered: false });
  media.offered(offer(1, [voice("0", "ana")]));
  await settle();
  const [before] = media.remoteTracks;
  media.offered(offer(2, [voice("0", "ana"), voice("2", "ben")]));
  await settle();
  expect(opened).toHaveLength(2);
  expect(media.remoteTracks[0]).toBe(before);
});

test("an older offer is passed over", async () => {
  media.start({ offered: false });
  media.offered(offer(5, [voice("0", "ana")]));
  media.offered(offer(4, []));
  await settle();
  expect(media.remoteTracks).toHaveLength(1);
  expect(ofType("subscribe_answer")).toHaveLength(1);
});

test("an offer of another transport comes to a fresh connection", async () => {
  media.start({ offered: false });
  media.offered(offer(1, [voice("0", "ana")]));
  await settle();
  media.offered(offer(1, [voice("0", "ana")], "two"));
  await settle();
  expect(connection(SUBSCRIBER).connectionState).toBe("closed");
  expect(FakePeerConnection.made).toHaveLength(3);
  expect(ofType("subscribe")).toHaveLength(1);
  expect(ofType("subscribe_answer").map((message) => message.sdp)).toEqual(["answer of 1", "answer of 2"]);
});

test("connected once both sides are, or the one while nobody else is there", async () => {
  media.start({ offered: false });
  expect(media.state).toBe("connecting");
  connection(PUBLISHER).become("connected");
  expect(media.state).toBe("connected");
  media.offered(offer(1, [voice("0", "ana")]));
  await settle();
  expect(media.state).toBe("connecting");
  connection(SUBSCRIBER).become("connected");
  expect(media.state).toBe("connected");
});

test("not connected after ten seconds is told once, and heals", async () => {
  media.start({ offered: false });
  await tickFor(9_800);
  expect(ofType("media_blocked")).toEqual([]);
  await tickFor(20_000);
  expect(ofType("media_blocked")).toHaveLength(1);
  expect(media.state).toBe("blocked");
  FakePeerConnection.made.at(-1)?.become("connected");
  await tickFor(400);
  expect(media.state).toBe("connected");
});

test("a failed publisher is built anew under new contexts and track ids", async () => {
  media.start({ offered: false });
  await settle();
  connection(PUBLISHER).become("failed");
  await tickFor(400);
  expect(connection(PUBLISHER).connectionState).toBe("closed");
  expect(announced).toBe(2);
  expect(ofType("publish").map((message) => [message.n, message.tracks[0]?.id])).toEqual([
    [1, "track-1"],
    [2, "track-3"],
  ]);
});

test("without a context left nothing is published, until there is one again", async () => {
  spent = true;
  media.start({ offered: false });
  await tickFor(3_000);
  expect([ofType("publish"), announced, media.contexts]).toEqual([[], 0, []]);
  expect(ofType("subscribe")).toHaveLength(1);
  const made = FakePeerConnection.made.filter((one) => one.connectionState !== "closed");
  expect(made).toHaveLength(1);
  spent = false;
  await tickFor(9_000);
  expect([ofType("publish").length, announced]).toEqual([1, 1]);
});

test("the new publisher sends what was sent before, and nothing that was muted", async () => {
  const track = new FakeTrack("audio") as unknown as MediaStreamTrack;
  media.start({ offered: false });
  media.setTrack("microphone", track);
  await settle();
  media.rebuild();
  await settle();
  expect(FakePeerConnection.made[2]?.transceivers.map((one) => one.sender.track)).toEqual([track, null]);
});

test("a refused publish and a refused subscribe are tried again", async () => {
  media.start({ offered: false });
  await settle();
  media.refused({ type: "error", code: "media_unavailable", about: "publish", n: 1 });
  media.refused({ type: "error", code: "media_unavailable", about: "subscribe" });
  await tickFor(2_000);
  expect(ofType("publish")).toHaveLength(2);
  expect(ofType("subscribe")).toHaveLength(2);
});

test("an offer that cannot be applied leads to a new subscription", async () => {
  media.start({ offered: false });
  connection(SUBSCRIBER).refuses = true;
  media.offered(offer(1, [voice("0", "ana")]));
  await tickFor(2_000);
  expect(ofType("subscribe")).toHaveLength(2);
  expect(ofType("subscribe_answer")).toEqual([]);
});

test("after a resume working connections stay, unless the server has lost them", async () => {
  media.start({ offered: false });
  media.offered(offer(1, [voice("0", "ana")]));
  await settle();
  connection(PUBLISHER).become("connected");
  connection(SUBSCRIBER).become("connected");
  media.resumed(true);
  await settle();
  expect(FakePeerConnection.made).toHaveLength(2);
  expect(ofType("subscribe").map(({ restart_ice = false }) => restart_ice)).toEqual([false, true]);
  media.resumed(false);
  await settle();
  expect(FakePeerConnection.made).toHaveLength(4);
  expect(ofType("subscribe").map(({ restart_ice = false }) => restart_ice)).toEqual([false, true, false]);
});

test("after a resume what had not connected yet is built anew", async () => {
  media.start({ offered: false });
  await settle();
  connection(PUBLISHER).become("connected");
  media.resumed(true);
  await settle();
  expect([FakePeerConnection.made.length, connection(PUBLISHER).restarts, renewed]).toEqual([3, 1, 2]);
});

/** The server's offer of the same transport under other ICE credentials. */
function restarted(generation: number, tracks: TrackMap[]): SubscribeOfferMessage {
  const before = offer(generation, tracks);
  return { ...before, sdp: before.sdp.replace("a=ice-ufrag:one", "a=ice-ufrag:two") };
}

test("a restart that was asked for goes on with the same connection; one that was not is another transport", async () => {
  const tracks = [voice("0", "ana")];
  media.start({ offered: false });
  media.offered(offer(1, tracks));
  await settle();
  for (const side of [PUBLISHER, SUBSCRIBER]) connection(side).become("connected");
  media.networkChanged();
  await settle();
  media.offered(restarted(2, tracks));
  await settle();
  expect([FakePeerConnection.made.length, ofType("subscribe_answer").length]).toEqual([2, 2]);
  expect([connection(PUBLISHER).restarts, ofType("publish").length]).toEqual([1, 2]);
  media.offered(offer(3, tracks)); // its first credentials again, and nobody asked
  await settle();
  expect(FakePeerConnection.made).toHaveLength(3);
  expect(connection(SUBSCRIBER).connectionState).toBe("closed");
});

test("an answer of another transport than before, with the same certificate, is met with a new connection", async () => {
  const from = (session: number, ufrag: string) =>
    `v=0\r\no=- ${session} 1 IN IP4 127.0.0.1\r\na=fingerprint:one\r\na=ice-ufrag:${ufrag}\r\n`;
  media.start({ offered: false });
  await settle();
  media.published({ type: "published", room: "room", n: 1, sdp: from(1, "one") });
  await settle();
  for (const side of [PUBLISHER, SUBSCRIBER]) connection(side).become("connected");
  media.networkChanged();
  await settle();
  media.published({ type: "published", room: "room", n: 2, sdp: from(1, "two") });
  await settle();
  expect(FakePeerConnection.made).toHaveLength(2);
  media.resumed(true);
  await settle();
  media.published({ type: "published", room: "room", n: 3, sdp: from(2, "three") });
  await settle();
  expect(FakePeerConnection.made).toHaveLength(3);
  expect(connection(PUBLISHER).connectionState).toBe("closed");
  expect(ofType("publish").at(-1)?.n).toBe(4);
});

test("a restart whose offer was lost is made again, and the answer to the older one is passed over", async () => {
  media.start({ offered: false });
  await settle();
  media.published({ type: "published", room: "room", n: 1, sdp: "first" });
  await settle();
  connection(PUBLISHER).become("connected");
  online = false;
  media.networkChanged();
  await settle();
  online = true;
  media.resumed(true);
  await settle();
  expect(ofType("publish").map(({ n }) => n)).toEqual([1, 3]);
  media.published({ type: "published", room: "room", n: 2, sdp: "stale" });
  media.published({ type: "published", room: "room", n: 3, sdp: "answer" });
  await settle();
  expect(connection(PUBLISHER).remoteDescription).toMatchObject({ sdp: "answer" });
});

test("a refused change of what is published does not end a connection that works", async () => {
  media.start({ offered: false });
  await settle();
  media.published({ type: "published", room: "room", n: 1, sdp: "answer" });
  await settle();
  connection(PUBLISHER).become("connected");
  media.setTrack("screen", new FakeTrack("video") as unknown as MediaStreamTrack);
  await settle();
  media.refused({ type: "error", code: "media_unavailable", about: "publish", n: 2 });
  await tickFor(400);
  expect(ofType("publish").map(({ n }) => n)).toEqual([1, 2, 3]);
  media.published({ type: "published", room: "room", n: 3, sdp: "answer" });
  await tickFor(20_000);
  expect(FakePeerConnection.made).toHaveLength(1 + 1);
});

test("what the browser measures comes with whose it is; once closed there is nothing to measure", async () => {
  media.start({ offered: false });
  media.offered(offer(1, [voice("0", "ana")]));
  await settle();
  connection(PUBLISHER).stats = [{ type: "outbound-rtp" }];
  connection(SUBSCRIBER).stats = [{ type: "inbound-rtp" }];
  const { up, down, at } = await media.reports();
  expect([up, down]).toEqual([[{ type: "outbound-rtp" }], [{ type: "inbound-rtp" }]]);
  expect([at("0")?.id, at("9")]).toEqual(["ana-voice", undefined]);
  media.close();
  expect(await media.reports()).toMatchObject({ up: [], down: [] });
});

test("levels count the voices that are asked for", async () => {
  media.start({ offered: false });
  media.offered(offer(1, [voice("0", "ana"), voice("1", "ana", "her-screens-sound")]));
  await settle();
  connection(SUBSCRIBER).stats = [
    { type: "inbound-rtp", kind: "audio", mid: "0", audioLevel: 0.1 },
    { type: "inbound-rtp", kind: "audio", mid: "1", audioLevel: 0.9 },
  ];
  expect([...(await media.levels(({ id }) => id === "ana-voice"))]).toEqual([["ana", 0.1]]);
});

test("levels are told by member", async () => {
  media.start({ offered: false });
  media.offered(offer(1, [voice("0", "ana"), voice("1", "ben")]));
  await settle();
  connection(SUBSCRIBER).stats = [
    { type: "inbound-rtp", kind: "audio", mid: "0", audioLevel: 0.25, packetsReceived: 50 },
    { type: "inbound-rtp", kind: "audio", mid: "1" },
    { type: "inbound-rtp", kind: "audio", mid: "9", audioLevel: 1 },
    { type: "inbound-rtp", kind: "video", mid: "1", audioLevel: 1, packetsReceived: 7 },
    { type: "outbound-rtp", kind: "video", mid: "2", packetsReceived: 900 },
  ];
  expect(media.arrived).toBe(0);
  expect([...(await media.levels())]).toEqual([["ana", 0.25]]);
  expect(media.arrived).toBe(57);
});

test("closing ends both connections and everything that was under way", async () => {
  media.start({ offered: false });
  media.offered(offer(1, [voice("0", "ana")]));
  media.close();
  await settle();
  expect(FakePeerConnection.made.map((one) => one.connectionState)).toEqual(["closed", "closed"]);
  expect(ofType("subscribe_answer")).toEqual([]);
  expect((await media.levels()).size).toBe(0);
});
