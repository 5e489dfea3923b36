/** Every text that a person reads comes from a Fluent catalogue (locales/LANGUAGE/client.ftl) through this one object. */
import { FluentBundle, FluentResource, type FluentVariable } from "@fluent/bundle";

export interface L10n {
  /** BCP 47 tag of the catalogue, for `<html lang>`. */
  readonly lang: string;
  readonly dir: "ltr" | "rtl";
  /** The text of a message; the id itself where the catalogue lacks it, so that a missing text never ends a meeting. */
  t(id: string, args?: Record<string, FluentVariable>): string;
  has(id: string): boolean;
  /** Hours and minutes, as the language writes them. */
  time(at: Date): string;
  /** Day, month and year, as the language writes them. */
  date(at: Date): string;
  /** "Ana, Chi and Ben". */
  list(names: readonly string[]): string;
}

/** Languages written from right to left, by their primary subtag (those of CLDR with at least basic coverage). */
const RIGHT_TO_LEFT = new Set(["ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"]);

export interface L10nOptions {
  /** Applied to every piece of text, but not to what is filled in: the tests' pseudo-locale. */
  transform?: (text: string) => string;
}

/** Read a catalogue. Raises `Error` if a message is there twice. */
export function createL10n(lang: string, catalogue: string, options: L10nOptions = {}): L10n {
  const dir = RIGHT_TO_LEFT.has(lang.split("-")[0] ?? "") ? "rtl" : "ltr";
  const bundle = new FluentBundle(lang, {
    // Isolation marks around names would enter accessible names ("Admit ⁨Ana⁩"), where speech input looks for the plain
    // words. They are needed only where the surrounding text runs the other way.
    useIsolating: dir === "rtl",
    ...(options.transform ? { transform: options.transform } : {}),
  });
  const mistakes = bundle.addResource(new FluentResource(catalogue));
  if (mistakes.length > 0) throw mistakes[0];
  const clock = new Intl.DateTimeFormat(lang, { hour: "numeric", minute: "2-digit" });
  const calendar = new Intl.DateTimeFormat(lang, { day: "numeric", month: "long", year: "numeric" });
  const names = new Intl.ListFormat(lang, { type: "conjunction" });
  return {
    lang,
    dir,
    t(id, args) {
      const pattern = bundle.getMessage(id)?.value;
      // An error list makes Fluent print what it can ("{$name}") instead of throwing.
      return pattern ? bundle.formatPattern(pattern, args, []) : id;
    },
    has: (id) => bundle.getMessage(id)?.value != null,
    time: (at) => clock.format(at),
    date: (at) => calendar.format(at),
    list: (all) => names.format(all),
  };
}

/** The first wanted language that there is a catalogue for ("de-AT" takes "de"), else English. */
export function chooseLanguage(available: Iterable<string>, wanted: readonly string[]): string {
  const there = new Set(available);
  for (const tag of wanted) {
    if (there.has(tag)) return tag;
    const primary = tag.split("-")[0] ?? "";
    if (there.has(primary)) return primary;
  }
  return "en";
}

/** Fetch the catalogue that suits the person best. Raises `TypeError` without a network, `Error` for another answer. */
export async function loadL10n(catalogues: ReadonlyMap<string, URL>, wanted: readonly string[]): Promise<L10n> {
  const lang = chooseLanguage(catalogues.keys(), wanted);
  const url = catalogues.get(lang);
  if (!url) throw new Error(`no catalogue for ${lang}`);
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`catalogue: ${answer.status}`);
  return createL10n(lang, await answer.text());
}
