import { beforeEach, expect, test } from "vitest";
import { CallScreen } from "../../../web/client/call_screen";
import type { Message } from "../../../web/client/e2ee/envelope";
import type { RoomMedia } from "../../../web/client/media";
import type { Announcement } from "../../../web/client/model";
import { numberNames } from "../../../web/client/names";
import { Room } from "../../../web/client/room";
import { ScreenShare } from "../../../web/client/screen_share";
import { seeded } from "../random";
import { person } from "./fake_manager";
import { FakeScreens, FakeTrack, fakeMediaGlobals } from "./fakes";

beforeEach(fakeMediaGlobals);

/** Lets everything that is resolved run on. */
const settle = async () => {
  for (let turn = 0; turn < 30; turn++) await undefined;
};

/** One member with their room and screen; the order of the room is the test's. */
class Member {
  readonly displays = new FakeScreens();
  readonly announced: Announcement[] = [];
  readonly room: Room;
  readonly screen: CallScreen;
  readonly share: ScreenShare;
  /** What was said and has no number yet. */
  readonly waiting: Message[] = [];
  outcome: string | null = null;
  #sent: MediaStreamTrack | null = null;

  constructor(
    readonly id: string,
    everybody: readonly string[],
    many = false,
  ) {
    const own = { name: id, microphone: false, camera: false, hand: 0, sharing: 0, uplink: "good" as const };
    this.room = new Room({ self: id, role: "participant", own, numberNames });
    const people = everybody.map((one, leaf) => ({ ...person(one, leaf), self: one === id }));
    this.room.groupChanged({ room: "room", state: "in", epoch: 1, people, changes: [] }, 0);
    const media = {
      setTrack: (source: string, track: MediaStreamTrack | null) => {
        if (source === "screen") this.#sent = track;
      },
    } as unknown as RoomMedia;
    this.share = new ScreenShare({ media: this.displays, changed: () => this.screen.changed() });
    const announce = (announcement: Announcement) => this.announced.push(announcement);
    this.screen = new CallScreen({ room: this.room, media, share: this.share, many, announce });
    this.collect();
  }

  get sending(): boolean {
    return this.#sent !== null;
  }

  press(): void {
    this.outcome = null;
    void this.screen.start().then((outcome) => {
      this.outcome = outcome;
    });
  }

  /** Says what is to be said, as it is now. */
  collect(): void {
    this.screen.check();
    const due = this.room.effects().some((effect) => effect.do === "send-state" && effect.to === null);
    if (!due) return;
    const contexts = this.sending
      ? [{ context: 1, track: `${this.id}-screen`, kind: "video" as const, screen: true as const }]
      : [];
    this.waiting.push({ type: "state", ...this.room.own, contexts });
  }
}

/** The room's order: the next thing that `from` said comes to everybody, numbered. */
function number(from: Member, seq: number, all: readonly Member[]): void {
  const message = from.waiting.shift();
  if (message?.type !== "state") return;
  for (const one of all) {
    if (one === from) one.room.echoed(seq, message.hand, message.sharing);
    else one.room.heard(from.id, seq, message, 0);
    one.collect();
  }
}

test("alone: shared once the room has it in its order, and told", async () => {
  const ana = new Member("ana", ["ana", "ben"]);
  ana.waiting.length = 0;
  ana.press();
  await settle();
  ana.collect();
  expect([ana.sending, ana.outcome, ana.room.own.sharing]).toEqual([true, null, null]);
  number(ana, 7, [ana]);
  await settle();
  expect([ana.outcome, ana.room.own.sharing]).toEqual(["shared", 7]);
  expect(ana.announced).toEqual([{ urgency: "polite", kind: "screen-shared", name: "ana", self: true }]);
  ana.displays.opened[0]?.unplug();
  expect([ana.sending, ana.room.own.sharing, ana.announced.at(-1)?.kind]).toEqual([false, 0, "screen-stopped"]);
});

test("while somebody shares nobody else is even asked which screen", async () => {
  const [ana, ben] = ["ana", "ben"].map((id) => new Member(id, ["ana", "ben"])) as [Member, Member];
  ana.press();
  await settle();
  ana.collect();
  while (ana.waiting.length > 0) number(ana, 7, [ana, ben]);
  ben.press();
  await settle();
  expect([ben.outcome, ben.displays.opened, ben.sending]).toEqual(["busy", [], false]);
});

