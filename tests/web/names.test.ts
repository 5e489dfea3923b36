import { expect, test } from "vitest";
import { cleanName, looksLike, nameProblem, numberNames } from "../../web/client/names";
import { seeded } from "./random";

const RESERVED = ["all", "everyone", "alle"];

test.each([
  "Ann",
  "Zoë",
  "李",
  "محمد",
  "می‌خواهم",
  "O'Neill-Smith",
  "R2",
  "👩‍👩‍👧",
  "🏴󠁧󠁢󠁳󠁣󠁴󠁿 Fiona",
  "Ann (2)",
  "x".repeat(40),
])("%j is a name", (name) => {
  expect(nameProblem(name, RESERVED)).toBeNull();
});

test.each([
  ["", "empty"],
  [" \t\u00a0 ", "empty"],
  ["\u3164", "empty"], // a Hangul filler: a letter that shows nothing
  ["\u2800\u2800", "empty"],
  ["\u0301", "empty"],
  ["\u200d", "empty"],
  ["x".repeat(41), "too-long"],
  ["x".repeat(1000), "too-long"],
  [`e${"\u0301".repeat(1000)}`, "too-long"],
  ["An\nn", "characters"],
  ["Ann\u0000", "characters"],
  ["\u202enna", "characters"],
  ["\u2066Ann", "characters"],
  ["Ann\u200b", "characters"],
  ["A\u00adnn", "characters"],
  ["Ann\ud800", "characters"],
  ["Ann\ue000", "characters"],
  ["All", "reserved"],
  [" EVERYONE ", "reserved"],
  ["Evеryоne", "reserved"], // two Cyrillic letters
  ["AII", "reserved"], // capital I
  ["𝗔𝗹𝗹", "reserved"],
])("%j is refused: %s", (name, problem) => {
  expect(nameProblem(name, RESERVED)).toBe(problem);
});

test("forty family emoji are forty characters", () => {
  expect(nameProblem("👩‍👩‍👧‍👦".repeat(40), [])).toBeNull();
  expect(nameProblem("👩‍👩‍👧‍👦".repeat(41), [])).toBe("too-long");
});

test("cleaning is NFC and trimming, and done once is done", () => {
  expect(cleanName("  Zoe\u0308 ")).toBe("Zoë");
  for (const name of ["  Zoe\u0308 ", "\u2000x\u2001", "한글"])
    expect(cleanName(cleanName(name))).toBe(cleanName(name));
});

test.each([
  ["Ann", "ann"],
  ["Ben", "Веn"], // Cyrillic В and е
  ["Ian", "lan"],
  ["IAN", "ian"],
  ["Straße", "STRASSE"],
  ["Bob", "B\u043eb"],
  ["Ben", "𝐁𝐞𝐧"],
  ["modern", "rnodern"],
  ["Ann B", "Ann  B"],
  ["Ann", "An\u200cn"],
])("%s looks like %s", (one, other) => {
  expect(looksLike(one, other)).toBe(true);
  expect(looksLike(other, one)).toBe(true);
});

test.each([
  ["Ann", "Anna"],
  ["Zoe", "Zoë"],
  ["李", "王"],
])("%s does not look like %s", (one, other) => {
  expect(looksLike(one, other)).toBe(false);
});

test("names that look alike are numbered in order of admission", () => {
  expect(numberNames(["Ann", "Ben", "ann", "Веn", "Ann", "Cleo"])).toEqual([
    "Ann",
    "Ben",
    "ann (2)",
    "Веn (2)",
    "Ann (3)",
    "Cleo",
  ]);
});

test("a name that was chosen with a number keeps its place, and no two are ever alike", () => {
  expect(numberNames(["Ann", "Ann (2)", "Ann", "Ann (2)"])).toEqual(["Ann", "Ann (2)", "Ann (3)", "Ann (2) (2)"]);
});

test("whatever the names, the shown ones differ and begin with what was chosen", () => {
  const parts = ["a", "A", "а", "l", "I", "1", "rn", "m", " (2)"];
  const random = seeded(7);
  const next = (limit: number) => Math.floor(random() * limit);
  for (let round = 0; round < 50; round++) {
    const names = Array.from({ length: 12 }, () => cleanName((parts[next(9)] ?? "") + (parts[next(9)] ?? "")) || "a");
    const shown = numberNames(names);
    for (const [at, name] of shown.entries()) {
      expect(name.startsWith(names[at] as string)).toBe(true);
      for (const other of shown.slice(at + 1)) expect(looksLike(name, other), `${name} / ${other}`).toBe(false);
    }
  }
});
