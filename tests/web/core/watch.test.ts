import { beforeEach, expect, test } from "vitest";
import type { Announced } from "../../../web/client/room";
import { voiceKey, Watch, type Wishes } from "../../../web/client/watch";
import { seeded } from "../random";

const picture = (member: string, track = `${member}-camera`): Announced => ({
  member,
  track,
  kind: "video",
  screen: false,
});
const screen = (member: string): Announced => ({ member, track: `${member}-screen`, kind: "video", screen: true });
const voice = (member: string): Announced => ({ member, track: `${member}-voice`, kind: "audio", screen: false });
const CHOICES = { dataSaver: false, audioOnly: false, relayOnly: false };
const ALL = [picture("ana"), voice("ana"), picture("ben"), screen("ben"), voice("ben")];

let watch: Watch;
beforeEach(() => {
  watch = new Watch();
});

/** What is told now, and counts as told. */
function tell(now: number, tracks: readonly Announced[] = ALL): Wishes | null {
  const wishes = watch.due(tracks, now);
  if (wishes) watch.told(wishes, now);
  return wishes;
}
const heights = (wishes: Wishes | null) => wishes?.tiles.map(({ track, height }) => [track, height]);

test("on a new connection everything is told once, at first that nothing is shown", () => {
  expect(tell(0)).toEqual({ tiles: [], max_rate: null });
  expect(tell(1000)).toBeNull();
  watch.renew();
  expect(tell(1001)).toEqual({ tiles: [], max_rate: null });
});

test("a tile that appears or grows is told at once, by steps, and for the track that its owner announces", () => {
  tell(0);
  watch.show("ana", "camera", 200, 1000);
  expect(heights(tell(1000))).toEqual([["ana-camera", 210]]);
  watch.show("ana", "camera", 205, 2000);
  expect(tell(2000)).toBeNull();
  watch.show("ana", "camera", 700, 3000);
  expect(heights(tell(3000))).toEqual([["ana-camera", 720]]);
  expect(heights(tell(4000, [picture("ana", "another-track")]))).toEqual([["another-track", 720]]);
  watch.show("ana", "camera", 100_000, 5000);
  expect(heights(tell(5000))).toEqual([["ana-camera", 4320]]);
});

test("a tile that shrinks or goes out of sight is told after a second, and not at all if it is back by then", () => {
  watch.show("ana", "camera", 720, 0);
  tell(0);
  watch.show("ana", "camera", 0, 1000);
  expect(tell(1500)).toBeNull();
  watch.show("ana", "camera", 720, 1600);
  expect(tell(9000)).toBeNull();
  watch.show("ana", "camera", 180, 10_000);
  expect(tell(10_999)).toBeNull();
  expect(heights(tell(11_000))).toEqual([["ana-camera", 180]]);
});

test("four messages a second and four at once after a rest, and the last state is told", () => {
  tell(0);
  let told = 0;
  for (let now = 2000; now < 4000; now += 10) {
    watch.show("ana", "camera", now, now);
    if (tell(now)) told += 1;
  }
  expect(told).toBe(4 + 7);
  expect(heights(tell(4500))).toEqual([["ana-camera", 3990]]);
});

test("who comes in says that nothing is shown, the first tile and the others without a pause", () => {
  const all = [picture("ana"), picture("ben")];
  expect(heights(tell(0, []))).toEqual([]);
  watch.show("ana", "camera", 720, 10);
  expect(heights(tell(10, all))).toEqual([["ana-camera", 720]]);
  watch.show("ben", "camera", 360, 20);
  expect(heights(tell(20, all))?.length).toBe(2);
  watch.show("ana", "camera", 750, 30);
  expect(tell(30, all)).not.toBeNull();
  watch.show("ana", "camera", 780, 40);
  expect(tell(40, all)).toBeNull();
  expect(watch.notBefore).toBe(250);
  expect(tell(250, all)).not.toBeNull();
});

test("screens and pinned tiles come first", () => {
  for (const one of ["ana", "ben"]) watch.show(one, "camera", 180, 0);
  watch.show("ben", "screen", 720, 0);
  watch.pin("ana", "camera", true);
  expect(tell(0)?.tiles).toEqual([
    { member: "ana", track: "ana-camera", height: 180, first: true },
    { member: "ben", track: "ben-camera", height: 180 },
    { member: "ben", track: "ben-screen", height: 720, first: true },
  ]);
  expect([watch.pinned("ana", "camera"), watch.pinned("ana", "screen")]).toEqual([true, false]);
  watch.pin("ana", "camera", false);
  expect(tell(1000)?.tiles.map(({ first = false }) => first)).toEqual([false, false, true]);
});

