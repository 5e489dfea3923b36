import { beforeEach, expect, test } from "vitest";
import type { Message } from "../../../web/client/e2ee/manager";
import { numberNames } from "../../../web/client/names";
import type { Member, MemberRole, RoomState } from "../../../web/client/protocol_types";
import { Room, type RoomEffect } from "../../../web/client/room";
import { seeded } from "../random";

const member = (id: string, order: number, role: MemberRole = "participant"): Member => ({
  id,
  leaf: order,
  role,
  order,
});
const state = (name: string, more: Partial<Extract<Message, { type: "state" }>> = {}): Message => ({
  type: "state",
  name,
  microphone: true,
  camera: true,
  hand: 0,
  contexts: [],
  ...more,
});
const roomState = (members: Member[], more: Partial<RoomState> = {}): RoomState => ({
  id: "room",
  seq: 10,
  members,
  said_n: 0,
  replayed_from: 11,
  ...more,
});

let room: Room;
const announced = (effects: RoomEffect[]) =>
  effects.flatMap((one) => (one.do === "announce" ? [one.announcement] : []));
const sent = (effects: RoomEffect[]) => effects.filter((one) => one.do === "send-state" || one.do === "say");

beforeEach(() => {
  room = new Room({ id: "room", own: { name: "Me", microphone: true, camera: false, hand: 0 }, numberNames });
  room.enter("me", roomState([member("marta", 0, "facilitator"), member("me", 1)]), false, 0);
});

test("coming in: everybody learns one's state, and nobody who was there is announced", () => {
  const effects = room.effects();
  expect(effects).toEqual([{ do: "send-state", to: null }]);
  room.heard("marta", 11, state("Marta"), 5);
  expect(announced(room.effects())).toEqual([]);
  expect(room.nameOf("marta")).toBe("Marta");
});

test("a newcomer is announced by name once it is known, and gets one's state alone", () => {
  room.effects();
  room.memberJoined(member("ana", 2), 1000);
  expect(room.effects()).toEqual([]);
  room.tick(room.deadline);
  expect(room.effects()).toEqual([{ do: "send-state", to: "ana" }]);
  room.heard("ana", 12, state("Ana"), 1100);
  expect(announced(room.effects())).toEqual([{ urgency: "polite", kind: "joined", name: "Ana" }]);
  room.heard("ana", 13, state("Ana", { camera: false }), 1200);
  expect(announced(room.effects())).toEqual([]);
});

test("many who come back at once are answered by one state for all", () => {
  room.effects();
  for (let i = 0; i < 10; i++) room.memberJoined(member(`member-${i}`, i + 2), 1000);
  room.tick(1020);
  expect(room.effects()).toEqual([{ do: "send-state", to: null }]);
});

test("a missing state is asked for after two seconds, and not for ever", () => {
  room.effects();
  const asked: number[] = [];
  for (let now = 0; now <= 60_000; now += 500) {
    room.tick(now);
    if (room.effects().some((one) => one.do === "say" && one.message.type === "resend" && one.to === "marta"))
      asked.push(now);
  }
  expect(asked).toEqual([2000, 4000, 6000, 8000, 10_000]);
  expect(room.deadline).toBe(Number.POSITIVE_INFINITY);
});

test("asking for one's state is answered at most every two seconds", () => {
  room.effects();
  for (const now of [0, 500, 1999, 2500]) {
    room.heard("marta", 20 + now, { type: "resend" }, now);
    room.tick(now + 20);
  }
  expect(room.effects().filter((one) => one.do === "send-state")).toHaveLength(2);
});

test("hands stand in the order of their numbers, the same for sender and receiver", () => {
  room.effects();
  room.setOwn({ hand: null });
  expect(room.effects()).toEqual([{ do: "send-state", to: null }]);
  room.heard("marta", 12, state("Marta"), 0);
  room.heard("marta", 13, state("Marta", { hand: null }), 0);
  room.echoed(14, null);
  expect([room.handPlace("marta"), room.handPlace("me"), room.own.hand]).toEqual([1, 2, 14]);
  expect(announced(room.effects()).filter((one) => one.kind === "hand-raised")).toEqual([
    { urgency: "polite", kind: "hand-raised", name: "Marta", place: 1 },
    { urgency: "polite", kind: "hand-raised", name: "Me", place: 2 },
  ]);
  // Later states repeat the number; a second null does not move it.
  room.heard("marta", 15, state("Marta", { hand: null }), 0);
  room.heard("marta", 16, state("Marta", { hand: 13 }), 0);
  expect(room.handPlace("marta")).toBe(1);
  room.heard("marta", 17, state("Marta", { hand: 0 }), 0);
  expect([room.handPlace("marta"), room.handPlace("me")]).toEqual([0, 1]);
});

