import { describe, expect, it } from "vitest";
import { createL10n } from "../../../web/client/l10n";
import type { Announcement } from "../../../web/client/model";
import { Announcer, GATHER_SECONDS } from "../../../web/client/ui/announcer";
import type { ChatAnnouncements } from "../../../web/client/ui/preferences";
import { catalogue } from "./catalogues.mjs";

const l10n = createL10n("en", catalogue("en"));
const make = (chat: ChatAnnouncements = "all") => new Announcer(l10n, () => chat);
const joined = (name: string): Announcement => ({ urgency: "polite", kind: "joined", name });

function said(announcer: Announcer, news: Announcement[]): string | null {
  for (const one of news) announcer.push(one, { now: 0 });
  return announcer.take({ now: GATHER_SECONDS });
}

describe("polite news", () => {
  it("waits three seconds from the first and is then one sentence", () => {
    const announcer = make();
    expect(announcer.push(joined("Ana"), { now: 10 })).toBeNull();
    announcer.push(joined("Chi"), { now: 12.9 });
    expect(announcer.due).toBe(13);
    expect(announcer.take({ now: 12.99 })).toBeNull();
    expect(announcer.take({ now: 13 })).toBe("Ana and Chi joined.");
    expect(announcer.due).toBeNull();
    expect(announcer.take({ now: 99 })).toBeNull();
  });

  it("counts who is too many to name", () => {
    const names = ["Ana", "Chi", "Ben", "Jo"];
    expect(said(make(), names.map(joined))).toBe("Ana, Chi and 2 more joined.");
    expect(said(make(), [joined("Ana")])).toBe("Ana joined.");
  });

  it("keeps kinds apart, in the order in which they began", () => {
    expect(
      said(make(), [
        { urgency: "polite", kind: "left", name: "Ben" },
        joined("Ana"),
        { urgency: "polite", kind: "hand-raised", name: "Lindiwe", place: 1 },
        { urgency: "polite", kind: "left", name: "Jo" },
      ]),
    ).toBe("Ben and Jo left. Ana joined. Lindiwe raised a hand, first.");
  });

  it("names the place of a later hand, and somebody whose name cannot be read", () => {
    expect(said(make(), [{ urgency: "polite", kind: "hand-raised", name: "Chi", place: 3 }])).toBe(
      "Chi raised a hand, number 3.",
    );
    expect(said(make(), [{ urgency: "polite", kind: "knock", name: null }])).toBe("Somebody is waiting to be let in.");
    expect(
      said(make(), [{ urgency: "polite", kind: "knock-answered", name: "Heron", by: "Ben", outcome: "admitted" }]),
    ).toBe("Ben let Heron in.");
  });
});

describe("news of keys and roles", () => {
  const polite: [Announcement, string][] = [
    [
      { urgency: "polite", kind: "trouble", trouble: "facilitator-silent", names: ["Marta", "Ben"] },
      "Nothing was heard of Marta and Ben for 15 seconds. Until that changes, decisions from there may not arrive here.",
    ],
    [{ urgency: "polite", kind: "trouble-over", trouble: "no-facilitator" }, "A facilitator is here again."],
    [{ urgency: "polite", kind: "trouble-over", trouble: "rejoining" }, "Your device has the meeting's keys again."],
    [
      { urgency: "polite", kind: "trouble-over", trouble: "facilitator-silent" },
      "All facilitators are heard from again.",
    ],
    [{ urgency: "polite", kind: "check-done" }, "The eight emoji are here. Somebody reads them aloud."],
    [{ urgency: "polite", kind: "newcomer-unchecked", name: "Ana" }, "Ana is new here and not checked yet."],
    [{ urgency: "polite", kind: "newcomer-unchecked" }, "Somebody is new here and not checked yet."],
    [{ urgency: "polite", kind: "locked" }, "The meeting is locked. Nobody new can ask to come in."],
    [{ urgency: "polite", kind: "unlocked" }, "The meeting is open again for people who ask to come in."],
    [{ urgency: "polite", kind: "co-facilitator-made", name: "Ana", self: false }, "Ana is a co-facilitator now."],
    [
      { urgency: "polite", kind: "co-facilitator-withdrawn", name: "Ana", self: true },
      "You are no longer a co-facilitator. Thank you for helping to hold the room.",
    ],
  ];
  it.each(polite)("is said with the other polite news: %j", (announcement, sentence) => {
    expect(said(make(), [announcement])).toBe(sentence);
  });
});

describe("chat", () => {
  const chat = (text: string): Announcement => ({ urgency: "polite", kind: "chat", name: "Marta", text });
  it("is read as the person chose", () => {
    expect(said(make("all"), [chat("Welcome")])).toBe("Marta: Welcome");
    expect(said(make("sender"), [chat("Welcome")])).toBe("Marta wrote in the chat.");
    expect(said(make("none"), [chat("Welcome")])).toBeNull();
  });

  it("is cut where it would keep everything else waiting", () => {
    expect(said(make(), [chat("x".repeat(4000))])?.length).toBeLessThan(200);
  });
});

