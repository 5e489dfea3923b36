import { beforeEach, expect, test } from "vitest";
import { numberNames } from "../../../web/client/names";
import { Room } from "../../../web/client/room";
import { type ScreenSources, screenViews } from "../../../web/client/screen_views";
import { person } from "./fake_manager";

const PICTURE = {} as MediaStream;
const SCREEN = { context: 3, track: "a-screen", kind: "video", screen: true } as const;
const STATE = { type: "state", name: "Marta", microphone: true, camera: true, hand: 0 } as const;

let room: Room;
let sources: ScreenSources;
beforeEach(() => {
  const own = { name: "Me", microphone: true, camera: true, hand: 0, sharing: 0, uplink: "good" as const };
  room = new Room({ self: "me", role: "participant", own, numberNames });
  const people = [person("marta", 0, "facilitator"), person("me", 1)];
  room.groupChanged({ room: "room", state: "in", epoch: 1, people, changes: [] }, 0);
  sources = { own: null, stream: () => null, held: () => false, pinned: () => false };
});
const views = (before: ReturnType<typeof screenViews> = []) => screenViews(room, sources, before);

test("nobody shares: none", () => {
  room.heard("marta", 1, { ...STATE, contexts: [] }, 0);
  expect(views()).toEqual([]);
});

test("one that is announced is there before its picture comes", () => {
  room.heard("marta", 1, { ...STATE, contexts: [SCREEN] }, 0);
  const view = { member: "marta", name: "Marta", self: false, stream: null, held: false, pinned: false };
  expect(views()).toEqual([view]);
  sources = {
    ...sources,
    stream: (member, track) => (member === "marta" && track === "a-screen" ? PICTURE : null),
    held: () => true,
    pinned: () => true,
  };
  expect(views()).toEqual([{ ...view, stream: PICTURE, held: true, pinned: true }]);
});

test("one's own is shown from what is captured", () => {
  sources = { ...sources, own: PICTURE };
  expect(views()).toMatchObject([{ member: "me", name: "Me", self: true, stream: PICTURE, held: false }]);
});

test("what did not change is the same object, and the same list", () => {
  room.heard("marta", 1, { ...STATE, contexts: [SCREEN] }, 0);
  const first = views();
  expect(views(first)).toBe(first);
  sources = { ...sources, own: PICTURE };
  const second = views(first);
  expect([second.length, second[0] === first[0]]).toEqual([2, true]);
});
