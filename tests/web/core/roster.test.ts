import { beforeEach, expect, test } from "vitest";
import { numberNames } from "../../../web/client/names";
import { Room } from "../../../web/client/room";
import { type RosterSources, rosterViews } from "../../../web/client/roster";
import { person } from "./fake_manager";

const PICTURE = {} as MediaStream;
const SEED = new Uint8Array(16);
const STATE = { type: "state", name: "Marta", microphone: true, camera: true, hand: 0, contexts: [] } as const;

let room: Room;
let sources: RosterSources;

beforeEach(() => {
  const own = { name: "Me", microphone: true, camera: true, hand: 0, sharing: 0, uplink: "good" as const };
  room = new Room({ self: "me", role: "participant", own, numberNames });
  const people = [person("me", 4), person("marta", 0, "facilitator"), person("chi", 2, "co_facilitator", true)];
  room.groupChanged({ room: "room", state: "in", epoch: 1, people, changes: [] }, 0);
  sources = {
    speaking: new Set(["marta", "me"]),
    keyState: () => "encrypted",
    video: () => PICTURE,
    held: () => false,
    network: () => null,
    pinned: () => false,
    avatarSeed: () => SEED,
    own: { microphone: true, camera: true, video: PICTURE },
  };
});

const views = () => rosterViews(room, sources, []);

test("everybody in order of the leaves, with role and check as the group has them", () => {
  expect(views().map((view) => [view.id, view.self, view.role, view.checked])).toEqual([
    ["marta", false, "facilitator", false],
    ["chi", false, "co-facilitator", true],
    ["me", true, "participant", true],
  ]);
});

test("of somebody whose state has not come nothing is shown but the tile", () => {
  expect(views()[0]).toMatchObject({ name: null, muted: true, cameraOff: true, speaking: false, video: null });
});

test("a camera that is off shows no picture, even while frames arrive", () => {
  room.heard("marta", 1, { ...STATE, contexts: [] }, 0);
  expect(views()[0]?.video).toBe(PICTURE);
  room.heard("marta", 2, { ...STATE, camera: false, contexts: [] }, 0);
  expect(views()[0]).toMatchObject({ video: null, cameraOff: true });
});

test("one's own tile follows one's own devices at once, and waits for keys while one is out", () => {
  sources.own = { microphone: false, camera: false, video: PICTURE };
  expect(views()[2]).toMatchObject({ muted: true, cameraOff: true, video: null, speaking: false, keys: "encrypted" });
  room.groupChanged({ room: "room", state: "out", epoch: 0, people: [], changes: [] }, 0);
  expect(views()[2]?.keys).toBe("waiting");
});

test("what did not change is the same object, and the same list", () => {
  room.heard("marta", 1, { ...STATE, contexts: [] }, 0);
  const first = views();
  expect(rosterViews(room, sources, first)).toBe(first);
  room.connection("marta", false);
  const second = rosterViews(room, sources, first);
  expect(second).not.toBe(first);
  expect([second[0] === first[0], second[1] === first[1]]).toEqual([false, true]);
});

test("held, network and pin are shown as they are known; of oneself and of a camera that is off nothing is held", () => {
  sources = { ...sources, held: () => true, network: () => "fair", pinned: (id) => id === "chi" };
  room.heard("marta", 1, { ...STATE, contexts: [] }, 0);
  room.heard("chi", 2, { ...STATE, camera: false, contexts: [] }, 0);
  expect(views().map((view) => [view.id, view.held, view.network, view.pinned])).toEqual([
    ["marta", true, "fair", false],
    ["chi", false, "fair", true],
    ["me", false, "fair", false],
  ]);
});
