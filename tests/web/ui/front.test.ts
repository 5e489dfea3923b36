// @vitest-environment happy-dom
/** What stands in front, the buttons at a tile's corner, paused pictures, and what tiles tell of their height. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { pictureHeight } from "../../../web/client/ui/shown_picture";
import { inFront } from "../../../web/client/ui/stage_order";
import { member, screen } from "./fake_model";
import { button, has, key, nameOf, press, settle, show, unmount } from "./page";

const labels = (within: string) => [...document.querySelectorAll(`${within} > [role="group"]`)].map(nameOf);
const explained = () => {
  const line = document.querySelector<HTMLElement>(".explained");
  return line?.hidden ? null : line?.textContent;
};

describe("in front", () => {
  const people = [member(0, "A"), member(1, "B"), member(2, "C", { self: true })];
  const [a, b, own] = people as [(typeof people)[0], (typeof people)[0], (typeof people)[0]];

  it("stand all screens of others, or only pinned ones, and pinned people", () => {
    const screens = [screen(a), screen(b), screen(own)];
    expect(inFront(people, screens).screens.map((one) => one.member)).toEqual([a.id, b.id]);
    expect(inFront(people, screens).others).toEqual(people);
    const chosen = inFront(people, [screen(a), screen(b, { pinned: true })]);
    expect(chosen.screens.map((one) => one.member)).toEqual([b.id]);
    expect(chosen.otherScreens.map((one) => one.member)).toEqual([a.id]);
    const pinned = inFront([{ ...a, pinned: true }, b, { ...own, pinned: true }], []);
    expect(pinned.pinned.map((one) => one.id)).toEqual([a.id]);
    expect(pinned.others.map((one) => one.id)).toEqual([b.id, own.id]);
  });

  it("is a screen by its owner's name, whose owner keeps a tile; it is no matter of pins while it is the only one", async () => {
    await show("call-screen");
    expect(labels(".front")).toEqual(["Ben's screen"]);
    expect(labels(".grid").some((label) => label.startsWith("Ben, facilitator"))).toBe(true);
    expect(has("button", "Pin the screen of Ben")).toBe(false);
    expect(document.body.textContent).toContain("This screen is on its way");
  });

  it("is one of several screens once that is pinned", async () => {
    const { calls } = await show("call-screens", ({ model }) => {
      model.screens.value = model.screens.value.map((one) => ({ ...one, pinned: false }));
    });
    expect(labels(".front")).toEqual(["Ben's screen", "Quiet Heron's screen"]);
    await press("Pin the screen of Ben");
    expect(labels(".front")).toEqual(["Ben's screen"]);
    expect(labels(".grid")[0]).toBe("Quiet Heron's screen");
    await press("Unpin the screen of Ben");
    expect(calls).toEqual(["setPinned(member-1, screen, true)", "setPinned(member-1, screen, false)"]);
  });

  it("stands whoever is pinned, and back again", async () => {
    const { calls } = await show("call-6");
    expect(document.querySelector(".front")).toBeNull();
    expect(has("button", "Pin Jo")).toBe(false);
    await press("Pin Ben");
    expect(labels(".front").map((label) => label.split(",")[0])).toEqual(["Ben"]);
    expect(labels(".grid").length).toBe(5);
    await press("Unpin Ben");
    expect(calls).toEqual(["setPinned(member-1, camera, true)", "setPinned(member-1, camera, false)"]);
    expect(labels(".grid").length).toBe(6);
  });
});

describe("full screen", () => {
  it("is offered for what is in front, where the browser can, and has a way back", async () => {
    await show("call-pinned");
    expect(has("button", "Full screen: Ben")).toBe(false);
    unmount();
    let shown: Element | null = null;
    const change = (to: Element | null) => {
      shown = to;
      document.dispatchEvent(new Event("fullscreenchange"));
      return Promise.resolve();
    };
    Object.defineProperty(document, "fullscreenElement", { configurable: true, get: () => shown });
    Object.assign(document, { fullscreenEnabled: true, exitFullscreen: () => change(null) });
    await show("call-pinned");
    const tile = document.querySelector<HTMLElement>(".front .tile");
    Object.assign(tile as HTMLElement, { requestFullscreen: () => change(tile) });
    await press("Full screen: Ben");
    expect(shown).toBe(tile);
    await press("Back from full screen");
    expect(shown).toBeNull();
    expect(has("button", "Full screen: Ben")).toBe(true);
    unmount();
    for (const made of ["fullscreenElement", "fullscreenEnabled", "exitFullscreen"])
      Reflect.deleteProperty(document, made);
  });
});

describe("the sign of a weak connection", () => {
  it("explains itself when focused or pressed, until the focus leaves or Escape", async () => {
    await show("call-weak");
    expect(explained()).toBeNull();
    const sign = button("Marta's connection is weak");
    sign.focus();
    await settle();
    expect(explained()).toMatch(/^Little gets through from Marta at the moment/);
    expect(sign.getAttribute("aria-describedby")).toBe(document.querySelector(".explained")?.id);
    const pressed = await key(sign, "Escape");
    expect(pressed.defaultPrevented).toBe(true);
    expect(explained()).toBeNull();
    await press("Marta's connection is weak");
    expect(explained()).toMatch(/^Little gets through from Marta/);
    await press("Quiet Heron's connection is weak");
    expect(explained()).toMatch(/^Quiet Heron's connection has small gaps/);
    (document.activeElement as HTMLElement).blur();
    await settle();
    expect(explained()).toBeNull();
    await press("Your connection is weak");
    expect(explained()).toMatch(/^Your connection is weak at the moment\./);
  });

  it("goes with what it tells of, and is a word in People", async () => {
    const { model } = await show("call-weak");
    button("Marta's connection is weak").focus();
    await settle();
    model.members.value = model.members.value.map((one) => ({ ...one, network: null }));
    await settle();
    expect(explained()).toBeNull();
    expect(has("button", "Marta's connection is weak")).toBe(false);
    model.members.value = model.members.value.map((one) => ({ ...one, network: one.self ? null : "fair" }));
    await press("People");
    expect(document.querySelector("aside ul .person .who")?.textContent).toBe("MartaFacilitator, Weak connection");
  });
});

describe("a paused picture", () => {
  it("makes room for the avatar and says so, also for a screen reader", async () => {
    await show("call-6", ({ model }) => {
      model.members.value = model.members.value.map((one) => ({
        ...one,
        video: new MediaStream(),
        cameraOff: false,
        held: one.name === "Ben",
      }));
    });
    const tile = document.querySelector('[data-member="member-1"]');
    expect(tile?.querySelector("video")).toBeNull();
    expect(tile?.querySelector(".avatar")).not.toBeNull();
    expect(tile?.textContent).toContain("Picture pausedto keep the voices clear");
    expect(nameOf(tile as Element)).toBe("Ben, facilitator, muted, picture paused, encryption checked");
    expect(document.querySelectorAll("video").length).toBe(5);
  });

  it("is everybody's but one's own with Audio only, and every screen's", async () => {
    await show("call-audio-only", ({ model }) => {
      const video = new MediaStream();
      model.members.value = model.members.value.map((one) => ({ ...one, video, cameraOff: false }));
      model.screens.value = model.screens.value.map((one) => ({ ...one, stream: video }));
    });
    expect(document.querySelectorAll(".stage video").length).toBe(1);
    expect(document.querySelector("[data-screen]")?.textContent).toContain('Not shown, because "Audio only" is on');
  });
});

describe("how tall a picture is shown", () => {
  afterEach(() => void vi.unstubAllGlobals());

  it("is told in device pixels, two for one at most, and 0 out of sight", () => {
    expect(pictureHeight({ height: 180.4, visible: true }, 1)).toBe(180);
    expect(pictureHeight({ height: 180, visible: true }, 1.5)).toBe(270);
    expect(pictureHeight({ height: 180, visible: true }, 3)).toBe(360);
    expect(pictureHeight({ height: 180, visible: false }, 3)).toBe(0);
  });

  it("is told when it changes, of everybody but oneself, and 0 when the tile goes", async () => {
    const watched = new Map<Element, ((entry: object) => void)[]>();
    class Watch {
      constructor(private readonly callback: (entries: object[]) => void) {}
      observe(element: Element) {
        const all = watched.get(element) ?? [];
        watched.set(element, [...all, (entry) => this.callback([entry])]);
      }
      disconnect() {}
    }
    vi.stubGlobal("ResizeObserver", Watch);
    vi.stubGlobal("IntersectionObserver", Watch);
    const { calls, model } = await show("call-screen");
    const see = (selector: string, entry: object) => {
      const element = document.querySelector(selector) as Element;
      for (const tell of watched.get(element) ?? [])
        tell({ contentRect: { height: 100 }, isIntersecting: true, ...entry });
    };
    expect(watched.has(document.querySelector('[data-member="member-5"]') as Element)).toBe(false);
    see('[data-member="member-1"]', {});
    see("[data-screen]", { contentRect: { height: 700 } });
    see('[data-member="member-1"]', {});
    expect(calls).toEqual(["showPicture(member-1, camera, 100)", "showPicture(member-1, screen, 700)"]);
    calls.length = 0;
    see('[data-member="member-1"]', { isIntersecting: false });
    model.screens.value = [];
    await settle();
    expect(calls).toEqual(["showPicture(member-1, camera, 0)", "showPicture(member-1, screen, 0)"]);
  });
});
