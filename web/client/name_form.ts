/**
 * What may be a name at all (docs/protocol.md, section 4). Apart from what names look like, because the worker asks for
 * this of every name that it reads, and needs no table of likenesses.
 */

/** Graphemes: what a reader counts as characters. A tile of 180 pixels shows about 20 of them. */
const MAX_NAME_GRAPHEMES = 40;
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

/** What stands against a name, cleaned or not. */
export function formProblem(name: string): "empty" | "too-long" | "characters" | null {
  const clean = cleanName(name);
  // Measured first: nothing below then runs over a text of any length.
  if (clean.length > MAX_NAME_UNITS) return "too-long";
  if (REFUSED.test(clean)) return "characters";
  if (clean.replace(INVISIBLE, "") === "") return "empty";
  return graphemes(clean) > MAX_NAME_GRAPHEMES ? "too-long" : null;
}
