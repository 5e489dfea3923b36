/**
 * A right-to-left pseudo-language: every text of the English catalogue 40 % longer, in letters that are not ASCII, shown from
 * right to left. What is clipped, overflows, or was never in a catalogue shows up in it.
 */
import { createL10n, type L10n } from "../../../web/client/l10n";

const PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const STRANGE = "ȧƀƈḓḗƒɠħīĵķŀḿƞǿƥɋřşŧŭṽẇẋẏẑȦƁƇḒḖƑƓĦĪĴĶĿḾȠǾƤɊŘŞŦŬṼẆẊẎẐ";
const RIGHT_TO_LEFT_OVERRIDE = "\u202e";
const POP = "\u202c";

/** Two of every five letters twice: words themselves grow, as they do in Finnish or German. */
export function lengthen(text: string): string {
  let letters = 0;
  let out = "";
  for (const character of text) {
    const at = PLAIN.indexOf(character);
    if (at < 0) {
      out += character;
      continue;
    }
    const strange = STRANGE[at] ?? character;
    letters += 1;
    out += letters % 5 === 2 || letters % 5 === 4 ? strange + strange : strange;
  }
  return out;
}

export function pseudo(catalogue: string): L10n {
  return createL10n("ar-XB", catalogue, {
    transform: (text) => `${RIGHT_TO_LEFT_OVERRIDE}${lengthen(text)}${POP}`,
  });
}
