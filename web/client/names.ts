/** How names that look alike are told apart (docs/protocol.md, section 4). */
import { PROTOTYPES } from "./confusables";
import { cleanName, formProblem } from "./name_form";

export { cleanName };

/** What stands against a name, cleaned or not; `reserved` are words like "everyone" in every catalogue's language. */
export function nameProblem(name: string, reserved: readonly string[]): ReturnType<typeof formProblem> | "reserved" {
  const clean = cleanName(name);
  return formProblem(clean) ?? (reserved.some((word) => looksLike(word, clean)) ? "reserved" : null);
}

/** TR39 §4, with compatibility decomposition, so that "𝐁𝐞𝐧" is "Ben" too. */
function skeleton(text: string): string {
  const bare = text
    .normalize("NFKD")
    .replace(/\p{Default_Ignorable_Code_Point}/gu, "")
    .replace(/\s+/gu, " ")
    .trim();
  return [...bare]
    .map((char) => PROTOTYPES.get(char) ?? char)
    .join("")
    .normalize("NFKD");
}

/** Full case folding, near enough: by way of capitals, so that "ß" is "ss". */
function fold(text: string): string {
  return text.toUpperCase().toLowerCase();
}

/**
 * Two names that share a key look alike. Two keys, because folding may hide a likeness ("В" is like "B", but "в" is not
 * like "b") and so may the skeleton ("I" becomes "l", "i" does not).
 */
function keys(name: string): string[] {
  return [`shape ${fold(skeleton(name))}`, `case ${skeleton(fold(name))}`];
}

export function looksLike(one: string, other: string): boolean {
  const known = new Set(keys(one));
  return keys(other).some((key) => known.has(key));
}

/**
 * Display names for `names` in order of admission: the first of those that look alike stays as it is, the next one is
 * "… (2)". The result depends on nothing else, so that every screen shows the same.
 */
export function numberNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let shown = name;
    for (let number = 2; keys(shown).some((key) => taken.has(key)); number++) shown = `${name} (${number})`;
    for (const key of keys(shown)) taken.add(key);
    return shown;
  });
}
