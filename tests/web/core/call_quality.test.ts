import { describe, expect, test } from "vitest";
import { qualityOf, type Watched } from "../../../web/client/call_quality";
import type { Arriving, Figures } from "../../../web/client/media_figures";

/** Five seconds of a good call: 250 packets of sound, 120 pictures. */
const SECONDS = 5;
const voice = (more: Partial<Arriving> = {}): Arriving => ({
  track: "voice",
  kind: "audio",
  packets: 250,
  lost: 0,
  again: 0,
  bytes: 28_000,
  samples: 240_000,
  concealed: 0,
  frames: 0,
  frozen: null,
  height: 0,
  ...more,
});
const picture = (more: Partial<Arriving> = {}): Arriving => ({
  track: "picture",
  kind: "video",
  packets: 300,
  lost: 0,
  again: 0,
  bytes: 280_000,
  samples: 0,
  concealed: 0,
  frames: 120,
  frozen: 0,
  height: 360,
  ...more,
});
const zero = (one: Arriving): Arriving => ({
  ...one,
  packets: 0,
  lost: 0,
  again: 0,
  bytes: 0,
  samples: 0,
  concealed: 0,
  frames: 0,
  frozen: one.frozen === null ? null : 0,
});
const UP = { packets: 500, resent: 0, bytes: 300_000, available: 2_000_000, sendingPicture: true };
const figures = (down: Arriving[], more: Partial<Figures["up"]> = {}, roundTrip: number | null = 0.05): Figures => ({
  at: SECONDS * 1000,
  up: { ...UP, ...more },
  down,
  roundTrip,
  path: "udp",
});
const START: Figures = { ...figures([]), at: 0, up: { ...UP, packets: 0, resent: 0, bytes: 0 } };
const ANA: Watched = {
  member: "ana",
  name: "Ana",
  voice: "voice",
  picture: "picture",
  held: false,
  shown: true,
  uplink: "good",
};

const settled = () => true;
const view = (now: Figures, person: Partial<Watched> = {}, soundTooMuch = false) =>
  qualityOf({ ...START, down: now.down.map(zero) }, now, { people: [{ ...ANA, ...person }], soundTooMuch, settled });

test("all is well: rates, no loss, nobody to blame", () => {
  const { up, down, people, roundTrip, path } = view(figures([voice(), picture()]));
  expect([up, down]).toEqual([
    { quality: "good", rate: 480_000, loss: 0 },
    { quality: "good", rate: 492_800, loss: 0 },
  ]);
  expect(people).toEqual([{ member: "ana", name: "Ana", sound: "good", picture: "good", height: 360, cause: null }]);
  expect([roundTrip, path]).toEqual([0.05, "udp"]);
});

describe("up", () => {
  test.each([
    ["lost now and then", { resent: 5 }, 0.05, "good"],
    ["loss from 2 %", { resent: 10 }, 0.05, "fair"],
    ["loss from 10 %", { resent: 50 }, 0.05, "poor"],
    ["a long way", {}, 0.3, "fair"],
    ["a very long way", {}, 0.8, "poor"],
    ["an unknown way", {}, null, "good"],
    ["room for the voice alone", { available: 150_000 }, 0.05, "fair"],
    [
      "room for the voice alone, which is all that is sent",
      { available: 150_000, sendingPicture: false },
      0.05,
      "good",
    ],
    ["no room for the voice", { available: 40_000 }, 0.05, "poor"],
    ["a browser that does not tell the room", { available: null }, 0.05, "good"],
    ["nothing sent", { packets: 0, bytes: 0 }, 0.05, "none"],
  ] as const)("%s: %j, %s s is %s", (_what, more, roundTrip, quality) => {
    expect(view(figures([voice()], more, roundTrip)).up.quality).toBe(quality);
  });
});

