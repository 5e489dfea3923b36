import { beforeEach, expect, test } from "vitest";
import { numberNames } from "../../../web/client/names";
import { Room } from "../../../web/client/room";
import { type RosterSources, rosterViews } from "../../../web/client/roster";
import { member } from "./meeting_fixture";

const PICTURE = {} as MediaStream;
const SEED = new Uint8Array(16);
const STATE = { type: "state", name: "Marta", microphone: true, camera: true, hand: 0, contexts: [] } as const;

let room: Room;
let sources: RosterSources;

beforeEach(() => {
  room = new Room({ id: "room", own: { name: "Me", microphone: true, camera: true, hand: 0 }, numberNames });
  const members = [member("me", 1), member("marta", 0, "facilitator")];
  room.enter("me", { id: "room", seq: 0, members, said_n: 0, replayed_from: 1 }, false, 0);
  sources = {
    speaking: new Set(["marta", "me"]),
    keyState: () => "encrypted",
    video: () => PICTURE,
    avatarSeed: () => SEED,
    own: { microphone: true, camera: true, video: PICTURE },
  };
});

const views = () => rosterViews(room, sources, []);

test("everybody in order of admission, oneself included", () => {
  expect(views().map((view) => [view.id, view.self, view.role])).toEqual([
    ["marta", false, "facilitator"],
    ["me", true, "participant"],
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

test("one's own tile follows one's own devices at once", () => {
  sources.own = { microphone: false, camera: false, video: PICTURE };
  expect(views()[1]).toMatchObject({ muted: true, cameraOff: true, video: null, speaking: false, keys: "encrypted" });
});

test("what did not change is the same object, and the same list", () => {
  room.heard("marta", 1, { ...STATE, contexts: [] }, 0);
  const first = views();
  expect(rosterViews(room, sources, first)).toBe(first);
  room.memberLost("marta");
  const second = rosterViews(room, sources, first);
  expect(second).not.toBe(first);
  expect([second[0] === first[0], second[1] === first[1]]).toEqual([false, true]);
});
