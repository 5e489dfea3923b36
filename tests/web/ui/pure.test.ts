/** The small pure parts: shortcuts, knock tone, order of tiles, words about people, device help, name suggestions. */
import { describe, expect, it } from "vitest";
import { chooseLanguage, createL10n } from "../../../web/client/l10n";
import { browserOf, SITE_STEPS, SYSTEM_STEPS, systemOf } from "../../../web/client/ui/device_help";
import { KnockReminder, PAUSE_SECONDS, REMIND_SECONDS } from "../../../web/client/ui/knock_sound";
import { personLine, tileLabel } from "../../../web/client/ui/member_words";
import { suggestName } from "../../../web/client/ui/name_suggestion";
import { commandFor, type KeyPress } from "../../../web/client/ui/shortcuts";
import { orderTiles, SETTLE_SECONDS, SpeechOrder } from "../../../web/client/ui/stage_order";
import { catalogue } from "./catalogues.mjs";
import { member } from "./fake_model";

const l10n = createL10n("en", catalogue("en"));

describe("shortcuts", () => {
  const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
    key,
    code: "",
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    shiftKey: false,
    repeat: false,
    ...more,
  });
  const off = { singleKeys: false };
  const on = { singleKeys: true };

  it("knows the combinations, with Cmd as with Ctrl", () => {
    expect(commandFor(press("d", { ctrlKey: true }), off)).toBe("microphone");
    expect(commandFor(press("d", { metaKey: true }), off)).toBe("microphone");
    expect(commandFor(press("e", { ctrlKey: true }), off)).toBe("camera");
    expect(commandFor(press("H", { ctrlKey: true, shiftKey: true }), off)).toBe("hand");
    expect(commandFor(press("?", { ctrlKey: true, shiftKey: true }), off)).toBe("shortcuts");
    expect(commandFor(press("Ç", { code: "KeyC", altKey: true, shiftKey: true }), off)).toBe("chat");
    expect(commandFor(press("P", { code: "KeyP", altKey: true, shiftKey: true }), off)).toBe("people");
    expect(commandFor(press("F2"), off)).toBe("toolbar");
    expect(commandFor(press("Escape"), off)).toBe("close");
  });

  it("takes single keys only when they are on, and never with a modifier or held down", () => {
    expect(commandFor(press("m"), off)).toBeNull();
    expect(commandFor(press("m"), on)).toBe("microphone");
    expect(commandFor(press("M", { shiftKey: true }), on)).toBeNull();
    expect(commandFor(press("m", { altKey: true }), on)).toBeNull();
    expect(commandFor(press("m", { ctrlKey: true }), on)).toBeNull();
    expect(commandFor(press("m", { repeat: true }), on)).toBeNull();
    expect(commandFor(press("d", { ctrlKey: true, shiftKey: true }), on)).toBeNull();
  });
});

describe("the knock tone", () => {
  it("sounds for a newcomer and once more after 30 s if they still wait", () => {
    const reminder = new KnockReminder();
    expect(reminder.update(["a"], { now: 0 })).toBe(true);
    expect(reminder.update(["a"], { now: 10 })).toBe(false);
    expect(reminder.due).toBe(REMIND_SECONDS);
    expect(reminder.update(["a"], { now: REMIND_SECONDS })).toBe(true);
    expect(reminder.due).toBeNull();
    expect(reminder.update(["a"], { now: 500 })).toBe(false);
  });

  it("forgets who was answered, and hears them again when they come back", () => {
    const reminder = new KnockReminder();
    reminder.update(["a", "b"], { now: 0 });
    expect(reminder.update(["b"], { now: 1 })).toBe(false);
    expect(reminder.update([], { now: 2 })).toBe(false);
    expect(reminder.due).toBeNull();
    expect(reminder.update(["a"], { now: PAUSE_SECONDS })).toBe(true);
  });

  it("sounds once for a crowd", () => {
    const reminder = new KnockReminder();
    const sounded = Array.from({ length: 60 }, (_, i) =>
      reminder.update(
        Array.from({ length: i + 1 }, (_, n) => `${n}`),
        { now: i },
      ),
    );
    expect(sounded.filter(Boolean).length).toBe(60 / PAUSE_SECONDS);
  });
});

describe("the order of tiles", () => {
  const people = [
    member(0, "Off", { cameraOff: true }),
    member(1, "Self", { self: true, role: "facilitator" }),
    member(2, "On"),
    member(3, "Spoke", { cameraOff: true }),
    member(4, "Second hand", { hand: 2 }),
    member(5, "First hand", { hand: 1 }),
    member(6, "Facilitator", { role: "facilitator" }),
  ];
  const spoke = new Map([["member-3", 5]]);
  const names = (mode: "scroll" | "strip") => orderTiles(people, mode, spoke).map((one) => one.name);

  it("on a scrolling stage: facilitators, hands, speech, camera, oneself last", () => {
    expect(names("scroll")).toEqual(["Facilitator", "First hand", "Second hand", "Spoke", "On", "Off", "Self"]);
  });

  it("in a strip: who spoke last is first", () => {
    expect(names("strip")[0]).toBe("Spoke");
    expect(names("strip").at(-1)).toBe("Self");
  });

  it("moves for speech at most every ten seconds", () => {
    const order = new SpeechOrder();
    const quiet = [member(1, "A"), member(2, "B")];
    const speaking = [member(1, "A"), member(2, "B", { speaking: true })];
    order.update(quiet, { now: 0 });
    expect(order.update(speaking, { now: 1 }).size).toBe(0);
    expect(order.update(quiet, { now: SETTLE_SECONDS - 0.1 }).size).toBe(0);
    expect([...order.update(quiet, { now: SETTLE_SECONDS })]).toEqual([["member-2", 1]]);
    expect(order.update([], { now: 3 * SETTLE_SECONDS }).size).toBe(0);
  });
});

