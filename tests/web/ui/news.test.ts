// @vitest-environment happy-dom
/** What was tried and had no effect, and changes of one's own role: said, shown, and closed by hand. */
import { describe, expect, it } from "vitest";
import { createL10n } from "../../../web/client/l10n";
import type { Announcement } from "../../../web/client/model";
import { newsWords, withNews } from "../../../web/client/ui/news";
import { catalogue } from "./catalogues.mjs";
import { press, settle, show } from "./page";

const l10n = createL10n("en", catalogue("en"));
type Incident = Extract<Announcement, { kind: "incident" }>;
const incident = (kind: Incident["incident"], name: string | null): Incident => ({
  urgency: "assertive",
  kind: "incident",
  incident: kind,
  name,
});
const granted = (self: boolean): Announcement => ({ urgency: "polite", kind: "co-facilitator-made", name: "Jo", self });

describe("news", () => {
  it("say in plain words what was tried, and that it had no effect", () => {
    const said = [
      incident("forged-commit", "Ben"),
      incident("forged-commit", null),
      incident("forged-request", "Ben"),
      incident("forged-request", null),
      incident("forged-knock", null),
    ].map((one) => newsWords(one, l10n));
    expect(new Set(said).size).toBe(5);
    for (const sentence of said.slice(0, 4)) expect(sentence).toContain("It had no effect.");
    expect(said[0]).toContain("Ben's device");
    expect(said[1]).toMatch(/^Somebody outside the meeting/);
    expect(said[4]).toContain("Nobody can be let in by it.");
  });

  it("keep each once, three at most, and of roles only one's own", () => {
    const once = withNews([], incident("forged-commit", "Ben"));
    expect(withNews(once, incident("forged-commit", "Ben"))).toBe(once);
    expect(withNews(once, incident("forged-request", "Ben")).length).toBe(2);
    expect(withNews(once, granted(false))).toBe(once);
    expect(withNews(once, granted(true)).length).toBe(2);
    expect(withNews(once, { urgency: "polite", kind: "copied" })).toBe(once);
    const many = ["a", "b", "c", "d"].reduce((all, name) => withNews(all, incident("forged-commit", name)), once);
    expect(many.map((one) => "name" in one && one.name)).toEqual(["b", "c", "d"]);
  });

  it("tell what was not done, each reason in its own words, and what changed for oneself", () => {
    const plain = (kind: "links-changed" | "facilitator-withdrawn" | "messages-missed"): Announcement => ({
      urgency: "polite",
      kind,
    });
    const refused = (code: string): Announcement => ({ urgency: "polite", kind: "request-refused", code });
    const all = [
      refused("internal"),
      refused("meeting_full"),
      refused("offline"),
      plain("links-changed"),
      plain("facilitator-withdrawn"),
      plain("messages-missed"),
    ];
    const said = all.flatMap((one) => withNews([], one)).map((one) => newsWords(one, l10n));
    expect(new Set(said).size).toBe(6);
    expect(said[1]).toMatch(/^The meeting is full/);
    expect(said[2]).toContain("your connection is lost");
    // Said again it is the same news, however urgent.
    const shown = withNews([], refused("offline"));
    expect(withNews(shown, { ...refused("offline"), urgency: "assertive" })).toBe(shown);
    expect(withNews(shown, refused("internal"))).toHaveLength(2);
  });

  it("stand in the meeting until they are closed, and do not outlast it", async () => {
    const notices = () => document.querySelector(".notices")?.textContent ?? "";
    const { announce, model } = await show("call-6");
    announce(incident("forged-knock", null));
    await settle();
    expect(notices()).toContain("a request that is not genuine");
    expect(document.querySelector('[data-region="assertive"]')?.textContent).toContain("a request that is not genuine");
    await press("Close this message");
    expect(notices()).toBe("");
    announce(granted(true));
    await settle();
    expect(notices()).toContain("You are a co-facilitator now.");
    model.screen.value = { name: "left", reason: "left" };
    await settle();
    model.screen.value = { name: "call" };
    await settle();
    expect(notices()).toBe("");
  });
});