test("a hand that is lowered before its echo came stays down", () => {
  room.setOwn({ hand: null });
  room.setOwn({ hand: 0 });
  room.echoed(12, null);
  expect([room.own.hand, room.handPlace("me")]).toEqual([0, 0]);
});

test("while one's hand has no number nobody is told a state alone", () => {
  room.effects();
  room.setOwn({ hand: null });
  room.memberJoined(member("ana", 2), 1000);
  room.effects();
  room.tick(1500);
  expect(sent(room.effects())).toEqual([]);
  room.echoed(12, null);
  room.tick(1600);
  expect(sent(room.effects())).toEqual([{ do: "send-state", to: "ana" }]);
});

test("only a facilitator lowers one's hand", () => {
  room.memberJoined(member("ana", 2), 0);
  room.setOwn({ hand: null });
  room.echoed(12, null);
  room.effects();
  room.heard("ana", 13, { type: "lower_hand", member: "me" }, 0);
  expect(room.own.hand).toBe(12);
  room.heard("marta", 14, { type: "lower_hand", member: "ana" }, 0);
  expect(room.own.hand).toBe(12);
  room.heard("marta", 15, { type: "lower_hand", member: "me" }, 0);
  expect(room.own.hand).toBe(0);
  expect(room.effects()).toContainEqual({ do: "hand-lowered-by-facilitator" });
});

test("lowering somebody's hand asks that member; one's own is simply lowered", () => {
  room.effects();
  room.lowerHandOf("marta");
  expect(room.effects()).toEqual([{ do: "say", message: { type: "lower_hand", member: "marta" }, to: "marta" }]);
  room.lowerHandOf("nobody");
  expect(room.effects()).toEqual([]);
});

test("names that look alike are numbered in order of admission, and one hears of one's own", () => {
  room.effects();
  room.heard("marta", 11, state("me"), 0);
  expect([room.nameOf("marta"), room.nameOf("me")]).toEqual(["me", "Me (2)"]);
  expect(announced(room.effects())).toContainEqual({ urgency: "polite", kind: "renamed", name: "Me (2)" });
});

test("a replayed number is taken in once", () => {
  expect([room.accept(11), room.accept(13), room.accept(12), room.accept(13)]).toEqual([true, true, false, false]);
});

test("after a resume the replay goes on from where one was, and a gap is told", () => {
  room.accept(20);
  room.effects();
  const present = [member("marta", 0, "facilitator"), member("me", 1)];
  room.enter("me", roomState(present, { seq: 30, replayed_from: 21 }), true, 5000);
  expect(announced(room.effects())).toEqual([]);
  expect(room.accept(21)).toBe(true);
  room.enter("me", roomState(present, { seq: 90, replayed_from: 60 }), true, 6000);
  expect(announced(room.effects())).toEqual([{ urgency: "polite", kind: "messages-missed" }]);
});

test("a restarted server that counts anew is followed", () => {
  room.accept(500);
  room.enter("me", roomState([member("me", 1)], { seq: 2, replayed_from: 3 }), true, 0);
  expect(room.accept(3)).toBe(true);
  expect(room.members.map((one) => one.id)).toEqual(["me"]);
  expect(room.effects()).toContainEqual({ do: "forget", member: "marta" });
});

test("a raised hand outlives a reload, and a gap that swallowed its echo", () => {
  const again = new Room({ id: "room", own: { name: "Me", microphone: false, camera: false, hand: 7 }, numberNames });
  again.enter("me", roomState([member("me", 1)]), false, 0);
  expect(again.handPlace("me")).toBe(1);
  room.setOwn({ hand: null });
  room.accept(12);
  room.enter("me", roomState([member("me", 1)], { seq: 40, replayed_from: 30 }), true, 0);
  expect(room.own.hand).toBe(40);
});