test("Data saver takes the smallest of every camera, leaves screens readable, and says what may be spent", () => {
  watch.show("ana", "camera", 720, 0);
  watch.show("ben", "screen", 720, 0);
  watch.choose({ ...CHOICES, dataSaver: true });
  expect(heights(tell(0))).toEqual([
    ["ana-camera", 180],
    ["ben-screen", 720],
  ]);
  expect(tell(0, [])?.max_rate ?? watch.due([], 1000)?.max_rate).toBe(400_000);
});

test("Audio only asks for no picture at all, and for all of them again when it is switched off", () => {
  for (const what of ["camera", "screen"] as const) watch.show("ben", what, 720, 0);
  watch.choose({ ...CHOICES, audioOnly: true });
  expect([heights(tell(0)), watch.asks("ben", "camera", 0)]).toEqual([[], false]);
  watch.choose(CHOICES);
  expect([heights(tell(1000))?.length, watch.asks("ben", "camera", 1000)]).toEqual([2, true]);
});

test("a page that nobody sees gets no pictures after five seconds, and they are back at once", () => {
  watch.show("ana", "camera", 360, 0);
  tell(0);
  watch.hide(true, 1000);
  watch.hide(true, 4000);
  expect(tell(5999)).toBeNull();
  expect(heights(tell(6000))).toEqual([]);
  watch.hide(false, 8000);
  expect(heights(tell(8000))).toEqual([["ana-camera", 360]]);
});

test("voices are named only when they are paused", () => {
  watch.pause(new Set([voiceKey("ana", "ana-voice")]));
  expect(tell(0)?.tiles).toEqual([{ member: "ana", track: "ana-voice", height: 0 }]);
  watch.pause(new Set());
  expect(tell(1000)?.tiles).toEqual([]);
});

test("what did not reach a socket is told again", () => {
  watch.show("ana", "camera", 360, 0);
  expect(watch.due(ALL, 0)).not.toBeNull();
  expect(watch.due(ALL, 1)).not.toBeNull();
});

test("somebody who left takes pin and height along", () => {
  watch.show("ana", "camera", 360, 0);
  watch.pin("ana", "camera", true);
  watch.forget("ana");
  expect([tell(0)?.tiles, watch.pinned("ana", "camera")]).toEqual([[], false]);
});

test("whatever happens: never more than four a second beyond four, never a picture too tall, and in the end what is shown", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = seeded(seed);
    const one = new Watch();
    const shown = new Map<string, number>();
    const told: number[] = [];
    for (let now = 0; now < 20_000; now += Math.ceil(random() * 120)) {
      const member = random() < 0.5 ? "ana" : "ben";
      const height = random() < 0.3 ? 0 : Math.floor(random() * 1000);
      if (random() < 0.5) {
        one.show(member, "camera", height, now);
        shown.set(member, height);
      }
      const wishes = one.due(ALL, now);
      if (!wishes || random() < 0.2) continue;
      told.push(now);
      one.told(wishes, now);
    }
    for (const [at, first] of told.entries()) {
      for (const [later, now] of told.slice(at).entries())
        expect(now - first).toBeGreaterThanOrEqual(250 * (later - 3));
    }
    const end = one.due(ALL, 30_000);
    if (end) one.told(end, 30_000);
    one.renew();
    const asked = new Map(one.due(ALL, 40_000)?.tiles.map(({ member, height }) => [member, height]));
    for (const [member, height] of shown) expect(asked.get(member) ?? 0).toBe(Math.ceil(height / 30) * 30);
  }
});

test("of one member one picture of each kind is asked for, however many they announce", () => {
  watch.show("ana", "camera", 180, 0);
  const many = Array.from({ length: 16 }, (_, i) => picture("ana", `track-${i}`));
  expect(heights(tell(0, many))).toEqual([["track-0", 180]]);
});

test("what the server refused is told again after two seconds, and not before", () => {
  tell(0);
  watch.refused(100);
  watch.show("ana", "camera", 180, 200);
  expect(tell(2099)).toBeNull();
  expect(heights(tell(2100))).toEqual([["ana-camera", 180]]);
  expect(tell(9000)).toBeNull();
});

test("a voice is paused for whom it belongs to, and not for who announces its track too", () => {
  const mallory = { member: "mallory", track: "ana-voice", kind: "audio", screen: false } as const;
  watch.pause(new Set([voiceKey("mallory", "ana-voice")]));
  expect(tell(0, [voice("ana"), mallory])?.tiles).toEqual([{ member: "mallory", track: "ana-voice", height: 0 }]);
});
