import { describe, expect, it } from "vitest";
import { gridLayout } from "../../../web/client/ui/grid_layout";
import { type StageLayout, stageLayout } from "../../../web/client/ui/stage_layout";

/** The stage's inside on each device: width, height, gap. */
const STAGES = {
  "small phone": [304, 462, 6],
  phone: [344, 544, 6],
  "phone with a sheet": [304, 88, 6],
  "phone, sideways": [708, 228, 12],
  tablet: [736, 880, 12],
  "tablet with a sheet": [736, 322, 12],
  wide: [1408, 748, 12],
  "wide with a panel": [1020, 748, 12],
} as const;
const lay = (stage: keyof typeof STAGES, screens: number, pinned: number, people: number): StageLayout => {
  const [width, height, gap] = STAGES[stage];
  return stageLayout({ screens, pinned, people }, { width, height }, gap);
};
const names = Object.keys(STAGES) as (keyof typeof STAGES)[];

describe("a stage with nothing in front", () => {
  it.each(names)("is one grid of equals: %s", (name) => {
    const [width, height, gap] = STAGES[name];
    const laid = lay(name, 0, 0, 9);
    expect(laid).toEqual({ front: null, room: { width, height }, people: gridLayout(9, width, height, gap) });
  });
});

describe("a stage with something in front", () => {
  const counts = [1, 2, 3].flatMap((screens) => [0, 1, 2].map((pinned) => [screens, pinned] as const));
  const cases = names.flatMap((name) =>
    [...counts, [0, 1] as const, [0, 3] as const].map((count) => [name, ...count] as const),
  );

  it.each(cases)("keeps front and people apart and inside: %s, %i screens, %i pinned", (name, screens, pinned) => {
    const [width, height, gap] = STAGES[name];
    for (const people of [1, 2, 5, 13, 30]) {
      const { front, room, people: grid } = lay(name, screens, pinned, people);
      if (!front) throw new Error("nothing in front");
      if (front.side === "beside") {
        expect(front.width + gap + room.width).toBeLessThanOrEqual(width);
        expect(Math.max(front.height, room.height)).toBeLessThanOrEqual(height);
      } else {
        expect(front.height + gap + room.height).toBeLessThanOrEqual(height);
        expect(Math.max(front.width, room.width)).toBeLessThanOrEqual(width);
      }
      for (const tile of [front.tiles.screen, front.tiles.pinned]) {
        expect(tile.width).toBeGreaterThan(40);
        expect(tile.width).toBeLessThanOrEqual(front.width);
        expect(tile.height).toBeLessThanOrEqual(front.height);
      }
      expect(grid.width).toBeLessThanOrEqual(Math.max(room.width, (room.height * 4) / 3));
      // Everybody else keeps a face with a name.
      expect(grid.height).toBeGreaterThanOrEqual((92 * 3) / 4);
    }
  });

  it.each(names)("makes no face below larger than a pinned one beside a screen: %s", (name) => {
    for (const people of [1, 2, 3, 5, 13, 30]) {
      const { front, people: grid } = lay(name, 1, 1, people);
      if (front?.side !== "above" || grid.mode !== "fit") continue;
      const { width, height } = front.tiles.pinned;
      expect(grid.width, `${people} people`).toBeLessThanOrEqual(Math.min(width, (height * 16) / 9) + 1);
    }
  });

  it.each(names)("makes one screen larger than any face: %s", (name) => {
    for (const people of [1, 5, 13]) {
      const { front, people: grid } = lay(name, 1, 0, people);
      const picture = Math.min(front?.tiles.screen.width ?? 0, ((front?.tiles.screen.height ?? 0) * 16) / 9);
      expect(picture).toBeGreaterThan(grid.width);
    }
  });

  it("stands above on tall stages, over their whole width, and beside on wide ones", () => {
    const tall = lay("small phone", 1, 0, 5).front;
    expect(tall).toMatchObject({ side: "above", width: 304, height: 171 });
    const wide = lay("wide", 1, 0, 5);
    expect(wide.front?.side).toBe("beside");
    expect(wide.front?.width).toBeGreaterThan(1408 * 0.75);
    expect(wide.people.mode).toBe("fit");
  });

  it("gives a screen more room than the pinned people below it", () => {
    const tiles = lay("wide", 1, 1, 12).front?.tiles;
    expect(tiles?.screen.height).toBeGreaterThan(2 * (tiles?.pinned.height ?? 0));
    expect(tiles?.pinned.height).toBeGreaterThan(180);
  });
});
