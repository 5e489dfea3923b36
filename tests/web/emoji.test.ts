import { expect, test } from "vitest";
import { EMOJI } from "../../web/client/emoji";

/** Letters to be changed, put in or left out to make one word of another (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [at, letter] of [...a].entries()) {
    const next = [at + 1];
    for (const [other, match] of [...b].entries()) {
      const change = (row[other] as number) + (letter === match ? 0 : 1);
      next.push(Math.min(change, (row[other + 1] as number) + 1, (next[other] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

test("there are 64, each with a picture and a word of its own", () => {
  expect(EMOJI.length).toBe(64);
  expect(new Set(EMOJI.map(({ symbol }) => symbol)).size).toBe(64);
  expect(new Set(EMOJI.map(({ name }) => name)).size).toBe(64);
  for (const { symbol, name } of EMOJI) {
    expect(symbol).toMatch(/^(?:\p{Emoji_Presentation}|\p{Emoji}\u{fe0f})$/u);
    expect(name).toMatch(/^[a-z]{3,10}$/);
  }
});

test("every picture is shown in colours, without a person or a flag", () => {
  const people = /\p{Emoji_Modifier_Base}|\p{Regional_Indicator}/u;
  for (const { symbol } of EMOJI) expect(symbol).not.toMatch(people);
});

test("a letter or two misheard make no other word", () => {
  const close = EMOJI.flatMap(({ name }, at) =>
    EMOJI.slice(at + 1)
      .filter((other) => distance(name, other.name) < 3)
      .map((other) => `${name} ${other.name}`),
  );
  expect(close).toEqual([]);
  expect(distance("moon", "book")).toBe(2);
});

test("the order is part of the protocol", () => {
  expect(EMOJI.map(({ symbol }) => symbol).join("")).toBe(
    "🐶🐱🐎🐘🐰🐼🐯🐨🐢🐬🐙🦋🐞🐌🦉🐧🦒🦓🦔🐠🌵🌻🌷🌴🍁🌰🍎🍌🍇🍓🍋🥕🍒🥦🌙⭐☀️☁️❄️🌈☂️🚲🚂🛶✈️🎈⚓🏰🔑🔔📎✏️👓🎸🥁🎺🎹🧩🎁🧺📷☎️🌍💡",
  );
});
