import { describe, expect, it } from "vitest";
import { assignPalettes, avatar } from "../../../web/client/ui/avatar";
import { seed } from "./fake_model";

describe("avatar", () => {
  it("is the same for the same seed and another for another", () => {
    expect(avatar(seed(1))).toEqual(avatar(seed(1)));
    const drawn = new Set(Array.from({ length: 200 }, (_, i) => JSON.stringify(avatar(seed(i)))));
    expect(drawn.size).toBeGreaterThan(190);
  });

  it("draws one of three scenes and all of them occur", () => {
    const counts = new Set(
      Array.from({ length: 60 }, (_, i) =>
        avatar(seed(i))
          .shapes.map((s) => s.opacity)
          .join(),
      ),
    );
    expect([...counts].sort()).toEqual(["0.88,1,1", "0.88,1,1,0.3", "1,0.88,1"]);
  });

  it("holds only path data and colours", () => {
    for (let i = 0; i < 50; i++) {
      const { ground, shapes } = avatar(seed(i));
      expect(ground).toMatch(/^#[0-9a-f]{6}$/);
      for (const shape of shapes) {
        expect(shape.d).toMatch(/^M[-\d. CHVZ]+Z$/);
        expect(shape.fill).toMatch(/^#[0-9a-f]{6}$/);
      }
    }
  });

  it("keeps place and shapes when another palette is given", () => {
    const own = avatar(seed(5));
    const other = avatar(seed(5), (assignPalettes([seed(5)])[0] ?? 0) + 1);
    expect(other.ground).not.toBe(own.ground);
    expect(other.shapes.map((s) => s.d)).toEqual(own.shapes.map((s) => s.d));
  });
});

describe("palettes", () => {
  it("are all different for up to eight people, in order of admission", () => {
    const seeds = Array.from({ length: 8 }, () => seed(3));
    const given = assignPalettes(seeds);
    expect(new Set(given).size).toBe(8);
    expect(given[0]).toBe(assignPalettes([seed(3)])[0]);
  });

  it("do not change for those who were here before", () => {
    const seeds = Array.from({ length: 20 }, (_, i) => seed(i));
    for (let n = 1; n < 20; n++) {
      expect(assignPalettes(seeds.slice(0, n))).toEqual(assignPalettes(seeds).slice(0, n));
    }
  });

  it("are the seed's own again beyond eight people", () => {
    const seeds = Array.from({ length: 12 }, (_, i) => seed(i));
    expect(assignPalettes(seeds)[11]).toBe(assignPalettes([seed(11)])[0]);
  });
});