describe("a person in words", () => {
  it("says what applies, in one order, beginning with the name", () => {
    const all = member(1, "Ana", { role: "facilitator", speaking: true, muted: true, cameraOff: true, hand: 2 });
    expect(tileLabel(all, l10n)).toBe(
      "Ana, facilitator, speaking, muted, camera off, hand raised, number 2, encryption not checked yet",
    );
    expect(tileLabel(member(1, "Ana", { self: true, muted: true, checked: true }), l10n)).toBe(
      "Ana, you, muted, encryption checked",
    );
    expect(tileLabel(member(1, "Ana", { role: "co-facilitator" }), l10n)).toBe(
      "Ana, co-facilitator, encryption not checked yet",
    );
    expect(tileLabel(member(1, "Ana", { connected: false, checked: true }), l10n)).toBe(
      "Ana, connection lost, encryption checked",
    );
    expect(tileLabel(member(1, null, { keys: "waiting" }), l10n)).toBe("Somebody new, waiting for the key");
    expect(tileLabel(member(1, "Ana", { connected: false, keys: "waiting" }), l10n)).toBe("Ana, connection lost");
    expect(tileLabel(member(1, "Ana", { keys: "problem" }), l10n)).toBe("Ana, key does not fit");
  });

  it("has a short line for the list", () => {
    expect(personLine(member(1, "Ana", { self: true, role: "facilitator" }), l10n)).toBe("You, facilitator");
    expect(personLine(member(1, "Ana", { role: "facilitator", speaking: true }), l10n)).toBe("Facilitator, Speaking");
    expect(personLine(member(1, "Ana", { role: "co-facilitator" }), l10n)).toBe("Co-facilitator");
    expect(personLine(member(1, "Ana"), l10n)).toBe("");
  });
});

describe("device help", () => {
  const chrome =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36";
  const mac =
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15";
  const agents: [string, number, string, string][] = [
    [chrome, 0, "chrome", "other"],
    [chrome.replace("X11; Linux x86_64", "Windows NT 10.0; Win64; x64"), 0, "chrome", "windows"],
    [`${chrome.replace("X11; Linux x86_64", "Windows NT 10.0")} Edg/150.0`, 0, "edge", "windows"],
    ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", 0, "firefox", "other"],
    [mac, 0, "safari", "mac"],
    [mac, 5, "ios-safari", "ios"],
    [chrome.replace("X11; Linux x86_64", "Linux; Android 15; K"), 5, "android-chrome", "android"],
    [`${chrome.replace("X11; Linux x86_64", "Linux; Android 15; K")} EdgA/150.0`, 5, "android-edge", "android"],
    ["Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", 5, "android-firefox", "android"],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 CriOS/150.0 Mobile Safari/604.1",
      5,
      "ios-other",
      "ios",
    ],
    ["Something else", 0, "other", "other"],
  ];
  it.each(agents)("%s (%i touch points): %s on %s", (userAgent, maxTouchPoints, browser, system) => {
    expect(browserOf({ userAgent, maxTouchPoints })).toBe(browser);
    expect(systemOf({ userAgent, maxTouchPoints })).toBe(system);
  });

  it("has steps in the catalogue for every browser and system, ending with the way back", () => {
    for (const steps of [...Object.values(SITE_STEPS), ...Object.values(SYSTEM_STEPS)]) {
      expect(steps.length).toBeGreaterThanOrEqual(3);
      expect(steps.at(-1)).toBe("help-again");
      for (const step of steps) expect(l10n.has(step), step).toBe(true);
    }
  });
});

describe("name suggestions", () => {
  it("are two words, and never the same twice in a row", () => {
    expect(suggestName("Quiet, Slow", "Heron", "", () => 0)).toBe("Quiet Heron");
    expect(suggestName("Quiet, Slow", "Heron", "Quiet Heron", () => 0)).toBe("Slow Heron");
    expect(suggestName("Quiet, Slow", "Heron", "", () => 0.999)).toBe("Slow Heron");
  });
});

describe("the language", () => {
  it("is the first wanted one that there is", () => {
    expect(chooseLanguage(["en", "de"], ["fr", "de-AT", "en"])).toBe("de");
    expect(chooseLanguage(["en", "de"], ["fr"])).toBe("en");
    expect(chooseLanguage(["en", "pt-BR"], ["pt-BR"])).toBe("pt-BR");
  });

  it("says a missing message's id instead of ending the page", () => {
    expect(l10n.t("no-such-message")).toBe("no-such-message");
    expect(l10n.has("no-such-message")).toBe(false);
  });

  it("puts no invisible marks around names where they would enter accessible names", () => {
    expect(l10n.t("admit-name", { name: "Ana" })).toBe("Admit Ana");
    expect(createL10n("ar", "x = \u0645 { $name }").t("x", { name: "Ana" })).toBe("\u0645 \u2068Ana\u2069");
  });
});