test("losing and leaving: the tile stays for the one and goes for the other", () => {
  room.heard("marta", 11, state("Marta"), 0);
  room.effects();
  room.memberLost("marta");
  expect(room.member("marta")?.connected).toBe(false);
  room.memberBack("marta", 0);
  expect(room.member("marta")?.connected).toBe(true);
  room.memberLeft("marta");
  const effects = room.effects();
  expect(effects).toContainEqual({ do: "forget", member: "marta" });
  expect(announced(effects)).toEqual([{ urgency: "polite", kind: "left", name: "Marta" }]);
  expect(room.member("marta")).toBeUndefined();
});

test("what changes nothing is not said", () => {
  room.effects();
  room.setOwn({ microphone: true });
  expect(room.effects()).toEqual([]);
  room.setOwn({ microphone: false });
  expect(room.effects()).toEqual([{ do: "send-state", to: null }]);
});

test("two members who hear the same room agree on every hand, whatever was said in which order", () => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = seeded(seed);
    const pick = (below: number) => Math.floor(random() * below);
    const ids = ["ana", "ben", "chi"];
    const rooms = ids.map((id) => {
      const one = new Room({ id: "room", own: { name: id, microphone: true, camera: true, hand: 0 }, numberNames });
      one.enter(
        id,
        roomState(
          ids.map((other, order) => member(other, order)),
          { seq: 0, replayed_from: 1 },
        ),
        false,
        0,
      );
      one.effects();
      return one;
    });
    let seq = 0;
    const waiting: { sender: number; message: Message }[] = [];
    const collect = () =>
      rooms.forEach((one, sender) => {
        for (const effect of one.effects())
          if (effect.do === "send-state" && effect.to === null)
            waiting.push({ sender, message: state(ids[sender] as string, { hand: one.own.hand }) });
      });
    for (let step = 0; step < 80; step++) {
      const one = rooms[pick(3)] as Room;
      if (pick(2)) one.setOwn({ hand: one.own.hand === 0 ? null : 0 });
      else one.setOwn({ microphone: !one.own.microphone });
      collect();
      // Each sender's messages stay in order; those of several senders mix.
      while (waiting.length > pick(4)) {
        const next = waiting.shift() as { sender: number; message: Message };
        seq += 1;
        rooms.forEach((other, index) => {
          if (index !== next.sender) other.heard(ids[next.sender] as string, seq, next.message, 0);
          else if (next.message.type === "state") other.echoed(seq, next.message.hand);
        });
        collect();
      }
    }
    for (const one of rooms) one.setOwn({ microphone: !one.own.microphone });
    collect();
    for (const next of waiting.splice(0)) {
      seq += 1;
      rooms.forEach((other, index) => {
        if (index !== next.sender) other.heard(ids[next.sender] as string, seq, next.message, 0);
        else if (next.message.type === "state") other.echoed(seq, next.message.hand);
      });
    }
    // A last state of everybody repeats the numbers; from then on all see the same order.
    rooms.forEach((one, sender) => {
      seq += 1;
      rooms.forEach((other, index) => {
        if (index !== sender)
          other.heard(ids[sender] as string, seq, state(ids[sender] as string, { hand: one.own.hand }), 0);
      });
    });
    const places = rooms.map((one) => ids.map((id) => one.handPlace(id)));
    expect(places[1]).toEqual(places[0]);
    expect(places[2]).toEqual(places[0]);
  }
});

test("after a restart of the server nobody is announced who was here before it", () => {
  room.memberJoined(member("ana", 2), 0);
  room.heard("marta", 11, state("Marta"), 5);
  room.heard("ana", 12, state("Ana"), 5);
  room.enter("me", roomState([member("me", 1)], { seq: 1000, replayed_from: 1001 }), true, 1000);
  room.effects();
  room.memberJoined(member("marta", 0, "facilitator"), 1100);
  room.memberJoined(member("ben", 3), 1100);
  for (const [id, name] of [
    ["marta", "Marta"],
    ["ben", "Ben"],
  ] as const)
    room.heard(id, 1002, state(name), 1200);
  expect(announced(room.effects()).map((one) => "name" in one && one.name)).toEqual(["Ben"]);
  room.memberLeft("marta");
  room.memberJoined(member("marta", 4), 2000);
  room.heard("marta", 1003, state("Marta"), 2000);
  expect(announced(room.effects()).map((one) => one.kind)).toEqual(["left", "joined"]);
});
