import { describe, expect, it } from "vitest";
import { type GridLayout, gridLayout } from "../../../web/client/ui/grid_layout";

const said = (fit: GridLayout, n: number) =>
  fit.mode === "fit" ? `${fit.columns}×${Math.ceil(n / fit.columns)} ${fit.width}×${fit.height}` : fit.mode;

describe("the layout for a measured stage", () => {
  // The stage's inside on each device, as the style sheet leaves it: width, height, gap.
  const stages = {
    phone: [344, 544, 6],
    sideways: [724, 244, 12],
    tablet: [736, 880, 12],
    wide: [1408, 748, 12],
  } as const;
  const expected: [keyof typeof stages, number, string][] = [
    ["phone", 1, "1×1 344×344"],
    ["phone", 2, "1×2 344×269"],
    ["phone", 4, "2×2 169×169"],
    ["phone", 12, "3×4 110×110"],
    ["phone", 30, "scroll"],
    ["sideways", 1, "1×1 433×244"],
    ["sideways", 6, "3×2 206×116"],
    ["sideways", 30, "scroll"],
    ["tablet", 2, "1×2 736×434"],
    ["tablet", 4, "2×2 362×271"],
    ["tablet", 14, "3×5 237×166"],
    ["wide", 1, "1×1 1329×748"],
    ["wide", 2, "2×1 698×465"],
    ["wide", 4, "2×2 654×368"],
    ["wide", 6, "3×2 461×307"],
    ["wide", 9, "3×3 429×241"],
    ["wide", 12, "4×3 343×228"],
    ["wide", 20, "5×4 272×178"],
    ["wide", 30, "6×5 224×140"],
  ];
  it.each(expected)("%s, %i people: %s", (stage, n, answer) => {
    const [width, height, gap] = stages[stage];
    expect(said(gridLayout(n, width, height, gap), n)).toBe(answer);
  });

  it("is a strip when the stage is very low", () => {
    expect(gridLayout(6, 344, 100, 6)).toEqual({ mode: "strip", columns: 6, width: 117, height: 88 });
  });
});

describe("whatever the stage", () => {
  const sizes = [80, 160, 240, 320, 401, 599, 600, 641, 768, 900, 1333, 2560];
  const cases = sizes.flatMap((width) => sizes.map((height) => [width, height] as const));
  it.each(cases)("%i × %i: tiles fit, are equal, and keep a shape that shows a face", (width, height) => {
    for (const n of [1, 2, 3, 5, 7, 8, 13, 24, 50]) {
      for (const gap of [6, 12]) {
        const fit = gridLayout(n, width, height, gap);
        expect(fit.width).toBeGreaterThan(0);
        expect(fit.height).toBeGreaterThan(0);
        expect(fit.columns).toBeGreaterThanOrEqual(1);
        expect(fit.columns).toBeLessThanOrEqual(n);
        if (fit.mode === "strip") continue;
        expect(fit.columns * fit.width + (fit.columns - 1) * gap).toBeLessThanOrEqual(Math.max(width, fit.width));
        if (fit.mode === "scroll") continue;
        const rows = Math.ceil(n / fit.columns);
        expect(rows * fit.height + (rows - 1) * gap).toBeLessThanOrEqual(height);
        const shape = fit.width / fit.height;
        expect(shape).toBeGreaterThan(0.98);
        expect(shape).toBeLessThan(1.8);
      }
    }
  });

  it("never makes tiles larger by adding people", () => {
    for (const [width, height] of cases) {
      let before = Number.POSITIVE_INFINITY;
      for (let n = 1; n <= 40; n++) {
        const fit = gridLayout(n, width, height, 12);
        if (fit.mode !== "fit") break;
        const area = fit.width * fit.height;
        // The rule trades a little size for full rows: it may give back up to the cost of the holes it avoided.
        expect(area).toBeLessThanOrEqual(before * 1.07);
        before = area;
      }
    }
  });
});