describe("much at once", () => {
  const hand = (kind: "hand-raised" | "hand-lowered", name: string): Announcement => ({
    urgency: "polite",
    kind,
    name,
    place: 1,
  });

  it("messages that come together are counted", () => {
    const chats = ["a", "b", "c"].map(
      (text): Announcement => ({ urgency: "polite", kind: "chat", name: "Marta", text }),
    );
    expect(said(make(), chats.slice(0, 2))).toBe("Marta: a Marta: b");
    expect(said(make(), [...chats, joined("Ana")])).toBe("3 new messages in the chat. Ana joined.");
  });

  it("of a hand that goes up and down the last word counts, and equal sentences are one", () => {
    const toggling = Array.from({ length: 50 }, (_, i) => hand(i % 2 ? "hand-lowered" : "hand-raised", "Ana"));
    expect(said(make(), [...toggling, hand("hand-raised", "Ben")])).toBe(
      "Ana lowered a hand. Ben raised a hand, first.",
    );
    const copied: Announcement = { urgency: "polite", kind: "copied" };
    expect(said(make(), [copied, copied])).toBe("Copied.");
  });

  it("nothing gathered is said after forgetting", () => {
    const announcer = make();
    announcer.push(joined("Ana"), { now: 0 });
    announcer.forget();
    expect(announcer.due).toBeNull();
    expect(announcer.take({ now: 9 })).toBeNull();
  });

  it("an urgent word replaces only one about the same", () => {
    const announcer = make();
    const forged = (name: string): Announcement => ({
      urgency: "assertive",
      kind: "incident",
      incident: "forged-request",
      name,
    });
    announcer.push(forged("Ben"), { now: 0 });
    expect(announcer.push(forged("Ana"), { now: 0.1 })).toMatch(/Ben's device .* Ana's device/);
    expect(announcer.push(forged("Ben"), { now: 0.2 })?.match(/Ben's/g)?.length).toBe(1);
  });

  it("urgent news within a second are one text, of each matter the last word", () => {
    const announcer = make();
    const urgent = (kind: "mic-on" | "mic-off" | "camera-on", now: number) =>
      announcer.push({ urgency: "assertive", kind }, { now });
    expect(urgent("mic-off", 0)).toBe("Your microphone is off. Nobody hears you.");
    expect(urgent("camera-on", 0.2)).toBe("Your microphone is off. Nobody hears you. Your camera is on.");
    expect(urgent("mic-on", 0.4)).toBe("Your camera is on. Your microphone is on.");
    expect(urgent("camera-on", 2)).toBe("Your camera is on.");
  });
});

describe("assertive news", () => {
  const assertive: [Announcement, string][] = [
    [{ urgency: "assertive", kind: "mic-off" }, "Your microphone is off. Nobody hears you."],
    [{ urgency: "assertive", kind: "muted-by" }, "A facilitator muted you. You can unmute whenever you like."],
    [
      { urgency: "assertive", kind: "connection-back", microphoneOn: false },
      "You are back. Your microphone is off, as before.",
    ],
    [
      { urgency: "assertive", kind: "connection-lost", microphoneOn: true },
      "Your connection is lost. Trying again; your microphone stays on.",
    ],
    [
      { urgency: "assertive", kind: "trouble", trouble: "keys-disagree", names: [] },
      "Sending has stopped: the others use keys that this device was not told of. It goes on by itself when the keys agree. If this lasts a minute, load the page again.",
    ],
    [
      { urgency: "assertive", kind: "trouble-over", trouble: "keys-disagree" },
      "The keys agree again. Your voice and picture are sent again.",
    ],
    [
      { urgency: "assertive", kind: "incident", incident: "forged-request", name: "Ben" },
      "Ben's device asked for something that only facilitators may ask for. It had no effect.",
    ],
    [{ urgency: "assertive", kind: "sound-blocked" }, 'The browser holds back the sound. Press "Turn sound on".'],
    [
      { urgency: "assertive", kind: "request-refused", code: "x" },
      "That could not be done just now. Please try again.",
    ],
    [
      { urgency: "assertive", kind: "renamed", name: "Sam (2)" },
      'Somebody here has a similar name, so you appear as "Sam (2)".',
    ],
  ];
  it.each(assertive)("is said at once: %j", (announcement, sentence) => {
    const announcer = make();
    expect(announcer.push(announcement, { now: 0 })).toBe(sentence);
    expect(announcer.due).toBeNull();
  });
});

describe("screens and the connection", () => {
  const polite = (...news: Announcement[]) => {
    const announcer = make();
    for (const one of news) announcer.push(one, { now: 0 });
    return announcer.take({ now: GATHER_SECONDS });
  };
  const shared = (name: string, self = false): Announcement => ({
    urgency: "polite",
    kind: "screen-shared",
    name,
    self,
  });
  const stopped = (name: string, self = false): Announcement => ({
    urgency: "polite",
    kind: "screen-stopped",
    name,
    self,
  });

  it("say who shares, and of one person the last word", () => {
    expect(polite(shared("Ben"))).toBe("Ben is sharing a screen.");
    expect(polite(shared("Jo", true))).toBe("You are sharing your screen.");
    expect(polite(shared("Ben"), stopped("Ben"))).toBe("Ben is no longer sharing a screen.");
    expect(polite(stopped("Jo", true))).toBe("Your screen is no longer shared.");
    expect(polite(shared("Ben"), shared("Ana"))).toBe("Ben is sharing a screen. Ana is sharing a screen.");
  });

  it("tell calmly of pictures and voices that rest, and never both that they rest and are back", () => {
    const held: Announcement = { urgency: "polite", kind: "pictures-held" };
    const back: Announcement = { urgency: "polite", kind: "pictures-back" };
    expect(polite(held)).toMatch(/^Your connection is weak at the moment/);
    expect(polite(held, back)).toBe("All pictures are back.");
    const paused: Announcement = { urgency: "polite", kind: "voices-paused" };
    expect(polite(paused)).toMatch(/so that whoever speaks stays clear. You may miss somebody's first words\.$/);
    expect(polite(paused, { urgency: "polite", kind: "voices-back" })).toBe("All voices are back.");
    expect(polite({ urgency: "polite", kind: "request-refused", code: "screen_busy" })).toMatch(/One screen at a time/);
  });
});