describe("down", () => {
  test.each([
    ["loss from 2 %", [voice({ lost: 6 })], "fair"],
    ["loss from 10 %", [voice({ lost: 30 })], "poor"],
    ["more came than was lost (repairs count late)", [voice({ lost: -5 })], "good"],
    ["much came when it was sent again", [picture({ packets: 300, again: 40 })], "poor"],
    ["some sound was asked for again", [voice({ again: 8 })], "fair"],
    ["speech made up, 2 %", [voice({ concealed: 4_800 })], "fair"],
    ["speech made up, 6 %", [voice({ concealed: 14_400 })], "poor"],
    ["a still picture now and then", [picture({ frozen: 0.06 })], "fair"],
    ["a still picture", [picture({ frozen: 0.3 })], "poor"],
  ] as [string, Arriving[], string][])("%s", (_what, down, quality) => {
    expect(view(figures(down)).down.quality).toBe(quality);
  });

  test("sound that its owner's way up lost is asked for again too, and is no loss of one's own", () => {
    const now = figures([voice({ again: 20 }), picture()]);
    expect(view(now).down.loss).toBeCloseTo(20 / 550, 6);
    expect(view(now, { uplink: "fair" }).down).toMatchObject({ loss: 0, quality: "good" });
    const both = figures([voice({ again: 20 }), picture({ again: 30 })]);
    expect(view(both, { uplink: "fair" }).down.loss).toBeCloseTo(30 / 300, 6);
    expect(view(figures([voice({ lost: 30 })]), { uplink: "fair" }).down.loss).toBeCloseTo(30 / 280, 6);
  });

  test("nobody else there: nothing to judge", () => {
    expect(qualityOf(START, figures([]), { people: [], soundTooMuch: false, settled }).down).toMatchObject({
      quality: "none",
    });
  });

  test("pictures without room make it fair, sound without room poor", () => {
    const good = figures([voice(), picture()]);
    expect(view(good, { held: true }).down.quality).toBe("fair");
    expect(view(good, {}, true).down.quality).toBe("poor");
  });
});

describe("a person", () => {
  const person = (down: Arriving[], more: Partial<Watched> = {}) => view(figures(down), more).people[0];

  test("muted, camera off, held, not shown: said as it is, and nobody's fault", () => {
    expect(person([], { voice: null, picture: null })).toMatchObject({ sound: "none", picture: "off", cause: null });
    expect(person([voice()], { shown: false })).toMatchObject({ picture: "not-shown", cause: null });
    expect(person([voice()], { held: true })).toMatchObject({ picture: "held", cause: "ours" });
  });

  test("an open microphone of which nothing arrives is poor, a picture without frames too", () => {
    expect(person([picture()])?.sound).toBe("poor");
    expect(person([voice(), picture({ frames: 0 })])?.picture).toBe("poor");
    expect(person([voice(), picture({ frames: 20 })])?.picture).toBe("fair");
  });

  test("a browser that counts no freezes judges by the pictures", () => {
    expect(person([voice(), picture({ frozen: null })])?.picture).toBe("good");
  });

  test.each([
    // concealed, lost, what they say, whose it is
    [14_400, 0, "poor", "theirs"],
    [14_400, 0, "good", "ours"], // one voice alone is all that comes down
    [14_400, 30, "fair", "theirs"],
  ] as const)("concealed %d, lost %d, their uplink %s: %s", (concealed, lost, uplink, cause) => {
    expect(person([voice({ concealed, lost }), picture()], { uplink })?.cause).toBe(cause);
  });

  test("somebody who arrives badly while everything else is well, and says nothing of it: not to be told", () => {
    const others = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => voice({ track: `voice-${n}` }));
    const people = [ANA, ...others.map(({ track }) => ({ ...ANA, member: track, voice: track, picture: null }))];
    const now = figures([voice({ concealed: 30_000 }), picture(), ...others]);
    const before = { ...START, down: now.down.map(zero) };
    const [ana, ben] = qualityOf(before, now, { people, soundTooMuch: false, settled }).people;
    expect([ana?.sound, ana?.cause, ben?.cause]).toEqual(["poor", "unknown", null]);
  });
});

test("a track that is new since the last look counts by all that it has", () => {
  const now = figures([voice(), picture()]);
  expect(qualityOf(START, now, { people: [ANA], soundTooMuch: false, settled }).people[0]).toMatchObject({
    sound: "good",
  });
});

test("a connection that was built anew counts from zero, and not below it", () => {
  const before = {
    ...START,
    down: [voice({ packets: 9_000, bytes: 900_000 }), picture({ packets: 9_000, bytes: 900_000, frames: 5_000 })],
  };
  const view = qualityOf(before, figures([voice(), picture()]), { people: [ANA], soundTooMuch: false, settled });
  expect(view.down.rate).toBe(Math.round(((28_000 + 280_000) * 8) / SECONDS));
  expect(view.people[0]).toMatchObject({ sound: "good", picture: "good", cause: null });
});

test("of what was turned on a moment ago it is told that it comes, and nothing is laid at anybody's door", () => {
  const fresh = (down: Arriving[]) =>
    qualityOf({ ...START, down: down.map(zero) }, figures(down), {
      people: [ANA],
      soundTooMuch: false,
      settled: () => false,
    });
  const come = fresh([voice({ concealed: 60_000 }), picture({ frames: 3, frozen: 4 })]);
  expect(come.people[0]).toMatchObject({ sound: "good", picture: "good", cause: null });
  expect(come.down.quality).toBe("good");
  expect(fresh([]).people[0]).toMatchObject({ sound: "none", picture: "none", cause: null });
});
