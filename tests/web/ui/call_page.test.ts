// @vitest-environment happy-dom
/** What pressing and typing does in a call. */
import { describe, expect, it, vi } from "vitest";
import type { MemberView } from "../../../web/client/model";
import { STORAGE_KEY } from "../../../web/client/ui/preferences";
import { type FakeModel, knock } from "./fake_model";
import { button, find, has, key, nameOf, press, settle, show, unmount } from "./page";

describe("the toolbar", () => {
  const names = () => [...document.querySelectorAll('[role="toolbar"] button')].map(nameOf);

  it("has its controls in order", async () => {
    await show("call-6");
    expect(nameOf(document.querySelector('[role="toolbar"]') as Element)).toBe("Meeting controls");
    expect(names()).toEqual(["Unmute microphone", "Turn camera off", "Raise hand", "Chat", "People", "More", "Leave"]);
  });

  it("changes names with states", async () => {
    const { calls } = await show("call-6");
    await press("Unmute microphone");
    await press("Turn camera off");
    await press("Raise hand");
    expect(names().slice(0, 3)).toEqual(["Mute microphone", "Turn camera on", "Lower hand"]);
    await press("Lower hand");
    expect(calls).toEqual(["setMicrophone(true)", "setCamera(false)", "raiseHand", "lowerHand"]);
  });

  it("is one stop of the Tab key, with arrows inside", async () => {
    await show("call-6");
    const stops = () => [...document.querySelectorAll('[role="toolbar"] [tabindex="0"]')].map(nameOf);
    expect(stops()).toEqual(["Unmute microphone"]);
    const bar = document.querySelector('[role="toolbar"]') as Element;
    await key(bar, "ArrowLeft");
    expect(document.activeElement).toBe(button("Leave"));
    await key(bar, "Home");
    await key(bar, "ArrowRight");
    expect(stops()).toEqual(["Turn camera off"]);
    await key(bar, "End");
    expect(document.activeElement).toBe(button("Leave"));
  });

  it("opens one panel at a time, whose closing gives the focus back", async () => {
    await show("call-6");
    for (const name of ["Chat", "People", "More"]) {
      expect(button(name).getAttribute("aria-expanded")).toBe("false");
      await press(name);
      expect(button(name).getAttribute("aria-expanded")).toBe("true");
      expect(document.querySelectorAll("aside").length).toBe(1);
      expect(document.activeElement).toBe(find("aside h2", name));
    }
    await key(document.activeElement as Element, "Escape");
    expect(document.querySelector("aside")).toBeNull();
    expect(document.activeElement).toBe(button("More"));
    await press("Chat");
    await press("Close Chat");
    expect(document.activeElement).toBe(button("Chat"));
  });

  it("asks whoever is alone in other words, and tells who is still waiting", async () => {
    await show("call-1", ({ model }) => {
      model.lastFacilitator.value = true;
    });
    await press("Leave");
    expect(find("dialog h2", "You are the only one here")).toBeTruthy();
    expect(document.querySelector("dialog")?.textContent).not.toContain("waiting");
    await press("Cancel");
    unmount();
    await show("call-1", ({ model }) => {
      model.lastFacilitator.value = true;
      model.knocks.value = [knock(1, "Ana"), knock(2, "Ben", { answered: { outcome: "admitted", by: null } })];
    });
    await press("Leave");
    expect(document.querySelector("dialog")?.textContent).toContain("One person is waiting.");
  });

  it("asks the last facilitator", async () => {
    const { calls } = await show("call-last");
    await press("Leave");
    expect(document.activeElement).toBe(button("Cancel"));
    await press("Cancel");
    expect(calls).toEqual([]);
    await press("Leave");
    document.querySelectorAll<HTMLElement>("dialog button")[1]?.click();
    expect(calls).toEqual(["leave"]);
  });
});

