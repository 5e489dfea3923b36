/** Every text is in a catalogue, every message is used, every language is whole. */
import { FluentResource } from "@fluent/bundle";
import { describe, expect, it } from "vitest";
import { EMOJI } from "../../../web/client/emoji";
import { createL10n } from "../../../web/client/l10n";
import { AGREEMENT, NAME_PROBLEMS } from "../../../web/client/ui/before_page";
import { SITE_STEPS, SYSTEM_STEPS } from "../../../web/client/ui/device_help";
import { LEFT, PROBLEMS } from "../../../web/client/ui/ending_pages";
import { SHORTCUTS, SINGLE_KEYS } from "../../../web/client/ui/shortcuts";
import { catalogue, clientSources, languages } from "./catalogues.mjs";

const ids = (text: string) => new FluentResource(text).body.map((message) => message.id);

/** Names of the variables in a message, from its source: what a translation must not lose or invent. */
function variables(text: string): Map<string, string> {
  const found = new Map<string, string>();
  let id = "";
  for (const line of text.split("\n")) {
    id = /^([a-z][\w-]*) =/.exec(line)?.[1] ?? id;
    if (line.startsWith("#")) continue;
    const here = [...line.matchAll(/\$(\w+)/g)].map((match) => match[1]);
    found.set(id, [...new Set([...(found.get(id)?.split(" ") ?? []), ...here])].filter(Boolean).sort().join(" "));
  }
  return found;
}

const sources = clientSources();

/** The first argument of every `t(…)`, brackets inside it balanced. */
function firstArguments(text: string): string[] {
  return [...text.matchAll(/(?<![\w$.#])t\(/g)].map((match) => {
    let depth = 1;
    let end = match.index + match[0].length;
    const start = end;
    for (; end < text.length && depth > 0; end++) {
      const character = text[end];
      if (character === "(" || character === "[" || character === "{") depth += 1;
      if (character === ")" || character === "]" || character === "}") depth -= 1;
      if (character === "," && depth === 1) break;
    }
    return text.slice(start, end);
  });
}

const tables = [
  ...AGREEMENT,
  ...Object.values(NAME_PROBLEMS),
  ...Object.values(PROBLEMS).flatMap(({ title, what, remedy }) => [title, what, remedy]),
  ...Object.values(LEFT).flatMap(({ title, what, remedy }) => [title, what, ...(remedy ? [remedy] : [])]),
  ...Object.values(SITE_STEPS).flat(),
  ...Object.values(SYSTEM_STEPS).flat(),
  ...EMOJI.map(({ name }) => `emoji-${name}`),
  ...[...SHORTCUTS, ...SINGLE_KEYS].map(({ does }) => does),
];

describe("the English catalogue", () => {
  const there = ids(catalogue("en"));

  it("names each message once", () => {
    expect(there.filter((id, i) => there.indexOf(id) !== i)).toEqual([]);
  });

  it("has every message that the interface asks for", () => {
    const asked = sources.flatMap((text) =>
      firstArguments(text).flatMap((argument) =>
        // Literals that something is compared with are not ids.
        [...argument.replaceAll(/[!=]== *"[^"]*"/g, "").matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? ""),
      ),
    );
    expect(asked.length).toBeGreaterThan(150);
    expect([...asked, ...tables].filter((id) => !there.includes(id))).toEqual([]);
  });

  it("has no message that nothing asks for", () => {
    const literals = new Set(sources.flatMap((text) => [...text.matchAll(/"([a-z][\w-]*)"/g)].map((m) => m[1])));
    expect(there.filter((id) => !literals.has(id) && !tables.includes(id))).toEqual([]);
  });

  it("is calm: no exclamation marks, and none of the words that blame", () => {
    const text = catalogue("en").replaceAll(/^#.*$/gm, "");
    expect(text).not.toMatch(/!|\boops\b|\bfailed\b|\binvalid\b|\bkicked\b|\bdenied\b|\berror\b/i);
  });

  it("keeps sentences under twenty words", () => {
    const messages = createL10n("en", catalogue("en"));
    const long = there.flatMap((id) =>
      messages
        .t(id, {})
        .split(/[.;:?]/)
        .filter((sentence) => !id.startsWith("name-words") && sentence.trim().split(/\s+/).length > 20),
    );
    expect(long).toEqual([]);
  });
});

describe.each(languages)("%s", (language) => {
  it.each(["client", "server"] as const)("has the same messages and variables as English: %s", (kind) => {
    expect(variables(catalogue(language, kind))).toEqual(variables(catalogue("en", kind)));
  });

  it("has another word for each emoji", () => {
    const { t } = createL10n(language, catalogue(language));
    expect(new Set(EMOJI.map(({ name }) => t(`emoji-${name}`))).size).toBe(EMOJI.length);
  });

  it("can be read", () => {
    expect(() => createL10n(language, catalogue(language))).not.toThrow();
  });
});
