/** A calm two-word name for people who would rather not use their own. Pure: the words are the catalogue's. */

const words = (list: string) => list.split(",").map((word) => word.trim());

/** `random` gives 0 ≤ x < 1; the name differs from `before`. Lists are separated by commas. */
export function suggestName(first: string, second: string, before: string, random: () => number): string {
  const all = words(first).flatMap((one) => words(second).map((two) => `${one} ${two}`));
  const others = all.filter((name) => name !== before);
  return others[Math.floor(random() * others.length)] ?? "";
}