describe("chat", () => {
  const field = () => document.querySelector<HTMLTextAreaElement>('textarea[aria-label="Message"]');
  async function type(text: string) {
    const area = field();
    if (area) area.value = text;
    area?.dispatchEvent(new Event("input", { bubbles: true }));
    await settle();
  }

  it("sends with Enter and with the button, not with Shift+Enter, and nothing empty", async () => {
    const { calls, model } = await show("call-chat");
    await press("Chat");
    expect(model.unread.value).toBe(0);
    await type("hello");
    await key(field() as Element, "Enter", { shiftKey: true });
    expect(calls).toEqual([]);
    await key(field() as Element, "Enter");
    await type("   ");
    await press("Send");
    await type("again");
    await press("Send");
    expect(calls).toEqual(["sendChat(hello)", "sendChat(again)"]);
    expect(field()?.value).toBe("");
    await press("Send again");
    expect(calls.at(-1)).toBe("resendChat(m4)");
  });

  it("is a log that is not read out twice, and never takes the focus", async () => {
    const { actions } = await show("call-chat");
    await press("Chat");
    const log = find('[role="log"]', "Messages");
    expect(log.getAttribute("aria-live")).toBe("off");
    expect(log.tabIndex).toBe(0);
    button("Send").focus();
    actions.sendChat("new");
    await settle();
    expect(document.activeElement).toBe(button("Send"));
  });

  it("keeps a draft while the panel is closed", async () => {
    await show("call-chat");
    await press("Chat");
    await type("half a thou");
    await press("Close Chat");
    await press("Chat");
    expect(field()?.value).toBe("half a thou");
  });
});

describe("keyboard", () => {
  it("works by combinations anywhere, by single keys only when switched on and no field has the focus", async () => {
    const { calls } = await show("call-6");
    const event = await key(document.body, "d", { ctrlKey: true });
    expect(event.defaultPrevented).toBe(true);
    await key(document.body, "m");
    expect(calls).toEqual(["setMicrophone(true)"]);
    await press("More");
    await press("Single keys");
    await press("Close More");
    await key(document.body, "v");
    expect(calls.length).toBe(1);
    (document.activeElement as HTMLElement).blur();
    await key(document.body, "v");
    expect(calls.at(-1)).toBe("setCamera(false)");
    await key(document.body, "F2");
    expect(document.activeElement?.closest('[role="toolbar"]')).not.toBeNull();
    await key(document.body, "?", { ctrlKey: true, shiftKey: true });
    expect(find("dialog h2", "Keyboard shortcuts")).toBeTruthy();
  });

  it("opens the microphone while Space is held, and closes it when the window is lost", async () => {
    localStorage.setItem(STORAGE_KEY, JSON.stringify({ holdToTalk: true }));
    const { calls } = await show("call-6");
    await key(document.body, " ");
    await key(document.body, " ", { repeat: true });
    expect(calls).toEqual(["setMicrophone(true)"]);
    dispatchEvent(new Event("blur"));
    expect(calls).toEqual(["setMicrophone(true)", "setMicrophone(false)"]);
    dispatchEvent(new KeyboardEvent("keyup", { key: " " }));
    expect(calls.length).toBe(2);
  });
});

describe("notices", () => {
  it("name what is wrong and offer what helps", async () => {
    const { calls } = await show("call-trouble");
    expect(document.querySelector(".notices")?.textContent).toContain("Mobile data or another network may work.");
    await press("Turn sound on");
    await press("Try again: microphone");
    await press("Show who is waiting");
    expect(find("aside h2", "People")).toBeTruthy();
    expect(calls).toEqual(["turnSoundOn", "retryDevice(microphone)"]);
  });
});

describe("the door", () => {
  it("is locked and opened by facilitators in More, and everybody sees it", async () => {
    const { calls, model } = await show("call-more");
    await press("More");
    await press("Lock meeting");
    expect(has(".call-bar [role=img]", "The meeting is locked. Nobody new can ask to come in.")).toBe(true);
    await press("People");
    expect(document.querySelector("aside")?.textContent).toContain("can still come back");
    await press("More");
    await press("Unlock meeting");
    expect(calls).toEqual(["setLocked(true)", "setLocked(false)"]);
    expect(document.querySelector(".call-bar [role=img]")).toBeNull();
    model.role.value = "participant";
    await settle();
    expect(has("button", "Lock meeting")).toBe(false);
  });
});

