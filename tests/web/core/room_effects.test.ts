import { beforeEach, expect, test } from "vitest";
import { ChatLog } from "../../../web/client/chat_log";
import type { Message } from "../../../web/client/e2ee/manager";
import type { Announcement } from "../../../web/client/model";
import { Room } from "../../../web/client/room";
import { RoomEffects } from "../../../web/client/room_effects";
import { Store } from "../../../web/client/store";
import { person } from "./fake_manager";

const STATE: Message = { type: "state", name: "Marta", microphone: true, camera: true, hand: 0, contexts: [] };

let room: Room;
let chat: ChatLog;
let store: Store;
let done: string[];
let announced: Announcement[];
let view: { locked: boolean; forgetKeys(member: string): void };
let effects: RoomEffects;

beforeEach(() => {
  [chat, store, done, announced] = [new ChatLog(), new Store(), [], []];
  room = new Room({
    self: "me",
    role: "participant",
    own: { name: "Ana", microphone: true, camera: true, hand: 0, sharing: 0, uplink: "good" },
    numberNames: (names) => [...names],
  });
  view = { locked: false, forgetKeys: (member) => done.push(`forget ${member}`) };
  store.model({} as never).onAnnouncement((one) => announced.push(one));
  const words = {
    queueState: () => done.push("state"),
    sayState: (to: string) => done.push(`state to ${to}`),
    tell: (message: Message, to: string | null) => done.push(`${message.type} to ${to}`),
  };
  const network = { forget: (member: string) => done.push(`forget the network of ${member}`) };
  const muted = (everyone: boolean) => done.push(everyone ? "muted with all" : "muted");
  effects = new RoomEffects({ room, store, chat, words, view, network, muted, ended: () => done.push("ended") });
  group("marta");
});

/** Oneself and others, Marta a facilitator; what that alone brings about is done. */
function group(...others: string[]): void {
  const people = others.map((id, index) => person(id, index + 1, id === "marta" ? "facilitator" : "participant"));
  room.groupChanged({ room: "room", state: "in", epoch: 1, people: [person("me", 0), ...people], changes: [] }, 0);
}

let seq = 0;
const hear = (sender: string, message: Message) => {
  seq += 1;
  room.heard(sender, seq, message, 10_000);
  effects.carryOut();
};

test("what is decided is carried out once, in its order", () => {
  effects.carryOut();
  room.lowerHandOf("marta");
  effects.carryOut();
  effects.carryOut();
  expect(done).toEqual(["state", "lower_hand to marta"]);
});

test("who asks for a state gets it alone", () => {
  effects.carryOut();
  hear("marta", { type: "resend" });
  room.tick(20_000);
  effects.carryOut();
  expect(done).toContain("state to marta");
});

test("chat is shown, counted and announced; its writer's name may come later", () => {
  hear("marta", { type: "chat", text: "good evening" });
  expect(chat.messages).toMatchObject([{ text: "good evening", senderName: "", own: false }]);
  hear("marta", STATE);
  expect([chat.messages[0]?.senderName, store.unread.value]).toEqual(["Marta", 1]);
  hear("marta", { type: "chat", text: "welcome" });
  expect(announced.at(-1)).toEqual({ urgency: "polite", kind: "chat", name: "Marta", text: "welcome" });
});

test("being muted, one's hand lowered, the end: what facilitators sign reaches the page", () => {
  room.setOwn({ hand: 3 });
  hear("marta", { type: "lower_hand", member: "me" });
  hear("marta", { type: "mute", member: "me" });
  hear("marta", { type: "mute", member: null });
  hear("marta", { type: "end" });
  expect(done.filter((one) => !one.startsWith("state"))).toEqual(["muted", "muted with all", "ended"]);
  expect(announced).toContainEqual({ urgency: "polite", kind: "hand-lowered", name: "Ana" });
});

test("whoever leaves takes along the state of their keys and what is known of their network", () => {
  hear("marta", STATE);
  group();
  effects.carryOut();
  expect(done.slice(-2)).toEqual(["forget marta", "forget the network of marta"]);
  expect(announced.at(-1)).toEqual({ urgency: "polite", kind: "left", name: "Marta" });
});

test("the lock is told once, with a name where it is known and not one's own", () => {
  hear("marta", STATE);
  announced.length = 0;
  hear("marta", { type: "locked", locked: true });
  effects.lock(true, "marta");
  effects.lock(false, "nobody known");
  effects.lock(true, "me");
  effects.lock(false, null);
  expect(view.locked).toBe(false);
  expect(announced).toEqual([
    { urgency: "polite", kind: "locked", name: "Marta" },
    { urgency: "polite", kind: "unlocked" },
    { urgency: "polite", kind: "locked" },
    { urgency: "polite", kind: "unlocked" },
  ]);
});
