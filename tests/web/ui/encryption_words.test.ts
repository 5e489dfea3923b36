/** Shields in words: one person's, the whole meeting's, and which check is news. */
import { describe, expect, it } from "vitest";
import { createL10n } from "../../../web/client/l10n";
import {
  encryptionState,
  isNewRound,
  namesInWords,
  SHIELDS,
  shieldOf,
  TROUBLES,
  troubleWords,
} from "../../../web/client/ui/encryption_words";
import { catalogue } from "./catalogues.mjs";
import { check, encryption } from "./fake_model";

const l10n = createL10n("en", catalogue("en"));

describe("one person's shield", () => {
  it("says waiting or problem before it says checked or not", () => {
    expect(shieldOf({ keys: "encrypted", checked: true })).toBe("checked");
    expect(shieldOf({ keys: "encrypted", checked: false })).toBe("unchecked");
    expect(shieldOf({ keys: "waiting", checked: true })).toBe("waiting");
    expect(shieldOf({ keys: "problem", checked: true })).toBe("problem");
  });

  it("explains itself with the name, each in other words", () => {
    const said = Object.values(SHIELDS).map(({ explanation }) => l10n.t(explanation, { name: "Ana" }));
    expect(said.every((sentence) => sentence.includes("Ana"))).toBe(true);
    expect(new Set(said).size).toBe(4);
    expect(new Set(Object.values(SHIELDS).map(({ icon }) => icon)).size).toBe(4);
  });
});

describe("several people", () => {
  const german = createL10n("de", catalogue("de"));

  it("are all counted, those without a name after those with one", () => {
    expect(namesInWords(["Ana", "Ben"], l10n)).toBe("Ana and Ben");
    expect(namesInWords([null, "Ana"], l10n)).toBe("Ana and somebody new");
    expect(namesInWords([null, "Ana", null], l10n)).toBe("Ana and 2 new people");
    expect(namesInWords([null], german)).toBe("jemand Neues");
    expect(namesInWords([null, "Ana", null], german)).toBe("Ana und 2 Neue");
    expect(namesInWords([], l10n)).toBe("Somebody");
  });

  it("are so in what is wrong, too", () => {
    expect(troubleWords("facilitator-silent", ["Ana", null], l10n)).toMatch(
      /^Nothing was heard of Ana and somebody new/,
    );
    expect(troubleWords("no-facilitator", [null], l10n)).toMatch(/; somebody new can let people in/);
    expect(troubleWords("no-facilitator", [], l10n)).toMatch(/nobody new can come in/);
  });
});

describe("the meeting's shield", () => {
  const words = (...args: Parameters<typeof encryption>) => encryptionState(encryption(...args), false, l10n).words;

  it("tells the worst first", () => {
    const stopped = { troubles: [{ kind: "keys-disagree" as const, names: [] }] };
    expect(words({ ...stopped, ready: false, unchecked: 3 })).toBe("Stopped sending: keys do not agree");
    expect(words({ ready: false, unchecked: 3 })).toBe("Keys are on their way");
    expect(words({ unchecked: 3 })).toBe("Encrypted, 3 not checked");
    expect(words()).toBe("Encrypted and checked");
  });

  it("claims no check where there is nobody to check", () => {
    expect(encryptionState(encryption(), true, l10n).words).toBe("End-to-end encrypted");
  });

  it("has words for each trouble", () => {
    for (const { text } of Object.values(TROUBLES)) expect(l10n.has(text), text).toBe(true);
  });
});

describe("a check is news", () => {
  const gathering = check({ state: "gathering", at: null });
  const revealing = check({ state: "revealing", at: null });
  const failed = check({ state: "failed", at: null });

  it("when it begins, or appears with a result of another time", () => {
    expect(isNewRound(null, gathering)).toBe(true);
    expect(isNewRound(failed, gathering)).toBe(true);
    expect(isNewRound(check(), gathering)).toBe(true);
    expect(isNewRound(null, check())).toBe(true);
    expect(isNewRound(check(), check({ at: new Date(0) }))).toBe(true);
  });

  it("and not while it goes on, is marked, becomes old or comes to nothing", () => {
    expect(isNewRound(gathering, revealing)).toBe(false);
    expect(isNewRound(revealing, check())).toBe(false);
    expect(isNewRound(check(), check({ marked: true, outdated: true }))).toBe(false);
    expect(isNewRound(gathering, failed)).toBe(false);
    expect(isNewRound(check(), null)).toBe(false);
  });
});
