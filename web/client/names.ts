/** The names that people choose: what may be one, and how names that look alike are told apart (docs/protocol.md, section 4). */
import { PROTOTYPES } from "./confusables";

/** Graphemes: what a reader counts as characters. A tile of 180 pixels shows about 20 of them. */
export const MAX_NAME_GRAPHEMES = 40;
/** UTF-16 units: a grapheme may pile up marks without end; 40 family emoji need 440. */
const MAX_NAME_UNITS = 512;

/**
 * Control, bidirectional and other invisible formatting characters, line separators, halves of surrogate pairs, private
 * use. Joiners stay allowed, because Persian, Indic scripts and emoji need them, and the tags in flags of regions.
 */
const REFUSED = /[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}]|(?!\u{200c}|\u{200d}|[\u{e0020}-\u{e007f}])\p{Cf}/u;

/** What shows nothing by itself: ignorable characters, spaces, marks without a letter, the empty braille cell. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{White_Space}\p{M}\u{2800}]/gu;

/** The form in which a name is sent and compared. */
export function cleanName(name: string): string {
  return name.normalize("NFC").trim();
}

function graphemes(text: string): number {
  // Firefox before 125 has no Segmenter; code points count a little more than graphemes do.
  if (typeof Intl.Segmenter !== "function") return [...text].length;
  return [...new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text)].length;
}

/** What stands against a name, cleaned or not; `reserved` are words like "everyone" in every catalogue's language. */
export function nameProblem(
  name: string,
  reserved: readonly string[],
): "empty" | "too-long" | "reserved" | "characters" | null {
  const clean = cleanName(name);
  // Measured first: nothing below then runs over a text of any length.
  if (clean.length > MAX_NAME_UNITS) return "too-long";
  if (REFUSED.test(clean)) return "characters";
  if (clean.replace(INVISIBLE, "") === "") return "empty";
  if (graphemes(clean) > MAX_NAME_GRAPHEMES) return "too-long";
  return reserved.some((word) => looksLike(word, clean)) ? "reserved" : null;
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