test("whoever is out of the group shares nothing", async () => {
  const ana = new Member("ana", ["ana"]);
  ana.room.keysLost();
  ana.press();
  await settle();
  expect([ana.outcome, ana.displays.opened]).toEqual(["busy", []]);
});

test("two at once: the room's order decides, and the other one is told so", async () => {
  const [ana, ben] = ["ana", "ben"].map((id) => new Member(id, ["ana", "ben"])) as [Member, Member];
  for (const one of [ana, ben]) one.waiting.length = 0;
  for (const one of [ana, ben]) one.press();
  await settle();
  for (const one of [ana, ben]) one.collect();
  expect([ana.sending, ben.sending]).toEqual([true, true]);
  number(ben, 7, [ana, ben]);
  await settle();
  expect([ana.outcome, ben.outcome, ana.sending, ben.sending]).toEqual(["busy", "shared", false, true]);
  expect(ana.displays.opened[0]?.readyState).toBe("ended");
});

test("somebody whose earlier screen is learnt of late comes first all the same", async () => {
  const ana = new Member("ana", ["ana", "ben", "chi"]);
  ana.waiting.length = 0;
  ana.press();
  await settle();
  ana.collect();
  number(ana, 20, [ana]);
  const contexts = [{ context: 1, track: "a-screen", kind: "video" as const, screen: true as const }];
  const state = { type: "state", name: "Chi", microphone: false, camera: false, hand: 0, contexts } as const;
  ana.room.heard("chi", 30, { ...state, contexts: [...contexts], sharing: 25 }, 0);
  ana.collect();
  expect(ana.sending).toBe(true); // later
  ana.room.heard("ben", 31, { ...state, name: "Ben", contexts: [...contexts], sharing: 5 }, 0);
  ana.collect();
  expect([ana.sending, ana.announced.at(-1)]).toEqual([
    false,
    { urgency: "polite", kind: "request-refused", code: "screen_busy" },
  ]);
});

test("a group that lets many share stops nobody", async () => {
  const all = ["ana", "ben"].map((id) => new Member(id, ["ana", "ben"], true));
  for (const one of all) one.press();
  await settle();
  for (const one of all) one.collect();
  let seq = 5;
  for (const one of all) while (one.waiting.length > 0) number(one, ++seq, all);
  await settle();
  expect(all.map(({ outcome, sending }) => [outcome, sending])).toEqual([
    ["shared", true],
    ["shared", true],
  ]);
});

test("the end of the call ends the screen, and whoever waits for an answer has one", async () => {
  const ana = new Member("ana", ["ana"]);
  ana.press();
  await settle();
  ana.screen.end();
  await settle();
  expect([ana.outcome, ana.displays.opened[0]?.readyState]).toEqual(["refused", "ended"]);
});

test("however presses, choices and the room's order mix: in the end at most one shares, and the first one does", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = seeded(seed);
    const ids = ["ana", "ben", "chi"];
    const all = ids.map((id) => new Member(id, ids));
    const choosing: (() => void)[] = [];
    for (const one of all) {
      one.displays.answer = () =>
        new Promise((resolve) => {
          choosing.push(() => resolve([new FakeTrack("video")]));
        });
    }
    let seq = 0;
    const step = async (what: number) => {
      const one = all[Math.floor(random() * all.length)] as Member;
      if (what < 0.25) one.press();
      else if (what < 0.5) choosing.splice(Math.floor(random() * choosing.length), 1)[0]?.();
      else if (what < 0.55) one.screen.stop();
      else number(one, ++seq, all);
      await settle();
      for (const member of all) member.collect();
    };
    for (let count = 0; count < 60; count++) await step(random());
    // Everything that is under way comes to its end.
    for (const choose of choosing.splice(0)) choose();
    await settle();
    for (const member of all) member.collect();
    for (let round = 0; round < 50; round++) for (const one of all) number(one, ++seq, all);
    await settle();
    const sending = all.filter((one) => one.sending);
    expect(sending.length).toBeLessThanOrEqual(1);
    for (const one of all) {
      expect(one.room.own.sharing === 0).toBe(!one.sending);
      expect(one.room.sharers.map(({ id }) => id)).toEqual(
        sending.filter((other) => other !== one).map(({ id }) => id),
      );
    }
  }
});