describe("troubles with keys", () => {
  it("are told in plain words as long as they last, and in the shield", async () => {
    const { model } = await show("call-keys");
    const lines = () => [...document.querySelectorAll(".notices .notice p")].map((line) => line.textContent ?? "");
    expect(lines().length).toBe(4);
    expect(lines()[0]).toMatch(/^Sending has stopped: /);
    expect(lines()[1]).toMatch(/^Nothing was heard of Ben for 15 seconds\./);
    expect(lines()[2]).toMatch(/^No facilitator is here, so nobody new can come in\./);
    expect(lines()[3]).toMatch(/^This device lost the meeting's keys/);
    expect(button("Stopped sending: keys do not agree. Check encryption")).toBeTruthy();
    model.encryption.value = { ...model.encryption.value, troubles: [] };
    await settle();
    expect(lines()).toEqual([]);
  });
});

describe("tiles", () => {
  it("are groups whose names begin with the person's", async () => {
    await show("call-14");
    const labels = [...document.querySelectorAll('.grid > [role="group"]')].map(nameOf);
    expect(labels[0]).toBe("Marta, facilitator, camera off, encryption checked");
    expect(labels[2]).toBe("Lindiwe, speaking, camera off, encryption not checked yet");
    expect(labels[6]).toBe("Ana, camera off, waiting for the key");
    expect(labels.at(-1)).toBe("Jo, you, muted, camera off, encryption checked");
    expect(document.body.textContent).toContain("Waiting for Ana's key");
    const shield = document.querySelector('[data-member="member-2"] .plate [title]');
    expect(shield?.getAttribute("title")).toMatch(/^Encrypted\. The eight emoji were not compared with Lindiwe yet/);
    expect(document.querySelectorAll(".tile svg.avatar").length).toBe(14);
  });

  it("keep their video element when others come, go and speak", async () => {
    const stream = new MediaStream();
    const { model } = await show("call-6", (fake) => {
      fake.model.members.value = fake.model.members.value.map((one) => ({ ...one, video: stream, cameraOff: false }));
    });
    const video = document.querySelector('[data-member="member-4"] video');
    expect(video).not.toBeNull();
    model.members.value = model.members.value
      .filter((one) => one.id !== "member-0")
      .map((one) => ({ ...one, speaking: true }));
    await settle();
    expect(document.querySelector('[data-member="member-4"] video')).toBe(video);
    expect(document.querySelectorAll("video").length).toBe(5);
  });

  it("show no picture while the key does not fit", async () => {
    await show("call-6", (fake) => {
      fake.model.members.value = fake.model.members.value.map((one) => ({
        ...one,
        video: new MediaStream(),
        cameraOff: false,
        keys: one.self ? "encrypted" : "problem",
      }));
    });
    expect(document.querySelectorAll("video").length).toBe(1);
  });
});

describe("back", () => {
  it("asks first in a call", async () => {
    const { calls } = await show("call-6");
    dispatchEvent(new PopStateEvent("popstate"));
    await settle();
    expect(find("dialog h2", "Leave the meeting?")).toBeTruthy();
    await press("Stay");
    expect(calls).toEqual([]);
    dispatchEvent(new PopStateEvent("popstate"));
    await settle();
    const [, leave] = document.querySelectorAll<HTMLElement>("dialog button");
    leave?.click();
    expect(calls).toEqual(["leave"]);
  });

  it("does not ask on other pages", async () => {
    await show("waiting");
    dispatchEvent(new PopStateEvent("popstate"));
    await settle();
    expect(document.querySelector("dialog")).toBeNull();
  });
});

describe("the knock tone", () => {
  async function tones(
    role: MemberView["role"],
    knockSound: boolean,
    then: (model: FakeModel) => Promise<void> = async () => {},
  ): Promise<number> {
    let played = 0;
    const node = () => ({ connect: () => node(), gain: ramp, frequency: {}, start: () => (played += 1), stop() {} });
    const ramp = { setValueAtTime() {}, linearRampToValueAtTime() {}, exponentialRampToValueAtTime() {} };
    vi.stubGlobal(
      "AudioContext",
      class {
        currentTime = 0;
        createGain = node;
        createOscillator = node;
      },
    );
    localStorage.setItem(STORAGE_KEY, JSON.stringify({ knockSound }));
    const { model } = await show("call-6", (fake) => {
      fake.model.role.value = role === "facilitator" ? role : "participant";
      fake.model.members.value = fake.model.members.value.map((one) => (one.self ? { ...one, role } : one));
    });
    model.knocks.value = [knock(1, "Ana")];
    await vi.advanceTimersByTimeAsync(100_000);
    await then(model);
    vi.unstubAllGlobals();
    return played;
  }

  it("sounds for co-facilitators", async () => {
    expect(await tones("co-facilitator", true)).toBe(2);
  });

  it("sounds for facilitators, and once more after 30 s", async () => {
    expect(await tones("facilitator", true)).toBe(2);
  });

  it("is not repeated for who waited already when a lost connection comes back", async () => {
    const flaps = async (model: FakeModel) => {
      for (let times = 0; times < 5; times += 1) {
        model.connection.value = "reconnecting";
        await vi.advanceTimersByTimeAsync(15_000);
        model.knocks.value = [knock(1, "Ana")];
        model.connection.value = "fine";
        await vi.advanceTimersByTimeAsync(100_000);
      }
    };
    expect(await tones("facilitator", true, flaps)).toBe(2);
  });

  it("is silent for participants, and when switched off", async () => {
    expect(await tones("participant", true)).toBe(0);
    unmount();
    expect(await tones("facilitator", false)).toBe(0);
  });
});
