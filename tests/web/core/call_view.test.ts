import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CallNetwork } from "../../../web/client/call_network";
import type { CallScreen } from "../../../web/client/call_screen";
import { CallView, type OutgoingDevices } from "../../../web/client/call_view";
import { ChatLog } from "../../../web/client/chat_log";
import { EncryptionNews } from "../../../web/client/encryption_news";
import type { RoomMedia } from "../../../web/client/media";
import { Room } from "../../../web/client/room";
import type { Sound } from "../../../web/client/sound";
import { Store } from "../../../web/client/store";
import { WaitingList } from "../../../web/client/waiting_list";
import { person } from "./fake_manager";
import { FakeTrack } from "./fakes";
import { knock } from "./meeting_fixture";

const MARTA = person("marta", 0, "facilitator");
const STATE = { type: "state", name: "Marta", microphone: true, camera: true, hand: 0, contexts: [] } as const;
const PICTURE = {} as MediaStream;

let room: Room;
let store: Store;
let chat: ChatLog;
let waiting: WaitingList;
let news: EncryptionNews;
let media: {
  state: RoomMedia["state"];
  remoteTracks: { member: string; id: string; kind: "audio" | "video"; stream: MediaStream }[];
};
let devices: { open: Set<string>; loudness: { peak: number } | null };
let played: string[];
let seedsAsked: string[];
let view: CallView;

beforeEach(() => {
  vi.useFakeTimers();
  [store, chat, waiting, played, seedsAsked] = [new Store(), new ChatLog(), new WaitingList(), [], []];
  news = new EncryptionNews({ announce: () => undefined, nameOf: () => null });
  room = new Room({
    self: "me",
    role: "participant",
    own: { name: "Ana", microphone: true, camera: true, hand: 0, sharing: 0, uplink: "good" },
    numberNames: (names) => [...names],
  });
  media = { state: "connected", remoteTracks: [] };
  devices = { open: new Set(["microphone", "camera"]), loudness: null };
  const outgoing: OutgoingDevices = {
    outgoing: (input) => (devices.open.has(input) ? (new FakeTrack("audio") as unknown as MediaStreamTrack) : null),
    get loudness() {
      return devices.loudness;
    },
    stream: { value: PICTURE },
  };
  view = new CallView({
    store,
    sound: {
      play: (tracks) => {
        played = tracks.map(({ member }) => member);
      },
    } as Sound,
    devices: outgoing,
    room,
    chat,
    waiting,
    news,
    media: media as unknown as RoomMedia,
    network: { held: () => false, networkOf: () => null, pinned: () => false } as unknown as CallNetwork,
    screen: { stream: null } as CallScreen,
    avatarSeed: async (member) => {
      seedsAsked.push(member);
      return new Uint8Array(16).fill(member.length);
    },
  });
});
afterEach(() => vi.useRealTimers());

function group(...people: ReturnType<typeof person>[]): void {
  room.groupChanged({ room: "room", state: "in", epoch: 1, people: [person("me", 1), ...people], changes: [] }, 0);
}

const tile = (id: string) => store.members.value.find((one) => one.id === id);
const say = (change: object = {}) => room.heard("marta", 1, { ...STATE, contexts: [], ...change }, 0);

test("people, chat, door and encryption stand in the store after drawing, and not before", () => {
  group(MARTA);
  chat.heard(1, "marta", "Marta", "hello", new Date(0));
  waiting.knocked(knock("cem"), "Cem", new Uint8Array(16), 0);
  view.locked = true;
  expect([store.members.value, store.chat.value, store.knocks.value]).toEqual([[], [], []]);
  view.draw();
  expect(store.members.value.map(({ id }) => id)).toEqual(["marta", "me"]);
  expect([store.chat.value[0]?.text, store.knocks.value[0]?.name]).toEqual(["hello", "Cem"]);
  expect(store.encryption.value).toMatchObject({ ready: true, unchecked: 1, locked: true });
  expect(store.lastFacilitator.value).toBe(false);
});

test("what says the same is the same object, so that nothing is drawn anew", () => {
  group(MARTA);
  view.draw();
  const before = [store.members.value, store.encryption.value, store.knocks.value];
  view.draw();
  expect([store.members.value, store.encryption.value, store.knocks.value].map((one, n) => one === before[n])).toEqual([
    true,
    true,
    true,
  ]);
});

test("keys: awaited until somebody's own word has come, then as the frames tell, and forgotten with them", () => {
  group(MARTA);
  view.draw();
  expect(tile("marta")?.keys).toBe("waiting");
  say();
  view.draw();
  expect(tile("marta")?.keys).toBe("encrypted");
  view.keyState("marta", "problem");
  view.draw();
  expect(tile("marta")?.keys).toBe("problem");
  view.forgetKeys("nobody");
  view.draw();
  expect(tile("marta")?.keys).toBe("problem");
  view.forgetKeys();
  view.draw();
  expect(tile("marta")?.keys).toBe("encrypted");
});

test("nobody is heard who is not in the group, though the server sends it", () => {
  group(MARTA);
  media.remoteTracks = ["marta", "ghost"].map((member) => ({ member, id: "voice", kind: "audio", stream: PICTURE }));
  view.draw();
  expect(played).toEqual(["marta"]);
  group();
  view.draw();
  expect(played).toEqual([]);
});

test("pictures: another's as they announce it, one's own from the device, none with the camera off", () => {
  const contexts = [{ context: 1, track: "martas-camera", kind: "video" }];
  group(MARTA);
  say({ contexts });
  media.remoteTracks = [{ member: "marta", id: "another", kind: "video", stream: PICTURE }];
  view.draw();
  expect(tile("marta")?.video).toBeNull();
  media.remoteTracks.push({ member: "marta", id: "martas-camera", kind: "video", stream: PICTURE });
  view.draw();
  expect([tile("marta")?.video, tile("me")?.video]).toEqual([PICTURE, PICTURE]);
  devices.open.delete("camera");
  say({ camera: false, contexts });
  view.draw();
  expect([tile("marta")?.video, tile("me")?.video, tile("me")?.cameraOff]).toEqual([null, null, true]);
});

test("who speaks is known by loudness, oneself by one's own device, and nobody who says that they are muted", () => {
  group(MARTA);
  say();
  const hear = (ms: number) => {
    for (let now = ms; now < ms + 1000; now += 200) view.heard(new Map([["marta", 0.5]]), now);
    view.draw();
  };
  hear(1000);
  expect([tile("marta")?.speaking, tile("me")?.speaking]).toEqual([true, false]);
  devices.loudness = { peak: 0.5 };
  say({ microphone: false });
  hear(10_000);
  expect([tile("marta")?.speaking, tile("me")?.speaking]).toEqual([false, true]);
});

test("seeds of avatars are asked for once each", async () => {
  await view.learnSeeds(["marta", "me"]);
  await view.learnSeeds(["marta", "me", "ben"]);
  group(MARTA);
  view.draw();
  expect(seedsAsked).toEqual(["marta", "me", "ben"]);
  expect(tile("marta")?.avatarSeed).toEqual(new Uint8Array(16).fill(5));
});

test("the line about the connection is the media's, unless the socket itself is lost", () => {
  store.connection.value = "connecting";
  view.draw();
  expect(store.connection.value).toBe("fine");
  media.state = "blocked";
  view.draw();
  expect(store.connection.value).toBe("media-blocked");
  store.connection.value = "reconnecting";
  view.draw();
  expect(store.connection.value).toBe("reconnecting");
});
